"""What follows a step, in the branch's own database and in the step's own transaction."""

from typing import TYPE_CHECKING

from transfers.effects import (
    attaching,
    branch_change,
    certificate,
    comparing,
    destination,
    follow_ups,
    holding,
    origin,
    paper,
    questions,
    warning,
    work,
)
from transfers.effects.origin import is_complete, list_missing, new_case, store_draft_if_complete
from transfers.effects.shared import Effects, hand_over_turn, take_part

if TYPE_CHECKING:
    from transfers.doing import Doing

__all__ = [
    "EFFECTS",
    "follow",
    "hand_over_turn",
    "is_complete",
    "list_missing",
    "new_case",
    "store_draft_if_complete",
    "take_part",
]


def _joined(*tables: Effects) -> Effects:
    """One table of several: what several of them say of a step follows in their order."""
    actions = {action for table in tables for action in table}
    return {action: tuple(effect for table in tables for effect in table.get(action, ())) for action in actions}


EFFECTS: Effects = _joined(
    origin.EFFECTS, destination.EFFECTS, comparing.EFFECTS, paper.EFFECTS, attaching.EFFECTS, questions.EFFECTS,
    holding.EFFECTS, warning.EFFECTS, work.EFFECTS, follow_ups.EFFECTS, certificate.EFFECTS,
    branch_change.EFFECTS,
)  # fmt: skip


def follow(doing: "Doing") -> None:
    """Everything that follows the step, in order."""
    for effect in EFFECTS.get(doing.like or doing.action, ()):
        effect(doing)
