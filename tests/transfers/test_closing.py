"""A pension that ends: the center lets nobody pay after its last month, and no move goes on with it."""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.urls import reverse

from branches import services, standing
from branches.models import Correction, CustodyRequest, PensionFile
from branches.roles import Action, Role
from central.models import Custody, Seat
from pension_transfer.lib.calendar import parse_date
from pension_transfer.lib.errors import NotNow, Refusal
from pension_transfer.lib.months import Month
from tests import oracle
from tests.cast import MOVE, Walk, make_cast, make_file, press
from tests.expect import fresh, refused
from tests.faults.test_races import race
from tests.pages import as_
from transfers import sync, workflow
from transfers.custody import NOBODY
from transfers.models import Part, TransferCase
from transfers.states import Side, State, Turn

pytestmark = pytest.mark.django_db(databases="__all__")


def close(walk: Walk, on: dt.date | str = "1405/06/31", cause: str = "death", **given: Any) -> PensionFile:
    file = PensionFile.objects.get(pk=walk.file.pk)
    day = parse_date(on) if isinstance(on, str) else on
    standing.close(file, walk.head, cause, day, "گواهی ثبت احوال", **given)
    return PensionFile.objects.get(pk=walk.file.pk)


def custody(file: PensionFile) -> dict[str, tuple[int, int | None]]:
    rows = Custody.objects.filter(pension_number=file.pension_number)
    return {row.branch_code: (row.months.lower, row.months.upper) for row in rows}


def seat(file: PensionFile) -> tuple[Any, ...]:
    row = Seat.objects.get(pk=file.pension_number)
    return row.payable_branch, row.open_move, row.closure


@pytest.mark.parametrize(
    ("on", "until"),
    [
        ("1405/06/31", 140507), ("1405/07/01", 140508), ("1404/12/29", 140501), ("1403/12/30", 140401),
        ("1405/01/01", 140502),
    ],
)  # fmt: skip
def test_fault_38_the_month_after_is_the_first_that_nobody_pays(walk: Walk, on: str, until: int) -> None:
    file = close(walk, on)
    assert (custody(file), seat(file)) == ({"0801": (139402, until)}, (None, None, "death"))
    request = file.custody_requests.get()
    assert (request.verb, request.month, request.settled_at is not None) == ("close", until, True)


def test_closing_again_tells_the_center_nothing_new(walk: Walk) -> None:
    key = uuid.uuid4()
    for _ in range(2):
        file = close(walk, command_id=key)
        sync.sync()
    assert (file.custody_requests.count(), Seat.objects.get(pk=file.pension_number).version) == (1, 2)
    with refused(NotNow, "closed"):
        close(walk)


def test_a_closed_file_is_neither_corrected_nor_referred(walk: Walk) -> None:
    file = close(walk)
    with refused(NotNow, "blocked"):
        walk.draft()
    with refused(NotNow, "closed"):
        services.correct(file, "contact", None, walk.clerk, "x", {"mobile": "09120000000"})


def test_what_came_by_a_move_ends_where_it_is_paid(walk: Walk) -> None:
    walk.to(State.REGISTERED, Side.DESTINATION)
    file = PensionFile.objects.get(branch=walk.cast.destination)
    with refused(NotNow, "closed"):  # not yet active
        standing.close(file, walk.other_officer, "death", parse_date("1405/09/01"), "x")
    walk.activate()
    first = custody(file)["1001"][0]
    standing.close(file, walk.other_officer, "death", Month(first).first_day, "x") if _has_come(first) else None
    with refused(NotNow, "closed"):
        close(walk)


def _has_come(month: int) -> bool:
    return Month(month).first_day <= dt.date.today()


# --- a move is under way ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.REFERRAL, State.DRAFT, State.TECHNICALLY_APPROVED, State.RETURNED])
def test_a_file_that_is_being_moved_is_not_closed(walk: Walk, state: str) -> None:
    walk.to(state)
    with refused(NotNow, "open_move"):
        close(walk)
    page = as_(walk.head).get(reverse("file", args=[walk.file.pk]))
    assert [bool(link.blocked) for link in page.context["links"]] == [False, True]  # suspended it may be
    assert not CustodyRequest.objects.exists() and custody(walk.file) == {"0801": (139402, None)}
    press(Action.CANCEL, fresh(walk.case), walk.head, reason="فوت")
    close(walk)


def test_a_sealed_file_is_frozen(walk: Walk) -> None:
    walk.to(State.SENT)
    with refused(NotNow, "frozen"):
        close(walk)


AFTER_SUSPENSION = {
    State.REFERRAL: (State.REFERRAL, Turn.CLERK, False),
    State.DRAFT: (State.DRAFT, Turn.TECHNICAL_OFFICER, True),  # the draft follows, and just what changed is open again
    State.TECHNICALLY_APPROVED: (State.DRAFT, Turn.CLERK, False),
}


