"""Who has which work: taken and put back in the work queue, reassigned in «بار کاری» of a branch or province."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, F, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from branches.models import Appointment, Branch, User
from branches.roles import Action, scoped
from pension_transfer.lib.errors import NotAllowed, Refusal
from pension_transfer.lib.paging import page_of
from pension_transfer.lib.persian import listed
from pension_transfer.lib.posting import command_id
from pension_transfer.lib.templatetags.persian import fa
from transfers import jobs, workflow
from transfers.clock import is_overdue
from transfers.due import Due, due_of
from transfers.inputs.work import ReassignAll, TakeAll
from transfers.models import Job, TransferCase, with_nobody, with_taker
from transfers.models.case import BY_DUE_DATE, TransferCaseQuerySet
from transfers.models.work import taker_is_in_turn
from transfers.states import TURN_ROLES, Turn
from transfers.turns import HAS_TURNS
from transfers.views.context import menu_path, person
from transfers.views.jobs import lead
from transfers.views.pressable import turn_of
from transfers.views.send import Outcome, ticked

MOST = 100  # cases in one press
ORDERED = frozenset({Action.REASSIGN})  # of more than a few cases a group job; taking them is quick enough


# --- several at once --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pressed:
    """What became of a press on a list: an outcome for each row, or why nothing was done at all."""

    outcomes: list[Outcome] = field(default_factory=list)
    fault: str = ""
    ordered: list[Job] = field(default_factory=list)  # what goes on as a group job

    @property
    def status(self) -> int:
        return 422 if self.fault else 200

    @property
    def is_whole(self) -> bool:
        """Whether everything was done; otherwise what was typed stays in the form."""
        return not self.fault and not any(outcome.reason for outcome in self.outcomes)


def press(request: HttpRequest, *actions: str) -> Pressed:
    """Press one of `actions` on the rows that were ticked; nothing where the list is only looked at."""
    if request.method != "POST":
        return Pressed()
    action, chosen = request.POST.get("action", ""), list(dict.fromkeys(request.POST.getlist("case")))
    if action not in actions or not chosen:
        return Pressed(fault=_("Tick at least one case, then press again."))
    if len(chosen) > MOST:
        return Pressed(fault=_("At most %(most)s cases can be ticked at once; nothing was done.") % {"most": fa(MOST)})
    command = command_id(request)
    if action in ORDERED and len(chosen) > jobs.AT_ONCE:
        return Pressed(ordered=_order(request, action, ticked(request, chosen), command))
    return Pressed([_press_one(request, action, case, command) for case in ticked(request, chosen)])


def _press_one(request: HttpRequest, action: str, case: TransferCase, form: uuid.UUID) -> Outcome:
    """A row in its own command, made of the form's and of what was seen: the same form again changes nothing."""
    length, data = _seen(request, case), _asked(request)
    command = uuid.uuid5(form, f"{action} {case.pk} {length}")
    try:
        done = workflow.perform(action, case.pk, by=person(request), command_id=command, seen=length, data=data)
    except Refusal as refusal:
        return Outcome(case, "returned", _("Not done"), jobs.say(refusal))
    return Outcome(done, "valid", done.whose_work or _("with nobody"))


def _order(request: HttpRequest, action: str, cases: list[TransferCase], form: uuid.UUID) -> list[Job]:
    rows = [jobs.Row(c.branch_id, c.tracking_number, c.pk, given={"seen": _seen(request, c)}) for c in cases]
    return jobs.order(action, rows, by=person(request), form=form, given=_asked(request))


