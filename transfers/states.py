"""When: the states of a transfer case and the only ways between them.

Buttons, API steps, checks, the database trigger, the help page and the matrix test read this table.
Source: the directive 1393/10/27, parts 1 and 2; returns, recall and versions are the product's own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from branches.roles import Action, Role


class State(models.TextChoices):
    REFERRAL = "referral", _("Referred")
    DRAFT = "draft", _("Draft")
    TECHNICALLY_APPROVED = "technically_approved", _("Approved by the technical officer")
    HEAD_APPROVED = "head_approved", _("Approved by the head, waiting for the center")
    SENT = "sent", _("Sent to the center")
    RECEIVED = "received", _("Received")
    VERIFIED = "verified", _("Compared")
    REGISTERED = "registered", _("Registered")
    RETURNED = "returned", _("Returned")
    CANCELLED = "cancelled", _("Cancelled")


class Side(models.TextChoices):
    ORIGIN = "origin", _("Origin")
    DESTINATION = "destination", _("Destination")


class Turn(models.TextChoices):
    """Who has to act next."""

    CLERK = "clerk", _("Clerk")
    TECHNICAL_OFFICER = "technical_officer", _("Technical pensions officer")
    HEAD = "head", _("Branch head or insurance deputy")
    DESTINATION_STAFF = "destination_staff", _("Destination staff")
    ACTIVATOR = "activator", _("Technical officer or head, for activation")
    CENTER = "center", _("The center, by itself")
    OTHER_BRANCH = "other_branch", _("The other branch")
    NOBODY = "nobody", _("Closed")


TURN_ROLES: dict[str, frozenset[str]] = {
    Turn.CLERK: frozenset({Role.CLERK}),
    Turn.TECHNICAL_OFFICER: frozenset({Role.TECHNICAL_OFFICER}),
    Turn.HEAD: frozenset({Role.BRANCH_HEAD, Role.INSURANCE_DEPUTY}),
    Turn.DESTINATION_STAFF: frozenset({Role.DESTINATION_STAFF}),
    Turn.ACTIVATOR: frozenset({Role.TECHNICAL_OFFICER, Role.BRANCH_HEAD, Role.INSURANCE_DEPUTY}),
}
HELD_TURNS: dict[str, Turn] = {Side.ORIGIN: Turn.HEAD, Side.DESTINATION: Turn.OTHER_BRANCH}  # DESIGN 11.20
TURNS: dict[tuple[str, str], Turn] = {
    (Side.ORIGIN, State.REFERRAL): Turn.CLERK,
    (Side.ORIGIN, State.DRAFT): Turn.TECHNICAL_OFFICER,
    (Side.ORIGIN, State.TECHNICALLY_APPROVED): Turn.HEAD,
    (Side.ORIGIN, State.HEAD_APPROVED): Turn.CENTER,
    (Side.ORIGIN, State.SENT): Turn.OTHER_BRANCH,
    (Side.ORIGIN, State.RECEIVED): Turn.OTHER_BRANCH,
    (Side.ORIGIN, State.VERIFIED): Turn.OTHER_BRANCH,
    (Side.ORIGIN, State.REGISTERED): Turn.OTHER_BRANCH,
    (Side.ORIGIN, State.RETURNED): Turn.CLERK,
    (Side.DESTINATION, State.RECEIVED): Turn.DESTINATION_STAFF,
    (Side.DESTINATION, State.VERIFIED): Turn.DESTINATION_STAFF,
    (Side.DESTINATION, State.REGISTERED): Turn.ACTIVATOR,
    (Side.DESTINATION, State.RETURNED): Turn.OTHER_BRANCH,
}
# Where a question can be open, and whose turn it is instead as long as one waits for its answer.
TURNS_WHEN_ASKED: dict[tuple[str, str], Turn] = {
    (Side.ORIGIN, State.RECEIVED): Turn.TECHNICAL_OFFICER,
    (Side.ORIGIN, State.VERIFIED): Turn.TECHNICAL_OFFICER,
    (Side.DESTINATION, State.RECEIVED): Turn.OTHER_BRANCH,
    (Side.DESTINATION, State.VERIFIED): Turn.OTHER_BRANCH,
}


class Crosses(models.TextChoices):
    """How a step reaches the center (DESIGN 11.1): decided here and told, or decided there first."""

    NOT = "not", _("stays in the branch")
    TOLD = "told", _("decided here, then told to the center")
    DECIDED_THERE = "decided_there", _("decided in the center first")
    ONCE_SEALED = "once_sealed", _("decided in the center first, once an envelope is on its way there")


class WhileHeld(models.TextChoices):
    """Whether a step is possible while a life event holds the case (DESIGN 11.20)."""

    CLOSED = "closed", _("not while the case is held")
    OPEN = "open", _("also while the case is held")
    ONLY = "only", _("only while the case is held")


@dataclass(frozen=True)
class Step:
    """What a transition or an action within a state asks for."""

    action: str
    side: str
    sources: tuple[str, ...]
    target: str | None
    label: Any
    crosses: str = Crosses.NOT
    by_itself: bool = False
    whose_turn: bool = False
    help: str = ""
    while_held: str = WhileHeld.CLOSED
    after_closing: bool = False  # taken of a case that is closed, and of no other

    def fits_age(self, is_open: bool) -> bool:
        """Whether it can be taken of a case that is still open, or is closed."""
        return is_open is not self.after_closing

    def fits(self, is_held: bool) -> bool:
        """Whether it can be taken of a case that is held, or is not."""
        return self.while_held in ((WhileHeld.OPEN, WhileHeld.ONLY) if is_held else (WhileHeld.OPEN, WhileHeld.CLOSED))


def _stands_on(side: str) -> Callable[[Any], bool]:
    return lambda case: bool(case.side == side)


def step(sources: Sequence[str] | str, target: str, side: str, label: Any, **custom: Any) -> Callable[..., Any]:
    """A thin `transition`: the side is a condition, the rest stands in `custom` for the readers of the table."""
    given = {"side": side, "label": label, **custom}
    return transition(
        field="state",
        source=sources,
        target=target,
        conditions=[_stands_on(side)],
        custom=given,
    )


class Flow(models.Model):
    """The state of a case, changed by these methods and by nothing else; each touches only its own case."""

    state = FSMField(_("state"), choices=State.choices, default=State.REFERRAL, protected=True)

    class Meta:
        abstract = True

    # --- origin ---

    @step([State.REFERRAL, State.DRAFT], State.DRAFT, Side.ORIGIN, _("Complete the draft"))
    def assemble(self) -> None:
        """The content of the file is gathered and checked; the technical officer can begin."""

    @step(State.DRAFT, State.TECHNICALLY_APPROVED, Side.ORIGIN, _("Pensions officer approval"), whose_turn=True)
    def approve_technical(self) -> None:
        """Directive, part 1: the technical officer has compared the system with the paper file."""

    @step(State.DRAFT, State.REFERRAL, Side.ORIGIN, _("Send back to the clerk"), whose_turn=True)
    @step(State.TECHNICALLY_APPROVED, State.DRAFT, Side.ORIGIN, _("Send back"), whose_turn=True)
    def send_back(self) -> None:
        """Whoever's turn it is does not approve and says why."""

    @step(State.TECHNICALLY_APPROVED, State.DRAFT, Side.ORIGIN, _("Approval lapses"), by_itself=True)
    def lapse(self) -> None:
        """The content changed after the approval, so the approval no longer stands (D5)."""

    @step(
        State.TECHNICALLY_APPROVED, State.HEAD_APPROVED, Side.ORIGIN, _("Send the data to the center"),
        whose_turn=True, crosses=Crosses.TOLD,
    )  # fmt: skip
    def approve_head(self) -> None:
        """Directive, part 1: head or insurance deputy send; the content is sealed, the pension file freezes."""

    @step(State.HEAD_APPROVED, State.SENT, Side.ORIGIN, _("The center has it"), by_itself=True)
    def mark_sent(self) -> None:
        """The center has the envelope."""

    @step(
        [State.HEAD_APPROVED, State.SENT], State.DRAFT, Side.ORIGIN, _("Recall"), crosses=Crosses.DECIDED_THERE,
        while_held=WhileHeld.OPEN,
    )  # fmt: skip
    def recall(self) -> None:
        """Take it back while the destination has not received it."""

    @step(State.SENT, State.RECEIVED, Side.ORIGIN, _("The destination has received it"), by_itself=True)
    def mark_received(self) -> None:
        """A receipt from the destination."""

    @step(State.RECEIVED, State.VERIFIED, Side.ORIGIN, _("The destination has compared it"), by_itself=True)
    def mark_verified(self) -> None:
        """A receipt from the destination."""

    @step(State.VERIFIED, State.REGISTERED, Side.ORIGIN, _("The destination has registered it"), by_itself=True)
    def mark_registered(self) -> None:
        """A receipt from the destination: it pays from the month after the last paid one."""

    @step(
        [State.RECEIVED, State.VERIFIED], State.RETURNED, Side.ORIGIN, _("The destination has returned it"),
        by_itself=True,
    )  # fmt: skip
    def mark_returned(self) -> None:
        """A receipt from the destination with what is wrong; the file thaws."""

    @step(State.RETURNED, State.DRAFT, Side.ORIGIN, _("Reopen"))
    def reopen(self) -> None:
        """Begin the next version; what was wrong stands beside the fields."""

    @step(
        [State.REFERRAL, State.DRAFT, State.TECHNICALLY_APPROVED, State.RETURNED], State.CANCELLED, Side.ORIGIN,
        _("Cancel the referral"), crosses=Crosses.TOLD, while_held=WhileHeld.OPEN,
    )  # fmt: skip
    def cancel(self) -> None:
        """The move does not take place; the file stays here."""

    # --- destination ---

    @step(
        [State.RETURNED, State.CANCELLED],
        State.RECEIVED,
        Side.DESTINATION,
        _("Receive from the center"),
        crosses=Crosses.DECIDED_THERE,
    )
    def receive(self) -> None:
        """Directive, part 2: take what the center holds for this branch; a later version comes into the same copy,
        even if the move had gone to another branch meanwhile."""

    @step(State.RECEIVED, State.VERIFIED, Side.DESTINATION, _("Confirm the comparison"), crosses=Crosses.TOLD)
    def verify(self) -> None:
        """Directive, part 2: the received data equals the paper file."""

    @step(
        [State.RECEIVED, State.VERIFIED], State.RETURNED, Side.DESTINATION, _("Return to origin"),
        crosses=Crosses.DECIDED_THERE, while_held=WhileHeld.OPEN,
    )  # fmt: skip
    def return_to_origin(self) -> None:
        """Something must be corrected, which only the origin can do."""

    @step(
        State.VERIFIED, State.REGISTERED, Side.DESTINATION, _("Confirm the registration of the data"),
        crosses=Crosses.DECIDED_THERE,
    )  # fmt: skip
    def register(self) -> None:
        """Directive, part 2: main pensioner and dependents are enrolled in this branch's database."""

    @step(State.RETURNED, State.CANCELLED, Side.DESTINATION, _("The origin gave it up"), by_itself=True)
    def mark_cancelled(self) -> None:
        """The origin cancelled the move or sent it to another branch."""


