"""Tracking: one timeline of a move, found by tracking number, pension number or national code."""

import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from branches.models import User
from pension_transfer.lib.persian import to_ascii_digits
from transfers import scan, sheet, timeline
from transfers.due import Due, due_of
from transfers.models import TransferCase
from transfers.states import Side
from transfers.views import scanned
from transfers.views.context import menu_path, person
from transfers.views.pressable import standing_of
from transfers.views.way import Loop, Stop, loops_of, way_of

TRACKING_NUMBER = re.compile("[0-9]{13}")
MOST = 40  # copies of moves shown for one person


@dataclass(frozen=True)
class Copy:
    """A branch's copy of a move, and where it stands."""

    case: TransferCase
    standing: str
    due: Due


@dataclass(frozen=True)
class Move:
    """The copies of one move that a person may see, told as one."""

    first: TransferCase
    copies: list[Copy]
    events: list[timeline.Row]

    @property
    def teller(self) -> TransferCase:
        """The copy that tells the chain: the origin's knows the whole way."""
        return next((copy.case for copy in self.copies if copy.case.side == Side.ORIGIN), self.copies[-1].case)

    @property
    def way(self) -> list[Stop]:
        return way_of(self.teller)

    @property
    def loops(self) -> list[Loop]:
        return loops_of(self.teller)


@require_http_methods(["GET", "POST"])
def tracking(request: HttpRequest) -> HttpResponse:
    """Numbers of persons come by POST only: they may stand neither in an address nor in a log."""
    posted = request.POST.get("q", "").strip()
    asked = request.GET.get("q", "").strip()
    is_number = bool(TRACKING_NUMBER.fullmatch(to_ascii_digits(asked)) or scan.read(asked))
    query = posted or (asked if is_number else "")
    found = scan.read(query)
    if found and (answer := scanned.go_on(request, found)):
        return answer
    context: dict[str, Any] = {
        "query": query, "moves": find(person(request), query) if query else [], "path": menu_path("tracking"),
        "is_refused": bool(asked) and not is_number,
        "verdict": verdict_of(person(request), found) if found else None,
    }  # fmt: skip
    return render(request, "transfers/tracking.html", context)


def verdict_of(user: User, found: scan.Sheet) -> sheet.Verdict | None:
    """What the seal of a sheet says to those who see several copies of its move."""
    copies = scanned.copies_of(user, found.tracking_number)
    return sheet.check_case(copies[0], found.seal) if copies else None


def find(user: User, query: str) -> list[Move]:
    """The moves found, newest first."""
    rows = TransferCase.objects.visible_to(user).select_related("branch", "origin", "destination")
    by_move: dict[Any, list[TransferCase]] = {}
    for case in rows.prefetch_related("events").find(query)[:MOST]:
        by_move.setdefault(case.transfer_id, []).append(case)
    return [move_of(copies) for copies in by_move.values()]


def move_of(copies: list[TransferCase]) -> Move:
    ordered = sorted(copies, key=lambda case: case.pk)
    return Move(
        ordered[0], [Copy(case, standing_of(case), due_of(case)) for case in ordered], timeline.of_move(ordered)
    )
