"""What stating the last pay certificate asks for: its columns of the pension file, and the paper it rests on."""

import copy
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.models import PensionFile
from branches.roles import Action
from branches.sections import CERTIFICATE
from pension_transfer.lib.fields import PersianTextField, formfield_for
from transfers.inputs.shared import ActionForm, Inputs

COLUMNS = forms.fields_for_model(PensionFile, CERTIFICATE, formfield_callback=formfield_for)


class StateCertificateForm(ActionForm):
    """What the file says, as the technical officer states it; the model says what belongs together."""

    reason = PersianTextField(
        label=_("According to"),
        max_length=300,
        help_text=_("Which paper shows it, such as the payroll of that month; it stays in the file's history."),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields = copy.deepcopy(COLUMNS) | self.fields
        self.fields["last_paid_month"].required = True
        self.order_fields(["last_paid_month", "reason"])  # then each amount stands beside what it is for


INPUTS: Inputs = {Action.STATE_CERTIFICATE: StateCertificateForm}
