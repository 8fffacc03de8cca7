"""«نمایش احکام دریافتی از مرکز»: everything received, beside its comparison with the paper file."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from transfers.views.case import show
from transfers.views.case_page import CasePage, find_case
from transfers.views.context import person


@require_GET
def decrees(request: HttpRequest, pk: int) -> HttpResponse:
    """The comparison of a received case. Showing the decrees is a step of its own, pressed once."""
    found = find_case(person(request), pk)
    return show(request, CasePage(found, person(request), preset=request.GET), "decrees")
