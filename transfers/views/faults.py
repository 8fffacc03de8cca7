"""What is told when an address is unknown, or when a page failed through nobody's entry."""

import errno
import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.defaults import bad_request, page_not_found, server_error

from pension_transfer.lib.postgresql.base import OutcomeUnknown
from pension_transfer.lib.rest import NOT_HERE

TAKES_NOTHING = {"53100", "25006"}  # PostgreSQL's disk_full and read_only_sql_transaction
SENTENCES = {
    "out_of_reach": gettext_lazy("The branch's data is out of reach for the moment"),
    "takes_nothing": gettext_lazy("The branch's data can be read, but nothing can be stored for the moment"),
    # The press carries its number, so that pressing again does nothing twice.
    "unknown": gettext_lazy(
        "It is not known yet whether this was stored. Go back and press again: nothing is done twice."
    ),
}
PAUSE = 30  # seconds until it is worth asking again


def unknown(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that is none, or is malformed."""
    return _as_json("not_found", NOT_HERE, 404) if _is_api(request) else page_not_found(request, exception)


def bad(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that is none: too many files or fields, or a body out of all bounds."""
    message = _("The request could not be read; nothing was stored. Send fewer files or fields at once.")
    return _as_json("bad_request", message, 400) if _is_api(request) else bad_request(request, exception)


def fault(request: HttpRequest) -> HttpResponse:
    """What passes by itself is 503: a database out of reach, one that takes nothing, no room. The rest is our fault."""
    code = _passing(sys.exc_info()[1])
    if not code:
        return _as_json("fault", _("A fault has happened here"), 500) if _is_api(request) else server_error(request)
    title, page = SENTENCES[code], "503_unknown.html" if code == "unknown" else "503.html"
    answer = _as_json(code, title, 503) if _is_api(request) else render(None, page, {"title": title}, status=503)
    answer.headers["Retry-After"] = str(PAUSE)
    return answer


def _passing(error: BaseException | None) -> str:
    """Which of SENTENCES tells of it; empty where it does not pass."""
    is_full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    if is_full or getattr(error and error.__cause__, "pgcode", "") in TAKES_NOTHING:
        return "takes_nothing"
    if isinstance(error, OutcomeUnknown):
        return "unknown"
    return "out_of_reach" if isinstance(error, OperationalError | InterfaceError) else ""


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _as_json(code: str, message: Any, status: int) -> HttpResponse:
    return JsonResponse({"code": code, "message": str(message), "errors": {}}, status=status)
