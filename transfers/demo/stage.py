"""What the demonstration pretends, in its own process and while a scene lasts: the hour, and a line that is down.

Nothing of the product knows of it: every part asks `timezone.now()` for the hour and `exchange.ask` for the center.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn
from unittest.mock import patch

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from transfers import exchange


@contextmanager
def hour(moment: dt.datetime) -> Iterator[None]:
    """The clock goes on from `moment`. ImproperlyConfigured in production, whose clock nobody moves."""
    if settings.PRODUCTION:
        raise ImproperlyConfigured("The clock of production is not moved.")
    real = timezone.now
    shift = moment - real()
    with patch.object(timezone, "now", lambda: real() + shift):
        yield


@contextmanager
def line_down() -> Iterator[None]:
    """Nothing that is asked of the center arrives there; what was pressed waits, as on any such day."""
    with patch.object(exchange, "ask", _unheard):
        yield


def _unheard(_crossing: Any) -> NoReturn:
    raise exchange.Unreachable("the line is down")
