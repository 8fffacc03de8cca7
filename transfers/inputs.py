"""What each action asks for. Pages show these forms; the API and commands pass through the same ones."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from branches.roles import Action
from pension_transfer.lib import calendar
from pension_transfer.lib.errors import BadInput
from pension_transfer.lib.fields import (
    CountField,
    JalaliDateField,
    JalaliMonthField,
    PersianTextField,
)
from pension_transfer.lib.persian import fold, to_ascii_digits
from pension_transfer.lib.templatetags.persian import fa
from transfers.models import Code, Severity, TransferCase
from transfers.models.case import Reason
from transfers.models.comparison import CASE_CODES, FIELD_CODES

CODE = re.compile("(?<![0-9])[0-9]{4}(?![0-9])")
SECTION_NAMES = {
    "principal": _("Principal"),
    "contact": _("Bank account and address"),
    "dependents": _("Dependents"),
    "decrees": _("Decrees"),
    "deductions": _("Deductions"),
    "last_pay_certificate": _("Last pay certificate"),
}


def _choices(codes: Any, blank: bool = False) -> list[tuple[str, Any]]:
    return ([("", _("choose"))] if blank else []) + [(code.value, code.label) for code in codes]


def _not_in_future(day: Any) -> None:
    if day > calendar.today():
        raise ValidationError(_("This day has not come yet."), "future")


class ActionForm(forms.Form):
    """An action without input; the others add fields. `case` is None when there is no case yet."""

    def __init__(self, *args: Any, case: TransferCase | None = None, **kwargs: Any):
        self.case = case
        super().__init__(*args, **kwargs)


class ReasonForm(ActionForm):
    reason = PersianTextField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write the reason; the person who continues reads it.")},
    )  # fmt: skip


class BranchInput(forms.Select):
    """A text box with the branches as suggestions: 170 of them are found by typing, not by scrolling."""

    template_name = "transfers/branch_input.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        labels = [option for _name, options, _index in context["widget"]["optgroups"] for option in options]
        chosen = next((option["label"] for option in labels if option["selected"] and option["value"]), None)
        context["widget"] |= {"text": chosen or value or "", "labels": [o["label"] for o in labels if o["value"]]}
        return context


class BranchField(forms.ModelChoiceField):
    """An active branch, typed by its code, its whole name or a part of its name that no other has."""

    widget = BranchInput
    default_error_messages = {
        "unknown": _(
            "There is no active branch of this name or code. Type a part of the name and choose from the list."
        ),
        "ambiguous": _("Several branches are called so. Choose one from the list, or write its code of four digits."),
    }

    def __init__(self, **kwargs: Any):
        super().__init__(Branch.objects.filter(is_active=True), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({fa(obj.code)})"

    def to_python(self, value: Any) -> Branch | None:
        if value in self.empty_values or isinstance(value, Branch):
            return value or None
        code = CODE.search(to_ascii_digits(str(value)))
        name = fold(str(value)).replace("\0", "")  # PostgreSQL cannot even be asked for a NUL
        match = {"pk": code[0]} if code else {"search_key__contains": name}
        found = list(Branch.objects.filter(is_active=True, **match))
        found = [branch for branch in found if fold(branch.name) == name] or found
        if len(found) != 1:
            code_of_fault = "ambiguous" if found else "unknown"
            raise ValidationError(self.error_messages[code_of_fault], code_of_fault)
        return found[0]


class MoveForm(ActionForm):
    """The referral (ارجاع پرونده): where to, why, with which letter."""

    destination = BranchField(label=_("Destination branch"))
    reason = forms.ChoiceField(label=_("Reason for referral"), choices=Reason.choices, initial=Reason.RESIDENCE)
    letter_number = PersianTextField(label=_("Referral letter number"), max_length=30)
    letter_date = JalaliDateField(label=_("Referral letter date"), validators=[_not_in_future])
    note = PersianTextField(label=_("Note"), max_length=300, required=False)


class TickForm(ActionForm):
    section = forms.ChoiceField(choices=list(SECTION_NAMES.items()))
    ticked = forms.BooleanField(required=False)


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
                {"month": calendar.show_month(held)},
            )  # fmt: skip
        return month


class ApproveHeadForm(ActionForm):
    content_hash = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_content_hash(self) -> str:
        seen: str = self.cleaned_data["content_hash"]
        if seen and self.case and seen != self.case.content_hash:
            raise ValidationError(_("The content has changed since this page was shown. Look at it again."), "changed")
        return seen


class ReceiveForm(ActionForm):
    envelope_id = forms.UUIDField(widget=forms.HiddenInput)


class PaperForm(ActionForm):
    """The paper file's arrival (directive, part 2: the paper file comes first)."""

    paper_arrived_on = JalaliDateField(label=_("Paper file arrived on"), validators=[_not_in_future])
    paper_letter_number = PersianTextField(label=_("Letter number of the paper file"), max_length=30)
    paper_pages = CountField(label=_("Pages counted"), min_value=1, max_value=5000)


