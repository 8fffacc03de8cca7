"""«پرسش‌ها»: the questions of a case as its page shows them, each with the steps open to the person who looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from branches.roles import Action
from pension_transfer.lib.posting import Rejected
from transfers import presentation, refusals
from transfers.attachment_rows import Shown, of_answers
from transfers.inputs import INPUTS
from transfers.models import Question, TransferCase
from transfers.views.pressable import Pressable, show_errors

ON_A_QUESTION = frozenset({Action.ANSWER_QUESTION, Action.CLOSE_QUESTION})


@dataclass(frozen=True)
class Asked:
    """A question; `step` answers or closes it, `lost` says why an answer given here did not count."""

    row: Question
    field: str
    section: str
    chip: tuple[str, Any]
    step: Pressable | None
    lost: str
    lost_text: str
    attachments: list[Shown]

    @property
    def is_rejected(self) -> bool:
        return bool(self.step and self.step.is_rejected)

    @property
    def stays_open(self) -> bool:
        """Whether it stands among the open ones; also where what was typed came too late and must not vanish."""
        return self.row.is_open or self.is_rejected


def questions_of(case: TransferCase, steps: Mapping[str, Pressable], rejected: Rejected | None) -> list[Asked]:
    """The open ones in the order they were asked, then the others, the last one first."""
    rows = sorted(case.asked, key=lambda row: (not row.is_open, row.pk if row.is_open else -row.pk))
    files = of_answers(case) if rows else {}
    return [_asked(row, case, steps, rejected, files.get(str(row.key), [])) for row in rows]


def _asked(
    row: Question,
    case: TransferCase,
    steps: Mapping[str, Pressable],
    rejected: Rejected | None,
    files: list[Shown],
) -> Asked:
    lost, text = _lost(case, row)
    return Asked(
        row=row,
        field=presentation.about(case.content, row.path),
        section=row.path.partition(".")[0],
        chip=_chip(row),
        step=_step_for(row, steps, rejected),
        lost=lost,
        lost_text=text,
        attachments=files,
    )


def _chip(row: Question) -> tuple[str, Any]:
    """Where a question stands, as the component `chip` prints it."""
    if not row.is_open:
        return "void", row.get_how_display()
    if row.is_answered:
        return "valid", _("Answered")
    return ("late", _("The answer is overdue")) if row.is_overdue else ("waiting", _("Waits for the answer"))


def _step_for(row: Question, steps: Mapping[str, Pressable], rejected: Rejected | None) -> Pressable | None:
    """Answering or closing it; what was typed and not taken comes back, even where it came too late."""
    mine = rejected if rejected and rejected.data.get("question") == str(row.key) else None
    for action in ON_A_QUESTION & steps.keys():
        again = mine if mine and mine.action == action else None
        if again or (row.is_open and not (action == Action.ANSWER_QUESTION and row.is_answered)):
            return _bound(row, steps[action], again)
    return None


def _bound(row: Question, step: Pressable, again: Rejected | None) -> Pressable:
    data, ids = again.data if again else None, f"{step.action}{row.pk}_%s"
    form = INPUTS[step.action](data, case=step.case, initial={"question": row.key}, auto_id=ids)
    if again:
        lost = {"scans": [_("Choose the files again: a page that comes back cannot keep them.")]}
        show_errors(form, (lost if again.had_files else {}) | dict(again.refusal.errors))
    return Pressable(step.button, step.case, form, step.is_main, bool(again), f"-{row.pk}")


def _lost(case: TransferCase, row: Question) -> tuple[str, str]:
    """Why the center did not take an answer that waited for it, and its text."""
    for crossing in case.crossings.all():
        said = crossing.input if crossing.action == Action.ANSWER_QUESTION and crossing.state == "refused" else {}
        if said.get("question") == str(row.key):
            code, _space, detail = crossing.reason.partition(" ")
            return refusals.refused_by_center(code, detail), str(said.get("text", ""))
    return "", ""
