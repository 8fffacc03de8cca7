"""The months that a destination owes when it activates: computed, shown, acknowledged, told to the origin."""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import jdatetime
import pytest
import time_machine
from django.urls import reverse

from branches import payroll
from branches.models import PensionFile
from branches.roles import Action
from pension_transfer.lib.errors import BadInput
from pension_transfer.lib.months import Month, Months
from tests import oracle
from tests.cast import Walk
from tests.expect import fresh, refused
from tests.pages import ASCII, as_, push, text
from transfers import last_pay, timeline, workflow
from transfers.models import TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
BEGINNING = (1405, 9, 4)  # the file was last paid in Aban 1405, so Azar is the first month there


def noon(year: int, month: int, day: int) -> dt.datetime:
    """Noon in Tehran of a Jalali day."""
    date = jdatetime.date(year, month, day).togregorian()
    return dt.datetime(date.year, date.month, date.day, 9, tzinfo=dt.timezone.utc)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(noon(*BEGINNING), tick=False) as traveller:
        yield traveller


@pytest.fixture
def registered(walk: Walk, clock: Any) -> Walk:
    walk.to(State.REGISTERED, Side.DESTINATION)
    return walk


def activate(walk: Walk, **data: Any) -> TransferCase:
    """A press as it is, without the help of the cast."""
    return workflow.perform(
        Action.ACTIVATE, walk.copy.pk, by=walk.other_officer, command_id=uuid.uuid4(), data=data
    )  # fmt: skip


def page_of(walk: Walk) -> str:
    return text(as_(walk.other_officer).get(reverse("case", args=[walk.copy.pk])))


def next_step(walk: Walk) -> str:
    """The card of the next step."""
    return page_of(walk).partition('id="next"')[2].partition("</section>")[0]


# --- the cut-off ----------------------------------------------------------------------------------------------


def test_a_payroll_closes_on_the_day_that_is_set(settings: Any) -> None:
    assert payroll.cutoff(Month(140509)) == dt.date(2026, 12, 11)
    settings.PAYROLL_CUTOFF_DAY = 31
    assert payroll.cutoff(Month(140509)) == dt.date(2026, 12, 21)  # Azar has thirty days


@pytest.mark.parametrize(
    ("today", "count", "last"),
    [
        (noon(1405, 8, 30), 0, 140508),
        (noon(1405, 9, 20), 0, 140508),  # the day itself is not too late
        (noon(1405, 9, 21), 1, 140509),
        (noon(1405, 10, 20), 1, 140509),
        (noon(1405, 12, 29), 4, 140512),
        (noon(1406, 1, 20), 4, 140512),
        (noon(1406, 1, 21), 5, 140601),
        (noon(1407, 9, 21), 25, 140709),
    ],
)
def test_the_months_whose_payroll_has_passed(today: dt.datetime, count: int, last: int) -> None:
    missed = payroll.missed_since(Month(140509), today.date())
    assert (len(missed), bool(missed)) == (count, count > 0)
    assert missed == Months(Month(140509), Month(last))


# --- at activation ----------------------------------------------------------------------------------------------


def test_without_arrears_nothing_is_asked(registered: Walk) -> None:
    assert 'type="checkbox"' not in next_step(registered)
    copy = activate(registered)
    assert copy.activated_at and "arrears_months" not in copy.events.latest("sequence").details
    origin = fresh(registered.case)
    assert origin.activated_at and "arrears_months" not in origin.events.latest("sequence").details


MANY = [
    ((1405, 9, 21), 1, (140509, 140509)),
    ((1405, 12, 5), 3, (140509, 140511)),
    ((1406, 2, 25), 6, (140509, 140602)),
]


@pytest.mark.parametrize(("day", "count", "months"), MANY)
def test_arrears_are_shown_acknowledged_and_told(
    registered: Walk, clock: Any, day: Any, count: int, months: Any
) -> None:
    clock.move_to(noon(*day))
    page = page_of(registered)
    assert Months(*map(Month, months)).show() in page
    assert 'type="checkbox"' in page and f'value="{count}"' in page
    with refused(BadInput, "invalid") as caught:
        activate(registered)
    assert set(caught.value.errors) == {"arrears_months"}
    copy = activate(registered, arrears_months=count)
    told = {"arrears_first": months[0], "arrears_last": months[1], "arrears_months": count}
    for case in (copy, fresh(registered.case)):
        event = case.events.latest("sequence")
        assert (event.action in ("activate", "mark_activated"), event.details) == (True, told)
    last = timeline.of_case(fresh(registered.case))[-1]
    assert Month(months[0]).show() in last.note and str(count) in last.note.translate(ASCII)
    assert oracle.problems() + oracle.unfinished() == []


@pytest.mark.parametrize("given", ["0", "2", "-1", "یک", "", "3.5", "9" * 30])
def test_any_other_number_is_refused(registered: Walk, clock: Any, given: str) -> None:
    clock.move_to(noon(1405, 9, 21))
    with refused(BadInput, "invalid") as caught:
        activate(registered, arrears_months=given)
    assert set(caught.value.errors) == {"arrears_months"}
    assert fresh(registered.copy).activated_at is None


