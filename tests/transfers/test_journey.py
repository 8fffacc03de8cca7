"""A file travels from one branch to another, and its payment with it."""

import pytest

from branches.models import PensionFile
from branches.roles import Action
from central.models import Custody, Envelope, Receipt, Seat
from tests.cast import LAST_PAID, Walk, press
from transfers import snapshot, sync, trail
from transfers.models import TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")


def _months(walk: Walk) -> dict[str, tuple[int, int | None]]:
    rows = Custody.objects.filter(pension_number=walk.file.pension_number)
    return {row.branch_code: (row.months.lower, row.months.upper) for row in rows}


def test_every_state_on_the_way_and_the_payment_at_the_end(walk: Walk) -> None:
    assert walk.to(State.SENT).state == State.SENT
    walk.receive()
    assert (walk.copy.state, TransferCase.objects.get(pk=walk.case.pk).state) == (
        State.RECEIVED,
        State.RECEIVED,
    )
    walk.compare()
    walk.verify()
    walk.register()
    assert _months(walk) == {"0801": (139402, LAST_PAID + 1), "1001": (LAST_PAID + 1, None)}
    assert Seat.objects.get().open_move == walk.copy.transfer_id
    walk.activate()
    origin = TransferCase.objects.get(pk=walk.case.pk)
    assert (origin.state, origin.closed_at is not None, origin.activated_at is not None) == (
        State.REGISTERED,
        True,
        True,
    )
    assert Seat.objects.get().open_move is None
    assert PensionFile.objects.get(branch=walk.cast.origin).status == "moved"
    assert PensionFile.objects.get(branch=walk.cast.destination).status == "active"


def test_what_is_registered_is_what_was_sealed(walk: Walk) -> None:
    copy = walk.to(State.REGISTERED, Side.DESTINATION)
    assert snapshot.differences(copy.content, copy.file) == []
    sealed, held = copy.content, snapshot.read_file(walk.file)
    assert {part: sealed[part] for part in held} == held


def test_the_trail_tells_it_all_and_its_chain_holds(walk: Walk) -> None:
    walk.to(State.REGISTERED, Side.DESTINATION)
    walk.activate()
    for case in TransferCase.objects.all():
        assert trail.first_break(case) is None
    steps = list(TransferCase.objects.get(side=Side.ORIGIN).events.values_list("action", flat=True))
    assert steps == [
        "refer", "assemble", "approve_technical", "approve_head", "mark_sent", "mark_received",
        "hear_paper_arrived", "mark_verified", "mark_registered", "mark_activated",
    ]  # fmt: skip


def test_a_return_comes_again_as_the_next_version(walk: Walk) -> None:
    case = walk.to(State.RETURNED)
    assert case.discrepancies.get().path == "principal.birth_date"
    assert not PensionFile.objects.get(branch=walk.cast.origin).is_frozen
    case = press(Action.REOPEN, case, walk.clerk)
    case = press(Action.ASSEMBLE, case, walk.clerk)
    walk.case = case
    walk.technical()
    walk.send()
    walk.receive()
    assert (walk.copy.version, walk.copy.state, walk.copy.contents.count()) == (2, State.RECEIVED, 2)
    assert Envelope.objects.count() == 2
    walk.compare()
    walk.verify()
    walk.register()
    assert Receipt.objects.filter(kind="registered").count() == 1


def test_a_recall_gives_the_file_back_and_bars_the_envelope(walk: Walk) -> None:
    case = walk.to(State.SENT)
    envelope = case.envelope
    case = press(Action.RECALL, case, walk.head, reason="شعبه مقصد اشتباه است")
    assert (case.state, case.version, case.turn) == (State.DRAFT, 2, "clerk")
    assert not PensionFile.objects.get().is_frozen
    assert Seat.objects.get().open_move is None
    assert Receipt.objects.get(envelope_id=envelope).kind == "withdrawn"


def test_cancelling_after_a_return_closes_both_copies(walk: Walk) -> None:
    case = walk.to(State.RETURNED)
    press(Action.CANCEL, case, walk.head, reason="انصراف بیمه‌شده")
    sync.sync()
    copies = TransferCase.objects.all()
    assert {copy.state for copy in copies} == {State.CANCELLED}
    assert all(copy.closed_at for copy in copies)
    assert Seat.objects.get().open_move is None
    assert Seat.objects.get().payable_branch == "0801"


def test_a_file_that_comes_back_uses_its_old_record(walk: Walk) -> None:
    walk.to(State.REGISTERED, Side.DESTINATION)
    walk.activate()
    cast = walk.cast
    back = Walk(
        type(cast)(cast.destination, cast.origin, cast.third, cast.people),
        PensionFile.objects.get(branch="1001"),
    )
    back.to(State.REGISTERED, Side.DESTINATION)
    assert PensionFile.objects.filter(branch="0801").count() == 1
    assert back.copy.pension_file_id == walk.file.pk
