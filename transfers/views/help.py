"""Help, read from the tables that decide: the steps, the states as a drawing, the roles; the tour, the practice."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from branches.models import User
from branches.roles import Role
from pension_transfer.lib.errors import NotSeen
from transfers.diagram import drawings
from transfers.guide import chapters
from transfers.guide_tables import matrix, ways
from transfers.practice import tasks_of
from transfers.tours import stops_of
from transfers.views.context import menu_path, person


@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """Every step, who takes it and what follows."""
    return render(request, "transfers/help.html", {"chapters": chapters(), "path": menu_path("help")})


@require_GET
def states(request: HttpRequest) -> HttpResponse:
    """The states and the ways between them: a drawing for each side, and the table behind it."""
    sides = [side | {"drawing": drawing} for side, drawing in zip(ways(), drawings(), strict=True)]
    return render(request, "transfers/help_states.html", {"sides": sides, "path": _path()})


@require_GET
def roles(request: HttpRequest) -> HttpResponse:
    """Who may do what."""
    return render(request, "transfers/help_roles.html", {"roles": list(Role), "rows": matrix(), "path": _path()})


@require_http_methods(["GET", "POST"])
def tour(request: HttpRequest) -> HttpResponse:
    """The tour of this person's role; a POST remembers that it was taken or not wanted."""
    user = person(request)
    if request.method == "POST":
        User.objects.filter(pk=user.pk).update(toured_at=timezone.now())
        return redirect("cartable")
    return render(request, "transfers/tour.html", {"stops": stops_of(user), "path": _path()})


@require_GET
def practice(request: HttpRequest) -> HttpResponse:
    """The tasks of a training site; anywhere else there is no such page."""
    if not settings.TRAINING:
        raise NotSeen(_("There are tasks to practise on a training site only."), "no_training")
    return render(request, "transfers/practice.html", {"tasks": tasks_of(person(request)), "path": _path()})


def _path() -> list[str]:
    return [*menu_path("help"), _("Help")]
