"""«کارهای گروهی»: what was ordered for many cases with one press, how far it is, and what became of each."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from branches.models import User
from branches.roles import Action
from pension_transfer.lib.errors import NotSeen
from pension_transfer.lib.paging import page_of
from pension_transfer.lib.posting import is_piece
from transfers import jobs
from transfers.hurdles import action_label
from transfers.models import Job, JobItem
from transfers.views.context import menu_path, person

State = JobItem.State
SHOWN = 50  # items on a page
LOOKS = {State.OPEN: "waiting", State.DONE: "valid", State.KEPT: "waiting", State.REFUSED: "returned"}


@dataclass(frozen=True)
class Progress:
    """A job with its numbers: how many items there are, and how many ended in which way."""

    job: Job
    label: Any
    total: int
    by_state: dict[str, int]

    @property
    def ended(self) -> int:
        return self.total - self.by_state.get(State.OPEN, 0)

    @property
    def done(self) -> int:
        return self.by_state.get(State.DONE, 0)

    @property
    def kept(self) -> int:
        return self.by_state.get(State.KEPT, 0)

    @property
    def refused(self) -> int:
        return self.by_state.get(State.REFUSED, 0)


@dataclass(frozen=True)
class Row:
    """An item as the list prints it."""

    item: JobItem
    look: str
    label: Any


# --- where a press leads --------------------------------------------------------------------------------


def lead(request: HttpRequest, ordered: list[Job]) -> HttpResponse:
    """From the press to the page of its job; to the list where it was of several branches."""
    messages.info(request, _("The job has begun. You may leave this page; what becomes of each case stands here."))
    return redirect("job", ordered[0].pk) if len(ordered) == 1 else redirect("job_list")


# --- the pages ------------------------------------------------------------------------------------------


@require_GET
def job_list(request: HttpRequest) -> HttpResponse:
    """What this person ordered, the latest first."""
    rows = Job.objects.visible_to(person(request)).select_related("branch")
    page = page_of(rows, request, by=("-ordered_at", "-id"))
    context = {"page": page, "rows": progress_of(page.items), "path": menu_path("job_list")}
    return render(request, "transfers/job_list.html", context)


@require_GET
def job(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One job: how far it is, and what became of each case."""
    progress = _found(person(request), pk)
    wanted = request.GET.get("state", "")
    items = progress.job.items.select_related("case__branch", "case__origin", "case__destination")
    chosen = items.filter(state=wanted) if wanted in State.values else items
    page = page_of(chosen, request, by=("id",), size=SHOWN)
    context = {
        "progress": progress, "page": page, "rows": [_row(item) for item in page.items], "wanted": wanted,
        "states": [_chosen(progress, state, wanted) for state in State if progress.by_state.get(state)],
        "print_url": _print_url(progress), "path": menu_path("job_list"),
    }  # fmt: skip
    return render(request, "transfers/job.html", context)


@require_GET
def bar(request: HttpRequest) -> HttpResponse:
    """The oldest job of this person that is under way, for the bar on every other page."""
    found = Job.objects.visible_to(person(request)).under_way().select_related("branch").order_by("ordered_at").first()
    if not is_piece(request):
        return redirect("job_list")
    if found is None:
        return HttpResponse()
    return _piece(request, progress_of([found])[0], "bar")


@require_POST
def advance(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """How far a job is, asked every other second; without a worker this is also what carries it on."""
    progress = _found(person(request), pk)
    if not progress.job.is_finished:
        jobs.work_a_while(Job.objects.filter(pk=pk))
        progress = _found(person(request), pk)
    if not is_piece(request):
        return redirect("job", pk)
    if request.POST.get("on") == "job" and progress.job.is_finished:
        return HttpResponseClientRefresh()
    return _piece(request, progress, request.POST.get("on", ""))


def _piece(request: HttpRequest, progress: Progress, on: str) -> HttpResponse:
    """The bar: `on` the job's own page, or as the `bar` of every other one, which leads there."""
    is_bar = on != "job"
    context = {"progress": progress, "on": "bar" if is_bar else "job", "is_bar": is_bar}
    return render(request, "transfers/_job_progress.html", context)


def _found(user: User, pk: uuid.UUID) -> Progress:
    """NotSeen for a job of somebody else."""
    found = Job.objects.visible_to(user).select_related("branch").filter(pk=pk).first()
    if found is None:
        raise NotSeen(_("You have ordered no such job."), "no_job")
    return progress_of([found])[0]


def progress_of(found: list[Job]) -> list[Progress]:
    """The jobs with their numbers: one query for all."""
    numbers: dict[Any, dict[str, int]] = {job.pk: {} for job in found}
    rows = JobItem.objects.filter(job__in=found).order_by().values_list("job", "state").annotate(n=Count("pk"))
    for pk, state, n in rows:
        numbers[pk][state] = n
    return [Progress(job, action_label(job.action), sum(numbers[job.pk].values()), numbers[job.pk]) for job in found]


def _print_url(progress: Progress) -> str:
    """Where the sheets of what was sent are printed, to be laid on the paper files."""
    is_sent = progress.done and progress.job.action == Action.APPROVE_HEAD
    return f"{reverse('print_sheets')}?job={progress.job.pk}" if is_sent else ""


def _chosen(progress: Progress, state: Any, wanted: str) -> dict[str, Any]:
    return {"state": state, "label": state.label, "n": progress.by_state[state], "is_wanted": state == wanted}


def _row(item: JobItem) -> Row:
    """Of what was done, where the case stands now; else why not."""
    if item.state == State.DONE and item.case:
        return Row(item, item.case.state, item.case.get_state_display())
    return Row(item, LOOKS[State(item.state)], item.get_state_display())
