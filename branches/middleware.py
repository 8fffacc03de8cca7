"""The fence of a request: PostgreSQL shows it the branches of the person who is signed in (invariant I7)."""

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connections
from django.http import FileResponse, HttpRequest, StreamingHttpResponse

from branches.models import User
from branches.roles import Scope
from pension_transfer.lib import fences


def reach_of(user: Any) -> str | None:
    """The codes of the branches in which `user` has any office today, comma-separated; None for the whole country."""
    offices = user.current_appointments if isinstance(user, User) else []
    if any(office.scope == Scope.COUNTRY for office in offices):
        return None
    return ",".join(sorted({code for office in offices for code in office.branch_codes}))


class RowSecurityMiddleware:
    """Stands right behind AuthenticationMiddleware: what comes before it reads accounts and sessions only."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]):
        if settings.ROW_SECURITY == "off":
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        reach = fences.Reach(connections["default"], lambda: reach_of(request.user))
        with fences.within(reach):
            response = self.get_response(request)
        if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
            response.streaming_content = _within(reach, response.streaming_content)
        return response


def _within(reach: fences.Reach, answer: Any) -> Iterator[bytes]:
    """A streamed answer is made after the request has left: each piece is fetched within its reach again."""
    pieces = iter(answer)
    while True:
        with fences.within(reach):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece
