"""Where the paper file and its electronic part have parted ways: told in one place, for pages, lists and counts.

It reads a case's own columns only, so that a list needs no query for its rows.
"""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pension_transfer.lib import calendar
from pension_transfer.lib.templatetags.persian import fa
from transfers.states import Side, State

if TYPE_CHECKING:
    from transfers.models import TransferCase

LIMIT = 3  # working days in which the paper file follows its electronic part, or the other way round


@dataclass(frozen=True)
class Alarm:
    """One way of parting: at `side`, in one of `states`, `missing` is empty though `since` is filled.

    `limit`: how many working days ago `since` must be.
    """

    side: str
    states: tuple[str, ...]
    since: str
    missing: str
    label: Any
    sentence: Any
    limit: int = 0

    @property
    def condition(self) -> Q:
        """The same, asked of the database."""
        filled = {f"{self.since}__lt": moment_before(self.limit)} if self.limit else {f"{self.since}__isnull": False}
        return Q(side=self.side, state__in=self.states, **filled, **{self.missing: None})

    def is_of(self, case: "TransferCase") -> bool:
        if case.side != self.side or case.state not in self.states or getattr(case, self.missing):
            return False
        since = getattr(case, self.since)
        return bool(since) and (not self.limit or since < moment_before(self.limit))


ALARMS = (
    Alarm(
        Side.ORIGIN, (State.REFERRAL, State.DRAFT, State.TECHNICALLY_APPROVED, State.HEAD_APPROVED),
        "paper_sent_on", "sent_at", gettext_lazy("paper without data"),
        gettext_lazy("The paper file was dispatched, but the data has not been sent to the center."),
    ),
    Alarm(
        Side.ORIGIN, (State.SENT, State.RECEIVED, State.VERIFIED),
        "sent_at", "paper_sent_on", gettext_lazy("data without paper"),
        gettext_lazy(
            "The data was sent three working days ago or earlier, and no dispatch of the paper file is recorded."
        ),
        LIMIT,
    ),
    Alarm(
        Side.DESTINATION, (State.RECEIVED,),
        "sent_at", "paper_arrived_on", gettext_lazy("data without paper"),
        gettext_lazy("The data was sent three working days ago or earlier, and the paper file has not arrived."),
        LIMIT,
    ),
)  # fmt: skip


def alarm_of(case: "TransferCase") -> Alarm | None:
    """How the two parts of an open case have parted ways; None when they have not."""
    return next((alarm for alarm in ALARMS if case.is_open and alarm.is_of(case)), None)


def apart() -> Q:
    """The open cases that have an alarm."""
    condition = Q()
    for alarm in ALARMS:
        condition |= alarm.condition
    return Q(closed_at=None) & condition


def moment_before(limit: int) -> dt.datetime:
    """What happened before this moment, happened `limit` working days ago or earlier."""
    today = calendar.today()
    last = today if calendar.is_working_day(today) else calendar.add_working_days(today, -1)
    return _beginning_of(calendar.add_working_days(last, 1 - limit))


@lru_cache(maxsize=8)
def _beginning_of(day: dt.date) -> dt.datetime:
    return calendar.beginning_of(day)


def warnings_of(case: "TransferCase") -> list[str]:
    """What is striking about the paper file that came; it warns and does not stop anything."""
    sealed = case.content.get("file", {}).get("paper_pages") if case.paper_pages else None
    said = case.paper_sent_pages or sealed
    if not said or case.paper_pages in (None, said):
        return []
    numbers = {"counted": fa(case.paper_pages), "sent": fa(said)}
    return [_("Pages counted at the destination: %(counted)s; pages sent by the origin: %(sent)s.") % numbers]
