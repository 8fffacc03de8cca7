"""One after the other: for commands that are safe to repeat but not to run twice at once."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import Error, connections


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


@contextmanager
def if_free(purpose: str, alias: str = "default") -> Iterator[bool]:
    """Whether nobody else holds the database's turn for `purpose`; if so it is held meanwhile (till the process ends).

    For work that is safe to do twice and a waste to: nothing may rest on being alone.
    """
    is_mine = _asked("pg_try_advisory_lock", purpose, alias)
    try:
        yield is_mine
    finally:
        if is_mine:
            with suppress(Error):  # with a lost connection the turn is over anyway
                _asked("pg_advisory_unlock", purpose, alias)


def _asked(function: str, purpose: str, alias: str) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [purpose])
        return bool(cursor.fetchone()[0])
