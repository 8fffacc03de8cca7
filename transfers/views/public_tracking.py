"""«پیگیری انتقال پرونده»: where the file is, for the pensioner without an account; and the slip that tells how."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from pension_transfer.lib import calendar
from pension_transfer.lib.fields import DigitsField
from transfers import public_tracking, slip
from transfers.tracking import check_digit
from transfers.vain_tries import WINDOW, Tries, address_of
from transfers.views.case import form_path
from transfers.views.case_page import find_case
from transfers.views.context import person


class AskForm(forms.Form):
    """What the pensioner knows from the slip and by heart."""

    number = DigitsField(
        13,
        13,
        label=gettext_lazy("Tracking number"),
        help_text=gettext_lazy("13 digits; they stand on your tracking slip."),
    )
    ending = DigitsField(4, 4, label=gettext_lazy("Last four digits of the national code"))

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"]
        if check_digit(number[:-1]) != number[-1]:
            raise ValidationError(_("One of the digits is wrong. Compare the number with your tracking slip."), "check")
        return number


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def public_tracking_page(request: HttpRequest) -> HttpResponse:
    """The two numbers come by POST; an address carries the tracking number at most, from the code on the slip."""
    if request.method == "GET":
        return show(request, AskForm(initial={"number": request.GET.get("number", "")[:20]}))
    form = AskForm(request.POST)
    return answer(request, form) if form.is_valid() else show(request, form, status=422)


def answer(request: HttpRequest, form: AskForm) -> HttpResponse:
    number, ending = form.cleaned_data["number"], form.cleaned_data["ending"]
    tries = Tries(address_of(request), number)
    if not tries.may_ask():
        refused = show(request, form, _("Too many tries in vain. Try again in an hour, or ask your branch."), 429)
        refused["Retry-After"] = str(int(WINDOW.total_seconds()))
        return refused
    found = public_tracking.find(number, ending)
    if found is None:
        return show(request, form, _("No move was found with these two numbers. Compare both with your papers."), 422)
    tries.give_back()
    return show(request, form, progress=found)


def show(request: HttpRequest, form: AskForm, notice: str = "", status: int = 200, **more: Any) -> HttpResponse:
    context = {"form": form, "notice": notice, "today": calendar.today()} | more
    return render(request, "transfers/public_tracking.html", context, status=status)


@require_GET
def tracking_slip(request: HttpRequest, pk: int) -> HttpResponse:
    """«رسید پیگیری»: what the pensioner takes home from the counter."""
    case = find_case(person(request), pk)
    address = f"{settings.PUBLIC_URL}{reverse('public_tracking')}" if settings.PUBLIC_URL else ""
    context = {"case": case, "slip": slip.of_case(case, address), "today": calendar.today(), "path": form_path()}
    return render(request, "transfers/slip.html", context)
