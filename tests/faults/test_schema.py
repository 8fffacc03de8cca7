"""A migration half-way (FAULTS 40): old code works on a newer schema, new code on an older one does not start."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.test import Client

from pension_transfer.lib.servers import require_schema
from tests import oracle
from tests.cast import Cast, Walk
from tests.expect import run_sql
from tests.pages import as_
from tests.processes import NOWHERE, center_url, database_url
from tests.web import web
from transfers import sync
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
LAST = "(SELECT max(id) FROM django_migrations WHERE app = 'transfers')"


@pytest.fixture
def older(cast: Cast) -> Iterator[None]:
    """As if the last migration of the moves were still to be made."""
    run_sql("default", f"UPDATE django_migrations SET name = 'waiting_' || name WHERE id = {LAST}")
    yield
    run_sql("default", f"UPDATE django_migrations SET name = substr(name, 9) WHERE id = {LAST}")


@pytest.fixture
def newer(cast: Cast) -> Iterator[None]:
    """As the next release's first half leaves it: a column more, a table more, a migration unknown here."""
    run_sql(
        "default",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('transfers', '9999_of_the_next_release', now())",
        "ALTER TABLE transfers_transfercase ADD COLUMN of_the_next_release text",
        "CREATE TABLE transfers_of_the_next_release (id bigint PRIMARY KEY)",
    )
    yield
    run_sql(
        "default",
        "DELETE FROM django_migrations WHERE name = '9999_of_the_next_release'",
        "ALTER TABLE transfers_transfercase DROP COLUMN of_the_next_release",
        "DROP TABLE transfers_of_the_next_release",
    )
    connections["default"].close()


@pytest.mark.usefixtures("newer")
def test_fault_40_old_code_works_on_a_newer_schema(cast: Cast) -> None:
    require_schema()
    walk = Walk(cast)
    walk.to(State.REGISTERED, "destination")
    sync.sync()
    assert as_(walk.head).get(f"/cases/{walk.case.pk}/").status_code == 200
    assert Client().get("/readyz").status_code == 200
    assert oracle.problems() + oracle.unfinished() == []


@pytest.mark.slow
@pytest.mark.usefixtures("older")
def test_fault_40_new_code_on_an_old_schema_does_not_start_and_says_so(tmp_path: Path) -> None:
    assert Client().get("/readyz").json()["migrations"] == "not ok"
    with pytest.raises(AssertionError) as said, web(tmp_path, workers=1):
        pass
    assert "migrate_all" in str(said.value) and "پایگاه داده قدیمی‌تر" in str(said.value)
    worker = _run("sync_center")
    assert worker.returncode == 1 and "migrate_all" in worker.stderr and "Traceback" not in worker.stderr


def test_fault_40_a_database_that_is_away_hinders_no_start() -> None:
    """It may come back before the next page; /readyz says how it is."""
    assert "OK" in _run("-c", "import pension_transfer.wsgi; print('OK')", site=NOWHERE).stdout


def _run(*words: str, site: str = "") -> "subprocess.CompletedProcess[str]":
    urls = {"DATABASE_URL": site or database_url("default"), "CENTRAL_DATABASE_URL": center_url()}
    env = os.environ | urls | {"DJANGO_SETTINGS_MODULE": "pension_transfer.settings"}
    program = words if words[0] == "-c" else ("manage.py", *words)
    return subprocess.run(
        [sys.executable, *program], env=env, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )


def test_what_is_missing_is_named() -> None:
    require_schema()
    run_sql("default", f"UPDATE django_migrations SET name = 'waiting_' || name WHERE id = {LAST}")
    try:
        with pytest.raises(ImproperlyConfigured, match=r"default: 1 \(transfers\."):
            require_schema()
    finally:
        run_sql("default", f"UPDATE django_migrations SET name = substr(name, 9) WHERE id = {LAST}")
