"""What the comparison with the paper file asks for, and the return that follows from it."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from branches.roles import Action
from pension_transfer.lib.fields import PersianTextField
from transfers.comparison import fields_in, must_be_corrected, spelt
from transfers.fields import under
from transfers.inputs.shared import ActionForm, BranchField, Inputs, choices_of
from transfers.models import Code, Severity, Verdict
from transfers.models.comparison import CASE_CODES, FIELD_CODES

TAKE_BACK = ("", _("Not yet judged"))


class JudgeForm(ActionForm):
    """How one field was found; or, of a section or a row, that all of it that nobody judged yet matches.

    `path` is that of a field, a row or a section; an empty verdict takes the judgement back. What the page had shown
    may come along: `seen_mark`, the `at` (ISO) of the field's mark or empty for none, and `seen_content`, the case's
    content_hash. What the effect refuses when it is no longer so.
    """

    path = forms.CharField(max_length=200, widget=forms.HiddenInput)
    verdict = forms.ChoiceField(label=_("Verdict"), choices=[TAKE_BACK, *Verdict.choices], required=False)
    paper_value = PersianTextField(label=_("Value on paper"), max_length=300, required=False)
    code = forms.ChoiceField(label=_("What is wrong"), choices=choices_of(FIELD_CODES, True), required=False)
    severity = forms.ChoiceField(label=_("Severity"), choices=[("", _("choose")), *Severity.choices], required=False)
    note = PersianTextField(label=_("Note"), max_length=300, required=False)
    seen_mark = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    seen_content = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def clean_path(self) -> str:
        path: str = self.cleaned_data["path"]
        fields = under(path, fields_in(self.case)) if self.case else []
        if not fields or self.case is None:
            raise ValidationError(_("This version has no such field. Reload the page."), "no_field")
        self.is_one = fields[0].path == path
        if fields[0].section == "decrees" and not self.case.may_show_decrees:
            raise ValidationError(_("All decrees received must be shown first."), "not_shown")
        return path

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        verdict = data["verdict"]
        if verdict not in {"", Verdict.MATCH} and not self.is_one:
            self.add_error("verdict", ValidationError(_("A difference is noted on one field."), "one_field"))
        {Verdict.DIFFERS: self._differs, Verdict.NOT_IN_PAPER: self._not_in_paper}.get(verdict, self._nothing)(data)
        if "seen_mark" not in self.data:
            data["seen_mark"] = None
        return data

    def clean_seen_mark(self) -> str:
        """As the effect compares it: one moment has one spelling."""
        given = self.cleaned_data["seen_mark"]
        try:
            return spelt(dt.datetime.fromisoformat(given)) if given else ""
        except ValueError:
            raise ValidationError(_("This is no moment. Reload the page and press again."), "no_moment") from None

    def _nothing(self, data: dict[str, Any]) -> None:
        """A match, and an open field, say nothing more."""
        data.update(paper_value="", code="", severity="", note="")

    def _not_in_paper(self, data: dict[str, Any]) -> None:
        """It does not stop the transfer unless that is said; the note says why (DESIGN 11.17)."""
        data.update(paper_value="", code=Code.NOT_IN_PAPER, severity=data["severity"] or Severity.CLERICAL)
        if not data["note"]:
            self.add_error("note", ValidationError(_("Write why the paper file does not have it."), "required"))

    def _differs(self, data: dict[str, Any]) -> None:
        for name, sentence in REQUIRED.items():
            if not data.get(name) and name not in self.errors:
                self.add_error(name, ValidationError(sentence, "required"))
        if data.get("code") == Code.DIFFERENT_VALUE and not data.get("paper_value"):
            self.add_error("paper_value", ValidationError(_("Write what the paper file says."), "required"))
        if data.get("severity") == Severity.CLERICAL and not data.get("note"):
            self.add_error("note", ValidationError(_("Write why this does not stop the transfer."), "required"))


REQUIRED = {
    "code": _("Choose what is wrong."),
    "severity": _("Say whether the origin must correct it."),
}


NAME_THE_BRANCH = _("Name the branch that the file belongs to; where nobody knows it, choose «Other» and write why.")


class ReturnForm(ActionForm):
    """Without a discrepancy that must be corrected, a code for the whole case is needed."""

    code = forms.ChoiceField(label=_("Reason for the whole case"), choices=choices_of(CASE_CODES, True), required=False)
    suggested_branch = BranchField(label=_("Suggested branch"), required=False)
    note = PersianTextField(label=_("Note"), max_length=300, required=False)

    def clean_suggested_branch(self) -> Any:
        """The right destination: an active branch, and neither of the two that have it already."""
        suggested = self.cleaned_data["suggested_branch"]
        if suggested and self.case and suggested.pk in {self.case.origin_id, self.case.branch_id}:
            raise ValidationError(_("Suggest another branch than the origin and your own."), "same_branch")
        return suggested

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("code") == Code.WRONG_BRANCH and not data.get("suggested_branch"):
            self.add_error("suggested_branch", ValidationError(NAME_THE_BRANCH, "required"))
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
        return self.case is not None and bool(must_be_corrected(self.case))


INPUTS: Inputs = {
    Action.JUDGE: JudgeForm,
    Action.RETURN_TO_ORIGIN: ReturnForm,
}
