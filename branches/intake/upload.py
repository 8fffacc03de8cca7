"""The guard before anything is opened: what a file is, and that it is not made to hurt. Only the directory of an
archive is read here, so that a bomb is refused without unpacking it.
"""

import struct
import zipfile
from pathlib import PurePosixPath
from typing import IO

from django.utils.translation import gettext_lazy as _

from pension_transfer.lib.errors import BadInput

MB = 2**20
MAX_UPLOAD = 200 * MB
MAX_UNPACKED = 2048 * MB
MAX_DIRECTORY = 1 * MB  # bytes of an archive's own list of members
MAX_MEMBERS = 200
MAX_RATIO, FREE_OF_RATIO = 100, 10 * MB
MAX_STRINGS = 48 * MB  # a workbook's shared strings are held in memory
MAX_PART = 2 * MB  # styles and the like too

ZIP, OLD_OFFICE = b"PK", bytes.fromhex("d0cf11e0a1b11ae1")
END, END_64 = b"PK\x05\x06", b"PK\x06\x07"
END_LENGTH, COMMENT = 22, 65_535
WORKBOOK, MACROS, STRINGS, SHEETS = "xl/workbook.xml", "xl/vbaProject.bin", "xl/sharedStrings.xml", "xl/worksheets"

NOT_AN_EXPORT = _("This is neither a ZIP of the five CSV files nor an XLSX workbook.")
SENTENCES = {
    "empty": _("The file is empty."),
    "too_big": _("The file is larger than 200 megabytes."),
    "not_an_export": NOT_AN_EXPORT,
    "password": _("The file is protected by a password. Remove the password and try again."),
    "old_format": _("This is a workbook of the old format (XLS). Save it as XLSX and try again."),
    "damaged": _("The file is damaged and cannot be opened."),
    "too_large_inside": _("The file would grow beyond every measure when unpacked; it was not opened."),
    "too_many_members": _("The archive holds too many files."),
    "outside": _("The archive holds a file whose path leads out of it."),
    "macros": _("The workbook holds macros. Save it as XLSX without macros and try again."),
}


def refusal(code: str) -> BadInput:
    """The refusal of an upload, by its code."""
    return BadInput(SENTENCES[code], f"upload.{code}")


def kind_of(file: IO[bytes]) -> str:
    """What it is, "zip" or "xlsx", the file back at its beginning; BadInput with a code of SENTENCES otherwise."""
    size = file.seek(0, 2)
    if not size:
        raise refusal("empty")
    if size > MAX_UPLOAD:
        raise refusal("too_big")
    file.seek(0)
    start = file.read(8)
    if start == OLD_OFFICE:
        raise refusal(_old_office(file))
    if not start.startswith(ZIP):
        raise refusal("not_an_export")
    _check_end(file, size)
    kind = _check_members(file)
    file.seek(0)
    return kind


def _old_office(file: IO[bytes]) -> str:
    """A workbook with a password is stored in the old format's container."""
    inside = file.read(64 * 1024) + _tail(file, 64 * 1024)
    return "password" if "EncryptedPackage".encode("utf-16-le") in inside else "old_format"


def _tail(file: IO[bytes], length: int) -> bytes:
    file.seek(max(0, file.seek(0, 2) - length))
    return file.read()


def _check_end(file: IO[bytes], size: int) -> None:
    """The list of members is read whole: its length comes first. Archives of this size need no 64-bit records."""
    tail = _tail(file, END_LENGTH + COMMENT)
    end = tail.rfind(END)
    if end < 0 or len(tail) - end < END_LENGTH:
        raise refusal("damaged")
    members, length = struct.unpack_from("<HL", tail, end + 10)
    if members > MAX_MEMBERS or length > min(MAX_DIRECTORY, size) or tail[max(0, end - 20) : end].startswith(END_64):
        raise refusal("too_many_members")


def _check_members(file: IO[bytes]) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise refusal("damaged") from error
    if len(members) > MAX_MEMBERS:
        raise refusal("too_many_members")
    for member in members:
        _check_member(member)
    if sum(member.file_size for member in members) > MAX_UNPACKED:
        raise refusal("too_large_inside")
    names = {member.filename: member for member in members}
    return _check_workbook(names) if WORKBOOK in names else "zip"


def _check_member(member: zipfile.ZipInfo) -> None:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise refusal("outside")
    if member.flag_bits & 1:
        raise refusal("password")
    if member.file_size > max(FREE_OF_RATIO, MAX_RATIO * member.compress_size):
        raise refusal("too_large_inside")


def _check_workbook(members: dict[str, zipfile.ZipInfo]) -> str:
    if MACROS in members:
        raise refusal("macros")
    for name, member in members.items():
        if member.file_size > _most(name):
            raise refusal("too_large_inside")
    return "xlsx"


def _most(part: str) -> int:
    """How many bytes a workbook's part may have: only the sheets themselves are streamed."""
    if part.rpartition("/")[0] == SHEETS:
        return MAX_UNPACKED
    return MAX_STRINGS if part == STRINGS else MAX_PART
