"""The exchange worker: several side by side, killed, told to stop, with items that nobody can carry out."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connections, transaction
from django.utils import timezone

from branches.roles import Action
from central.models import Envelope, Key, Receipt
from pension_transfer.lib.busy import AGAIN, again
from pension_transfer.lib.errors import NotNow
from tests import oracle
from tests.cast import Cast, Walk, make_file, press
from tests.expect import fresh, tamper
from tests.line import DOWN, HANG, PASS, Line
from tests.processes import center_url, database_url
from transfers import directory, exchange, sync, workflow
from transfers.models import Crossing, StuckItem, SyncWorker
from transfers.states import State
from transfers.tries import LONGEST

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
apart = pytest.mark.skipif(settings.CENTER == "default", reason="THE CENTER STANDS IN THE SITE'S DATABASE: not cut off")


@contextmanager
def worker(every: float = 0.2, center: str | None = None) -> Iterator[subprocess.Popen[str]]:
    """`sync_center --watch` as a process of its own."""
    urls = {
        "DATABASE_URL": database_url("default"),
        "CENTRAL_DATABASE_URL": center_url() if center is None else center,
        "DJANGO_SETTINGS_MODULE": "pension_transfer.settings",
    }
    command = [sys.executable, "manage.py", "sync_center", "--watch", "--every", str(every)]
    process = subprocess.Popen(
        command, env=dict(os.environ) | urls, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def until(is_so: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.1)


def _beating(process: subprocess.Popen[str]) -> bool:
    return SyncWorker.objects.filter(name__endswith=f":{process.pid}", last_reached_at__isnull=False).exists()


def _approved(cast: Cast, monkeypatch: pytest.MonkeyPatch, number: int) -> list[Walk]:
    """Cases that wait for the center: it was away when they were approved."""

    def away(crossing: Crossing) -> None:
        raise exchange.Unreachable("away")

    walks = [Walk(cast, make_file(cast.origin, i)) for i in range(1, number + 1)]
    with monkeypatch.context() as patch:
        for walk in walks:
            walk.to(State.TECHNICALLY_APPROVED)
        patch.setattr(exchange, "ask", away)
        for walk in walks:
            walk.send()
    return walks


@pytest.mark.slow
def test_fault_18_two_workers_carry_each_item_over_once_and_one_may_be_killed(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = _approved(cast, monkeypatch, 6)
    with worker() as one, worker() as other:
        until(lambda: Crossing.objects.filter(state="done").exists())
        one.kill()
        until(lambda: not Crossing.objects.filter(state="open").exists())
        until(lambda: _beating(other))
        assert {fresh(walk.case).state for walk in walks} == {State.SENT}
        assert Envelope.objects.count() == len(walks)
        other.send_signal(signal.SIGTERM)
        assert other.wait(20) == 0
    assert SyncWorker.objects.get(name__endswith=f":{other.pid}").is_stopped
    assert oracle.problems() + oracle.unfinished() == []


@pytest.mark.slow
@apart
def test_fault_42_a_worker_told_to_stop_while_the_center_hangs_ends_within_twenty_seconds(
    cast: Cast, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = _approved(cast, monkeypatch, 2)
    line.becomes(HANG)
    with worker(center=center_url(line.address)) as process:
        until(lambda: SyncWorker.objects.filter(name__endswith=f":{process.pid}").exists())
        time.sleep(1)  # by now it asks
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0 and time.monotonic() - began < 20
    line.becomes(DOWN).becomes(PASS)
    sync.sync()
    assert {fresh(walk.case).state for walk in walks} == {State.SENT}
    assert oracle.problems() + oracle.unfinished() == []


def test_fault_18_what_another_worker_has_in_hand_is_left_to_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = _approved(cast, monkeypatch, 2)
    other = psycopg2.connect(database_url("default"))
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"sync {first.file.pension_number}"])
        sync.sync()
        assert (fresh(first.case).state, fresh(second.case).state) == (State.HEAD_APPROVED, State.SENT)
    finally:
        other.close()
    sync.sync()
    assert fresh(first.case).state == State.SENT


# --- 19: deadlock, serialization ------------------------------------------------------------------------------


class _Deadlock(Exception):
    pgcode = "40P01"


def _losing(times: int, calls: list[int]) -> Callable[[], str]:
    def act() -> str:
        calls.append(1)
        if len(calls) <= times:
            raise OperationalError("deadlock") from _Deadlock()
        return "done"

    return act


@pytest.mark.parametrize("times", [1, AGAIN])
def test_fault_19_a_transaction_that_loses_is_repeated_at_once(times: int) -> None:
    calls: list[int] = []
    assert (again(_losing(times, calls)), len(calls)) == ("done", times + 1)


def test_fault_19_after_five_more_times_it_counts_as_a_failed_try_and_is_set_aside(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.SYNC_TRIES = 2
    first, second = _approved(cast, monkeypatch, 2)
    real, calls = exchange.services.deposit, []

    def deposit(envelope: Envelope, *more: Any) -> Envelope:
        if envelope.pension_number == first.file.pension_number:
            calls.append(1)
            raise OperationalError("deadlock") from _Deadlock()
        return real(envelope, *more)

    with monkeypatch.context() as patch:
        patch.setattr(exchange.services, "deposit", deposit)
        for _ in range(2):
            sync.sync()
    row = StuckItem.objects.get()
    assert (row.code, row.tries, row.is_set_aside, len(calls)) == ("deadlock", 2, True, 2 * (AGAIN + 1))
    assert fresh(second.case).state == State.SENT
    sync.sync()
    assert fresh(first.case).state == State.SENT and StuckItem.objects.get().outcome == "done"


def test_fault_19_two_that_wait_for_each_other_are_both_done(cast: Cast) -> None:
    """A real deadlock: PostgreSQL ends one of the two, which is repeated."""
    numbers = [make_file(cast.origin, i).pension_number for i in (1, 2)]
    ask, tried = "SELECT 1 FROM central_seat WHERE pension_number = %s FOR UPDATE", []
    other = psycopg2.connect(database_url(settings.CENTER))
    held = other.cursor()
    held.execute(ask, [numbers[1]])
    crossing_it = Thread(target=lambda: (held.execute(ask, [numbers[0]]), other.rollback()), daemon=True)

    def both() -> str:
        with transaction.atomic(using=settings.CENTER), connections[settings.CENTER].cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '50ms'")
            cursor.execute(ask, [numbers[0]])
            tried.append(1)
            if len(tried) == 1:
                crossing_it.start()
                time.sleep(0.3)
            cursor.execute(ask, [numbers[1]])
        return "done"

    assert (again(both), len(tried)) == ("done", 2)
    crossing_it.join(10)
    other.close()


# --- 26, 27: what cannot be read ------------------------------------------------------------------------------


def test_fault_26_an_envelope_of_a_later_version_is_set_aside_and_not_lost(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SYNC_TRIES = 2
    walk, other = (Walk(cast, make_file(cast.origin, i)) for i in (1, 2))
    for each in (walk, other):
        each.to(State.SENT)
    with monkeypatch.context() as later:
        later.setattr("central.contract.is_unknown", lambda content: True)
        with pytest.raises(NotNow) as caught:
            walk.receive()
        assert caught.value.code == "unknown_schema"
        for _ in range(2):
            sync.sync()
    row = StuckItem.objects.get()
    assert (row.code, row.is_set_aside, row.branch_id) == ("unknown_schema", True, cast.destination.pk)
    other.receive()
    assert Receipt.objects.filter(kind="received").count() == 2
    sync.sync()
    assert fresh(walk.case).state == State.RECEIVED and StuckItem.objects.get().outcome == "done"
    assert oracle.problems() + oracle.unfinished() == []


def test_fault_26_an_unknown_signing_key_is_set_aside_and_goes_on_once_it_is_known(
    cast: Cast, settings: Any, signing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The center was restored to a day before the key was registered, or the envelope came before its key."""
    settings.SYNC_TRIES = 2
    walk, other = (Walk(cast, make_file(cast.origin, i)) for i in (1, 2))
    for each in (walk, other):
        each.to(State.SENT)
    known = Key.objects.get()
    tamper(settings.CENTER, "central_key", "DELETE FROM central_key")
    with monkeypatch.context() as away:
        away.setattr(directory, "_share_key", lambda: None)
        with pytest.raises(NotNow) as caught:
            walk.receive()
        assert caught.value.code == "unknown_key"
        for _ in range(2):
            sync.sync()
    row = StuckItem.objects.get()
    assert (row.code, row.is_set_aside, row.branch_id) == ("unknown_key", True, cast.destination.pk)
    assert not Receipt.objects.exists() and fresh(walk.case).state == State.SENT
    _round()  # the site makes its key known again; the item's turn comes half an hour after its last try
    assert Key.objects.get().pk == known.pk and StuckItem.objects.get().is_set_aside
    StuckItem.objects.update(last_at=timezone.now() - LONGEST)
    _round()
    assert fresh(walk.case).state == State.RECEIVED and StuckItem.objects.get().outcome == "done"
    other.receive()
    assert oracle.problems() + oracle.unfinished() == []


