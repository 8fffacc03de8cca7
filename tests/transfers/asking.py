"""What the tests of questions ask, answer, close and say for another branch."""

import uuid
from typing import Any

from branches.models import User
from branches.roles import Action
from central import services
from central.rules import Refused
from tests.cast import Walk, press
from tests.expect import fresh
from tests.transfers.standings import ASKED
from transfers.models import Question, TransferCase
from transfers.states import Side, State

SAYS = "بله، ۱۳۳۴/۰۲/۱۵ است."


def ask(walk: Walk, **changes: Any) -> Question:
    """A question of the destination, as its copy holds it."""
    if walk.copy is None:
        walk.to(State.RECEIVED, Side.DESTINATION)
    press(Action.ASK_QUESTION, fresh(walk.copy), walk.staff, **(ASKED | changes))
    return Question.objects.filter(case=walk.copy).latest("id")


def answer(walk: Walk, question: Question, by: User | None = None, said: str = SAYS) -> TransferCase:
    by = by or walk.officer
    return press(Action.ANSWER_QUESTION, fresh(walk.case), by, question=str(question.key), text=said)


def close(walk: Walk, question: Question, by: User | None = None) -> TransferCase:
    return press(Action.CLOSE_QUESTION, fresh(walk.copy), by or walk.staff, question=str(question.key))


def both(question: Question) -> list[Question]:
    """The question as the destination and as the origin hold it."""
    return list(Question.objects.filter(key=question.key).order_by("case__side", "case"))


SAID = {"by_name": "همکار شعبهٔ دیگر", "at": "2026-11-25T08:00:00.000000Z"}
WITHDRAWN = SAID | {"how": "withdrawn"}


def say(walk: Walk, kind: str, by: str, key: str, **body: Any) -> str:
    """What a branch says to the center by itself: '' when it was taken, else why not."""
    said = services.Answer(fresh(walk.case).envelope, kind, by, uuid.uuid4(), {"question": key} | body)
    try:
        services.answer(said)
    except Refused as no:
        return no.code
    return ""
