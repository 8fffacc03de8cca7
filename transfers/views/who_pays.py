"""«پرداخت‌کننده مستمری»: who pays this pension in a month, why, and who paid it before."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from transfers.payment_forms import WhoPaysForm
from transfers.views.context import menu_path, person
from transfers.who_pays import stories


@require_http_methods(["GET", "POST"])
def who_pays(request: HttpRequest) -> HttpResponse:
    """A person's number comes by POST only: it may stand neither in an address nor in a log."""
    form = WhoPaysForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "path": menu_path("who_pays"), "is_away": False}
    if form.is_valid():
        asked = form.cleaned_data
        told, is_reached = stories(person(request), asked["number"], asked["month"])
        context |= {"stories": told, "is_away": not is_reached, "month": asked["month"], "is_unknown": not told}
    return render(request, "transfers/who_pays.html", context, status=422 if form.errors else 200)
