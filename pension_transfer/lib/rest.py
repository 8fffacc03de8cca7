"""How the API answers: pages by key, refusals as JSON. Named in the settings, so it imports no view."""

from typing import Any

from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler

from pension_transfer.lib.errors import Refusal


class ByKey(CursorPagination):
    """Newest first, by key: as quick on the last page as on the first."""

    ordering = "-id"


def refuse(error: Exception, context: dict[str, Any]) -> Response | None:
    """A Refusal as JSON with its status; everything else as the framework answers it."""
    if not isinstance(error, Refusal):
        return exception_handler(error, context)
    body = {"code": error.code, "message": str(error.message), "errors": error.errors}
    return Response(body, status=error.status)
