"""The spool: every row of an import in temporary tables, so that memory does not grow with the export.

A row is kept as its raw cells in our column order, joined by a separator, under its pension number. Findings are kept
beside, until the import has them all. Both vanish with the connection.
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import NamedTuple

from django.db import connection

from branches.intake.cleaning import identifier
from branches.intake.columns import SHEETS, header_places
from branches.intake.findings import LONGEST_VALUE, Finding, Level
from branches.intake.source import Table, missing_columns, unknown_headers
from pension_transfer.lib.tables import DANGEROUS, SAFE

BATCH = 20_000  # rows copied at a time
MOST_ROWS = 1_000  # of one pension file
LONGEST_NUMBER = 40  # characters kept of a wrong pension number
SEPARATOR, SUBSTITUTE = "\x1f", "\x1a"  # a cell that holds the one gets the other: it is refused either way
ESCAPED = re.compile(r"[\\\t\n\r]")
ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
MADE_SAFE = re.compile(f"{SAFE}[{re.escape(''.join(DANGEROUS))}]")
# What may stand around a cell: spaces, joiners, marks of direction, ends of lines.
BLANKS = " \u00a0\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\r\n"

CREATE = """
DROP TABLE IF EXISTS intake_row, intake_finding;
CREATE TEMP TABLE intake_row (sheet smallint, row integer, number text COLLATE "C", cells text);
CREATE TEMP TABLE intake_finding (
  level text, sheet smallint, row integer, "column" text, code text, number text COLLATE "C", value text
);
"""
INDEX = """
CREATE INDEX ON intake_row (number, sheet, row);
CREATE INDEX ON intake_row (number) WHERE sheet = 0;
ANALYZE intake_row;
CREATE TEMP TABLE intake_crowded AS SELECT number FROM intake_row GROUP BY number HAVING count(*) > %(most)s;
"""
DROP = "DROP TABLE IF EXISTS intake_row, intake_finding, intake_crowded"
# Rows that never reach the checks: without a number, without a file, or far too many under one number.
STRAY = """
INSERT INTO intake_finding
SELECT 'fault', sheet, row, 'pension_number',
  CASE WHEN number = '' THEN 'pension_number.missing' ELSE 'pension_number.unknown' END, number, number
FROM intake_row r
WHERE sheet > 0 AND (number = '' OR NOT EXISTS (SELECT FROM intake_row f WHERE f.sheet = 0 AND f.number = r.number));
INSERT INTO intake_finding
SELECT 'fault', 0, row, 'pension_number', code, number, number
FROM intake_row, unnest(ARRAY['pension_number.missing', 'decrees.missing']) code WHERE sheet = 0 AND number = '';
INSERT INTO intake_finding
SELECT 'fault', 0, min(row), 'pension_number', 'pension_number.too_many_rows', number, number
FROM intake_row JOIN intake_crowded USING (number) WHERE sheet = 0 AND number <> '' GROUP BY number;
"""
CHUNK = """
WITH chunk AS (
  SELECT DISTINCT number FROM intake_row
  WHERE sheet = 0 AND number > %s AND number NOT IN (SELECT number FROM intake_crowded) ORDER BY number LIMIT %s
)
SELECT number, sheet, row, cells FROM chunk JOIN intake_row USING (number) ORDER BY number, sheet, row
"""

Rows = list[tuple[int, list[str]]]
Heartbeat = Callable[[int], None]


class Group(NamedTuple):
    """Everything under one pension number: for each sheet its rows, as (row number, raw cells)."""

    number: str
    rows: list[Rows]


def stage(tables: Iterable[Table], heartbeat: Heartbeat) -> None:
    """Spool all rows of the tables; `heartbeat` is told now and then how many there are so far."""
    total = 0
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
        for index, table in enumerate(tables):
            note(_header_notices(index, table))
            rows = _staged(index, table)
            while block := b"".join(islice(rows, BATCH)):
                cursor.copy_expert("COPY intake_row FROM STDIN", io.BytesIO(block))
                total += cursor.rowcount
                heartbeat(total)
        cursor.execute(INDEX, {"most": MOST_ROWS})
        cursor.execute(STRAY)


def drop() -> None:
    """Remove the spool."""
    with connection.cursor() as cursor:
        cursor.execute(DROP)


def _staged(index: int, table: Table) -> Iterator[bytes]:
    """The table's rows that are not blank, as lines of COPY."""
    places = dict(header_places(table.sheet, table.header))
    pick = itemgetter(*[places.get(field, -1) for field in table.sheet.fields])  # -1: the blank put at the end
    width = len(table.header)
    for row, cells in table.rows():
        spare = cells[width:] if table.has_fixed_width else []
        cells[width:] = []
        cells += [""] * (width + 1 - len(cells))
        text = packed([cell.strip(BLANKS) for cell in pick(cells)])
        if spare and (beyond := "".join(spare).strip(BLANKS)):
            text += SEPARATOR + beyond.replace(SEPARATOR, SUBSTITUTE)
        if text.strip(SEPARATOR):
            number = identifier(text.partition(SEPARATOR)[0])[:LONGEST_NUMBER]
            yield f"{index}\t{row}\t{escaped(number)}\t{escaped(text)}\n".encode("utf-8", "replace")


def packed(cells: list[str]) -> str:
    """Cells as one text, without the marks that made some of them safe for spreadsheets."""
    text = SEPARATOR.join(cells)
    if SAFE in text:
        cells = [cell[1:] if MADE_SAFE.match(cell) else cell for cell in cells]
        text = SEPARATOR.join(cells)
    if text.count(SEPARATOR) >= len(cells):
        text = SEPARATOR.join(cell.replace(SEPARATOR, SUBSTITUTE) for cell in cells)
    return text


def unpacked(text: str) -> list[str]:
    """The cells again."""
    return text.split(SEPARATOR)


def escaped(text: str) -> str:
    """As COPY wants it."""
    return text.translate(ESCAPES) if ESCAPED.search(text) else text


def _header_notices(index: int, table: Table) -> Iterator[Finding]:
    row = table.header_row
    for header in unknown_headers(table):
        yield Finding(Level.NOTICE, index, row, header[:LONGEST_VALUE], "column.ignored", "")
    fields = [field for field, _place in header_places(table.sheet, table.header)]
    for column in missing_columns(table.sheet, fields, required=False):
        yield Finding(Level.NOTICE, index, row, column.field, "column.absent", "")


# --- reading back -------------------------------------------------------------------------------------


def chunks(size: int) -> Iterator[list[Group]]:
    """The groups of all numbered files in the order of their numbers, `size` at a time."""
    after = ""
    while groups := _chunk(after, size):
        yield groups
        after = groups[-1].number


def _chunk(after: str, size: int) -> list[Group]:
    with connection.cursor() as cursor:
        cursor.execute(CHUNK, [after, size])
        return [_group(number, rows) for number, rows in groupby(cursor.fetchall(), key=lambda row: row[0])]


def _group(number: str, rows: Iterable[tuple[str, int, int, str]]) -> Group:
    by_sheet: list[Rows] = [[] for _sheet in SHEETS]
    for _number, sheet, row, cells in rows:
        by_sheet[sheet].append((row, unpacked(cells)))
    return Group(number, by_sheet)


def note(findings: Iterable[Finding]) -> None:
    """Keep findings."""
    rows = ["\t".join(escaped(str(part)) for part in finding) for finding in findings]
    if rows:
        with connection.cursor() as cursor:
            cursor.copy_expert("COPY intake_finding FROM STDIN", io.BytesIO("\n".join(rows).encode("utf-8", "replace")))
