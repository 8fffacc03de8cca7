"""What follows from the last pay certificate: the first month payable at the destination, and the arrears.

Arrears are the months that a destination owes when it activates: from the first payable one on, those whose payroll has
passed.
"""

from typing import Any

from django.utils.translation import gettext as _

from branches import payroll
from branches.models import Status, User
from pension_transfer.lib import calendar
from pension_transfer.lib.months import Month, Months, is_month
from transfers.models import TransferCase
from transfers.states import Side

TOLD = {"arrears_first", "arrears_last", "arrears_months"}


def first_payable(case: TransferCase) -> Month | None:
    """The month after the last one paid at the origin: the destination pays from it on. None before it is stated."""
    last = case.last_paid_month
    return Month(last) + 1 if last and is_month(last) else None


def arrears_of(case: TransferCase) -> Months | None:
    """The months of arrears if the case were activated today, perhaps none; None where nothing is to be activated."""
    first = first_payable(case) if case.side == Side.DESTINATION and case.is_open else None
    return payroll.missed_since(first, calendar.today()) if first else None


def is_suspended(case: TransferCase) -> bool:
    """Whether the file came suspended: what it is owed accrues until payment resumes."""
    return bool(case.content["file"]["status"] == Status.SUSPENDED)


def as_told(months: Months | None) -> dict[str, int]:
    """For the trail and the other branch: first and last month (yyyymm) and how many; nothing where there are none."""
    if not months or months.last is None:
        return {}
    return {"arrears_first": months.first, "arrears_last": months.last, "arrears_months": len(months)}


def heard(body: dict[str, Any]) -> dict[str, int]:
    """What the destination told of them; nothing where it is not what `as_told` says."""
    told = {name: body[name] for name in TOLD & body.keys() if isinstance(body[name], int)}
    are_months = all(is_month(told.get(name, 0)) for name in ("arrears_first", "arrears_last"))
    return told if told.keys() == TOLD and are_months else {}


def suspension_unstated(case: TransferCase, by: User) -> list[str]:
    """A hurdle: whoever pays next has to know since when a suspended file is not paid, and why."""
    certificate = case.content.get("last_pay_certificate", {})
    is_stated = certificate.get("suspended_since") and certificate.get("suspension_reason")
    if is_stated or not case.content or case.content["file"]["status"] != Status.SUSPENDED:
        return []
    return [_("The file is suspended: state since which month and why, under «Issue the last pay certificate».")]
