"""What is typed to ask who pays: a person's number, a branch, a month."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib.calendar import today
from pension_transfer.lib.fields import DigitsField, JalaliMonthField
from pension_transfer.lib.months import Month
from transfers.inputs.shared import BranchField


def this_month() -> Month:
    """The month of today, in Tehran."""
    return Month.of(today())


def as_typed(month: Any) -> Any:
    """A month as the house writes it, 1405/09; what is none stays as it was typed."""
    try:
        return JalaliMonthField().prepare_value(Month.parse(str(int(month))))
    except ValueError:
        return month


class WhoPaysForm(forms.Form):
    number = DigitsField(10, 10, label=_("Pension number or national code"))
    month = JalaliMonthField(label=_("Month"), initial=this_month)


class PayrollForm(forms.Form):
    """A branch and a month; who belongs to one branch only is not asked for it."""

    branch = BranchField(label=_("Branch"))
    month = JalaliMonthField(label=_("Month"))

    def __init__(self, asked: Any, own: list[str]) -> None:
        branch = asked.get("branch") or next(iter(own), "")
        month = asked.get("month") or this_month()
        super().__init__({"branch": branch, "month": as_typed(month)} if branch else None)
        self.initial = {"month": this_month()}
        if len(own) == 1 and branch == own[0]:
            self.fields["branch"].widget = forms.HiddenInput()
