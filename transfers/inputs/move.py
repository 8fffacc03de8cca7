"""What the steps of the origin ask for."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from branches.models import PensionFile
from branches.postal import near_by
from branches.roles import Action
from pension_transfer.lib.fields import JalaliDateField, JalaliMonthField, PersianTextField
from pension_transfer.lib.months import show_month
from transfers.inputs.shared import ActionForm, BranchField, Inputs, ReasonForm, not_in_future
from transfers.models.case import Reason
from transfers.payroll_warnings import months_run, passed


class MoveForm(ActionForm):
    """The referral (ارجاع پرونده): where to, why, with which letter."""

    destination = BranchField(label=_("Destination branch"))
    reason = forms.ChoiceField(label=_("Reason for referral"), choices=Reason.choices, initial=Reason.RESIDENCE)
    letter_number = PersianTextField(label=_("Referral letter number"), max_length=30)
    letter_date = JalaliDateField(label=_("Referral letter date"), validators=[not_in_future])
    note = PersianTextField(label=_("Note"), max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.case and self.case.pension_file:
            self.suggest_for(self.case.pension_file)

    def suggest_for(self, file: PensionFile) -> None:
        """Branches where the person lives, by the address in the file, stand first; its own branch never does."""
        destination: Any = self.fields["destination"]
        destination.widget.near = lambda branches: near_by(
            [branch for branch in branches if branch.pk != file.branch_id], file.address, file.postal_code
        )


class LastPaidMonthForm(ActionForm):
    last_paid_month = JalaliMonthField(
        label=_("Last month paid at origin"), help_text=_("The destination pays from the month after it.")
    )

    def clean_last_paid_month(self) -> int:
        month: int = self.cleaned_data["last_paid_month"]
        held = self.case.pension_file.last_paid_month if self.case and self.case.pension_file else None
        if month != held:
            raise ValidationError(
                _("The pension file says %(month)s. Correct the file first, or write that month."), "differs",
                {"month": show_month(held)},
            )  # fmt: skip
        if self.case and (run := months_run(self.case.file, month)):
            raise ValidationError(passed(run), "payroll_has_run")
        return month


class ApproveHeadForm(ActionForm):
    content_hash = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_content_hash(self) -> str:
        seen: str = self.cleaned_data["content_hash"]
        if seen and self.case and seen != self.case.content_hash:
            raise ValidationError(_("The content has changed since this page was shown. Look at it again."), "changed")
        return seen


INPUTS: Inputs = {
    Action.REFER: MoveForm,
    Action.EDIT_MOVE: MoveForm,
    Action.APPROVE_TECHNICAL: LastPaidMonthForm,
    Action.SEND_BACK: ReasonForm,
    Action.APPROVE_HEAD: ApproveHeadForm,
    Action.RECALL: ReasonForm,
    Action.CANCEL: ReasonForm,
}
