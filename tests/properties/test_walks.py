"""A random walk over all actions and what goes wrong, at one site (FAULTS 55)."""

import os

import pytest

from tests.cast import Cast, Walk, make_file
from tests.cuts import survivable
from tests.properties.walking import BEGIN, Walks, more_people, walk_at_random
from tests.transfers.summed import directly, stored
from transfers import summing

pytestmark = pytest.mark.django_db(databases="__all__")


class AtOneSite(Walks):
    """Three branches, nine files; whatever they did, the overviews count what the trail tells."""

    def come_to_rest(self) -> None:
        super().come_to_rest()
        summing.renew_all()
        assert stored() == directly()


def test_whatever_is_pressed_all_is_well(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    survivable(monkeypatch)
    for number, (state, side) in enumerate(BEGIN, 1):
        Walk(cast, make_file(cast.origin, number)).to(state, side)
    for number, branch in enumerate((cast.origin, cast.destination, cast.third), 11):
        make_file(branch, number)
        more_people(branch)
    AtOneSite.cast = cast
    walk_at_random(AtOneSite, examples=int(os.environ.get("WALKS", "6")), steps=35)
