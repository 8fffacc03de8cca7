"""What stands now, branch by branch: what is open, overdue, apart from its paper, at risk for the payroll.

It reads the open cases only, by their index: their number does not grow with the years.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Q

from branches.models import User
from pension_transfer.lib.calendar import today
from transfers import clock, paper
from transfers.models import TransferCase
from transfers.overviews.place import Place
from transfers.payroll_warnings import is_at_risk, outlook
from transfers.states import Side, State


@dataclass(frozen=True)
class Standing:
    """Counts of open cases; `oldest` is the earliest due date that has passed."""

    open: int = 0
    overdue: int = 0
    unreceived: int = 0
    apart: int = 0
    at_risk: int = 0
    oldest: dt.date | None = None

    def __add__(self, other: "Standing") -> "Standing":
        numbers = {name: getattr(self, name) + getattr(other, name) for name in COUNTS}
        return Standing(**numbers, oldest=min(filter(None, [self.oldest, other.oldest]), default=None))

    @property
    def longest(self) -> int:
        """How many working days the oldest one is overdue."""
        return clock.working_days_late(self.oldest, today())


COUNTS = ("open", "overdue", "unreceived", "apart", "at_risk")


def standing_by_branch(user: User, place: Place) -> dict[str, Standing]:
    """The branches of a place that have open cases: one query, and one for the payroll calendar."""
    rows = place.narrowed(TransferCase.objects.visible_to(user).open()).order_by()
    found = rows.values("branch").annotate(oldest=Min("due_on", filter=clock.is_overdue()), **_counts())
    return {row.pop("branch"): Standing(**row) for row in found}


def _counts() -> dict[str, Any]:
    sent = Q(side=Side.ORIGIN, state=State.SENT, turn_since__date__lt=clock.sent_before())
    asked = {
        "overdue": clock.is_overdue(),
        "unreceived": sent,
        "apart": paper.apart(),
        "at_risk": is_at_risk(ahead=outlook()),
    }
    return {"open": Count("pk")} | {name: Count("pk", filter=condition) for name, condition in asked.items()}


def grouped_by(found: dict[str, Standing], above: dict[str, str]) -> dict[str, Standing]:
    """The same for what the branches are parts of."""
    groups: dict[str, Standing] = defaultdict(Standing)
    for branch, standing in found.items():
        groups[above.get(branch, branch)] += standing
    return dict(groups)
