"""The ground of a soak: three databases, people and files at both sites, and what must hold of all of it at the end."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from pension_transfer import embedded

NAMES = ("north", "south", "center")
PASSWORD = "soak-1405-soak"
FILES = 12  # at each branch


def prepare(folder: Path) -> dict[str, str]:
    """Three empty databases; their URLs. From here on this process can be set up as one of the product."""
    embedded.ensure(durable=False)
    urls = {}
    for name in NAMES:
        run_sql(os.environ["DATABASE_URL"], f'DROP DATABASE IF EXISTS "soak_{name}" WITH (FORCE)')
        urls[name] = embedded.database_url(f"soak_{name}")
    os.environ |= {"CENTRAL_DATABASE_URL": urls["center"], "DATA_DIR": str(folder / "data")}
    os.environ |= {"DATABASE_URL": urls["north"], "DJANGO_SETTINGS_MODULE": "pension_transfer.settings"}
    return urls


def run_sql(url: str, *statements: str) -> None:
    """In the server's own database, so that the others may be shut."""
    connection = psycopg2.connect(urlunsplit(urlsplit(url)._replace(path="/postgres")))
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


# --- below here Django is set up -----------------------------------------------------------------------------


def south_of(url: str) -> Any:
    """A connection to the other site's database."""
    from django.db import connections

    there = connections.create_connection("default")
    there.settings_dict = there.settings_dict | {"NAME": urlsplit(url).path.lstrip("/")}
    return there


def settle(country_of: Any, south: Any) -> Any:
    """Migrate, and give every branch its people, one password for all, and its files."""
    from django.contrib.auth.hashers import make_password
    from django.core.management import call_command

    from branches.models import Branch, User
    from tests.cast import make_file
    from tests.properties.country import NORTH, SOUTH
    from tests.sites_apart import at

    call_command("migrate_all", verbosity=0)
    with at(south):
        call_command("migrate", database="default", interactive=False, verbosity=0)
    country, password = country_of(south), make_password(PASSWORD)
    for number, code in enumerate((NORTH + SOUTH) * FILES, 1):
        with country.standing(code):
            make_file(Branch.objects.get(pk=code), number)
    for site in country.sites.values():
        with at(site):
            User.objects.update(password=password)
    return country


def verdict(sites: list[Any], acknowledged: dict[str, list[str]]) -> Iterator[str]:
    """Every problem that there is after the last round of sync."""
    from tests import oracle
    from tests.sites_apart import at
    from transfers import sync
    from transfers.reconcile import Scope, reconcile

    for site in sites * 3:
        with at(site):
            report = sync.sync()
    if report.unreachable:
        yield "the center was not reached in the last round of sync"
    yield from oracle.problems()
    yield from oracle.unfinished()
    for site, name in zip(sites, NAMES, strict=False):
        with at(site):
            yield from (f"{name}: {problem}" for problem in reconcile(Scope()).problems)
            yield from (f"{name}: {problem}" for problem in commands(acknowledged.get(name, [])))


def commands(acknowledged: list[str]) -> Iterator[str]:
    """Commands that had two effects, and answers that were given for nothing."""
    from transfers.models import Command, TransferEvent

    done = Counter(Command.objects.values_list("case", "action"))
    pressed = TransferEvent.objects.exclude(by=None).exclude(action="assemble")
    for case, action in (taken := Counter(pressed.values_list("case", "action"))):
        if taken[case, action] > done[case, action]:
            yield f"{action} of case {case}: {done[case, action]} commands, {taken[case, action]} effects"
    kept = {str(key) for key in Command.objects.values_list("pk", flat=True)}
    yield from (f"command {key} was answered and is not there" for key in acknowledged if key not in kept)


def moves() -> tuple[int, int]:
    """How many moves there were, and how many are closed."""
    from tests.oracle import everywhere
    from transfers.models import TransferCase

    closed = everywhere(lambda: TransferCase.objects.filter(side="origin").values_list("closed_at", flat=True))
    return len(closed), sum(at is not None for at in closed)
