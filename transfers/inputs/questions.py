"""What a question without returning asks for, its answer and its closing."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from branches.roles import Action
from pension_transfer.lib import calendar
from pension_transfer.lib.fields import JalaliDateField, PersianTextField
from pension_transfer.lib.templatetags.persian import fa
from transfers import presentation
from transfers.inputs.attaching import ScansField
from transfers.inputs.shared import ActionForm, Inputs
from transfers.models import Question, TransferCase
from transfers.scans import MOST_AN_ANSWER, Checked

DAYS = 3  # working days in which an answer is expected, unless the one who asks says otherwise
WHOLE_CASE = ("", _("The whole case"))


def usual_due_date() -> dt.date:
    """Three working days from today."""
    return calendar.add_working_days(calendar.today(), DAYS)


def _from_tomorrow_on(day: dt.date) -> None:
    if day <= calendar.today():
        raise ValidationError(_("The answer can be due from tomorrow on."), "past")


class AskForm(ActionForm):
    """A question about one field, or about the whole case."""

    path = forms.ChoiceField(label=_("Which field"), required=False)
    text = PersianTextField(
        label=_("Question"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write what the origin shall answer.")},
    )  # fmt: skip
    due_on = JalaliDateField(label=_("Answer due on"), validators=[_from_tomorrow_on], initial=usual_due_date)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        paths: Any = self.fields["path"]
        paths.choices = lambda: choices_of_fields(self.case)  # hundreds: named only where they are looked at


def choices_of_fields(case: TransferCase | None) -> list[Any]:
    """The whole case, then the fields of each section that are shown already."""
    shown = [s for s in presentation.sections(case) if not s.is_hidden] if case else []
    labels = presentation.path_labels(case.content) if case else {}
    groups = [(s.title, [(p, fa(t)) for p, t in labels.items() if p.partition(".")[0] == s.name]) for s in shown]
    return [WHOLE_CASE, *groups]


class AboutQuestionForm(ActionForm):
    """What concerns one question that is still open, known by its key."""

    question = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": _("Say which question is meant. Reload the page.")}
    )

    def clean_question(self) -> str:
        key = self.cleaned_data["question"]
        found = self.case.questions.filter(key=key).first() if self.case else None
        if found is None:
            raise ValidationError(_("There is no such question here. Reload the page."), "no_question")
        if reason := self.bars(found):
            raise ValidationError(reason, "over")
        return str(key)

    def bars(self, question: Question) -> str:
        """Why nothing more can be said of it; empty when something can."""
        return "" if question.is_open else _("This question is over: %(how)s.") % {"how": question.get_how_display()}


class AnswerForm(AboutQuestionForm):
    text = PersianTextField(
        label=_("Answer"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write the answer; the destination reads it.")},
    )  # fmt: skip
    scans = ScansField(
        label=_("Files"), required=False, most=MOST_AN_ANSWER,
        help_text=_("Scans that show it: PDF, JPEG or PNG, at most 20 megabytes each; up to 5."),
        error_messages={"too_many_at_once": _("At most 5 files with an answer. Join sheets in one PDF.")},
    )  # fmt: skip

    def clean_scans(self) -> list[Checked]:
        files: list[Checked] = self.cleaned_data["scans"]
        held: dict[str, str] = {}
        for file in files:
            if file.sha256 in held:
                sentence = _("«%(file)s» and «%(name)s» are the same file. Leave one of them out.")
                words = {"file": file.name, "name": held[file.sha256]}
                self.add_error("scans", ValidationError(sentence, "twice", words))
            held.setdefault(file.sha256, file.name)
        return files

    def bars(self, question: Question) -> str:
        answered = _("%(name)s has already answered this question.") % {"name": question.answered_by}
        return super().bars(question) or (answered if question.is_answered else "")


INPUTS: Inputs = {
    Action.ASK_QUESTION: AskForm,
    Action.ANSWER_QUESTION: AnswerForm,
    Action.CLOSE_QUESTION: AboutQuestionForm,
}