def _round() -> None:
    """As a worker does it: what is not due stays."""
    for part in sync.parts(sync.Report()):
        list(part)


def test_fault_26_what_waits_for_its_key_can_be_recalled(cast: Cast, settings: Any, signing: Path) -> None:
    walk = Walk(cast)
    walk.to(State.SENT)
    tamper(settings.CENTER, "central_key", "UPDATE central_key SET retired_at = now() - interval '9 days'")
    with pytest.raises(NotNow) as caught:
        walk.receive()
    assert caught.value.code == "unknown_key"
    signing.unlink()
    call_command("site_key", "new", stdout=StringIO())
    assert press(Action.RECALL, fresh(walk.case), walk.head, reason="کلید کنار گذاشته شده").state == State.DRAFT
    sync.sync()
    assert oracle.problems() + oracle.unfinished() == []


def test_fault_26_with_a_retired_key_nothing_is_deposited_and_nothing_lost(
    cast: Cast, settings: Any, signing: Path, tmp_path: Path
) -> None:
    """A machine of the site still has the old file."""
    settings.SYNC_TRIES = 2
    old = signing.read_bytes()
    call_command("site_key", "new", stdout=StringIO())
    new = signing.read_bytes()
    call_command("site_key", "retire", Key.objects.earliest("since").pk, stdout=StringIO())
    signing.write_bytes(old)
    walk = Walk(cast)
    walk.to(State.TECHNICALLY_APPROVED)
    walk.send()
    assert fresh(walk.case).state == State.HEAD_APPROVED
    for _ in range(2):
        sync.sync()
    row = StuckItem.objects.get()
    assert (row.code, row.is_set_aside, row.case_id) == ("unknown_key", True, walk.case.pk)
    signing.write_bytes(new)
    sync.sync()
    assert fresh(walk.case).state == State.SENT
    assert oracle.problems() + oracle.unfinished() == []


