"""Pages that take in the old system's export: earlier imports, a new one, its preview, progress and report."""

import uuid
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Count
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from branches.forms.intake import ImportForm
from branches.intake import batches
from branches.intake.findings import SHEET_NAMES, Level, column_label, sentence
from branches.models import ImportBatch, ImportFinding, User
from branches.roles import MATRIX, Action
from pension_transfer.lib.errors import BadInput, NotAllowed, NotSeen
from pension_transfer.lib.paging import page_of
from pension_transfer.lib.posting import command_id

State = ImportBatch.State
# Which of the pieces' looks an import's state has.
LOOKS = {State.CHECKED: "soon", State.DONE: "valid", State.FAILED: "void"}
FINDINGS_PER_PAGE = 50


@dataclass(frozen=True)
class Shown:
    """A finding as the page prints it."""

    finding: ImportFinding
    sheet: str
    column: str
    sentence: str


@require_GET
def import_list(request: HttpRequest) -> HttpResponse:
    """Earlier imports of the person's branches, newest first."""
    _must_import(request)
    rows = ImportBatch.objects.visible_to(_person(request)).select_related("branch", "by")
    page = page_of(rows, request, by=("-created_at", "id"))
    context = {"page": page, "rows": [(batch, look(batch)) for batch in page.items], "path": _path()[:1]}
    return render(request, "branches/import_list.html", context)


@require_http_methods(["GET", "POST"])
def import_new(request: HttpRequest) -> HttpResponse:
    """The upload. Pressed twice it is one import."""
    _must_import(request)
    form = ImportForm(_person(request), request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            data = form.cleaned_data
            return redirect("import_batch", _uploaded(request, data).pk)
        except BadInput as refusal:
            form.add_error("file", str(refusal.message))
    status = 422 if request.method == "POST" else 200
    return render(request, "branches/import_new.html", {"form": form, "path": _path()}, status=status)


def _uploaded(request: HttpRequest, data: dict[str, Any]) -> ImportBatch:
    return batches.upload(data["branch"], data["file"], _person(request), command_id(request))


@require_GET
def import_batch(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One import: how far it is; then what would be, or was, taken in, and every fault."""
    batch = _seen(request, pk)
    is_polled = bool(request.headers.get("HX-Request"))
    if is_polled and batch.is_under_way:
        return render(request, "branches/_import_progress.html", {"batch": batch})
    if is_polled:
        return HttpResponseClientRefresh()
    return render(request, "branches/import_batch.html", {"batch": batch, "path": _path()} | preview(request, batch))


def preview(request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
    """The findings of one level, a page of them, and how many there are of each."""
    counts = dict(batch.findings.order_by().values_list("level").annotate(Count("id")))
    wanted = request.GET.get("level", "")
    level = wanted if wanted in Level.values else next((level for level in Level if level in counts), Level.FAULT)
    page = page_of(batch.findings.filter(level=level), request, by=("sheet", "row", "id"), size=FINDINGS_PER_PAGE)
    levels = [(one, one.label, counts.get(one, 0), one == level) for one in Level]
    return {
        "page": page,
        "shown": [shown(finding) for finding in page.items],
        "levels": levels,
        "strays": batch.findings.filter(code="pension_number.unknown").values("number").distinct().count(),
        "look": look(batch),
        "may_start": batch.state == State.CHECKED and batch.new > 0,
        "has_nothing_new": batch.state == State.CHECKED and batch.new <= 0,
        "was_refused": batch.state == State.FAILED,
        "has_counts": batch.state in (State.CHECKED, State.DONE),
    }


def shown(finding: ImportFinding) -> Shown:
    """A finding with its words."""
    label = column_label(finding.sheet, finding.column)
    return Shown(finding, SHEET_NAMES[finding.sheet], label, sentence(finding.code))


@require_POST
def import_start(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take in what was checked; or go on with an import that stopped."""
    batches.go_on(_seen(request, pk), _person(request), command_id(request))
    return redirect("import_batch", pk)


@require_GET
def import_report(request: HttpRequest, pk: uuid.UUID) -> HttpResponse | FileResponse:
    """The report as a workbook."""
    batch = _seen(request, pk)
    return _download(batch.report, f"import-{batch.branch_id}-report.xlsx")


@require_GET
def import_rejected(request: HttpRequest, pk: uuid.UUID) -> HttpResponse | FileResponse:
    """The rejected files as an export of the same shape."""
    batch = _seen(request, pk)
    return _download(batch.rejected_files, f"import-{batch.branch_id}-rejected.zip")


def _download(file: Any, name: str) -> FileResponse:
    if not file:
        raise NotSeen(_("This import has no such file."), "no_file")
    return FileResponse(file.open("rb"), as_attachment=True, filename=name)


# --- who asks, and for what ---------------------------------------------------------------------------


def look(batch: ImportBatch) -> str:
    """The look of the batch's state."""
    return "late" if batch.is_stopped else LOOKS.get(State(batch.state), "waiting")


def _path() -> list[str]:
    return [_("Files and tracking"), _("Take in the old system's export")]


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)


def _must_import(request: HttpRequest) -> None:
    if not _person(request).roles & MATRIX[Action.IMPORT_FILES]:
        raise NotAllowed(_("You may not take in files of any branch."), "import.not_allowed")


def _seen(request: HttpRequest, pk: uuid.UUID) -> ImportBatch:
    rows = ImportBatch.objects.visible_to(_person(request)).select_related("branch", "by", "started_by")
    batch = rows.filter(pk=pk).first()
    if batch is None:
        raise NotSeen(_("There is no such import for you."), "not_seen")
    return batch
