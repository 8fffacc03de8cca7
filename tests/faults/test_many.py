"""Much at once after a bad time: everything goes out, in the order in which it was approved."""

import uuid

import pytest
from django.conf import settings

from branches.roles import Action
from central.models import Envelope
from tests import oracle
from tests.cast import Cast, Walk, make_file
from tests.processes import Site
from transfers import sync
from transfers.models import TransferCase
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.mark.slow
@pytest.mark.skipif(settings.CENTER == "default", reason="THE CENTER STANDS IN THE SITE'S DATABASE: not cut off")
def test_fault_09_two_hundred_approved_while_the_center_is_away_go_out_in_order(cast: Cast, cut_off: Site) -> None:
    walks = [Walk(cast, make_file(cast.origin, number)) for number in range(200, 0, -1)]
    for walk in walks:
        walk.to(State.TECHNICALLY_APPROVED)
    for walk in walks:
        given = {"by": walk.head.username, "key": uuid.uuid4(), "case": walk.case.pk}
        assert cut_off.order(Action.APPROVE_HEAD, **given) == "done"
    assert set(TransferCase.objects.values_list("state", "turn")) == {(State.HEAD_APPROVED, "center")}
    assert oracle.problems() == []
    sync.sync()
    order = Envelope.objects.order_by("deposited_at").values_list("pension_number", flat=True)
    assert list(order) == [walk.file.pension_number for walk in walks]
    assert oracle.problems() + oracle.unfinished() == []
