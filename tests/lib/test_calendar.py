"""The Jalali calendar. Vectors: DOMAIN 6.3 (33-year rule, as printed calendars and ICU have it)."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pension_transfer.lib import calendar
from pension_transfer.lib.months import Month, Months
from pension_transfer.lib.persian import to_persian_digits

LEAP = (1300, 1304, 1309, 1342, 1366, 1370, 1375, 1379, 1383, 1387, 1391, 1395, 1399, 1403, 1408, 1441)
DAYS = st.dates(dt.date(1871, 3, 21), dt.date(2121, 3, 20))
MONTHS = st.builds(lambda year, month: year * 100 + month, st.integers(1310, 1440), st.integers(1, 12))

VECTORS = [
    ("1393/10/27", dt.date(2015, 1, 17)),
    ("1403/12/30", dt.date(2025, 3, 20)),
    ("1405/09/02", dt.date(2026, 11, 23)),
]


@pytest.mark.parametrize(("text", "day"), VECTORS)
def test_vectors(text: str, day: dt.date) -> None:
    assert calendar.parse_date(text) == day
    assert calendar.jalali(day) == text


@pytest.mark.parametrize("year", range(1300, 1450))
def test_leap_years_follow_the_33_year_rule(year: int) -> None:
    is_leap = year % 33 in {1, 5, 9, 13, 17, 22, 26, 30}
    assert _exists(f"{year}/12/30") is is_leap
    assert is_leap or year not in LEAP


def _exists(text: str) -> bool:
    try:
        calendar.parse_date(text)
    except ValueError:
        return False
    return True


@given(DAYS)
def test_a_day_comes_back_however_it_is_written(day: dt.date) -> None:
    written = calendar.jalali(day)
    ways = (written, written.replace("/", "-"), written.replace("/", ""), to_persian_digits(written))
    assert {calendar.parse_date(way) for way in ways} == {day}


@pytest.mark.parametrize(
    "text", ["", "1404/12/30", "1405/13/01", "1405/00/10", "3/1/1", "2026-11-23", "1405/9", "۱۴۰۵", "x"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        calendar.parse_date(text)


@pytest.mark.parametrize(("text", "month"), [("۱۴۰۵/۹", 140509), ("140509", 140509), ("1405-12", 140512)])
def test_months_are_read(text: str, month: int) -> None:
    assert Month.parse(text) == month


@pytest.mark.parametrize("text", ["", "1405/13", "1405/0", "202611", "99/01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Month.parse(text)


@given(MONTHS, st.integers(-600, 600))
def test_months_are_added_and_taken_back(month: int, count: int) -> None:
    later = Month(month) + count
    assert (later - count, later.since(Month(month))) == (month, count)


def test_a_year_turns() -> None:
    assert Month(140512) + 1 == 140601
    assert Month(140501) - 1 == 140412


@given(DAYS)
def test_the_month_of_a_day(day: dt.date) -> None:
    assert str(Month.of(day)) == calendar.jalali(day).replace("/", "")[:6]


# --- working days ---------------------------------------------------------------------------------------------

WORKING = st.dates(dt.date(1990, 1, 1), dt.date(2110, 12, 31))
COUNTS = st.integers(0, 60)
FIXED = [  # printed calendar of 1405: Nowruz, 13 Farvardin, 15 Khordad, Arbaeen, a Friday, a Thursday, a Saturday
    ("1405/01/01", False), ("1405/01/13", False), ("1405/03/15", False), ("1405/05/13", False), ("1405/09/06", False),
    ("1405/09/05", False), ("1405/09/07", True), ("1405/09/04", True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "works"), FIXED)
def test_days_off(text: str, works: bool) -> None:
    assert calendar.is_working_day(calendar.parse_date(text)) is works


def test_thursday_is_worked_where_the_settings_say_so(settings: Any) -> None:
    thursday = calendar.parse_date("1405/09/05")
    settings.THURSDAY_IS_OFF = False
    assert calendar.is_working_day(thursday)
    assert calendar.add_working_days(thursday, 1) == calendar.parse_date("1405/09/07")


def test_where_no_holidays_are_known_the_weekly_days_off_count() -> None:
    saturday = dt.date(2300, 1, 6)
    assert calendar.public_holidays(2300) == frozenset()
    assert [calendar.is_working_day(saturday + dt.timedelta(days=n)) for n in range(7)] == [True] * 5 + [False] * 2


@given(WORKING, COUNTS)
def test_adding_and_counting_agree(day: dt.date, count: int) -> None:
    later = calendar.add_working_days(day, count)
    assert calendar.working_days_between(day, later) == count
    assert calendar.working_days_between(later, day) == -count
    assert count == 0 or calendar.is_working_day(later)


@given(WORKING, COUNTS)
def test_what_is_added_to_a_working_day_can_be_taken_back(day: dt.date, count: int) -> None:
    day = calendar.next_working_day(day)
    assert calendar.is_working_day(day)
    assert calendar.add_working_days(calendar.add_working_days(day, count), -count) == day


@given(WORKING, WORKING, COUNTS, COUNTS)
def test_more_days_are_never_sooner(one: dt.date, other: dt.date, few: int, many: int) -> None:
    (one, other), (few, many) = sorted((one, other)), sorted((few, many))
    assert calendar.add_working_days(one, few) <= calendar.add_working_days(other, many)
    assert few == many or calendar.add_working_days(one, few) < calendar.add_working_days(one, many)
    assert calendar.next_working_day(one) <= calendar.next_working_day(other)


def test_the_day_of_a_moment_is_tehrans() -> None:
    evening = dt.datetime(2026, 11, 25, 20, 29, tzinfo=dt.timezone.utc)
    assert calendar.day_of(evening) == dt.date(2026, 11, 25)
    assert calendar.day_of(evening + dt.timedelta(minutes=1)) == dt.date(2026, 11, 26)


# --- months in a row ------------------------------------------------------------------------------------------


@given(MONTHS, st.integers(-3, 40))
def test_consecutive_months_are_counted_and_gone_through(month: int, count: int) -> None:
    months = Months(Month(month), Month(month) + (count - 1))
    assert len(list(months)) == len(months) == max(0, count)
    assert bool(months) == (count > 0)
    assert all(one in months for one in months) and months.first - 1 not in months
    assert months.first + max(count, 0) not in months


def test_months_without_an_end() -> None:
    months = Months(Month(140509))
    assert 140508 not in months and 149912 in months and months
    with pytest.raises(ValueError):
        len(months)


@given(MONTHS, st.integers(1, 31))
def test_a_day_of_a_month_lies_in_it(month: int, number: int) -> None:
    day = Month(month).day(number)
    assert Month.of(day) == month
    assert calendar.jalali(day).endswith(f"/{number:02d}") or (number > 29 and Month.of(day + dt.timedelta(1)) > month)


@pytest.mark.parametrize("value", [0, 140500, 140513, 124912, 150001, -140508])
def test_what_is_no_month_is_no_month(value: int) -> None:
    with pytest.raises(ValueError):
        Month(value)
