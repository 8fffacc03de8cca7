"""Pages of pension files: the list, and one file."""

from operator import attrgetter
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from branches import search, services
from branches.models import PensionFile, User
from branches.sections import SECTIONS
from branches.shown import decree_sheets, facts, history
from branches.views.reminders import reminders_of
from branches.views.standing_of import links_of, notices_of
from pension_transfer.lib.errors import NotSeen
from pension_transfer.lib.finding import Typed
from pension_transfer.lib.paging import Page, page_of

HISTORY_SHOWN = 50
FOUND = 100  # files shown of a search; a name that many people share is narrowed by a number
ORDER = ("branch_id", "sort_key", "id")


def person(request: HttpRequest) -> User:
    """Who asks; every page here is behind the sign-in."""
    return cast(User, request.user)


def menu_path() -> list[str]:
    """Where these pages stand in the menu."""
    return [_("Long-term obligations"), _("Pension files")]


@require_http_methods(["GET", "POST"])
def file_list(request: HttpRequest) -> HttpResponse:
    """The files this person may see, by branch and name. What is searched never stands in an address."""
    query = request.POST.get("q", "").strip()
    is_refused = bool(request.GET.get("q")) and not query
    rows = PensionFile.objects.visible_to(person(request))
    shown = {"page": Page([])} if is_refused else listed(request, rows, query)
    return render(request, "branches/file_list.html", shown | {"is_refused": is_refused, "menu_path": menu_path()[:1]})


def listed(request: HttpRequest, rows: Any, query: str) -> dict[str, Any]:
    """What a list of files shows: a page of these rows, or those of them that a search finds.

    `is_similar`: no name is written as it was typed; `is_short`: too little was typed to look for.
    """
    rows, typed = rows.select_related("branch"), Typed(query)
    if not query:
        return {"page": page_of(rows, request, by=ORDER)}
    found = search.files(person(request), typed, FOUND, rows) if typed.is_enough else []
    page = Page(sorted((match.row for match in found), key=attrgetter(*ORDER)))
    is_similar = any(match.is_misspelt for match in found)
    return {"page": page, "query": query, "is_similar": is_similar, "is_short": not typed.is_enough}


@require_GET
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: persons, account, decrees, deductions, history."""
    return render(request, "branches/file.html", file_page(seen_file(person(request), pk), person(request)))


def seen_file(user: User, pk: int) -> PensionFile:
    """The file, or NotSeen when it is not there for this person."""
    related = ("dependents", "deductions", "decrees__lines")
    rows = PensionFile.objects.visible_to(user).select_related("branch").prefetch_related(*related)
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotSeen(_("There is no such pension file for you."), "not_seen")
    return found


def file_page(file: PensionFile, user: User) -> dict[str, Any]:
    """What the page of a file shows to this person."""
    corrections = file.corrections.select_related("by")[:HISTORY_SHOWN]
    parts = {name: facts(file, SECTIONS[name].fields) for name in ("principal", "pension", "certificate", "contact")}
    return parts | {
        "file": file,
        "menu_path": menu_path(),
        "may_correct": services.may_be_corrected(file, user),
        "notices": [*notices_of(file), *(notice for ask in services.notices_of_file for notice in ask(file, user))],
        "links": [*(link for ask in services.links_of_file for link in ask(file, user)), *links_of(file, user)],
        "attachments": [row for ask in services.attachments_of_file for row in ask(file, user)],
        "decrees": decree_sheets(file),
        "reminders": reminders_of(file, user),
        "history": history(corrections),
    }
