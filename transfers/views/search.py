"""«جستجو»: one box on every page for files and moves. What is typed comes by POST only (it may name a person)."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from branches.models import User
from branches.roles import Action
from branches.search import files, places
from pension_transfer.lib.finding import Match, Typed
from pension_transfer.lib.posting import is_piece
from transfers import scan
from transfers.search import moves
from transfers.views.context import person
from transfers.views.tracking import TRACKING_NUMBER, tracking

WHILE_TYPING, ON_THE_PAGE = 6, 40  # of each group


@dataclass(frozen=True)
class Hit:
    """Something found: where it leads, whose it is, its number and place, where it stands; and why it was found."""

    url: str
    person: str
    number_name: str
    number: str
    place: Any
    state: str
    label: str
    match: Match


@dataclass(frozen=True)
class Group:
    """The hits of one kind; `is_cut`: there may be more."""

    name: str
    title: str
    hits: list[Hit]
    is_cut: bool


@dataclass(frozen=True)
class Found:
    """The answer to what was typed."""

    typed: Typed
    groups: list[Group] = field(default_factory=list)
    is_wide: bool = False  # in the country, where a name is found from its beginning on

    @property
    def is_enough(self) -> bool:
        return self.typed.is_enough

    @property
    def is_cut(self) -> bool:
        return any(group.is_cut for group in self.groups)

    @property
    def said(self) -> str:
        """How much was found, for those who hear the page."""
        count = sum(len(group.hits) for group in self.groups)
        return _("Found: %(count)s. The arrow keys choose, Enter opens.") % {"count": count}


@require_http_methods(["GET", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """The list under the box while somebody types, else a page; a transfer sheet and a tracking number are tracked."""
    text = request.POST.get("q", "").strip()
    typed = Typed(text)
    if is_piece(request):
        return render(request, "transfers/_search_found.html", {"found": find(person(request), typed, WHILE_TYPING)})
    if scan.read(text) or TRACKING_NUMBER.fullmatch(typed.number):
        return tracking(request)
    found = find(person(request), typed, ON_THE_PAGE) if text else None
    return render(request, "transfers/search.html", {"found": found, "searched": text})


def find(user: User, typed: Typed, most: int) -> Found:
    """Files and moves, at most `most` of each."""
    if not typed.is_enough:
        return Found(typed)
    files_found = [_file(match) for match in files(user, typed, most)]
    moves_found = [_move(match) for match in moves(user, typed, most)]
    groups = [_group("files", _("Pension files"), files_found, most), _group("moves", _("Moves"), moves_found, most)]
    is_by_beginning = typed.is_name and places(user, Action.VIEW_FILES) is None
    return Found(typed, [group for group in groups if group.hits], is_by_beginning)


def _group(name: str, title: str, hits: list[Hit], most: int) -> Group:
    return Group(name, title, hits, len(hits) == most)


def _file(match: Match) -> Hit:
    file, name = match.row, _("Pension number")
    state, label = ("frozen", _("in transfer")) if file.is_frozen else (file.status, file.get_status_display())
    url = reverse("file", args=[file.pk])
    return Hit(url, file.full_name, name, file.pension_number, file.branch, state, label, match)


def _move(match: Match) -> Hit:
    case, name = match.row, _("Tracking number")
    way = _("%(origin)s to %(destination)s") % {"origin": case.origin, "destination": case.destination}
    url, label = reverse("case", args=[case.pk]), case.get_state_display()
    return Hit(url, case.person_name, name, case.tracking_number, way, case.state, label, match)
