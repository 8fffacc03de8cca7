"""What is taken for a scan, and what is refused before anything of it is stored."""

from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile

from pension_transfer.lib.errors import BadInput
from tests.cast import Walk
from tests.expect import kept_out, refused, run_sql
from tests.scans import archive, attach, pdf, picture, upload
from transfers import scans
from transfers.attachments import of_case
from transfers.models import Attachment, Scan, ScanBytes
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__")


def codes_of(*files: Any) -> list[str]:
    found = []
    for file in files:
        with pytest.raises(BadInput) as caught:
            scans.check(file)
        found.append(caught.value.code.removeprefix("scan."))
    return found


# --- what a file is ---------------------------------------------------------------------------------------


def big(extra: int) -> TemporaryUploadedFile:
    """A PDF of 20 megabytes and `extra` bytes, on disk as an upload of that size is."""
    file = TemporaryUploadedFile("بزرگ.pdf", "application/pdf", 0, None)
    made = pdf(1)
    cut = made.rindex(b"startxref")
    file.write(made[:cut] + b"%" + b"\n" * (scans.MAX_SIZE + extra - len(made) - 1) + made[cut:])
    file.seek(0)
    return file


WRONG: dict[str, tuple[bytes, str, str]] = {
    "a page named as a PDF": (b"<!DOCTYPE html><script>alert(1)</script>", "x.pdf", "not_a_scan"),
    "a program named as a picture": (b"MZ\x90\x00" + b"\0" * 500, "x.jpg", "not_a_scan"),
    "a page before a PDF": (b"<html>" + pdf(), "x.pdf", "not_a_scan"),
    "a PNG named as a PDF": (picture("PNG"), "x.pdf", "not_as_named"),
    "a PDF named as a JPEG": (pdf(), "x.jpeg", "not_as_named"),
    "nothing": (b"", "x.pdf", "empty"),
    "half a PDF": (pdf()[:300], "x.pdf", "damaged"),
    "only the mark of a PDF": (b"%PDF-1.7\n%%EOF", "x.pdf", "damaged"),
    "half a JPEG": (picture(size=(600, 800))[:-300], "x.jpg", "damaged"),
    "half a PNG": (picture("PNG")[:-20], "x.png", "damaged"),
    "a PNG with a wrong byte": (picture("PNG").replace(b"IDAT", b"IDAT\1", 1), "x.png", "damaged"),
    "a PDF with a password": (pdf(password="x"), "x.pdf", "encrypted"),
    "a PDF without a page": (pdf(0), "x.pdf", "no_pages"),
    "a PDF and an archive": (pdf() + archive(), "x.pdf", "two_kinds"),
    "a JPEG and an archive": (picture() + archive(), "x.jpg", "two_kinds"),
    "a JPEG and a page": (picture() + b"<script>alert(1)</script>", "x.jpg", "two_kinds"),
    "a PNG and a page": (picture("PNG") + b"<script>alert(1)</script>", "x.png", "two_kinds"),
    "a JPEG that is a PDF, too": (picture(comment=b"%PDF-1.7 " + pdf()), "x.jpg", "two_kinds"),
    "an archive that ends as a PDF": (pdf() + archive(pdf()[pdf().rindex(b"startxref") :]), "x.pdf", "two_kinds"),
    "a bomb": (picture("PNG", (9000, 8000), optimize=True), "x.png", "too_large_inside"),
    "a bigger bomb": (picture("PNG", (20000, 10000), optimize=True), "x.png", "too_large_inside"),
}


@pytest.mark.parametrize(("content", "name", "code"), WRONG.values(), ids=WRONG)
def test_fault_30_what_is_no_scan_is_refused_and_nothing_is_stored(
    walk: Walk, content: bytes, name: str, code: str
) -> None:
    walk.to(State.DRAFT)
    with refused(BadInput, "invalid") as caught:
        attach(walk.case, walk.clerk, upload(content, name))
    assert name in caught.value.errors["scans"][0]
    assert codes_of(upload(content, name)) == [code]


@pytest.mark.parametrize(("extra", "code"), [(0, ""), (1, "too_big")])
def test_fault_30_twenty_megabytes_are_the_limit(walk: Walk, extra: int, code: str) -> None:
    walk.to(State.DRAFT)
    with big(extra) as file:
        if code:
            assert codes_of(file) == [code]
            with refused(BadInput, "invalid"):
                attach(walk.case, walk.clerk, file)
            return
        attach(walk.case, walk.clerk, file)
        assert sum(map(len, scans.blobs.pieces(ScanBytes, "default", Scan.objects.get().pk))) == scans.MAX_SIZE


GOOD = {
    "PDF": (pdf(3), "نامه.pdf", "application/pdf", 3),
    "JPEG": (picture(), "نامه.JPG", "image/jpeg", None),
    "PNG": (picture("PNG"), "نامه.png", "image/png", None),
    "padded JPEG": (picture() + b"\0\0", "نامه.jpeg", "image/jpeg", None),
    "padded PDF": (pdf() + b"\r\n", "x", "application/pdf", 2),
}


@pytest.mark.parametrize(("content", "name", "kind", "pages"), GOOD.values(), ids=GOOD)
def test_a_scan_is_kept_as_what_it_is(walk: Walk, content: bytes, name: str, kind: str, pages: int | None) -> None:
    walk.to(State.DRAFT)
    attach(walk.case, walk.clerk, upload(content, name, "text/html"))
    scan = Scan.objects.get()
    assert (scan.media_type, scan.pages, scan.size) == (kind, pages, len(content))
    assert b"".join(scans.blobs.pieces(ScanBytes, "default", scan.pk)) == content


NAMES = {
    "../../etc/passwd": "passwd.pdf",
    "C:\\scan\\حکم ۱.PDF": "حکم ۱.pdf",
    "حكم\u202egpj.exe": "حکمgpj.exe.pdf",
    "a\x00\n\tb\u200f.pdf": "ab.pdf",
    "می\u200cشود.pdf": "می\u200cشود.pdf",
    "": "scan.pdf",
    "..": "scan.pdf",
    ".pdf": "pdf.pdf",
    'x<y>:"|?*.pdf': "x-y------.pdf",
    "ی" * 300 + ".pdf": "ی" * 116 + ".pdf",
    "\ud800x": "x.pdf",
}


@pytest.mark.parametrize(("name", "wanted"), NAMES.items())
def test_a_name_is_only_a_name(name: str, wanted: str) -> None:
    assert scans.clean_name(name, scans.MediaType.PDF) == wanted


# --- the database ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["transfers_scanbytes", "central_blob"])
def test_bytes_under_another_hash_are_refused_by_the_database(walk: Walk, table: str) -> None:
    alias = settings.CENTER if table == "central_blob" else "default"
    with kept_out("23514", alias):
        run_sql(alias, f"INSERT INTO {table} (sha256, bytes) VALUES ('{'0' * 64}', 'x')")


def test_an_attachment_is_tied_to_its_own_scan_and_lies_once_on_a_place(walk: Walk) -> None:
    case = attach(walk.to(State.DRAFT), walk.clerk)
    with kept_out("23514"):
        run_sql("default", f"UPDATE transfers_attachment SET sha256 = '{'0' * 64}'")
    row = of_case(case)[0]
    with kept_out("23505"):
        again = {name: getattr(row, name) for name in ("case_id", "sha256", "scan_id", "name", "media_type", "size")}
        Attachment.objects.create(**again)
