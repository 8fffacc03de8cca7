"""A table of figures as every door gives it out: on the page, in a workbook, as CSV."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pension_transfer.lib.charts import Chart
from pension_transfer.lib.tables import add_sheet, safe, streamed, whole
from pension_transfer.lib.templatetags.persian import fa, grouped

NO_NUMBER = "–"


@dataclass(frozen=True)
class Cell:
    """A value: `value` for a spreadsheet, `words` for a reader; `url` leads on from it."""

    value: Any
    words: str
    label: str
    url: str = ""

    @property
    def is_number(self) -> bool:
        return isinstance(self.value, int) or self.words == NO_NUMBER


@dataclass(frozen=True)
class Header:
    """A column's name; where the table can be sorted by it, the address that does, and how it is sorted now."""

    label: str
    is_number: bool = False
    url: str = ""
    sorted: str = ""


@dataclass(frozen=True)
class Table:
    """`note` says what is counted; the chart shows the same."""

    key: str
    title: str
    note: str
    headers: list[Header]
    rows: list[list[Cell]] = field(default_factory=list)
    chart: Chart | None = None


def table(
    key: str, title: Any, note: Any, labels: Iterable[Any], rows: Iterable[list[Any]], chart: Any = None
) -> Table:
    """A table of plain values, the first of each row its name; None is a number that there is not."""
    names = [str(label) for label in labels]
    cells = [[cell(value, name) for value, name in zip(row, names, strict=True)] for row in rows]
    headers = [Header(name, is_number=number > 0) for number, name in enumerate(names)]
    return Table(key, str(title), str(note), headers, cells, chart)


def cell(value: Any, label: str, url: str = "", words: str = "") -> Cell:
    """One value with its column's name."""
    if value is None:
        return Cell("", NO_NUMBER, label)
    return Cell(value, words or (grouped(value) if isinstance(value, int) else fa(value)), label, url)


def _plain(one: Table) -> Iterator[list[Any]]:
    yield [header.label for header in one.headers]
    for row in one.rows:
        yield [it.value for it in row]


def write_csv(path: Path, heading: list[str], tables: list[Table]) -> None:
    """One after the other under their names, for spreadsheets: UTF-8 with its mark; whole or not there."""
    with whole(path) as half, io.TextIOWrapper(half.open("wb"), "utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([safe(part) for part in heading])
        for one in tables:
            writer.writerows([[], [safe(one.title), safe(one.note)]])
            writer.writerows([safe(str(value)) for value in row] for row in _plain(one))


def write_xlsx(path: Path, heading: list[str], tables: list[Table]) -> None:
    """A sheet for each; whole or not there."""
    book = streamed()
    for one in tables:
        add_sheet(book, one.title[:31], [[*heading], [one.title, one.note], *_plain(one)])
    with whole(path) as half:
        book.save(half)
