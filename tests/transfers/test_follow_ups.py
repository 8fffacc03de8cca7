"""Follow-ups after a finished move: opened at either branch, seen at both, settled or withdrawn once."""

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from branches.models import User
from branches.roles import Action, Role
from central.models import Receipt
from pension_transfer.lib import calendar
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen
from pension_transfer.lib.months import Month
from tests import oracle
from tests.cast import Walk, press
from tests.expect import fresh, kept_out, refused, written
from tests.pages import as_
from tests.transfers.following_up import AMOUNT, both, open_, say, settle, withdraw
from tests.transfers.standings import FOLLOW_UP, SETTLEMENT
from transfers import sync, timeline, trail, transactions, workflow
from transfers.models import Crossing, FollowUp, HeardUntil, Outcome, TransferCase, TransferEvent
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")


# --- opened, settled, withdrawn -----------------------------------------------------------------------


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(("month", "settled_by"), [("1405/08", Side.ORIGIN), ("1405/09", Side.DESTINATION)])
def test_it_is_opened_at_either_branch_and_seen_at_both(finished: Walk, side: str, month: str, settled_by: str) -> None:
    with time_machine.travel(dt.datetime(2027, 3, 1, 8, tzinfo=dt.UTC)):
        row = open_(finished, side, month=month)
        due = calendar.add_working_days(calendar.today(), 10)
    there, here = both(row)
    told = {(r.matter, r.month, r.amount, r.settled_by, r.note, r.opened_by, r.opened_at, r.due_on) for r in both(row)}
    assert told == {
        ("late_payment", Month.parse(month), AMOUNT, settled_by, FOLLOW_UP["note"], row.opened_by, row.opened_at, due)
    }
    assert {r.opened_by_side for r in both(row)} == {side}
    assert (here.queue, there.queue) == ((0, 1) if settled_by == Side.ORIGIN else (1, 0))
    assert (here.branch_id, there.branch_id) == ("0801", "1001")
    assert (fresh(finished.case).turn, fresh(finished.copy).turn) == ("nobody", "nobody")
    assert oracle.problems() + oracle.unfinished() == []


def test_the_branch_in_charge_settles_it_and_both_read_how(finished: Walk) -> None:
    row = open_(finished, Side.DESTINATION)
    settle(finished, row)
    for one in both(row):
        assert (one.outcome, one.settled_amount, one.letter_number) == ("paid", AMOUNT, "88/4")
        assert (one.is_open, one.closed_by, one.queue) == (False, str(finished.head), 2)
    assert len({one.closed_at for one in both(row)}) == 1
    kinds = Receipt.objects.filter(body__follow_up=str(row.key)).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["follow_up", "follow_up_settled"]
    assert oracle.problems() + oracle.unfinished() == []


def test_whoever_opened_it_withdraws_it_with_a_reason(finished: Walk) -> None:
    row = open_(finished, Side.DESTINATION)
    withdraw(finished.copy, row, finished.other_officer)
    assert [(one.outcome, one.closing_note, one.settled_amount) for one in both(row)] == [
        ("withdrawn", "دوبار ثبت شده بود", None)
    ] * 2
    assert oracle.problems() + oracle.unfinished() == []


def test_both_trails_and_the_merged_one_tell_it(finished: Walk) -> None:
    row = open_(finished)
    settle(finished, row)
    for case, actions in (
        (finished.case, ["open_follow_up", "settle_follow_up"]),
        (finished.copy, ["hear_follow_up", "hear_follow_up_settled"]),
    ):
        events = list(TransferEvent.objects.filter(case=case, details__follow_up=str(row.key)).order_by("sequence"))
        assert [event.action for event in events] == actions
        assert [event.by_name for event in events] == [str(finished.officer), str(finished.head)]
        assert events[1].details["settled_amount"] == AMOUNT and trail.first_break(fresh(case)) is None
    rows = timeline.of_move([fresh(finished.case), fresh(finished.copy)])
    assert len([told for told in rows if "۱۲٬۵۰۰٬۰۰۰" in told.note and "مهر ۱۴۰۵" in told.note]) == 2


