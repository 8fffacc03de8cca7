"""The trail tells every step, and whoever changes it afterwards is found out (D8, I9)."""

import hashlib
import json

import pytest

from branches.models import User
from branches.roles import Action, Role
from tests.cast import DIFFERENCE, MOVE, Walk, press
from tests.expect import fresh, tamper
from tests.transfers.standings import STANDINGS, Standing
from transfers import sync, trail
from transfers.models import TransferCase, TransferEvent
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
EVENTS = "transfers_transferevent"
EDITS = {
    "action": "'cancel'", "from_state": "'sent'", "to_state": "'returned'", "by_id": "NULL", "by_name": "'کس دیگر'",
    "role": "'clerk'", "branch_code": "'0701'", "at": "at + interval '1 microsecond'", "note": "'یادداشت'",
    "details": "'{\"seal\": \"0\"}'", "version": "7", "content_hash": "'0'", "previous_hash": "'0'", "hash": "'0'",
}  # fmt: skip


def _changed(case: TransferCase, *statements: str) -> int | None:
    tamper("default", EVENTS, *statements)
    return trail.first_break(fresh(case))


def _where(case: TransferCase, sequence: int) -> str:
    return f"WHERE case_id = {case.pk} AND sequence = {sequence}"


# --- changed afterwards -------------------------------------------------------------------------------------


@pytest.fixture
def sent(walk: Walk) -> TransferCase:
    """Five events: refer, assemble, approve_technical, approve_head, mark_sent."""
    case = fresh(walk.to(State.SENT))
    assert (case.trail_length, trail.first_break(case)) == (5, None)
    return case


def test_an_edited_event_is_found_whatever_was_edited(sent: TransferCase) -> None:
    kept = list(TransferEvent.objects.filter(**{"case": sent, "sequence": 3}).values(*EDITS))
    for name, value in EDITS.items():
        assert _changed(sent, f"UPDATE {EVENTS} SET {name} = {value} {_where(sent, 3)}") == 3, name
        tamper("default", EVENTS, f"DELETE FROM {EVENTS} {_where(sent, 3)}")
        TransferEvent.objects.bulk_create([TransferEvent(case=sent, sequence=3, **row) for row in kept])
        assert trail.first_break(sent) is None


def test_an_event_with_a_hash_that_fits_it_still_does_not_fit_the_next(sent: TransferCase) -> None:
    event = sent.events.get(sequence=3)
    event.note = "با خط دیگر"
    assert (
        _changed(sent, f"UPDATE {EVENTS} SET note = '{event.note}', hash = '{trail.hash_of(event)}' {_where(sent, 3)}")
        == 4
    )


def test_a_missing_event_is_found(sent: TransferCase) -> None:
    assert _changed(sent, f"DELETE FROM {EVENTS} {_where(sent, 3)}") == 3


def test_a_closed_gap_is_found(sent: TransferCase) -> None:
    close = [f"UPDATE {EVENTS} SET sequence = {at - 1} {_where(sent, at)}" for at in (4, 5)]  # in this order
    assert _changed(sent, f"DELETE FROM {EVENTS} {_where(sent, 3)}", *close) == 3


def test_a_missing_end_and_a_missing_trail_are_found(sent: TransferCase) -> None:
    assert _changed(sent, f"DELETE FROM {EVENTS} {_where(sent, 5)}") == 5
    assert _changed(sent, f"DELETE FROM {EVENTS} WHERE case_id = {sent.pk}") is not None


def test_two_swapped_events_are_found(sent: TransferCase) -> None:
    moves = [(3, 93), (4, 3), (93, 4)]
    swaps = [f"UPDATE {EVENTS} SET sequence = {to} {_where(sent, at)}" for at, to in moves]
    assert _changed(sent, *swaps) == 3


def test_an_event_of_another_case_does_not_fit(sent: TransferCase, walk: Walk) -> None:
    press(Action.RECALL, sent, walk.head, reason="اشتباه در مقصد")
    case = press(Action.CANCEL, fresh(sent), walk.head, reason="اشتباه در مقصد")
    other = Walk(walk.cast, walk.file).to(State.DRAFT)
    steal = f"UPDATE {EVENTS} SET case_id = {case.pk}, sequence = 8 {_where(other, 1)}"
    assert _changed(case, steal) == 8
    assert trail.first_break(other) == 1


def test_the_hash_is_sha256_of_what_is_written_in_canonical_form(sent: TransferCase) -> None:
    """Computed here once more, without our code: anyone can check a chain."""
    for event in sent.events.all():
        row = {
            name: getattr(event, name) for name in ("sequence", "case_id", "previous_hash", *EDITS) if name != "hash"
        }
        row["at"] = event.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        text = json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        assert event.hash == hashlib.sha256(text.encode()).hexdigest()


# --- what it tells ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("standing", [pytest.param(s, id=s.name) for s in STANDINGS if s.state != "referral"][::3])
def test_every_state_can_be_read_from_the_trail(walk: Walk, standing: Standing) -> None:
    standing.reach(walk)
    for case in TransferCase.objects.all():
        told = list(case.events.order_by("sequence").values_list("from_state", "to_state"))
        assert told[0][0] == "" and told[-1][1] == case.state
        assert [to for _from, to in told[:-1]] == [begins for begins, _to in told[1:]]
        assert trail.first_break(case) is None


def test_a_long_way_is_told_step_by_step(walk: Walk) -> None:
    copy = walk.to(State.RETURNED, Side.DESTINATION)
    case = press(Action.REOPEN, fresh(walk.case), walk.officer)
    case = press(Action.EDIT_MOVE, case, walk.clerk, **MOVE | {"destination": "0701"})
    press(Action.CANCEL, case, walk.head, reason="انصراف")
    sync.sync()
    states = list(fresh(walk.case).events.order_by("sequence").values_list("action", "to_state", "version"))
    assert states == [
        ("refer", "referral", 1), ("assemble", "draft", 1), ("approve_technical", "technically_approved", 1),
        ("approve_head", "head_approved", 1), ("mark_sent", "sent", 1), ("mark_received", "received", 1),
        ("mark_returned", "returned", 1), ("reopen", "draft", 2), ("edit_move", "draft", 2), ("cancel", "cancelled", 2),
    ]  # fmt: skip
    told = list(fresh(copy).events.order_by("sequence").values_list("action", "to_state"))
    assert told == [
        ("receive", "received"), ("return_to_origin", "returned"),
        ("mark_cancelled", "cancelled"),
    ]  # fmt: skip


def test_an_event_keeps_who_it_was_in_which_office_that_day(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    name = str(walk.clerk)
    User.objects.filter(pk=walk.clerk.pk).update(last_name="نام تازه")
    walk.clerk.appointments.update(until="2021-01-01")
    event = fresh(case).events.get(action=Action.REFER)
    assert (event.by_name, event.role, event.branch_code) == (name, Role.CLERK, "0801")
    assert trail.first_break(case) is None


def test_what_the_other_branch_did_is_told_in_its_name(walk: Walk) -> None:
    walk.to(State.RECEIVED)
    press(Action.JUDGE, walk.copy, walk.staff, **DIFFERENCE)
    press(Action.RETURN_TO_ORIGIN, walk.copy, walk.other_officer, note="اصلاح شود")
    event = fresh(walk.case).events.get(action="mark_returned")
    told = (event.by, event.by_name, event.role, event.branch_code, event.note)
    assert told == (None, str(walk.other_officer), Role.TECHNICAL_OFFICER, "1001", "اصلاح شود")
