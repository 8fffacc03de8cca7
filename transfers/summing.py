"""Summing up the trail by day, for the overviews: whole days, taken anew, so that nothing can drift (decision 0025)."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Min, OuterRef, Q, Subquery
from django.db.models.functions import TruncDate
from django.utils import timezone

from branches.models import Branch
from pension_transfer.lib import calendar
from transfers.lateness import Party
from transfers.models import Discrepancy, Figure, Severity, Summary, SummedDay, TransferEvent
from transfers.models.summary import COUNTRY
from transfers.states import Side, State

# What is counted as a step of the flow, at the branch that takes it.
FLOWS: dict[tuple[str, str], str] = {
    (Side.ORIGIN, "refer"): "opened",
    (Side.ORIGIN, "mark_sent"): "sent",
    (Side.DESTINATION, "receive"): "received",
    (Side.DESTINATION, "register"): "registered",
    (Side.DESTINATION, "activate"): "activated",
    (Side.DESTINATION, "return_to_origin"): "returned",
    (Side.ORIGIN, "cancel"): "cancelled",
}
# The stays of a move, each once though both branches have a copy: where it waits is where it is counted.
STAYS: tuple[tuple[str, str], ...] = (
    (Side.ORIGIN, State.REFERRAL), (Side.ORIGIN, State.DRAFT), (Side.ORIGIN, State.TECHNICALLY_APPROVED),
    (Side.ORIGIN, State.HEAD_APPROVED), (Side.ORIGIN, State.SENT), (Side.DESTINATION, State.RECEIVED),
    (Side.DESTINATION, State.VERIFIED), (Side.DESTINATION, State.REGISTERED), (Side.ORIGIN, State.RETURNED),
)  # fmt: skip
ENDS_WITHIN = ("activate",)  # the state stays, and the move is over
AT_ONCE = 31  # days summed in one transaction
LONGEST = 999  # working days; whatever waited longer waited this long
Counted = Counter[tuple[str, dt.date, str, str, int]]


def catch_up() -> int:
    """Sum up what came since the last time, that day once more; how many days."""
    last = SummedDay.objects.order_by("-day").first()
    first = last.day if last else _beginning()
    return renew(first, calendar.today()) if first else 0


def renew_all() -> int:
    """Sum up everything anew: after a branch came with its trail, or was put under another administration."""
    first = _beginning()
    return renew(first, calendar.today()) if first else 0


def renew(first: dt.date, last: dt.date) -> int:
    """Sum up the days from `first` to `last` (of Tehran) anew, a month at a time; how many days."""
    for day in _from(first, last):
        _renew(day, min(last, day + dt.timedelta(days=AT_ONCE - 1)))
    return (last - first).days + 1


def _from(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    while first <= last:
        yield first
        first += dt.timedelta(days=AT_ONCE)


def _beginning() -> dt.date | None:
    """The first day of the trail: it is read from end to end once, before anything is summed."""
    at = TransferEvent.objects.aggregate(at=Min("at"))["at"]
    return calendar.day_of(at) if at else None


@transaction.atomic
def _renew(first: dt.date, last: dt.date) -> None:
    """One at a time; who reads meanwhile sees the old figures."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE transfers_summary IN SHARE ROW EXCLUSIVE MODE")
    at, counted = timezone.now(), counted_in(first, last)
    Summary.objects.filter(day__range=(first, last)).delete()
    rows = (Summary(place=p, day=d, figure=f, key=k, days=w, n=n) for (p, d, f, k, w), n in counted.items())
    Summary.objects.bulk_create(rows, batch_size=2000)
    days = [SummedDay(day=first + dt.timedelta(days=n), at=at) for n in range((last - first).days + 1)]
    SummedDay.objects.bulk_create(days, update_conflicts=True, unique_fields=["day"], update_fields=["at"])


def counted_in(first: dt.date, last: dt.date) -> Counted:
    """What the trail tells of these days, for every branch, every administration and the whole."""
    events, above = _events(first, last), dict(Branch.objects.values_list("pk", "administration"))
    found: Counted = Counter()
    for branch, day, figure, key, days, n in (*_flow(events), *_stays(events), *_late(events), *_reasons(events)):
        for place in (branch, above[branch], COUNTRY):
            found[place, day, figure, key, min(days, LONGEST)] += n
    return found


def _events(first: dt.date, last: dt.date) -> Any:
    begin, end = calendar.beginning_of(first), calendar.beginning_of(last + dt.timedelta(days=1))
    return TransferEvent.objects.filter(at__gte=begin, at__lt=end).order_by().annotate(day=TruncDate("at"))


Row = tuple[str, dt.date, str, str, int, int]


def _flow(events: Any) -> Iterator[Row]:
    rows = events.filter(action__in={action for _side, action in FLOWS})
    rows = rows.values_list("case__branch", "day", "case__side", "action").annotate(n=Count("pk"))
    for branch, day, side, action, n in rows:
        if key := FLOWS.get((side, action)):
            yield branch, day, Figure.FLOW, key, 0, n


def _stays(events: Any) -> Iterator[Row]:
    """How long a copy stood in the state that a step ended: from the step that had led there."""
    before = TransferEvent.objects.filter(case=OuterRef("case"), sequence__lt=OuterRef("sequence"))
    began = before.exclude(from_state=F("to_state")).order_by("-sequence").annotate(day=TruncDate("at")).values("day")
    rows = events.filter(~Q(from_state=F("to_state")) | Q(action__in=ENDS_WITHIN)).exclude(from_state="")
    rows = rows.annotate(began=Subquery(began[:1])).values_list(
        "case__branch", "day", "case__side", "from_state", "began"
    )
    for branch, day, side, state, since, n in rows.annotate(n=Count("pk")):
        if (side, state) in STAYS:
            yield branch, day, Figure.STAY, stay_key(side, state), calendar.working_days_between(since, day), n


def stay_key(side: str, state: str) -> str:
    """How a stay is named in the summary."""
    return f"{side}.{state}"


def _late(events: Any) -> Iterator[Row]:
    """Each step at the branch that answers for it; what the technique answers for, at the branch that waited."""
    rows = events.exclude(party="").values_list(
        "case__branch", "case__origin", "case__destination", "day", "party", "days_late"
    )
    for branch, origin, destination, day, party, days, n in rows.annotate(n=Count("pk")):
        place = {Party.ORIGIN: origin, Party.DESTINATION: destination}.get(party, branch)
        yield place, day, Figure.LATE, party, days, n


def _reasons(events: Any) -> Iterator[Row]:
    """In how many returns a reason was given, at the branch that gave the file back: each once for a return."""
    returns = events.filter(action="return_to_origin")
    rows = list(returns.values_list("case__branch", "day", "case", "version", "details__code"))
    said = Discrepancy.objects.filter(case__in=[row[2] for row in rows], severity=Severity.MUST_BE_CORRECTED)
    codes: dict[tuple[int, int], set[str]] = defaultdict(set)
    for case, version, code in said.values_list("case", "version", "code"):
        codes[case, version].add(code)
    for branch, day, case, version, of_case in rows:
        for code in {*codes[case, version], *filter(None, [of_case])}:
            yield branch, day, Figure.REASON, code, 0, 1
