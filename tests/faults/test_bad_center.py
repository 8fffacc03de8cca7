"""The center is slow, hangs, refuses, or is held up by a report (FAULTS 10, 11, 43, 49): pages in words and in time."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import Client

from branches.roles import Role
from central import services
from central.models import Waiting
from pension_transfer.lib import servers
from tests import oracle
from tests.cast import Cast, Walk, make_file
from tests.expect import fresh, run_sql
from tests.line import HANG, PASS, SLOW, Line
from tests.pages import as_, command, text
from tests.processes import database_url
from transfers import health, sync
from transfers.states import State

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.skipif(settings.CENTER == "default", reason="THE CENTER STANDS IN THE SITE'S DATABASE: not cut off"),
]
AWAY = "مرکز اکنون در دسترس نیست"


@pytest.fixture
def far(line: Line, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """The center at the other end of the line, for this process; nothing is remembered of it."""
    center = connections[settings.CENTER]
    center.close()
    with monkeypatch.context() as elsewhere:
        for name, value in zip(("HOST", "PORT"), line.address, strict=True):
            elsewhere.setitem(center.settings_dict, name, str(value))
        cache.clear()
        yield line
        line.becomes(PASS)
        center.close()
    cache.clear()


def _timed(ask: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.monotonic()
    return ask(), time.monotonic() - begun


def _sends(walk: Walk) -> tuple[Any, float]:
    case = fresh(walk.case)
    press = command(seen=case.trail_length)
    return _timed(lambda: as_(walk.head).post(f"/cases/{case.pk}/approve_head/", press))


def _comes_through(walk: Walk) -> None:
    """What waited is finished by the next sync, once."""
    assert fresh(walk.case).state == State.HEAD_APPROVED
    sync.sync()
    assert fresh(walk.case).state == State.SENT
    assert oracle.problems() + oracle.unfinished() == []


@pytest.mark.slow
@pytest.mark.parametrize("was_connected", [True, False], ids=["connected", "not connected"])
def test_fault_10_a_slow_center_slows_only_what_needs_it(cast: Cast, far: Line, was_connected: bool) -> None:
    walk = Walk(cast)
    walk.to(State.TECHNICALLY_APPROVED)
    pages = ("/", f"/cases/{walk.case.pk}/", "/files/")
    for url in pages:  # what a process does once is done
        as_(walk.head).get(url)
    if not was_connected:
        connections[settings.CENTER].close()
    far.becomes(SLOW, delay=2)
    for url in pages:
        answer, waited = _timed(lambda url=url: as_(walk.head).get(url))  # type: ignore[misc]
        assert (answer.status_code, waited < 2) == (200, True), (url, waited)
    answer, waited = _sends(walk)
    assert (answer.status_code, waited < 6) == (302, True), waited
    answer, waited = _timed(lambda: as_(walk.staff).get("/receive/"))
    assert (answer.status_code, AWAY in text(answer), waited < 6) == (200, True, True), waited
    far.becomes(PASS)
    _comes_through(walk)


def test_fault_43_a_center_that_hangs_is_given_up_and_others_are_served(cast: Cast, far: Line) -> None:
    walk, staff = Walk(cast), cast.at(cast.destination, Role.DESTINATION_STAFF)
    walk.to(State.TECHNICALLY_APPROVED)
    far.becomes(HANG)
    answer, waited = _timed(lambda: as_(staff).get("/receive/"))
    assert (answer.status_code, AWAY in text(answer), waited < 10) == (200, True, True), waited
    answer, waited = _timed(lambda: as_(walk.head).get("/"))
    assert (answer.status_code, waited < 2) == (200, True), waited
    answer, waited = _sends(walk)
    assert (answer.status_code, waited < 10) == (302, True), waited
    answer, waited = _timed(lambda: Client().get("/readyz"))
    assert (answer.status_code, answer.json()["center"], waited < 2) == (200, "not ok", True), waited
    answer, waited = _timed(lambda: as_(walk.head).get("/health/"))
    assert (str(health.REASONS["hangs"][0]) in text(answer), waited < 6) == (True, True), waited
    far.becomes(PASS)
    _comes_through(walk)
    assert isinstance(servers.look(settings.CENTER, within=3)[settings.CENTER], servers.Server)


# --- it refuses -------------------------------------------------------------------------------------------------


def _center() -> str:
    center = connections[settings.CENTER]
    return str(center.ops.quote_name(center.settings_dict["NAME"]))


@contextmanager
def _crowded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For a role that may have no connection at all."""
    center = connections[settings.CENTER]
    name = f"uninvited_{center.settings_dict['NAME']}"
    role = center.ops.quote_name(name)
    run_sql("default", f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0 PASSWORD 'uninvited'")
    center.close()
    with monkeypatch.context() as elsewhere:
        elsewhere.setitem(center.settings_dict, "USER", name)
        elsewhere.setitem(center.settings_dict, "PASSWORD", "uninvited")
        yield
    run_sql("default", f"DROP ROLE {role}")


@contextmanager
def _read_only(_monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    run_sql(settings.CENTER, f"ALTER DATABASE {_center()} SET default_transaction_read_only = on")
    connections[settings.CENTER].close()
    yield
    run_sql("default", f"ALTER DATABASE {_center()} RESET default_transaction_read_only")
    connections[settings.CENTER].close()


@contextmanager
def _full(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What PostgreSQL says when it can neither grow a table nor put anything down beside it."""
    run_sql(
        settings.CENTER,
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$",
        "CREATE TRIGGER no_room BEFORE INSERT ON central_envelope FOR EACH ROW EXECUTE FUNCTION no_room()",
    )
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(
            servers, "ROOM", "DO $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$"
        )
        yield
    run_sql(settings.CENTER, "DROP TRIGGER no_room ON central_envelope", "DROP FUNCTION no_room()")


REFUSALS: dict[str, Callable[[pytest.MonkeyPatch], AbstractContextManager[None]]] = {
    "crowded": _crowded, "read_only": _read_only, "full": _full,
}  # fmt: skip


@pytest.mark.parametrize("reason", REFUSALS)
def test_fault_11_a_center_that_refuses_is_as_one_that_is_away(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    walk = Walk(cast)
    walk.to(State.TECHNICALLY_APPROVED)
    cache.clear()
    with REFUSALS[reason](monkeypatch):
        answer, waited = _sends(walk)
        assert (answer.status_code, waited < 6) == (302, True), waited
        page = text(as_(walk.head).get("/health/"))
        assert str(health.REASONS[reason][0]) in page
    _comes_through(walk)


# --- somebody holds a snapshot there ----------------------------------------------------------------------------------


def test_fault_49_behind_a_held_snapshot_claims_stay_quick_or_the_alarm_is_given(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was waiting and is taken cannot be cleared away while a report looks at it."""
    walks = [Walk(cast, make_file(cast.origin, number)) for number in range(1, 4)]
    for walk in walks:
        walk.to(State.SENT)
    with closing(psycopg2.connect(database_url(settings.CENTER))) as report, report.cursor() as cursor:
        report.set_session(isolation_level="REPEATABLE READ")
        cursor.execute("SELECT count(*) FROM central_waiting")
        _churn(rounds=300)
        took = [_timed(lambda: list(services.waiting(["1001"])))[1] for _ in range(60)]
        monkeypatch.setattr(health, "HELD_OPEN", health.MINUTE * 0)
        alarm = next(one for one in health.findings() if one.name == "transactions")
    assert statistics.quantiles(took, n=20)[-1] < 0.01 or alarm.state == "bad"
    assert alarm.state == "bad" and "مرکز" in alarm.says
    monkeypatch.undo()
    assert next(one for one in health.findings() if one.name == "transactions").state == "ok"


def _churn(rounds: int) -> None:
    """Every envelope put into the queue and taken out of it, again and again."""
    for _ in range(rounds):
        rows = list(Waiting.objects.all())
        Waiting.objects.all().delete()
        Waiting.objects.bulk_create(rows)
