"""The newcomer's command, on a database of its own, with the center in the site's database."""

import contextlib
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.utils import timezone

from pension_transfer import embedded
from transfers.demo import stage
from transfers.lateness import Party

PARTIES = {party.value for party in Party}
ROOT = Path(__file__).parent.parent
STATES = [
    "referral", "draft", "technically_approved", "head_approved", "sent", "received", "verified", "registered",
    "active",
]  # fmt: skip


def run(url: str, *command: str) -> str:
    env = os.environ | {
        "DATABASE_URL": url,
        "CENTRAL_DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "pension_transfer.settings",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def at_once(url: str, *command: str) -> list[str]:
    """What two print that are started together."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda _time: run(url, *command), range(2)))


def test_two_at_once_take_turns_and_each_carries_a_case_through_every_state() -> None:
    url = embedded.database_url(f"demo_{os.environ['TEST_RUN']}")
    at_once(url, "migrate_all", "-v0")
    for printed in at_once(url, "demo", "--no-serve"):
        *steps, last = printed.strip().splitlines()
        assert [line.split()[0] for line in steps] == STATES
        assert last.split()[0] == "registered"
        assert last.split()[2:] in (["at", "0801"], ["at", "1001"])
    assert "center reached" in run(url, "sync_center")
    assert "0 problems" in run(url, "reconcile")
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        assert (
            _asked(cursor, "SELECT DISTINCT key FROM transfers_summary WHERE figure = 'late' AND days > 0") == PARTIES
        )
        assert len(_asked(cursor, "SELECT DISTINCT key FROM transfers_summary WHERE figure = 'reason'")) >= 4
        ages = _asked(cursor, "SELECT current_date - opened_at::date FROM transfers_transfercase")
        assert len(ages) > 20 and 60 <= max(ages) <= 120


def _asked(cursor: Any, sql: str) -> set[Any]:
    cursor.execute(sql)
    return {row[0] for row in cursor.fetchall()}


def test_the_clock_of_production_is_not_moved(settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(ImproperlyConfigured), stage.hour(timezone.now()):
        raise AssertionError("it was moved")


@pytest.mark.parametrize("address", ["127.0.0.1:{taken}", "127.0.0.1"])
def test_an_address_that_cannot_be_had_is_said_before_a_case_is_carried(address: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        wanted = address.format(taken=other.getsockname()[1])
        with pytest.raises(CommandError, match=f"Cannot serve at {wanted} .*ADDRESS="):
            call_command("demo", address=wanted)
