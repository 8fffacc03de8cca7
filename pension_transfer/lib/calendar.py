"""The Jalali calendar and Iran's working days. Dates are stored Gregorian; months are those of lib.months."""

import datetime as dt
import re
from functools import lru_cache

import jdatetime
from django.conf import settings
from django.utils import timezone
from holidays import country_holidays

from pension_transfer.lib.months import FIRST_YEAR, LAST_YEAR
from pension_transfer.lib.persian import show_digits, to_ascii_digits

DATE = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|([0-9]{4})([0-9]{2})([0-9]{2})")


def today() -> dt.date:
    """Today in Tehran."""
    return timezone.localdate()


def day_of(moment: dt.datetime) -> dt.date:
    """The day in Tehran on which an aware moment falls."""
    return timezone.localtime(moment).date()


def beginning_of(day: dt.date) -> dt.datetime:
    """The first moment of a day in Tehran."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


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
    return show_digits(jalali(date)) if date else ""


def jalali(date: dt.date) -> str:
    """A Gregorian date as 1405/09/02 in ASCII digits."""
    return jdatetime.date.fromgregorian(date=date).strftime("%Y/%m/%d")


def jalali_year(date: dt.date) -> int:
    """The Jalali year a Gregorian date falls in."""
    return int(jdatetime.date.fromgregorian(date=date).year)


def add_years(date: dt.date, years: int) -> dt.date:
    """The same Jalali day `years` later; 30 Esfand becomes 29 where the year has none."""
    day = jdatetime.date.fromgregorian(date=date)
    try:
        return day.replace(year=day.year + years).togregorian()
    except ValueError:
        return day.replace(year=day.year + years, day=29).togregorian()


# --- working days -------------------------------------------------------------------------------------

FRIDAY, THURSDAY = 4, 3  # as date.weekday() counts


def is_working_day(day: dt.date) -> bool:
    """Whether branches work on `day`: no Friday, no public holiday of Iran, no Thursday unless the settings say so."""
    weekly = {FRIDAY, THURSDAY} if settings.THURSDAY_IS_OFF else {FRIDAY}
    return day.weekday() not in weekly and day not in public_holidays(day.year)


@lru_cache(maxsize=64)
def public_holidays(year: int) -> frozenset[dt.date]:
    """The public holidays of a Gregorian year, movable religious days too; none where the package knows none."""
    return frozenset(country_holidays("IR", years=year, expand=False))


def add_working_days(day: dt.date, count: int) -> dt.date:
    """The `count`-th working day after `day`, or before it when `count` is negative; for 0 the day itself."""
    onward = 1 if count > 0 else -1
    while count:
        day += dt.timedelta(days=onward)
        count -= onward * is_working_day(day)
    return day


def working_days_between(first: dt.date, last: dt.date) -> int:
    """How many working days come after `first` up to `last`, both dates; negative when `last` is the earlier one."""
    if last < first:
        return -working_days_between(last, first)
    return sum(is_working_day(first + dt.timedelta(days=n)) for n in range(1, (last - first).days + 1))


def working_time_between(first: dt.datetime, last: dt.datetime) -> dt.timedelta:
    """How much of the time between two moments fell on working days, all their hours; nothing when `last` is earlier.

    Of more than a month the last one is counted.
    """
    first = max(first, last - dt.timedelta(days=31))
    days = (day_of(first) + dt.timedelta(days=n) for n in range((day_of(last) - day_of(first)).days + 1))
    spans = ((beginning_of(day), beginning_of(day + dt.timedelta(days=1))) for day in days if is_working_day(day))
    return sum((min(last, end) - max(first, begin) for begin, end in spans), dt.timedelta())


def next_working_day(day: dt.date) -> dt.date:
    """`day` itself when it is one, otherwise the first working day after it."""
    return day if is_working_day(day) else add_working_days(day, 1)
