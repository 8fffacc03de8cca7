"""Two sites in one process: each has a database of its own, and both have one center.

Which one the process stands at is which connection has the name "default".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction

# A thread of the live server may still hold a connection that a browser of an earlier test has left it.
SEND_VISITORS_AWAY = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"


@contextmanager
def another_site(name: str) -> Iterator[Any]:
    """A connection to a copy of this site's database as it is after its migrations; dropped at the end."""
    here = connections["default"]
    here.close()  # a database with a visitor cannot be copied
    there = connections.create_connection("default")
    there.settings_dict = here.settings_dict | {"NAME": f"{here.settings_dict['NAME']}_{name}"}
    source, copy = (one.ops.quote_name(one.settings_dict["NAME"]) for one in (here, there))
    with here._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")
        cursor.execute(SEND_VISITORS_AWAY, [here.settings_dict["NAME"]])
        cursor.execute(f"CREATE DATABASE {copy} TEMPLATE {source}")
    try:
        yield there
    finally:
        there.close()
        with here._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {copy} WITH (FORCE)")


@contextmanager
def at(site: Any) -> Iterator[None]:
    """Everything inside happens at this site: a connection that `another_site` gave, or the first one."""
    here = connections["default"]
    connections["default"] = site
    try:
        yield
    finally:
        connections["default"] = here


@contextmanager
def undone_at(site: Any) -> Iterator[None]:
    """Whatever happens inside at this site is taken back."""
    atomic = transaction.atomic(using="default")
    atomic._from_testcase = True  # type: ignore[attr-defined] # the door may open its own inside
    with at(site):
        atomic.__enter__()
    try:
        yield
    finally:
        with at(site):
            site.check_constraints()
            transaction.set_rollback(True)
            atomic.__exit__(None, None, None)
