"""The center's verbs: safe to repeat, and no to whatever does not follow (DESIGN 11.1-8)."""

import uuid

import pytest
from django.conf import settings

from central import contract, services
from central.models import Envelope, Receipt, Seat, Waiting
from central.rules import Refused
from tests.central.sealed import BRANCHES, DESTINATION, ORIGIN, THIRD, answered, envelope, open_center, say
from tests.expect import tamper, undone

pytestmark = pytest.mark.django_db(databases="__all__")
# What may be said after what, written down by hand: "" is nothing yet, the others the last thing said.
WAYS = {
    "": [], "received": ["received"], "verified": ["received", "verified"], "returned": ["received", "returned"],
    "registered": ["received", "verified", "registered"], "withdrawn": ["withdrawn"],
    "activated": ["received", "verified", "registered", "activated"],
    "cancelled": ["received", "returned", "cancelled"],
}  # fmt: skip
FOLLOWS = {
    "": {"received", "withdrawn"}, "received": {"verified", "returned"}, "verified": {"registered", "returned"},
    "registered": {"activated"}, "returned": {"cancelled"}, "withdrawn": {"cancelled"}, "activated": set(),
    "cancelled": set(),
}  # fmt: skip
SPEAKER = dict.fromkeys(("received", "verified", "registered", "activated", "returned"), DESTINATION)
SPEAKER |= dict.fromkeys(("withdrawn", "cancelled"), ORIGIN)


@pytest.fixture(autouse=True)
def center(db: None) -> None:
    open_center()


def _refused(to: Envelope) -> str:
    with pytest.raises(Refused) as caught:
        services.deposit(to)
    return caught.value.code


# --- deposit -------------------------------------------------------------------------------------------------


def test_depositing_again_changes_nothing() -> None:
    sent = envelope()
    assert (
        services.deposit(sent).pk
        == services.deposit(envelope(id=sent.pk, move=sent.move, last_paid_month=140507)).pk
        == sent.pk
    )
    assert (Envelope.objects.get().body, Waiting.objects.count()) == (sent.body, 1)
    seat = Seat.objects.get()
    assert (seat.payable_branch, seat.open_move, seat.version) == (ORIGIN, sent.move, 2)


def test_what_the_center_does_not_take() -> None:
    services.publish([(THIRD, THIRD, False)])
    assert _refused(envelope(seal="0" * 64)) == "seal_broken"
    assert _refused(envelope(destination=THIRD)) == "destination_closed"
    assert _refused(envelope(destination="9999")) == "destination_closed"
    assert _refused(envelope(pension_number="7000000009")) == "no_custody"
    assert _refused(envelope(origin=THIRD)) == "no_custody"
    services.deposit(first := envelope())
    assert _refused(envelope()) == "other_move_open"
    assert _refused(envelope(move=first.move, version=2)) == "other_version_live"
    assert (Envelope.objects.count(), Waiting.objects.count()) == (1, 1)


@pytest.mark.parametrize("how", ["returned", "withdrawn"])
def test_the_next_version_comes_when_the_last_is_over(how: str) -> None:
    services.deposit(first := envelope())
    for kind in WAYS[how]:
        say(first, kind)
    services.deposit(envelope(move=first.move, version=2))
    assert Seat.objects.get().open_move == first.move


def test_a_deposit_that_comes_after_its_withdrawal_is_barred() -> None:
    late = envelope()
    say(late, "withdrawn")
    assert (_refused(late), Seat.objects.get().open_move) == ("withdrawn", None)
    assert say(late, "withdrawn") == Receipt.objects.get()


# --- receipts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stands", WAYS)
def test_only_what_follows_is_said_and_only_by_the_branch_whose_part_it_is(stands: str) -> None:
    services.deposit(sent := envelope())
    for kind in WAYS[stands]:
        say(sent, kind)
    for kind, speaker in SPEAKER.items():
        for branch, _name, _active in BRANCHES:
            taken = _tried(sent, kind, branch)
            follows = kind in FOLLOWS[stands] or kind in WAYS[stands]  # said again, it changes nothing
            assert taken == (follows and branch == speaker), (stands, kind, branch)


def _tried(sent: Envelope, kind: str, branch: str) -> bool:
    with undone():
        return answered(sent, kind, branch) == ""


def test_a_receipt_said_again_is_the_first_one() -> None:
    services.deposit(sent := envelope())
    for kind in WAYS["activated"]:
        first = say(sent, kind, body={"by_name": "یک"})
        version = Seat.objects.get().version
        assert say(sent, kind, body={"by_name": "دو"}) == first and first.body == {"by_name": "یک"}
        assert Seat.objects.get().version == version
    assert Receipt.objects.count() == 4


def test_taking_again_gives_the_same_envelope() -> None:
    services.deposit(sent := envelope())
    said = [services.Answer(sent.pk, "received", DESTINATION, uuid.uuid4(), {}) for _ in range(2)]
    assert {services.take(one).body for one in said} == {sent.body}
    assert (Receipt.objects.count(), Waiting.objects.count()) == (1, 0)


def test_of_an_unknown_envelope_nothing_is_said() -> None:
    for kind in set(SPEAKER) - {"withdrawn"}:
        said = services.Answer(uuid.uuid4(), kind, DESTINATION, uuid.uuid4(), {})
        with pytest.raises(Refused) as caught:
            services.answer(said)
        assert caught.value.code == "unknown"
    assert not Receipt.objects.exists()


# --- what was altered on its way --------------------------------------------------------------------------------------


ANOTHER = envelope()  # whole in itself, but of another move
ALTERED = {
    "one byte more": "body = body || ' '",
    "another amount": "body = replace(body, '0801', '0802')",
    "swapped with another": f"body = '{ANOTHER.body}', seal = '{ANOTHER.seal}'",
    "something else": f"body = '[]', seal = '{contract.seal_of(b'[]')}'",
    "sent to another branch": "destination = '1001', origin = '0701'",
}


@pytest.mark.parametrize("change", ALTERED.values(), ids=ALTERED)
@pytest.mark.parametrize(("stands", "kind"), [("", "received"), ("received", "verified"), ("verified", "registered")])
def test_an_altered_envelope_is_neither_taken_nor_verified_nor_registered(stands: str, kind: str, change: str) -> None:
    services.deposit(sent := envelope())
    for before in WAYS[stands]:
        say(sent, before)
    tamper(settings.CENTER, "central_envelope", f"UPDATE central_envelope SET {change}")
    assert answered(sent, kind) == "seal_broken"
    assert Seat.objects.get().payable_branch == ORIGIN
    if stands:  # and it can still be given back
        assert answered(sent, "returned") == ""


# --- what waits ------------------------------------------------------------------------------------------------


def test_a_branch_sees_what_waits_for_it_oldest_first_without_content() -> None:
    open_center("7000000002", "7000000003")
    sent = [
        services.deposit(envelope(pension_number=f"700000000{i}", tracking_number=f"080105000000{i}"))
        for i in (2, 1, 3)
    ]
    say(sent[1], "received")
    waiting = services.waiting([DESTINATION])
    assert [row.pk for row in waiting] == [sent[0].pk, sent[2].pk]
    assert all("body" in row.get_deferred_fields() for row in waiting)
    assert services.waiting([THIRD, ORIGIN]) == []
