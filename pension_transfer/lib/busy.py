"""A row that a colleague holds is an answer, not a fault."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError
from django.utils.translation import gettext as _

from pension_transfer.lib.errors import NotNow

BUSY = frozenset({"55P03", "40P01"})  # PostgreSQL's lock_not_available and deadlock_detected


@contextmanager
def busy_is_an_answer() -> Iterator[None]:
    """NotNow ("busy") where a lock did not come in time, or two waited for each other."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") not in BUSY:
            raise
        raise NotNow(_("A colleague is working on this case this very moment. Try again."), "busy") from error
