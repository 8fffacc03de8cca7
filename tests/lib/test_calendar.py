"""The Jalali calendar. Vectors: DOMAIN 6.3 (33-year rule, as printed calendars and ICU have it)."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pension_transfer.lib import calendar
from pension_transfer.lib.persian import to_persian_digits

LEAP = (1300, 1304, 1309, 1342, 1366, 1370, 1375, 1379, 1383, 1387, 1391, 1395, 1399, 1403, 1408, 1441)
DAYS = st.dates(dt.date(1871, 3, 21), dt.date(2121, 3, 20))
MONTHS = st.builds(lambda year, month: year * 100 + month, st.integers(1250, 1499), st.integers(1, 12))

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
    assert calendar.parse_month(text) == month


@pytest.mark.parametrize("text", ["", "1405/13", "1405/0", "202611", "99/01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        calendar.parse_month(text)


@given(MONTHS, st.integers(-600, 600))
def test_months_are_added_and_taken_back(month: int, count: int) -> None:
    assert calendar.add_months(calendar.add_months(month, count), -count) == month


def test_a_year_turns() -> None:
    assert calendar.add_months(140512, 1) == 140601
    assert calendar.add_months(140501, -1) == 140412


@given(DAYS)
def test_the_month_of_a_day(day: dt.date) -> None:
    assert str(calendar.month_of(day)) == calendar.jalali(day).replace("/", "")[:6]


@pytest.mark.parametrize(
    ("day", "count", "wanted"),
    [
        ("1405/09/04", 3, "1405/09/08"),  # Wednesday; Friday is off, Thursday is not
        ("1404/12/27", 3, "1405/01/06"),  # a Friday and the four days of Nowruz lie between
        ("1405/09/08", -3, "1405/09/04"),
        ("1405/09/06", -1, "1405/09/04"),  # on a Friday the last working day is Thursday
        ("1405/09/06", 0, "1405/09/06"),
    ],
)
def test_working_days_leave_out_fridays_and_public_holidays(day: str, count: int, wanted: str) -> None:
    assert calendar.jalali(calendar.add_working_days(calendar.parse_date(day), count)) == wanted


def test_working_days_back_and_forth_meet() -> None:
    first = calendar.parse_date("1405/01/01")
    for day in (first + dt.timedelta(days=n) for n in range(120)):
        back = calendar.add_working_days(day, -3)
        assert calendar.add_working_days(back, 3) <= day < calendar.add_working_days(back + dt.timedelta(days=1), 3)
