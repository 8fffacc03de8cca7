"""«کارتابل»: what waits for me, the oldest due first; for those who only read, what is under way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from branches.models import Reminder, User
from branches.roles import Action
from pension_transfer.lib import calendar
from pension_transfer.lib.paging import page_of
from transfers import exchange, news, payroll_warnings, tours, version_list
from transfers.clock import is_due_soon, is_overdue
from transfers.due import Due, due_of
from transfers.models import PaperArrival, TransferCase, with_open_questions, with_taker
from transfers.models.case import BY_DUE_DATE, TransferCaseQuerySet
from transfers.states import Side, State
from transfers.turns import has_turns
from transfers.views import filters, work
from transfers.views.context import branches_where, envelopes_for, menu_path, pending, person
from transfers.views.overdue import desks_of
from transfers.views.pressable import next_step, turn_of

WAYS: dict[str, Any] = {
    Side.ORIGIN: gettext_lazy("to %(destination)s"),
    Side.DESTINATION: gettext_lazy("from %(origin)s"),
}
QUEUES: dict[str, tuple[Any, Callable[[], Q]]] = {  # of `due` in the address
    "late": (gettext_lazy("Overdue"), is_overdue),
    "soon": (gettext_lazy("Due soon"), is_due_soon),
    "payroll": (gettext_lazy("At risk for this month's payroll"), payroll_warnings.is_at_risk),
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
    due: Due
    payroll: payroll_warnings.PayrollWarning | None


@dataclass(frozen=True)
class AtCenter:
    """What the center holds for a person's branches."""

    may_receive: bool
    count: int = 0
    is_reached: bool = True


@require_http_methods(["GET", "POST"])
def cartable(request: HttpRequest) -> HttpResponse:
    """The first page; several cases are taken or put back at once."""
    user, pressed = person(request), work.press(request, Action.TAKE, Action.PUT_BACK)
    saved = filters.saved_of(user)
    if opened := filters.opening(request, saved):
        return opened
    mine = has_turns(user)
    rows = TransferCase.objects.turn_of(user) if mine else TransferCase.objects.visible_to(user).open()
    wanted, due = request.GET.get("state", ""), request.GET.get("due", "")
    whose = request.GET.get("work", "") if mine else ""
    found, paper = numbers_of(rows, user if mine else None), of_paper(user, mine, request.GET.get("paper") == "apart")
    what = request.GET.get("news", "") if mine and request.GET.get("news") in news.NEWS else ""
    chosen = asked_for(rows, user, what, paper["is_apart"])
    chosen = narrowed(chosen, wanted, due).filter(work.queue(whose, user))
    chosen = with_taker(with_open_questions(chosen.select_related("branch", "origin", "destination")))
    own = mine and not paper["is_apart"] and what != "on"
    page = page_of(chosen, request, by=BY_DUE_DATE if own else ("turn_since", "id"))
    version_list.note_lapses(page.items, user)
    context = {
        "page": page, "rows": rows_of(page.items, own), "is_mine": mine,
        "counts": counts_of(found, wanted), "due_counts": due_counts_of(found, due),
        "work_counts": work.queues_of(found, whose) if mine else [], "pressed": pressed,
        "take_form": work.form_to_take(request, pressed), "may_take": own,
        "total": sum(row["n"] for row in found), "desks": desks_of(request, "cartable"),
        "at_center": at_center(user), "path": menu_path("cartable"),
        "is_narrowed": wanted or due or whose or what or paper["is_apart"],
        "queues_shown": found or paper["apart_count"],
        "due": due_reminders(user), "around": pending(request),
        "changes": news_of(user, what) if mine else [], "changed_since": news.day_before(),
        "tour": tours.stops_of(user) if tours.is_new(user) else [],
    }  # fmt: skip
    context |= filters.context_of(request, saved, labels_of(QUEUES), work.QUEUES.items() if mine else [])
    return render(request, "transfers/cartable.html", context | paper, status=pressed.status)


