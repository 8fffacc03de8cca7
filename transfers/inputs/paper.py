"""What is asked about the paper file: its dispatch at the origin, its arrival at the destination.

The fields are called as the columns of a case are.
"""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from branches.roles import Action
from pension_transfer.lib.fields import CodeField, CountField, JalaliDateField, PersianTextField
from pension_transfer.lib.persian import fold
from transfers import scan, tracking
from transfers.inputs.shared import ActionForm, Inputs, not_in_future
from transfers.models import PaperCondition, PaperMethod

MOST_PAGES = 5000


class DispatchForm(ActionForm):
    """The paper file leaves by the existing ways (directive, part 1); recorded again, it corrects what was said."""

    paper_sent_on = JalaliDateField(label=_("Paper file dispatched on"), validators=[not_in_future])
    paper_method = forms.ChoiceField(
        label=_("Method of dispatch"), choices=PaperMethod.choices, initial=PaperMethod.REGISTERED_MAIL
    )
    paper_sent_letter = PersianTextField(label=_("Letter number of the dispatch"), max_length=30)
    paper_sent_pages = CountField(label=_("Pages sent"), min_value=1, max_value=MOST_PAGES)
    parcel_number = CodeField(
        label=_("Parcel number"), max_length=40, required=False, help_text=_("As it stands on the post's receipt.")
    )


class PaperForm(ActionForm):
    """The paper file's arrival (directive, part 2: the paper file comes first)."""

    paper_arrived_on = JalaliDateField(label=_("Paper file arrived on"), validators=[not_in_future])
    paper_letter_number = PersianTextField(label=_("Letter number of the paper file"), max_length=30)
    paper_pages = CountField(label=_("Pages counted"), min_value=1, max_value=MOST_PAGES)
    paper_condition = forms.ChoiceField(
        label=_("Condition"), choices=PaperCondition.choices, initial=PaperCondition.GOOD
    )
    paper_note = PersianTextField(label=_("Note on the condition"), max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        is_bad = data.get("paper_condition", PaperCondition.GOOD) != PaperCondition.GOOD
        if is_bad and not data.get("paper_note") and "paper_note" not in self.errors:
            sentence = _("Write what is damaged or missing; the origin reads it.")
            self.add_error("paper_note", ValidationError(sentence, "required"))
        return data


class ArrivalForm(PaperForm):
    """A paper file of which nothing electronic is here: found again by the number that stands on it."""

    number = forms.CharField(
        label=_("Tracking number or pension number"), max_length=200,
        help_text=_("Scan the transfer sheet, or type the number that stands on the sheet or the letter."),
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    field_order = ["number"]

    def clean_number(self) -> str:
        sheet = scan.read(self.cleaned_data["number"])
        number = sheet.tracking_number if sheet else fold(self.cleaned_data["number"]).replace("-", "")
        if not re.fullmatch("[0-9]{10}|[0-9]{13}", number):
            raise ValidationError(_("A tracking number has 13 digits, a pension number has 10."), "length")
        if len(number) == 13 and tracking.check_digit(number[:-1]) != number[-1]:
            raise ValidationError(_("The check digit of this tracking number is wrong; compare it."), "checksum")
        return number


INPUTS: Inputs = {
    Action.DISPATCH_PAPER: DispatchForm,
    Action.RECORD_PAPER: PaperForm,
}
