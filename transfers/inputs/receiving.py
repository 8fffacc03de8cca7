"""What the destination's other steps ask for."""

from django import forms

from branches.roles import Action
from transfers.inputs.shared import ActionForm, Inputs


class ReceiveForm(ActionForm):
    envelope_id = forms.UUIDField(widget=forms.HiddenInput)


INPUTS: Inputs = {
    Action.RECEIVE: ReceiveForm,
}
