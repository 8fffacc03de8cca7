"""Faults that could make two branches pay, or none: after a round of sync nobody is lost and reconcile is silent."""

import datetime as dt
import io
import uuid
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from branches.models import Payment, PensionFile
from branches.roles import Role
from central.models import Custody, Seat
from pension_transfer.lib.months import Month
from tests.cast import Cast, Walk, make_file
from transfers import payroll, sync
from transfers.payment import Code, may_pay
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")


def reconciled() -> str:
    out = io.StringIO()
    call_command("reconcile", stdout=out, stderr=io.StringIO())
    return out.getvalue().strip().splitlines()[-1]


def lose(*statements: str) -> None:
    """What a center that lost rows looks like; past its guards, as only their owner can."""
    with connections[settings.CENTER].cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        for table in ("central_custody", "central_seat"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        for table, trigger in GUARDS:
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")


GUARDS = [
    *[("central_custody", name) for name in ("custody_is_history", "custody_is_kept", "custody_agrees")],
    *[("central_seat", name) for name in ("seat_counts_its_changes", "seat_is_kept", "seat_agrees")],
]
LOST = {
    "custody": ["DELETE FROM central_custody"],
    "seat and custody": ["DELETE FROM central_custody", "DELETE FROM central_seat"],
}


@pytest.mark.parametrize("statements", LOST.values(), ids=LOST)
def test_lost_custody_of_a_living_file_is_claimed_again(cast: Cast, statements: list[str]) -> None:
    file = make_file(cast.origin)
    month = Month(file.last_paid_month or 0) + 1
    lose(*statements)
    assert not may_pay(file.pension_number, cast.origin.pk, month).is_payable
    for _ in range(2):
        sync.sync()
    assert may_pay(file.pension_number, cast.origin.pk, month).is_payable
    row = Custody.objects.get()
    assert (row.branch_code, row.months.lower, row.months.upper) == (cast.origin.pk, month, None)
    assert file.custody_requests.count() == 1
    assert reconciled() == "0 problems"


def test_a_claim_does_not_take_months_that_were_anothers(cast: Cast) -> None:
    """After a move the open row of the destination is lost: what the origin paid stays the origin's."""
    walk = Walk(cast)
    walk.to(State.REGISTERED, Side.DESTINATION)
    walk.activate()
    sync.sync()
    lose("DELETE FROM central_custody WHERE upper_inf(months)")
    file = PensionFile.objects.get(branch=cast.destination)
    PensionFile.objects.filter(pk=file.pk).update(last_paid_month=140001)
    sync.sync()
    rows = {row.branch_code: (row.months.lower, row.months.upper) for row in Custody.objects.all()}
    first = rows[cast.origin.pk][1]
    assert rows == {cast.origin.pk: (139402, first), cast.destination.pk: (first, None)}


@pytest.mark.parametrize("standing", ["elsewhere", "closed"])
def test_what_another_branch_holds_or_is_closed_is_not_claimed(cast: Cast, standing: str) -> None:
    file = make_file(cast.origin)
    if standing == "elsewhere":
        lose("UPDATE central_seat SET payable_branch = '0701'", "UPDATE central_custody SET branch_code = '0701'")
    else:
        lose("DELETE FROM central_custody", "UPDATE central_seat SET payable_branch = NULL, closure = 'death'")
    sync.sync()
    assert not file.custody_requests.exists()
    assert may_pay(file.pension_number, cast.origin.pk, Month(140001)).code == (
        Code.ELSEWHERE if standing == "elsewhere" else Code.ENDED
    )
    with pytest.raises(SystemExit):
        reconciled()


@pytest.mark.parametrize("ahead", ["origin", "destination"])
def test_a_clock_a_day_ahead_makes_no_second_payer(cast: Cast, ahead: str) -> None:
    """On the last day of a month one branch believes that the next has begun, and pays it."""
    month = Month.of(timezone.localdate()) + 1
    last_day = dt.datetime.combine((month + 1).first_day - dt.timedelta(days=1), dt.time(9), dt.timezone.utc)
    walk = Walk(cast, make_file(cast.origin, last_paid_month=month))
    with time_machine.travel(last_day, tick=False):
        if ahead == "origin":  # its own clock calls the month to come a month to come: the move begins a day later
            _pay(cast, cast.origin, last_day, month + 1)
    with time_machine.travel(last_day + dt.timedelta(days=ahead == "origin"), tick=False):
        _move(walk)
        _pay(cast, cast.destination, last_day, month + 1)
        _pay(cast, cast.origin, last_day, month + 1)
        sync.sync()
        assert reconciled() == "0 problems"
    paid = list(Payment.objects.values_list("file__branch", "month"))
    assert paid == [((cast.origin if ahead == "origin" else cast.destination).pk, month + 1)]


def _pay(cast: Cast, branch: Any, now: dt.datetime, month: Month) -> None:
    with time_machine.travel(now + dt.timedelta(days=1), tick=False):
        payroll.pay(branch, month, cast.at(branch, Role.TECHNICAL_OFFICER), uuid.uuid4())


def _move(walk: Walk) -> None:
    month = PensionFile.objects.get(pk=walk.file.pk).last_paid_month or 0
    walk.draft()
    walk.technical(f"{month // 100}/{month % 100:02}")
    walk.send()
    walk.receive()
    walk.compare()
    walk.verify()
    walk.register()
    walk.activate()
    sync.sync()


def test_two_branches_that_take_one_pension_in_at_once_are_told_apart(cast: Cast) -> None:
    make_file(cast.origin)
    twin = make_file(cast.third)
    twin.custody_requests.create(verb="open", month=139402, reason="import")
    sync.sync()
    month = Month(twin.last_paid_month or 0) + 1
    assert may_pay(twin.pension_number, cast.third.pk, month).payer == cast.origin.pk
    assert may_pay(twin.pension_number, cast.origin.pk, month).is_payable
    assert twin.custody_requests.get().held_by == cast.origin.pk
    assert Seat.objects.get().payable_branch == cast.origin.pk
