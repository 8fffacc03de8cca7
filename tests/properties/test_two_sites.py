"""A random walk over two sites and a center, with everything that can go wrong in between (FAULTS 55, 44).

People press, of both sites in turn; processes are killed, commits and answers are lost, the center is away for
one site or both, clocks go a day wrong, and what was pressed is pressed again. WALKS=n walks more.
"""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connections
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import rule

from branches.models import Branch
from pension_transfer.lib.errors import Refusal
from tests import oracle
from tests.cuts import MISHAPS, Road, cut_at, survivable
from tests.expect import WRITTEN, written
from tests.properties.country import NORTH, SOUTH, Country, a_country, begin
from tests.properties.walking import POINTS, Walks, sync_well, walk_at_random
from tests.sites_apart import another_site, undone_at
from transfers import sync
from transfers.models import Command, Crossing
from transfers.reconcile import Scope, reconcile

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.skipif(settings.CENTER == "default", reason="THE CENTER STANDS IN THE SITE'S DATABASE: NO SECOND SITE"),
]
HERE = st.sampled_from([NORTH, SOUTH])
EITHER_OR_BOTH = st.sampled_from([{NORTH}, {SOUTH}, {NORTH, SOUTH}])


ASKING = {Command, Crossing}  # who received what a colleague had begun may ask the center once more, for the same


def _effects() -> list[int]:
    return [n for model, n in zip(WRITTEN, written(), strict=True) if model not in ASKING]


class AtTwoSites(Walks):
    """Three branches and six files each."""

    cast: Country
    road: Road

    def __init__(self) -> None:
        super().__init__()
        self.undo.enter_context(undone_at(self.cast.sites[SOUTH]))
        self.here, self.cut_off, self.befalls = NORTH, set[Any](), ""
        self.hours = dict.fromkeys((NORTH, SOUTH), 0)
        self.last: tuple[Any, Callable[[], Any], Any] | None = None

    # --- where things happen

    def go_to(self, here: Any) -> None:
        self.here = here
        connections["default"] = self.cast.sites[here]

    def _go_where(self, branch: Branch) -> None:
        self.go_to(NORTH if branch.pk in NORTH else SOUTH)

    def _branches(self) -> list[Branch]:
        return list(Branch.objects.filter(pk__in=self.here).order_by("pk"))

    @contextmanager
    def _as_it_is(self, befalls: str = "") -> Iterator[None]:
        """With this site's clock, its way to the center, and what befalls the next commit."""
        now = dt.datetime.now(dt.timezone.utc) + dt.timedelta(hours=self.hours[self.here])
        with ExitStack() as stack:
            if self.hours[self.here]:
                stack.enter_context(time_machine.travel(now))
            stack.enter_context(self.road.used(befalls, self.here in self.cut_off))
            yield

    # --- one step, and the same again

    def _try(self, step: Callable[[], Any], point: str = "") -> None:
        befalls, self.befalls = self.befalls, ""
        self.last = (self.here, step, self._outcome(step, point, befalls))
        note(f"-> {self.last[2]}")

    def _outcome(self, step: Callable[[], Any], point: str = "", befalls: str = "") -> Any:
        """What whoever pressed has heard: the case, the code of a refusal, or nothing."""
        with self._as_it_is(befalls), cut_at(point, note):
            try:
                return step()
            except Refusal as refusal:
                return f"refused: {refusal.code}"
        return None

    @rule(times=st.integers(1, 2))
    def press_again(self, times: int) -> None:
        """The browser repeats a POST: what was carried out is answered as before and has no other effect."""
        for _ in range(times if self.last else 0):
            here, step, heard = self.last
            self.go_to(here)
            before, again = _effects(), self._outcome(step)
            if heard is not None and not isinstance(heard, str):
                assert (again, _effects()) == (heard, before)
            self.last = (here, step, again)

    # --- what people do, at either site

    @rule(here=HERE, index=st.integers(0, 9), choice=st.integers(0, 11), point=POINTS)
    def go_on_at(self, here: Any, index: int, choice: int, point: str) -> None:
        self.go_to(here)
        self.go_on(index, choice, point)

    @rule(here=HERE, index=st.integers(0, 9), choice=st.integers(0, 11), mishap=st.sampled_from(MISHAPS))
    def go_on_badly(self, here: Any, index: int, choice: int, mishap: str) -> None:
        self.go_to(here)
        self.befalls = mishap
        self.go_on(index, choice, "")

    @rule(which=st.integers(0, 5), mishap=st.sampled_from(["", *MISHAPS]))
    def receive_badly(self, which: int, mishap: str) -> None:
        self.befalls = mishap
        self.receive(which, "")

    # --- what goes wrong for longer

    @rule(whom=EITHER_OR_BOTH)
    def center_goes_away(self, whom: set[Any]) -> None:
        self.cut_off = whom

    @rule()
    def center_comes_back(self) -> None:
        self.cut_off = set()

    @rule(here=HERE, hours=st.sampled_from([-24, 0, 0, 24]))
    def set_the_clock(self, here: Any, hours: int) -> None:
        self.hours[here] = hours

    # --- and is mended

    @rule(here=HERE, mishap=st.sampled_from(["", "", *MISHAPS]), point=POINTS)
    def sync(self, here: Any = NORTH, mishap: str = "", point: str = "") -> None:
        self.go_to(here)
        with self._as_it_is(mishap), cut_at(point, note):
            note(str(sync.sync()))

    @rule()
    def come_to_rest(self) -> None:
        """Everything reaches everybody: then reconcile finds nothing at either site, and nothing is left over."""
        self.cut_off, self.befalls = set(), ""
        self.hours = dict.fromkeys((NORTH, SOUTH), 0)
        for here in (NORTH, SOUTH) * 2:
            self.go_to(here)
            sync_well()
        assert oracle.unfinished() == []
        for here in (NORTH, SOUTH):
            self.go_to(here)
            assert [str(problem) for problem in reconcile(Scope()).problems] == []

    def go_home(self) -> None:
        self.go_to(NORTH)


@pytest.fixture(scope="module")
def south(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    with django_db_blocker.unblock(), another_site("south") as site:
        yield site


def test_fault_55_whatever_goes_wrong_at_two_sites_all_is_well(
    south: Any, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    survivable(monkeypatch)
    with undone_at(south), a_country(south) as country:
        begin(country)
        assert oracle.problems() == []
        AtTwoSites.cast, AtTwoSites.road = country, Road(monkeypatch)
        walk_at_random(AtTwoSites, examples=int(os.environ.get("WALKS", "4")), steps=40)
