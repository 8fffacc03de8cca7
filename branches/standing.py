"""The standing of a pension file: suspended (تعلیق), resumed, closed (قطع). Each step leaves its record.

A closed file ends the branch's payment at the center from the month after; it is not opened again here: who is to
pay such a pension after all is an affair of the center operator, who makes a new claim of custody.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import ClosingCause, Correction, CustodyRequest, Kind, PensionFile, Status, User
from branches.payroll import next_payroll
from branches.roles import Action, can
from branches.services import recorded
from pension_transfer.lib import calendar
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow
from pension_transfer.lib.months import Month

SECTION = "standing"
LONGEST_REASON = 200
# Why a file can't be closed now, in sentences; and who carries a custody request on to the center, after the commit.
# The app that moves files registers both: branches does not know it.
hurdles_of_closing: list[Callable[[PensionFile], list[str]]] = []
on_custody_asked: list[Callable[[PensionFile], None]] = []

FROM: dict[str, tuple[str, ...]] = {
    Action.SUSPEND_FILE: (Status.ACTIVE,),
    Action.RESUME_FILE: (Status.SUSPENDED,),
    Action.CLOSE_FILE: (Status.ACTIVE, Status.SUSPENDED),
}


def suspend(
    file: PensionFile,
    by: User,
    reason: str,
    since: Month,
    *,
    seen: int | None = None,
    command_id: uuid.UUID | None = None,
) -> Correction:
    """Hold the payment of an active file from the month `since` on.

    `seen` and `command_id` as in branches.services.correct. Raises NotAllowed, NotNow (frozen, closed, stale,
    standing), BadInput (`since` before the pension began, or after the payroll that comes next).
    """

    def change(held: PensionFile) -> Correction:
        _check_month(held, since)
        stated = {"suspended_since": since, "suspension_reason": reason.strip()[:LONGEST_REASON]}
        return _changed(held, {"status": Status.SUSPENDED} | stated)

    return _step(Action.SUSPEND_FILE, file, by, reason, seen, command_id, change)


def resume(
    file: PensionFile, by: User, reason: str, *, seen: int | None = None, command_id: uuid.UUID | None = None
) -> Correction:
    """Pay a suspended file again. Arguments and refusals as in `suspend`."""

    def change(held: PensionFile) -> Correction:
        return _changed(held, {"status": Status.ACTIVE, "suspended_since": None, "suspension_reason": ""})

    return _step(Action.RESUME_FILE, file, by, reason, seen, command_id, change)


def close(
    file: PensionFile,
    by: User,
    cause: str,
    on: dt.date,
    reason: str,
    *,
    seen: int | None = None,
    command_id: uuid.UUID | None = None,
) -> Correction:
    """End a pension with the day `on`: the branch pays up to that day's month, and the center hears it at once.

    `cause` is a ClosingCause; a principal's death is kept in the file, too. Arguments and refusals as in `suspend`;
    NotNow ("open_move") while the file is being moved, BadInput when `on` has not come or precedes the pension.
    """

    def change(held: PensionFile) -> Correction:
        _check_day(held, on)
        if found := closing_hurdles(held):
            raise NotNow(" ".join(found), "open_move")
        month = Month.of(on) + 1
        CustodyRequest.objects.create(file=held, verb=CustodyRequest.Verb.CLOSE, month=month, reason=cause)
        return _changed(held, _closed(held, cause, on))

    done = _step(Action.CLOSE_FILE, file, by, reason, seen, command_id, change)
    for carry in on_custody_asked:
        carry(done.file)
    return done


def _closed(file: PensionFile, cause: str, on: dt.date) -> dict[str, Any]:
    """Of a survivors' file the principal is dead already: it is another death that ends it."""
    values = {"status": Status.TERMINATED, "closing_cause": cause, "closed_on": on}
    return values | ({"death_date": on} if cause == ClosingCause.DEATH and file.kind != Kind.SURVIVORS else {})


def _step(
    action: str,
    file: PensionFile,
    by: User,
    reason: str,
    seen: int | None,
    command_id: uuid.UUID | None,
    change: Callable[[PensionFile], Correction],
) -> Correction:
    def checked(held: PensionFile) -> Correction:
        if held.status not in FROM[action]:
            raise NotNow(NOT_FROM[action], "standing")
        return change(held)

    return recorded(file, by, reason, seen, command_id, checked, lambda by, file: must_may(action, by, file))


def must_may(action: str, by: User, file: PensionFile) -> None:
    """NotAllowed unless this person decides on the standing of that branch's files."""
    if not can(by, action, file.branch):
        raise NotAllowed(
            _("A file is suspended, resumed and closed by the technical officer or the head of its branch."),
            "not_allowed",
        )


def _changed(file: PensionFile, values: dict[str, Any]) -> Correction:
    """Write the columns; the unsaved record of what was and what is."""
    before = {name: getattr(file, name) for name in values}
    for name, value in values.items():
        setattr(file, name, value)
    return Correction(file=file, section=SECTION, before=_plain(before), after=_plain(values))


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in values.items()}


# --- what is typed ----------------------------------------------------------------------------------------


def _check_month(file: PensionFile, since: Month) -> None:
    if since < Month.of(file.established_on):
        raise _wrong("since", _("The pension began after this month."))
    if since > next_payroll(calendar.today()):
        raise _wrong("since", _("The payroll of this month is not the next one yet; suspend it when its turn comes."))


def _check_day(file: PensionFile, on: dt.date) -> None:
    if on > calendar.today():
        raise _wrong("on", _("This day has not come yet."))
    if on < file.established_on:
        raise _wrong("on", _("The pension began after this day."))


def _wrong(name: str, sentence: str) -> BadInput:
    return BadInput(_("Some fields must be mended."), "invalid", {name: [sentence]})


# --- what the pages say -----------------------------------------------------------------------------------

NOT_FROM: dict[str, Any] = {
    Action.SUSPEND_FILE: gettext_lazy("Only an active file is suspended."),
    Action.RESUME_FILE: gettext_lazy("Only a suspended file is resumed."),
    Action.CLOSE_FILE: gettext_lazy("Only an active or suspended file is closed."),
}


def closing_hurdles(file: PensionFile) -> list[str]:
    """What else keeps an open file from being closed; empty when nothing does."""
    return [sentence for ask in hurdles_of_closing for sentence in ask(file)]


def steps_of(file: PensionFile, by: User) -> dict[str, str]:
    """The steps that the file's page offers this person, each with what blocks it now; none while a move freezes it."""
    if file.is_frozen:
        return {}
    offered = [action for action, sources in FROM.items() if file.status in sources and can(by, action, file.branch)]
    return {action: " ".join(closing_hurdles(file)) if action == Action.CLOSE_FILE else "" for action in offered}


def months_overpaid(file: PensionFile) -> int:
    """For how many months a closed file was paid after its end; how much that was is not known here."""
    if not file.closed_on or not file.last_paid_month:
        return 0
    return max(0, Month(file.last_paid_month).since(Month.of(file.closed_on)))
