"""The sheets of the calendar: weeks from Saturday, days off as the clock has them, and where it ends."""

import datetime as dt
from typing import Any

import pytest
from django.utils import translation

from pension_transfer.lib import calendar, picker
from pension_transfer.lib.months import Month


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "today", lambda: dt.date(2026, 11, 23))  # 1405/09/02


def _cells(sheet: picker.Sheet) -> list[picker.Cell]:
    return [cell for row in sheet.rows for cell in row if cell]


def test_azar_1405_begins_on_a_sunday() -> None:
    sheet = picker.days_of(Month(140509))
    assert [cell and cell.text for cell in sheet.rows[0]] == [None, "۱", "۲", "۳", "۴", "۵", "۶"]
    assert {len(row) for row in sheet.rows} == {7} and len(_cells(sheet)) == 30
    assert [cell.value for cell in _cells(sheet) if cell.is_now] == ["۱۴۰۵/۰۹/۰۲"]
    assert sheet.rows[0][6] and sheet.rows[0][6].label == "جمعه ۶ آذر ۱۴۰۵، تعطیل"


@pytest.mark.parametrize("is_off", [True, False])
def test_days_off_are_those_of_the_clock(settings: Any, is_off: bool) -> None:
    settings.THURSDAY_IS_OFF = is_off
    for month in (Month(140312), Month(140501)):  # a leap year's last days, and Nowruz
        off = [cell.is_off for cell in _cells(picker.days_of(month))]
        assert off == [not calendar.is_working_day(month.day(n + 1)) for n in range(len(off))]
    assert [cell.is_off for cell in _cells(picker.days_of(Month(140501)))][:4] == [True] * 4


def test_the_calendar_ends() -> None:
    first, last = picker.days_of(Month(125001)).around(), picker.months_of(1499).around()
    assert (first["earlier"], first["much_earlier"], first["later"]) == (None, None, 125002)
    assert (last["later"], last["earlier"], last["much_earlier"]) == (None, 149801, 148901)


def test_months_stand_as_they_are_typed() -> None:
    sheet = picker.months_of(1405)
    assert [len(row) for row in sheet.rows] == [3, 3, 3, 3]
    assert [cell.value for cell in _cells(sheet) if cell.is_now] == ["۱۴۰۵/۰۹"]
    with translation.override("en"):
        assert _cells(picker.months_of(1405))[8].value == "1405/09"
