"""What the destination's other steps ask for."""

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.roles import Action
from pension_transfer.lib.fields import CountField, JalaliDateField, PersianTextField
from transfers.inputs.shared import ActionForm, Inputs, not_in_future


class ReceiveForm(ActionForm):
    envelope_id = forms.UUIDField(widget=forms.HiddenInput)


class PaperForm(ActionForm):
    """The paper file's arrival (directive, part 2: the paper file comes first)."""

    paper_arrived_on = JalaliDateField(label=_("Paper file arrived on"), validators=[not_in_future])
    paper_letter_number = PersianTextField(label=_("Letter number of the paper file"), max_length=30)
    paper_pages = CountField(label=_("Pages counted"), min_value=1, max_value=5000)


INPUTS: Inputs = {
    Action.RECEIVE: ReceiveForm,
    Action.RECORD_PAPER: PaperForm,
}
