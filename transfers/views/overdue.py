"""«دیرکرد شعبه»: what is overdue where a person looks after the work, whoever has it. To be read only."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from branches.models import User
from branches.roles import Scope
from pension_transfer.lib.errors import NotAllowed
from pension_transfer.lib.paging import page_of
from pension_transfer.lib.templatetags.persian import fa
from transfers.clock import SHOWN_AFTER
from transfers.due import Due, due_of
from transfers.models import TransferCase, with_taker
from transfers.models.case import BY_DUE_DATE
from transfers.oversight import OVERVIEWS, groups_of, widest
from transfers.payroll_warnings import Outlook, PayrollWarning, is_at_risk, outlook
from transfers.progress import Progress, progress_of
from transfers.turns import has_turns
from transfers.views.context import pending, person
from transfers.views.pressable import turn_of

MOST = 50  # of what nobody receives; the longest waiting ones


@dataclass(frozen=True)
class Row:
    """An overdue case, and who has it."""

    case: TransferCase
    turn: str
    due: Due
    payroll: PayrollWarning | None
    progress: Progress


@require_GET
def overdue(request: HttpRequest) -> HttpResponse:
    """How much is overdue where, and the cases."""
    user = person(request)
    scope = widest(user)
    if scope is None:
        raise NotAllowed(_("What is overdue is looked after by the head of the branch and the province."), "role")
    shown, rows = OVERVIEWS[scope], TransferCase.objects.overseen_by(user)
    groups = groups_of(rows, shown, request.GET.get(shown.name, ""))
    chosen = [group["code"] for group in groups if group["is_wanted"]]
    narrowed = rows.filter(**{shown.code: chosen[0]}) if chosen else rows
    page = page_of(with_taker(narrowed).select_related("branch", "origin", "destination"), request, by=BY_DUE_DATE)
    ahead = outlook()
    context = {
        "page": page, "rows": [_row(case, ahead) for case in page.items], "shown": shown,
        "at_risk": TransferCase.objects.visible_to(user).filter(is_at_risk(ahead=ahead)).count(), "ahead": ahead,
        "lead": shown.lead % {"days": fa(SHOWN_AFTER[scope])}, "groups": groups, "is_narrowed": bool(chosen),
        "total": sum(group["n"] for group in groups), "desks": desks_of(request, "overdue"),
        "is_wide": scope != Scope.BRANCH, "unreceived": _unreceived(user),
    }  # fmt: skip
    return render(request, "transfers/overdue.html", context)


def _unreceived(user: User) -> list[tuple[TransferCase, Due]]:
    """What was sent and nobody receives: the other branch's turn, so that it stands in nobody's list (FAULTS 54)."""
    rows = TransferCase.objects.never_received(user).select_related("branch", "destination")
    return [(case, due_of(case)) for case in rows[:MOST]]


def _row(case: TransferCase, ahead: Outlook) -> Row:
    return Row(case, turn_of(case), due_of(case), ahead.warning_of(case), progress_of(case))


def desks_of(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    """My own turn and, for those who look after others' work, what is overdue there."""
    user = person(request)
    if (scope := widest(user)) is None:
        return []
    counts = pending(request)
    mine = ("cartable", _("My turn"), fa(counts["turn"])) if has_turns(user) else ("cartable", _("Under way"), "")
    theirs = ("overdue", OVERVIEWS[scope].title, fa(counts["overdue"]))
    return [
        {"url": reverse(name), "title": title, "n": n, "is_current": name == current}
        for name, title, n in (mine, theirs)
    ]
