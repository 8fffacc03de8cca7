"""Forms that suspend, resume and close a file: each asks why, and from when."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.models import ClosingCause
from branches.roles import Action
from pension_transfer.lib import calendar
from pension_transfer.lib.fields import JalaliDateField, JalaliMonthField, PersianTextField
from pension_transfer.lib.validation import validate_month


class StandingForm(forms.Form):
    """Why; it stays in the file's history."""

    reason = PersianTextField(
        label=_("Reason"), max_length=300, help_text=_("With the paper it rests on; it stays in the file's history.")
    )

    field_order = ("cause", "since", "on", "reason")

    def show_refusal(self, errors: dict[str, list[Any]]) -> None:
        """Put a refusal's sentences beside their fields."""
        for name, sentences in errors.items():
            self.add_error(name if name in self.fields else None, list(sentences))


class SuspendForm(StandingForm):
    since = JalaliMonthField(
        label=_("Suspended from the month"), validators=[validate_month],
        help_text=_("The first month that is not paid for the time being."),
    )  # fmt: skip


class CloseForm(StandingForm):
    cause = forms.ChoiceField(label=_("cause of closing"), choices=[("", _("choose")), *ClosingCause.choices])
    on = JalaliDateField(
        label=_("Day of the death, or last day of the entitlement"), initial=calendar.today,
        help_text=_("The pension of this day's month is the last one due."),
    )  # fmt: skip


FORMS: dict[str, type[StandingForm]] = {
    Action.SUSPEND_FILE: SuspendForm,
    Action.RESUME_FILE: StandingForm,
    Action.CLOSE_FILE: CloseForm,
}
