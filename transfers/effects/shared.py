"""Small things that several steps share."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import PensionFile, User
from pension_transfer.lib.errors import BadInput, NotAllowed
from transfers import clock
from transfers.models import Discrepancy, Part, TransferCase

if TYPE_CHECKING:
    from transfers.doing import Doing

Effects = dict[str, tuple[Callable[["Doing"], None], ...]]


def take_part(case: TransferCase, user: User, name: str) -> None:
    """Note who took a part; NotAllowed for a second, different part in the same move (I8)."""
    part, _new = Part.objects.get_or_create(case=case, user=user, defaults={"name": name})
    if part.name != name:
        raise NotAllowed(_("You have taken another part in this move; a colleague must take this step."), "four_eyes")


def take_own_part(doing: "Doing", name: str) -> None:
    """The same for who takes the step; after a restore that person may be unknown here."""
    if doing.by or not doing.again:
        take_part(doing.case, doing.person, name)


def hand_over_turn(case: TransferCase, moved: bool = False) -> None:
    """Whose turn it is now, since when and until when; a case that moved on begins a new clock."""
    if moved or case.whose_turn() != case.turn:
        clock.begin(case, moved)
    case.due_on = clock.due_on(case)


def freeze(case: TransferCase, by: uuid.UUID | None) -> None:
    PensionFile.objects.filter(pk=case.file.pk).update(frozen_by=by)


def thaw(doing: "Doing") -> None:
    freeze(doing.case, None)


def close(case: TransferCase) -> None:
    case.closed_at = timezone.now()


def note(doing: "Doing") -> None:
    doing.note = doing.input.get("reason", "") or doing.input.get("note", "")


def same_branch() -> BadInput:
    sentence = _("The destination must be another branch.")
    return BadInput(sentence, "same_branch", {"destination": [sentence]})


def keep_discrepancies(doing: "Doing", body: dict[str, Any]) -> None:
    """What went back to the origin with this version, kept alike at both branches; how many, in the trail."""
    case, said = doing.case, body.get("discrepancies", [])
    rows = (Discrepancy(case=case, version=case.version, at=timezone.now(), **row) for row in said)
    Discrepancy.objects.bulk_create(rows)
    told = {"code": body.get("code"), "suggested_branch": body.get("suggested_branch"), "discrepancies": len(said)}
    doing.details = {name: value for name, value in told.items() if value}
