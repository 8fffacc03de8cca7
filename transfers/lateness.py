"""Who was late: told once, with the step that handed the work on, and kept with it in the trail.

The clock that the office saw decides (transfers.clock), so nobody is counted late who was shown to be in time. What was
done in time and waited for the center afterwards is the technique's affair, not the branch's (decision 0025).
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib import calendar
from transfers import clock
from transfers.states import Side, State, Turn

if TYPE_CHECKING:
    from transfers.models import TransferCase


class Party(TextChoices):
    """Who answers for the time a step took."""

    ORIGIN = "origin", _("Origin")
    DESTINATION = "destination", _("Destination")
    TECHNICAL = "technical", _("Center or line")


@dataclass(frozen=True)
class Waiting:
    """How a case stood before a step: where, whose turn, until when (a day in Tehran; None when nobody had to act)."""

    state: str
    turn: str
    due_on: dt.date | None


def before(case: "TransferCase") -> Waiting | None:
    """How the case stands; None of one that has only just been made."""
    if not case.trail_length:
        return None
    is_awaited = (case.side, case.state, case.turn) == (Side.ORIGIN, State.SENT, Turn.OTHER_BRANCH)
    return Waiting(case.state, case.turn, clock.other_due_on(case) if is_awaited else case.due_on)


def told(waited: Waiting | None, case: "TransferCase", acted_at: dt.datetime) -> dict[str, Any]:
    """What the trail keeps of a step that handed the work on: who answers for it, and how many working days too late.

    `acted_at` is when the person pressed; the step is carried out now. Empty where no clock ended.
    """
    if waited is None or waited.due_on is None or _has_it_still(waited, case):
        return {}
    acted, done = (
        clock.working_days_late(waited.due_on, calendar.day_of(moment)) for moment in (acted_at, timezone.now())
    )
    party = _party(waited, case.side)
    if acted or party == Party.TECHNICAL:
        return {"party": party, "days_late": acted or done}
    return {"party": Party.TECHNICAL if done else party, "days_late": done}


def _has_it_still(waited: Waiting, case: "TransferCase") -> bool:
    return case.is_open and (waited.state, waited.turn) == (case.state, case.turn)


def _party(waited: Waiting, side: str) -> str:
    """Until it is received, what was sent waits for the destination, though the origin's copy is the one that tells."""
    if waited.turn == Turn.CENTER:
        return Party.TECHNICAL
    return Party.DESTINATION if waited.turn == Turn.OTHER_BRANCH else Party(side)
