"""Help where one stands: what the step of a page is, who does it, what the directive says, what happens next.

Read from the tables that decide; only what those do not say is written here.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from branches.roles import Action
from pension_transfer.lib.persian import listed
from transfers.guide import OWN, line_of
from transfers.models import TransferCase
from transfers.states import MOVES, Side, Turn
from transfers.views.pressable import next_step, turn_of

DIRECTIVE = "1000/93/1-5-5"
# The step for which a page is there, and whose side it is on.
SCREENS: dict[str, tuple[str, str]] = {
    "referral": (Side.ORIGIN, Action.REFER),
    "refer": (Side.ORIGIN, Action.REFER),
    "send_list": (Side.ORIGIN, Action.APPROVE_HEAD),
    "receive_list": (Side.DESTINATION, Action.RECEIVE),
}
# What follows a step that leaves the state as it is.
THEN: dict[str, Any] = {
    Action.JUDGE: _("When every field is judged, the approval or the confirmation of the comparison opens."),
    Action.SHOW_DECREES: _("Then every field is compared with the paper file."),
    Action.ANSWER_QUESTION: _("The destination reads the answer and closes the question."),
    Action.CLOSE_QUESTION: _("When no question is open any more, the case can be confirmed and registered."),
    Action.RELEASE: _("The case goes on where it stood, at both branches."),
    Action.ACTIVATE: _("The case closes; from now on this branch pays the pension."),
}
# Where nobody of this branch has to act: why not.
WAITS: dict[str, Any] = {
    Turn.CENTER: _("The step is on its way to the center. Nothing is to be done; it is repeated until it is there."),
    Turn.OTHER_BRANCH: _("The other branch has to act. Its answer comes here by itself."),
    Turn.NOBODY: _("The case is closed. What is found later is told by a follow-up."),
}
OTHERWISE = _("Nobody of this branch can carry the case on now; the history below says why.")


@dataclass(frozen=True)
class Here:
    """What the panel prints; what is empty is left out."""

    step: Any
    why: Any
    who: str = ""
    paragraph: Any = ""
    is_of_directive: bool = False
    target: Any = ""
    next_turn: Any = ""
    then: Any = ""
    number: str = DIRECTIVE


def of_screen(url_name: str) -> Here:
    """The panel of a page that is there for one step."""
    return of_step(*SCREENS[url_name])


def of_step(side: str, action: str) -> Here:
    """The panel about one step; KeyError where this side has none of the name."""
    line = line_of(side, action)
    return Here(
        line.label, line.why, line.who, line.paragraph, line.paragraph is not OWN,
        line.target, line.next_turn, THEN.get(action, ""),
    )  # fmt: skip


def of_case(case: TransferCase) -> Here:
    """The panel of a case: the step that carries it on, or why it waits and what comes then."""
    step = next_step(case)
    if step:
        return of_step(case.side, step.action)
    then = listed(move.label for move in _by_itself(case)) if case.is_open else ""
    return Here(turn_of(case), WAITS.get(case.turn, OTHERWISE), then=then)


def _by_itself(case: TransferCase) -> list[Any]:
    return [move for move in MOVES if move.by_itself and move.side == case.side and case.state in move.sources]
