"""What taking over and reassigning a case ask for."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from branches.models import Appointment, User
from branches.roles import Action
from pension_transfer.lib.fields import PersianTextField
from pension_transfer.lib.persian import listed
from pension_transfer.lib.templatetags.persian import fa
from transfers.inputs.shared import Inputs, ReasonForm
from transfers.models.work import in_turn


class PersonField(forms.ModelChoiceField):
    """Somebody of the staff, by the user name."""

    default_error_messages = {
        "required": _("Choose who is to have the case."),
        "invalid_choice": _("This person does not hold the office whose turn it is. Choose another one."),
    }

    def __init__(self, **kwargs: Any):
        super().__init__(User.objects.none(), to_field_name="username", empty_label=_("choose"), **kwargs)


class TakeForm(ReasonForm):
    """What nobody has is taken without a word; a colleague reads why it was taken over."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not (self.case and self.case.taker):
            del self.fields["reason"]


class ReassignForm(ReasonForm):
    """To whom, of those who hold the office whose turn it is there, and why."""

    to = PersonField(label=_("To whom"))
    field_order = ["to", "reason"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.case:
            self.fields["to"].queryset = in_turn(self.case.turn, self.case.branch_id)  # type: ignore[attr-defined]

    def clean_to(self) -> User:
        to: User = self.cleaned_data["to"]
        if self.case and self.case.taken_by_id == to.pk:
            raise ValidationError(_("This person has the case already."), "already")
        return to


# --- for several cases at once; each of them is asked by its own form above ---------------------------------


class TakeAll(forms.Form):
    reason = PersianTextField(
        label=_("Reason"), max_length=300, required=False,
        help_text=_("Only needed for a case that a colleague has taken."),
    )  # fmt: skip


class ReassignAll(forms.Form):
    """To whom the cases that are ticked go, of everybody who holds an office there."""

    to = forms.ChoiceField(label=_("To whom"))
    reason = PersianTextField(label=_("Reason"), max_length=300)

    def __init__(self, offices: list[Appointment], **kwargs: Any):
        super().__init__(**kwargs)
        people = {a.user.username: listed([a.user, a.get_role_display(), fa(a.branch)]) for a in offices}
        self.fields["to"].choices = [("", _("choose")), *people.items()]  # type: ignore[attr-defined]


INPUTS: Inputs = {Action.TAKE: TakeForm, Action.REASSIGN: ReassignForm}
