"""The site's database is away, crowded, held or only read (FAULTS 12, 31, 32, 48): said plainly, and it passes."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import connections
from django.test import Client

from pension_transfer.lib import servers
from tests.cast import Cast, Walk
from tests.expect import fresh, run_sql
from tests.pages import as_, command, text
from tests.processes import database_url
from tests.web import web
from transfers.states import State
from transfers.views import cartable

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return Walk(cast)


@pytest.fixture
def client(walk: Walk) -> Client:
    """Signed in while the database was still there."""
    client = as_(walk.officer)
    client.raise_request_exception = False
    return client


# --- 12: away ---------------------------------------------------------------------------------------------------


@pytest.fixture
def database_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No server listens where the databases are said to be."""
    with monkeypatch.context() as elsewhere:
        for connection in connections.all():
            connection.close()
            elsewhere.setitem(connection.settings_dict, "PORT", "1")
        yield


@pytest.mark.usefixtures("database_down")
@pytest.mark.parametrize("url", ["/", "/files/", "/cases/1/", "/tracking/?q=0801050000182", "/admin/", "/health/"])
def test_fault_12_every_page_says_that_it_passes(client: Client, url: str) -> None:
    answer = client.get(url)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "اطلاعات شعبه فعلاً در دسترس نیست" in text(answer)


@pytest.mark.usefixtures("database_down")
def test_fault_12_the_api_says_it_as_json(client: Client) -> None:
    answer = client.get("/api/cases/")
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["code"]) == (503, "30", "out_of_reach")


@pytest.mark.usefixtures("database_down")
def test_fault_12_what_was_typed_stays_in_the_tab(client: Client) -> None:
    """The page of a refused entry tells the script (static/app.js, tried in tests/browser) to keep it."""
    assert 'data-outcome="refused"' in text(client.post("/files/1/refer/", command()))


@pytest.mark.usefixtures("database_down")
def test_fault_12_the_watching_machine_is_told_in_time() -> None:
    begun = time.monotonic()
    alive, ready = Client().get("/healthz"), Client().get("/readyz")
    assert (alive.status_code, ready.status_code, ready.json()["database"]) == (200, 503, "not ok")
    assert time.monotonic() - begun < 2


def test_fault_12_after_a_restart_pages_come_again_by_themselves(walk: Walk, client: Client, tmp_path: Path) -> None:
    with web(tmp_path, workers=1) as server:
        assert server.get("/", client).status == 200
        name = connections["default"].settings_dict["NAME"]
        ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        with connections["default"].cursor() as cursor:
            cursor.execute(ends, [name])
        assert server.get("/", client).status == 200
        assert "Traceback" not in server.written()


def test_a_fault_of_ours_stays_one(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cartable, "counts_of")
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Retry-After" not in answer.headers


# --- 31: full, or only read -----------------------------------------------------------------------------------------


def test_fault_31_a_database_that_only_reads_is_read_and_nothing_is_stored(walk: Walk) -> None:
    walk.draft()
    client = as_(walk.clerk)
    client.raise_request_exception = False
    run_sql("default", "SET default_transaction_read_only = on")
    try:
        assert client.get(f"/cases/{walk.case.pk}/").status_code == 200
        answer = client.post(f"/cases/{walk.case.pk}/cancel/", command(seen=walk.case.trail_length, reason="اشتباه"))
    finally:
        run_sql("default", "SET default_transaction_read_only = off")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "فعلاً چیزی ذخیره نمی‌شود" in text(answer)
    assert fresh(walk.case).trail_length == walk.case.trail_length


# --- 32: crowded, held open -----------------------------------------------------------------------------------------


def _role() -> str:
    """Roles belong to the server: each of those who test at once has one."""
    return f"crowded_{connections['default'].settings_dict['NAME']}"


@pytest.fixture
def crowded(client: Client) -> Iterator[str]:
    """The URL of the site's database for a role that may have two connections."""
    role = connections["default"].ops.quote_name(_role())
    run_sql(
        "default",
        f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 2 PASSWORD 'crowded'",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
    )
    yield database_url("default", user=_role(), password="crowded")
    run_sql("default", f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_fault_32_no_connection_left_is_said_and_passes(client: Client, crowded: str, tmp_path: Path) -> None:
    with web(tmp_path, workers=1, site=crowded) as server:
        assert server.get("/", client).status == 200
        _let_go_of(_role())
        with closing(psycopg2.connect(crowded)), closing(psycopg2.connect(crowded)):
            answer, ready = server.get("/", client), server.get("/readyz")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
        assert (ready.status, '"database": "not ok"' in ready.text, ready.seconds < 2) == (503, True, True)
        time.sleep(0.2)  # until the server has noticed that they left
        assert server.get("/", client).status == 200


def test_fault_32_the_health_page_knows_why(crowded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("USER", _role()), ("PASSWORD", "crowded")):
        monkeypatch.setitem(connections["default"].settings_dict, name, value)
    with closing(psycopg2.connect(crowded)), closing(psycopg2.connect(crowded)):
        assert servers.look("default", within=3)["default"] == servers.Away("crowded")
    time.sleep(0.2)
    assert isinstance(servers.look("default", within=3)["default"], servers.Server)


def _let_go_of(role: str) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [role])
    time.sleep(0.3)


@contextmanager
def _held(*statements: str) -> Iterator[Any]:
    """A client that does this and then nothing, its transaction open."""
    with closing(psycopg2.connect(database_url("default"))) as holding, holding.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        yield holding
        holding.rollback()


def test_fault_32_a_transaction_held_open_stops_nobody_and_is_told(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    walk.to(State.SENT)
    with _held("SELECT count(*) FROM transfers_transfercase"):
        assert as_(walk.head).get(f"/cases/{walk.case.pk}/").status_code == 200
        answer = as_(walk.head).post(
            f"/cases/{walk.case.pk}/recall/", command(reason="اشتباه", seen=walk.case.trail_length)
        )
        assert answer.status_code == 302 and fresh(walk.case).state == State.DRAFT
        server = servers.look("default", within=3)["default"]
        assert isinstance(server, servers.Server) and server.oldest and server.oldest < server.at


# --- 48: somebody holds the row -------------------------------------------------------------------------------------


def test_fault_48_a_case_that_somebody_holds_is_answered_in_five_seconds(walk: Walk) -> None:
    walk.to(State.SENT)
    client = as_(walk.head)
    with _held(f"SELECT 1 FROM transfers_transfercase WHERE id = {walk.case.pk} FOR UPDATE"):
        begun = time.monotonic()
        assert client.get(f"/cases/{walk.case.pk}/").status_code == 200
        assert time.monotonic() - begun < 2  # reading waits for nobody
        answer = client.post(f"/cases/{walk.case.pk}/recall/", command(reason="اشتباه", seen=walk.case.trail_length))
        waited = time.monotonic() - begun
    assert (answer.status_code, waited < 6.5) == (409, True), waited
    assert "همکار" in text(answer) and fresh(walk.case).state == State.SENT
