"""How a sent move stands: sent and never received, received and not registered, late, or in time (FAULTS 54)."""

import datetime as dt
from enum import Enum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from pension_transfer.lib import calendar
from transfers.clock import clock_of
from transfers.states import State

if TYPE_CHECKING:
    from transfers.models import TransferCase


class Progress(Enum):
    NEVER_RECEIVED = "never_received"
    NOT_REGISTERED = "not_registered"
    LATE = "late"
    IN_TIME = "in_time"

    @property
    def label(self) -> Any:
        return LABELS[self]


LABELS: dict[Progress, Any] = {
    Progress.NEVER_RECEIVED: _("sent and never received"),
    Progress.NOT_REGISTERED: _("received and not registered"),
    Progress.LATE: _("late"),
    Progress.IN_TIME: _("in time"),
}
PAST_THE_LIMIT = {
    State.SENT: Progress.NEVER_RECEIVED,
    State.RECEIVED: Progress.NOT_REGISTERED,
    State.VERIFIED: Progress.NOT_REGISTERED,
}


def progress_of(case: "TransferCase", day: dt.date | None = None) -> Progress:
    """Of either copy, on `day` (today): past the limit of whoever must act, and in what that consists."""
    if not case.is_open or not clock_of(case, day or calendar.today()).late:
        return Progress.IN_TIME
    return PAST_THE_LIMIT.get(State(case.state), Progress.LATE)
