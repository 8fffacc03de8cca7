"""The health page, its command, and what a watching machine is told."""

import datetime as dt
import io
import json
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from pension_transfer.lib import servers
from tests.cast import Cast, Walk
from tests.pages import as_, queries, text
from transfers import health
from transfers.models import Crossing, ReconcileRun, Telling
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.timezone.utc)


def _server(**differs: Any) -> servers.Server:
    sound = {
        "version": "18.6", "ctype": "C.UTF-8", "is_read_only": False, "size": 2**30, "used": 5, "most": 100,
        "oldest": None, "at": NOW, "ahead": 0.0, "milliseconds": 9, "is_full": False,
        "applied": servers._known_migrations(),
    }  # fmt: skip
    return servers.Server(**sound | differs)


def _say(name: str, site: Any = None, center: Any = None) -> health.Finding:
    seen = health.Seen(site or _server(), center or _server(), NOW)
    check = next(check for check in health.CHECKS if check.name == name)
    return health._finding(check, seen)


def _state(name: str, **seen: Any) -> str:
    return _say(name, **seen).state


def test_those_who_look_after_the_site_see_every_check(cast: Cast) -> None:
    for user in (cast.at(cast.origin, "branch_head"), cast.reader("province_supervisor"), cast.reader("auditor")):
        answer = as_(user).get("/health/")
        assert answer.status_code == 200
        assert all(str(check.label) in text(answer) for check in health.CHECKS)
    assert as_(cast.at(cast.origin, "clerk")).get("/health/").status_code == 403
    assert as_(cast.reader("outsider")).get("/health/").status_code == 403


def test_the_page_costs_few_queries(cast: Cast) -> None:
    assert queries(cast.at(cast.origin, "branch_head"), "/health/") <= 18


def test_all_is_found_out_on_a_real_database(cast: Cast) -> None:
    found = {one.name: one for one in health.findings()}
    assert [found[name].state for name in ("database", "schema", "center", "lag", "clock")] == ["ok"] * 5


def test_what_waits_for_the_center_ages(walk: Walk, settings: Any) -> None:
    walk.to(State.SENT)
    assert _state("lag") == "ok"
    for minutes, state in ((5, "ok"), (20, "watch"), (90, "bad")):
        Crossing.objects.update(state="open", created_at=NOW - dt.timedelta(minutes=minutes))
        assert _state("lag") == state, minutes


def test_the_last_reconciliation_is_told(cast: Cast) -> None:
    assert _state("reconcile") == "watch"
    run = ReconcileRun.objects.create(started_at=NOW, finished_at=NOW, problems=0)
    assert _state("reconcile") == "ok"
    ReconcileRun.objects.update(finished_at=NOW - dt.timedelta(days=4))
    assert _state("reconcile") == "bad"
    ReconcileRun.objects.update(finished_at=NOW, problems=2)
    assert run and _state("reconcile") == "bad"


@pytest.mark.parametrize("reason", sorted(health.REASONS))
def test_every_reason_has_its_words(reason: str, cast: Cast) -> None:
    said = _say("center", center=servers.Away(reason))
    if settings.CENTER != "default":
        assert (said.state, said.says, bool(said.todo)) == ("bad", str(health.REASONS[reason][0]), True)
    assert _say("database", site=servers.Away(reason)).says == str(health.REASONS[reason][0])
    assert _state("lag", site=servers.Away(reason)) == "watch"  # not asked


def test_every_sqlstate_and_word_leads_to_a_reason() -> None:
    assert {*servers.BY_CODE.values(), *servers.UNCONNECTED.values(), "refused"} == set(health.REASONS)


