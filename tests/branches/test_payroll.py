"""The payroll calendar: by when a change must stand, and which months it has missed."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from branches import payroll
from branches.models import PayrollCutoff, User
from branches.roles import Role
from pension_transfer.lib.calendar import parse_date
from pension_transfer.lib.months import Month, Months
from tests.cast import Cast
from tests.pages import as_, text

pytestmark = pytest.mark.django_db(databases="__all__")
AZAR, DEY = Month(140509), Month(140510)
LIST = "/admin/branches/payrollcutoff/"


def set_day(month: Month, day: str) -> PayrollCutoff:
    return PayrollCutoff.objects.create(month=month, day=parse_date(day))


def test_the_usual_day_unless_the_calendar_names_another(settings: Any) -> None:
    assert payroll.cutoff(AZAR) == parse_date("1405/09/20")
    set_day(AZAR, "1405/09/17")
    settings.PAYROLL_CUTOFF_DAY = 31
    with CaptureQueriesContext(connection) as asked:
        found = payroll.cutoffs(Months(Month(140508), Month(140512)))
    shown = ["1405/08/30", "1405/09/17", "1405/10/30", "1405/11/30", "1405/12/29"]  # in a shorter month its last day
    assert (list(found.values()), len(asked)) == ([parse_date(day) for day in shown], 1)


@pytest.mark.parametrize(
    ("day", "month"),
    [("1405/09/01", AZAR), ("1405/09/17", AZAR), ("1405/09/18", DEY), ("1405/10/20", DEY), ("1405/10/21", DEY + 1)],
)
def test_the_next_payroll(day: str, month: Month) -> None:
    set_day(AZAR, "1405/09/17")
    assert payroll.next_payroll(parse_date(day)) == month


@pytest.mark.parametrize(
    ("since", "day", "missed"),
    [
        (140509, "1405/09/20", []), (140509, "1405/09/21", [140509]), (140510, "1405/09/21", []),
        (140511, "1406/01/21", [140511, 140512, 140601]), (140605, "1405/09/21", []),
    ],
)  # fmt: skip
def test_the_months_missed(since: int, day: str, missed: list[int]) -> None:
    found = payroll.missed_since(Month(since), parse_date(day))
    assert (list(found), bool(found), len(found)) == (missed, bool(missed), len(missed))


@pytest.fixture
def operator(cast: Cast) -> User:
    User.objects.update(is_staff=True)
    return cast.reader(Role.CENTER_OPERATOR)


def test_the_center_operator_keeps_the_calendar(operator: User) -> None:
    client = as_(operator)
    assert client.post(f"{LIST}add/", {"month": "۱۴۰۵/۰۹", "day": "۱۴۰۵/۰۹/۱۷"}).status_code == 302
    row = PayrollCutoff.objects.get()
    assert (row.month, row.day) == (AZAR, parse_date("1405/09/17"))
    assert "۱۴۰۵/۰۹/۱۷" in text(client.get(LIST))
    page = f"{LIST}{row.pk}/change/"
    assert client.get(page).status_code == 200
    assert client.post(page, {"month": "1405/10", "day": "1405/09/18"}).status_code == 302
    row.refresh_from_db()
    assert (row.month, row.day) == (AZAR, dt.date(2026, 12, 9))
    assert client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("month", "day"),
    [("1405/13", "1405/09/17"), ("1405/09", "1405/10/01"), ("1405/09", "1405/09/31"), ("", ""), ("140509", "x")],
)
def test_what_is_no_cut_off_is_refused(operator: User, month: str, day: str) -> None:
    assert as_(operator).post(f"{LIST}add/", {"month": month, "day": day}).status_code == 200
    assert not PayrollCutoff.objects.exists()


def test_a_month_stands_once(operator: User) -> None:
    set_day(AZAR, "1405/09/17")
    assert as_(operator).post(f"{LIST}add/", {"month": "1405/09", "day": "1405/09/18"}).status_code == 200
    assert PayrollCutoff.objects.count() == 1


def test_nobody_else_keeps_it(cast: Cast) -> None:
    User.objects.update(is_staff=True)
    for by in (cast.reader(Role.AUDITOR), cast.at(cast.origin, Role.BRANCH_HEAD), cast.reader("outsider")):
        assert as_(by).post(f"{LIST}add/", {"month": "1405/09", "day": "1405/09/17"}).status_code == 403
    assert not PayrollCutoff.objects.exists()
