"""What follows a question, its answer and its closing, at the branch that says it and at the one that hears it."""

import uuid
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from branches.roles import Action
from central import contract
from pension_transfer.lib.errors import NotNow
from transfers import attachments, trail
from transfers.crossings import tell
from transfers.effects.shared import Effects
from transfers.models import Question, TransferCase, TransferEvent, Verb

if TYPE_CHECKING:
    from transfers.doing import Doing

NOTE: int = TransferEvent._meta.get_field("note").max_length or 0


def _ask(doing: "Doing") -> None:
    given, at = doing.input, timezone.now()
    said = {"question": str(uuid.uuid4()), "path": given["path"], "text": given["text"], "at": trail.utc(at)}
    said |= {"due_on": given["due_on"].isoformat()}
    _keep(doing, said | {"by_name": str(doing.by)})
    tell(doing, Verb.ANSWER, "question", **said)


def _hear_question(doing: "Doing") -> None:
    _keep(doing, doing.input)


def _keep(doing: "Doing", said: dict[str, Any]) -> None:
    values = {name: said[name] for name in ("path", "text", "due_on")}
    values |= {"asked_by": said["by_name"], "asked_at": contract.moment(said["at"])}
    question, _new = Question.objects.get_or_create(case=doing.case, key=said["question"], defaults=values)
    _into_the_trail(doing, question, question.text, due_on=said["due_on"])


def _answer(doing: "Doing") -> None:
    """The center has taken this answer as the first, whatever was done here meanwhile."""
    _keep_answer(doing, doing.answer.body)


def _hear_answer(doing: "Doing") -> None:
    _keep_answer(doing, doing.input)


def _keep_answer(doing: "Doing", said: dict[str, Any]) -> None:
    question = _known(doing.case, said)
    if not question.is_answered:
        question.answer, question.answered_by = said["text"], said["by_name"]
        question.answered_at = contract.moment(said["at"])
        question.save(update_fields=["answer", "answered_by", "answered_at"])
        attachments.lay_on_answer(doing.case, said["question"], said.get("attachments", []), doing.by)
    _into_the_trail(doing, question, said["text"], **_attached(said))


def _attached(said: dict[str, Any]) -> dict[str, list[str]]:
    """The files of an answer as the trail tells them, as it does those that are attached to a case."""
    files = said.get("attachments", [])
    return {"attached": [row["name"] for row in files], "sha256": [row["sha256"] for row in files]} if files else {}


def _close(doing: "Doing") -> None:
    _keep_closing(doing, doing.answer.body)


def _hear_closing(doing: "Doing") -> None:
    _keep_closing(doing, doing.input)


def _keep_closing(doing: "Doing", said: dict[str, Any]) -> None:
    question = _known(doing.case, said)
    if said["how"] == Question.How.SETTLED and not question.is_answered:  # sync first finishes the own answer
        raise NotNow(_("The answer itself has not arrived yet."), "too_early")
    if question.is_open:
        question.how, question.closed_by = said["how"], said["by_name"]
        question.closed_at = contract.moment(said["at"])
        question.save(update_fields=["how", "closed_by", "closed_at"])
    _into_the_trail(doing, question, question.text, how=question.how)


def _known(case: TransferCase, said: dict[str, Any]) -> Question:
    """The question that something is said of; NotNow while it has not been heard: sync says it again."""
    found = case.questions.filter(key=said["question"]).first()
    if found is None:
        raise NotNow(_("The question itself has not arrived yet."), "too_early")
    return found


def _into_the_trail(doing: "Doing", question: Question, text: str, **more: Any) -> None:
    doing.note = Truncator(text).chars(NOTE)
    doing.details = {"path": question.path, "question": str(question.key)} | more


def _close_all(doing: "Doing") -> None:
    """What ends the comparison ends its questions: none is left waiting where nobody looks (I10)."""
    closed = {"how": ENDS[doing.action], "closed_by": doing.who.get("by_name", ""), "closed_at": timezone.now()}
    doing.case.questions.filter(closed_at=None).update(**closed)


ENDS: dict[str, str] = {
    Action.RETURN_TO_ORIGIN: Question.How.RETURNED,
    "mark_returned": Question.How.RETURNED,
    Action.REGISTER: Question.How.REGISTERED,
    "mark_registered": Question.How.REGISTERED,
    Action.CANCEL: Question.How.CANCELLED,
    "mark_cancelled": Question.How.CANCELLED,
}
EFFECTS: Effects = {
    Action.ASK_QUESTION: (_ask,),
    "hear_question": (_hear_question,),
    Action.ANSWER_QUESTION: (_answer,),
    "hear_answer": (_hear_answer,),
    Action.CLOSE_QUESTION: (_close,),
    "hear_question_closed": (_hear_closing,),
    **dict.fromkeys(ENDS, (_close_all,)),
}