def _seen(request: HttpRequest, case: TransferCase) -> int | None:
    """The trail's length that the row showed."""
    seen = request.POST.get(f"seen-{case.pk}", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else None


def _asked(request: HttpRequest) -> dict[str, str]:
    """What was typed for all."""
    return {name: request.POST.get(name, "")[:400] for name in ("to", "reason")}


def typed(request: HttpRequest, pressed: Pressed) -> dict[str, str]:
    """What the form under the list begins with."""
    return {} if pressed.is_whole else _asked(request)


def form_to_take(request: HttpRequest, pressed: Pressed) -> TakeAll:
    return TakeAll(initial=typed(request, pressed), auto_id="work_%s")


# --- who has it, as a queue ---------------------------------------------------------------------------------

QUEUES: dict[str, Any] = {"mine": gettext_lazy("With me"), "free": gettext_lazy("With nobody")}  # of `work`


def queue(name: str, user: User) -> Q:
    """The cases of one of the queues; every case for anything unknown."""
    return {"mine": Q(taken_by=user), "free": with_nobody()}.get(name, Q())


def queues_of(found: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
    """The queues with their numbers, which were counted along with the others."""
    counts = {name: sum(row.get(name, 0) for row in found) for name in QUEUES}
    return [{"work": name, "label": QUEUES[name], "n": n, "is_wanted": name == wanted} for name, n in counts.items()]


# --- the load of a branch -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """How many cases one person has, or wait with nobody in one office; `overdue` of them are late."""

    name: str
    under: str
    n: int
    overdue: int
    url: str
    is_wanted: bool = False

    @property
    def late_url(self) -> str:
        return f"{self.url}&due=late" if self.overdue else ""


@dataclass(frozen=True)
class Row:
    """A case whose turn is an office's, and who has it."""

    case: TransferCase
    turn: str
    due: Due


@require_http_methods(["GET", "POST"])
def workload(request: HttpRequest) -> HttpResponse:
    """«بار کاری»: who of a branch has how much, what waits with nobody, and the cases, to be reassigned."""
    user = person(request)
    branches = list(scoped(Branch.objects.filter(is_active=True), user, Action.REASSIGN, "pk").order_by("code"))
    if not branches:
        raise NotAllowed(_("The load of work is looked after by the head of the branch and the province."), "role")
    pressed = press(request, Action.REASSIGN)
    if pressed.ordered:
        return lead(request, pressed.ordered)
    branch = _wanted(branches, request.GET.get("branch", ""))
    context: dict[str, Any] = {"branches": _of_all(user, branches)}
    if branch:
        context = _of_branch(request, user, branch)
        context["form"] = ReassignAll(context["offices"], initial=typed(request, pressed), auto_id="work_%s")
    context |= {
        "pressed": pressed, "branch": branch, "has_many": len(branches) > 1, "path": menu_path("workload"),
    }  # fmt: skip
    return render(request, "transfers/workload.html", context, status=pressed.status)


def _wanted(branches: list[Branch], code: str) -> Branch | None:
    """The branch that was asked for, or the only one."""
    return next((branch for branch in branches if branch.pk == code or len(branches) == 1), None)


def in_offices(user: User) -> TransferCaseQuerySet:
    """The open cases whose turn is an office's, of the branches in which this person reassigns work (I7)."""
    return scoped(TransferCase.objects.open().filter(turn__in=list(TURN_ROLES)), user, Action.REASSIGN)


def _numbers() -> dict[str, Count]:
    return {"n": Count("pk"), "overdue": Count("pk", filter=is_overdue())}


def _of_all(user: User, branches: list[Branch]) -> list[Load]:
    """The branches of a province: how much waits there for its offices, and how much of it with nobody."""
    counted = (
        in_offices(user).order_by().values("branch").annotate(free=Count("pk", filter=with_nobody()), **_numbers())
    )
    found = {row["branch"]: row for row in counted}
    none = {"n": 0, "overdue": 0, "free": 0}
    loads = [(branch, found.get(branch.pk, none)) for branch in branches]
    return [
        Load(str(b), _("with nobody: %(n)s") % {"n": fa(row["free"])}, row["n"], row["overdue"], f"?branch={b.pk}")
        for b, row in loads
    ]


def _of_branch(request: HttpRequest, user: User, branch: Branch) -> dict[str, Any]:
    rows, wanted = (
        in_offices(user).filter(branch=branch),
        [request.GET.get(name, "") for name in ("who", "turn", "due")],
    )
    offices, counted = offices_of(branch), _counted(rows)
    chosen = with_taker(_narrowed(rows, *wanted)).select_related("branch", "origin", "destination")
    page = page_of(chosen, request, by=BY_DUE_DATE)
    return {
        "people": _people(offices, counted, branch, wanted[0]), "waiting": _waiting(counted, branch, wanted[1]),
        "page": page, "rows": [Row(case, turn_of(case), due_of(case)) for case in page.items],
        "offices": offices, "is_narrowed": any(wanted), "all_url": f"?branch={branch.pk}",
    }  # fmt: skip


def _counted(rows: TransferCaseQuerySet) -> list[dict[str, Any]]:
    """The numbers by office and by who counts as having it: one query."""
    taker = Case(When(taker_is_in_turn(), then=F("taken_by")), default=Value(None))
    return list(rows.order_by().annotate(has_it=taker).values("turn", "has_it").annotate(**_numbers()))


def _narrowed(rows: TransferCaseQuerySet, who: str, turn: str, due: str) -> TransferCaseQuerySet:
    """What one person has; or what waits with nobody, of one office; all of it or what is overdue."""
    rows = rows.filter(is_overdue()) if due == "late" else rows
    if who:
        rows = rows.filter(Q(taker_is_in_turn()), taken_by__username=who.replace("\0", ""))
    return rows.filter(with_nobody(), turn=turn) if turn in Turn.values else rows


def offices_of(branch: Branch) -> list[Appointment]:
    """Today's offices of this branch whose turn it can be, with who holds them."""
    held = Appointment.objects.current().filter(branch=branch, role__in=sorted(HAS_TURNS), user__is_active=True)
    return list(held.select_related("user", "branch").order_by("user__last_name", "user__first_name", "pk"))


def _people(offices: list[Appointment], counted: list[dict[str, Any]], branch: Branch, who: str) -> list[Load]:
    """Everybody who holds an office, those who have nothing too."""
    roles: dict[User, list[str]] = {}
    for office in offices:
        roles.setdefault(office.user, []).append(office.get_role_display())
    return [
        Load(
            str(user), listed(dict.fromkeys(names)), *_sums(counted, "has_it", user.pk),
            f"?branch={branch.pk}&who={user.username}", user.username == who,
        )
        for user, names in roles.items()
    ]  # fmt: skip


def _waiting(counted: list[dict[str, Any]], branch: Branch, turn: str) -> list[Load]:
    """What nobody has, by office; the offices for which something waits."""
    free = [row for row in counted if row["has_it"] is None]
    turns = [one for one in TURN_ROLES if any(row["turn"] == one for row in free)]
    return [
        Load(str(Turn(one).label), "", *_sums(free, "turn", one), f"?branch={branch.pk}&turn={one}", one == turn)
        for one in turns
    ]


def _sums(rows: list[dict[str, Any]], name: str, value: Any) -> tuple[int, int]:
    """How many cases, and how many of them overdue."""
    mine = [row for row in rows if row[name] == value]
    return sum(row["n"] for row in mine), sum(row["overdue"] for row in mine)
