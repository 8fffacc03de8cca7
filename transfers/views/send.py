"""«تائید انتقال مکانیزه پرونده مستمری»: the head sends what is technically approved, several at once."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from branches.models import User
from branches.roles import Action
from pension_transfer.lib.errors import NotAllowed, Refusal
from pension_transfer.lib.posting import command_id
from transfers import here, jobs, versions, workflow
from transfers.models import Job, Part, TransferCase, TransferEvent
from transfers.states import State
from transfers.views.context import branches_where, menu_path, person
from transfers.views.jobs import lead

SHOWN = 100  # cases on one page; the oldest come first, so the rest follow when these are sent


@dataclass(frozen=True)
class Outcome:
    """What became of one row."""

    case: TransferCase
    state: str
    label: Any
    reason: str = ""


@require_http_methods(["GET", "POST"])
def send_list(request: HttpRequest) -> HttpResponse:
    """The list, and what became of the rows just sent; many of them are a group job."""
    user = person(request)
    if not branches_where(user, Action.APPROVE_HEAD):
        raise NotAllowed(_("Only the head or the insurance deputy of a branch sends to the center."), "role")
    chosen = list(dict.fromkeys(request.POST.getlist("case")))
    if len(chosen) > jobs.AT_ONCE:
        return lead(request, order(request, ticked(request, chosen[: jobs.MOST])))
    outcomes = send(request, chosen) if chosen else []
    nothing = request.method == "POST" and not chosen
    context = {
        "cases": waiting_for_head(user), "outcomes": outcomes, "nothing": nothing, "path": menu_path("send_list"),
        "print_url": print_url(outcomes),
        "here": here.of_screen("send_list"),
    }  # fmt: skip
    return render(request, "transfers/send_list.html", context, status=422 if nothing else 200)


def print_url(outcomes: list[Outcome]) -> str:
    """Where the sheets of what was just sent are printed; empty when nothing was."""
    sent = [("case", outcome.case.pk) for outcome in outcomes if not outcome.reason]
    return f"{reverse('print_sheets')}?{urlencode(sent)}" if sent else ""


def waiting_for_head(user: User) -> list[TransferCase]:
    """Technically approved cases whose turn is this person's, with who approved them."""
    approvals = TransferEvent.objects.filter(action=Action.APPROVE_TECHNICAL).order_by("sequence")
    rows = TransferCase.objects.turn_of(user).filter(state=State.TECHNICALLY_APPROVED, held_since=None)
    found = list(
        rows.select_related("branch", "origin", "destination").prefetch_related(
            Prefetch("events", approvals, to_attr="approvals"),
            Prefetch("parts", Part.objects.filter(user=user).exclude(name=Part.Name.HEAD_APPROVER), to_attr="others"),
        )[:SHOWN]
    )
    note_changes(found)
    return found


def note_changes(cases: list[TransferCase]) -> None:
    """Each case sent before says what changed since: `changed` fields, on the page at `compared_url`. One query."""
    again = [case for case in cases if case.version > 1]
    prefetch_related_objects(again, "contents")
    for case in again:
        sealed = [row.version for row in case.contents.all() if row.seal and row.version < case.version]
        if sealed:
            found = versions.number_of_changes(case.content_of(sealed[-1]), case.content)
            case.changed = found  # type: ignore[attr-defined] # the template prints it
            case.compared_url = f"{reverse('case_version', args=[case.pk, case.version])}?against={sealed[-1]}"  # type: ignore[attr-defined]


def send(request: HttpRequest, chosen: list[str]) -> list[Outcome]:
    """Each row by itself, in its own command: a repeat of the whole form is harmless."""
    command = command_id(request)
    return [send_one(request, case, uuid.uuid5(command, str(case.pk))) for case in ticked(request, chosen)]


def order(request: HttpRequest, cases: list[TransferCase]) -> list[Job]:
    """Many rows: each as it was shown, so that one that has changed meanwhile is refused by itself."""
    shown = [(case, {"content_hash": request.POST.get(f"hash-{case.pk}", "")}) for case in cases]
    rows = [jobs.Row(case.branch_id, case.tracking_number, case.pk, given=given) for case, given in shown]
    return jobs.order(Action.APPROVE_HEAD, rows, by=person(request), form=command_id(request))


def ticked(request: HttpRequest, chosen: list[str]) -> list[TransferCase]:
    """The cases of the rows that were ticked, as far as this person sees them."""
    numbers = [int(pk) for pk in chosen if pk.isascii() and pk.isdigit() and len(pk) < 19]
    cases = TransferCase.objects.visible_to(person(request)).in_bulk(numbers)
    return [cases[pk] for pk in numbers if pk in cases]


def send_one(request: HttpRequest, case: TransferCase, command: uuid.UUID) -> Outcome:
    data = {"content_hash": request.POST.get(f"hash-{case.pk}", "")}
    try:
        done = workflow.perform(Action.APPROVE_HEAD, case.pk, by=person(request), command_id=command, data=data)
    except Refusal as refusal:
        return Outcome(case, "returned", _("Not sent"), jobs.say(refusal))
    return Outcome(done, done.state, done.get_state_display())
