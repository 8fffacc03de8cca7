"""The trail as one timeline: every copy of a move that a person may see, in the order it happened."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.roles import Action, Role
from central import contract
from central.models import MESSAGES
from pension_transfer.lib.persian import listed
from pension_transfer.lib.templatetags.persian import fa, jalali, jalali_month, rial
from transfers import presentation
from transfers.hurdles import action_label
from transfers.models import (
    Code,
    LifeEvent,
    Matter,
    Outcome,
    PaperCondition,
    PaperMethod,
    Question,
    TransferCase,
    TransferEvent,
)
from transfers.states import Side, State, find_step
from transfers.sync import MARKS

# Steps that only repeat at one branch what the other one did; left out where both copies are seen.
ECHOES = frozenset({*MARKS.values(), "mark_cancelled", *(f"hear_{kind}" for kind in MESSAGES)})
# The approvals in sealed content, as the steps that they were at the origin: action, from, to.
APPROVALS = {
    "technical": (Action.APPROVE_TECHNICAL, State.DRAFT, State.TECHNICALLY_APPROVED),
    "head": (Action.APPROVE_HEAD, State.TECHNICALLY_APPROVED, State.HEAD_APPROVED),
}
ROLES = dict(Role.choices)


class Kind(TextChoices):
    """What an event is of: a move has one timeline for all four, and a reader picks."""

    ELECTRONIC = "electronic", gettext_lazy("Electronic part")
    PAPER = "paper", gettext_lazy("Paper file")
    QUESTIONS = "questions", gettext_lazy("Questions and answers")
    PAYMENT = "payment", gettext_lazy("Payment")


# By action, the other branch's as it is heard; what is not named here is of the electronic part.
KINDS: dict[str, Kind] = {
    **dict.fromkeys((Action.DISPATCH_PAPER, Action.RECORD_PAPER, "hear_paper_sent", "hear_paper_arrived"), Kind.PAPER),
    **dict.fromkeys((Action.ASK_QUESTION, Action.ANSWER_QUESTION, Action.CLOSE_QUESTION), Kind.QUESTIONS),
    **dict.fromkeys(("hear_question", "hear_answer", "hear_question_closed"), Kind.QUESTIONS),
    **dict.fromkeys((Action.STATE_CERTIFICATE, Action.ACTIVATE, "mark_activated"), Kind.PAYMENT),
    **dict.fromkeys((Action.OPEN_FOLLOW_UP, Action.SETTLE_FOLLOW_UP, Action.WITHDRAW_FOLLOW_UP), Kind.PAYMENT),
    **dict.fromkeys(("hear_follow_up", "hear_follow_up_settled", "hear_follow_up_withdrawn"), Kind.PAYMENT),
}


def day(text: str) -> str:
    """An ISO day of the trail as people read it."""
    return jalali(dt.date.fromisoformat(text))


def moment(text: str) -> str:
    """The day of a moment of the trail as people read it."""
    return jalali(contract.moment(text))


DETAILS: dict[str, tuple[Any, Callable[[Any], str]]] = {
    "last_paid_month": (gettext_lazy("last paid month"), jalali_month),
    "arrears_first": (gettext_lazy("arrears from"), jalali_month),
    "arrears_last": (gettext_lazy("arrears up to"), jalali_month),
    "arrears_months": (gettext_lazy("months of arrears"), fa),
    "letter_number": (gettext_lazy("letter number of the paper file"), fa),
    "pages": (gettext_lazy("pages counted"), fa),
    "paper_sent_on": (gettext_lazy("dispatched on"), day),
    "paper_method": (gettext_lazy("method"), lambda code: str(PaperMethod(code).label)),
    "paper_sent_letter": (gettext_lazy("letter number"), fa),
    "paper_sent_pages": (gettext_lazy("pages sent"), fa),
    "parcel_number": (gettext_lazy("parcel number"), fa),
    "paper_arrived_on": (gettext_lazy("paper file arrived on"), day),
    "paper_letter_number": (gettext_lazy("letter number of the paper file"), fa),
    "paper_pages": (gettext_lazy("pages counted"), fa),
    "paper_condition": (gettext_lazy("condition"), lambda code: str(PaperCondition(code).label)),
    "paper_note": (gettext_lazy("note on the condition"), fa),
    "compared": (gettext_lazy("fields compared"), fa),
    "acknowledged": (gettext_lazy("warnings acknowledged"), fa),
    "remarks": (gettext_lazy("with a remark"), fa),
    "code": (gettext_lazy("reason"), lambda code: str(Code(code).label)),
    "attached": (gettext_lazy("attached"), listed),
    "detached": (gettext_lazy("removed"), listed),
    "suggested_branch": (gettext_lazy("suggested branch"), fa),
    "discrepancies": (gettext_lazy("discrepancies"), fa),
    "changed": (gettext_lazy("fields changed"), fa),
    "path": (gettext_lazy("field"), lambda path: fa(presentation.bare_label(path))),
    "due_on": (gettext_lazy("answer due on"), lambda day: jalali(dt.date.fromisoformat(day))),
    "how": (gettext_lazy("how it closed"), lambda how: str(Question.How(how).label)),
    "event": (gettext_lazy("life event"), lambda event: str(LifeEvent(event).label)),
    "event_on": (gettext_lazy("date of the event"), lambda day: jalali(dt.date.fromisoformat(day))),
    "closed_branch": (gettext_lazy("closed branch"), fa),
    "successor": (gettext_lazy("successor"), fa),
    "moved_branch": (gettext_lazy("moved branch"), fa),
    "to_site": (gettext_lazy("to site"), str),
    "taken_from": (gettext_lazy("taken from"), str),
    "given_to": (gettext_lazy("given to"), str),
    "matter": (gettext_lazy("matter"), lambda code: str(Matter(code).label)),
    "month": (gettext_lazy("month concerned"), jalali_month),
    "amount": (gettext_lazy("amount"), rial),
    "to_settle": (gettext_lazy("to be settled by"), fa),
    "settlement_due": (gettext_lazy("settlement due on"), day),
    "outcome": (gettext_lazy("outcome"), lambda code: str(Outcome(code).label)),
    "settled_amount": (gettext_lazy("amount settled"), rial),
    "settlement_letter": (gettext_lazy("letter number of the settlement"), fa),
    "rebuilt": (gettext_lazy("brought back from the center after a restore; done on"), moment),
    "receipt_number": (gettext_lazy("registration receipt number"), fa),
}


@dataclass(frozen=True)
class Row:
    """An event as the component `timeline` prints it."""

    state: str
    label: str
    at: dt.datetime
    by: str
    role: str
    place: str
    note: str
    is_current: bool = False
    kind: Kind = Kind.ELECTRONIC
    version: int = 0  # told where it is another than that of the event before, and the move has several


def of_case(case: TransferCase) -> list[Row]:
    """The case's own trail, oldest first; at the destination with the origin's approvals that came sealed."""
    return _by_version([row for event in case.events.all() for row in rows_of(case, event)])


def of_move(copies: Iterable[TransferCase]) -> list[Row]:
    """The trails of the copies of one move, merged; a step known from both sides is told once."""
    held = list(copies)
    is_whole = len({case.side for case in held}) > 1
    told = [(c, e) for c in held for e in c.events.all() if not (is_whole and e.action in ECHOES)]
    in_order = sorted(told, key=lambda pair: (pair[1].at, pair[1].sequence))
    return _by_version([row for c, e in in_order for row in ([_row(c, e)] if is_whole else rows_of(c, e))])


def rows_of(case: TransferCase, event: TransferEvent) -> list[Row]:
    """An event, after the approvals that came with it."""
    return [*_approvals(case, event), _row(case, event)]


def version_of(event: TransferEvent) -> int:
    """The version that an event is about: a recall ends the one before the draft that it begins."""
    return event.version - 1 if event.action == Action.RECALL else event.version


def _by_version(rows: list[Row]) -> list[Row]:
    """The number stands where it changes; a move that was sent once has none to tell."""
    if len({row.version for row in rows}) < 2:
        return [replace(row, version=0) for row in rows]
    before = [0, *(row.version for row in rows)]
    return [
        replace(row, version=row.version if row.version != last else 0) for row, last in zip(rows, before, strict=False)
    ]


def _approvals(case: TransferCase, event: TransferEvent) -> list[Row]:
    """Who approved at the origin what came with this event (directive, part 1)."""
    return [_approval(case, given, event.version) for given in event.details.get("approvals", [])]


def _approval(case: TransferCase, given: dict[str, Any], version: int) -> Row:
    action, source, target = APPROVALS[given["step"]]
    return Row(
        state=target,
        label=_label(action, Side.ORIGIN, source),
        at=contract.moment(given["at"]),
        by=given["name"],
        role=str(ROLES.get(given["role"], "")),
        place=case.origin.name,
        note="",
        version=version,
    )


def _row(case: TransferCase, event: TransferEvent) -> Row:
    places = {branch.pk: branch.name for branch in (case.origin, case.destination)}
    return Row(
        state=event.to_state,
        label=_label(event.action, case.side, event.from_state),
        at=event.at,
        by=_by(event),
        role=str(ROLES.get(event.role, "")),
        place=places.get(event.branch_code, event.branch_code),
        note=listed(filter(None, [fa(event.note), *_details(event.details)]), "؛"),
        kind=KINDS.get(event.action, Kind.ELECTRONIC),
        version=version_of(event),
    )


def _by(event: TransferEvent) -> str:
    """Who took the step, and in whose place (DESIGN 5)."""
    name = event.by_name or _("by itself")
    absent = event.details.get("for")
    return _("%(name)s, standing in for %(absent)s") % {"name": name, "absent": absent} if absent else name


def _label(action: str, side: str, source: str) -> str:
    step = find_step(action, side, source)
    return str(step.label) if step else action_label(action)


def _details(details: dict[str, Any]) -> list[str]:
    told = [f"{name}: {show(details[key])}" for key, (name, show) in DETAILS.items() if details.get(key)]
    return told
