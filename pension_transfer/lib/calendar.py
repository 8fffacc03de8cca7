"""The Jalali calendar. Dates are stored Gregorian; months are integers yyyymm (140509 is Azar 1405)."""

import datetime as dt
import re
from functools import cache
from itertools import islice

import holidays
import jdatetime
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib.persian import to_ascii_digits, to_persian_digits

FIRST_YEAR, LAST_YEAR = 1250, 1499
FRIDAY = 4  # as datetime counts
MONTH_NAMES = (
    _("Farvardin"), _("Ordibehesht"), _("Khordad"), _("Tir"), _("Mordad"), _("Shahrivar"),
    _("Mehr"), _("Aban"), _("Azar"), _("Dey"), _("Bahman"), _("Esfand"),
)  # fmt: skip
DATE = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|([0-9]{4})([0-9]{2})([0-9]{2})")
MONTH = re.compile(r"([0-9]{4})[-/.]?([0-9]{1,2})")


def today() -> dt.date:
    """Today in Tehran."""
    return timezone.localdate()


def parse_date(text: str) -> dt.date:
    """«۱۴۰۵/۹/۲» or 14050902 in any digits as a Gregorian date; ValueError when there is no such day."""
    found = DATE.fullmatch(to_ascii_digits(text).strip())
    if not found:
        raise ValueError(text)
    year, month, day = (int(part) for part in found.groups() if part)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(text)
    return jdatetime.date(year, month, day).togregorian()


def show_date(date: dt.date | None) -> str:
    """A Gregorian date as ۱۴۰۵/۰۹/۰۲; empty for None."""
    return to_persian_digits(jalali(date)) if date else ""


def jalali(date: dt.date) -> str:
    """A Gregorian date as 1405/09/02 in ASCII digits."""
    return jdatetime.date.fromgregorian(date=date).strftime("%Y/%m/%d")


def jalali_year(date: dt.date) -> int:
    """The Jalali year a Gregorian date falls in."""
    return int(jdatetime.date.fromgregorian(date=date).year)


# --- months -----------------------------------------------------------------------------------------


def is_month(month: int) -> bool:
    """Whether `month` is a yyyymm of the years the product knows."""
    return FIRST_YEAR <= month // 100 <= LAST_YEAR and 1 <= month % 100 <= 12


def parse_month(text: str) -> int:
    """«۱۴۰۵/۰۹» or 140509 in any digits as 140509; ValueError otherwise."""
    found = MONTH.fullmatch(to_ascii_digits(text).strip())
    month = int(found[1]) * 100 + int(found[2]) if found else 0
    if not is_month(month):
        raise ValueError(text)
    return month


def month_of(date: dt.date) -> int:
    """The Jalali month a Gregorian date falls in."""
    day = jdatetime.date.fromgregorian(date=date)
    return int(day.year * 100 + day.month)


def add_months(month: int, count: int) -> int:
    """`count` months after (or before) `month`: add_months(140512, 1) is 140601."""
    index = month // 100 * 12 + month % 100 - 1 + count
    return index // 12 * 100 + index % 12 + 1


def show_month(month: int | None) -> str:
    """A month as «آذر ۱۴۰۵»; empty for None."""
    return f"{MONTH_NAMES[month % 100 - 1]} {to_persian_digits(month // 100)}" if month else ""


def add_years(date: dt.date, years: int) -> dt.date:
    """The same Jalali day `years` later; 30 Esfand becomes 29 where the year has none."""
    day = jdatetime.date.fromgregorian(date=date)
    try:
        return day.replace(year=day.year + years).togregorian()
    except ValueError:
        return day.replace(year=day.year + years, day=29).togregorian()


# --- working days -----------------------------------------------------------------------------------


@cache
def _days_off() -> holidays.HolidayBase:
    """Iran's public holidays; each year is computed when it is first asked for."""
    return holidays.country_holidays("IR")


def add_working_days(day: dt.date, count: int) -> dt.date:
    """The day on which `count` working days after `day` are over; Fridays and public holidays are none.

    With a negative `count`, the last day after which that many working days have passed when `day` is over.
    """
    step = dt.timedelta(days=1 if count > 0 else -1)
    days = (day + step * n for n in range(1 if count > 0 else 0, 100 * (abs(count) + 1)))
    working = (each for each in days if each.weekday() != FRIDAY and each not in _days_off())
    last = next(islice(working, abs(count) - 1, None)) if count else day
    return last - dt.timedelta(days=1) if count < 0 else last
