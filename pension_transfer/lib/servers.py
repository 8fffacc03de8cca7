"""How a database server is, asked on a line of its own, with an answer in time whatever hangs.

The product's own connections are left alone: they may hang, be used up, or stand in a transaction.
"""

import datetime as dt
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import lru_cache
from os import dup
from typing import Any

import psycopg2
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.utils import translation
from django.utils.translation import gettext as _

CONNECTING = 2  # seconds; libpq takes no less
ANSWERING = 3000  # milliseconds for a question
OWN = f" -c statement_timeout={ANSWERING} -c lock_timeout={ANSWERING} -c work_mem=64 -c application_name=health"

FACTS = """
SELECT current_setting('server_version'),
       (SELECT datctype FROM pg_database WHERE datname = current_database()),
       current_setting('transaction_read_only')::bool,
       pg_database_size(current_database()),
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
       current_setting('max_connections')::int,
       (SELECT min(begun) FROM (
          SELECT xact_start FROM pg_stat_activity
           WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
          UNION ALL SELECT prepared FROM pg_prepared_xacts WHERE database = current_database()) AS open(begun)),
       clock_timestamp()
"""
# More rows than fit into memory are put down on the disk: a full one is noticed, and nothing is left behind.
ROOM = "SELECT count(*) FROM generate_series(1, 20000)"
APPLIED = "SELECT app, name FROM django_migrations"

# psycopg2 tells no SQLSTATE of a connection that did not come about, so of these alone the words are read.
UNCONNECTED = {
    "too many": "crowded",
    "connection slots": "crowded",
    "timeout expired": "hangs",
    "starting up": "starting",
    "shutting down": "starting",
    "recovery mode": "starting",
    "authentication": "rejected",
    "pg_hba": "rejected",
    "does not exist": "rejected",
}
BY_CODE = {"53100": "full", "53300": "crowded", "57014": "hangs", "25006": "read_only", "57P03": "starting"}


@dataclass(frozen=True)
class Server:
    """A server that answers. Sizes in bytes; `oldest`: when its longest open transaction began; `ahead`: seconds by
    which its clock is before this machine's; `applied`: (app, name) of the migrations it has had."""

    version: str
    ctype: str
    is_read_only: bool
    size: int
    used: int
    most: int
    oldest: dt.datetime | None
    at: dt.datetime
    ahead: float
    milliseconds: int
    is_full: bool
    applied: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Away:
    """A server that does not; `reason`: crowded, full, hangs, read_only, starting, rejected or refused."""

    reason: str


def look(*aliases: str, within: float) -> dict[str, Server | Away]:
    """How the servers behind these aliases are, all asked at once; never later than `within` seconds."""
    asked = {alias: _asking(alias) for alias in aliases}
    until = time.monotonic() + within
    return {alias: asking.answer(until - time.monotonic()) for alias, asking in asked.items()}


def missing_migrations(server: Server) -> list[str]:
    """Names of migrations that this code has and the database has not; one of newer code is no matter."""
    return sorted(f"{app}.{name}" for app, name in _known_migrations() - server.applied)


@lru_cache(maxsize=1)
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def require_schema(within: float = 3.0) -> None:
    """ImproperlyConfigured where a database that answers lacks a migration of this code; newer ones are no matter."""
    behind = {
        alias: missing
        for alias, server in look(*{"default", settings.CENTER}, within=within).items()
        if isinstance(server, Server) and (missing := missing_migrations(server))
    }
    if behind:
        where = "; ".join(f"{alias}: {len(missing)} ({missing[-1]} …)" for alias, missing in behind.items())
        raise ImproperlyConfigured("\n".join(_in_both_languages(where)))


def _in_both_languages(where: str) -> Iterator[str]:
    for language in ("en", "fa"):
        with translation.override(language):
            yield _("The database is older than this program: migrations are missing in %(where)s.") % {"where": where}
            yield _("Run manage.py migrate_all, then start again.")


def hang_up(connection: Any) -> None:
    """Cut the line under the driver, which then reports it lost."""
    with suppress(Exception), socket.socket(fileno=dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


# --- asking -----------------------------------------------------------------------------------------------


_lock = threading.Lock()
_current: dict[str, "_Asking"] = {}


def _asking(alias: str) -> "_Asking":
    """The question that is under way, or a new one: a server that hangs holds one thread, not one a question."""
    with _lock:
        current = _current.get(alias)
        if current is None or not current.is_alive():
            current = _current[alias] = _Asking(connections[alias].get_connection_params())
            current.start()
        return current


class _Asking(threading.Thread):
    def __init__(self, where: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.where = where | {"connect_timeout": CONNECTING, "options": where.get("options", "") + OWN}
        self.connection: Any = None
        self.found: Server | Away | None = None

    def answer(self, patience: float) -> Server | Away:
        self.join(max(patience, 0))
        if self.found is None:
            hang_up(self.connection)
        return self.found or Away("hangs")

    def run(self) -> None:
        try:
            begun = time.monotonic()
            with closing(psycopg2.connect(**self.where)) as self.connection:
                self.connection.autocommit = True
                self.found = _found(self.connection, begun)
        except psycopg2.Error as error:
            self.found = Away(_reason(error))


def _found(connection: Any, begun: float) -> Server:
    with connection.cursor() as cursor:
        cursor.execute(FACTS)
        version, ctype, is_read_only, size, used, most, oldest, at = cursor.fetchone()
        now, milliseconds = dt.datetime.now(dt.timezone.utc), round((time.monotonic() - begun) * 1000)
        applied = _rows(cursor, APPLIED)
        is_full = _is_full(cursor)
    ahead = (at - now).total_seconds()
    return Server(
        version, ctype, is_read_only, size, used, most, oldest, at, ahead, milliseconds, is_full, frozenset(applied)
    )


def _rows(cursor: Any, question: str) -> list[tuple[str, str]]:
    """None of them where the table is not there yet."""
    try:
        cursor.execute(question)
    except psycopg2.errors.UndefinedTable:
        return []
    return list(cursor.fetchall())


def _is_full(cursor: Any) -> bool:
    try:
        cursor.execute(ROOM)
    except psycopg2.errors.DiskFull:
        return True
    return False


def _reason(error: psycopg2.Error) -> str:
    if error.pgcode:
        return BY_CODE.get(error.pgcode, "refused")
    said = str(error)
    return next((reason for words, reason in UNCONNECTED.items() if words in said), "refused")
