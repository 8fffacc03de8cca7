"""Correcting a pension file by page: a row is corrected, added or taken out, always with a reason."""

import copy
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from branches import services
from branches.forms.files import FORMS, CorrectionForm, Lines, RemovalForm, kept_lines, typed_in
from branches.models import Correction, Decree, PensionFile
from branches.sections import SECTIONS, section_label
from branches.shown import facts
from branches.views.files import menu_path, person, seen_file
from pension_transfer.lib.errors import BadInput, NotNow
from pension_transfer.lib.posting import command_id, seen


@dataclass(frozen=True)
class Place:
    """What a correction is about: a section of a file, or one of its rows (None: the file or a new row)."""

    file: PensionFile
    section: str
    row: int | None
    subject: Any

    @property
    def title(self) -> str:
        """«Correct: Dependent زهرا کریمی» or «Add: Deduction»."""
        if self.subject.pk is None:
            return _("Add: %(part)s") % {"part": section_label(self.section)}
        name = "" if self.subject is self.file else str(self.subject)
        return _("Correct: %(part)s %(name)s") % {"part": section_label(self.section), "name": name}

    @property
    def removal_url(self) -> str:
        """Where the row is taken out; nothing for what can't be: the file itself, a row not yet stored."""
        if not SECTIONS[self.section].has_rows or self.subject.pk is None:
            return ""
        return reverse("file_remove", args=[self.file.pk, self.section, self.row])

    @property
    def removal_label(self) -> str:
        """What the way there is called."""
        return _("Void this decree") if self.section == "decree" else _("Remove from the file")

    @property
    def removal_title(self) -> str:
        """«Void: Decree 1/05» or «Remove: Dependent زهرا کریمی»."""
        title = _("Void: %(part)s %(name)s") if self.section == "decree" else _("Remove: %(part)s %(name)s")
        return title % {"part": section_label(self.section), "name": self.subject}


@require_http_methods(["GET", "POST"])
def file_correct(request: HttpRequest, pk: int, section: str, row: int | None = None) -> HttpResponse:
    """The form that corrects one row of a section; a rejected one keeps what was typed."""
    file, done = open_file(request, pk)
    if done:
        return stored(request, file, section)
    place = Place(file, section, row, services.row_of(file, section, row))
    form, lines = forms_of(request, place)
    try:
        services.must_be_open(file)
        if request.method == "POST" and all([form.is_valid(), lines is None or lines.is_valid()]):
            store(request, place, form, lines)
            return stored(request, file, section)
    except BadInput as refusal:
        form.show_refusal(refusal.errors)
    except NotNow as refusal:
        return refused(request, place, refusal, form, lines)
    remarks = form.show_remarks(services.remarks_on(file, section, row), request.GET.get("field", ""))
    context = {"place": place, "form": form, "lines": lines, "remarks": remarks}
    return show(request, "branches/file_correct.html", context)


@require_http_methods(["GET", "POST"])
def file_remove(request: HttpRequest, pk: int, section: str, row: int) -> HttpResponse:
    """The row once more, and why it is taken out of the file."""
    file, done = open_file(request, pk)
    if done:
        return stored(request, file, section)
    place = Place(file, section, row, services.row_of(file, section, row))
    form = RemovalForm(request.POST or None)
    try:
        services.must_be_open(file)
        if form.is_valid():
            take_out(request, place, form)
            return stored(request, file, section)
    except NotNow as refusal:
        return refused(request, place, refusal, form)
    rows = facts(place.subject, SECTIONS[section].fields)
    return show(request, "branches/file_remove.html", {"place": place, "form": form, "facts": rows})


def open_file(request: HttpRequest, pk: int) -> tuple[PensionFile, Correction | None]:
    """The file for correcting, and what this very command has done to it already."""
    file = seen_file(person(request), pk)
    services.must_may_correct(person(request), file)
    command = command_id(request) if request.method == "POST" else None
    return file, services.done_before(command, person(request), file)


def show(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The form of a correction; after a POST with what is wrong in it."""
    file = context["place"].file
    context |= {"file": file, "menu_path": [*menu_path(), str(file)]}
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def forms_of(request: HttpRequest, place: Place) -> tuple[CorrectionForm, Any]:
    """The section's form, and for a decree the formset of its lines."""
    form = FORMS[place.section](request.POST or None, instance=copy.copy(place.subject))
    if not isinstance(place.subject, Decree):
        return form, None
    return form, Lines(request.POST or None, initial=services.lines_of(place.subject), prefix="lines")


def store(request: HttpRequest, place: Place, form: CorrectionForm, lines: Any) -> None:
    """Correct what the forms say."""
    services.correct(
        place.file,
        place.section,
        place.row,
        person(request),
        form.cleaned_data["reason"],
        form.correction() | ({"lines": kept_lines(lines)} if lines else {}),
        seen=seen(request),
        command_id=command_id(request),
    )


def take_out(request: HttpRequest, place: Place, form: RemovalForm) -> None:
    """Remove the row that the form gives a reason for."""
    services.remove(
        place.file,
        place.section,
        place.subject.pk,
        person(request),
        form.cleaned_data["reason"],
        seen=seen(request),
        command_id=command_id(request),
    )


def refused(request: HttpRequest, place: Place, refusal: NotNow, form: Any, lines: Any = None) -> HttpResponse:
    """Say why it is not done; what was typed stands below, for the browser may not have kept it."""
    back = request.path if refusal.code == "stale" else reverse("file", args=[place.file.pk])
    rows = typed_in(form, lines) if request.method == "POST" else []
    context = {"message": refusal.message, "errors": refusal.errors, "back_url": back, "typed": rows}
    return render(request, "refusal.html", context, status=refusal.status)


def stored(request: HttpRequest, file: PensionFile, section: str) -> HttpResponse:
    """Say that the correction is stored, back on its section."""
    messages.success(request, _("The correction is stored, and it stands in the file's history."))
    return redirect(f"{reverse('file', args=[file.pk])}#{section}")