def test_a_pension_has_several_at_once(finished: Walk) -> None:
    first, second = open_(finished), open_(finished, Side.DESTINATION, matter="over_payment", month="1405/06")
    settle(finished, second, outcome="instalments")
    assert [one.is_open for one in both(first)] == [True, True]
    settle(finished, first)
    assert FollowUp.objects.filter(closed_at=None).count() == 0


# --- what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"amount": "0"}, {"amount"}),
        ({"amount": "-5"}, {"amount"}),
        ({"amount": "۱۲۰ تومان"}, {"amount"}),
        ({"amount": ""}, {"amount"}),
        ({"month": ""}, {"month"}),
        ({"month": "1405/13"}, {"month"}),
        ({"month": "1393/01"}, {"month"}),  # before the pension began
        ({"month": "next"}, {"month"}),
        ({"matter": "other"}, {"matter"}),
        ({"settled_by": "center"}, {"settled_by"}),
        ({"note": " "}, {"note"}),
        ({"note": "x" * 401}, {"note"}),
        ({"month": "\0", "amount": [1], "note": None, "matter": {}}, {"month", "amount", "note", "matter"}),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(finished: Walk, wrong: dict[str, Any], names: set[str]) -> None:
    if wrong.get("month") == "next":
        month = Month.of(calendar.today()) + 1
        wrong = wrong | {"month": f"{month // 100}/{month % 100}"}
    with refused(BadInput, "invalid") as caught:
        press(Action.OPEN_FOLLOW_UP, finished.case, finished.officer, **(FOLLOW_UP | wrong))
    assert set(caught.value.errors) == names


@pytest.mark.parametrize("state", [State.DRAFT, State.RECEIVED, State.REGISTERED])
def test_there_is_none_of_a_move_that_is_not_finished(walk: Walk, state: str) -> None:
    walk.to(state)
    with refused(NotNow, "state"):
        press(Action.OPEN_FOLLOW_UP, fresh(walk.case), walk.officer, **FOLLOW_UP)
    assert "open_follow_up" not in as_(walk.officer).get(reverse("case", args=[walk.case.pk])).context["page"].steps


def test_nobody_opens_one_of_a_cancelled_move(walk: Walk) -> None:
    case = walk.to(State.CANCELLED)
    with refused(NotNow, "state"):
        press(Action.OPEN_FOLLOW_UP, case, walk.officer, **FOLLOW_UP)


@pytest.mark.parametrize(
    ("matter", "wrong", "name"),
    [
        ("late_payment", {"outcome": "instalments"}, "outcome"),
        ("over_payment", {"outcome": "paid"}, "outcome"),
        ("late_payment", {"outcome": "withdrawn"}, "outcome"),
        ("late_payment", {"outcome": ""}, "outcome"),
        ("late_payment", {"settled_amount": ""}, "settled_amount"),
        ("late_payment", {"settled_amount": "0"}, "settled_amount"),
        ("late_payment", {"outcome": "not_confirmed"}, "settled_amount"),
        ("late_payment", {"outcome": "not_confirmed", "settled_amount": ""}, "closing_note"),
        ("late_payment", {"settled_amount": "12400000"}, "closing_note"),
        ("late_payment", {"letter_number": "1" * 31}, "letter_number"),
        ("late_payment", {"follow_up": "6d9f4540-4fb0-4a49-b933-f61abedcde14"}, "follow_up"),
        ("late_payment", {"follow_up": "x"}, "follow_up"),
    ],
)
def test_what_is_wrong_in_a_settlement_is_said(finished: Walk, matter: str, wrong: dict[str, str], name: str) -> None:
    row = open_(finished, matter=matter)
    with refused(BadInput, "invalid") as caught:
        settle(finished, row, **wrong)
    assert set(caught.value.errors) == {name}


