"""What a person is told when a page failed through nobody's entry."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.defaults import server_error

PAUSE = 30  # seconds until it is worth asking again


def fault(request: HttpRequest) -> HttpResponse:
    """The branch's database out of reach is 503: it passes by itself. Everything else is a fault of ours."""
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return server_error(request)
    answer = _as_json() if request.path.startswith("/api/") else render(None, "503.html", status=503)
    answer.headers["Retry-After"] = str(PAUSE)
    return answer


def _as_json() -> HttpResponse:
    message = _("The branch's data is out of reach for the moment")
    return JsonResponse({"code": "out_of_reach", "message": message, "errors": {}}, status=503)
