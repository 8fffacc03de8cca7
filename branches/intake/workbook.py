"""XLSX tables, streamed. openpyxl (with defusedxml: no entity is expanded) reads cells and styles; rows are walked
here, because its own walk holds every row's attributes and lets one row or one cell grow without bound.
"""

import contextlib
import datetime as dt
import warnings
from collections.abc import Generator, Iterator
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from openpyxl.reader.excel import ExcelReader, _find_workbook_part
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.worksheet._reader import CELL_TAG, DATA_TAG, FORMULA_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS
from openpyxl.xml.functions import iterparse

from branches.intake.columns import Sheet, sheet_named
from branches.intake.text import LONGEST_TITLE, Row
from branches.intake.upload import MAX_PART, MAX_STRINGS, refusal
from pension_transfer.lib import calendar
from pension_transfer.lib.errors import BadInput

MAX_COLUMNS = 200
MAX_ROWS = 2**20
LONGEST_ROW = 2**20  # bytes of XML between the ends of two rows
JALALI_ENDS = 1600  # a date cell before this Gregorian year holds a Jalali date


class Workbook(ExcelReader):
    """An opened workbook: `sheets` are the titles with the paths of their parts."""

    def __init__(self, file: IO[bytes]) -> None:
        # Formulas are wanted as their text: it is refused cell by cell, where a cached value would hide it.
        super().__init__(file, read_only=True, data_only=False, keep_links=False)
        self.read_manifest()
        strings = self.package.find(SHARED_STRINGS)
        self._check_size(strings.PartName if strings else None, MAX_STRINGS)
        self.read_strings()
        self._check_size(_find_workbook_part(self.package).PartName, MAX_PART)
        self.read_workbook()
        apply_stylesheet(self.archive, self.wb)
        self.sheets = [(sheet.name, rel.target) for sheet, rel in self.parser.find_sheets()]

    def _check_size(self, part: str | None, limit: int) -> None:
        if part and self.archive.getinfo(part.lstrip("/")).file_size > limit:
            raise refusal("too_large_inside")

    def number_format(self, style: int) -> str:
        number = self.wb._cell_styles[style].numFmtId
        if number < BUILTIN_FORMATS_MAX_SIZE:
            return BUILTIN_FORMATS.get(number) or "General"
        return self.wb._number_formats[number - BUILTIN_FORMATS_MAX_SIZE]

    def rows(self, part: str) -> Iterator[tuple[int, dict[int, str]]]:
        """The sheet's rows: number and the texts of its cells by column, from 1."""
        with self.archive.open(part) as stream:
            source = Bounded(stream)
            parser = Cells(
                source,
                self.shared_strings,
                epoch=self.wb.epoch,
                date_formats=self.wb._date_formats,
                timedelta_formats=self.wb._timedelta_formats,
            )
            for number, cells in parser.walk():
                source.since = 0
                yield number, {cell["column"]: self.as_text(**cell) for cell in cells if cell["value"] is not None}

    def as_text(self, value: Any, style_id: int, **_cell: Any) -> str:
        """A cell as it would stand in a CSV file; days are written in Jalali."""
        if isinstance(value, str):
            return value
        if isinstance(value, (int, float)):
            return _number(value, self.number_format(style_id))
        return _day(value) if isinstance(value, dt.date) else str(value)


class Bounded:
    """A stream that refuses to bring more than LONGEST_ROW bytes until somebody sets `since` back."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.since = stream, 0

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.since += len(data)
        if self.since > LONGEST_ROW:
            raise refusal("too_large_inside")
        return data


class Cells(WorkSheetParser):
    """openpyxl's reading of cells, one row at a time."""

    def parse_formula(self, element: Any) -> str:
        """The formula as it stands; carrying shared ones over to each cell is costly and of no use here."""
        return "=" + (element.findtext(FORMULA_TAG) or "")

    def walk(self) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        number, cells = 0, list[dict[str, Any]]()
        for _event, element in iterparse(self.source):
            if element.tag == CELL_TAG:
                cells.append(self.parse_cell(element))
                element.clear()
            elif element.tag == ROW_TAG:
                number = int(element.get("r", number + 1))
                yield number, cells
                cells, self.col_counter = [], 0
                element.clear()
            elif element.tag == DATA_TAG:
                return


class WorkbookTable:
    """One sheet of the export."""

    has_fixed_width = False

    def __init__(self, name: str, sheet: Sheet, workbook: Workbook, part: str) -> None:
        self.name, self.sheet, self.workbook, self.part = name, sheet, workbook, part
        self.header: list[str] = []
        self.header_row = 0
        with contextlib.closing(self._read()) as rows:
            for number, cells in rows:
                if any(cells.values()):
                    self.header_row, self.header = number, self._header(cells)
                if self.header or number > LONGEST_TITLE:
                    break

    def _header(self, cells: dict[int, str]) -> list[str]:
        width = max(cells)
        if width > MAX_COLUMNS:
            raise BadInput(_("The sheet %(name)s has too many columns.") % {"name": self.name}, "source.columns")
        return [cells.get(column, "") for column in range(1, width + 1)]

    def rows(self) -> Iterator[Row]:
        """The rows after the header with their numbers."""
        columns = range(1, len(self.header) + 1)
        for number, cells in self._read():
            if number > self.header_row:
                yield number, [cells.get(column, "") for column in columns]

    def _read(self) -> Generator[tuple[int, dict[int, str]], None, None]:
        with reading():
            for number, cells in self.workbook.rows(self.part):
                if number > MAX_ROWS:
                    raise refusal("damaged")
                yield number, cells


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """Whatever a broken workbook makes its libraries raise is one refusal; their warnings are not ours to show."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except BadInput:
            raise
        except Exception as error:
            raise refusal("damaged") from error


@contextlib.contextmanager
def opened(file: IO[bytes]) -> Iterator[list[WorkbookTable]]:
    """The sheets of a workbook that belong to the export."""
    with reading():
        workbook = Workbook(file)
    with contextlib.closing(workbook.archive):
        known = [(name, sheet_named(name), part) for name, part in workbook.sheets]
        yield [WorkbookTable(name, sheet, workbook, part) for name, sheet, part in known if sheet]


def _number(value: float, shown_as: str) -> str:
    """As the sheet shows it where that matters: percents, and numbers filled up with zeros."""
    if "%" in shown_as:
        value *= 100
    if value != int(value):
        return repr(round(value, 10))
    return str(int(value)).zfill(len(shown_as) if set(shown_as) == {"0"} else 0)


def _day(value: dt.date) -> str:
    return f"{value:%Y/%m/%d}" if value.year < JALALI_ENDS else calendar.jalali(value)
