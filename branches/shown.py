"""How the rows of a pension file are shown: labels and values, on its page and in its history."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import models
from django.utils.text import capfirst

from branches.models import Correction, Decree, DecreeLine, PensionFile
from branches.sections import SECTIONS, TOLD, section_label
from pension_transfer.lib import fields
from pension_transfer.lib.persian import listed
from pension_transfer.lib.templatetags import persian

SHOW: dict[Any, Any] = {
    fields.JalaliDateField: persian.jalali,
    fields.JalaliMonthField: persian.jalali_month,
    fields.AmountField: persian.rial,
    fields.PercentField: persian.percent,
    fields.IbanField: persian.sheba,
    fields.CountField: persian.grouped,
    fields.PersianTextField: persian.fa,
    fields.CodeField: persian.ltr,
}
WIDE = frozenset({"iban", "address", "description"})


@dataclass(frozen=True)
class Fact:
    label: str
    value: Any
    wide: bool = False


def facts(row: models.Model, names: Iterable[str]) -> list[Fact]:
    """Labels and shown values of a row's columns."""
    columns = [row._meta.get_field(name) for name in names if not _is_said_twice(row, name)]
    return [Fact(label(c), shown(c, getattr(row, c.name)), c.name in WIDE) for c in columns]


def _is_said_twice(row: Any, name: str) -> bool:
    """The year of birth says nothing where the day is known."""
    return name == "birth_year" and row.birth_date is not None


def label(column: Any) -> str:
    return capfirst(str(column.verbose_name))


def shown(column: Any, value: Any) -> Any:
    """A stored value as a reader sees it; takes JSON's plain form of dates and decimals too."""
    if value in (None, ""):
        return ""
    if column.choices:
        return str(dict(column.flatchoices).get(value, value))
    if column.name == "birth_year":
        return persian.ltr(value)
    return SHOW.get(fields.form_class(column), persian.ltr)(_parsed(column, value))


def _parsed(column: Any, value: Any) -> Any:
    if isinstance(value, str) and isinstance(column, models.DateField):
        return dt.date.fromisoformat(value)
    return Decimal(value) if isinstance(value, str) and isinstance(column, models.DecimalField) else value


# --- decrees --------------------------------------------------------------------------------------------


@dataclass
class DecreeSheet:
    """A decree with its lines, their sum, and the decree that replaced it."""

    decree: Decree
    lines: list[DecreeLine]
    replaced_by: Decree | None = None
    is_current: bool = False

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @cached_property
    def facts(self) -> list[Fact]:
        return facts(self.decree, SECTIONS["decree"].fields)


def decree_sheets(file: PensionFile) -> list[DecreeSheet]:
    """Every decree, newest first; the newest valid one is the current one."""
    found = sorted(file.decrees.all(), key=lambda decree: (decree.effective_on, decree.pk), reverse=True)
    replaced = {decree.corrects_id: decree for decree in found if decree.corrects_id}
    sheets = [DecreeSheet(decree, list(decree.lines.all()), replaced.get(decree.pk)) for decree in found]
    current = next((sheet for sheet in sheets if sheet.decree.is_valid), None)
    if current:
        current.is_current = True
    return sheets


# --- history --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    label: str
    before: Any
    after: Any


@dataclass(frozen=True)
class CorrectionSheet:
    """One correction as the history shows it."""

    correction: Correction
    section: str
    changes: list[Change]

    @property
    def is_removal(self) -> bool:
        return not self.correction.after

    @property
    def is_addition(self) -> bool:
        return not self.correction.before


def history(corrections: Iterable[Correction]) -> list[CorrectionSheet]:
    return [CorrectionSheet(c, section_label(c.section), changes(c)) for c in corrections]


def changes(correction: Correction) -> list[Change]:
    """What a correction changed, column by column; of a whole row, what it held."""
    section, told = TOLD[correction.section], {**correction.before, **correction.after}
    names = dict.fromkeys([*section.fields, *told])  # in the form's order; a column may have stood in another one
    found = [_change(section.model, name, correction) for name in names if name in told]
    return [change for change in found if change.before or change.after]


def _change(model: Any, name: str, correction: Correction) -> Change:
    before, after = correction.before.get(name), correction.after.get(name)
    if name in UNLIKE:
        return UNLIKE[name](before, after)
    column = model._meta.get_field(name)
    return Change(label(column), shown(column, before), shown(column, after))


def _lines(lines: list[dict[str, Any]]) -> str:
    return listed((f"{persian.fa(line['title'])} {persian.rial(line['amount'])}" for line in lines), "؛")


# What a record tells beside the columns of its section.
UNLIKE: dict[str, Callable[[Any, Any], Change]] = {
    "lines": lambda before, after: Change(
        str(DecreeLine._meta.verbose_name_plural), _lines(before or []), _lines(after or [])
    ),
}
