"""CSV tables: encoding and delimiter are found out, rows are streamed."""

import codecs
import contextlib
import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from itertools import islice
from typing import IO

from django.utils.translation import gettext_lazy as _

from branches.intake.columns import Sheet, header_places
from pension_transfer.lib.errors import BadInput

Opener = Callable[[], IO[bytes]]
Row = tuple[int, list[str]]
BLOCK = 2**20
LONGEST_LINE = 2**18  # characters; a row of the export has some hundreds
LONGEST_TITLE = 10  # lines above the header that may be blank
LONGEST_HEADER = 100  # lines: its cells may be broken into several
DELIMITERS = ",;\t|"
NOTHING = f'{DELIMITERS}" \r\n'  # all that a blank line holds
WINDOWS = "cp1256"
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# What a stream out of a damaged file or archive raises.
BROKEN = (UnicodeError, zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError)
NUL, SUBSTITUTE = "\0", "\x1a"  # PostgreSQL holds no NUL; its stand-in is a control character too


class TextTable:
    """One CSV file of the export; `name` is what the reader knows it by."""

    has_fixed_width = True

    def __init__(self, name: str, sheet: Sheet, opener: Opener) -> None:
        self.name, self.sheet, self.opener = name, sheet, opener
        self.encoding = encoding_of(name, opener)
        self.header: list[str] = []
        self.header_row, self.delimiter = 0, ","
        with contextlib.closing(self._lines()) as lines:
            for number, line in enumerate(_quotations_joined(lines), 1):
                if line.strip(NOTHING) and not line.startswith("sep="):
                    self.delimiter, self.header = _split(sheet, line)
                    self.header_row = number
                if self.header or number > LONGEST_TITLE:
                    break

    def rows(self) -> Iterator[Row]:
        """The rows after the header with their numbers, blank ones too."""
        number = 0
        try:
            for number, cells in enumerate(csv.reader(self._lines(), delimiter=self.delimiter), 1):
                if number > self.header_row:
                    yield number, cells
        except csv.Error as error:
            raise unreadable(self.name, number + 1) from error

    def _lines(self) -> Generator[str, None, None]:
        number = 1
        try:
            with self.opener() as raw, io.TextIOWrapper(raw, self.encoding, newline="") as text:
                while line := text.readline(LONGEST_LINE):
                    if len(line) == LONGEST_LINE:
                        raise unreadable(self.name, number)
                    number += 1
                    yield line.replace(NUL, SUBSTITUTE)
        except BROKEN as error:
            raise unreadable(self.name, number) from error


@contextlib.contextmanager
def unbroken(refusal: BadInput) -> Iterator[None]:
    """A stream that breaks off is the given refusal."""
    try:
        yield
    except BROKEN as error:
        raise refusal from error


def unreadable(name: str, row: int) -> BadInput:
    """The refusal of a table that breaks off at `row`."""
    text = _("%(name)s cannot be read from row %(row)s on: wrong characters or an endless line.")
    return BadInput(text % {"name": name, "row": row}, "source.unreadable")


def _quotations_joined(lines: Iterator[str]) -> Iterator[str]:
    """Lines; those a quotation runs through are one, where it ends soon."""
    for line in lines:
        following = islice(lines, LONGEST_HEADER)
        while line.count('"') % 2 and (more := next(following, "")):
            line += more
        yield line


def _split(sheet: Sheet, line: str) -> tuple[str, list[str]]:
    """The delimiter under which most headers are known, and the header."""
    headers = {mark: _cells(line, mark) for mark in DELIMITERS}
    best = max(DELIMITERS, key=lambda mark: len(header_places(sheet, headers[mark])))
    return best, headers[best]


def _cells(line: str, mark: str) -> list[str]:
    """The cells of a line under a delimiter that may be the wrong one."""
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=mark), [])
    except csv.Error:
        return []


# --- encodings ----------------------------------------------------------------------------------------


def encoding_of(name: str, opener: Opener) -> str:
    """By its mark, by its zero bytes, by being UTF-8; else Windows-1256. BadInput for UTF-8 with broken places."""
    with opener() as file:
        start = file.read(4096)
    for mark, encoding in BOMS.items():
        if start.startswith(mark):
            return encoding
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) > len(start) // 20:
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8" if _is_utf8(name, opener) else WINDOWS


def is_utf8(raw: bytes) -> bool:
    """Whether a few bytes can be read as UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8(name: str, opener: Opener) -> bool:
    decoder, lines, is_plain = codecs.getincrementaldecoder("utf-8")(), 1, True
    with opener() as file:
        while block := file.read(BLOCK):
            try:
                is_plain = decoder.decode(block).isascii() and is_plain
            except UnicodeDecodeError as error:
                if is_plain and not _mostly_utf8(block):
                    return False
                raise unreadable(name, lines + block.count(b"\n", 0, error.start)) from error
            lines += block.count(b"\n")
    return True


def _mostly_utf8(block: bytes) -> bool:
    """Whether a block that is not UTF-8 was meant to be: few of its letters are broken."""
    text = block.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    letters = sum(not character.isascii() for character in text) - broken
    return letters > 10 * broken
