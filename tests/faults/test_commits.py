"""A COMMIT that never arrives, and one whose answer is lost: the same command again has one effect (FAULTS 44).

Nobody can tell the two apart from outside. Each is done to the next commit of five different steps, in the site's
database and in the center's: twenty times.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from branches.roles import Role
from central.models import Envelope, Receipt
from tests import oracle
from tests.cast import Cast, Walk, make_file
from tests.expect import fresh
from tests.line import DROP_COMMIT, LOSE_ANSWER, Line
from tests.processes import Site, center_url, database_url, site
from transfers import sync
from transfers.models import Command, TransferCase, TransferEvent
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
apart = pytest.mark.skipif(settings.CENTER == "default", reason="THE CENTER STANDS IN THE SITE'S DATABASE: NO LINE")
ORIGIN, THERE, WHY = Side.ORIGIN, Side.DESTINATION, {"reason": "مدرک ناقص است"}
STEPS: dict[str, tuple[str, str, str, Any]] = {  # from where, by whom, with what
    "send_back": (ORIGIN, State.TECHNICALLY_APPROVED, Role.BRANCH_HEAD, WHY),
    "approve_head": (ORIGIN, State.TECHNICALLY_APPROVED, Role.BRANCH_HEAD, {}),
    "recall": (ORIGIN, State.SENT, Role.BRANCH_HEAD, WHY),
    "receive": (ORIGIN, State.SENT, Role.DESTINATION_STAFF, {}),
    "register": (THERE, State.VERIFIED, Role.DESTINATION_STAFF, {}),
}
STATES = {
    "send_back": "draft",
    "approve_head": "sent",
    "recall": "draft",
    "receive": "received",
    "register": "registered",
}


@pytest.fixture(scope="module")
def own_line(django_db_setup: None, django_db_blocker: Any) -> Iterator[Line]:
    with django_db_blocker.unblock():
        between = Line("default")
    yield between
    between.close()


@pytest.fixture(scope="module")
def at_the_end(line: Line, own_line: Line, django_db_blocker: Any) -> Iterator[Site]:
    """A site at the other end of two lines: one to its own database, one to the center."""
    with django_db_blocker.unblock(), site(center_url(line.address), database_url("default", own_line.address)) as one:
        yield one


def _order(one: Site, walk: Walk, action: str, key: uuid.UUID) -> str:
    """The step as the person presses it, with this command."""
    _side, _state, role, data = STEPS[action]
    case = TransferCase.objects.filter(pension_number=walk.file.pension_number).latest("id")
    if action == "receive":
        given: dict[str, Any] = {"envelope": case.envelope_id, "branch": case.destination_id}
    else:
        given = {"case": case.pk, "data": data}
    by = f"{role}_{case.destination_id if action == 'receive' else case.branch_id}"
    return one.order(action, by=by, key=key, **given)


def _effects(walk: Walk, action: str, key: uuid.UUID) -> tuple[int, int]:
    """How often the command was carried out, and the step taken."""
    events = TransferEvent.objects.filter(case__pension_number=walk.file.pension_number, action=action)
    return Command.objects.filter(pk=key).count(), events.count()


@apart
@pytest.mark.slow
@pytest.mark.parametrize("mode", [DROP_COMMIT, LOSE_ANSWER])
@pytest.mark.parametrize("where", ["site", "center"])
def test_fault_44_an_unknown_outcome_pressed_again_has_one_effect(
    cast: Cast, line: Line, own_line: Line, at_the_end: Site, where: str, mode: str
) -> None:
    bad = own_line if where == "site" else line
    for number, (action, (side, state, _role, _data)) in enumerate(STEPS.items(), 1):
        walk, key = Walk(cast, make_file(cast.origin, number)), uuid.uuid4()
        walk.to(state, side)
        bad.becomes(mode)
        heard = _order(at_the_end, walk, action, key)
        assert heard == "failed" if where == "site" else heard in ("center", "done"), (action, heard)
        assert bad.hits == int((where, action) != ("center", "send_back"))  # which says nothing to the center
        again = [_order(at_the_end, walk, action, key) for _twice in range(2)]
        assert (again, _effects(walk, action, key)) == (["done"] * 2, (1, 1)), action
        sync.sync()
        done = TransferCase.objects.filter(pension_number=walk.file.pension_number).latest("id")
        assert fresh(done).state == STATES[action]
        sealed = Envelope.objects.filter(pension_number=walk.file.pension_number).values_list("pk", flat=True)
        said = list(Receipt.objects.filter(envelope_id__in=list(sealed)).values_list("kind", flat=True))
        assert len(sealed) <= 1 and len(said) == len(set(said))
    assert oracle.problems() + oracle.unfinished() == []