TAKEN = (State.RECEIVED, State.VERIFIED, State.REGISTERED, State.RETURNED)  # the destination has had the envelope
PAPER_LEAVES = (
    State.DRAFT, State.TECHNICALLY_APPROVED, State.HEAD_APPROVED, State.SENT, State.RECEIVED, State.VERIFIED,
    State.RETURNED,
)  # fmt: skip
UNSEALED = (State.REFERRAL, State.DRAFT, State.TECHNICALLY_APPROVED)  # where the destination is still to be chosen
ASKED = (State.RECEIVED, State.VERIFIED)  # where questions are asked and answered
# A life event holds the move at both branches, and either of them releases it (DESIGN 11.20). A copy that went back
# is the origin's affair: the destination hears what is said there.
AT_ORIGIN = tuple(state for state in State if state != State.CANCELLED)
AT_DESTINATION = (State.RECEIVED, State.VERIFIED, State.REGISTERED)
HEARS_AT_ORIGIN = (State.SENT, *AT_DESTINATION, State.RETURNED)
# Where it can be the turn of an office of the branch, whose work somebody takes.
OFFICES_AT_ORIGIN = (
    State.REFERRAL, State.DRAFT, State.TECHNICALLY_APPROVED, State.HEAD_APPROVED, *ASKED, State.RETURNED,
)  # fmt: skip
# Late money and over-payments are followed up at either branch once the pension is active at the destination.
FINISHED = (State.REGISTERED,)
_HOLD, _RELEASE = _("Record a life event"), _("Release")
_BRANCH_CHANGED = _("A branch of this move was closed or moved")
_HELD, _RELEASED = _("The other branch recorded a life event"), _("The other branch released it")


