"""«نمای کلی»: figures with pictures for the head, the province, the center and the auditor. To be read only."""

import tempfile
from pathlib import Path
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from branches.roles import MATRIX, Action
from pension_transfer.lib.errors import BadInput, NotAllowed
from transfers.lateness import Party
from transfers.overviews import Overview, Place, find_place, overview_of
from transfers.overviews.drawn import DEFINED, PARTIES
from transfers.overviews.form import PeriodForm
from transfers.overviews.tables import write_csv, write_xlsx
from transfers.views.context import menu_path, person

WRITERS = {"csv": write_csv, "xlsx": write_xlsx}
# What stands now: its name, and the queue of the cases that shows the same.
CARDS: dict[str, tuple[Any, str]] = {
    "open": (gettext_lazy("Open cases"), "all"),
    "overdue": (gettext_lazy("Overdue"), "late"),
    "unreceived": (gettext_lazy("Sent and not received in time"), ""),
    "apart": (gettext_lazy("Paper and data apart"), ""),
    "at_risk": (gettext_lazy("At risk for the payroll"), "payroll"),
}


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What stands now and what happened in the period, at one place."""
    place, form = _place(request), PeriodForm(request.GET)
    context: dict[str, Any] = {"form": form, "place": place, "path": menu_path("overview")}
    if form.is_valid():
        shown = overview_of(person(request), place, form.months, request.GET.get("sort", ""))
        context |= {"shown": shown, "cards": _cards(shown), "parties": [(PARTIES[it], DEFINED[it]) for it in Party]}
    return render(request, "transfers/overview.html", context, status=422 if form.errors else 200)


@require_GET
def overview_file(request: HttpRequest, kind: str) -> FileResponse:
    """Every table of the page, as CSV or as a workbook."""
    place, form = _place(request), PeriodForm(request.GET)
    if not form.is_valid():
        raise BadInput(_("Choose the months on the page of the overview."), "invalid")
    shown = overview_of(person(request), place, form.months)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"overview-{place.code or 'country'}-{shown.months.first}-{shown.months.last}.{kind}"
        WRITERS[kind](path, [place.name, shown.months.show()], shown.tables)
        return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)


def _place(request: HttpRequest) -> Place:
    user = person(request)
    if not user.roles & MATRIX[Action.SEE_OVERVIEW]:
        sentence = _("The overviews are for the head of the branch, the province, the center and the auditor.")
        raise NotAllowed(sentence, "role")
    return find_place(user, request.GET.get("place", ""))


def _cards(shown: Overview) -> list[dict[str, Any]]:
    """The counts of now; those of the reader's own place lead to the cases."""
    return [
        {"n": getattr(shown.now, name), "label": label, "url": _cases(queue) if queue and shown.place.is_home else ""}
        for name, (label, queue) in CARDS.items()
    ]


def _cases(queue: str) -> str:
    return reverse("case_list") + ("" if queue == "all" else f"?due={queue}")