def test_a_part_of_it_may_be_settled_with_a_reason(finished: Walk) -> None:
    settle(finished, open_(finished), settled_amount="۱۲۴۰۰۰۰۰", closing_note="یک روز کمتر بود")
    settle(finished, open_(finished), outcome="not_confirmed", settled_amount="", closing_note="پرداخت شده بود")
    assert [r.settled_amount for r in FollowUp.objects.filter(case=finished.case)] == [12_400_000, None]


def test_the_wrong_branch_neither_settles_nor_withdraws(finished: Walk) -> None:
    mine, theirs = open_(finished), open_(finished, Side.DESTINATION, month="1405/05")
    open_(finished, Side.DESTINATION, settled_by="destination")
    data = SETTLEMENT | {"follow_up": str(mine.key)}
    with refused(BadInput, "invalid"):
        press(Action.SETTLE_FOLLOW_UP, fresh(finished.copy), finished.other_officer, **data)
    with refused(BadInput, "invalid"):
        withdraw(finished.case, theirs, finished.officer)
    assert say(finished, "follow_up_settled", "1001", mine) == "not_addressed"
    assert say(finished, "follow_up_withdrawn", "0801", theirs) == "not_addressed"
    assert say(finished, "follow_up_settled", "0701", mine) == "not_addressed"


def test_other_offices_and_other_branches_do_not(finished: Walk) -> None:
    with refused(NotAllowed, "role"):
        press(Action.OPEN_FOLLOW_UP, finished.case, finished.clerk, **FOLLOW_UP)
    stranger = finished.cast.at(finished.cast.third, Role.TECHNICAL_OFFICER)
    row = open_(finished)
    with refused(NotSeen, "no_case"):
        settle(finished, row, stranger)
    assert not as_(stranger).get(reverse("follow_ups")).context["page"].items
    assert not FollowUp.objects.visible_to(stranger).exists()


def test_a_second_settlement_is_refused_and_tells_of_the_first(finished: Walk) -> None:
    row, other = open_(finished), open_(finished)
    settle(finished, row)
    with refused(BadInput, "invalid") as caught:
        settle(finished, row, finished.officer)
    assert str(finished.head) in str(caught.value.errors["follow_up"])
    settle(finished, other)
    with refused(NotNow, "blocked"):
        settle(finished, row, finished.officer)


# --- the contest --------------------------------------------------------------------------------------


def test_of_settling_and_withdrawing_the_first_counts(finished: Walk, apart: None) -> None:
    """Each site has heard only its own: what came first at the center stands, and the other is told so."""
    row = open_(finished, Side.DESTINATION)
    sync.sync()
    withdraw(finished.copy, row, finished.other_officer)
    with pytest.raises(NotNow) as caught:
        settle(finished, row)
    assert caught.value.code == "already_follow_up_withdrawn"
    assert [one.is_open for one in both(row)] == [False, True]
    sync.sync()
    assert [one.outcome for one in both(row)] == ["withdrawn"] * 2
    assert oracle.problems() + oracle.unfinished() == []


def test_the_center_takes_one_end_of_what_was_opened(finished: Walk) -> None:
    row = open_(finished, Side.DESTINATION)
    unknown = FollowUp(key=uuid.uuid4(), opened_at=row.opened_at)
    assert say(finished, "follow_up_settled", "0801", unknown) == "out_of_order"
    assert say(finished, "follow_up", "1001", row) == "already_follow_up"
    assert say(finished, "follow_up_settled", "0801", row) == ""
    assert say(finished, "follow_up_withdrawn", "1001", row) == "already_follow_up_settled"
    assert say(finished, "follow_up_settled", "0801", row) == "already_follow_up_settled"
    for kind in ("follow_up", "follow_up_withdrawn"):
        with kept_out("23505", Receipt.objects.db):
            body = {"follow_up": str(row.key)}
            Receipt.objects.create(
                envelope_id=finished.case.envelope, kind=kind, by_branch="1001", body=body, key=uuid.uuid4()
            )


def test_the_center_takes_none_before_the_activation(walk: Walk) -> None:
    walk.to(State.REGISTERED, Side.DESTINATION)
    walk.case = fresh(walk.case)
    row = FollowUp(key=uuid.uuid4(), opened_at=walk.case.opened_at)
    assert say(walk, "follow_up", "0801", row, settled_by="origin") == "out_of_order"


