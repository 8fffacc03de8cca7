"""Steps on their way over to the center: told after they are decided here, or intended before it decides.

A crossing is written in the step's own transaction; transfers.workflow settles it after the commit.
"""

import datetime as dt
import json
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch, PensionFile, User
from branches.roles import Action
from central import contract
from central.models import MESSAGES, Envelope
from pension_transfer.lib.errors import NotNow
from transfers import attachments, clock, exchange, presentation, trail
from transfers.comparison import differing
from transfers.models import Crossing, Discrepancy, Mark, Outcome, Question, Queue, TransferCase, Verb
from transfers.states import Crosses, Side, State, Step

if TYPE_CHECKING:
    from transfers.doing import Doing

LONGEST = Discrepancy._meta.get_field("sent_value").max_length  # a decree's text may be longer


def tell(doing: "Doing", verb: str, kind: str = "", envelope_id: uuid.UUID | None = None, **body: Any) -> None:
    """Write the step into the outbox: it is told to the center after the commit, and again until it answers."""
    if doing.again:
        return  # the center told us
    Crossing.objects.create(
        key=uuid.uuid4(),
        verb=verb,
        kind=kind,
        action=doing.action,
        branch=doing.case.branch,
        case=doing.case,
        envelope_id=envelope_id or doing.case.envelope,
        by=doing.by,
        role=doing.role,
        body=_person(doing.who) | body,
    )


def _person(who: dict[str, Any]) -> dict[str, Any]:
    told = {"by_name": who["by_name"], "role": who["role"], "at": trail.utc(timezone.now())}
    told |= {"by_username": who["by"].username} if who["by"] else {}
    return told | who.get("standing_in", {})


# --- decided in the center ------------------------------------------------------------------------------


def intend(doing: "Doing", command_id: uuid.UUID) -> Crossing:
    """Commit what is wanted before the center is asked, so that it can be finished in this person's name."""
    if doing.action == Action.RECEIVE and doing.by:
        envelope = doing.input["envelope_id"]
        return intend_taking(envelope, doing.case.branch, doing.by, doing.role, command_id)
    verb, kind = DECIDED_THERE[doing.action]
    case, doing.input = doing.case, _with_scans_kept(doing.input)
    body = _person(doing.who) | BODIES.get(doing.action, lambda doing: {})(doing)
    return Crossing.objects.create(
        key=command_id, verb=verb, kind=kind, action=doing.action, branch=case.branch, case=case,
        envelope_id=case.envelope, by=doing.by, role=doing.role, input=_plain(doing.input), body=body,
        decided_there=True,
    )  # fmt: skip


def _with_scans_kept(given: dict[str, Any]) -> dict[str, Any]:
    """An answer's uploads are kept with the intention: it is finished without the person who sent them."""
    rest = {name: value for name, value in given.items() if name != "scans"}
    files = given.get("scans")
    return rest | {"attachments": attachments.keep_for_answer(given["question"], files)} if files else rest


def intend_taking(envelope_id: uuid.UUID, branch: Branch, by: User, role: str, command_id: uuid.UUID) -> Crossing:
    """The wish to receive an envelope, of which nothing is known here yet."""
    body = _person(trail.signature(by, role, branch.pk))
    return Crossing.objects.create(
        key=command_id, verb=Verb.TAKE, kind="received", action=Action.RECEIVE, branch=branch,
        envelope_id=envelope_id, by=by, role=role, body=body, decided_there=True,
    )  # fmt: skip


def is_decided_there(step: Step, case: TransferCase) -> bool:
    """Whether the center decides this step first: what it has never been told of is decided in the branch."""
    if step.crosses != Crosses.ONCE_SEALED or case.envelope_id is None:
        return step.crosses == Crosses.DECIDED_THERE
    refused = case.crossings.filter(verb=Verb.DEPOSIT, envelope_id=case.envelope_id, state="refused")
    return not refused.exists()


def is_asking(case: TransferCase) -> bool:
    """Whether this copy asks the center to hold or to release, and may have been answered without knowing it."""
    return case.crossings.filter(state="open", decided_there=True, kind__in=["held", "released"]).exists()


def comes_too_early(crossing: Crossing) -> bool:
    """A message about an envelope that the center has not got yet."""
    deposits = Crossing.objects.filter(envelope_id=crossing.envelope_id, verb=Verb.DEPOSIT, state="open")
    return crossing.kind in MESSAGES and deposits.exists()


def close_crossing(crossing: Crossing, state: str, reason: str = "") -> bool:
    """The center has answered; False when its answer was known already."""
    changed = {"state": state, "reason": reason[:80], "settled_at": timezone.now()}
    still_open = Crossing.objects.filter(pk=crossing.pk, state="open")
    return bool(still_open.update(attempts=F("attempts") + 1, **changed))


def refuse(crossing: Crossing, reason: str) -> None:
    """The center said no. What was decided here is then the head's turn, in the same transaction (I10)."""
    case = lock_case(crossing.known_case.pk) if not crossing.decided_there else None
    if close_crossing(crossing, "refused", reason) and case:
        asked = case.questions.filter(key=crossing.body.get("question"), closed_at=None)
        asked.update(how=Question.How.REFUSED, closed_at=timezone.now())  # nobody is ever going to answer it
        opened = case.follow_ups.filter(key=crossing.body.get("follow_up"), closed_at=None)
        opened.update(outcome=Outcome.REFUSED, queue=Queue.OVER, closed_at=timezone.now())
        if case.whose_turn() != case.turn:
            clock.begin(case)
            case.save()
    if crossing.verb == Verb.DEPOSIT:  # nobody hears what was to be told of an envelope that never came
        told = Crossing.objects.filter(envelope_id=crossing.envelope_id, kind__in=MESSAGES, state="open")
        told.update(state="refused", reason=reason[:80], settled_at=timezone.now())


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in given.items()}


