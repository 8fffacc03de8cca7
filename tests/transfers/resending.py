"""What tests of versions share: a correction, a reopened draft, a version sent again, what a case's page tells."""

import datetime as dt
import uuid
from typing import Any

from django.urls import reverse

from branches import services
from branches.models import Correction, PensionFile, User
from branches.roles import Action
from tests.cast import Walk, press
from tests.expect import fresh
from tests.pages import as_
from transfers.models import TransferCase
from transfers.states import State

WHY = {"reason": "مدرک ناقص است"}
ON_PAPER = dt.date(1955, 5, 7)  # 1334/02/16, as DIFFERENCE says
WRONG_BRANCH = {"code": "wrong_branch", "suggested_branch": "0701"}


def correct(walk: Walk, section: str = "principal", row: int | None = None, **data: Any) -> Correction:
    file, by = PensionFile.objects.get(pk=walk.file.pk), User.objects.get(pk=walk.clerk.pk)
    return services.correct(file, section, row, by, "مطابق شناسنامه", data, command_id=uuid.uuid4())


def reopened(walk: Walk, *corrections: dict[str, Any]) -> TransferCase:
    """The draft of version 2, after a return and these corrections of the principal."""
    walk.to(State.RETURNED)
    walk.case = press(Action.REOPEN, fresh(walk.case), walk.clerk)
    for data in corrections:
        correct(walk, **data)
    walk.case = press(Action.ASSEMBLE, fresh(walk.case), walk.clerk)
    return walk.case


def sent_again(walk: Walk) -> TransferCase:
    """The destination's copy, after version 2 was received."""
    reopened(walk, {"birth_date": ON_PAPER})
    walk.technical()
    walk.send()
    walk.receive()
    return walk.copy


def story(user: User, case: TransferCase) -> Any:
    answer = as_(user).get(reverse("case", args=[case.pk]))
    assert answer.status_code == 200
    return answer.context["page"].story
