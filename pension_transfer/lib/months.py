"""Jalali months: one value for them, wherever a month is stored, compared or counted.

A month is the integer yyyymm (140509 is Azar 1405), so that databases and files order it rightly; the arithmetic is in
months, not in integers.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

import jdatetime
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib.persian import show_digits, to_ascii_digits

FIRST_YEAR, LAST_YEAR = 1250, 1499
NAMES = (
    _("Farvardin"), _("Ordibehesht"), _("Khordad"), _("Tir"), _("Mordad"), _("Shahrivar"),
    _("Mehr"), _("Aban"), _("Azar"), _("Dey"), _("Bahman"), _("Esfand"),
)  # fmt: skip
WRITTEN = re.compile(r"([0-9]{4})[-/.]?([0-9]{1,2})")


class Month(int):
    """One month; `month + 3` and `month - 3` are months, too. ValueError for an integer that is no month."""

    def __new__(cls, value: int) -> "Month":
        if not is_month(value):
            raise ValueError(value)
        return super().__new__(cls, value)

    @classmethod
    def of(cls, day: dt.date) -> "Month":
        """The month a Gregorian date falls in."""
        jalali = jdatetime.date.fromgregorian(date=day)
        return cls(jalali.year * 100 + jalali.month)

    @classmethod
    def parse(cls, text: str) -> "Month":
        """«۱۴۰۵/۰۹» or 140509 in any digits; ValueError otherwise."""
        found = WRITTEN.fullmatch(to_ascii_digits(text).strip())
        return cls(int(found[1]) * 100 + int(found[2]) if found else 0)

    @property
    def index(self) -> int:
        """Months since the beginning of the calendar."""
        return self // 100 * 12 + self % 100 - 1

    def __add__(self, count: int) -> "Month":
        index = self.index + count
        return int.__new__(Month, index // 12 * 100 + index % 12 + 1)

    def __sub__(self, count: int) -> "Month":
        return self + -count

    def since(self, other: "Month") -> int:
        """How many months it comes after another one."""
        return self.index - other.index

    @property
    def first_day(self) -> dt.date:
        """Its first day, Gregorian."""
        return self.day(1)

    def day(self, number: int) -> dt.date:
        """Its `number`-th day, Gregorian; its last one where it is shorter."""
        last = ((self + 1).first_day - dt.timedelta(days=1)) if number > 29 else None
        day = jdatetime.date(self // 100, self % 100, min(number, 29)).togregorian() + dt.timedelta(max(number - 29, 0))
        return min(day, last) if last else day

    def show(self) -> str:
        """«آذر ۱۴۰۵»."""
        return f"{NAMES[self % 100 - 1]} {show_digits(self // 100)}"


def is_month(value: int) -> bool:
    """Whether an integer is the yyyymm of a month of the years the product knows."""
    return FIRST_YEAR <= value // 100 <= LAST_YEAR and 1 <= value % 100 <= 12


def show_month(value: int | None) -> str:
    """A stored month as «آذر ۱۴۰۵»; empty for None."""
    return Month(value).show() if value else ""


@dataclass(frozen=True)
class Months:
    """Consecutive months from `first` to `last`, both counted; without a `last` they have no end."""

    first: Month
    last: Month | None = None

    def __contains__(self, month: int) -> bool:
        return self.first <= month and (self.last is None or month <= self.last)

    def __iter__(self) -> Iterator[Month]:
        month = self.first
        while month in self:
            yield month
            month += 1

    def __len__(self) -> int:
        if self.last is None:
            raise ValueError("these months have no end")
        return max(0, self.last.since(self.first) + 1)

    def __bool__(self) -> bool:
        return self.last is None or self.first <= self.last

    def show(self) -> str:
        """«مهر ۱۴۰۵» or «از مهر ۱۴۰۵ تا آذر ۱۴۰۵»; empty for none at all."""
        if not self:
            return ""
        if self.last is None:
            return str(_("from %(first)s on") % {"first": self.first.show()})
        if self.first == self.last:
            return self.first.show()
        return str(_("from %(first)s to %(last)s") % {"first": self.first.show(), "last": self.last.show()})
