"""A country of two sites with three branches each: every site knows all branches, and its own people and files."""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connections

from branches.models import Administration, Branch, User
from central.models import Envelope
from tests import oracle
from tests.cast import BRANCH_ROLES, WAY, Cast, Walk, appoint, make_file
from tests.properties.walking import BEGIN, more_people
from tests.sites_apart import at
from transfers import exchange, sync, workflow
from transfers.models import TransferCase
from transfers.states import Side

NORTH, SOUTH = ("0801", "0802", "0803"), ("0701", "1001", "1002")
THERE = {"receive", "compare", "verify", "give_back", "register", "activate"}  # what the destination does


@dataclass
class Country(Cast):
    """The cast of both sites; `at(branch, role)` finds somebody only where the branch's people are."""

    sites: dict[tuple[str, ...], Any]

    def standing(self, branch: str) -> AbstractContextManager[None]:
        """At the site of a branch."""
        return at(self.site_of(branch))

    def site_of(self, branch: str) -> Any:
        return next(site for codes, site in self.sites.items() if branch in codes)


@contextmanager
def a_country(south: Any) -> Iterator[Country]:
    """Both sites with their people, and the oracle that looks at both."""
    sites = {NORTH: connections["default"], SOUTH: south}
    people: dict[tuple[str, str], User] = {}
    for codes, site in sites.items():
        with at(site):
            people |= _found_site(codes)
    branches = [Branch.objects.get(pk=code) for code in ("0801", "1001", "0701")]
    oracle.SITES[:] = [partial(at, site) for site in sites.values()]
    try:
        yield Country(*branches, people, sites)
    finally:
        oracle.SITES[:] = [oracle.nullcontext]


def _found_site(codes: tuple[str, ...]) -> dict[tuple[str, str], User]:
    tehran = Administration.objects.create(code="23", name="اداره کل تهران", name_en="Tehran", province="تهران")
    for code in NORTH + SOUTH:
        Branch.objects.create(code=code, administration=tehran, name=f"شعبه {code}", name_en=code, city="تهران")
    for code in codes:
        more_people(Branch.objects.get(pk=code))
    exchange.publish_directory()
    return {
        (code, role): appoint(f"{role}_{code}", role, branch=Branch.objects.get(pk=code))
        for code in codes
        for role in BRANCH_ROLES
    }


class FarWalk(Walk):
    """Carries a case from a branch of one site to one of the other; each step is taken where it is taken."""

    def __init__(self, country: Country, number: int, origin: str, destination: str) -> None:
        self.cast, self.country = country, country
        self.origin, self.destination = origin, destination
        with country.standing(origin):
            self.file = make_file(Branch.objects.get(pk=origin), number)
            self.clerk, self.officer, self.head = (
                country.at(self.file.branch, role) for role in ("clerk", "technical_officer", "branch_head")
            )
        with country.standing(destination):
            self.there = Branch.objects.get(pk=destination)
            self.staff = country.at(self.there, "destination_staff")
            self.other_officer = country.at(self.there, "technical_officer")

    def to(self, state: str, side: str = Side.ORIGIN) -> TransferCase:
        for name in WAY[side, state]:
            with self.country.standing(self.destination if name in THERE else self.origin):
                getattr(self, name)()
        with self.country.standing(self.origin):
            sync.sync()
        with self.country.standing(self.origin if side == Side.ORIGIN else self.destination):
            return TransferCase.objects.get(transfer_id=self.case.transfer_id, side=side)

    def draft(self) -> None:
        self.cast.destination = self.there
        super().draft()

    def receive(self) -> None:
        sent = Envelope.objects.filter(move=self.case.transfer_id).latest("version")
        self.copy = workflow.receive(sent.pk, branch=self.there, by=self.staff, command_id=uuid.uuid4())


def begin(country: Country) -> None:
    """Moves in the middle of things, from site to site both ways and within one; a file nobody touched everywhere."""
    ways = [(NORTH[0], SOUTH[0]), (SOUTH[1], NORTH[1]), (NORTH[2], NORTH[0])]
    for number, (state, side) in enumerate(BEGIN, 1):
        FarWalk(country, number, *ways[number % len(ways)]).to(state, side)
    for number, code in enumerate(NORTH + SOUTH, 11):
        with country.standing(code):
            make_file(Branch.objects.get(pk=code), number)
