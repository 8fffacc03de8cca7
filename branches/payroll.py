"""The payroll calendar: by when a change must stand to make the payroll of a month.

The cut-off day itself is the last day on which a registration still makes the payroll.
"""

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Subquery

from branches.models import PayrollCutoff
from pension_transfer.lib.months import Month, Months


def cutoff(month: Month) -> dt.date:
    """The cut-off of the payroll of `month`."""
    return cutoffs([month])[month]


def cutoffs(months: Iterable[Month]) -> dict[Month, dt.date]:
    """The cut-off of each of these months, in one query: the calendar's, otherwise the usual day of the month."""
    wanted = list(dict.fromkeys(months))
    usual = {month: usual_cutoff(month) for month in wanted}
    return usual | {Month(row.month): row.day for row in PayrollCutoff.objects.filter(month__in=wanted)}


def usual_cutoff(month: Month) -> dt.date:
    """The cut-off of a month of which the calendar says nothing."""
    return month.day(settings.PAYROLL_CUTOFF_DAY)


def in_calendar(month: Month) -> Subquery:
    """What the calendar says of a month, to be read along with other rows; null where it says nothing."""
    return Subquery(PayrollCutoff.objects.filter(month=month).values("day"))


def next_payroll(today: dt.date) -> Month:
    """The first month whose cut-off has not passed on `today`."""
    month = Month.of(today)
    return month if today <= cutoff(month) else month + 1


def missed_since(month: Month, today: dt.date) -> Months:
    """The months from `month` on whose cut-off has passed on `today`; possibly none."""
    return Months(month, next_payroll(today) - 1)
