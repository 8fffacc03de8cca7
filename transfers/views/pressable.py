"""A step as the pages offer it: its label, its form, why it is closed, and which one carries the case on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.roles import Action
from pension_transfer.lib.templatetags.persian import jalali, jalali_time, since
from transfers.buttons import Button
from transfers.inputs import ActionForm
from transfers.models import TransferCase
from transfers.states import Step, Turn, find_step

# The step that carries a case on, by whose turn it is; the first that is possible and not yet done.
NEXT: dict[str, tuple[str, ...]] = {
    Turn.CLERK: (Action.REOPEN, Action.ASSEMBLE),
    Turn.TECHNICAL_OFFICER: (Action.APPROVE_TECHNICAL, Action.ANSWER_QUESTION),
    Turn.HEAD: (Action.RELEASE, Action.APPROVE_HEAD, Action.RECALL),
    Turn.DESTINATION_STAFF: (Action.CLOSE_QUESTION, Action.SHOW_DECREES, Action.VERIFY, Action.REGISTER),
    Turn.OTHER_BRANCH: (Action.SHOW_DECREES,),  # a question waits there; the comparison goes on here
    Turn.ACTIVATOR: (Action.ACTIVATE,),
}
# Steps whose place is beside what they concern, not among the buttons of the case.
IN_PLACE = frozenset(
    {
        Action.JUDGE, Action.RECORD_PAPER, Action.SHOW_DECREES, Action.ACKNOWLEDGE,
        Action.RECEIVE, Action.ATTACH, Action.ANSWER_QUESTION, Action.CLOSE_QUESTION, Action.SETTLE_FOLLOW_UP,
        Action.WITHDRAW_FOLLOW_UP,
    }
)  # fmt: skip
# Reached from the row or the card that it concerns, on a page of its own.
BESIDE = frozenset({Action.DETACH, Action.OPEN_FOLLOW_UP})
ADDING = frozenset(
    {Action.ATTACH, Action.OPEN_FOLLOW_UP}
)  # what writes over nothing is taken from a page that has grown old, too
DANGER = frozenset({Action.CANCEL, Action.RETURN_TO_ORIGIN, Action.RECALL, Action.SEND_BACK, Action.RECORD_LIFE_EVENT})
ICONS: dict[str, str] = {
    Action.APPROVE_HEAD: "send", Action.APPROVE_TECHNICAL: "check-lg", Action.VERIFY: "ui-checks",
    Action.REGISTER: "journal-check", Action.ACTIVATE: "check-circle", Action.SHOW_DECREES: "file-earmark-text",
    Action.RETURN_TO_ORIGIN: "arrow-return-left", Action.ASK_QUESTION: "question-circle",
    Action.ANSWER_QUESTION: "reply", Action.CLOSE_QUESTION: "check-lg", Action.RECORD_LIFE_EVENT: "pause-circle",
    Action.RELEASE: "play-circle", Action.OPEN_FOLLOW_UP: "flag", Action.SETTLE_FOLLOW_UP: "check-lg",
    Action.WITHDRAW_FOLLOW_UP: "x-lg", Action.STATE_CERTIFICATE: "cash-stack",
}  # fmt: skip
CONSEQUENCES: dict[str, Any] = {
    Action.RECORD_LIFE_EVENT: gettext_lazy(
        "The case stands still at both branches until one of them releases it; nothing of it is lost."
    ),
    Action.RELEASE: gettext_lazy("The case goes on where it stood, at both branches; both read your reason."),
    Action.STATE_CERTIFICATE: gettext_lazy(
        "The pension file and the draft take over what you state; fields that change are compared with the paper anew."
    ),
    Action.SEND_BACK: gettext_lazy("The case goes back one step; the next person reads your reason."),
    Action.RECALL: gettext_lazy("The data is taken back from the center and the file opens again, as a new version."),
    Action.CANCEL: gettext_lazy("The move does not take place: the case closes and the file stays in this branch."),
    Action.OPEN_FOLLOW_UP: gettext_lazy(
        "Both branches see it at once; the one that has to settle it has ten working days."
    ),
    Action.RETURN_TO_ORIGIN: gettext_lazy(
        "The case goes back to the origin with the discrepancies noted; it comes again as a new version."
    ),
}


def next_step(case: TransferCase) -> Step | None:
    """The step that carries the case on; None when nobody here has to act."""
    done = {Action.SHOW_DECREES} if case.decrees_shown_at else set()
    done |= set() if case.open_questions else {Action.CLOSE_QUESTION}
    possible = (find_step(action, case.side, case.state) for action in NEXT.get(case.turn, ()) if action not in done)
    return next((step for step in possible if step and step.fits(case.is_held)), None)


def turn_of(case: TransferCase) -> str:
    """Whose turn it is, in words; the other branch by its name."""
    return case.other_branch.name if case.turn == Turn.OTHER_BRANCH else case.get_turn_display()


def standing_of(case: TransferCase) -> str:
    """Whose turn it is and since when; of a closed case, how and when it ended."""
    if case.is_open:
        return _("Turn: %(turn)s, since %(since)s") % {"turn": turn_of(case), "since": since(case.turn_since)}
    if case.activated_at:
        values = {"branch": case.destination, "day": jalali(case.activated_at)}
        return _("The pension is active at %(branch)s since %(day)s") % values
    return _("Closed on %(moment)s") % {"moment": jalali_time(case.closed_at)}


@dataclass
class Pressable:
    """A step as the page offers it: button, form, and why it is closed."""

    button: Button
    case: TransferCase
    form: ActionForm
    is_main: bool = False
    is_rejected: bool = False
    about: str = ""  # which of several things it concerns

    @property
    def action(self) -> str:
        return self.button.action

    @property
    def label(self) -> Any:
        return self.button.label

    @property
    def blocked(self) -> str:
        return " ".join(self.button.reasons)

    @property
    def url(self) -> str:
        return reverse("case_step", args=[self.case.pk, self.action])

    @property
    def consequence(self) -> Any:
        """What follows, where it is not plain from the label."""
        return CONSEQUENCES.get(self.action, "")

    @property
    def keep(self) -> str:
        """Under which name the browser keeps what is typed until it is stored."""
        return f"case-{self.case.pk}-{self.action}{self.about}"

    @property
    def seen(self) -> int | str:
        """The trail's length that the press carries."""
        return "" if self.action in ADDING else self.case.trail_length

    @property
    def kind(self) -> str:
        return "primary" if self.is_main else ("danger" if self.action in DANGER else "secondary")

    @property
    def icon(self) -> str:
        return ICONS.get(self.action, "")

    @property
    def asks(self) -> bool:
        """Whether something has to be typed before it can be pressed; what was typed is never hidden again."""
        return bool((self.button.is_open or self.is_rejected) and self.form.visible_fields())


def show_errors(form: ActionForm, errors: Mapping[str, Iterable[Any]]) -> None:
    """Sentences of the door that the form itself does not know, beside their fields."""
    form.is_valid()
    for name, texts in errors.items():
        if name not in form.errors or form.fields[name].widget.needs_multipart_form:
            form.errors.pop(name, None)  # a page that comes back has lost the files: what was wrong is said instead
            form.add_error(name if name in form.fields else None, forms.ValidationError(list(texts)))
