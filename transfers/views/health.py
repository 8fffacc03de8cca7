"""Whether this site is in order: for whoever looks after it, and for the machine that watches it."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from branches.roles import MATRIX, Action
from pension_transfer.lib.errors import NotAllowed
from transfers.health import BAD, NEEDED, OK, findings, readiness
from transfers.views.context import menu_path, person


@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """«سلامت سامانه»: every check, what it found and what to do."""
    if not person(request).roles & MATRIX[Action.VIEW_HEALTH]:
        who = _("Whether the system is in order is seen by heads, the province supervisor, the center and the auditor.")
        raise NotAllowed(who, "role")
    found = findings()
    bad = [one for one in found if one.state == BAD]
    rest = sum(one.state not in {OK, BAD} for one in found)
    context = {"findings": found, "bad": bad, "watched": rest, "path": menu_path("health")}
    return render(request, "transfers/health.html", context)


@login_not_required
@never_cache
@require_safe
def alive(_request: HttpRequest) -> HttpResponse:
    """/healthz: this process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """/readyz: whether people can work here; 503 when not. Names and ok only, within two seconds."""
    state = readiness()
    words = {name: "ok" if is_well else "not ok" for name, is_well in state.items()}
    return JsonResponse(words, status=200 if all(state[name] for name in NEEDED) else 503)
