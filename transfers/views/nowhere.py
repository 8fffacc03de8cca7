"""«مستمری‌های بی‌پرداخت‌کننده»: which pensions nobody pays this month, and what explains each."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from branches.models import Branch, CustodyRequest
from pension_transfer.lib.months import Month
from pension_transfer.lib.paging import page_of
from pension_transfer.lib.templatetags.persian import fa
from transfers import nowhere
from transfers.models import TransferCase, with_taker
from transfers.payment_forms import this_month
from transfers.views.context import menu_path, person
from transfers.views.pressable import turn_of


@dataclass(frozen=True)
class Move:
    """A move for whose sake nobody pays, whose turn it is, and from which month on."""

    case: TransferCase
    turn: str
    since: Month | None


@dataclass(frozen=True)
class Asked:
    """What a branch asked of the center, and what stands against it."""

    request: CustodyRequest
    what: str
    turn: str


@require_GET
def payable_nowhere(request: HttpRequest) -> HttpResponse:
    """Two lists: what a move explains, and what is not settled with the center."""
    user, month = person(request), this_month()
    lists = {"moves": nowhere.moves(user, month), "requests": nowhere.requests(user, month)}
    counts = {kind: rows.count() for kind, rows in lists.items()}
    kind = request.GET.get("kind", "")
    kind = kind if kind in lists else "moves"
    context = {
        "month": month, "desks": _tabs(kind, counts), "path": menu_path("payable_nowhere"),
        "suspended": nowhere.suspended_on_the_way(user, month).count(),
    } | SHOWN[kind](lists[kind], request)  # fmt: skip
    return render(request, "transfers/payable_nowhere.html", context)


def _tabs(current: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    titles = {"moves": _("A move explains it"), "requests": _("Not settled with the center")}
    return [
        {"url": f"?kind={kind}", "title": title, "n": fa(counts[kind] or ""), "is_current": kind == current}
        for kind, title in titles.items()
    ]


def _moves(rows: Any, request: HttpRequest) -> dict[str, Any]:
    found = with_taker(rows).select_related("branch", "origin", "destination", "pension_file")
    page = page_of(found, request, by=("turn_since", "id"))
    return {"page": page, "moves": [Move(case, turn_of(case), _unpaid_since(case)) for case in page.items]}


def _unpaid_since(case: TransferCase) -> Month | None:
    paid = case.file.last_paid_month
    return Month(paid) + 1 if paid else None


def _requests(rows: Any, request: HttpRequest) -> dict[str, Any]:
    page = page_of(rows.select_related("file__branch"), request, by=("id",))
    holders = {row.held_by for row in page.items} - {""}
    names = dict(Branch.objects.filter(pk__in=holders).values_list("pk", "name")) if holders else {}
    return {"page": page, "asked": [_asked(row, names.get(row.held_by, row.held_by)) for row in page.items]}


def _asked(row: CustodyRequest, holder: str) -> Asked:
    if holder:
        what = _("Branch %(branch)s holds the payment of this pension.") % {"branch": holder}
        return Asked(row, what, _("Center operator"))
    is_closing = row.verb == CustodyRequest.Verb.CLOSE
    what = _("The file is closed here; the center has not heard of it yet.") if is_closing else _(
        "The claim of this branch waits for the center."
    )  # fmt: skip
    return Asked(row, what, _("By itself, when the center answers"))


SHOWN = {"moves": _moves, "requests": _requests}
