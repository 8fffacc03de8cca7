"""The payroll's calendar: until when a registration still makes the payroll of a month."""

import datetime as dt

from django.conf import settings

from pension_transfer.lib.months import Month, Months


def cutoff(month: Month) -> dt.date:
    """The last day on which the payroll of `month` takes a change in."""
    return month.day(settings.PAYROLL_CUTOFF_DAY)


def missed_since(month: Month, today: dt.date) -> Months:
    """The months from `month` on whose cut-off has passed; possibly none."""
    last = Month.of(today)
    return Months(month, last if cutoff(last) < today else last - 1)
