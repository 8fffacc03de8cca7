"""The product's addresses, and one page that fails with what it was given."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

handler400 = "transfers.views.faults.bad"
handler404 = "transfers.views.faults.unknown"
handler500 = "transfers.views.faults.fault"


def broken(_request: HttpRequest, told: str) -> HttpResponse:
    local: dict[str, Any] = {"national_code": told}
    raise ValueError(f"cannot go on with {local}")


urlpatterns = [path("broken/<str:told>/", broken), path("", include("pension_transfer.urls"))]
