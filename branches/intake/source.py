"""Finding the five tables of an export in a folder, a ZIP or a workbook."""

import contextlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from branches.intake import workbook
from branches.intake.columns import REQUIRED, SHEETS, Column, Sheet, header_places, sheet_named
from branches.intake.text import WINDOWS, Opener, TextTable, is_utf8, unbroken
from branches.intake.upload import MAX_UPLOAD, kind_of, refusal
from branches.intake.workbook import WorkbookTable
from pension_transfer.lib.errors import BadInput

Table = TextTable | WorkbookTable
WORKBOOK = "xlsx"
CSV_ENDINGS, XLSX_ENDING = (".csv", ".txt", ".tsv"), ".xlsx"
APPLE = "__MACOSX"  # copies of metadata that one system adds to archives
HIDDEN = (".", "~$")  # "~$": what Office leaves beside a workbook that is open
UTF8_NAME = 0x800


@contextlib.contextmanager
def opened(path: Path) -> Iterator[list[Table]]:
    """The five tables at `path`, in our order; BadInput names everything that is missing."""
    with contextlib.ExitStack() as stack:
        yield _complete(_tables(path, stack))


def _tables(path: Path, stack: contextlib.ExitStack) -> Iterable[Table]:
    if path.is_dir():
        return _from_members({str(file): _opener(file) for file in sorted(path.iterdir()) if file.is_file()}, stack)
    try:
        file = stack.enter_context(path.open("rb"))
    except OSError as error:
        raise BadInput(_("%(name)s cannot be opened.") % {"name": path.name}, "source.closed") from error
    return _from_file(file, stack)


def _opener(path: Path) -> Opener:
    return lambda: path.open("rb")


def _from_file(file: IO[bytes], stack: contextlib.ExitStack) -> Iterable[Table]:
    if kind_of(file) == WORKBOOK:
        return stack.enter_context(workbook.opened(file))
    archive = stack.enter_context(zipfile.ZipFile(file))
    files = [member for member in archive.infolist() if not member.is_dir()]
    members: dict[str, Opener] = {_member_name(member): partial(archive.open, member) for member in files}
    return _from_members(members, stack)


def _member_name(member: zipfile.ZipInfo) -> str:
    """Its path; without the mark of UTF-8 the bytes are of the system the archive was made on, read as cp437."""
    name = member.filename
    if not member.flag_bits & UTF8_NAME:
        raw = name.encode("cp437", "replace")
        name = raw.decode("utf-8" if is_utf8(raw) else WINDOWS, "replace")
    return name.replace("\\", "/")


def _from_members(members: dict[str, Opener], stack: contextlib.ExitStack) -> Iterable[Table]:
    """The CSV files among them; where there is none, the one workbook. Other files are never opened."""
    names = {name: path for name in members if not _is_hidden(path := PurePosixPath(name))}
    texts = {name: sheet_named(path.stem) for name, path in names.items() if path.suffix.lower() in CSV_ENDINGS}
    known = {name: sheet for name, sheet in texts.items() if sheet}
    books = [name for name, path in names.items() if path.suffix.lower() == XLSX_ENDING]
    if not known and len(books) == 1:
        return _from_book(_copied(members[books[0]], stack), stack)
    with unbroken(refusal("damaged")):
        return [TextTable(names[name].name, sheet, members[name]) for name, sheet in known.items()]


def _from_book(file: IO[bytes], stack: contextlib.ExitStack) -> Iterable[Table]:
    """An archive inside an archive is not opened again and again: it is a workbook or nothing."""
    if kind_of(file) != WORKBOOK:
        raise refusal("not_an_export")
    return stack.enter_context(workbook.opened(file))


def _is_hidden(path: PurePosixPath) -> bool:
    return path.name.startswith(HIDDEN) or APPLE in path.parts


def _copied(opener: Opener, stack: contextlib.ExitStack) -> IO[bytes]:
    """A member as a file of its own, which a workbook's reader can move about in."""
    copy = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    with unbroken(refusal("damaged")), opener() as member:
        shutil.copyfileobj(member, copy)
    if copy.tell() > MAX_UPLOAD:
        raise refusal("too_big")
    return copy


# --- completeness -------------------------------------------------------------------------------------


def _complete(tables: Iterable[Table]) -> list[Table]:
    found: dict[str, list[Table]] = {sheet.name: [] for sheet in SHEETS}
    for table in tables:
        found[table.sheet.name].append(table)
    faults = [fault for sheet in SHEETS for fault in _faults(sheet, found[sheet.name])]
    if faults:
        text = _("Nothing was taken in: %(faults)s") % {"faults": " ".join(faults)}
        raise BadInput(text, "source.incomplete")
    return [found[sheet.name][0] for sheet in SHEETS]


def _faults(sheet: Sheet, tables: list[Table]) -> Iterator[str]:
    """What keeps a table from being read, in sentences."""
    if not tables:
        yield gettext("The table %(sheet)s is missing.") % {"sheet": sheet.name}
    elif len(tables) > 1:
        yield gettext("The table %(sheet)s is there twice.") % {"sheet": sheet.name}
    else:
        yield from _header_faults(sheet, [field for field, _place in header_places(sheet, tables[0].header)])


def _header_faults(sheet: Sheet, fields: list[str]) -> Iterator[str]:
    lacking = [column.header for column in missing_columns(sheet, fields, required=True)]
    twice = [column.header for column in sheet.columns if fields.count(column.field) > 1]
    if lacking:
        names = gettext(", ").join(lacking)
        yield gettext("The table %(sheet)s lacks the columns: %(columns)s.") % {"sheet": sheet.name, "columns": names}
    if twice:
        names = gettext(", ").join(twice)
        yield gettext("The table %(sheet)s has these columns twice: %(columns)s.") % {
            "sheet": sheet.name,
            "columns": names,
        }


def missing_columns(sheet: Sheet, fields: Iterable[str], required: bool) -> list[Column]:
    """The table's columns not among `fields`: those that must be there, or those that may be absent."""
    there = set(fields)
    return [c for c in sheet.columns if c.field not in there and (c.blank is REQUIRED) == required]


def unknown_headers(table: Table) -> list[str]:
    """Headers of columns that are not ours; they are reported and not read."""
    places = {place for _field, place in header_places(table.sheet, table.header)}
    return [text for place, text in enumerate(table.header) if place not in places and text.strip()]
