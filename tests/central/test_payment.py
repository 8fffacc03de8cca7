"""Who pays a pension in which months: never two, never nobody (I5, I6)."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connections
from django.utils import timezone

from central import services
from central.models import Custody, Receipt, Seat
from central.rules import Refused
from tests.central.sealed import DESTINATION, NUMBER, ORIGIN, THIRD, answered, envelope, open_center, say

pytestmark = pytest.mark.django_db(databases="__all__")


def _months() -> dict[str, tuple[int | None, int | None] | None]:
    return {
        row.branch_code: None if row.months.isempty else (row.months.lower, row.months.upper)
        for row in Custody.objects.all()
    }


def _seat() -> tuple[Any, ...]:
    seat = Seat.objects.get(pk=NUMBER)
    return seat.payable_branch, seat.open_move, seat.closure


# --- claims ---------------------------------------------------------------------------------------------------


def test_a_second_branch_learns_who_holds_the_pension() -> None:
    open_center()
    assert services.open_custody({NUMBER: 139001, "7000000002": 140001}, THIRD, "import") == {NUMBER: ORIGIN}
    assert _months() == {ORIGIN: (139402, None), THIRD: (140001, None)}


def test_claiming_again_changes_nothing() -> None:
    open_center()
    assert services.open_custody({NUMBER: 138001}, ORIGIN, "import") == {}
    assert (_months(), Custody.objects.count()) == ({ORIGIN: (139402, None)}, 1)


def test_a_closed_pension_is_closed_once_and_by_its_holder() -> None:
    open_center()
    with pytest.raises(Refused) as caught:
        services.close_custody(NUMBER, THIRD, 140509, "death")
    assert (caught.value.code, caught.value.detail) == ("no_custody", ORIGIN)
    for _ in range(2):
        services.close_custody(NUMBER, ORIGIN, 140509, "death")
    assert (_seat(), _months()) == ((None, None, "death"), {ORIGIN: (139402, 140509)})


# --- a move ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last_paid", "origin", "destination"),
    [
        (139402, 140508, (139402, 140509), (140509, None)),
        (139402, 140512, (139402, 140601), (140601, None)),  # over the turn of the year
        (140508, 140508, (140508, 140509), (140509, None)),
        (140509, 140508, None, (140509, None)),  # nothing was paid yet
    ],
)
def test_registration_moves_the_months_exactly(first: int, last_paid: int, origin: Any, destination: Any) -> None:
    open_center(first=first)
    sent = services.deposit(envelope(last_paid_month=last_paid))
    for kind in ("received", "verified"):
        say(sent, kind)
        assert (_months(), _seat()) == ({ORIGIN: (first, None)}, (ORIGIN, sent.move, None))
    say(sent, "registered")
    assert (_months(), _seat()) == ({ORIGIN: origin, DESTINATION: destination}, (DESTINATION, sent.move, None))
    say(sent, "activated")
    assert _seat() == (DESTINATION, None, None)


@pytest.mark.parametrize(
    ("said", "open_after"),
    [(["withdrawn"], False), (["received", "returned"], True), (["received", "returned", "cancelled"], False)],
)
def test_what_does_not_take_place_leaves_the_months_where_they_were(said: list[str], open_after: bool) -> None:
    open_center()
    sent = services.deposit(envelope())
    for kind in said:
        say(sent, kind)
    assert (_months(), _seat()) == ({ORIGIN: (139402, None)}, (ORIGIN, sent.move if open_after else None, None))


def test_a_pension_comes_back_the_way_it_went() -> None:
    open_center()
    there = services.deposit(envelope())
    for kind in ("received", "verified", "registered", "activated"):
        say(there, kind)
    back = services.deposit(envelope(origin=DESTINATION, destination=ORIGIN, last_paid_month=140511))
    for kind in ("received", "verified", "registered", "activated"):
        say(back, kind, ORIGIN)
    rows = Custody.objects.order_by("months").values_list("branch_code", "months")
    assert [(code, months.lower, months.upper) for code, months in rows] == [
        (ORIGIN, 139402, 140509), (DESTINATION, 140509, 140512), (ORIGIN, 140512, None),
    ]  # fmt: skip


def test_a_branch_does_not_give_away_months_before_its_own() -> None:
    """The months that were another's, or the whole history of its own, would otherwise be written over."""
    open_center(first=140509)
    with pytest.raises(Refused) as caught:
        services.deposit(envelope(last_paid_month=140507))
    assert caught.value.code == "paid_before_custody"
    services.deposit(envelope(last_paid_month=140508))


def test_before_a_year_begins_comes_the_last_month_of_the_one_before() -> None:
    open_center(first=140601)
    sent = services.deposit(envelope(last_paid_month=140512))
    assert _seat() == (ORIGIN, sent.move, None)


def test_months_that_somebody_else_holds_are_not_handed_over() -> None:
    """The second wall: if the seat were ever wrong, the constraint refuses the registration as a whole."""
    open_center()
    sent = services.deposit(envelope())
    for kind in ("received", "verified"):
        say(sent, kind)
    with connections[settings.CENTER].cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("ALTER TABLE central_custody DISABLE TRIGGER custody_agrees")
    Custody.objects.filter(branch_code=ORIGIN).update(months=(139402, 140509), ended_at=timezone.now())
    Custody.objects.create(pension_number=NUMBER, branch_code=THIRD, months=(140601, None), reason="by mistake")
    with pytest.raises(IntegrityError) as caught:
        say(sent, "registered")
    assert getattr(caught.value.__cause__, "pgcode", "") == "23P01"
    assert not Receipt.objects.filter(kind="registered").exists() and _seat()[0] == ORIGIN


# --- at one moment -------------------------------------------------------------------------------------------------


def _at_once(*asked: Callable[[], Any]) -> list[Any]:
    barrier, answers = threading.Barrier(len(asked)), [None] * len(asked)

    def ask(i: int) -> None:
        barrier.wait(10)
        answers[i] = asked[i]()
        connections.close_all()

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return answers


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_two_branches_that_claim_the_same_pensions_at_once() -> None:
    open_center("7000000999")
    numbers = [f"71{i:08d}" for i in range(200)]
    one, two = dict.fromkeys(numbers, 140501), dict.fromkeys(reversed(numbers), 140501)
    held = _at_once(
        lambda: services.open_custody(one, DESTINATION, "import"), lambda: services.open_custody(two, THIRD, "import")
    )
    assert sorted([*held[0], *held[1]]) == numbers and set(held[0].values()) <= {THIRD}
    assert Custody.objects.filter(pension_number__startswith="71").count() == 200


@pytest.mark.django_db(databases="__all__", transaction=True)
@pytest.mark.parametrize(
    ("before", "contest"),
    [([], ("withdrawn", "received")), (["received", "verified"], ("returned", "registered"))],
)
def test_of_two_that_exclude_each_other_the_first_wins(before: list[str], contest: tuple[str, str]) -> None:
    numbers = [f"70{i:08d}" for i in range(1, 26)]
    open_center(*numbers)
    wins = []
    for number in numbers:
        sent = services.deposit(envelope(pension_number=number))
        for kind in before:
            say(sent, kind)
        said = _at_once(*[lambda kind=kind, sent=sent: answered(sent, kind) for kind in contest])
        assert sorted(said) == ["", f"already_{contest[said.index('')]}"]
        wins.append(contest[said.index("")])
        payer = DESTINATION if wins[-1] == "registered" else ORIGIN
        assert Seat.objects.get(pk=number).payable_branch == payer
    assert Receipt.objects.filter(kind__in=contest).count() == len(numbers)
