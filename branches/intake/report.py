"""What an import gives back: its report as XLSX, and the rejected files as an export of the same shape.

Cells are inert: what a spreadsheet would run as a formula stands behind an apostrophe, which the import takes off.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.db import connection
from django.utils.translation import gettext as _

from branches.intake.columns import SHEETS
from branches.intake.findings import SHEET_NAMES, Level, column_label, sentence
from branches.intake.staging import unpacked
from pension_transfer.lib.tables import add_sheet, safe, streamed, whole

SHEET_ROWS = 1_000_000  # a spreadsheet's sheet ends a little later
FINDINGS = """
SELECT level, number, sheet, row, "column", value, code FROM intake_finding
ORDER BY array_position(ARRAY['fault', 'difference', 'doubt', 'notice'], level), sheet, row
"""
REJECTED_ROWS = """
SELECT cells FROM intake_row
WHERE sheet = %s AND number IN (SELECT number FROM intake_finding WHERE level = 'fault') ORDER BY row
"""
REJECTED = """
SELECT number, code FROM intake_finding WHERE level = 'fault'
GROUP BY number, code ORDER BY min(sheet * 10000000::bigint + row), min(ctid)
"""


def rejected() -> dict[str, list[str]]:
    """The codes of every rejected pension number, in the order of the export."""
    codes: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(REJECTED)
        for number, code in cursor:
            codes.setdefault(number, []).append(code)
    return codes


def _streamed(query: str, parameters: Iterable[Any] = ()) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, list(parameters))
        yield from cursor


# --- the report ---------------------------------------------------------------------------------------


def write_report(path: Path, summary: Iterable[tuple[str, object]]) -> None:
    """An XLSX with the counts and every finding; further sheets where one is full.

    What a workbook cannot hold, control characters among it, is shown by a stand-in.
    """
    book = streamed()
    add_sheet(book, _("Summary"), ([label, value] for label, value in summary))
    header: list[object] = [
        _("Level"),
        _("Pension number"),
        _("Sheet"),
        _("Row"),
        _("Column"),
        _("Cell"),
        _("Finding"),
        _("Code"),
    ]
    rows = _finding_rows()
    number = 0
    while (block := list(islice(rows, 1))) or not number:
        number += 1
        following = islice(rows, SHEET_ROWS - 1)
        title = _("Findings") if number == 1 else f"{_('Findings')} {number}"
        add_sheet(book, title, _chained([header], block, following))
    with whole(path) as half:
        book.save(half)


def _chained(*parts: Iterable[list[object]]) -> Iterator[list[object]]:
    for part in parts:
        yield from part


def _finding_rows() -> Iterator[list[object]]:
    for level, number, sheet, row, column, value, code in _streamed(FINDINGS):
        label = column_label(sheet, column)
        yield [Level(level).label, number, SHEET_NAMES[sheet], row, label, value, sentence(code), code]


# --- the rejected files -------------------------------------------------------------------------------


def write_rejected(path: Path) -> None:
    """Every row of the rejected files as five CSV tables: a ZIP where `path` ends so, else a folder."""
    if path.suffix.lower() != ".zip":
        path.mkdir(parents=True, exist_ok=True)
        return _write_tables(lambda name: (path / name).open("wb"))
    with whole(path) as half, zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as archive:
        _write_tables(lambda name: archive.open(name, "w"))


def _write_tables(create: Callable[[str], IO[bytes]]) -> None:
    for index, sheet in enumerate(SHEETS):
        with create(f"{sheet.name}.csv") as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
            writer = csv.writer(text)
            writer.writerow(sheet.headers)
            for (cells,) in _streamed(REJECTED_ROWS, [index]):
                writer.writerow([safe(cell) for cell in unpacked(cells)])
