"""The clock of a case in words, alike on every page."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pension_transfer.lib.templatetags.persian import fa, jalali
from transfers.clock import Clock, Standing, clock_of
from transfers.models import TransferCase


@dataclass(frozen=True)
class Due:
    """What `transfers/_due.html` prints: a chip and a line under it; nothing of a closed case."""

    look: str
    words: str
    note: str
    is_late: bool


def due_of(case: TransferCase, day: dt.date | None = None) -> Due:
    """By when whoever has the turn must act, as seen on `day` (today)."""
    clock = clock_of(case, day)
    words, note = SAID[clock.standing](clock)
    return Due(clock.standing, words, note, clock.standing == Standing.OVERDUE)


def _left(clock: Clock) -> tuple[str, str]:
    return left_in_words(clock.left), _by(clock)


def _late(clock: Clock) -> tuple[str, str]:
    return late_in_words(clock.late), _by(clock)


def _stopped(clock: Clock) -> tuple[str, str]:
    if clock.late:
        return _("clock stopped"), _("the other branch is late: %(late)s") % {"late": late_in_words(clock.late)}
    return _("clock stopped"), _("the other branch has until %(day)s") % {"day": jalali(clock.due_on)}


def _by(clock: Clock) -> str:
    return _("by %(day)s") % {"day": jalali(clock.due_on)}


def left_in_words(left: int) -> str:
    """How many working days are left: «امروز»، «۲ روز کاری مانده»."""
    if not left:
        return _("today")
    return ngettext("%(days)s working day left", "%(days)s working days left", left) % {"days": fa(left)}


def late_in_words(late: int) -> str:
    """How many working days overdue: «۳ روز کاری دیرکرد»."""
    return ngettext("%(days)s working day overdue", "%(days)s working days overdue", late) % {"days": fa(late)}


SAID: dict[str, Callable[[Clock], tuple[Any, Any]]] = {
    Standing.IN_TIME: _left,
    Standing.DUE_SOON: _left,
    Standing.OVERDUE: _late,
    Standing.STOPPED: _stopped,
    Standing.CLOSED: lambda clock: ("", ""),
}
