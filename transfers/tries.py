"""Trying what may fail: an item of sync that cannot be carried out waits by itself and does not stop the others.

It is tried again later and later, and after SYNC_TRIES times set aside for a person (FAULTS 19, 26, 27).
"""

import datetime as dt
import logging
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from pension_transfer.lib.busy import lost_to_another
from pension_transfer.lib.errors import Refusal
from pension_transfer.lib.logs import IDENTIFIER
from transfers import exchange
from transfers.models import StuckItem

Kind = StuckItem.Kind
FIRST = dt.timedelta(seconds=30)  # between the first try and the second; doubled from try to try
LONGEST = dt.timedelta(minutes=30)
BY_ITSELF = frozenset({"busy", "unknown_origin", "contended"})  # ends by itself, however long it takes
STILL_TRIED = frozenset({"unknown_key"})  # set aside for a person to see, and looked at again all the same
PASSING = (Refusal, exchange.Unreachable, OperationalError, InterfaceError)  # answers, and what ends a round
log = logging.getLogger("transfers.sync")


class Tries:
    """What of some items, named by their references, has failed before; `is_forced`: all of them are tried now."""

    def __init__(self, kind: str, refs: Iterable[Any], is_forced: bool = False):
        self.kind, self.is_forced, self.now = kind, is_forced, timezone.now()
        rows = StuckItem.objects.open().filter(kind=kind, ref__in=[str(ref) for ref in refs])
        self.rows = {row.ref: row for row in rows}

    def is_due(self, ref: Any) -> bool:
        """Whether it is to be tried in this round."""
        row = self.rows.get(str(ref))
        return row is None or self.is_forced or self._comes_again(row)

    def _comes_again(self, row: StuckItem) -> bool:
        again = row.last_at + LONGEST if row.code in STILL_TRIED and row.is_set_aside else row.next_try_at
        return again is not None and again <= self.now

    def is_stuck(self, ref: Any) -> bool:
        return str(ref) in self.rows

    def is_set_aside(self, ref: Any) -> bool:
        row = self.rows.get(str(ref))
        return row is not None and row.is_set_aside

    @contextmanager
    def attempt(self, ref: Any, action: str, branch: str, case: int | None = None) -> Iterator[None]:
        """One try. What was refused or waits is the caller's; whatever else goes wrong is recorded and logged."""
        item = {"kind": self.kind, "ref": str(ref)}
        try:
            yield
        except PASSING:
            raise
        except Exception as error:
            log.exception("failed: %s of %s %s", action, self.kind, ref)
            self._failed(item, error, action, branch, case)
        else:
            self.done(ref)

    def note(self, error: Exception, ref: Any, action: str, branch: str, case: int | None = None) -> None:
        """A try that ended in an answer after which the item is still open; a colleague at work is none."""
        if getattr(error, "code", "") != "busy" or lost_to_another(error):
            self._failed({"kind": self.kind, "ref": str(ref)}, error, action, branch, case)

    def done(self, *refs: Any) -> None:
        """These are stuck no longer."""
        for ref in refs:
            if row := self.rows.pop(str(ref), None):
                close(row, StuckItem.Outcome.DONE)

    def _failed(self, item: dict[str, str], error: Exception, action: str, branch: str, case: int | None) -> None:
        about = {"action": action[:24], "branch_id": branch, "case_id": case, "last_at": timezone.now()}
        row = StuckItem.objects.open().filter(**item).first() or StuckItem(**item)
        for name, value in (about | _why(error)).items():
            setattr(row, name, value)
        row.tries += 1
        _plan(row)
        row.save()
        self.rows[row.ref] = row


def close(row: StuckItem, outcome: str, **how: Any) -> bool:
    """It is stuck no longer; False where it was closed already."""
    closed = {"outcome": outcome, "closed_at": timezone.now()} | how
    return bool(StuckItem.objects.open().filter(pk=row.pk).update(**closed))


def _why(error: Exception) -> dict[str, str]:
    """The reason without anybody's identifiers: in `code` what the page has a sentence for, in `why` the machine's."""
    code = "contended" if isinstance(error.__cause__, exchange.Contended) else getattr(error, "code", "")
    code = "deadlock" if lost_to_another(error) or lost_to_another(error.__cause__ or error) else code
    text = IDENTIFIER.sub("**********", f"{type(error).__name__}: {error}".replace("\0", ""))
    return {"code": str(code)[:40] or type(error).__name__[:40], "why": text[:300]}


def _plan(row: StuckItem) -> None:
    """When it is tried next; not at all once it has been tried often enough."""
    is_over = row.tries >= settings.SYNC_TRIES and row.code not in BY_ITSELF
    row.set_aside_at = (row.set_aside_at or timezone.now()) if is_over else None
    wait = min(FIRST * 2 ** min(row.tries - 1, 20), LONGEST) * random.uniform(0.5, 1.5)  # noqa: S311 - not for secrets
    row.next_try_at = None if is_over else timezone.now() + wait
