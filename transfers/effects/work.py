"""What follows taking a case, putting it back and reassigning it: who has it, and in the trail who had it."""

from typing import TYPE_CHECKING

from django.utils import timezone

from branches.models import User
from branches.roles import Action
from transfers.effects.shared import Effects, note

if TYPE_CHECKING:
    from transfers.doing import Doing


def _take(doing: "Doing") -> None:
    note(doing)
    _give_to(doing, doing.person)


def _put_back(doing: "Doing") -> None:
    doing.case.taken_by = doing.case.taken_at = None


def _reassign(doing: "Doing") -> None:
    note(doing)
    to = doing.input["to"]
    doing.details = {"given_to": str(to), "given_to_username": to.username}
    _give_to(doing, to)


def _give_to(doing: "Doing", person: User) -> None:
    """Who had it until now stays in the trail."""
    case, had = doing.case, doing.case.taken_by
    if had and had.pk != person.pk:
        doing.details |= {"taken_from": str(had), "taken_from_username": had.username}
    case.taken_by, case.taken_at = person, timezone.now()


EFFECTS: Effects = {Action.TAKE: (_take,), Action.PUT_BACK: (_put_back,), Action.REASSIGN: (_reassign,)}
