"""Receipts that nobody gave, that come twice, out of order or not at all: a copy neither moves by them nor back."""

import uuid
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from central.models import Receipt
from tests import oracle
from tests.cast import Walk
from tests.expect import fresh
from transfers import reconcile, sync
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def destination_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The destination is another site's: what it said is no lost step of this one."""
    monkeypatch.setattr("transfers.rebuild.finding.served", lambda everything: {"0801"})


def said(walk: Walk, kind: str, by: str = "1001", **more: Any) -> Receipt:
    """A row as the center would hold it, without having been asked."""
    key = more.pop("key", None) or uuid.uuid4()
    return Receipt.objects.create(envelope_id=fresh(walk.case).envelope_id, kind=kind, by_branch=by, key=key, body=more)


@pytest.mark.parametrize("by", ["0701", "0801", "9999"])
def test_fault_25_a_receipt_of_a_branch_that_is_not_the_destination_moves_nothing(walk: Walk, by: str) -> None:
    walk.to(State.SENT)
    said(walk, "received", by)
    said(walk, "verified", by)
    sync.sync()
    assert fresh(walk.case).state == State.SENT
    assert "I3" in {problem.invariant for problem in reconcile.reconcile(reconcile.Scope(), ["I3"]).problems}


def test_fault_25_a_message_of_a_third_branch_is_not_heard(walk: Walk) -> None:
    walk.to(State.RECEIVED)
    said(walk, "question", "0701", question=str(uuid.uuid4()), path="contact", text="؟", due_on="2050-01-01")
    sync.sync()
    assert not fresh(walk.case).questions.exists()


def test_fault_25_receipts_that_come_in_the_wrong_order_move_it_in_the_right_one(walk: Walk) -> None:
    walk.to(State.SENT)
    said(walk, "verified")
    sync.sync()
    assert fresh(walk.case).state == State.SENT  # the one before it is missing
    said(walk, "received")
    sync.sync()
    sync.sync()
    assert fresh(walk.case).state == State.VERIFIED
    assert list(walk.case.events.order_by("sequence").values_list("action", flat=True))[-2:] == [
        "mark_received", "mark_verified",
    ]  # fmt: skip


def test_fault_25_a_receipt_given_again_is_refused_and_nothing_goes_back(walk: Walk) -> None:
    walk.to(State.REGISTERED, Side.DESTINATION)
    sync.sync()
    assert fresh(walk.case).state == State.REGISTERED
    given = Receipt.objects.filter(envelope_id=fresh(walk.case).envelope_id)
    for kind, key in [*given.values_list("kind", "key"), ("returned", None), ("received", None)]:
        with pytest.raises(IntegrityError), transaction.atomic(using=settings.CENTER):
            said(walk, kind, key=key)
    before = fresh(walk.case).trail_length
    sync.sync()
    assert (fresh(walk.case).state, fresh(walk.case).trail_length) == (State.REGISTERED, before)
    assert oracle.problems() + oracle.unfinished() == []
