"""COMMIT waits for a standby that is not there, and somebody cancels the wait: nobody knows what that is worth.

The tests' server gets a synchronous standby that never comes. It otherwise waits for nothing, so that only those
wait who say `synchronous_commit = on`, as every server in production does.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from central.models import Envelope, Receipt
from pension_transfer.lib.postgresql.base import OutcomeUnknown
from tests import oracle
from tests.cast import Cast, Walk
from tests.expect import fresh, run_sql
from tests.pages import as_, command, text
from tests.processes import Site, database_url
from transfers import exchange, sync
from transfers.models import Command, Crossing, TransferCase, TransferEvent
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
apart = pytest.mark.skipif(settings.CENTER == "default", reason="THE CENTER STANDS IN THE SITE'S DATABASE: not cut off")
ROOT = Path(__file__).parents[2]
WAITING = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


def _connected() -> Any:
    """To the database that all tests of this server share: its advisory locks are theirs, too."""
    connection = psycopg2.connect(database_url(DEFAULT_DB_ALIAS), dbname="postgres")
    connection.autocommit = True
    return connection


class Canceller(threading.Thread):
    """Cancels every COMMIT that waits for the standby, until it is stopped."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.server = _connected()
        self.is_over, self.hits = threading.Event(), 0

    def say(self, *statements: str) -> None:
        with self.server.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def run(self) -> None:
        with self.server.cursor() as cursor:
            while not self.is_over.wait(0.05):
                cursor.execute(WAITING)
                self.hits += cursor.rowcount


def _wait_until_commits_wait(canceller: Canceller) -> None:
    """The server takes its new setting in when it comes to it: a COMMIT is tried until one was held up."""
    trial, end = _connected(), time.monotonic() + 30
    with trial.cursor() as cursor:
        while not canceller.hits:
            assert time.monotonic() < end, "the server never took it in"
            cursor.execute("SET synchronous_commit = on; CREATE TEMPORARY TABLE IF NOT EXISTS trial (id int)")
            cursor.execute("DROP TABLE trial")
    trial.close()
    canceller.hits = 0


