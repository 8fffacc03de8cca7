"""What the tests of follow-ups open, settle, withdraw and say for another branch."""

import uuid
from typing import Any

from branches.models import User
from branches.roles import Action
from central import services
from central.rules import Refused
from tests.cast import Walk, press
from tests.expect import fresh
from tests.transfers.standings import FOLLOW_UP, SETTLEMENT
from transfers import trail
from transfers.models import FollowUp, TransferCase
from transfers.states import Side

AMOUNT = 12_500_000


def open_(walk: Walk, side: str = Side.ORIGIN, **changes: Any) -> FollowUp:
    """A follow-up as the side that opens it holds it."""
    case, by = (walk.case, walk.officer) if side == Side.ORIGIN else (walk.copy, walk.other_officer)
    press(Action.OPEN_FOLLOW_UP, fresh(case), by, **(FOLLOW_UP | changes))
    return FollowUp.objects.filter(case=case).latest("id")


def settle(walk: Walk, row: FollowUp, by: User | None = None, **changes: Any) -> TransferCase:
    data = SETTLEMENT | {"follow_up": str(row.key)} | changes
    return press(Action.SETTLE_FOLLOW_UP, fresh(walk.case), by or walk.head, **data)


def withdraw(case: TransferCase, row: FollowUp, by: User) -> TransferCase:
    data = {"follow_up": str(row.key), "closing_note": "دوبار ثبت شده بود"}
    return press(Action.WITHDRAW_FOLLOW_UP, fresh(case), by, **data)


def both(row: FollowUp) -> list[FollowUp]:
    """As the destination and as the origin hold it."""
    return list(FollowUp.objects.filter(key=row.key).order_by("case__side").select_related("case__origin"))


def say(walk: Walk, kind: str, by: str, row: FollowUp, **body: Any) -> str:
    """What a branch says to the center by itself: '' when it was taken, else why not."""
    told = {"follow_up": str(row.key), "by_name": "همکار", "at": trail.utc(row.opened_at), "closing_note": "چنین است"}
    try:
        services.answer(services.Answer(walk.case.envelope, kind, by, uuid.uuid4(), told | body))
    except Refused as no:
        return no.code
    return ""
