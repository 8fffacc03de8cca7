"""Taking a case, putting it back, reassigning it: what bars it, and what it bars for the colleagues."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from branches.models import User
from branches.roles import Action
from pension_transfer.lib.errors import NotNow
from transfers.models import TransferCase
from transfers.states import TURN_ROLES, find_step

WORK = frozenset({Action.TAKE, Action.PUT_BACK, Action.REASSIGN})
# Steps of whose turn it is that a colleague may take all the same: a comparison is meant to be shared.
SHARED = WORK | {Action.JUDGE}


def refuse_others(action: str, case: TransferCase, by: User) -> None:
    """NotNow where a colleague has taken the case: no two people work on one file unknowingly."""
    step = find_step(action, case.side, case.state)
    taker = case.taker if step and step.whose_turn and action not in SHARED else None
    if taker and taker.pk != by.pk:
        sentence = _("%(name)s has taken this case. To go on with it yourself, take it over first and write why.")
        raise NotNow(sentence % {"name": taker}, "taken")


def _not_mine_yet(case: TransferCase, by: User) -> list[str]:
    return [_("You have taken this case already.")] if case.taken_by_id == by.pk and case.taker else []


def _mine(case: TransferCase, by: User) -> list[str]:
    return [] if case.taken_by_id == by.pk else [_("You have not taken this case.")]


def _has_an_office(case: TransferCase, by: User) -> list[str]:
    return [] if case.turn in TURN_ROLES else [_("Nobody of this branch has to act now.")]


HURDLES: dict[str, list[Callable[[TransferCase, User], list[str]]]] = {
    Action.TAKE: [_not_mine_yet],
    Action.PUT_BACK: [_mine],
    Action.REASSIGN: [_has_an_office],
}


def is_offered(action: str, case: TransferCase, user: User) -> bool:
    """Of taking and putting back a page shows the one that is possible."""
    return action not in WORK or not any(hurdle(case, user) for hurdle in HURDLES[action])
