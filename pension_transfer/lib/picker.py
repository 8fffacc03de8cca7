"""The sheets of the calendar from which a day or a month is chosen, and which lie before and after.

Days off are those of the clock (`calendar.is_working_day`).
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from pension_transfer.lib import calendar
from pension_transfer.lib.months import NAMES, Month, is_month
from pension_transfer.lib.templatetags.persian import fa

# From Saturday on, as the Iranian week goes: the letter over the column, and the name.
WEEKDAYS = (
    (_("Sa"), _("Saturday")), (_("Su"), _("Sunday")), (_("Mo"), _("Monday")), (_("Tu"), _("Tuesday")),
    (_("We"), _("Wednesday")), (_("Th"), _("Thursday")), (_("Fr"), _("Friday")),
)  # fmt: skip
MONTHS_A_ROW = 3


@dataclass(frozen=True)
class Cell:
    """A day or month: `value` goes into the field, `text` is seen, `label` is heard."""

    value: str
    text: str
    label: str
    is_off: bool = False
    is_now: bool = False


@dataclass(frozen=True)
class Sheet:
    """Rows of cells, None where a row has no day; the sheets a `step` and a `leap` of months away lie around it."""

    title: str
    rows: list[list[Cell | None]]
    first: Month
    step: int
    leap: int
    heads: Iterable[tuple[Any, Any]] = ()

    @property
    def columns(self) -> int:
        """How many cells a row has."""
        return len(self.rows[0])

    def around(self) -> dict[str, Month | None]:
        """The month that each way leads to; None where the calendar of the product ends."""
        ways = {"much_earlier": -self.leap, "earlier": -self.step, "later": self.step, "much_later": self.leap}
        return {way: self.first + far if is_month(self.first + far) else None for way, far in ways.items()}


def days_of(month: Month) -> Sheet:
    """The days of a month in weeks from Saturday to Friday."""
    count = ((month + 1).first_day - month.first_day).days
    days: list[Cell | None] = [_day(month, month.first_day + dt.timedelta(n), n + 1) for n in range(count)]
    before = column_of(month.first_day)
    rows = _in_rows([*[None] * before, *days, *[None] * (-(before + count) % 7)], 7)
    return Sheet(fa(month.show()), rows, month, step=1, leap=12, heads=WEEKDAYS)


def months_of(year: int) -> Sheet:
    """The months of a Jalali year; ValueError for a year the product does not know."""
    first, now = Month(year * 100 + 1), Month.of(calendar.today())
    cells: list[Cell | None] = [_month(first + n, now) for n in range(12)]
    return Sheet(fa(year), _in_rows(cells, MONTHS_A_ROW), first, step=12, leap=120)


def column_of(day: dt.date) -> int:
    """Where a day stands in its week: 0 for Saturday, 6 for Friday."""
    return (day.weekday() + 2) % 7


def _day(month: Month, day: dt.date, number: int) -> Cell:
    is_off = not calendar.is_working_day(day)
    words = _("%(weekday)s %(day)s %(month)s, day off") if is_off else _("%(weekday)s %(day)s %(month)s")
    label = words % {"weekday": WEEKDAYS[column_of(day)][1], "day": fa(number), "month": fa(month.show())}
    return Cell(fa(calendar.jalali(day)), fa(number), str(label), is_off, day == calendar.today())


def _month(month: Month, now: Month) -> Cell:
    value = fa(f"{month // 100}/{month % 100:02}")
    return Cell(value, str(NAMES[month % 100 - 1]), fa(month.show()), is_now=month == now)


def _in_rows(cells: list[Cell | None], width: int) -> list[list[Cell | None]]:
    return [cells[at : at + width] for at in range(0, len(cells), width)]
