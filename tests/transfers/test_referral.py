"""The rules of a referral: which file, where to, why; and what an incomplete one says."""

from typing import Any

import pytest

from branches.models import Branch, CustodyRequest, PensionFile
from branches.roles import Action, Role
from pension_transfer.lib.errors import BadInput, NotNow
from tests.cast import MOVE, Walk, make_file, press
from tests.expect import refused
from transfers import hurdles, sync, workflow
from transfers.models import TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")


# --- the referral --------------------------------------------------------------------------------------------


def _refer(walk: Walk, **changes: Any) -> TransferCase:
    return workflow.open_case(walk.file.pk, by=walk.clerk, command_id=workflow.uuid.uuid4(), data=MOVE | changes)


@pytest.mark.parametrize("status", ["registered", "terminated", "moved"])
def test_only_an_active_or_suspended_file_is_referred(walk: Walk, status: str) -> None:
    PensionFile.objects.filter(pk=walk.file.pk).update(status=status)
    with refused(NotNow, "blocked"):
        _refer(walk)


@pytest.mark.parametrize("held_by", ["", "0701"])
def test_a_file_whose_payment_is_not_settled_is_not_referred(walk: Walk, held_by: str) -> None:
    CustodyRequest.objects.create(file=walk.file, verb="open", month=140501, reason="import", held_by=held_by)
    with refused(NotNow, "blocked"):
        _refer(walk)


@pytest.mark.parametrize("state", [State.REFERRAL, State.DRAFT, State.SENT, State.RETURNED])
def test_a_pension_has_one_open_move(walk: Walk, state: str) -> None:
    walk.to(state)
    with refused(NotNow, "blocked"):
        _refer(walk)


def test_the_same_pension_held_by_mistake_at_two_branches_moves_once(walk: Walk) -> None:
    walk.to(State.DRAFT)
    cast = walk.cast
    other = make_file(cast.third, pension_number=walk.file.pension_number)
    clerk = cast.at(cast.third, Role.CLERK)
    with refused(NotNow, "one_open_move"):
        workflow.open_case(other.pk, by=clerk, command_id=workflow.uuid.uuid4(), data=MOVE)


def test_a_file_that_the_destination_had_already_can_be_referred_on(walk: Walk) -> None:
    """It asked for the payment, and another branch held it; with the registration the center gives it over."""
    taken_in = make_file(walk.cast.destination, pension_number=walk.file.pension_number)
    CustodyRequest.objects.create(file=taken_in, verb="open", month=139402, reason="import")
    sync.sync()
    assert taken_in.custody_requests.get().held_by == walk.cast.origin.pk
    walk.to(State.REGISTERED, Side.DESTINATION)
    walk.activate()
    assert hurdles.referral_hurdles(PensionFile.objects.get(pk=taken_in.pk)) == []


def test_the_destination_is_another_branch(walk: Walk) -> None:
    with refused(BadInput, "same_branch"):
        _refer(walk, destination="0801")
    case = walk.to(State.DRAFT)
    with refused(BadInput, "same_branch"):
        press(Action.EDIT_MOVE, case, walk.clerk, **MOVE | {"destination": "0801"})


def test_a_referral_says_where_why_and_with_which_letter(walk: Walk) -> None:
    for field in ("destination", "reason", "letter_number", "letter_date"):
        for value in ("", "0000", "1406/13/40")[: 1 if field == "letter_number" else 3]:
            with refused(BadInput, "invalid") as caught:
                _refer(walk, **{field: value})
            assert set(caught.value.errors) == {field}


def test_whatever_a_program_sends_is_answered_beside_the_field(walk: Walk) -> None:
    """JSON brings numbers, lists, NULs and halves of characters, which no page can post."""
    for field in ("destination", "letter_date"):
        for value in (5, [1], {"a": 1}, True, "\0", "\ud800"):
            with refused(BadInput, "invalid") as caught:
                _refer(walk, **{field: value})
            assert set(caught.value.errors) == {field}
    assert _refer(walk, letter_number=1234, note="\ud800").letter_number == "1234"


def test_a_closed_branch_is_no_destination(walk: Walk) -> None:
    Branch.objects.filter(pk="1001").update(is_active=False)
    with refused(BadInput, "invalid"):
        _refer(walk)


def test_an_incomplete_file_waits_in_referral_and_says_what_is_missing(walk: Walk) -> None:
    case = walk.to(State.REFERRAL)
    assert (case.state, case.turn, case.missing) == (State.REFERRAL, "clerk", [["contact.iban", "missing"]])
    with refused(NotNow, "blocked"):
        press(Action.ASSEMBLE, case, walk.clerk)
    PensionFile.objects.filter(pk=walk.file.pk).update(iban="IR950130000000123456789012")
    case = press(Action.ASSEMBLE, case, walk.clerk)
    assert (case.state, case.turn, case.missing) == (State.DRAFT, "technical_officer", [])
