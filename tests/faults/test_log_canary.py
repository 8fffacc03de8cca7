"""A national code sent to every address and through every error stands in no log, PostgreSQL's included (FAULTS 52)."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest
from django.db import connections
from django.urls import URLPattern, URLResolver, get_resolver

from pension_transfer.embedded import Server
from tests.cast import Cast, Walk, national_code
from tests.pages import as_
from tests.processes import NOWHERE, database_url
from tests.web import Web, web
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
CODE = national_code(7654321)
PERSIAN = CODE.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
SHAPES = (CODE, PERSIAN, quote(PERSIAN), quote(PERSIAN).lower())
LOGGED = {"DJANGO_SETTINGS_MODULE": "tests.faults.canary_settings", "LOG_LEVEL": "DEBUG"}
FIELDS = ("q", "number", "national_code", "pension_number", "reason", "note", "path", "case", "envelope", "destination")


def _addresses(patterns: list[Any], before: str = "") -> Iterator[str]:
    """Every address of the product, the code in every place where an address takes something."""
    for pattern in patterns:
        route = before + str(pattern.pattern).lstrip("^").rstrip("$").replace("\\Z", "")
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield _filled(route)


def _filled(route: str) -> str:
    named = re.sub(r"<uuid:\w+>", "00000000-0000-4000-8000-000000000000", route)
    named = re.sub(r"<(?:\w+:)?\w+>", CODE, named)
    return "/" + re.sub(r"\(\?P<\w+>[^)]*\)|[\\?^$]", "", named)


def _seen_in(text: str) -> list[str]:
    return [line for line in text.splitlines() if any(shape in line for shape in SHAPES)]


def _ask_everything(server: Web, walk: Walk, addresses: list[str]) -> set[int]:
    """By GET and by POST, by somebody of the branch and by nobody; the statuses that came."""
    asked, client = "&".join(f"{name}={CODE}" for name in FIELDS), as_(walk.clerk)
    statuses = set()
    for address in addresses:
        statuses.add(server.get(f"{address}?{asked}", client).status)
        statuses.add(server.post(address, client, dict.fromkeys(FIELDS, PERSIAN)).status)
    for address in (f"/files/{PERSIAN}/", f"/nowhere/{CODE}/", f"/sign-in/?next=/files/{CODE}/", f"/broken/{CODE}/"):
        statuses.add(server.get(quote(address, safe="/?=")).status)
    statuses.add(server.post("/sign-in/", as_(walk.clerk), {"username": CODE, "password": CODE}).status)
    return statuses


@pytest.mark.slow
def test_fault_52_a_national_code_stands_in_no_log(cast: Cast, tmp_path: Path) -> None:
    walk = Walk(cast)
    walk.to(State.SENT)
    addresses = [one for one in _addresses(get_resolver().url_patterns) if not one.startswith("/sign-out")]
    assert len(addresses) > 100
    with web(tmp_path, workers=2, **LOGGED) as server:
        statuses = _ask_everything(server, walk, addresses)
        statuses |= {server.get("/", host=f"{CODE}.example").status}
        statuses |= {server.get(f"/broken/{CODE}/", as_(walk.clerk)).status}
        written = server.written()
    assert {200, 302, 400, 403, 404, 500} <= statuses
    assert "cannot go on with" in written and "**********" in written  # it was logged, and masked
    assert _seen_in(written) == []


def test_fault_52_nor_where_the_databases_fail(cast: Cast, tmp_path: Path) -> None:
    walk = Walk(cast)
    walk.to(State.SENT)
    with web(tmp_path, workers=1, site=NOWHERE, center=NOWHERE, **LOGGED) as server:
        for address in (f"/tracking/?q={CODE}", f"/cases/{CODE}/", f"/api/payment/?pension_number={CODE}"):
            assert server.get(address, as_(walk.clerk)).status == 503
        assert _seen_in(server.written()) == []


def test_fault_52_nor_in_the_log_of_the_embedded_server(cast: Cast) -> None:
    log = Server(durable=False).log
    if os.path.realpath(connections["default"].connection.info.host) != os.path.realpath(Server(durable=False).sockets):
        pytest.skip("POSTGRESQL'S LOG WAS NOT READ: DATABASE_URL names another server than the embedded one")
    for statement in (
        f"SELECT '{CODE}'::uuid",
        f"INSERT INTO branches_pensionfile (national_code) VALUES ('{CODE}')",
        f'SELECT 1 / 0 AS "{CODE}"',
        f"SELECT no_such_thing('{CODE}')",
    ):
        with suppress(psycopg2.Error), psycopg2.connect(database_url("default")) as line, line.cursor() as cursor:
            cursor.execute(statement)
    said = log.read_text(errors="replace")
    assert "ready to accept connections" in said and _seen_in(said) == []