def test_a_number_is_refused_too_where_there_are_none(registered: Walk) -> None:
    with refused(BadInput, "invalid"):
        activate(registered, arrears_months=1)


def test_a_page_that_has_grown_old_is_refused_with_the_new_number(registered: Walk, clock: Any) -> None:
    """The page was opened on the last day of one payroll, and pressed on the first day after it."""
    clock.move_to(noon(1405, 9, 21))
    copy = fresh(registered.copy)
    assert 'value="1"' in page_of(registered)
    clock.move_to(noon(1405, 10, 21))
    answer = push(registered.other_officer, "activate", copy, arrears_months="1", back="case")
    page = text(answer)
    assert answer.status_code == 422 and "از آذر ۱۴۰۵ تا دی ۱۴۰۵" in page
    assert 'value="2"' in page and 'aria-invalid="true"' in page
    assert "checked" not in page[page.index('name="arrears_months"') :].partition(">")[0]  # it is looked at anew
    assert push(registered.other_officer, "activate", copy, arrears_months="2").status_code == 302
    assert fresh(copy).activated_at


def test_a_page_opened_before_there_were_any_is_refused_too(registered: Walk, clock: Any) -> None:
    copy = fresh(registered.copy)
    assert 'type="checkbox"' not in next_step(registered)
    clock.move_to(noon(1405, 9, 21))
    answer = push(registered.other_officer, "activate", copy, back="case")
    assert answer.status_code == 422 and 'value="1"' in text(answer)
    assert fresh(copy).activated_at is None


def test_of_a_suspended_file_they_accrue(walk: Walk, clock: Any) -> None:
    since = {"suspended_since": 140507, "suspension_reason": "گواهی حیات نرسیده"}
    PensionFile.objects.filter(pk=walk.file.pk).update(status="suspended", **since)
    walk.to(State.REGISTERED, Side.DESTINATION)
    clock.move_to(noon(1405, 10, 21))
    page = as_(walk.other_officer).get(reverse("case", args=[walk.copy.pk])).context["page"]
    assert page.main.form.fields["arrears_months"].help_text
    copy = activate(walk, arrears_months=2)
    assert (copy.file.status, copy.events.latest("sequence").details["arrears_months"]) == ("suspended", 2)


def test_whoever_may_not_activate_is_asked_nothing(registered: Walk, clock: Any) -> None:
    clock.move_to(noon(1405, 9, 21))
    page = text(as_(registered.staff).get(reverse("case", args=[registered.copy.pk])))
    assert "arrears_months" not in page


def test_the_first_month_stands_on_both_cases_from_the_receipt_on(walk: Walk, clock: Any) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    for user, case in ((walk.staff, walk.copy), (walk.clerk, walk.case)):
        page = as_(user).get(reverse("case", args=[case.pk]))
        assert page.context["page"].first_month == 140509 and "آذر ۱۴۰۵" in text(page)


# --- the API ----------------------------------------------------------------------------------------------------


def test_the_api_says_how_many_and_takes_the_number(registered: Walk, clock: Any) -> None:
    client, address = as_(registered.other_officer), f"/api/cases/{registered.copy.pk}/"
    said = client.get(address).json()
    assert (said["first_payable_month"], said["arrears"]) == (140509, None)
    clock.move_to(noon(1406, 1, 21))
    client = as_(registered.other_officer)
    said = client.get(address).json()
    assert said["arrears"] == {"first": 140509, "last": 140601, "count": 5}
    body = {"command_id": str(uuid.uuid4()), "seen": said["trail_length"], "data": {}}
    answer = client.post(f"{address}steps/activate/", body, "application/json")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["arrears_months"])
    body |= {"command_id": str(uuid.uuid4()), "data": {"arrears_months": said["arrears"]["count"]}}
    answer = client.post(f"{address}steps/activate/", body, "application/json")
    assert answer.status_code == 200 and answer.json()["arrears"] is None
    assert answer.json()["events"][-1]["details"]["arrears_months"] == 5


def test_at_the_origin_nothing_is_owed(registered: Walk, clock: Any) -> None:
    clock.move_to(noon(1405, 12, 5))
    assert last_pay.arrears_of(fresh(registered.case)) is None
    assert as_(registered.clerk).get(f"/api/cases/{registered.case.pk}/").json()["arrears"] is None


# --- what another site tells --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"arrears_months": 3},
        {"arrears_first": 140513, "arrears_last": 140601, "arrears_months": 3},
        {"arrears_first": "<b>", "arrears_last": 140601, "arrears_months": 3},
        {"arrears_first": 140509, "arrears_last": 140601, "arrears_months": "۳"},
        {"arrears_first": None, "arrears_last": None, "arrears_months": None},
    ],
)
def test_what_is_no_number_of_months_is_not_kept(body: dict[str, Any]) -> None:
    assert last_pay.heard(body) == {}
