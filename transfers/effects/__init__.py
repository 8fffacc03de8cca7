"""What follows a step, in the branch's own database and in the step's own transaction."""

from typing import TYPE_CHECKING

from transfers.effects import attaching, comparing, destination, origin, paper
from transfers.effects.origin import list_missing, new_case
from transfers.effects.shared import Effects, hand_over_turn, take_part

if TYPE_CHECKING:
    from transfers.workflow import Doing

__all__ = ["EFFECTS", "follow", "hand_over_turn", "list_missing", "new_case", "take_part"]

EFFECTS: tuple[Effects, ...] = (
    origin.EFFECTS, destination.EFFECTS, comparing.EFFECTS, paper.EFFECTS, attaching.EFFECTS,
)  # fmt: skip


def follow(doing: "Doing") -> None:
    """Everything that follows the step, in order."""
    for effects in EFFECTS:
        for effect in effects.get(doing.action, ()):
            effect(doing)
