"""How the API answers: pages by key, refusals as JSON. Named in the settings, so it imports no view."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler

from pension_transfer.lib.errors import Refusal

NOT_HERE = _("There is no such thing here, or it is another branch's.")
# What the framework says in English, by its code; a person is refused by it only where the CSRF token is wrong.
SENTENCES = {
    "not_found": NOT_HERE,
    "method_not_allowed": _("This address does not take this method."),
    "parse_error": _("The body of the request is not valid JSON; nothing was stored."),
    "unsupported_media_type": _("The body of the request must be JSON (application/json); nothing was stored."),
    "not_acceptable": _("The answer is given as JSON only."),
    "permission_denied": _("The token against forged requests (CSRF) is missing or wrong; nothing was stored."),
    "not_authenticated": _("Sign in first."),
}


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
        answer.data = _body(detail.code, NOT_HERE if answer.status_code == 404 else SENTENCES.get(detail.code, detail))
    return answer


def _body(code: str, message: Any, errors: dict[str, list[Any]] | None = None) -> dict[str, Any]:
    return {"code": code, "message": str(message), "errors": errors or {}}