def _plain_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else getattr(value, "pk", value)


def _return_body(doing: "Doing") -> dict[str, Any]:
    return _plain(doing.input) | {"discrepancies": [_said_of(doing.case, mark) for mark in differing(doing.case)]}


def _said_of(case: TransferCase, mark: Mark) -> dict[str, Any]:
    names = ("path", "paper_value", "code", "severity", "note")
    sent = presentation.value_at(case.content, mark.path)[:LONGEST]
    return {name: getattr(mark, name) for name in names} | {"sent_value": sent, "by_name": str(mark.by)}


def _closing_body(doing: "Doing") -> dict[str, Any]:
    """Whether it is closed after its answer or withdrawn; the center refuses if it knows an answer not `seen` here."""
    is_answered = doing.case.questions.get(key=doing.input["question"]).is_answered
    how, seen = (Question.How.SETTLED, ["answer"]) if is_answered else (Question.How.WITHDRAWN, [])
    return dict(doing.input) | {"how": how, "seen": seen}


DECIDED_THERE: dict[str, tuple[str, str]] = {
    Action.RECALL: (Verb.WITHDRAW, "withdrawn"),
    Action.RETURN_TO_ORIGIN: (Verb.ANSWER, "returned"),
    Action.REGISTER: (Verb.ANSWER, "registered"),
    Action.ANSWER_QUESTION: (Verb.ANSWER, "answer"),
    Action.CLOSE_QUESTION: (Verb.ANSWER, "question_closed"),
    Action.RECORD_LIFE_EVENT: (Verb.ANSWER, "held"),
    Action.RELEASE: (Verb.ANSWER, "released"),
    Action.SETTLE_FOLLOW_UP: (Verb.ANSWER, "follow_up_settled"),
    Action.WITHDRAW_FOLLOW_UP: (Verb.ANSWER, "follow_up_withdrawn"),
}
BODIES: dict[str, Callable[["Doing"], dict[str, Any]]] = {
    Action.RECALL: lambda doing: {"note": doing.input["reason"]},
    Action.RETURN_TO_ORIGIN: _return_body,
    Action.REGISTER: lambda doing: {"receipt_number": f"{doing.case.tracking_number}-{doing.case.version}"},
    Action.ANSWER_QUESTION: lambda doing: dict(doing.input),
    Action.CLOSE_QUESTION: _closing_body,
    Action.RECORD_LIFE_EVENT: lambda doing: _plain(doing.input),
    Action.SETTLE_FOLLOW_UP: lambda doing: dict(doing.input),
    Action.WITHDRAW_FOLLOW_UP: lambda doing: dict(doing.input),
    Action.RELEASE: lambda doing: {"note": doing.input["reason"]},
}


# --- what comes back ------------------------------------------------------------------------------------


def sealed_content(envelope: Envelope) -> dict[str, Any]:
    """The content as it was sealed; NotNow when bytes, seal, signature or contract do not hold."""
    content: dict[str, Any] = json.loads(envelope.body)
    distrusted = exchange.why_distrusted(envelope)
    if distrusted == "unknown_key":
        sentence = _("It is signed with a key that the center does not know, or does not accept any more. It is kept.")
        raise NotNow(sentence, "unknown_key")
    if not distrusted and contract.is_unknown(content):
        raise NotNow(
            _("It was written by a newer version of the product. It is received by itself once this one is renewed."),
            "unknown_schema",
        )
    if distrusted or contract.faults(content):
        raise NotNow(
            _("The seal does not hold: the content was altered on its way. Tell the center operator."), "seal_broken"
        )
    return content


def said_of_move(content: dict[str, Any]) -> dict[str, Any]:
    """What a copy's own row repeats of the sealed content; a later version may say it differently."""
    principal, move = content["principal"], content["move"]
    said = {name: move[name] for name in ("reason", "letter_number", "letter_date", "note")}
    name = f"{principal['first_name']} {principal['last_name']}"
    return said | {"national_code": principal["national_code"], "person_name": name}


def _received_case(envelope: Envelope, branch: Branch) -> TransferCase:
    """A new copy; NotNow while the origin, of another site, is missing here: sync receives it once it is known."""
    if not Branch.objects.filter(pk=envelope.origin).exists():
        sentence = _(
            "Branch %(branch)s, which sent this, is not among the branches known here. Tell the center operator; "
            "it is received by itself once that branch has been added."
        )
        raise NotNow(sentence % {"branch": envelope.origin}, "unknown_origin")
    return TransferCase(
        transfer_id=envelope.move,
        side=Side.DESTINATION,
        state=State.RECEIVED,
        branch=branch,
        origin_id=envelope.origin,
        destination_id=envelope.destination,
        tracking_number=envelope.tracking_number,
        pension_number=envelope.pension_number,
    )


def lock_case(case_id: int) -> TransferCase:
    """The case for writing. Its file is locked first, as a correction does: no two wait for each other."""
    list(PensionFile.objects.select_for_update().filter(cases=case_id).values_list("pk"))
    return TransferCase.objects.select_for_update(of=("self",)).get(pk=case_id)


def case_of(crossing: Crossing, answer: Any) -> tuple[TransferCase, bool]:
    """The locked case that a crossing concerns, and whether it is new here."""
    if crossing.verb != Verb.TAKE:
        return lock_case(crossing.known_case.pk), False
    held = TransferCase.objects.select_for_update(of=("self",)).filter(
        transfer_id=answer.move, branch=crossing.branch, side=Side.DESTINATION
    )
    case = held.first()
    return (case, False) if case else (_received_case(answer, crossing.branch), True)
