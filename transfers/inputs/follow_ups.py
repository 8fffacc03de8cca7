"""What a follow-up after a finished move asks for, its settlement and its withdrawal."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from branches.roles import Action
from pension_transfer.lib import calendar
from pension_transfer.lib.fields import AmountField, CodeField, JalaliMonthField, PersianTextField
from pension_transfer.lib.months import Month
from transfers.inputs.shared import ActionForm, Inputs, choices_of
from transfers.models import SETTLES, FollowUp, Matter, Outcome, TransferCase
from transfers.states import Side


def _some(amount: int) -> None:
    if amount == 0:
        raise ValidationError(_("Write the amount in Rial; it is more than zero."), "nothing")


def _has_begun(month: Month) -> None:
    if month > Month.of(calendar.today()):
        raise ValidationError(_("This month has not come yet."), "future")


def payer_of(case: TransferCase, month: int) -> Side:
    """Whose month it was: up to the last one that the origin paid its own, then the destination's."""
    return Side.ORIGIN if month <= (case.last_paid_month or 0) else Side.DESTINATION


def _note(rows: int = 2, **custom: Any) -> PersianTextField:
    return PersianTextField(max_length=400, widget=forms.Textarea(attrs={"rows": rows}), **custom)


class OpenForm(ActionForm):
    """Late money or an over-payment; without a word on who settles it, the branch whose month it was."""

    matter = forms.ChoiceField(label=_("Matter"), choices=choices_of(Matter, True))
    month = JalaliMonthField(label=_("Month concerned"), validators=[_has_begun])
    amount = AmountField(label=_("Amount (Rial)"), validators=[_some])
    settled_by = forms.ChoiceField(label=_("To be settled by"), required=False)
    note = _note(
        label=_("Note"), help_text=_("What was found, and on which paper it rests; the other branch reads it."),
        error_messages={"required": _("Write what was found; the branch that settles it reads it.")},
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        places = [(side.value, getattr(self.case, side.value)) for side in Side] if self.case else Side.choices
        branches: Any = self.fields["settled_by"]
        branches.choices = [("", _("the branch whose month it was")), *places]

    def clean_month(self) -> Month:
        month: Month = self.cleaned_data["month"]
        began = self.case.content.get("file", {}).get("established_on") if self.case else None
        first = Month.of(dt.date.fromisoformat(began)) if began else month
        if month < first:
            sentence = _("The pension began in %(month)s; this month lies before it.")
            raise ValidationError(sentence, "before_the_pension", {"month": first.show()})
        return month

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.case and "month" in given and "settled_by" in given:
            given["settled_by"] = given["settled_by"] or payer_of(self.case, given["month"]).value
        return given


class AboutFollowUpForm(ActionForm):
    """What concerns one follow-up that is still open, known by its key."""

    follow_up = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": _("Say which follow-up is meant. Reload the page.")}
    )

    def clean_follow_up(self) -> str:
        key = self.cleaned_data["follow_up"]
        rows = FollowUp.objects.select_related("case__origin", "case__destination")
        self.found = rows.filter(case=self.case, key=key).first() if self.case else None
        if self.found is None:
            raise ValidationError(_("There is no such follow-up here. Reload the page."), "no_follow_up")
        if reason := self.bars(self.found):
            raise ValidationError(reason, "over")
        return str(key)

    def bars(self, row: FollowUp) -> str:
        """Why nothing more can be said of it by this branch; empty when something can."""
        if row.is_open:
            return ""
        told = {"how": row.get_outcome_display(), "name": row.closed_by}
        if not row.closed_by:  # by nobody: the center did not take it
            return _("This follow-up is over: %(how)s.") % told
        return _("This follow-up is over: %(how)s, by %(name)s.") % told


class SettleForm(AboutFollowUpForm):
    outcome = forms.ChoiceField(label=_("Outcome"))
    settled_amount = AmountField(
        label=_("Amount settled (Rial)"), required=False, help_text=_("Nothing where it is not confirmed.")
    )
    letter_number = CodeField(label=_("Letter number"), required=False, max_length=30)
    closing_note = _note(label=_("Note"), required=False)

    def __init__(self, *args: Any, matter: str = "", **kwargs: Any):
        super().__init__(*args, **kwargs)
        outcomes: Any = self.fields["outcome"]
        codes = SETTLES.get(matter, tuple(dict.fromkeys(code for codes in SETTLES.values() for code in codes)))
        outcomes.choices = choices_of(codes, True)

    def bars(self, row: FollowUp) -> str:
        if row.is_open and self.case and row.settled_by != self.case.side:
            return _("This follow-up is settled by %(branch)s.") % {"branch": row.in_charge}
        return super().bars(row)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "follow_up" in given and self.found and not self.errors:
            for name, sentence in self._faults(self.found, given).items():
                self.add_error(name, sentence)
        return given

    def _faults(self, row: FollowUp, given: dict[str, Any]) -> dict[str, Any]:
        """What does not fit together, by its field."""
        outcome, amount = given["outcome"], given["settled_amount"] or 0
        if outcome not in SETTLES[row.matter]:
            sentence = _("«%(matter)s» does not end so; choose another outcome.")
            return {"outcome": sentence % {"matter": row.get_matter_display()}}
        if (outcome == Outcome.NOT_CONFIRMED) == bool(amount):
            return {"settled_amount": _("Nothing was settled: leave it empty.") if amount else _("Write the amount.")}
        if amount != row.amount and not given["closing_note"]:
            return {"closing_note": _("Write why it is not the amount of the follow-up; the other branch reads it.")}
        return {}


class WithdrawForm(AboutFollowUpForm):
    closing_note = _note(
        label=_("Reason"), error_messages={"required": _("Write the reason; the other branch reads it.")}
    )

    def bars(self, row: FollowUp) -> str:
        if row.is_open and self.case and row.opened_by_side != self.case.side:
            return str(_("Only the branch that opened this follow-up withdraws it."))
        return super().bars(row)


INPUTS: Inputs = {
    Action.OPEN_FOLLOW_UP: OpenForm,
    Action.SETTLE_FOLLOW_UP: SettleForm,
    Action.WITHDRAW_FOLLOW_UP: WithdrawForm,
}
