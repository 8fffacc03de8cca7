"""What a life event during a move asks for."""

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.roles import Action
from pension_transfer.lib.fields import JalaliDateField, PersianTextField
from transfers.inputs.shared import ActionForm, Inputs, ReasonForm, choices_of, not_in_future
from transfers.models import LifeEvent


class LifeEventForm(ActionForm):
    event = forms.ChoiceField(label=_("Life event"), choices=choices_of(LifeEvent, True))
    event_on = JalaliDateField(label=_("Date of the event"), validators=[not_in_future])
    note = PersianTextField(
        label=_("Note"), max_length=300, help_text=_("From where it is known: certificate, order number, who told it.")
    )


INPUTS: Inputs = {
    Action.RECORD_LIFE_EVENT: LifeEventForm,
    Action.RELEASE: ReasonForm,
}
