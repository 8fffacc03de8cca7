"""What is told when an address is unknown, or when a page failed through nobody's entry."""

import errno
import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.defaults import bad_request, page_not_found, server_error

from pension_transfer.lib.rest import NOT_HERE

PAUSE = 30  # seconds until it is worth asking again


def unknown(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that is none, or is malformed."""
    return _as_json("not_found", NOT_HERE, 404) if _is_api(request) else page_not_found(request, exception)


def bad(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that is none: too many files or fields, or a body out of all bounds."""
    message = _("The request could not be read; nothing was stored. Send fewer files or fields at once.")
    return _as_json("bad_request", message, 400) if _is_api(request) else bad_request(request, exception)


def fault(request: HttpRequest) -> HttpResponse:
    """The branch's database out of reach, or no room on a disk, is 503: it passes. The rest is a fault of ours."""
    if not _passes(sys.exc_info()[1]):
        return _as_json("fault", _("A fault has happened here"), 500) if _is_api(request) else server_error(request)
    message = _("The branch's data is out of reach for the moment")
    answer = _as_json("out_of_reach", message, 503) if _is_api(request) else render(None, "503.html", status=503)
    answer.headers["Retry-After"] = str(PAUSE)
    return answer


def _passes(error: BaseException | None) -> bool:
    is_full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    return is_full or isinstance(error, OperationalError | InterfaceError)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _as_json(code: str, message: Any, status: int) -> HttpResponse:
    return JsonResponse({"code": code, "message": str(message), "errors": {}}, status=status)
