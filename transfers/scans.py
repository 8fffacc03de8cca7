"""Scans: what a file is by its content, whatever its name says; refused before anything of it is stored.

PDF, JPEG or PNG, whole, of one kind only, and small enough to be looked at. `take_in` is the one way in, for whatever
is attached to; it wants the step's own transaction.
"""

import re
import unicodedata
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from PIL import Image
from pypdf import PdfReader

from pension_transfer.lib import blobs
from pension_transfer.lib.errors import BadInput
from pension_transfer.lib.persian import clean
from transfers.models import MediaType, Scan, ScanBytes

MB = 2**20
MAX_SIZE = 20 * MB
MOST_A_CASE = 30
MOST_AT_ONCE = 10
MOST_AN_ANSWER = 5
MAX_NAME = 120
MAX_PIXELS = 70_000_000  # a sheet of A3 at 600 dots to the inch
MAX_PAGES = 2000
BEGINNING, END = 1024, 4096  # bytes in which other programs look for a PDF's marks
ENDINGS = {".pdf": MediaType.PDF, ".jpg": MediaType.JPEG, ".jpeg": MediaType.JPEG, ".png": MediaType.PNG}
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
UNFIT = re.compile(r'[:*?"<>|]')  # no system takes them in a name

SENTENCES = {
    "empty": _("The file is empty. Scan the sheet again and choose the new file."),
    "too_big": _("The file is larger than 20 megabytes. Scan it at 200 to 300 dots per inch, or in several parts."),
    "not_a_scan": _("This is no PDF, JPEG or PNG, whatever its name says. Scan the sheet again, or save it as PDF."),
    "not_as_named": _("The content is %(kind)s, the name says otherwise. Save it again under the right ending."),
    "damaged": _("The file is damaged or incomplete and cannot be opened. Scan the sheet again."),
    "encrypted": _("The PDF is protected by a password. Save it without the password and choose it again."),
    "no_pages": _("The PDF has no pages. Scan the sheet again."),
    "too_many_pages": _("The PDF has more than 2000 pages. Split it into several files."),
    "too_large_inside": _("The picture has more dots than any sheet needs. Scan it at 200 to 300 dots per inch."),
    "two_kinds": _("The file holds something else beside the scan. Scan the sheet again."),
}


@dataclass(frozen=True)
class Checked:
    """An upload that was looked at and may be stored."""

    file: IO[bytes]
    name: str
    sha256: str
    size: int
    media_type: MediaType
    pages: int | None


def take_in(upload: UploadedFile) -> Scan:
    """Check an upload and keep its bytes once; BadInput with a code of SENTENCES when it is no scan."""
    return keep(check(upload))


def refusal(code: str, **said: Any) -> BadInput:
    """The refusal of a scan, by its code."""
    return BadInput(SENTENCES[code] % said if said else SENTENCES[code], f"scan.{code}")


# --- checking ---------------------------------------------------------------------------------------------


def check(upload: UploadedFile) -> Checked:
    """What an upload is; nothing is stored yet. BadInput with a code of SENTENCES."""
    file = cast(IO[bytes], upload.file)
    size = file.seek(0, 2)  # what the browser said of it counts for nothing
    if not size or size > MAX_SIZE:
        raise refusal("too_big" if size else "empty")
    kind, pages = look(file)
    name = upload.name or ""
    if ENDINGS.get(_ending(name), kind) != kind:
        raise refusal("not_as_named", kind=kind.label)
    return Checked(file, clean_name(name, kind), blobs.hash_of(file), size, kind, pages)


def look(file: IO[bytes]) -> tuple[MediaType, int | None]:
    """Kind, and a PDF's number of pages; BadInput when it is none of the three, or more than one of them."""
    kind = _kind(_read(file, 0, BEGINNING))
    try:
        pages = OPEN[kind](file)
    except BadInput:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise refusal("too_large_inside") from bomb
    except Exception as error:  # whatever a parser stumbles over in a stranger's file: it cannot be opened
        raise refusal("damaged") from error
    if zipfile.is_zipfile(file):
        raise refusal("two_kinds")
    file.seek(0)
    return kind, pages


