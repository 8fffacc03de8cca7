"""The clock of a case: by when whoever has the turn must act, and how far that is. One answer for every page.

Limits are working days after the day in Tehran on which the step began (`turn_since`). The clock of one side stops
while the other side must act; its limit is then told for information (DESIGN section 5, docs/decisions/0009).
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.roles import Scope
from pension_transfer.lib import calendar
from transfers.states import Side, State, Turn

if TYPE_CHECKING:
    from transfers.models import TransferCase

LIMITS: dict[tuple[str, str, str], int] = {
    (Side.ORIGIN, State.REFERRAL, Turn.CLERK): 2,
    (Side.ORIGIN, State.DRAFT, Turn.CLERK): 2,
    (Side.ORIGIN, State.DRAFT, Turn.TECHNICAL_OFFICER): 2,
    (Side.ORIGIN, State.TECHNICALLY_APPROVED, Turn.HEAD): 1,
    (Side.ORIGIN, State.HEAD_APPROVED, Turn.CENTER): 1,
    (Side.ORIGIN, State.HEAD_APPROVED, Turn.HEAD): 1,
    (Side.ORIGIN, State.SENT, Turn.OTHER_BRANCH): 3,
    (Side.ORIGIN, State.RECEIVED, Turn.OTHER_BRANCH): 5,
    (Side.ORIGIN, State.VERIFIED, Turn.OTHER_BRANCH): 2,
    (Side.ORIGIN, State.REGISTERED, Turn.OTHER_BRANCH): 2,
    (Side.ORIGIN, State.RETURNED, Turn.CLERK): 3,
    (Side.DESTINATION, State.RECEIVED, Turn.DESTINATION_STAFF): 5,
    (Side.DESTINATION, State.VERIFIED, Turn.DESTINATION_STAFF): 2,
    (Side.DESTINATION, State.REGISTERED, Turn.ACTIVATOR): 2,
    (Side.DESTINATION, State.RETURNED, Turn.OTHER_BRANCH): 3,
}
OTHERWISE = 2  # a turn handed over within a state, as by a hold
# More than so many working days overdue, a case is shown to those who look after the branch, the province, the country.
SHOWN_AFTER: dict[str, int] = {Scope.BRANCH: 0, Scope.PROVINCE: 3, Scope.COUNTRY: 6}


class Standing(TextChoices):
    IN_TIME = "in_time", _("in time")
    DUE_SOON = "soon", _("due soon")
    OVERDUE = "late", _("overdue")
    STOPPED = "stopped", _("the other branch must act")
    CLOSED = "closed", _("closed")


@dataclass(frozen=True)
class Clock:
    """Whose turn, since when, by when. Days are Tehran's; `waited`, `left` and `late` count working days."""

    standing: Standing
    turn: str
    since: dt.datetime
    due_on: dt.date | None  # of the other branch while this one's clock is stopped
    waited: int
    left: int
    late: int


def clock_of(case: "TransferCase", day: dt.date | None = None) -> Clock:
    """The answer for `case` on `day` (today)."""
    day = day or calendar.today()
    due = other_due_on(case) if case.turn == Turn.OTHER_BRANCH else case.due_on
    return Clock(
        standing=_standing(case, day),
        turn=case.turn,
        since=case.turn_since,
        due_on=due,
        waited=max(0, calendar.working_days_between(calendar.day_of(case.turn_since), day)),
        left=max(0, calendar.working_days_between(day, due)) if due else 0,
        late=working_days_late(due, day),
    )


def _standing(case: "TransferCase", day: dt.date) -> Standing:
    if not case.is_open:
        return Standing.CLOSED
    if case.due_on is None:
        return Standing.STOPPED
    if case.due_on < day:
        return Standing.OVERDUE
    return Standing.DUE_SOON if case.due_on <= soon(day) else Standing.IN_TIME


def working_days_late(due: dt.date | None, day: dt.date) -> int:
    """How many working days `day` is past `due`; on a day off as many as on the next working day."""
    if due is None or due >= day:
        return 0
    return calendar.working_days_between(due, calendar.next_working_day(day))


def soon(day: dt.date) -> dt.date:
    """What is due by this date is due soon: the next working day."""
    return calendar.add_working_days(day, 1)


# --- the stored date ------------------------------------------------------------------------------------


def begin(case: "TransferCase", moved: bool = True) -> None:
    """The turn as it is now, and its clock from this moment.

    A case that moved has the whole limit; within a state a clock that was stopped goes on where it stood.
    """
    turn = case.whose_turn()
    case.days_left = None if moved else _kept(case, turn)
    if turn != case.turn:  # another office has to act: the work is given back by itself
        case.taken_by = case.taken_at = None
    case.turn, case.turn_since = turn, timezone.now()
    case.due_on = due_on(case)


def _kept(case: "TransferCase", turn: str) -> int | None:
    """The working days left when the clock stops, one at least; they are given back when the turn comes back."""
    if turn == Turn.OTHER_BRANCH and case.due_on:
        return max(1, calendar.working_days_between(calendar.today(), case.due_on))
    return case.days_left if case.turn == Turn.OTHER_BRANCH else None


def due_on(case: "TransferCase") -> dt.date | None:
    """The last day for whoever has the turn in this branch; None when nobody here has to act."""
    return None if case.turn in (Turn.OTHER_BRANCH, Turn.NOBODY) else _day_after(case, case.days_left)


def other_due_on(case: "TransferCase") -> dt.date:
    """The last day for the other branch, as far as this one can know."""
    return _day_after(case)


def _day_after(case: "TransferCase", days: int | None = None) -> dt.date:
    """So many working days after the step began; without a number, as many as the limit has."""
    limit = LIMITS.get((case.side, case.state, case.turn), OTHERWISE)
    return calendar.add_working_days(calendar.day_of(case.turn_since), days or limit)


def sent_before(day: dt.date | None = None) -> dt.date:
    """What was sent before this day and is not received by `day` (today) is late at its destination."""
    limit = LIMITS[Side.ORIGIN, State.SENT, Turn.OTHER_BRANCH]
    return calendar.add_working_days(calendar.next_working_day(day or calendar.today()), -limit)


# --- for lists ------------------------------------------------------------------------------------------


def is_overdue(day: dt.date | None = None, more_than: int = 0) -> Q:
    """Cases whose own clock has run out, by more than so many working days."""
    day = day or calendar.today()
    if more_than:
        day = calendar.add_working_days(calendar.next_working_day(day), -more_than)
    return Q(closed_at=None, due_on__lt=day)


def is_due_soon(day: dt.date | None = None) -> Q:
    """Cases due on `day` (today) or on the next working day."""
    day = day or calendar.today()
    return Q(closed_at=None, due_on__range=(day, soon(day)))
