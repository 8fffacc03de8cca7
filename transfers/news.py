"""What changed in a person's work since the working day before: counted for the work queue, and as queues of it."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from branches.models import User
from pension_transfer.lib import calendar
from transfers.clock import is_overdue
from transfers.models import TransferCase, TransferEvent
from transfers.models.case import TransferCaseQuerySet
from transfers.notices import BACK
from transfers.turns import waiting_for


def day_before(day: dt.date | None = None) -> dt.date:
    """The working day before `day` (today)."""
    return calendar.add_working_days(day or calendar.today(), -1)


def _came(user: User, since: dt.date) -> Q:
    return waiting_for(user) & Q(turn_since__gte=calendar.beginning_of(since))


def _back(user: User, since: dt.date) -> Q:
    steps = TransferEvent.objects.filter(case=OuterRef("pk"), action__in=BACK, at__gte=calendar.beginning_of(since))
    return _came(user, since) & Q(Exists(steps))


def _arrived(user: User, since: dt.date) -> Q:
    return _came(user, since) & ~_back(user, since)


def _went_on(user: User, since: dt.date) -> Q:
    return Q(turn_since__gte=calendar.beginning_of(since)) & ~waiting_for(user)


def _became_overdue(user: User, since: dt.date) -> Q:
    """Its day was not over that morning, and is now."""
    return waiting_for(user) & is_overdue() & Q(due_on__gte=since)


NEWS: dict[str, tuple[Any, Callable[[User, dt.date], Q]]] = {  # of `news` in the address
    "arrived": (_("arrived at your turn"), _arrived),
    "back": (_("came back"), _back),
    "on": (_("went on to others"), _went_on),
    "late": (_("became overdue"), _became_overdue),
}


def of(name: str, user: User) -> TransferCaseQuerySet:
    """The open cases of one kind of news, by its name in NEWS."""
    return _all(user).filter(NEWS[name][1](user, day_before()))


def counts(user: User) -> list[dict[str, Any]]:
    """How many there are of each kind; those of which there are none are left out. One query."""
    since = day_before()
    asked = {name: Count("pk", filter=which(user, since)) for name, (_label, which) in NEWS.items()}
    found = _all(user).aggregate(**asked)
    return [{"news": name, "label": NEWS[name][0], "n": n} for name, n in found.items() if n]


def _all(user: User) -> TransferCaseQuerySet:
    return TransferCase.objects.visible_to(user).open()
