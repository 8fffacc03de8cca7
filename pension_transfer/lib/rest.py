"""How the API answers: pages by key, refusals as JSON. Named in the settings, so it imports no view."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler

from pension_transfer.lib.errors import Refusal


class ByKey(CursorPagination):
    """Newest first, by key: as quick on the last page as on the first."""

    ordering = "-id"

    def decode_cursor(self, request: Any) -> Any:
        """The place in the list; NotFound for one that somebody wrote by hand."""
        cursor = super().decode_cursor(request)
        if cursor and cursor.position is not None and not str(cursor.position).isdecimal():
            raise NotFound(self.invalid_cursor_message)
        return cursor


def refuse(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal has one shape, {code, message, errors}, whether ours or the framework's."""
    if isinstance(error, Refusal):
        return Response(_body(error.code, error.message, error.errors), status=error.status)
    answer = exception_handler(error, context)
    if answer is not None:
        detail = answer.data["detail"]
        message = _("There is no such thing here, or it is another branch's.") if answer.status_code == 404 else detail
        answer.data = _body(detail.code, message)
    return answer


def _body(code: str, message: Any, errors: dict[str, list[Any]] | None = None) -> dict[str, Any]:
    return {"code": code, "message": str(message), "errors": errors or {}}
