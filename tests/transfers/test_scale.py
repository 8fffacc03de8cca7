"""What a country costs: no list reads every case, and a round of sync costs what is new."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import connections, transaction
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from branches.models import PensionFile, User
from branches.roles import Role
from central.models import Custody, Envelope, Seat
from tests.cast import Cast, Walk, make_file
from transfers import sync
from transfers.models import TransferCase
from transfers.states import Side, State
from transfers.views.cartable import numbers_of

pytestmark = pytest.mark.django_db(databases="__all__")
PLACES = [("0801", Role.CLERK), ("", Role.PROVINCE_SUPERVISOR), ("", Role.AUDITOR)]


def plan(rows: Any) -> str:
    """How the rows are found by a planner that may neither read the table from end to end nor sort it."""
    with connections[rows.db].cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    return str(rows.explain())


@pytest.fixture
def many(cast: Cast) -> Iterator[None]:
    """Enough rows for the planner to care: of an empty table any index is as good as another."""
    copied = {
        "branch": cast.origin,
        "origin": cast.origin,
        "destination": cast.destination,
        "closed_at": timezone.now(),
    }
    rows = (
        TransferCase(side=Side.ORIGIN, tracking_number=f"{n:013d}", pension_number=f"{n:010d}", **copied)
        for n in range(2000)
    )
    before = transaction.savepoint()
    TransferCase.objects.bulk_create(rows)
    yield
    transaction.savepoint_rollback(before)  # they have no trail, which the database would find out


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("place", PLACES)
def test_a_list_of_one_state_is_found_by_that_state(cast: Cast, place: tuple[str, str]) -> None:
    rows = TransferCase.objects.visible_to(cast.people[place]).filter(state=State.HEAD_APPROVED).order_by("-id")
    assert "case_by_state" in plan(rows)


def test_what_is_open_in_the_country_is_walked_in_its_order(cast: Cast) -> None:
    rows = TransferCase.objects.visible_to(cast.reader(Role.AUDITOR)).open()
    found = plan(rows.order_by("turn_since", "id")[:26])
    assert "case_open_anywhere" in found and "Sort" not in found
    with CaptureQueriesContext(connections["default"]) as asked:
        numbers_of(rows)
    assert ["payrollcutoff" in query["sql"] for query in asked] == [True, False]  # one for all numbers


@pytest.mark.usefixtures("many")
def test_my_turn_is_walked_in_its_order(cast: Cast) -> None:
    found = plan(TransferCase.objects.turn_of(cast.at(cast.origin, Role.CLERK))[:26])
    assert "case_turn" in found and "Sort" not in found


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("place", "index"), [(("0801", Role.BRANCH_HEAD), "case_due"), (("", Role.AUDITOR), "case_due_anywhere")]
)
def test_what_is_overdue_is_walked_in_its_order(cast: Cast, place: tuple[str, str], index: str) -> None:
    found = plan(TransferCase.objects.overseen_by(cast.people[place])[:26])
    assert index in found and "Sort" not in found


@pytest.mark.usefixtures("many")
def test_what_is_overdue_in_a_province_is_found_by_its_date(cast: Cast) -> None:
    assert "case_due" in plan(TransferCase.objects.overseen_by(cast.reader(Role.PROVINCE_SUPERVISOR)))


def test_a_province_is_narrowed_to_its_branches_without_a_join(cast: Cast) -> None:
    person: User = cast.reader(Role.PROVINCE_SUPERVISOR)
    for rows in (PensionFile.objects.visible_to(person), TransferCase.objects.visible_to(person)):
        assert "JOIN" not in str(rows.query)


@pytest.mark.parametrize("model", [TransferCase, Envelope, Seat, Custody])
def test_the_admin_finds_a_number_by_its_index(cast: Cast, model: Any) -> None:
    everything = model._default_manager.all()
    found, _duplicates = admin.site._registry[model].get_search_results(HttpRequest(), everything, "7000000001")
    assert "Seq Scan" not in plan(found)


def test_a_round_of_sync_costs_what_is_new(cast: Cast) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connections["default"]) as asked:
            assert sync.fetch() == 0
        return len(asked)

    Walk(cast).to(State.VERIFIED, Side.DESTINATION)
    before = cost()
    for number in (2, 3):
        Walk(cast, make_file(cast.origin, number)).to(State.VERIFIED, Side.DESTINATION)
    assert cost() == before