def _work(side: str, sources: tuple[str, ...]) -> tuple[Step, ...]:
    """Who of the office whose turn it is has the work (DESIGN 11.14)."""
    return (
        Step(Action.TAKE, side, sources, None, Action.TAKE.label, whose_turn=True),
        Step(Action.PUT_BACK, side, sources, None, Action.PUT_BACK.label, whose_turn=True),
        Step(Action.REASSIGN, side, sources, None, Action.REASSIGN.label),
    )


def _after(side: str, action: str, label: Any, **custom: Any) -> Step:
    """A step of a finished move."""
    return Step(action, side, FINISHED, None, label, after_closing=True, **custom)


def _follow_ups(side: str) -> tuple[Step, ...]:
    """Opening is told to the center; settling and withdrawing are a contest: first wins."""
    opening, settling, withdrawing = Action.OPEN_FOLLOW_UP, Action.SETTLE_FOLLOW_UP, Action.WITHDRAW_FOLLOW_UP
    return (
        _after(side, opening, opening.label, crosses=Crosses.TOLD),
        _after(side, settling, settling.label, crosses=Crosses.DECIDED_THERE),
        _after(side, withdrawing, withdrawing.label, crosses=Crosses.DECIDED_THERE),
        _after(side, "hear_follow_up", _("The other branch opened a follow-up"), by_itself=True),
        _after(side, "hear_follow_up_settled", _("The other branch settled the follow-up"), by_itself=True),
        _after(side, "hear_follow_up_withdrawn", _("The other branch withdrew the follow-up"), by_itself=True),
    )


