"""«پیگیری‌ها»: late money and over-payments found after a move, as a list and beside the case that they belong to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from branches.roles import Action
from pension_transfer.lib.paging import page_of
from pension_transfer.lib.posting import Rejected
from transfers.inputs.follow_ups import SettleForm, WithdrawForm
from transfers.models import FollowUp, Outcome, Queue, TransferCase
from transfers.models.follow_ups import BY_QUEUE, FollowUpQuerySet
from transfers.views.context import menu_path, person
from transfers.views.pressable import Pressable, show_errors

ON_A_FOLLOW_UP = frozenset({Action.SETTLE_FOLLOW_UP, Action.WITHDRAW_FOLLOW_UP})
# Of `queue` in the address.
QUEUES: dict[str, tuple[Any, Queue | None]] = {
    "": (_("All"), None),
    "here": (Queue.HERE.label, Queue.HERE),
    "there": (Queue.THERE.label, Queue.THERE),
    "over": (Queue.OVER.label, Queue.OVER),
}
GIVEN_UP = (Outcome.WITHDRAWN, Outcome.REFUSED)


@dataclass(frozen=True)
class Followed:
    """A follow-up; the steps that say how it ends are there for those who may take them."""

    row: FollowUp
    settle: Pressable | None = None
    withdraw: Pressable | None = None

    @property
    def chip(self) -> tuple[str, Any]:
        """Where it stands, as the component `chip` prints it."""
        if self.row.is_open:
            return ("late", _("The settlement is overdue")) if self.row.is_late else ("waiting", _("To be settled"))
        return "void" if self.row.outcome in GIVEN_UP else "valid", self.row.get_outcome_display()

    @property
    def steps(self) -> list[Pressable]:
        return [step for step in (self.settle, self.withdraw) if step]

    @property
    def is_rejected(self) -> bool:
        return any(step.is_rejected for step in self.steps)


# --- beside a case --------------------------------------------------------------------------------------


def follow_ups_of(case: TransferCase, steps: Mapping[str, Pressable], rejected: Rejected | None) -> list[Followed]:
    """The open ones, the oldest due first; then the others, the last one first."""
    rows = sorted(case.followed, key=lambda row: (not row.is_open, row.pk if row.is_open else -row.pk))
    for row in rows:
        row.case = case
    return [_followed(row, case, steps, rejected) for row in rows]


def _followed(row: FollowUp, case: TransferCase, steps: Mapping[str, Pressable], rejected: Rejected | None) -> Followed:
    mine = rejected if rejected and rejected.data.get("follow_up") == str(row.key) else None
    ends = {Action.SETTLE_FOLLOW_UP: row.settled_by, Action.WITHDRAW_FOLLOW_UP: row.opened_by_side}
    offered = {
        action: _bound(row, steps[action], mine if mine and mine.action == action else None)
        for action, side in ends.items()
        if action in steps and side == case.side and (row.is_open or (mine and mine.action == action))
    }
    return Followed(row, offered.get(Action.SETTLE_FOLLOW_UP), offered.get(Action.WITHDRAW_FOLLOW_UP))


def _bound(row: FollowUp, step: Pressable, again: Rejected | None) -> Pressable:
    """The form of one follow-up; what was typed and not taken comes back, even where it came too late."""
    custom: dict[str, Any] = {
        "case": step.case, "auto_id": f"{step.action}{row.pk}_%s",
        "initial": {"follow_up": row.key, "settled_amount": row.amount},
    }  # fmt: skip
    data = again.data if again else None
    settles = step.action == Action.SETTLE_FOLLOW_UP
    form = SettleForm(data, matter=row.matter, **custom) if settles else WithdrawForm(data, **custom)
    if again:
        show_errors(form, again.refusal.errors)
    return Pressable(step.button, step.case, form, step.is_main, bool(again), f"-{row.pk}")


# --- the list -------------------------------------------------------------------------------------------


@require_GET
def follow_up_list(request: HttpRequest) -> HttpResponse:
    """The follow-ups of the cases this person may see: what the branch has to settle first, the oldest due first."""
    wanted = request.GET.get("queue", "")
    rows = narrowed(FollowUp.objects.visible_to(person(request)), wanted)
    page = page_of(rows.select_related("case__origin", "case__destination"), request, by=BY_QUEUE)
    choices = [{"value": name, "label": label, "is_wanted": name == wanted} for name, (label, _queue) in QUEUES.items()]
    context = {"page": page, "rows": [Followed(row) for row in page.items], "choices": choices}
    return render(request, "transfers/follow_ups.html", context | {"path": menu_path("follow_ups")})


def narrowed(rows: FollowUpQuerySet, wanted: str) -> FollowUpQuerySet:
    """The queue that was asked for; anything unknown asks for nothing."""
    _label, queue = QUEUES.get(wanted, QUEUES[""])
    return rows if queue is None else rows.filter(queue=queue)