def test_the_same_press_again_changes_nothing(finished: Walk) -> None:
    def twice(action: str, case: TransferCase, by: User, data: Any) -> None:
        key = uuid.uuid4()
        for _time in range(2):
            workflow.perform(action, case.pk, by=by, command_id=key, data=data)

    twice(Action.OPEN_FOLLOW_UP, finished.case, finished.officer, FOLLOW_UP)
    (row,) = FollowUp.objects.filter(case=finished.case)
    twice(Action.SETTLE_FOLLOW_UP, finished.case, finished.head, SETTLEMENT | {"follow_up": str(row.key)})
    before = written()
    assert len(both(row)) == 2 and Receipt.objects.filter(body__follow_up=str(row.key)).count() == 2
    assert sync.sync().marked == 0 and written() == before


# --- two sites ----------------------------------------------------------------------------------------


def test_a_closed_case_hears_with_the_next_round_and_once(finished: Walk, apart: None) -> None:
    row = open_(finished)
    assert len(both(row)) == 1
    assert (sync.fetch_follow_ups(), len(both(row))) == (1, 2)
    settle(finished, row)
    assert (sync.fetch_follow_ups(), sync.fetch_follow_ups()) == (1, 0)
    assert [one.outcome for one in both(row)] == ["paid"] * 2
    assert HeardUntil.objects.get().number == Receipt.objects.latest("id").pk


def test_what_becomes_visible_late_is_heard_all_the_same(finished: Walk, apart: None) -> None:
    """Its number is lower than what was read already: it was being committed meanwhile."""
    row = open_(finished)
    HeardUntil.objects.create(pk="follow_ups", number=Receipt.objects.latest("id").pk + 500)
    assert (sync.fetch_follow_ups(), len(both(row))) == (1, 2)


def test_what_cannot_be_heard_yet_is_not_passed_over(
    finished: Walk, apart: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "LOOK_BACK", 0)
    monkeypatch.setattr(sync, "BATCH", 1)
    first, second = open_(finished), open_(finished)
    with monkeypatch.context() as busy:
        busy.setattr(sync, "_apply", lambda case, receipt, tries: 0)  # somebody works on the case
        assert sync.fetch_follow_ups() == 0
    assert sync.fetch_follow_ups() == 2
    assert len(both(first)) == len(both(second)) == 2


def test_an_end_that_comes_before_its_beginning_waits_for_it(finished: Walk, apart: None) -> None:
    row = open_(finished)
    who, copy = trail.signature(None, "", "0801"), finished.copy
    body = {"follow_up": str(row.key), "by_name": "x", "at": trail.utc(row.opened_at), "closing_note": "y"}
    with pytest.raises(NotNow) as caught:
        workflow.advance("hear_follow_up_withdrawn", copy.pk, who, body, copy.envelope_id, uuid.uuid4())
    assert caught.value.code == "too_early"


def test_what_the_center_does_not_take_is_over_here(finished: Walk, apart: None) -> None:
    row = open_(finished)
    crossing = Crossing.objects.get(kind="follow_up")
    Crossing.objects.filter(pk=crossing.pk).update(state="open", settled_at=None)
    crossing.refresh_from_db()
    with transactions.site():
        workflow.crossings.refuse(crossing, "unknown")
    row.refresh_from_db()
    assert (row.outcome, row.is_open) == (Outcome.REFUSED, False)


# --- the database -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [{"amount": 0}, {"note": ""}, {"outcome": "paid"}, {"queue": 2}, {"closed_by": "x"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_the_database_keeps_a_follow_up_whole(finished: Walk, wrong: dict[str, Any]) -> None:
    row = open_(finished)
    with kept_out("23514"):
        FollowUp.objects.filter(pk=row.pk).update(**wrong)


def test_a_follow_up_stands_once_at_a_branch(finished: Walk) -> None:
    row = open_(finished)
    with kept_out("23505"):
        row.pk = None
        row.save(force_insert=True)
