"""Follow-ups after a finished move: what bars opening, settling and withdrawing, in sentences."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import User
from branches.roles import Action
from transfers.models import TransferCase

TOO_EARLY = gettext_lazy("A follow-up is opened once the pension is active at the destination.")
REFUSED_BY_CENTER: dict[str, Any] = {
    "already_follow_up": gettext_lazy("This follow-up has been opened already."),
    "already_follow_up_settled": gettext_lazy(
        "The follow-up has just been settled. Reload the page and read how; nothing more is needed."
    ),
    "already_follow_up_withdrawn": gettext_lazy(
        "The branch that opened the follow-up has just withdrawn it; there is nothing left to settle."
    ),
}


def _some(whose: str) -> Callable[[TransferCase, User], list[str]]:
    """`whose`: the column of the side that may say how it ends."""

    def hurdle(case: TransferCase, by: User) -> list[str]:
        if any(row.is_open and getattr(row, whose) == case.side for row in case.followed):
            return []
        return [_("No follow-up waits for this here; read under «Follow-ups» what became of it.")]

    return hurdle


HURDLES: dict[str, list[Callable[[TransferCase, User], list[str]]]] = {
    Action.SETTLE_FOLLOW_UP: [_some("settled_by")],
    Action.WITHDRAW_FOLLOW_UP: [_some("opened_by_side")],
}
