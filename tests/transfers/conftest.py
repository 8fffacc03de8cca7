"""What every test of the moves has."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from branches.models import User
from branches.roles import Role
from tests.cast import Cast, Walk, appoint
from tests.expect import fresh
from transfers.states import Side, State


@pytest.fixture(autouse=True)
def no_memory() -> Iterator[None]:
    """What the menu remembers of the center ends with the test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def finished(walk: Walk) -> Walk:
    """A move whose pension is active at the destination, both copies closed."""
    walk.to(State.REGISTERED, Side.DESTINATION)
    walk.activate()
    walk.case, walk.copy = fresh(walk.case), fresh(walk.copy)
    return walk


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sites: what one says the other hears with its next round."""
    monkeypatch.setattr("transfers.workflow.on_crossed", [])


@pytest.fixture
def second(cast: Cast) -> User:
    """A second technical officer at the origin."""
    return appoint("second", Role.TECHNICAL_OFFICER, branch=cast.origin)
