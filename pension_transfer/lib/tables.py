"""Tables that people open in a spreadsheet: cells that nothing runs, files that are whole or not there."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openpyxl import Workbook

SAFE = "'"  # what our own exports put before a cell that a spreadsheet would run
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def safe(text: str) -> str:
    """A cell that no spreadsheet runs."""
    return SAFE + text if text.startswith(DANGEROUS) else text


def add_sheet(book: Any, title: str, rows: Iterable[list[object]]) -> None:
    """A sheet from right to left; numbers stay numbers, what XML cannot hold is shown by a stand-in.

    `book` is made by `streamed()`: the rows are written as they come. Where they end in an error, so does the sheet.
    """
    sheet = book.create_sheet(title)
    sheet.sheet_view.rightToLeft = True
    try:
        for row in rows:
            sheet.append([value if isinstance(value, int) else safe(_printable(value)) for value in row])
    except BaseException:
        sheet.close()
        raise


def streamed() -> Any:
    """A workbook that keeps no rows in memory."""
    return Workbook(write_only=True)


def _printable(value: object) -> str:
    return NOT_XML.sub("\ufffd", str(value))


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place when it is complete; on an error nothing of it stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".half")
    try:
        yield half
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)