def asked_for(rows: TransferCaseQuerySet, user: User, what: str, is_apart: bool) -> TransferCaseQuerySet:
    """The queue that was asked for by what is new or by the paper file; else all `rows`."""
    if is_apart:
        return TransferCase.objects.visible_to(user).paper_apart()
    return news.of(what, user) if what else rows


def news_of(user: User, wanted: str) -> list[dict[str, Any]]:
    """What changed since the working day before, with the one that is looked at."""
    return [row | {"is_wanted": row["news"] == wanted} for row in news.counts(user)]


def labels_of(queues: dict[str, tuple[Any, Any]]) -> list[tuple[str, Any]]:
    """The queues as choices of a form."""
    return [(name, label) for name, (label, _is_in_it) in queues.items()]


def due_reminders(user: User) -> int:
    """How many reminders have come that this person settles; nothing is asked for those who do not."""
    if not branches_where(user, Action.SETTLE_REMINDER):
        return 0
    return Reminder.objects.to_settle(user).until(calendar.today()).count()


def of_paper(user: User, mine: bool, is_wanted: bool) -> dict[str, Any]:
    """Where paper file and data have parted ways, whosever turn it is: counted for those who work at a branch."""
    if not mine:
        return {"is_apart": False, "apart_count": 0, "unmatched": 0}
    apart = TransferCase.objects.visible_to(user).paper_apart()
    codes = branches_where(user, Action.RECORD_PAPER)
    lying = PaperArrival.objects.unmatched().filter(branch__in=codes).count() if codes else 0
    return {"is_apart": is_wanted, "apart_count": apart.count(), "unmatched": lying}


def narrowed(rows: TransferCaseQuerySet, state: str, due: str) -> TransferCaseQuerySet:
    """The queue that was asked for; anything unknown asks for nothing."""
    if state in State.values:
        rows = rows.filter(state=state)
    return rows.filter(QUEUES[due][1]()) if due in QUEUES else rows


def numbers_of(rows: TransferCaseQuerySet, user: User | None = None) -> list[dict[str, Any]]:
    """How many cases stand in which state, and how many of them are overdue or due soon; for `user`, in his
    work: one query for all."""
    due = {name: Count("pk", filter=is_due()) for name, (_label, is_due) in QUEUES.items()}
    due |= {name: Count("pk", filter=work.queue(name, user)) for name in work.QUEUES if user}
    return list(rows.order_by().values("side", "state").annotate(n=Count("pk"), **due).order_by())


def counts_of(found: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
    """The queues by state."""
    by_state: dict[str, int] = {}
    for row in found:
        by_state[row["state"]] = by_state.get(row["state"], 0) + row["n"]
    return [
        {"state": state, "label": state.label, "n": by_state[state], "is_wanted": state == wanted}
        for state in State
        if state in by_state
    ]


def due_counts_of(found: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
    """The queues by due date, those in which something stands."""
    counts = {name: sum(row[name] for row in found) for name in QUEUES}
    return [
        {"due": name, "label": QUEUES[name][0], "n": n, "is_wanted": name == wanted} for name, n in counts.items() if n
    ]


def rows_of(cases: list[TransferCase], mine: bool) -> list[Row]:
    """The cases as the list prints them; the payroll calendar is asked once."""
    ahead = payroll_warnings.outlook() if cases else None
    return [row_of(case, mine, ahead.warning_of(case) if ahead else None) for case in cases]


def row_of(case: TransferCase, mine: bool, payroll: payroll_warnings.PayrollWarning | None = None) -> Row:
    step = next_step(case) if mine else None
    screen = SCREENS.get(Action(step.action)) if step else None
    place = PLACES.get(Action(step.action), "") if step else ""
    url = reverse(screen) if screen else reverse("case", args=[case.pk]) + place
    return Row(case, step, url, way_of(case, mine), turn_of(case), due_of(case), payroll)


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
