"""The rows of one pension file, cleaned and judged together: its content, or every fault that stands in the way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from branches import checks
from branches.intake.cleaning import Birth, Noted, Unclean
from branches.intake.columns import DECREE_LINES, DECREES, DEPENDENTS, FILES, REQUIRED, SHEETS
from branches.intake.findings import LONGEST_VALUE, Finding, Level
from branches.intake.staging import Group
from branches.intake.words import BY_SEX
from pension_transfer.lib.calendar import today

Values = dict[str, Any]
FILE, DEPENDENT, DECREE, LINE = (SHEETS.index(sheet) for sheet in (FILES, DEPENDENTS, DECREES, DECREE_LINES))
PEOPLE = (FILE, DEPENDENT)


class Record(NamedTuple):
    """A cleaned row: the values of its clean cells, by field."""

    row: int
    values: Values


@dataclass
class Checked:
    """What became of one pension number."""

    number: str
    records: list[list[Record]]
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_faulty(self) -> bool:
        return any(finding.level == Level.FAULT for finding in self.findings)

    def say(self, code: str, sheet: int, row: int, column: str, value: object = "", level: str = Level.FAULT) -> None:
        shown = str(value or "")[:LONGEST_VALUE]
        self.findings.append(Finding(level, sheet, row, column, code, self.number, shown))


def check(group: Group) -> Checked:
    """Clean every cell of the group, then judge what only the whole file shows."""
    checked = Checked(group.number, [])
    for sheet, rows in enumerate(group.rows):
        checked.records.append([_cleaned(checked, sheet, row, cells) for row, cells in rows])
    for judge in JUDGES:
        judge(checked)
    return checked


# --- cells --------------------------------------------------------------------------------------------


def _cleaned(checked: Checked, sheet: int, row: int, cells: list[str]) -> Record:
    """A row cleaned. Under a file the pension number is the group's own and was judged there."""
    columns = SHEETS[sheet].columns
    if sheet != FILE:
        columns, cells = columns[1:], cells[1:]
    values: Values = {}
    for column, cell in zip(columns, cells, strict=False):
        try:
            value = column.clean(cell) if cell else column.blank
        except Unclean as fault:
            checked.say(f"{column.prefix}.{fault.code}", sheet, row, column.field, cell)
            continue
        if value is REQUIRED:
            checked.say(f"{column.field}.missing", sheet, row, column.field)
            continue
        if type(value) is Noted:
            value, code = value
            checked.say(f"{column.field}.{code}", sheet, row, column.field, cell, Level.NOTICE)
        values[column.field] = value
    if len(cells) > len(columns):
        checked.say("row.columns", sheet, row, "", cells[-1])
    return Record(row, _settled(values) if sheet in PEOPLE else values)


def _settled(values: Values) -> Values:
    """What one cell says with the help of another of its row."""
    if isinstance(born := values.pop("birth_date", None), Birth):
        values["birth_date"], values["birth_year"] = born
    if relationship := values.get("relationship"):
        values["relationship"] = BY_SEX.get((relationship, values.get("sex")), relationship)
    return values


# --- the whole file -----------------------------------------------------------------------------------


def _once(checked: Checked) -> None:
    """One row of a file under its number."""
    files = checked.records[FILE]
    for record in files if len(files) > 1 else []:
        checked.say("pension_number.duplicate", FILE, record.row, "pension_number", checked.number)


def _has_decrees(checked: Checked) -> None:
    if not checked.records[DECREE]:
        checked.say("decrees.missing", FILE, checked.records[FILE][0].row, "pension_number", checked.number)


def _death(checked: Checked) -> None:
    for row, values in checked.records[FILE]:
        if checks.lacks_death_date(values.get("kind"), values.get("death_date", "")):
            checked.say("death_date.missing", FILE, row, "death_date")


def _shares(checked: Checked) -> None:
    """Social Security Act 1354, article 83: not over 100 percent, of those whose entitlement has not ended."""
    records = checked.records[DEPENDENT]
    total = checks.share_sum((record.values for record in records), today())
    if checks.is_too_much(total):
        entitled = [record for record in records if checks.is_entitled(record.values, today())]
        last = [record for record in entitled if record.values.get("share_percent")][-1]
        checked.say("dependents.share_sum", DEPENDENT, last.row, "share_percent", f"{total.normalize():f}")


def _known_decrees(checked: Checked) -> None:
    """A previous decree, and the decree of a line, is one of this file's."""
    numbers = {record.values.get("decree_number") for record in checked.records[DECREE]}
    for row, values in checked.records[DECREE]:
        previous = values.get("previous_decree_number")
        if checks.names_no_decree(values.get("decree_number"), previous, numbers):
            checked.say("decree.previous_unknown", DECREE, row, "previous_decree_number", previous)
    for row, values in checked.records[LINE]:
        number = values.get("decree_number")
        if number and number not in numbers:
            checked.say("decree.unknown", LINE, row, "decree_number", number)


def _unrepeated(sheet: int, column: str, *within: str) -> Callable[[Checked], None]:
    """No two rows of `sheet` with the same `column` (inside the same `within`); every one of them is named."""

    def judge(checked: Checked) -> None:
        found = [(record, _key(record.values, column, within)) for record in checked.records[sheet]]
        again = checks.repeated(key for _record, key in found)
        for record, key in found if again else ():
            if key in again:
                checked.say(f"{column}.duplicate", sheet, record.row, column, record.values[column])

    return judge


def _key(values: Values, column: str, within: tuple[str, ...]) -> tuple[Any, ...] | None:
    return tuple(values.get(name) for name in (*within, column)) if column in values else None


JUDGES = (
    _once,
    _has_decrees,
    _death,
    _shares,
    _known_decrees,
    _unrepeated(DEPENDENT, "national_code"),
    _unrepeated(DECREE, "decree_number"),
    _unrepeated(LINE, "order", "decree_number"),
)


# --- the content --------------------------------------------------------------------------------------


class Content(NamedTuple):
    """A file as the model names it; every part is a plain mapping, and each decree carries its `lines`."""

    file: Values
    dependents: list[Values]
    decrees: list[Values]
    deductions: list[Values]


def content(checked: Checked) -> Content:
    """The content of a file without faults; its records are used up."""
    files, dependents, decrees, lines, deductions = ([record.values for record in of] for of in checked.records)
    del files[0]["pension_number"]
    by_decree: dict[str, list[Values]] = {}
    for line in lines:
        by_decree.setdefault(line.pop("decree_number"), []).append(line)
    return Content(files[0], dependents, list(_decrees(decrees, by_decree)), deductions)


def _decrees(decrees: list[Values], lines: dict[str, list[Values]]) -> Iterator[Values]:
    for decree in decrees:
        number, previous = decree.pop("decree_number"), decree.pop("previous_decree_number")
        ordered = sorted(lines.get(number, []), key=lambda line: line["order"])
        yield decree | {"number": number, "previous_number": previous, "lines": ordered}
