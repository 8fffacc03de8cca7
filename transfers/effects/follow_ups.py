"""What follows a follow-up, its settlement and its withdrawal, at the branch that says it and the one that hears."""

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from branches.roles import Action
from central import contract
from pension_transfer.lib.errors import NotNow
from transfers import trail
from transfers.crossings import tell
from transfers.effects.shared import Effects
from transfers.models import FollowUp, Outcome, Queue, TransferCase, Verb
from transfers.models.follow_ups import due_date

if TYPE_CHECKING:
    from transfers.doing import Doing

TOLD = ("matter", "month", "amount", "settled_by", "note")


def _open(doing: "Doing") -> None:
    said = {name: doing.input[name] for name in TOLD} | {"follow_up": str(uuid.uuid4())}
    said |= {"due_on": due_date().isoformat(), "opened_by_side": doing.case.side, "at": trail.utc(timezone.now())}
    _keep(doing, said | {"by_name": str(doing.by)})
    tell(doing, Verb.ANSWER, "follow_up", **said)


def _hear(doing: "Doing") -> None:
    _keep(doing, doing.input)


def _keep(doing: "Doing", said: dict[str, Any]) -> None:
    case, values = doing.case, {name: said[name] for name in (*TOLD, "opened_by_side")}
    values |= {"opened_by": said["by_name"], "opened_at": contract.moment(said["at"])}
    values |= {"due_on": dt.date.fromisoformat(said["due_on"]), "branch": case.branch}
    values |= {"queue": Queue.HERE if said["settled_by"] == case.side else Queue.THERE}
    row, _new = FollowUp.objects.get_or_create(case=case, key=said["follow_up"], defaults=values)
    doing.note = row.note
    doing.details = _about(row) | {"to_settle": row.in_charge.name, "settlement_due": said["due_on"]}


def _settle(doing: "Doing") -> None:
    """The center has taken this settlement as the first word on the end of it."""
    _end(doing, doing.answer.body)


def _hear_end(doing: "Doing") -> None:
    _end(doing, doing.input)


def _end(doing: "Doing", said: dict[str, Any]) -> None:
    row = _known(doing.case, said)
    if row.is_open:
        row.outcome, row.closed_by = said.get("outcome", Outcome.WITHDRAWN), said["by_name"]
        row.closed_at, row.queue = contract.moment(said["at"]), Queue.OVER
        row.settled_amount, row.letter_number = said.get("settled_amount"), said.get("letter_number", "")
        row.closing_note = said["closing_note"]
        row.save()
    doing.note = row.closing_note
    settled = {"settled_amount": row.settled_amount, "settlement_letter": row.letter_number}
    doing.details = _about(row) | {"outcome": row.outcome} | {name: value for name, value in settled.items() if value}


def _about(row: FollowUp) -> dict[str, Any]:
    return {"follow_up": str(row.key), "matter": row.matter, "month": row.month, "amount": row.amount}


def _known(case: TransferCase, said: dict[str, Any]) -> FollowUp:
    """The follow-up that something is said of; NotNow while it has not been heard: sync says it again."""
    found = case.follow_ups.filter(key=said["follow_up"]).first()
    if found is None:
        raise NotNow(_("The follow-up itself has not arrived yet."), "too_early")
    return found


EFFECTS: Effects = {
    Action.OPEN_FOLLOW_UP: (_open,),
    "hear_follow_up": (_hear,),
    Action.SETTLE_FOLLOW_UP: (_settle,),
    "hear_follow_up_settled": (_hear_end,),
    Action.WITHDRAW_FOLLOW_UP: (_settle,),
    "hear_follow_up_withdrawn": (_hear_end,),
}
