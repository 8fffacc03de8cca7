"""Lets the tests empty tables that refuse to be emptied, and quickly.

Trail, envelopes and receipts are sealed: a trigger refuses DELETE and TRUNCATE, for every role and whatever the
session sets. A test that commits (`transaction=True`) is cleaned up by Django with a TRUNCATE of every table. Here,
and only here, the owner of the tables, whom no trigger can bind, puts these triggers aside, in its transaction, and
sets them back as they were. The product has no such door.

A TRUNCATE makes new files for a hundred tables and their indexes, and few of them hold anything: where little stands
in them, what stands there is deleted instead.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.creation import DatabaseCreation
from django.db.backends.postgresql.operations import DatabaseOperations

GUARDS = """
    SELECT c.oid::regclass::text, quote_ident(t.tgname), t.tgenabled::text
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE NOT t.tgisinternal AND t.tgtype & %s <> 0 AND t.tgenabled <> 'D' AND t.tgparentid = 0
       AND (%s::text[] IS NULL OR c.relname = ANY (%s))
"""
ON_TRUNCATE, ON_DELETE = 32, 8  # bits of tgtype
AGAIN = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}
IS_SMALL = """
    SELECT current_setting('is_superuser') = 'on' AND coalesce(sum(pg_relation_size(oid)), 0) < %s
      FROM pg_class WHERE relname = ANY (%s) AND relkind = 'r'
"""  # only a superuser may look past foreign keys
SMALL = 8 * 2**20  # bytes: what deleted rows leave behind makes tables grow


@contextmanager
def unguarded(connection: Any, event: int = ON_TRUNCATE, tables: list[str] | None = None) -> Iterator[None]:
    """Without the triggers of one event, inside one transaction: a failure leaves them as they were."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(GUARDS, [event, tables, tables])
        guards = cursor.fetchall()
        for table, trigger, _ in guards:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        yield
        for table, trigger, enabled in guards:
            cursor.execute(f"ALTER TABLE {table} {AGAIN[enabled]} TRIGGER {trigger}")


def _flush(self: DatabaseOperations, sql_list: list[str]) -> None:
    tables = re.findall(r'"(\w+)"', " ".join(sql_list))
    if tables and _is_small(self.connection, tables):
        _delete(self.connection, _filled(self.connection, tables))
        return
    with unguarded(self.connection):
        _original(self, sql_list)


def _is_small(connection: Any, tables: list[str]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(IS_SMALL, [SMALL, tables])
        return bool(cursor.fetchone()[0])


def _filled(connection: Any, tables: Iterable[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{one}' WHERE EXISTS (SELECT FROM \"{one}\")" for one in tables))
        return [name for (name,) in cursor.fetchall()]


def _delete(connection: Any, tables: list[str]) -> None:
    """Whatever refers to what: foreign keys are not looked at where every table is emptied."""
    with unguarded(connection, ON_DELETE, tables), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in tables:
            cursor.execute(f'DELETE FROM "{table}"')
        cursor.execute("SET LOCAL session_replication_role = origin")


def _drop(self: DatabaseCreation, test_database_name: str, verbosity: int) -> None:
    """A page that a browser left half-loaded may still hold a connection when the run is over."""
    with self._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {self.connection.ops.quote_name(test_database_name)} WITH (FORCE)")


DatabaseCreation._destroy_test_db = _drop  # type: ignore[method-assign]
_original = DatabaseOperations.execute_sql_flush
DatabaseOperations.execute_sql_flush = _flush  # type: ignore[method-assign, assignment]
