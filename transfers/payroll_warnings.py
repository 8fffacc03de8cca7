"""Warnings in time: which cases are about to miss the payroll of the destination's first month, or have missed it.

The destination pays from the month after the last paid one; a suspended pension is in no payroll. One answer for the
case's page, the lists and the digest, from columns that a list has loaded anyway.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import PensionFile, Status, User
from branches.payroll import cutoffs, in_calendar, missed_since, usual_cutoff
from pension_transfer.lib import calendar
from pension_transfer.lib.errors import NotNow
from pension_transfer.lib.months import NAMES, Month, Months
from pension_transfer.lib.templatetags.persian import fa, jalali
from transfers.states import State

if TYPE_CHECKING:
    from transfers.models import TransferCase


def payable_from(status: str, last_paid_month: int | None) -> Month | None:
    """The first month that the destination pays; None for a pension that is in no payroll, or while nobody knows."""
    return Month(last_paid_month) + 1 if last_paid_month and status != Status.SUSPENDED else None


@dataclass(frozen=True)
class PayrollWarning:
    """What is printed of a case: a chip's look, its words, by when, and the whole sentence."""

    look: str
    words: str
    note: str
    sentence: str


@dataclass(frozen=True)
class Outlook:
    """The payroll calendar as seen on one day: the first payroll still open, its cut-off, and whether that is near."""

    month: Month
    cutoff: dt.date
    is_near: bool

    @property
    def last_at_risk(self) -> Month:
        """The last month whose payroll is missed, or about to be."""
        return self.month if self.is_near else self.month - 1

    def warning_of(self, case: "TransferCase") -> PayrollWarning | None:
        """What is to be said of a case; None of one that is closed, or while the cut-off is far."""
        if not case.is_open or case.payable_from is None or case.payable_from > self.last_at_risk:
            return None
        is_missed, step = case.payable_from < self.month, case.state == State.REGISTERED
        months = Months(Month(case.payable_from), self.month - 1 if is_missed else self.month)
        about = {"month": months.show(), "day": jalali(self.cutoff), "branch": fa(case.destination)}
        look, note = ("late", "") if is_missed else ("soon", _("by %(day)s") % about)
        return PayrollWarning(look, _in_short(months, is_missed), note, SENTENCES[is_missed, step] % about)


def _in_short(months: Months, is_missed: bool) -> str:
    """«پرداخت آذر», or of how many payrolls it has missed: a chip in a column has no place for more."""
    if len(months) > 1:
        return _("missed %(n)s payrolls") % {"n": fa(len(months))}
    sentence = _("missed the payroll of %(month)s") if is_missed else _("payroll of %(month)s")
    return sentence % {"month": NAMES[months.first % 100 - 1]}


SENTENCES: dict[tuple[bool, bool], Any] = {  # whether it is missed, whether only the activation is left
    (False, False): gettext_lazy(
        "It will miss the payroll of %(month)s at %(branch)s unless it is registered there by %(day)s."
    ),
    (False, True): gettext_lazy("It will miss the payroll of %(month)s unless it is activated by %(day)s."),
    (True, False): gettext_lazy(
        "It has missed the payroll of %(month)s; what is due for that is paid as arrears by %(branch)s."
    ),
    (True, True): gettext_lazy(
        "It is not active and has missed the payroll of %(month)s; what is due for that is paid as arrears by "
        "%(branch)s."
    ),
}


def outlook(day: dt.date | None = None, days: dict[Month, dt.date] | None = None) -> Outlook:
    """The payroll calendar as seen on `day` (today), in one query; in none where the `days` were read along."""
    day = day or calendar.today()
    month = Month.of(day)
    days = days or cutoffs([month, month + 1])
    month = month if day <= days[month] else month + 1
    return Outlook(month, days[month], calendar.add_working_days(day, settings.PAYROLL_WARNING_DAYS) >= days[month])


def with_cutoffs(rows: QuerySet["TransferCase"]) -> QuerySet["TransferCase"]:
    """The cases with the payroll calendar's days of this month and the next, for the page of one of them."""
    month = Month.of(calendar.today())
    return rows.annotate(cutoff_now=in_calendar(month), cutoff_next=in_calendar(month + 1))


def warning_beside(case: "TransferCase") -> PayrollWarning | None:
    """What is to be said of a case read `with_cutoffs` today."""
    month = Month.of(calendar.today())
    held = {month: getattr(case, "cutoff_now", None), month + 1: getattr(case, "cutoff_next", None)}
    return outlook(days={month: day or usual_cutoff(month) for month, day in held.items()}).warning_of(case)


def is_at_risk(day: dt.date | None = None, ahead: Outlook | None = None) -> Q:
    """Open cases that have missed a payroll, or are about to, on `day` (today)."""
    return Q(closed_at=None, payable_from__lte=(ahead or outlook(day)).last_at_risk)


# --- before the seal ----------------------------------------------------------------------------------------


def months_run(file: PensionFile, last_paid_month: int | None) -> Months | None:
    """The months after the last paid one whose payroll has run at the origin; None when it is the last one."""
    month = payable_from(file.status, last_paid_month)
    missed = missed_since(month, calendar.today()) if month else None
    return missed or None


def month_stands(case: "TransferCase", by: User) -> list[Any]:
    """What is sealed as the last paid month is the file's, and no payroll has run since (DESIGN 11.11)."""
    if case.last_paid_month != case.file.last_paid_month:
        raise NotNow(_("The last paid month is no longer the file's; it has to be stated anew."), "content_changed")
    if months := months_run(case.file, case.last_paid_month):
        raise NotNow(passed(months), "content_changed")
    return []


def passed(months: Months) -> str:
    """That a payroll has run since, and what to do about it."""
    sentence = _(
        "The cut-off of the payroll of %(month)s has passed, so it is paid here; correct the last paid month in the "
        "file, and it is stated anew."
    )
    return sentence % {"month": months.show()}
