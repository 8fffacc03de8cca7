"""The paper file's own pages: an arrival without data, and the transfer sheet to print."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from branches.models import Branch
from branches.roles import Action
from pension_transfer.lib.errors import NotAllowed, NotNow, Refusal
from pension_transfer.lib.posting import command_id
from transfers import arrivals, letters, sheet
from transfers.inputs.paper import ArrivalForm
from transfers.inputs.shared import ReasonForm
from transfers.models import PaperArrival
from transfers.views.case import form_path
from transfers.views.case_page import find_case
from transfers.views.context import branches_where, menu_path, person
from transfers.views.pressable import show_errors


@require_http_methods(["GET", "POST"])
def arrival(request: HttpRequest) -> HttpResponse:
    """A paper file that came before its electronic part, or without one."""
    codes = branches_where(person(request), Action.RECORD_PAPER)
    if not codes:
        raise NotAllowed(_("Only destination staff record what came without data."), "role")
    if request.method == "GET":
        return show(request, form_of(codes, initial={"number": request.GET.get("number", "")[:13]}))
    form = form_of(codes, request.POST)
    refusal = record(request, form) if form.is_valid() else None
    if refusal or not form.is_valid():
        return show(request, form, refusal, refusal.status if refusal else 422)
    messages.success(request, _("The arrival is recorded. It joins the data by itself as soon as that is received."))
    return redirect("receive_list")


def form_of(codes: list[str], data: Any = None, **options: Any) -> ArrivalForm:
    """The form; who works at several branches says at which one the paper file lies."""
    form = ArrivalForm(data, **options)
    places = Branch.objects.filter(pk__in=codes).order_by("pk")
    form.fields["branch"] = forms.ModelChoiceField(places, label=_("Branch"), empty_label=None, initial=codes[0])
    if len(codes) == 1:
        form.fields["branch"].required = False
        form.fields["branch"].widget = forms.HiddenInput()
    return form


def record(request: HttpRequest, form: ArrivalForm) -> Refusal | None:
    """Record it; why not, where it was refused."""
    given = dict(form.cleaned_data)
    branch = given.pop("branch") or form.fields["branch"].queryset.get()  # type: ignore[attr-defined]
    try:
        arrivals.record(branch, by=person(request), command_id=command_id(request), given=given)
    except NotAllowed:
        raise
    except Refusal as refusal:
        show_errors(form, refusal.errors)
        return refusal
    return None


def show(request: HttpRequest, form: ArrivalForm, refusal: Refusal | None = None, status: int = 200) -> HttpResponse:
    notice = refusal if isinstance(refusal, NotNow) else None
    context = {"form": form, "refusal": notice, "is_refused": status != 200, "path": menu_path("receive_list")}
    return render(request, "transfers/arrival.html", context, status=status)


@require_http_methods(["GET", "POST"])
def set_aside(request: HttpRequest, pk: int) -> HttpResponse:
    """Taking an arrival off the list, with the reason."""
    rows = PaperArrival.objects.visible_to(person(request)).unmatched()
    arrival = get_object_or_404(rows.select_related("branch"), pk=pk) if request.method == "GET" else None
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        arrivals.set_aside(pk, by=person(request), command_id=command_id(request), reason=reason)
        messages.success(request, _("The paper file was taken off the list."))
        return redirect("receive_list")
    status = 200 if request.method == "GET" else 422
    context = {"form": form, "arrival": arrival or get_object_or_404(rows, pk=pk), "path": menu_path("receive_list")}
    return render(request, "transfers/set_aside.html", context | {"is_refused": status != 200}, status=status)


@require_GET
def transfer_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet that lies on the paper file, for printing at either branch; NotNow before the seal."""
    case = find_case(person(request), pk)
    context = {"case": case, "sheet": sheet.of_case(case), "path": form_path()}
    return render(request, "transfers/sheet.html", context)


@require_GET
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter that goes with the paper file, with the last pay certificate; NotNow before the seal."""
    case = find_case(person(request), pk)
    context = {"case": case, "letter": letters.letter_of(case), "path": form_path()}
    return render(request, "transfers/letter.html", context)


@require_GET
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """The destination's receipt for the paper file; NotNow before its arrival is recorded."""
    case = letters.receipt_of(find_case(person(request), pk))
    return render(request, "transfers/receipt.html", {"case": case, "path": form_path()})
