"""What follows when a branch of a move was closed, or another took its place (DESIGN 11.7).

What is sealed keeps its address: the successor takes and answers it. What is not sealed yet is addressed anew; where no
successor is, or both branches are one now, it is the clerk's turn.
"""

from typing import TYPE_CHECKING

from django.conf import settings

from transfers.effects.origin import store_draft_if_complete
from transfers.effects.shared import Effects, close
from transfers.models import TransferCase
from transfers.states import UNSEALED, Side, State

if TYPE_CHECKING:
    from transfers.doing import Doing


def _hear(doing: "Doing") -> None:
    case, told = doing.case, doing.input
    if "moved_branch" in told:
        return _follow_to_site(doing)
    doing.details = {name: told[name] for name in ("closed_branch", "successor")}
    if case.side == Side.ORIGIN and case.state in UNSEALED:
        if case.destination_id == told["closed_branch"] and _is_to_go_there(case, told["successor"]):
            case.destination_id = told["successor"]
        _look_anew(case)


def _follow_to_site(doing: "Doing") -> None:
    """The copy goes on at the other site (decision 0022); the one that stays behind is over, and nobody's work."""
    case = doing.case
    doing.details = {name: doing.input[name] for name in ("moved_branch", "to_site")}
    if doing.input["to_site"] != settings.SITE:
        case.taken_by = case.taken_at = case.days_left = None
        close(case)


def _is_to_go_there(case: TransferCase, successor: str) -> bool:
    """A later version goes where the earlier ones lie: the successor holds them under the old code."""
    return case.version == 1 and successor not in ("", case.origin_id, case.origin.current.pk)


def _look_anew(case: TransferCase) -> None:
    """The draft is written with its new address; a technical approval lapses after it."""
    was_assembled = case.is_assembled
    store_draft_if_complete(case) if case.state != State.TECHNICALLY_APPROVED else None
    case.is_assembled = was_assembled and (case.is_assembled or case.state == State.TECHNICALLY_APPROVED)


EFFECTS: Effects = {"hear_branch_change": (_hear,)}
