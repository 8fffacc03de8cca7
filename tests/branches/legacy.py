"""Exports of the old system for tests: the shipped samples, and the same rows written in other ways."""

import csv
import datetime as dt
import json
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jdatetime
import openpyxl

from branches.intake.columns import SHEETS

SAMPLES = Path(__file__).resolve().parents[2] / "branches" / "data" / "legacy"
DIRTY, CLEAN = SAMPLES / "0801", SAMPLES / "1001"
Tables = dict[str, list[list[str]]]


def expected(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "expected.json").read_text("utf-8"))


def as_sets(document: dict[str, Any]) -> dict[str, Any]:
    """What is compared: the order of the codes does not count."""
    rejected = {number: set(codes) for number, codes in document["rejected"].items()}
    return {name: document[name] for name in ("branch", "pension_files", "accepted")} | {"rejected": rejected}


def read(folder: Path = DIRTY) -> Tables:
    """The rows of a folder of CSV files, headers first."""
    tables = {}
    for sheet in SHEETS:
        with (folder / f"{sheet.name}.csv").open(encoding="utf-8-sig", newline="") as file:
            tables[sheet.name] = list(csv.reader(file))
    return tables


def only(tables: Tables, *numbers: str) -> Tables:
    """The rows of these pension numbers alone."""
    return {name: [rows[0], *(row for row in rows[1:] if row[0] in numbers)] for name, rows in tables.items()}


def write(folder: Path, tables: Tables, encoding: str = "utf-8", **dialect: Any) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding=encoding, newline="") as file:
            csv.writer(file, **dialect).writerows(rows)
    return folder


def english(tables: Tables) -> Tables:
    headers = {sheet.name: list(sheet.fields) for sheet in SHEETS}
    return {name: [headers[name], *rows[1:]] for name, rows in tables.items()}


def zipped(path: Path, folder: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, inside + file.name)
    return path


def workbook(path: Path, tables: Tables, cell: Callable[[str, str], Any] = lambda field, text: text) -> Path:
    """An XLSX; `cell` makes a cell's value of its column's field and its text."""
    book = openpyxl.Workbook(write_only=True)
    for sheet in SHEETS:
        page = book.create_sheet(sheet.name)
        rows = tables[sheet.name]
        page.append(rows[0])
        for row in rows[1:]:
            page.append([cell(field, text) if text else None for field, text in zip(sheet.fields, row, strict=True)])
    book.save(path)
    return path


def typed(field: str, text: str) -> Any:
    """The cell as somebody who works in spreadsheets would have it: numbers as numbers, days as days."""
    if text.isascii() and text.isdigit() and field != "pension_number":
        return int(text)
    try:
        year, month, day = (int(part) for part in text.split("/"))
        return dt.datetime.combine(jdatetime.date(year, month, day).togregorian(), dt.time()) if year > 1000 else text
    except ValueError:
        return text


def changed(tables: Tables, sheet: str, number: str, field: str, value: str, nth: int = 0) -> Tables:
    """The tables with one cell changed, in the nth row of `number`."""
    place = next(s for s in SHEETS if s.name == sheet).fields.index(field)
    rows = [list(row) for row in tables[sheet]]
    [row for row in rows if row[0] == number][nth][place] = value
    return tables | {sheet: rows}


def without(tables: Tables, sheet: str, columns: Iterable[int]) -> Tables:
    gone = set(columns)
    return tables | {sheet: [[cell for i, cell in enumerate(row) if i not in gone] for row in tables[sheet]]}


def many(count: int, number: str = "7080100001") -> Tables:
    """The rows of one file again and again, under `count` pension numbers."""
    one = only(read(), number)
    numbers = [f"70{index:08d}" for index in range(count)]
    return {name: [rows[0], *([n, *row[1:]] for n in numbers for row in rows[1:])] for name, rows in one.items()}
