"""Scans for tests, made on the spot: small ones of each kind, and files that only claim to be one."""

import io
import uuid
import zipfile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict
from PIL import Image
from pypdf import PdfWriter

from branches.models import User
from transfers import workflow
from transfers.models import TransferCase


def pdf(pages: int = 2, mark: str = "", password: str = "") -> bytes:
    """A PDF of empty sheets; `mark` makes it another one."""
    writer, out = PdfWriter(), io.BytesIO()
    for _page in range(pages):
        writer.add_blank_page(595, 842)
    writer.add_metadata({"/Subject": mark or "scan"})
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 80), color: int = 200, **options: Any) -> bytes:
    """A grey sheet."""
    out = io.BytesIO()
    Image.new("L", size, color).save(out, kind, **options)
    return out.getvalue()


def archive(comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a.txt", "x" * 100)
        made.comment = comment
    return out.getvalue()


def upload(content: bytes | None = None, name: str = "حکم.pdf", said: str = "application/pdf") -> SimpleUploadedFile:
    """A file as a browser sends it; by itself a PDF of two sheets."""
    return SimpleUploadedFile(name, pdf() if content is None else content, said)


def uploads(*files: Any) -> MultiValueDict[str, Any]:
    """What a request brings in its field `scans`."""
    return MultiValueDict({"scans": list(files or [upload()])})


def attach(case: TransferCase, by: User, *files: Any, **data: Any) -> TransferCase:
    """One press that lays files on the case; by itself a PDF."""
    return workflow.perform("attach", case.pk, by=by, command_id=uuid.uuid4(), data=data, files=uploads(*files))


STEPS = ("technical", "send", "receive", "compare", "verify", "register", "activate")


def carry_on(walk: Any, until: str) -> None:
    """The rest of the way, the step `until` included."""
    for step in STEPS[: STEPS.index(until) + 1]:
        getattr(walk, step)()


__all__ = ["STEPS", "archive", "attach", "carry_on", "pdf", "picture", "upload", "uploads"]
