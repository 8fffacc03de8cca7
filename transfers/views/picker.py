"""The calendar from which a day or a month is chosen; sheets that the page puts into its dialog."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from pension_transfer.lib import calendar, picker
from pension_transfer.lib.months import Month


@require_GET
def days(request: HttpRequest, year: int | None = None, month: int = 1) -> HttpResponse:
    """The days of a Jalali month; of this one where none is said."""
    try:
        asked = Month(year * 100 + month) if year else Month.of(calendar.today())
    except ValueError:
        raise Http404 from None
    return show(request, "components/_days.html", picker.days_of(asked), _address_of_days)


@require_GET
def months(request: HttpRequest, year: int | None = None) -> HttpResponse:
    """The months of a Jalali year; of this one where none is said."""
    try:
        sheet = picker.months_of(year or calendar.jalali_year(calendar.today()))
    except ValueError:
        raise Http404 from None
    return show(request, "components/_months.html", sheet, _address_of_months)


def show(request: HttpRequest, template: str, sheet: picker.Sheet, address: Any) -> HttpResponse:
    to = {way: month and address(month) for way, month in sheet.around().items()}
    return render(request, template, {"sheet": sheet, "to": to})


def _address_of_days(month: Month) -> str:
    return reverse("days", args=[month // 100, month % 100])


def _address_of_months(month: Month) -> str:
    return reverse("months", args=[month // 100])
