"""«کارتابل»: what waits for me, oldest first; for those who only read, what is under way."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from branches.models import User
from branches.roles import Action
from pension_transfer.lib.paging import page_of
from transfers import exchange, version_list
from transfers.models import PaperArrival, TransferCase, with_open_questions
from transfers.states import TURN_ROLES, Side, State
from transfers.views.context import branches_where, envelopes_for, menu_path, person
from transfers.views.pressable import next_step, turn_of

HAS_TURNS = frozenset().union(*TURN_ROLES.values())
WAYS: dict[str, Any] = {
    Side.ORIGIN: gettext_lazy("to %(destination)s"),
    Side.DESTINATION: gettext_lazy("from %(origin)s"),
}
SCREENS = {Action.APPROVE_HEAD: "send_list"}  # steps taken on a list; the others on the case's own page

# Steps taken beside what they concern: where on the case's page.
PLACES = {Action.ANSWER_QUESTION: "#questions", Action.CLOSE_QUESTION: "#questions"}


@dataclass(frozen=True)
class Row:
    """A case that waits, with the step it waits for."""

    case: TransferCase
    step: Any
    url: str
    way: str
    turn: str


@dataclass(frozen=True)
class AtCenter:
    """What the center holds for a person's branches."""

    may_receive: bool
    count: int = 0
    is_reached: bool = True


@require_GET
def cartable(request: HttpRequest) -> HttpResponse:
    """The first page."""
    user = person(request)
    mine = bool(user.roles & HAS_TURNS)
    rows = TransferCase.objects.turn_of(user) if mine else TransferCase.objects.visible_to(user).open()
    wanted = request.GET.get("state", "")
    counts = counts_of(rows, wanted)
    paper = of_paper(user, mine, request.GET.get("paper") == "apart")
    chosen = rows.filter(state=wanted) if wanted in State.values else rows
    chosen = TransferCase.objects.visible_to(user).paper_apart() if paper["is_apart"] else chosen
    chosen = with_open_questions(chosen.select_related("branch", "origin", "destination"))
    page = page_of(chosen, request, by=("turn_since", "id"))
    own = mine and not paper["is_apart"]
    version_list.note_lapses(page.items, user)
    context = {
        "page": page, "rows": [row_of(case, own) for case in page.items], "counts": counts, "is_mine": mine,
        "at_center": at_center(user), "path": menu_path("cartable"), "is_narrowed": wanted or paper["is_apart"],
        "total": sum(count["n"] for count in counts), "queues_shown": counts or paper["apart_count"],
    }  # fmt: skip
    return render(request, "transfers/cartable.html", context | paper)


def of_paper(user: User, mine: bool, is_wanted: bool) -> dict[str, Any]:
    """Where paper file and data have parted ways, whosever turn it is: counted for those who work at a branch."""
    if not mine:
        return {"is_apart": False, "apart_count": 0, "unmatched": 0}
    apart = TransferCase.objects.visible_to(user).paper_apart()
    codes = branches_where(user, Action.RECORD_PAPER)
    lying = PaperArrival.objects.unmatched().filter(branch__in=codes).count() if codes else 0
    return {"is_apart": is_wanted, "apart_count": apart.count(), "unmatched": lying}


def counts_of(rows: Any, wanted: str) -> list[dict[str, Any]]:
    """How many cases stand in which state: one query for all of them."""
    found = rows.order_by().values("side", "state").annotate(n=Count("pk")).order_by()
    by_state: dict[str, int] = {}
    for row in found:
        by_state[row["state"]] = by_state.get(row["state"], 0) + row["n"]
    return [
        {"state": state, "label": state.label, "n": by_state[state], "is_wanted": state == wanted}
        for state in State
        if state in by_state
    ]


def row_of(case: TransferCase, mine: bool) -> Row:
    step = next_step(case) if mine else None
    screen = SCREENS.get(Action(step.action)) if step else None
    place = PLACES.get(Action(step.action), "") if step else ""
    url = reverse(screen) if screen else reverse("case", args=[case.pk]) + place
    return Row(case, step, url, way_of(case, mine), turn_of(case))


def way_of(case: TransferCase, mine: bool) -> str:
    """From where or to where; for those who see many branches, both."""
    places = {"origin": case.origin, "destination": case.destination}
    sentence = WAYS[case.side] if mine else _("from %(origin)s to %(destination)s")
    return sentence % places


def at_center(user: User) -> AtCenter:
    """How many envelopes wait for this person, asked of the center now."""
    codes = branches_where(user, Action.RECEIVE)
    if not codes:
        return AtCenter(False)
    try:
        return AtCenter(True, len(envelopes_for(codes)))
    except exchange.Unreachable:
        return AtCenter(True, is_reached=False)
