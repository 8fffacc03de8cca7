"""The chain of a case: the directive's way, where the case stands on it, how long each step took, how it went before.

How long: working days, as the clock counts them (`transfers/clock.py`), of all visits to a state in one version.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.models import Status
from branches.roles import Action
from central import contract
from pension_transfer.lib import calendar
from pension_transfer.lib.templatetags.persian import fa
from transfers.hurdles import action_label
from transfers.models import TransferCase, TransferEvent
from transfers.states import Side, State

ACTIVE = "active"
WAY = (
    State.REFERRAL, State.DRAFT, State.TECHNICALLY_APPROVED, State.HEAD_APPROVED, State.SENT, State.RECEIVED,
    State.VERIFIED, State.REGISTERED,
)  # fmt: skip
# What a destination knows of the steps before its own: the approvals that came sealed, the last of them sends.
APPROVED = {"technical": State.TECHNICALLY_APPROVED, "head": State.SENT}


@dataclass(frozen=True)
class Stop:
    """One state on the chain; `took`: how long it lasted, or lasts by now."""

    state: str
    label: Any
    is_done: bool
    is_current: bool
    is_next: bool = False
    took: str = ""

    @property
    def is_beside(self) -> bool:
        """Whether it lies beside the directive's way: returned, cancelled."""
        return self.state in (State.RETURNED, State.CANCELLED)


@dataclass(frozen=True)
class Loop:
    """The way of a version that came back."""

    number: int
    stops: list[Stop]


@dataclass(frozen=True)
class Span:
    """A stay in a state; `until` is empty while it lasts."""

    version: int
    state: str
    since: dt.datetime
    until: dt.datetime | None

    @property
    def days(self) -> int:
        """Working days from the day it began to the day it ended, or today."""
        first, last = calendar.day_of(self.since), calendar.day_of(self.until or timezone.now())
        return max(0, calendar.working_days_between(first, last))


def way_of(case: TransferCase) -> list[Stop]:
    """The chain of the present version, to the pension being active; what lies beside stands where it left the way."""
    spans = [span for span in spans_of(case) if span.version == case.version]
    states = _states(case, spans)
    is_active = case.activated_at is not None
    here = states.index(ACTIVE if is_active else case.state)
    is_going_on = case.is_open and case.state in WAY
    return [
        Stop(
            state=state,
            label=label_of(state),
            is_done=i < here,
            is_current=i == here,
            is_next=is_going_on and i == here + 1,
            took=_took(spans, state, is_lasting=i == here and case.is_open),
        )
        for i, state in enumerate(states)
    ]


def loops_of(case: TransferCase) -> list[Loop]:
    """The versions that came back, the first one first: what each went through, and what ended it."""
    spans = spans_of(case)
    numbers = sorted({span.version for span in spans if span.version < case.version})
    return [Loop(number, _loop([span for span in spans if span.version == number])) for number in numbers]


def label_of(state: str) -> Any:
    return Status.ACTIVE.label if state == ACTIVE else State(state).label


def spans_of(case: TransferCase) -> list[Span]:
    """Every stay in a state, in order, as the trail of this copy tells it."""
    entries = sorted((e for event in case.events.all() for e in _entries(event)), key=lambda entry: entry[2])
    ends = [since for _version, _state, since in entries[1:]]
    last = case.activated_at or case.closed_at
    return [Span(*entry, until) for entry, until in zip(entries, [*ends, last], strict=False)]


def _entries(event: TransferEvent) -> Iterator[tuple[int, str, dt.datetime]]:
    """What an event entered: version, state, since when."""
    for given in event.details.get("approvals", []):
        yield event.version, APPROVED[given["step"]], contract.moment(given["at"])
    if event.from_state != event.to_state:
        yield event.version, event.to_state, event.at


def _states(case: TransferCase, spans: list[Span]) -> list[str]:
    stops: list[str] = [*WAY, ACTIVE]
    if case.state not in WAY:
        reached = [stops.index(span.state) for span in spans if span.state in WAY]
        least = stops.index(State.RECEIVED if case.side == Side.DESTINATION else State.REFERRAL)
        stops.insert(max([least, *reached]) + 1, case.state)
    return stops


def _loop(spans: list[Span]) -> list[Stop]:
    """The states in the order in which they were first entered, and the recall where no return ended it."""
    seen = list(dict.fromkeys(span.state for span in spans))
    stops = [Stop(state, label_of(state), True, False, took=_took(spans, state)) for state in seen]
    if State.RETURNED in seen:
        return stops
    return [*stops, Stop(State.RETURNED, action_label(Action.RECALL), True, False)]


def _took(spans: list[Span], state: str, is_lasting: bool = False) -> str:
    found = [span.days for span in spans if span.state == state]
    if not found:
        return ""
    days = sum(found)
    if is_lasting:
        return _("since today") if not days else _("for %(time)s now") % {"time": in_working_days(days)}
    return in_working_days(days) if days else _("on the same day")


def in_working_days(days: int) -> str:
    """«۳ روز کاری»."""
    return ngettext("%(days)s working day", "%(days)s working days", days) % {"days": fa(days)}
