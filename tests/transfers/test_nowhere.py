"""The page of the pensions that nobody pays this month: what is in it, for whom, and what explains it."""

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from branches.models import Branch, CustodyRequest, PensionFile, Status, User
from branches.roles import Role
from pension_transfer.lib.months import Month
from tests.cast import Cast, Walk, make_file
from tests.pages import as_, text
from transfers import nowhere, sync
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__")


def this_month() -> Month:
    return Month.of(timezone.localdate())


def officer(cast: Cast, branch: Branch) -> User:
    return cast.at(branch, Role.TECHNICAL_OFFICER)


def nobody(user: User, kind: str = "moves") -> list[str]:
    page = as_(user).get(reverse("payable_nowhere"), {"kind": kind}).context
    if kind == "moves":
        return [row.case.state for row in page["moves"]]
    return [row.request.file.pension_number for row in page["asked"]]


def test_what_is_on_the_way_is_explained_by_its_move(cast: Cast) -> None:
    walk = Walk(cast)
    walk.to(State.TECHNICALLY_APPROVED)
    assert nobody(walk.head) == []
    walk.send()
    assert (nobody(walk.head), nobody(walk.staff)) == ([State.SENT], [])
    (row,) = as_(walk.head).get(reverse("payable_nowhere")).context["moves"]
    assert (row.turn, row.since) == (cast.destination.name, Month(140509))
    for step in (walk.receive, walk.compare, walk.verify, walk.register):
        step()
    sync.sync()
    people = [walk.head, walk.other_officer, officer(cast, cast.third), cast.reader(Role.AUDITOR)]
    people += [cast.reader(Role.PROVINCE_SUPERVISOR), cast.reader("outsider")]
    there = [State.REGISTERED]
    assert [nobody(person) for person in people] == [[], there, [], there, [], []]
    walk.activate()
    assert nobody(walk.other_officer) == []


def test_a_suspended_one_is_counted_and_not_listed(cast: Cast) -> None:
    stated = {"suspended_since": 140505, "suspension_reason": "گواهی حیات"}
    file = make_file(cast.origin, status=Status.SUSPENDED, **stated)
    walk = Walk(cast, file)
    walk.to(State.TECHNICALLY_APPROVED)
    walk.send()
    page = as_(walk.head).get(reverse("payable_nowhere")).context
    assert (page["moves"], page["suspended"]) == ([], 1)


def test_what_is_paid_until_this_month_is_not_in_it(cast: Cast) -> None:
    walk = Walk(cast)
    walk.to(State.SENT)
    PensionFile.objects.filter(pk=walk.file.pk).update(last_paid_month=this_month())
    assert nobody(walk.head) == []


def test_what_is_not_settled_with_the_center_is_listed(cast: Cast) -> None:
    month, head = this_month(), cast.at(cast.origin, Role.BRANCH_HEAD)
    claimed, contested, closed, later, settled = (make_file(cast.origin, n) for n in range(1, 6))
    ask = CustodyRequest.objects.create
    ask(file=claimed, verb="open", month=month, reason="import")
    ask(file=contested, verb="open", month=month, reason="import", held_by="1001")
    ask(file=closed, verb="close", month=month, reason="death")
    ask(file=later, verb="close", month=month + 1, reason="death")
    ask(file=settled, verb="open", month=month, reason="import", settled_at=timezone.now())
    assert nobody(head, "requests") == [file.pension_number for file in (claimed, contested, closed)]
    page = as_(head).get(reverse("payable_nowhere"), {"kind": "requests"})
    assert [desk["n"] for desk in page.context["desks"]] == ["", "۳"]
    assert cast.destination.name in text(page)
    assert nobody(officer(cast, cast.third), "requests") == nobody(cast.reader("outsider"), "requests") == []
    assert len(nobody(cast.reader(Role.PROVINCE_SUPERVISOR), "requests")) == 3


@pytest.mark.parametrize("place", [("0801", Role.BRANCH_HEAD), ("", Role.AUDITOR)])
def test_what_nobody_pays_is_found_without_reading_every_file(cast: Cast, place: tuple[str, str]) -> None:
    person, month = cast.people[place], this_month()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")  # the index over open cases is in the order of the list
    plans = [
        nowhere.moves(person, month).order_by("turn_since", "id")[:26].explain(),
        nowhere.requests(person, month).order_by("id")[:26].explain(),
    ]
    assert "Seq Scan" not in "".join(plans)
    assert ("case_open" in plans[0], "custody_unsettled" in plans[1]) == (True, True), plans