def test_what_is_wrong_with_a_server_is_told(cast: Cast) -> None:
    day = dt.timedelta(days=1)
    for name, differs, state in (
        ("database", {"ctype": "C"}, "bad"),
        ("database", {"is_read_only": True}, "bad"),
        ("database", {"is_full": True}, "bad"),
        ("schema", {"applied": frozenset()}, "bad"),
        ("clock", {"ahead": 59.0}, "ok"),
        ("clock", {"ahead": -61.0}, "watch"),
        ("clock", {"ahead": day.total_seconds()}, "bad"),
        ("transactions", {"oldest": NOW - dt.timedelta(minutes=14)}, "ok"),
        ("transactions", {"oldest": NOW - dt.timedelta(minutes=16)}, "bad"),
        ("connections", {"used": 79}, "ok"),
        ("connections", {"used": 85}, "watch"),
        ("connections", {"used": 99}, "bad"),
    ):
        assert _state(name, site=_server(**differs)) == state, (name, differs)


@pytest.mark.parametrize(
    ("due", "tries", "state"),
    [
        (dt.timedelta(minutes=-5), 0, "ok"),
        (dt.timedelta(minutes=50), 2, "ok"),
        (dt.timedelta(hours=2), 0, "watch"),
        (dt.timedelta(days=2), 0, "bad"),
        (dt.timedelta(0), 3, "watch"),
        (dt.timedelta(minutes=-30), 10, "bad"),
    ],
)
def test_who_chose_messages_and_is_not_told_is_seen(cast: Cast, due: dt.timedelta, tries: int, state: str) -> None:
    assert _state("notices") == "ok"  # nobody has chosen any
    user = cast.at(cast.origin, "branch_head")
    Telling.objects.create(user=user, way="email", next_at=NOW + dt.timedelta(hours=1))
    Telling.objects.create(user=user, way="sms", next_at=NOW - due, tries=tries)
    assert _state("notices") == state


def test_on_days_off_nobody_waits_to_be_told(cast: Cast) -> None:
    evening = dt.datetime(2026, 11, 25, 20, 20, tzinfo=dt.timezone.utc)  # Wednesday, ten minutes to midnight in Tehran
    Telling.objects.create(user=cast.at(cast.origin, "clerk"), way="sms", next_at=evening)
    for later, state in ((dt.timedelta(days=2), "ok"), (dt.timedelta(days=2, hours=2), "watch")):
        seen = health.Seen(_server(), _server(), evening + later)
        assert health._notices(seen).state == state, later


def test_a_check_that_fails_itself_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: (_ for _ in ()).throw(OSError("no such disk")))
    assert _state("disk") == "bad"


def test_the_command_says_it_by_its_exit_code(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_seen", lambda within: health.Seen(_server(), _server(), timezone.now()))
    monkeypatch.setattr("shutil.disk_usage", lambda _path: _Disk())
    out = io.StringIO()
    call_command("health", "--json", stdout=out)
    assert [row["name"] for row in json.loads(out.getvalue())] == [check.name for check in health.CHECKS]
    monkeypatch.setattr(health, "_seen", lambda within: health.Seen(_server(is_full=True), _server(), timezone.now()))
    with pytest.raises(SystemExit) as left:
        call_command("health", stdout=io.StringIO())
    assert left.value.code == 1


class _Disk:
    total, free = 100 * 2**30, 50 * 2**30


def test_a_watching_machine_needs_no_account(cast: Cast) -> None:
    alive, ready = Client().get("/healthz"), Client().get("/readyz")
    assert (alive.status_code, alive.content) == (200, b"ok\n")
    assert (ready.status_code, set(ready.json().values())) == (200, {"ok"})
    assert set(ready.json()) == {*health.NEEDED, "center"}


def test_in_production_the_watching_machine_is_not_led_to_https(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/sign-in/").status_code == 301


@pytest.mark.parametrize("lacking", health.NEEDED)
def test_a_site_that_lacks_what_it_needs_is_not_ready(lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {
        "database": servers.Away("refused"), "writable": _server(is_read_only=True),
        "migrations": _server(applied=frozenset()),
    }  # fmt: skip
    monkeypatch.setattr(health, "_seen", lambda within: health.Seen(seen[lacking], _server(), NOW))
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()[lacking]) == (503, "not ok")


def test_work_goes_on_without_the_center(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_seen", lambda within: health.Seen(_server(), servers.Away("hangs"), NOW))
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["center"]) == (200, "not ok")
