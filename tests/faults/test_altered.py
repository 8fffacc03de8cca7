"""Content altered in the center: refused by every step that needs it, told, and no dead end (FAULTS 23, 24)."""

from typing import Any

import pytest
from django.conf import settings

from branches.models import PensionFile
from branches.roles import Action
from central.models import Receipt, Seat
from pension_transfer.lib.errors import NotNow
from tests import oracle
from tests.cast import Walk, make_file, press
from tests.expect import fresh, tamper
from tests.signing import FORGED
from transfers import exchange, hurdles, reconcile, refusals, sync
from transfers.models import TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
ENVELOPES = "central_envelope"


def _alter(change: str = "body = replace(body, '166255500', '186255500')") -> None:
    tamper(settings.CENTER, ENVELOPES, f"UPDATE {ENVELOPES} SET {change} WHERE pension_number = '7000000001'")


def _forge() -> None:
    """Content and seal agree, and both are those of somebody who can write the center's tables."""
    _alter(FORGED)


@pytest.mark.usefixtures("signing")
def test_fault_23_content_and_seal_altered_together_are_not_received_and_can_be_recalled(walk: Walk) -> None:
    case = walk.to(State.SENT)
    _forge()
    with pytest.raises(NotNow) as caught:
        walk.receive()
    assert caught.value.code == "seal_broken"
    assert not Receipt.objects.exists() and not TransferCase.objects.filter(side=Side.DESTINATION).exists()
    found = reconcile.reconcile(reconcile.Scope(), reconcile.INVARIANTS).problems
    assert "signature_broken" in {problem.code for problem in found}
    assert press(Action.RECALL, fresh(case), walk.head, reason="مهر شکسته").state == State.DRAFT


@pytest.mark.usefixtures("signing")
def test_fault_23_altered_together_after_it_was_received_it_is_not_registered_and_goes_back(walk: Walk) -> None:
    walk.to(State.RECEIVED)
    walk.compare()
    _forge()
    copy = press(Action.VERIFY, walk.copy, walk.staff)
    assert hurdles.at_the_center(copy) == refusals.refused_by_center("seal_broken")
    _refused(Action.REGISTER, copy, walk)
    assert Seat.objects.get().payable_branch == "0801"
    assert press(Action.RETURN_TO_ORIGIN, fresh(copy), walk.staff, code="seal_broken").state == State.RETURNED