class DiscrepancyForm(ActionForm):
    section = forms.ChoiceField(label=_("Section"), choices=list(SECTION_NAMES.items()))
    field = PersianTextField(label=_("Which field"), max_length=80)
    paper_value = PersianTextField(label=_("Value on paper"), max_length=300, required=False)
    code = forms.ChoiceField(label=_("What is wrong"), choices=_choices(FIELD_CODES))
    severity = forms.ChoiceField(label=_("Severity"), choices=Severity.choices, initial=Severity.MUST_BE_CORRECTED)
    note = PersianTextField(label=_("Note"), max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("code") == Code.DIFFERENT_VALUE and not data.get("paper_value"):
            self.add_error("paper_value", ValidationError(_("Write what the paper file says."), "required"))
        if data.get("severity") == Severity.CLERICAL and not data.get("note"):
            self.add_error("note", ValidationError(_("Write why this does not stop the transfer."), "required"))
        return data


class DropForm(ActionForm):
    discrepancy = forms.IntegerField(widget=forms.HiddenInput)


class ReturnForm(ActionForm):
    """Without a discrepancy that must be corrected, a code for the whole case is needed."""

    code = forms.ChoiceField(label=_("Reason for the whole case"), choices=_choices(CASE_CODES, True), required=False)
    suggested_branch = BranchField(label=_("Suggested branch"), required=False)
    note = PersianTextField(label=_("Note"), max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("code") and not self._has_discrepancy():
            self.add_error(
                "code",
                ValidationError(
                    _("Note a discrepancy that must be corrected, or choose a reason for the whole case."), "required"
                ),
            )
        if data.get("code") == Code.OTHER and not data.get("note"):
            self.add_error("note", ValidationError(_("Write the reason; the origin reads it."), "required"))
        return data

    def _has_discrepancy(self) -> bool:
        case, severe = self.case, Severity.MUST_BE_CORRECTED
        return case is not None and case.discrepancies.filter(version=case.version, severity=severe).exists()


INPUTS: dict[str, type[ActionForm]] = {
    Action.REFER: MoveForm,
    Action.EDIT_MOVE: MoveForm,
    Action.TICK: TickForm,
    Action.APPROVE_TECHNICAL: LastPaidMonthForm,
    Action.SEND_BACK: ReasonForm,
    Action.APPROVE_HEAD: ApproveHeadForm,
    Action.RECALL: ReasonForm,
    Action.CANCEL: ReasonForm,
    Action.RECEIVE: ReceiveForm,
    Action.RECORD_PAPER: PaperForm,
    Action.NOTE_DISCREPANCY: DiscrepancyForm,
    Action.DROP_DISCREPANCY: DropForm,
    Action.RETURN_TO_ORIGIN: ReturnForm,
}


def _as_posted(data: Any) -> Any:
    """What a page would have posted: text. JSON may bring numbers, lists and halves of characters."""
    if isinstance(data, QueryDict):
        return data
    plain = {name: value for name, value in data.items() if isinstance(value, (str, int, float, list, dict))}
    return dict(data) | {name: str(value).encode(errors="replace").decode() for name, value in plain.items()}


def take_input(action: str, data: Any, case: TransferCase | None = None) -> dict[str, Any]:
    """The cleaned input of `action`; BadInput with a sentence beside each field otherwise."""
    form = INPUTS.get(action, ActionForm)(_as_posted(data or {}), case=case)
    if not form.is_valid():
        raise BadInput(
            _("Something in the form has to be corrected; nothing was stored."),
            "invalid",
            {name: [str(e) for e in errors] for name, errors in form.errors.items()},
        )
    return form.cleaned_data
