"""Lets the tests empty tables that refuse to be emptied.

Trail, envelopes and receipts are sealed: a trigger refuses TRUNCATE, for every role and whatever the session
sets. A test that commits (`transaction=True`) is cleaned up by Django with that very TRUNCATE. Here, and only
here, the owner of the tables, whom no trigger can bind, puts these triggers aside for that one statement, in
its transaction, and sets them back as they were. The product has no such door.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.creation import DatabaseCreation
from django.db.backends.postgresql.operations import DatabaseOperations

GUARDS = """
    SELECT c.oid::regclass::text, quote_ident(t.tgname), t.tgenabled::text
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE NOT t.tgisinternal AND t.tgtype & 32 <> 0 AND t.tgenabled <> 'D' AND t.tgparentid = 0
"""  # 32: fires on TRUNCATE
AGAIN = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}


@contextmanager
def unguarded(connection: Any) -> Iterator[None]:
    """Without the TRUNCATE triggers, inside one transaction: a failure leaves them as they were."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(GUARDS)
        guards = cursor.fetchall()
        for table, trigger, _ in guards:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        yield
        for table, trigger, enabled in guards:
            cursor.execute(f"ALTER TABLE {table} {AGAIN[enabled]} TRIGGER {trigger}")


def _flush(self: DatabaseOperations, sql_list: list[str]) -> None:
    with unguarded(self.connection):
        _original(self, sql_list)


def _drop(self: DatabaseCreation, test_database_name: str, verbosity: int) -> None:
    """A page that a browser left half-loaded may still hold a connection when the run is over."""
    with self._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {self.connection.ops.quote_name(test_database_name)} WITH (FORCE)")


DatabaseCreation._destroy_test_db = _drop  # type: ignore[method-assign]
_original = DatabaseOperations.execute_sql_flush
DatabaseOperations.execute_sql_flush = _flush  # type: ignore[method-assign, assignment]
