"""What follows when warnings are acknowledged."""

from typing import TYPE_CHECKING

from django.utils import timezone

from branches.roles import Action
from transfers.effects.shared import Effects, take_part
from transfers.models import Acknowledgement, Part

if TYPE_CHECKING:
    from transfers.doing import Doing

SAID = ("value", "note", "by", "at")


def _acknowledge(doing: "Doing") -> None:
    """Each with its note; a later one about the same field takes the place of the earlier."""
    take_part(doing.case, doing.person, Part.Name.DRAFTER)
    rows = [
        Acknowledgement(case=doing.case, by=doing.person, at=timezone.now(), **row)
        for row in doing.input["acknowledged"]
    ]
    Acknowledgement.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["case", "path", "code"], update_fields=SAID
    )
    doing.case.__dict__.pop("_prefetched_objects_cache", None)
    doing.details = {"acknowledged": len(rows)}


EFFECTS: Effects = {Action.ACKNOWLEDGE: (_acknowledge,)}