@pytest.mark.usefixtures("signing")
def test_fault_23_altered_together_between_the_taking_and_the_copy_it_is_not_written_here(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The center has given it away before it was forged: the destination looks again."""
    walk.to(State.SENT)
    real = exchange.services.answer

    def answer(*said: Any) -> Any:
        receipt = real(*said)
        _forge()
        return receipt

    with monkeypatch.context() as patch:
        patch.setattr(exchange.services, "answer", answer)
        with pytest.raises(NotNow) as caught:
            walk.receive()
    assert caught.value.code == "seal_broken"
    assert not TransferCase.objects.filter(side=Side.DESTINATION).exists()


@pytest.mark.usefixtures("signing")
def test_fault_23_a_signature_taken_away_is_missed(walk: Walk) -> None:
    walk.to(State.SENT)
    _alter(f"{FORGED}, key_id = '', signature = '', deposited_at = now() + interval '2 days'")
    with pytest.raises(NotNow) as caught:
        walk.receive()
    assert caught.value.code == "seal_broken"


def _refused(action: str, case: TransferCase, walk: Walk) -> None:
    with pytest.raises(NotNow) as caught:
        press(action, case, walk.staff)
    assert caught.value.code == "seal_broken"


def test_fault_23_altered_content_is_not_received_and_can_be_recalled(walk: Walk) -> None:
    case = walk.to(State.SENT)
    _alter()
    with pytest.raises(NotNow) as caught:
        walk.receive()
    assert caught.value.code == "seal_broken"
    assert not Receipt.objects.exists() and not TransferCase.objects.filter(side=Side.DESTINATION).exists()
    assert press(Action.RECALL, fresh(case), walk.head, reason="مهر شکسته").state == State.DRAFT


def test_fault_24_an_envelope_swapped_with_another_is_not_received(walk: Walk) -> None:
    walk.to(State.SENT)
    other = Walk(walk.cast, make_file(walk.cast.origin, 2))
    other.to(State.SENT)
    _alter(f"(body, seal) = (SELECT body, seal FROM {ENVELOPES} WHERE pension_number = '7000000002')")
    with pytest.raises(NotNow) as caught:
        walk.receive()
    assert caught.value.code == "seal_broken"
    other.receive()
    assert TransferCase.objects.get(side=Side.DESTINATION).pension_number == "7000000002"


def test_another_last_paid_month_than_the_sealed_one_moves_no_custody(walk: Walk) -> None:
    copy = walk.to(State.VERIFIED, Side.DESTINATION)
    _alter("last_paid_month = 140501")
    _refused(Action.REGISTER, copy, walk)
    assert Seat.objects.get().payable_branch == "0801"


def test_fault_23_altered_after_it_was_received_it_is_not_registered_and_goes_back(walk: Walk) -> None:
    walk.to(State.RECEIVED)
    walk.compare()
    _alter()
    copy = press(Action.VERIFY, walk.copy, walk.staff)
    assert hurdles.at_the_center(copy) == refusals.refused_by_center("seal_broken")
    _refused(Action.REGISTER, copy, walk)
    copy = press(Action.RETURN_TO_ORIGIN, fresh(copy), walk.staff, code="seal_broken")
    sync.sync()
    assert (copy.state, fresh(walk.case).state) == (State.RETURNED, State.RETURNED)
    assert fresh(walk.case).events.latest("sequence").details == {"code": "seal_broken"}
    assert oracle.unfinished() == []


def test_fault_23_altered_after_it_was_verified_nothing_of_it_is_registered(walk: Walk) -> None:
    copy = walk.to(State.VERIFIED, Side.DESTINATION)
    _alter()
    _refused(Action.REGISTER, copy, walk)
    assert fresh(copy).state == State.VERIFIED
    assert not PensionFile.objects.filter(branch=walk.cast.destination).exists()
    assert Seat.objects.get().payable_branch == "0801"


def _alter_here(copy: TransferCase, change: str, seal: str) -> None:
    """The branch's own copy of the content changes, and where it is sealed "anew" its seal as well."""
    body = f"replace(body, {change})"
    seal = f"encode(sha256(convert_to({body}, 'UTF8')), 'hex')" if seal == "anew" else "seal"
    tamper("default", "transfers_content", f"UPDATE transfers_content SET body = {body}, seal = {seal} "
           f"WHERE case_id = {copy.pk}")  # fmt: skip


ONE_NUMBER_TWICE = """'"number":"1/94"', '"number":"1/05"'"""


@pytest.mark.parametrize(("seal", "change"), [("seal", "'166255500', '186255500'"), ("anew", ONE_NUMBER_TWICE)])
def test_what_cannot_be_written_as_it_was_sealed_moves_no_payment(walk: Walk, seal: str, change: str) -> None:
    """Found before the center is asked: afterwards the payment would be here and the file nowhere (I4)."""
    copy = walk.to(State.VERIFIED, Side.DESTINATION)
    _alter_here(copy, change, seal)
    with pytest.raises(NotNow) as caught:
        press(Action.REGISTER, copy, walk.staff)
    assert caught.value.code == "blocked"
    assert not copy.crossings.filter(action=Action.REGISTER).exists()
    assert Seat.objects.get().payable_branch == "0801"
    assert not PensionFile.objects.filter(branch=walk.cast.destination).exists()


def test_altered_after_it_was_registered_it_is_activated_all_the_same(walk: Walk) -> None:
    copy = walk.to(State.REGISTERED, Side.DESTINATION)
    _alter()
    press(Action.ACTIVATE, copy, walk.other_officer)
    assert Seat.objects.get().open_move is None
