"""Refusals become pages: what was not done, why, and what to do next. The API has its own handler."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from pension_transfer.lib.errors import Refusal


class RefusalMiddleware:
    """Answers a Refusal that a view let pass, with its status; nothing was written."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Refusal):
            return None
        context: dict[str, Any] = {
            "message": error.message,
            "errors": error.errors,
            "back_url": request.META.get("HTTP_REFERER", ""),
        }
        return render(request, "refusal.html", context, status=error.status)
