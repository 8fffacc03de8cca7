"""Paper files that came before their electronic part: the door through which they are recorded."""

import uuid
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch, User
from branches.roles import Action, acting_roles
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen
from transfers import transactions
from transfers.models import Command, PaperArrival, TransferCase
from transfers.states import Side, State

TRACKING_DIGITS = 13


def record(branch: Branch, *, by: User, command_id: uuid.UUID, given: dict[str, Any]) -> None:
    """Keep that a paper file lies at `branch`; the same number recorded again corrects the first.

    `given` is the cleaned input of the form ArrivalForm. Raises NotAllowed, BadInput where a copy of the case is here.
    """
    roles = acting_roles(by, Action.RECORD_PAPER, branch)
    if not roles:
        raise NotAllowed(_("Your role does not include this step; ask the colleague whose step it is."), "role")
    if Command.objects.filter(pk=command_id, by=by, action=Action.RECORD_PAPER).exists():
        return  # a repeat hears the first answer (D3)
    name = "tracking_number" if len(given["number"]) == TRACKING_DIGITS else "pension_number"
    number = {"tracking_number": "", "pension_number": ""} | {name: given["number"]}
    said = {key: value for key, value in given.items() if key.startswith("paper_")}
    with transactions.site():
        _refuse_where_received(branch, {name: given["number"]})
        values = said | {"by": by, "by_name": str(by), "role": roles[0]}
        PaperArrival.objects.unmatched().update_or_create(branch=branch, **number, defaults=values)
        Command.objects.create(pk=command_id, action=Action.RECORD_PAPER, by=by)


def set_aside(arrival_id: int, *, by: User, command_id: uuid.UUID, reason: str) -> None:
    """Take an arrival off the list: a mistyped number, or a paper file that was sent back. The row stays, with why.

    Raises NotSeen where no such arrival lies at a branch of this person, NotAllowed to another role.
    """
    arrival = PaperArrival.objects.visible_to(by).filter(pk=arrival_id).first()
    if arrival is None:
        raise NotSeen(_("There is no such paper file in your branch."), "no_arrival")
    if not acting_roles(by, Action.RECORD_PAPER, arrival.branch):
        raise NotAllowed(_("Your role does not include this step; ask the colleague whose step it is."), "role")
    if Command.objects.filter(pk=command_id, by=by, action=Action.RECORD_PAPER).exists():
        return
    with transactions.site():
        values = {"set_aside_at": timezone.now(), "set_aside_by": str(by), "set_aside_reason": reason}
        if not PaperArrival.objects.unmatched().filter(pk=arrival_id).update(**values):
            raise NotNow(_("Its data has been received meanwhile, or a colleague has set it aside."), "gone")
        Command.objects.create(pk=command_id, action=Action.RECORD_PAPER, by=by)


def _refuse_where_received(branch: Branch, number: dict[str, str]) -> None:
    rows = TransferCase.objects.open().filter(branch=branch, side=Side.DESTINATION, state=State.RECEIVED, **number)
    if rows.exists():
        sentence = _("The data of this file has been received already: record the arrival on the case itself.")
        raise BadInput(sentence, "received", {"number": [sentence]})
