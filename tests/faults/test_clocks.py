"""A site's clock is wrong by a day, or the year ends (FAULTS 33): the chain orders, and the health page warns."""

import datetime as dt
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings

from pension_transfer.lib import calendar
from tests import oracle
from tests.cast import Cast, Walk, press
from tests.expect import fresh
from tests.processes import Site, center_url, database_url, site
from transfers import sync
from transfers.clock import Standing, clock_of
from transfers.models import TransferCase, TransferEvent
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
FAKETIME = next(
    (path for path in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")),
    Path("/usr/lib/faketime/libfaketime.so.1"),
)
faked = pytest.mark.skipif(not FAKETIME.exists(), reason="NO PROCESS WAS SET A DAY OFF: apt install libfaketime")
DAY_OFF = [pytest.param(dt.timedelta(days=1), id="ahead"), pytest.param(-dt.timedelta(days=1), id="behind")]


def _off(by: dt.timedelta) -> dict[str, str]:
    return {"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"{by.days:+d}d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@faked
@pytest.mark.parametrize("by", DAY_OFF)
def test_fault_33_a_clock_that_is_a_day_off_is_told(cast: Cast, by: dt.timedelta) -> None:
    urls = {"DATABASE_URL": database_url("default"), "CENTRAL_DATABASE_URL": center_url()}
    env = os.environ | urls | _off(by) | {"DJANGO_SETTINGS_MODULE": "pension_transfer.settings"}
    run = [sys.executable, "manage.py", "health", "--json"]
    told = subprocess.run(run, env=env,
                          cwd=settings.BASE_DIR, capture_output=True, check=False)  # fmt: skip
    clock = next(row for row in json.loads(told.stdout) if row["name"] == "clock")
    assert (told.returncode, clock["state"]) == (1, "bad"), told.stderr
    assert ("جلوتر" if by.days > 0 else "عقب‌تر") in clock["says"]


@faked
@pytest.mark.slow
@pytest.mark.parametrize("by", DAY_OFF)
def test_fault_33_a_site_a_day_off_takes_part_and_the_chain_orders(
    cast: Cast, by: dt.timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = Walk(cast)
    walk.to(State.SENT)
    for name, value in _off(by).items():
        monkeypatch.setenv(name, value)
    with site() as wrong:
        for name in _off(by):
            monkeypatch.delenv(name)
        _received_at(wrong, walk)
        walk.copy = TransferCase.objects.get(side="destination")
        walk.compare()  # at another machine of that branch, whose clock is right
        assert wrong.order("verify", by=walk.staff.username, key=uuid.uuid4(), case=walk.copy.pk, data={}) == "done"
        sync.sync()
        press("register", fresh(walk.copy), walk.staff)
    assert (fresh(walk.copy).state, fresh(walk.case).state) == (State.REGISTERED, State.REGISTERED)
    assert _order(walk.copy) == sorted(_order(walk.copy)) and oracle.problems() + oracle.unfinished() == []


def _received_at(wrong: Site, walk: Walk) -> None:
    envelope = fresh(walk.case).envelope_id
    given: dict[str, Any] = {"by": walk.staff.username, "key": uuid.uuid4(), "envelope": envelope, "branch": "1001"}
    assert wrong.order("receive", **given) == "done"


def _order(case: TransferCase) -> list[int]:
    """The numbers of the steps in the order in which they were stored."""
    return list(TransferEvent.objects.filter(case=case).order_by("id").values_list("sequence", flat=True))


@pytest.mark.skipif(settings.CENTER == "default", reason="THE CENTER STANDS IN THE SITE'S DATABASE: not cut off")
def test_fault_33_what_was_said_before_reaches_the_center_before_though_the_clock_went_back(
    cast: Cast, cut_off: Site
) -> None:
    walk = Walk(cast)
    walk.to(State.RECEIVED, "destination")
    walk.compare()
    order = {"by": walk.staff.username, "key": uuid.uuid4(), "case": walk.copy.pk, "data": {}}
    assert cut_off.order("verify", **order) == "done"
    with time_machine.travel(dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=1)):
        press("register", fresh(walk.copy), walk.staff)
    sync.sync()
    assert (fresh(walk.copy).state, fresh(walk.case).state) == (State.REGISTERED, State.REGISTERED)
    assert oracle.problems() + oracle.unfinished() == []


# --- the calendar's edges -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "first"),
    [
        ((2027, 3, 20, "1405/12/29"), (2027, 3, 21, "1406/01/01")),  # the new year after a year of 365 days
        ((2030, 3, 20, "1408/12/30"), (2030, 3, 21, "1409/01/01")),  # after one of 366
        ((2026, 9, 22, "1405/06/31"), (2026, 9, 23, "1405/07/01")),  # the last month of 31 days ends
        ((2026, 10, 22, "1405/07/30"), (2026, 10, 23, "1405/08/01")),  # one of 30
    ],
)
def test_fault_33_a_day_ends_at_midnight_in_tehran(cast: Cast, last: Any, first: Any) -> None:
    walk = Walk(cast)
    walk.draft()
    case = fresh(walk.case)
    case.due_on = dt.date(*last[:3])
    midnight = dt.datetime(*first[:3], tzinfo=dt.timezone.utc) - dt.timedelta(hours=3, minutes=30)
    with time_machine.travel(midnight - dt.timedelta(seconds=1), tick=False):
        assert calendar.jalali(calendar.today()) == last[3]
        assert clock_of(case).standing == Standing.DUE_SOON
    with time_machine.travel(midnight, tick=False):
        assert calendar.jalali(calendar.today()) == first[3]
        assert clock_of(case).standing == Standing.OVERDUE