@contextmanager
def _no_standby() -> Iterator[Canceller]:
    """For one test at a time, though several run on this server."""
    canceller = Canceller()
    canceller.say("SET lock_timeout = 0", "SELECT pg_advisory_lock(45)")
    canceller.say("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
    canceller.start()
    try:
        _wait_until_commits_wait(canceller)
        yield canceller
    finally:
        canceller.is_over.set()
        canceller.join()
        canceller.say("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
        canceller.server.close()


@pytest.fixture(autouse=True)
def _a_server_of_our_own(transactional_db: None) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        if cursor.fetchone() != ("off",):
            pytest.skip("NOT THE TESTS' OWN SERVER: it would stop everybody's commits there")


@contextmanager
def _waits(alias: str) -> Iterator[Canceller]:
    """Whoever connects to this database from now on waits for the standby, and has the wait cancelled."""
    database = f"ALTER DATABASE {connections[alias].ops.quote_name(connections[alias].settings_dict['NAME'])}"
    run_sql(alias, f"{database} SET synchronous_commit = on")
    try:
        with _no_standby() as canceller:
            yield canceller
    finally:
        run_sql(alias, f"{database} RESET synchronous_commit")


def _order(process: Site, walk: Walk, action: str, key: uuid.UUID) -> str:
    if action == "receive":
        envelope = fresh(walk.case).envelope_id
        return process.order("receive", by=walk.staff.username, key=key, envelope=envelope, branch="1001")
    return process.order(action, by=walk.head.username, key=key, case=walk.case.pk, data={})


# --- the center ---------------------------------------------------------------------------------------------------


@apart
def test_fault_45_a_deposit_whose_wait_was_cancelled_is_not_taken_for_sent(cast: Cast, running: Site) -> None:
    walk, key = Walk(cast), uuid.uuid4()
    walk.to(State.TECHNICALLY_APPROVED)
    with _waits(settings.CENTER) as canceller:
        assert _order(running, walk, "approve_head", key) == "done"
    assert canceller.hits and Envelope.objects.count() == 1  # there, but on this server only
    assert (fresh(walk.case).state, Crossing.objects.get(verb="deposit").state) == (State.HEAD_APPROVED, "open")
    sync.sync()
    assert fresh(walk.case).state == State.SENT and Envelope.objects.count() == 1
    assert oracle.problems() + oracle.unfinished() == []


@apart
def test_fault_45_what_the_center_decides_is_kept_and_done_by_itself(cast: Cast, running: Site) -> None:
    walk, key = Walk(cast), uuid.uuid4()
    walk.to(State.SENT)
    with _waits(settings.CENTER):
        assert _order(running, walk, "receive", key) == "center"
    copies = TransferCase.objects.filter(side=Side.DESTINATION)
    assert (copies.count(), Receipt.objects.count(), oracle.problems()) == (0, 1, [])
    sync.sync()
    assert (copies.count(), Receipt.objects.count(), Command.objects.get(pk=key).case) == (1, 1, copies.get())
    assert oracle.problems() + oracle.unfinished() == []


# --- the branch ---------------------------------------------------------------------------------------------------


def _press(walk: Walk, sent: dict[str, Any], prefix: str = "", **more: Any) -> Any:
    client = as_(walk.head)
    client.raise_request_exception = False
    run_sql("default", "SET synchronous_commit = on")
    return client.post(f"{prefix}/cases/{walk.case.pk}/approve_head/", sent, **more)


def test_fault_45_an_unknown_outcome_at_the_branch_is_said_and_pressed_again(cast: Cast) -> None:
    walk = Walk(cast)
    walk.to(State.TECHNICALLY_APPROVED)
    sent = command(seen=walk.case.trail_length)
    try:
        with _no_standby() as canceller:
            answer = _press(walk, sent)
    finally:
        run_sql("default", "RESET synchronous_commit")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "دوباره" in text(answer) and canceller.hits
    assert as_(walk.head).post(f"/cases/{walk.case.pk}/approve_head/", sent).status_code == 302
    assert TransferEvent.objects.filter(case=walk.case, action="approve_head").count() == 1
    sync.sync()
    assert fresh(walk.case).state == State.SENT and oracle.problems() + oracle.unfinished() == []


@pytest.mark.parametrize("alias", sorted({"default", settings.CENTER}))
def test_fault_45_every_transaction_of_the_product_is_watched(alias: str) -> None:
    """Not only the steps of a case: imports, payroll lists and appointments go through the same connection."""
    with transaction.atomic(alias):
        run_sql(alias, "DO $$ BEGIN RAISE WARNING 'not of COMMIT'; END $$")
    try:
        with _no_standby(), pytest.raises(OutcomeUnknown), transaction.atomic(alias):
            run_sql(alias, "SET LOCAL synchronous_commit = on", "CREATE TEMPORARY TABLE written (id int)")
    finally:
        run_sql(alias, "DROP TABLE written")


def test_fault_45_nobody_waits_less_for_the_standby_than_the_server_says() -> None:
    """`synchronous_commit` below `on` would make every acknowledgement worth less than it says."""
    apps = ("branches", "central", "transfers", "pension_transfer")
    sources = [path for app in apps for path in (ROOT / app).rglob("*.py")]
    setting = {path.name for path in sources if "synchronous_commit" in path.read_text("utf-8")}
    assert setting == {"embedded.py"}  # the server of the tests, which is made anew every time


# --- replicas -----------------------------------------------------------------------------------------------------


def test_fault_50_nothing_is_asked_of_a_replica() -> None:
    """There is the branch's database and the center's; a replica that lags can decide nothing (docs/decisions)."""
    assert set(connections) == {"default", settings.CENTER}


def test_fault_50_a_center_that_is_a_replica_is_as_one_that_is_away(cast: Cast) -> None:
    """Reached at a standby by mistake, it refuses every verb; nothing is taken for done."""
    walk = Walk(cast)
    walk.to(State.TECHNICALLY_APPROVED)
    run_sql(settings.CENTER, "SET default_transaction_read_only = on")  # what a standby answers with: 25006
    try:
        with pytest.raises(exchange.Unreachable):
            exchange.open_custody({walk.file.pension_number: 140501}, "0801", "test")
    finally:
        run_sql(settings.CENTER, "SET default_transaction_read_only = off")
