"""What happened in a period, read from the summary: three queries, however long the period and wide the place."""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, F, Sum, Value, When

from branches.models import User
from pension_transfer.lib import calendar
from pension_transfer.lib.calendar import is_working_day
from pension_transfer.lib.months import Month, Months
from transfers.models import Figure, Summary
from transfers.overviews.place import Place

BY_DAY = 93  # days that are drawn one by one; a longer period is drawn by its months
Histogram = Counter[int]  # working days: how often


@dataclass(frozen=True)
class Figures:
    """`flow` by day or by month, `stays` and `late` by their keys, `reasons` of returns."""

    flow: dict[dt.date | Month, Counter[str]]
    stays: dict[str, Histogram]
    late: dict[str, Histogram]
    reasons: Counter[str]

    @property
    def is_empty(self) -> bool:
        return not (self.stays or self.reasons or self.late or any(self.flow.values()))

    @property
    def totals(self) -> Counter[str]:
        """The flow of the whole period."""
        return sum(self.flow.values(), Counter())


def figures_of(user: User, place: Place, months: Months) -> Figures:
    """The figures of a place in these months."""
    rows = of_period(Summary.objects.visible_to(user).filter(place=place.code), months)
    held: dict[str, dict[str, Histogram]] = defaultdict(lambda: defaultdict(Counter))
    counted = rows.exclude(figure=Figure.FLOW).values_list("figure", "key", "days").annotate(n=Sum("n"))
    for figure, key, days, n in counted.order_by():
        held[figure][key][days] = n
    reasons = Counter({key: histogram.total() for key, histogram in held[Figure.REASON].items()})
    return Figures(_flow(rows, months), dict(held[Figure.STAY]), dict(held[Figure.LATE]), reasons)


def of_period(rows: Any, months: Months) -> Any:
    """Rows of the summary of these months, up to today."""
    return rows.filter(day__range=days_of(months))


def days_of(months: Months) -> tuple[dt.date, dt.date]:
    """The first and the last day of closed months."""
    return months.first.first_day, (months.first + len(months)).first_day - dt.timedelta(days=1)


def _flow(rows: Any, months: Months) -> dict[dt.date | Month, Counter[str]]:
    """Every working day (or month) of the period up to today, and the days off on which something happened."""
    first, last = days_of(months)
    last = min(last, max(calendar.today(), first))
    is_by_day = (last - first).days < BY_DAY
    every = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    found: dict[dt.date | Month, Counter[str]] = {day if is_by_day else Month.of(day): Counter() for day in every}
    for day, key, n in rows.filter(figure=Figure.FLOW, day__lte=last).values_list("day", "key", "n"):
        found[day if is_by_day else Month.of(day)][key] += n
    return {day: counted for day, counted in found.items() if counted or isinstance(day, Month) or is_working_day(day)}


def late_by_place(user: User, places: list[str], months: Months) -> dict[str, Counter[str]]:
    """How many steps each of these places was late with, by who answers for them; `steps` are all of its steps."""
    rows = of_period(Summary.objects.visible_to(user).filter(place__in=places, figure=Figure.LATE), months)
    kind = Case(When(days__gt=0, then=F("key")), default=Value("in_time"), output_field=CharField())
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for place, key, n in rows.values_list("place", kind).annotate(n=Sum("n")).order_by():
        found[place] += Counter({key: n, "steps": n})
    return found


def percentile(histogram: Histogram, percent: int) -> int:
    """The least number of days within which so many percent lie (nearest rank). ValueError when there is nothing."""
    rank, seen = -(-histogram.total() * percent // 100), 0
    for days in sorted(histogram):
        seen += histogram[days]
        if seen >= rank:
            return days
    raise ValueError("nothing was counted")