MARKS = {b"%PDF-": MediaType.PDF, b"\xff\xd8\xff": MediaType.JPEG, b"\x89PNG\r\n\x1a\n": MediaType.PNG}


def _kind(beginning: bytes) -> MediaType:
    kind = next((kind for mark, kind in MARKS.items() if beginning.startswith(mark)), None)
    if kind is None:
        raise refusal("not_a_scan")
    if kind != MediaType.PDF and b"%PDF-" in beginning:
        raise refusal("two_kinds")
    return kind


def _pdf(file: IO[bytes]) -> int:
    """Opens, is not encrypted, has pages, and ends where a PDF ends."""
    reader = PdfReader(file)
    if reader.is_encrypted:
        raise refusal("encrypted")
    said = cast(Any, reader.root_object["/Pages"])["/Count"]
    pages = len(reader.pages) if said <= MAX_PAGES else said  # asked before the pages are walked through
    if not 0 < pages <= MAX_PAGES:
        raise refusal("too_many_pages" if pages > 0 else "no_pages")
    _ends_with(file, re.compile(rb"%%EOF[\0\s]*\Z"))
    return int(pages)


def _jpeg(file: IO[bytes]) -> None:
    with _picture(file, "JPEG") as picture:
        picture.draft("L", (1, 1))  # decodes all of it at an eighth of its size
        picture.load()
    _ends_with(file, re.compile(rb"\xff\xd9[\0\s]*\Z"))


def _png(file: IO[bytes]) -> None:
    with _picture(file, "PNG") as picture:
        picture.verify()
    _ends_with(file, re.compile(rb"IEND\xaeB`\x82\Z"))


def _picture(file: IO[bytes], name: str) -> Image.Image:
    """Its size is read before its dots are."""
    file.seek(0)
    picture = Image.open(file, formats=[name])
    if picture.width * picture.height > MAX_PIXELS:
        raise refusal("too_large_inside")
    return picture


OPEN: dict[MediaType, Callable[[IO[bytes]], int | None]] = {
    MediaType.PDF: _pdf,
    MediaType.JPEG: _jpeg,
    MediaType.PNG: _png,
}


def _ends_with(file: IO[bytes], mark: re.Pattern[bytes]) -> None:
    """Nothing stands behind its end: a second file of another kind would."""
    size = file.seek(0, 2)
    if not mark.search(_read(file, max(0, size - END), END)):
        raise refusal("two_kinds")


def _read(file: IO[bytes], first: int, length: int) -> bytes:
    file.seek(first)
    return file.read(length)


# --- its name -----------------------------------------------------------------------------------------------


def clean_name(name: str, kind: MediaType) -> str:
    """A name that shows as it is: no path, no hidden or turning characters, bounded, with the ending of its kind."""
    last = re.split(r"[/\\]", name)[-1]
    text = UNFIT.sub("-", UNSEEN.sub("", unicodedata.normalize("NFC", last))).strip()
    ending = _ending(text) if ENDINGS.get(_ending(text)) == kind else ""
    stem = clean(text[: len(text) - len(ending)]).strip(". ")
    ending = ending or next(ending for ending, of in ENDINGS.items() if of == kind)
    return f"{stem[: MAX_NAME - len(ending)].strip() or 'scan'}{ending}"


def _ending(name: str) -> str:
    return PurePosixPath(UNSEEN.sub("", name).strip()).suffix.lower()


# --- keeping ------------------------------------------------------------------------------------------------


def keep(checked: Checked) -> Scan:
    """The scan of these bytes, stored where this branch has not got it yet."""
    facts = {"size": checked.size, "media_type": checked.media_type, "pages": checked.pages}
    if found := Scan.objects.filter(pk=checked.sha256).first():
        return found
    with suppress(IntegrityError), transaction.atomic():  # a colleague may be storing the same bytes
        blobs.write(ScanBytes, "default", checked.sha256, checked.file)
        Scan.objects.create(pk=checked.sha256, **facts)
    return Scan.objects.get(pk=checked.sha256)
