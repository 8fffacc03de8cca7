"""Warnings in time: a case that is about to miss a payroll, or has, is pointed out on every page, and alike."""

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.urls import reverse

from branches import services
from branches.models import PayrollCutoff, PensionFile, User
from branches.roles import Action
from pension_transfer.lib.calendar import add_working_days, parse_date
from pension_transfer.lib.errors import BadInput, NotNow
from pension_transfer.lib.months import Month
from tests.cast import Cast, Walk, make_file, press
from tests.expect import fresh, refused
from tests.pages import as_, queries, text
from transfers import digest
from transfers.models import TransferCase
from transfers.payroll_warnings import is_at_risk, outlook
from transfers.states import Side, State, Turn

pytestmark = pytest.mark.django_db(databases="__all__")
SUSPENDED = {"status": "suspended", "suspended_since": 140505, "suspension_reason": "گواهی حیات"}
ABAN, AZAR, DEY = Month(140508), Month(140509), Month(140510)
CUTOFF = parse_date("1405/09/20")
NEAR = add_working_days(CUTOFF, -5)
FAR = NEAR - dt.timedelta(days=1)
MISSED = CUTOFF + dt.timedelta(days=1)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A day on which the next payroll is that of Azar, and far."""
    with time_machine.travel(noon(FAR), tick=False) as traveller:
        yield traveller


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(9), dt.UTC)


@pytest.fixture
def walk(cast: Cast, clock: time_machine.Traveller) -> Walk:
    return Walk(cast, make_file(cast.origin, last_paid_month=ABAN))


@pytest.fixture(autouse=True)
def paid_until_aban(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.cast.LAST_PAID_TYPED", "1405/08")


def look(case: TransferCase, day: dt.date) -> str:
    """The look of what is said of a case on a day; lists and cases must agree."""
    found = outlook(day).warning_of(fresh(case))
    assert TransferCase.objects.filter(is_at_risk(day), pk=case.pk).exists() is bool(found)
    return found.look if found else ""


# --- when -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "side"),
    [
        (State.REFERRAL, Side.ORIGIN), (State.DRAFT, Side.ORIGIN), (State.SENT, Side.ORIGIN),
        (State.RECEIVED, Side.ORIGIN), (State.RECEIVED, Side.DESTINATION), (State.RETURNED, Side.ORIGIN),
        (State.REGISTERED, Side.ORIGIN), (State.REGISTERED, Side.DESTINATION),
    ],
)  # fmt: skip
def test_it_is_said_when_the_cut_off_is_near_and_once_it_has_passed(walk: Walk, state: str, side: str) -> None:
    case = walk.to(state, side)
    assert case.payable_from == AZAR
    said = [look(case, day) for day in (FAR, NEAR, CUTOFF, MISSED)]
    assert said == ["", "soon", "soon", "late"]


def test_the_calendar_moves_the_warning(walk: Walk) -> None:
    case = walk.to(State.SENT)
    PayrollCutoff.objects.create(month=AZAR, day=parse_date("1405/09/30"))
    assert look(case, CUTOFF) == ""
    PayrollCutoff.objects.update(day=parse_date("1405/09/15"))
    assert look(case, parse_date("1405/09/16")) == "late"


def test_what_is_over_or_suspended_is_in_no_payroll(walk: Walk) -> None:
    PensionFile.objects.filter(pk=walk.file.pk).update(**SUSPENDED)
    case = walk.to(State.SENT)
    walk.receive()
    assert (case.payable_from, walk.copy.payable_from) == (None, None)
    assert [look(case, MISSED), look(walk.copy, MISSED)] == ["", ""]
    other = Walk(walk.cast, make_file(walk.cast.origin, 2, last_paid_month=ABAN))
    assert look(other.to(State.CANCELLED), MISSED) == ""


def test_an_active_case_says_nothing(walk: Walk, clock: time_machine.Traveller) -> None:
    walk.to(State.REGISTERED, Side.DESTINATION)
    missed = outlook(MISSED).warning_of(fresh(walk.copy))
    walk.activate()
    assert missed and [look(walk.case, MISSED), look(walk.copy, MISSED)] == ["", ""]


def test_before_it_is_stated_the_file_says_the_month(walk: Walk) -> None:
    PensionFile.objects.filter(pk=walk.file.pk).update(last_paid_month=None)
    walk.draft()
    assert (walk.case.state, walk.case.payable_from) == (State.REFERRAL, None)
    file = PensionFile.objects.get(pk=walk.file.pk)
    services.correct(file, "certificate", None, walk.clerk, "فیش حقوقی", {"last_paid_month": AZAR})
    assert fresh(walk.case).payable_from == DEY
    assert look(walk.case, MISSED) == ""


# --- where ----------------------------------------------------------------------------------------------------


def rows(user: User, page: str, **query: str) -> list[str]:
    answer = as_(user).get(reverse(page), query)
    return [row.payroll.look if row.payroll else "" for row in answer.context["rows"]]


def test_every_page_says_it(walk: Walk, clock: time_machine.Traveller) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    url = reverse("case", args=[case.pk])
    assert as_(walk.head).get(url).context["page"].payroll is None and rows(walk.head, "cartable") == [""]
    clock.move_to(noon(NEAR))
    page = as_(walk.head).get(url)
    sentence = page.context["page"].payroll.sentence
    assert sentence in text(page) and "۱۴۰۵/۰۹/۲۰" in sentence and "آذر" in sentence
    assert rows(walk.head, "cartable", due="payroll") == ["soon"]
    letter = digest.write_to(walk.head, NEAR)
    assert letter and sentence in letter.body
    clock.move_to(noon(MISSED))
    assert rows(walk.head, "cartable", due="payroll") == rows(walk.head, "overdue") == ["late"]
    assert as_(walk.head).get(reverse("overdue")).context["at_risk"] == 1
    assert list(as_(walk.head).get(reverse("case_list"), {"due": "payroll"}).context["page"].items) == [case]
    assert as_(walk.cast.at(walk.cast.third, "branch_head")).get(reverse("overdue")).context["at_risk"] == 0


def test_nothing_is_counted_while_the_cut_off_is_far(walk: Walk) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    answer = as_(walk.head).get(reverse("cartable"), {"due": "payroll"})
    assert answer.context["rows"] == [] and "payroll" not in [c["due"] for c in answer.context["due_counts"]]
    assert as_(walk.head).get(reverse("overdue")).context["at_risk"] == 0


def test_both_branches_see_it(walk: Walk, clock: time_machine.Traveller) -> None:
    walk.to(State.REGISTERED, Side.DESTINATION)
    clock.move_to(noon(NEAR))
    for user, case in ((walk.clerk, walk.case), (walk.staff, walk.copy)):
        assert as_(user).get(reverse("case", args=[case.pk])).context["page"].payroll.look == "soon"


def test_many_cost_no_more_than_one(walk: Walk, clock: time_machine.Traveller) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    clock.move_to(noon(NEAR))
    urls = [reverse("cartable"), reverse("cartable") + "?due=payroll", reverse("overdue")]
    one = [queries(walk.head, url) for url in urls]
    for number in range(2, 6):
        Walk(walk.cast, make_file(walk.cast.origin, number, last_paid_month=ABAN)).to(State.TECHNICALLY_APPROVED)
    assert [queries(walk.head, url) for url in urls] == one and max(one) <= 18


# --- the seal -------------------------------------------------------------------------------------------------


def test_on_the_cut_off_day_it_still_goes(walk: Walk, clock: time_machine.Traveller) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    clock.move_to(noon(CUTOFF))
    walk.send()
    assert fresh(walk.case).state == State.SENT


def test_once_the_payroll_has_run_the_approval_lapses_and_the_month_is_stated_anew(
    walk: Walk, clock: time_machine.Traveller
) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    clock.move_to(noon(MISSED))
    with pytest.raises(NotNow) as caught:
        walk.send()
    assert caught.value.code == "content_changed" and AZAR.show() in str(caught.value)
    case = fresh(case)
    assert (case.state, case.turn, case.events.latest("sequence").action) == (State.DRAFT, Turn.CLERK, "lapse")
    assert not PensionFile.objects.get(pk=walk.file.pk).is_frozen
    press(Action.ASSEMBLE, case, walk.clerk)
    with refused(BadInput, "invalid") as wrong:  # the file still says the month before
        press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month="1405/08")
    assert set(wrong.value.errors) == {"last_paid_month"}
    file = PensionFile.objects.get(pk=walk.file.pk)
    services.correct(file, "certificate", None, walk.clerk, "لیست پرداخت آذر", {"last_paid_month": AZAR})
    walk.case = fresh(case)
    walk.technical("1405/09")
    walk.send()
    case = fresh(case)
    assert (case.state, case.last_paid_month, case.payable_from) == (State.SENT, AZAR, DEY)


def test_a_suspended_file_goes_whatever_was_paid_last(walk: Walk, clock: time_machine.Traveller) -> None:
    PensionFile.objects.filter(pk=walk.file.pk).update(**SUSPENDED)
    walk.to(State.TECHNICALLY_APPROVED)
    clock.move_to(noon(MISSED))
    walk.send()
    assert fresh(walk.case).state == State.SENT


def test_a_month_that_changed_behind_the_approval_lapses_it(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    PensionFile.objects.filter(pk=walk.file.pk).update(last_paid_month=AZAR)
    with pytest.raises(NotNow) as caught:
        walk.send()
    assert caught.value.code == "content_changed"
    assert fresh(case).state == State.DRAFT
