"""«مستمری‌های بی‌پرداخت‌کننده»: what no branch may pay this month, and what explains it; from the site's own rows.

Either a move explains it (sealed and not registered, registered and not active), or a word with the center that is
not settled: a claim that waits or that another branch contests, a closing of which the center has not heard. A
suspended pension is not among them: that is a decision.
"""

from typing import Any

from django.db.models import F, Q

from branches.models import CustodyRequest, Status, User
from branches.roles import Action, scoped
from pension_transfer.lib.months import Month
from transfers.models import TransferCase
from transfers.models.case import TransferCaseQuerySet
from transfers.states import Side, State

SEALED = (State.HEAD_APPROVED, State.SENT, State.RECEIVED, State.VERIFIED)
AT_REST = Q(side=Side.ORIGIN, state__in=SEALED, pension_file__frozen_by=F("transfer_id"))
NOT_ACTIVE = Q(side=Side.DESTINATION, state=State.REGISTERED)
SUSPENDED = Q(pension_file__status=Status.SUSPENDED)
CLAIMED = Q(verb=CustodyRequest.Verb.OPEN, file__status=Status.ACTIVE)


def moves(user: User, month: Month) -> TransferCaseQuerySet:
    """The open moves for whose sake nobody pays `month`, of the branches this person sees."""
    return _unpaid(user, month).filter(~SUSPENDED)


def suspended_on_the_way(user: User, month: Month) -> TransferCaseQuerySet:
    """The like of them that are suspended, so that nobody would pay them anyway."""
    return _unpaid(user, month).filter(SUSPENDED)


def requests(user: User, month: Month) -> Any:
    """What the branches have asked of the center about payment and is not settled, of those this person sees."""
    closing = Q(verb=CustodyRequest.Verb.CLOSE, month__lte=month)
    rows = CustodyRequest.objects.filter(CLAIMED | closing, settled_at=None)
    return scoped(rows, user, Action.VIEW_FILES, "file__branch")


def _unpaid(user: User, month: Month) -> TransferCaseQuerySet:
    rows = TransferCase.objects.visible_to(user).open().filter(state__in=[*SEALED, State.REGISTERED])
    is_due = Q(pension_file__last_paid_month__lt=month) | Q(pension_file__last_paid_month=None)
    return rows.filter(AT_REST | NOT_ACTIVE, is_due)