WITHIN: tuple[Step, ...] = (
    # Actions that leave the state as it is. Each is in the trail except judgements of fields.
    Step(Action.EDIT_MOVE, Side.ORIGIN, (State.REFERRAL, State.DRAFT), None, _("Edit the referral")),
    Step(Action.ATTACH, Side.ORIGIN, (State.REFERRAL, State.DRAFT), None, _("Attach scans")),
    Step(Action.DETACH, Side.ORIGIN, (State.REFERRAL, State.DRAFT), None, _("Remove an attachment")),
    Step(
        Action.ACKNOWLEDGE,
        Side.ORIGIN,
        (State.REFERRAL, State.DRAFT),
        None,
        _("Acknowledge the warnings"),
    ),
    Step(Action.JUDGE, Side.ORIGIN, (State.DRAFT,), None, _("Compare with the paper file"), whose_turn=True),
    Step(
        Action.STATE_CERTIFICATE,
        Side.ORIGIN,
        (State.DRAFT,),
        None,
        _("Issue the last pay certificate"),
        whose_turn=True,
    ),
    Step(Action.JUDGE, Side.DESTINATION, (State.RECEIVED, State.VERIFIED), None, _("Compare with the paper file")),
    Step(Action.SHOW_DECREES, Side.DESTINATION, (State.RECEIVED,), None, _("Show the decrees received")),
    Step(
        Action.DISPATCH_PAPER,
        Side.ORIGIN,
        PAPER_LEAVES,
        None,
        _("Record the dispatch of the paper file"),
        crosses=Crosses.TOLD,
    ),
    Step(
        Action.RECORD_PAPER,
        Side.DESTINATION,
        (State.RECEIVED,),
        None,
        _("Record the paper file"),
        crosses=Crosses.TOLD,
    ),
    Step("hear_paper_sent", Side.DESTINATION, TAKEN, None, _("The origin dispatched the paper file"), by_itself=True),
    Step("hear_paper_arrived", Side.ORIGIN, TAKEN, None, _("The paper file has arrived"), by_itself=True),
    Step(Action.ACTIVATE, Side.DESTINATION, (State.REGISTERED,), None, _("Activate"), crosses=Crosses.TOLD),
    Step("mark_activated", Side.ORIGIN, (State.REGISTERED,), None, _("The destination pays"), by_itself=True),
    # Questions without returning. Asking is told to the center; answering and closing are a contest: first wins.
    Step(Action.ASK_QUESTION, Side.DESTINATION, ASKED, None, _("Ask the origin"), crosses=Crosses.TOLD),
    Step(Action.ANSWER_QUESTION, Side.ORIGIN, ASKED, None, _("Answer the question"), crosses=Crosses.DECIDED_THERE),
    Step(Action.CLOSE_QUESTION, Side.DESTINATION, ASKED, None, _("Close the question"), crosses=Crosses.DECIDED_THERE),
    Step("hear_question", Side.ORIGIN, ASKED, None, _("The destination asks"), by_itself=True),
    # An answer that was first at the center is kept even where the case has been returned meanwhile.
    Step("hear_answer", Side.DESTINATION, (*ASKED, State.RETURNED), None, _("The origin answers"), by_itself=True),
    Step(
        "hear_question_closed", Side.ORIGIN, ASKED, None, _("The destination has closed the question"), by_itself=True
    ),
    Step(Action.RECORD_LIFE_EVENT, Side.ORIGIN, AT_ORIGIN, None, _HOLD, crosses=Crosses.ONCE_SEALED),
    Step(Action.RECORD_LIFE_EVENT, Side.DESTINATION, AT_DESTINATION, None, _HOLD, crosses=Crosses.ONCE_SEALED),
    Step(
        Action.RELEASE, Side.ORIGIN, AT_ORIGIN, None, _RELEASE, crosses=Crosses.ONCE_SEALED, while_held=WhileHeld.ONLY
    ),
    Step(
        Action.RELEASE, Side.DESTINATION, AT_DESTINATION, None, _RELEASE, crosses=Crosses.ONCE_SEALED,
        while_held=WhileHeld.ONLY,
    ),
    Step("hear_held", Side.ORIGIN, HEARS_AT_ORIGIN, None, _HELD, by_itself=True),
    Step("hear_held", Side.DESTINATION, (*AT_DESTINATION, State.RETURNED), None, _HELD, by_itself=True),
    Step("hear_released", Side.ORIGIN, HEARS_AT_ORIGIN, None, _RELEASED, by_itself=True),
    Step("hear_released", Side.DESTINATION, (*AT_DESTINATION, State.RETURNED), None, _RELEASED, by_itself=True),
    Step("hear_branch_change", Side.ORIGIN, tuple(State), None, _BRANCH_CHANGED, by_itself=True),
    Step("hear_branch_change", Side.DESTINATION, tuple(State), None, _BRANCH_CHANGED, by_itself=True),
    *_work(Side.ORIGIN, OFFICES_AT_ORIGIN),
    *_work(Side.DESTINATION, AT_DESTINATION),
    *_follow_ups(Side.ORIGIN),
    *_follow_ups(Side.DESTINATION),
)  # fmt: skip


def _moves() -> Iterator[Step]:
    for name, method in vars(Flow).items():
        if meta := getattr(method, "_django_fsm", None):
            for source, move in meta.transitions.items():
                yield Step(name, sources=(source,), target=move.target, help=method.__doc__ or "", **move.custom)


MOVES: tuple[Step, ...] = tuple(_moves())
MOVING = frozenset(step.action for step in MOVES)


def find_step(action: str, side: str, state: str) -> Step | None:
    """The step that `action` is from here, or None when it is not one."""
    for candidate in MOVES + WITHIN:
        if candidate.action == action and candidate.side == side and state in candidate.sources:
            return candidate
    return None


def steps_from(side: str, state: str) -> list[Step]:
    """Every step possible from here, in the order of the table."""
    return [s for s in MOVES + WITHIN if s.side == side and state in s.sources]