def test_fault_27_a_poisoned_step_is_set_aside_and_the_others_go_on(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SYNC_TRIES = 3
    first, second = _approved(cast, monkeypatch, 2)
    body = "UPDATE transfers_content SET envelope_id = gen_random_uuid() WHERE case_id = {}"
    kept = first.case.contents.get().envelope_id
    tamper("default", "transfers_content", body.format(first.case.pk))
    for n in range(3):
        assert not StuckItem.objects.filter(set_aside_at__isnull=False).exists()
        sync.sync()
        assert StuckItem.objects.get().tries == n + 1
    row = StuckItem.objects.get()
    assert (row.is_set_aside, row.next_try_at, row.case_id) == (True, None, first.case.pk)
    assert fresh(second.case).state == State.SENT
    for part in sync.parts(sync.Report()):  # a worker leaves it alone from now on
        list(part)
    assert StuckItem.objects.get().tries == 3
    tamper("default", "transfers_content", f"UPDATE transfers_content SET envelope_id = '{kept}' "
           f"WHERE case_id = {first.case.pk}")  # fmt: skip
    sync.sync()
    assert fresh(first.case).state == State.SENT and StuckItem.objects.get().outcome == "done"
    caplog.clear()


def test_fault_27_why_it_failed_names_nobody(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    walk = _approved(cast, monkeypatch, 1)[0]
    with monkeypatch.context() as patch:
        patch.setattr(workflow, "settle", lambda crossing: int(f"x {walk.file.national_code}"))
        sync.sync()
    row = StuckItem.objects.get()
    assert "ValueError" in row.why and walk.file.national_code not in row.why
    assert row.next_try_at and row.next_try_at > timezone.now()
    sync.sync()
    caplog.clear()
