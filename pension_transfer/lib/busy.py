"""A row that somebody else holds is an answer, not a fault; of two that wait for each other one tries again."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import Error, OperationalError
from django.utils.translation import gettext as _

from pension_transfer.lib.errors import NotNow

CONTENTION = frozenset({"40P01", "40001"})  # PostgreSQL's deadlock_detected and serialization_failure
BUSY = frozenset({"55P03"}) | CONTENTION  # lock_not_available
AGAIN = 5  # times
PAUSE = 0.05  # seconds before the first of them, twice as long before each next one

Done = TypeVar("Done")


@contextmanager
def busy_is_an_answer() -> Iterator[None]:
    """NotNow ("busy") where a lock did not come in time, or two waited for each other."""
    try:
        yield
    except OperationalError as error:
        if sqlstate(error) not in BUSY:
            raise
        raise NotNow(_("A colleague is working on this case this very moment. Try again."), "busy") from error


def sqlstate(error: BaseException | None) -> str:
    """PostgreSQL's code of a database error, or of the one that is behind a refusal; empty for anything else."""
    if error is not None and not isinstance(error, Error):
        error = error.__cause__
    return str(getattr(error.__cause__, "pgcode", "") or "") if isinstance(error, Error) else ""


def lost_to_another(error: BaseException) -> bool:
    """Whether a transaction was undone only because another one ran at the same time."""
    return sqlstate(error) in CONTENTION


def again(act: Callable[[], Done]) -> Done:
    """Carry out one transaction that is safe to repeat; at most five times more where it loses to another one."""
    for n in range(AGAIN):
        try:
            return act()
        except (NotNow, OperationalError) as error:
            if not lost_to_another(error):
                raise
        time.sleep(PAUSE * 2**n * random.uniform(0.5, 1.5))  # noqa: S311 - not for secrets
    return act()
