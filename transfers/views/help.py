"""Help: the steps, who takes them and what follows, read from the tables that decide."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from transfers.diagram import drawings
from transfers.guide import chapters
from transfers.views.context import menu_path


@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    context = {"chapters": chapters(), "drawings": drawings(), "path": menu_path("help")}
    return render(request, "transfers/help.html", context)
