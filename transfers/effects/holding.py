"""What follows a life event during a move, and its release: the same at the branch that says it and the one that hears.

Input and message have the same names: event (LifeEvent), event_on (day), note.
"""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from branches.roles import Action
from central import contract
from transfers.effects.shared import Effects, note
from transfers.models import TransferCase

if TYPE_CHECKING:
    from transfers.doing import Doing

FREE: dict[str, Any] = {
    "held_since": None, "held_event": "", "held_on": None, "held_note": "", "held_by_name": "", "held_branch_code": "",
}  # fmt: skip


def _hold(doing: "Doing") -> None:
    said = doing.input
    note(doing)
    doing.details = {"event": said["event"], "event_on": str(said["event_on"])}
    _stand(
        doing, held_since=_moment(said), held_event=said["event"], held_note=doing.note,
        held_on=dt.date.fromisoformat(str(said["event_on"])), held_by_name=doing.who["by_name"],
        held_branch_code=doing.who["branch_code"],
    )  # fmt: skip


def _release(doing: "Doing") -> None:
    note(doing)
    _stand(doing, **FREE)


def _stand(doing: "Doing", **hold: Any) -> None:
    """As the center has it: of two words the later one counts, whichever is heard first."""
    number = _number(doing)
    if number and number < doing.case.hold_number:
        return
    doing.case.hold_number = number
    _set(doing.case, hold)


def _moment(said: dict[str, Any]) -> dt.datetime:
    """When it was recorded; what is heard says so."""
    return contract.moment(said["at"]) if "at" in said else timezone.now()


def _number(doing: "Doing") -> int:
    """Which word of the center this is; none where the case has never been there."""
    return int(doing.answer.pk if doing.answer else doing.input.get("number", 0))


def free(case: TransferCase) -> None:
    """The center gives away and seals nothing that is held: whatever held the version before is over."""
    _set(case, FREE)


def _set(case: TransferCase, hold: dict[str, Any]) -> None:
    for name, value in hold.items():
        setattr(case, name, value)


EFFECTS: Effects = {
    Action.RECORD_LIFE_EVENT: (_hold,),
    Action.RELEASE: (_release,),
    "hear_held": (_hold,),
    "hear_released": (_release,),
}