@pytest.mark.parametrize("state", [State.REFERRAL, State.DRAFT, State.TECHNICALLY_APPROVED])
def test_a_suspension_lapses_what_was_approved_and_is_no_drafting(walk: Walk, state: str) -> None:
    case = walk.to(state)
    before = set(case.parts.values_list("user", "name"))
    standing.suspend(PensionFile.objects.get(pk=walk.file.pk), walk.officer, "گواهی حیات", Month(140505))
    case = fresh(case)
    assert (case.state, case.turn, case.is_assembled) == AFTER_SUSPENSION[state]
    assert set(case.parts.values_list("user", "name")) == before
    if state == State.REFERRAL:
        return
    if not case.is_assembled:
        press(Action.ASSEMBLE, case, walk.clerk)
    walk.technical()
    walk.send()
    assert fresh(case).content["file"]["status"] == "suspended" and oracle.problems() == []
    assert not Part.objects.filter(user=walk.officer, name=Part.Name.DRAFTER).exists()


# --- conflicts ---------------------------------------------------------------------------------------------------


def test_a_pension_that_another_branch_holds_is_not_closed_there(walk: Walk) -> None:
    twin = make_file(walk.cast.third, pension_number=walk.file.pension_number)
    by = walk.cast.at(walk.cast.third, Role.BRANCH_HEAD)
    standing.close(twin, by, "death", parse_date("1405/06/31"), "x")
    assert twin.custody_requests.get().held_by == "0801"
    assert (custody(twin), seat(twin)) == ({"0801": (139402, None)}, ("0801", None, None))
    tones = [notice.tone for notice in as_(by).get(reverse("file", args=[twin.pk])).context["notices"]]
    assert "error" in tones
    assert sync.sync().custody == 0


def test_a_pension_unknown_to_the_center_is_told(walk: Walk) -> None:
    PensionFile.objects.filter(pk=walk.file.pk).update(pension_number="7999999999")
    file = close(walk)
    assert file.custody_requests.get().held_by == NOBODY
    assert "error" in [n.tone for n in as_(walk.head).get(reverse("file", args=[file.pk])).context["notices"]]


# --- the center is away; two at once --------------------------------------------------------------------------


@contextmanager
def center_away() -> Iterator[None]:
    center = connections[settings.CENTER]
    port, center.settings_dict["PORT"] = center.settings_dict["PORT"], "1"
    center.close()
    try:
        yield
    finally:
        center.settings_dict["PORT"] = port
        center.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(settings.CENTER == "default", reason="the center lives in the site's own database")
def test_without_the_center_it_is_closed_here_and_told_later() -> None:
    walk = Walk(make_cast())
    with center_away():
        file = close(walk)
        assert (file.status, file.custody_requests.get().settled_at) == ("terminated", None)
    assert custody(file) == {"0801": (139402, None)}
    assert sync.sync().custody == 1 and sync.sync().custody == 0
    assert (custody(file), seat(file)) == ({"0801": (139402, 140507)}, (None, None, "death"))


@pytest.mark.django_db(transaction=True)
def test_of_a_closing_and_a_referral_at_once_one_is_done() -> None:
    cast = make_cast()
    for number in range(1, 6):
        walk = Walk(cast, make_file(cast.origin, number))
        data = MOVE | {"destination": cast.destination.pk}
        answers = race(
            lambda walk=walk: close(walk),
            lambda walk=walk, data=data: workflow.open_case(
                walk.file.pk, by=walk.clerk, command_id=uuid.uuid4(), data=data
            ),
        )
        lost = [answer.code for answer in answers if isinstance(answer, Refusal)]
        assert len(lost) == 1 and lost[0] in {"open_move", "blocked", "busy"}, answers
        is_closed = isinstance(answers[0], PensionFile)
        assert TransferCase.objects.filter(pension_file=walk.file).exists() is not is_closed
        assert (seat(walk.file)[2] == "death") is is_closed


@pytest.mark.django_db(transaction=True)
def test_of_a_closing_and_a_correction_at_once_none_is_lost() -> None:
    cast = make_cast()
    for number in range(1, 6):
        walk = Walk(cast, make_file(cast.origin, number))
        answers = race(
            lambda walk=walk: close(walk, seen=1),
            lambda walk=walk: services.correct(
                walk.file, "contact", None, walk.clerk, "x", {"mobile": "09120000000"}, seen=1
            ),
        )
        lost = [answer.code for answer in answers if isinstance(answer, Refusal)]
        assert len(lost) == 1 and lost[0] in {"stale", "closed", "busy"}, answers
        assert Correction.objects.filter(file=walk.file).count() == 1
