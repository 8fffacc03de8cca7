"""What activation asks for: that the months whose payroll has passed are this branch's to pay."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from branches.roles import Action
from pension_transfer.lib.fields import CountField
from pension_transfer.lib.months import Months
from pension_transfer.lib.templatetags.persian import fa
from transfers import last_pay
from transfers.inputs.shared import ActionForm, Inputs

OWED = _("The arrears of these months are this branch's to pay: %(months)s (%(count)s months)")
ACCRUING = _("They accrue while the file is suspended and are paid when payment resumes.")


class Checkbox(forms.CheckboxInput):
    """A tick that carries a number: the one that the page showed."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, False, attrs)
        context["widget"]["value"] = str(self.attrs["value"])
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name)


class ActivateForm(ActionForm):
    """`arrears_months`: how many months this branch owes; asked for where there are any."""

    arrears_months = CountField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.months = last_pay.arrears_of(self.case) if self.case else None
        if self.case and self.months:
            self._ask(self.months, last_pay.is_suspended(self.case))

    def _ask(self, months: Months, is_suspended: bool) -> None:
        field = self.fields["arrears_months"]
        field.required, field.widget = True, Checkbox({"value": len(months)})
        field.widget.is_required = True
        field.label = OWED % {"months": months.show(), "count": fa(len(months))}
        field.help_text = ACCRUING if is_suspended else ""
        field.error_messages["required"] = _("Look at the months of arrears and tick that this branch pays them.")

    def clean_arrears_months(self) -> int:
        """The number that was seen must be that of today: another payroll may have passed meanwhile."""
        seen, now = self.cleaned_data["arrears_months"] or 0, len(self.months or ())
        if seen != now:
            values = {"count": fa(now), "months": self.months.show() if self.months else "—"}
            raise ValidationError(
                _("The months of arrears are now %(count)s (%(months)s). Look at them and confirm again."),
                "stale",
                values,
            )
        return now


INPUTS: Inputs = {Action.ACTIVATE: ActivateForm}
