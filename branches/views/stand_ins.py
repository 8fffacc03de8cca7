"""«جانشین‌ها»: who acts in whose place now, later and before; granting a stand-in and ending one early."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from branches import stand_ins
from branches.forms.stand_ins import EndForm, StandInForm
from branches.models import Appointment, StandInRecord, User
from branches.roles import MATRIX, Action
from branches.views.files import person
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen
from pension_transfer.lib.paging import page_of
from pension_transfer.lib.posting import command_id

COMING, CURRENT, OVER = (
    ("waiting", gettext_lazy("Coming")),
    ("active", gettext_lazy("In force")),
    ("void", gettext_lazy("Over")),
)


@dataclass(frozen=True)
class Row:
    """A stand-in as the list prints it."""

    stand_in: Appointment
    look: str
    label: Any
    may_end: bool
    records: list[StandInRecord]


@require_http_methods(["GET", "POST"])
def stand_in_list(request: HttpRequest) -> HttpResponse:
    """The list, newest first, and above it the form that grants one."""
    by = who_grants(request)
    form = StandInForm(by, request.POST or None)
    if request.method == "POST" and granted(form, request, by):
        messages.success(request, _("The stand-in is granted; it begins and ends by itself on its days."))
        return redirect("stand_in_list")
    rows = stand_ins.visible_to(by).select_related("user", "branch", "stands_in_for").prefetch_related("records__by")
    page = page_of(rows, request, by=("-since", "-id"))
    context = {"form": form, "page": page, "rows": [row_of(stand_in) for stand_in in page.items], "path": path()[:1]}
    return render(request, "branches/stand_in_list.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def stand_in_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one before its last day, with the reason."""
    by = who_grants(request)
    rows = stand_ins.visible_to(by).select_related("user", "branch", "stands_in_for")
    stand_in = rows.filter(pk=pk).first()
    if stand_in is None:
        raise NotSeen(_("There is no such stand-in in your branches."), "no_stand_in")
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        stand_ins.end(pk, form.cleaned_data["reason"], by=by, command_id=command_id(request))
        messages.success(request, _("The stand-in has ended."))
        return redirect("stand_in_list")
    if request.method == "GET" and stand_in.is_over:
        raise NotNow(_("This stand-in is over already."), "over")
    context = {"form": form, "row": row_of(stand_in), "path": path()}
    return render(request, "branches/stand_in_end.html", context, status=422 if form.errors else 200)


def who_grants(request: HttpRequest) -> User:
    """The person who asks, where this office grants stand-ins anywhere."""
    by = person(request)
    if not by.roles & MATRIX[Action.GRANT_STAND_IN]:
        raise NotAllowed(_("Stand-ins are granted by the branch head or the province supervisor."), "role")
    return by


def granted(form: StandInForm, request: HttpRequest, by: User) -> bool:
    """Whether what the form says was carried out; otherwise it says why not."""
    if not form.is_valid():
        return False
    try:
        stand_ins.grant(**form.cleaned_data, by=by, command_id=command_id(request))
    except BadInput as refusal:
        form.show_refusal(refusal.errors)
        return False
    return True


def row_of(stand_in: Appointment) -> Row:
    look, label = OVER if stand_in.is_over else COMING if stand_in.is_coming else CURRENT
    return Row(stand_in, look, label, not stand_in.is_over, list(stand_in.records.all()))


def path() -> list[str]:
    """Where these pages stand in the menu."""
    return [_("Staff"), _("Stand-ins")]
