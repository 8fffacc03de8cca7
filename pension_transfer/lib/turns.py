"""One after the other: for commands that are safe to repeat but not to run twice at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections


@contextmanager
def alone(purpose: str, alias: str = "default") -> Iterator[None]:
    """Hold the database's only turn for `purpose`; it also ends with the connection."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")  # the other one may take minutes
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [purpose])
        cursor.execute("RESET lock_timeout")
    yield
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [purpose])
