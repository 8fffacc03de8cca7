"""«دریافت از مرکز»: what the center holds for my branch."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from branches.models import Branch, User
from branches.roles import Action
from pension_transfer.lib.errors import NotAllowed, NotNow, Refusal, Waiting
from pension_transfer.lib.paging import page_of
from pension_transfer.lib.persian import fold, to_ascii_digits
from pension_transfer.lib.posting import command_id
from transfers import exchange, here, jobs, scan, sheet, workflow
from transfers.models import PaperArrival, TransferCase
from transfers.views import scanned
from transfers.views.case import sentence_of
from transfers.views.context import branches_where, envelopes_for, menu_path, person
from transfers.views.jobs import lead
from transfers.views.tracking import TRACKING_NUMBER


@dataclass(frozen=True)
class Row:
    """An envelope with the names of its branches."""

    envelope: Any
    origin: Any
    destination: Any
    verdict: sheet.Verdict | None = None

    @property
    def numbers(self) -> tuple[str, str]:
        """By what it is found."""
        return self.envelope.tracking_number, self.envelope.pension_number


@dataclass(frozen=True)
class Outcome:
    """What became of one envelope."""

    number: str
    case: TransferCase | None
    tone: str
    text: Any


AWAY = Outcome("", None, "warning", gettext_lazy("The center cannot be reached. Try again in a few minutes."))
NOTHING = Outcome("", None, "info", gettext_lazy("Nothing waits at the center for your branch"))


@require_http_methods(["GET", "POST"])
def receive_list(request: HttpRequest) -> HttpResponse:
    """The envelopes that wait; one just received leads to its case."""
    codes = branches_where(person(request), Action.RECEIVE)
    if not codes:
        raise NotAllowed(_("Only destination staff receive from the center."), "role")
    if query := asked(request):
        return look_up(request, codes, query)
    chosen = request.POST.getlist("only") or list(dict.fromkeys(request.POST.getlist("envelope")))
    if "all" in request.POST or len(chosen) > jobs.AT_ONCE:
        return take_many(request, codes, chosen)
    outcomes = [take(request, pk, codes) for pk in chosen]
    if len(outcomes) == 1 and outcomes[0].case:
        messages.success(request, outcomes[0].text)
        return redirect("case", outcomes[0].case.pk)
    return show(request, codes, outcomes)


def asked(request: HttpRequest) -> str:
    """The number or the sheet looked for; a pension number comes by POST only."""
    typed = request.GET.get("q", "").strip()
    may_stand_there = scan.read(typed) or TRACKING_NUMBER.fullmatch(to_ascii_digits(typed))
    return request.POST.get("q", "").strip() or (typed if may_stand_there and request.method == "GET" else "")


def look_up(request: HttpRequest, codes: list[str], query: str) -> HttpResponse:
    """What waits under this number, with what the sheet's seal says; else its case, where it was received before."""
    found = scan.read(query)
    number = found.tracking_number if found else fold(query).replace("-", "")
    context: dict[str, Any] = {"query": query, "number": number, "is_looked_up": True}
    try:
        rows = [row for row in rows_of(codes, found) if number in row.numbers]
    except exchange.Unreachable:
        rows, context["is_unreachable"] = [], True
    tracking_number = number if TRACKING_NUMBER.fullmatch(number) else ""  # a person's number stands in no address
    context["arrival_url"] = f"{reverse('paper_arrival')}?{urlencode({'number': tracking_number})}"
    opened = None if rows else scanned.open_case(request, found or scan.Sheet(number))
    return opened or render(request, "transfers/receive_list.html", context | around(request, codes) | {"rows": rows})


def around(request: HttpRequest, codes: list[str]) -> dict[str, Any]:
    """What stands on the page beside what waits: the paper files that came without their data."""
    unmatched = PaperArrival.objects.unmatched().filter(branch__in=codes).select_related("branch")
    return {
        "path": menu_path("receive_list"),
        "here": here.of_screen("receive_list"),
        "unmatched": page_of(unmatched, request, by=("id",)),
    }


def show(request: HttpRequest, codes: list[str], outcomes: list[Outcome]) -> HttpResponse:
    nothing = request.method == "POST" and not outcomes
    context: dict[str, Any] = {"outcomes": outcomes, "nothing": nothing} | around(request, codes)
    try:
        rows = rows_of(codes)
    except exchange.Unreachable:
        return render(request, "transfers/receive_list.html", context | {"is_unreachable": True})
    return render(request, "transfers/receive_list.html", context | {"rows": rows}, status=422 if nothing else 200)


def rows_of(codes: list[str], found: scan.Sheet | None = None) -> list[Row]:
    """What waits; of the one that a sheet is of, what its seal says."""
    envelopes = envelopes_for(codes)
    names = Branch.objects.in_bulk({code for e in envelopes for code in (e.origin, e.destination)})
    return [
        Row(e, names.get(e.origin, e.origin), names.get(e.destination, e.destination), verdict_of(e, found))
        for e in envelopes
    ]


def verdict_of(envelope: Any, found: scan.Sheet | None) -> sheet.Verdict | None:
    is_its = found is not None and found.tracking_number == envelope.tracking_number
    return sheet.check_envelope(envelope, found.seal) if found and is_its else None


def take(request: HttpRequest, pk: str, codes: list[str]) -> Outcome:
    """Receive one envelope; its own command, so that a repeat is harmless."""
    command, user = command_id(request), person(request)
    try:
        envelope_id = uuid.UUID(pk)
        done = taken_before(user, envelope_id) or take_now(envelope_id, codes, user, uuid.uuid5(command, pk))
    except ValueError:
        return Outcome("", None, "error", _("There is no such envelope."))
    except exchange.Unreachable:
        return AWAY
    except Waiting as kept:
        return Outcome("", None, "info", str(kept.message))
    except Refusal as refusal:
        return Outcome("", None, "error", str(refusal.message))
    return Outcome(done.tracking_number, done, "success", sentence_of(done, Action.RECEIVE))


def take_many(request: HttpRequest, codes: list[str], chosen: list[str]) -> HttpResponse:
    """Everything that waits, or what was ticked of it, as a group job."""
    try:
        waits = [e for e in exchange.waiting(codes) if "all" in request.POST or str(e.pk) in chosen]
    except exchange.Unreachable:
        return show(request, codes, [AWAY])
    rows = [jobs.Row(e.destination, e.tracking_number, envelope_id=e.pk) for e in waits[: jobs.MOST]]
    ordered = jobs.order(Action.RECEIVE, rows, by=person(request), form=command_id(request))
    return lead(request, ordered) if ordered else show(request, codes, [NOTHING])


def taken_before(user: User, envelope_id: uuid.UUID) -> TransferCase | None:
    return TransferCase.objects.visible_to(user).filter(contents__envelope_id=envelope_id, side="destination").first()


def take_now(envelope_id: uuid.UUID, codes: list[str], user: User, command: uuid.UUID) -> TransferCase:
    """Only what waits for this person's branches; NotNow when it no longer does."""
    waits = next((e for e in exchange.waiting(codes) if e.pk == envelope_id), None)
    if waits is None:
        raise NotNow(_("It no longer waits here: the origin recalled it, or a colleague received it."), "gone")
    return workflow.receive(envelope_id, branch=Branch.objects.get(pk=waits.destination), by=user, command_id=command)
