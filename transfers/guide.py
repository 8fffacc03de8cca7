"""The help page's steps, read from the tables that decide; only the reasons are written here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from branches.roles import MATRIX, Action, Role
from pension_transfer.lib.persian import listed
from transfers.states import MOVES, TURN_ROLES, TURNS, WITHIN, Side, State, Step, Turn

PART_1, PART_2, BOTH_PARTS = _("part 1"), _("part 2"), _("parts 1 and 2")
ALL_PARTS = _("closing paragraph, other matters")
OWN = _("not in the directive; added here")
REFER = Step(Action.REFER, Side.ORIGIN, (), State.REFERRAL, Action.REFER.label)
# For each action: where the directive asks for it, and what it is for.
WHY: dict[str, tuple[Any, Any]] = {
    Action.REFER: (PART_1, _("The file that moves, the branch it moves to, and the letter of the referral.")),
    Action.EDIT_MOVE: (OWN, _("Destination, letter and note can be changed until the technical approval.")),
    Action.ATTACH: (
        OWN,
        _("Scans of the paper file, on the case or beside the field they show; they are sealed and sent with it."),
    ),
    Action.DETACH: (OWN, _("What was attached by mistake is taken off before the technical approval, with a reason.")),
    Action.ASSEMBLE: (PART_1, _("The data is gathered from the pension file and checked; what is missing is listed.")),
    Action.ACKNOWLEDGE: (
        OWN,
        _("What is doubtful but may be right is answered for with a note, before anyone is asked to approve."),
    ),
    Action.JUDGE: (
        BOTH_PARTS,
        _("Every field is compared with the paper file; a field that changes must be compared anew."),
    ),
    Action.STATE_CERTIFICATE: (
        OWN,
        _("The last month paid, arrears, over-payments and a suspension are stated; the destination starts from them."),
    ),
    Action.APPROVE_TECHNICAL: (
        PART_1,
        _("System and paper file agree, and the last month paid is stated. Nobody approves an own draft."),
    ),
    Action.SEND_BACK: (OWN, _("Whoever's turn it is does not approve, and writes why.")),
    Action.APPROVE_HEAD: (
        PART_1,
        _("The content is sealed and sent; from here on the pension file is closed to changes."),
    ),
    Action.DISPATCH_PAPER: (
        PART_1,
        _("The paper file travels as before; when and how it left is recorded, and told to the destination."),
    ),
    Action.RECALL: (OWN, _("While the destination has not received it, the head can take it back.")),
    Action.CANCEL: (OWN, _("The move does not take place.")),
    Action.REOPEN: (OWN, _("After a return the mended data goes out as the next version.")),
    Action.RECEIVE: (PART_2, _("What waits at the center for this branch is taken over, read-only.")),
    Action.SHOW_DECREES: (PART_2, _("Before anything else all decrees received are shown.")),
    Action.RECORD_PAPER: (PART_2, _("The paper file travels as before; its arrival is recorded.")),
    Action.VERIFY: (PART_2, _("The data received equals the paper file.")),
    Action.ASK_QUESTION: (OWN, _("A doubt about a field is asked and answered without a new approval round.")),
    Action.ANSWER_QUESTION: (OWN, _("The answer goes to the destination with the name of who gave it.")),
    Action.CLOSE_QUESTION: (OWN, _("While a question is open, nothing is confirmed or registered.")),
    Action.RETURN_TO_ORIGIN: (OWN, _("What must be corrected goes back to the origin and comes again.")),
    Action.REGISTER: (
        PART_2,
        _("Main pensioner and dependents are enrolled in this branch's database, and payment passes over."),
    ),
    Action.RECORD_LIFE_EVENT: (
        OWN,
        _("A death or a court order on the way holds the case at both branches, so that nothing is paid wrongly."),
    ),
    Action.RELEASE: (OWN, _("When the matter is cleared the case goes on; the reason stays in the history.")),
    Action.SEE_OVERVIEW: (OWN, _("How the work goes is seen in figures: how much, how long, and who was late.")),
    Action.OPEN_FOLLOW_UP: (
        OWN,
        _("Late money or an over-payment that is found after the move is told to the branch that has to settle it."),
    ),
    Action.SETTLE_FOLLOW_UP: (OWN, _("The branch in charge says how it was settled; both branches read it.")),
    Action.WITHDRAW_FOLLOW_UP: (OWN, _("Whoever opened it by mistake takes it back with a reason.")),
    Action.TAKE: (
        OWN,
        _("Whoever takes a case has its work, and the colleagues see it; taking it over from somebody needs a reason."),
    ),
    Action.PUT_BACK: (OWN, _("The case is nobody's again; it also is when the turn goes to another office.")),
    Action.REASSIGN: (
        OWN,
        _("Head and province give the work to another person of the same office, with a reason; no content changes."),
    ),
    Action.ACTIVATE: (PART_2, _("Somebody else than the one who registered activates the file, as before.")),
    # what is no step of a case
    Action.VIEW_FILES: (OWN, _("Everybody sees the pension files of the own branches, and no others.")),
    Action.IMPORT_FILES: (OWN, _("The old system's export is checked, then taken in; nothing is typed a second time.")),
    Action.CORRECT_FILE: (
        PART_1,
        _("A file is put right where it stands, before it moves; the destination cannot change what it receives."),
    ),
    Action.SUSPEND_FILE: (OWN, _("Payment is held while a matter is cleared.")),
    Action.RESUME_FILE: (OWN, _("The matter is cleared, and payment goes on.")),
    Action.CLOSE_FILE: (OWN, _("The entitlement has ended.")),
    Action.SETTLE_REMINDER: (OWN, _("A coming event of entitlement is looked at, and what was done is written down.")),
    Action.RUN_PAYROLL: (OWN, _("A month is recorded as paid, so that no two branches pay it.")),
    Action.VIEW_CASES: (OWN, _("Everybody sees the transfer cases of the own branches, from both sides.")),
    Action.OVERSEE: (ALL_PARTS, _("Heads, province and center answer for good execution: they see what is overdue.")),
    Action.VIEW_RECONCILIATION: (OWN, _("Every night the rules that must never be broken are checked.")),
    Action.VIEW_STUCK: (OWN, _("What could not be carried over to the center by itself is listed with the reason.")),
    Action.RETRY_STUCK: (OWN, _("The cause is removed, and it is tried once more.")),
    Action.HAND_OVER_STUCK: (OWN, _("Somebody else has to look at it.")),
    Action.GIVE_UP_STUCK: (OWN, _("It is not tried any more; the reason stays.")),
    Action.VIEW_HEALTH: (OWN, _("Databases, workers and backups tell how they are.")),
    Action.CHANGE_BRANCHES: (OWN, _("A branch is closed, merged or renumbered; its cases go on.")),
    Action.GRANT_STAND_IN: (OWN, _("A colleague acts in the place of who is away, for a time that has an end.")),
    Action.END_STAND_IN: (OWN, _("Who was away is back earlier.")),
}

# Where a step begins that takes up a copy which is not there yet.
BEGINS: dict[str, Any] = {Action.RECEIVE: _("waiting at the center")}


@dataclass(frozen=True)
class Line:
    """One step as the help page prints it."""

    label: Any
    who: str
    sources: str
    target: Any
    next_turn: Any
    paragraph: Any
    why: Any


@dataclass(frozen=True)
class Chapter:
    """The steps of one side."""

    title: Any
    lines: list[Line]


def chapters() -> list[Chapter]:
    """The steps of the origin, then those of the destination, in the order of the table of roles."""
    steps = [REFER, *(step for step in WITHIN + MOVES if not step.by_itself)]
    return [Chapter(side.label, _lines([step for step in steps if step.side == side])) for side in Side]


def _lines(steps: list[Step]) -> list[Line]:
    by_action: dict[str, list[Step]] = {}
    for step in steps:
        by_action.setdefault(step.action, []).append(step)
    return [_line(by_action[action]) for action in Action.values if action in by_action]


def line_of(side: str, action: str) -> Line:
    """One step of one side, as the help page prints it; KeyError where there is no such step."""
    steps = [REFER, *(step for step in WITHIN + MOVES if not step.by_itself)]
    own = [step for step in steps if step.side == side and step.action == action]
    if not own:
        raise KeyError(action)
    return _line(own)


def _list(texts: Iterable[Any]) -> str:
    return listed(str(text) for text in texts)


def _may(step: Step) -> frozenset[str]:
    """The roles that may take the step on its side: of a step whose turn it must be, those whose it is."""
    roles = frozenset[str](MATRIX[Action(step.action)])
    if not step.whose_turn:
        return roles
    return roles & frozenset(role for state in step.sources for role in TURN_ROLES.get(TURNS[step.side, state], ()))


def _line(steps: list[Step]) -> Line:
    first, targets = steps[0], {step.target for step in steps}
    target = targets.pop() if len(targets) == 1 else None
    paragraph, why = WHY[first.action]
    begins = [BEGINS[first.action]] if first.action in BEGINS else []
    return Line(
        label=first.label,
        who=_list(role.label for role in Role if any(role in _may(step) for step in steps)),
        sources=_list([*begins, *(State(state).label for step in steps for state in step.sources)]),
        target=State(target).label if target else "",
        next_turn=TURNS.get((first.side, target), Turn.NOBODY).label if target else "",
        paragraph=paragraph,
        why=why,
    )
