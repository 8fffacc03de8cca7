"""/gallery/: every component in every state on one page, with the hard cases, for who maintains the screens."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from pension_transfer.lib import fields
from pension_transfer.lib.paging import Page
from pension_transfer.lib.templatetags.persian import fa
from pension_transfer.lib.templatetags.ui import LOOKS, TONES

LONGEST = "سیده فاطمه‌الزهرا حسینی‌نسب طباطبایی‌یزدی اصل"
SHEBA = "IR950130000000000012345678"
MOMENT = dt.datetime(2026, 11, 23, 10, 5, tzinfo=dt.timezone.utc)
AMOUNT = 103_909_680  # Rial
MONTH = 140509
WRONG = {"national_code": "1234567890", "iban": "IR00", "day": "1405/13/40", "month": "0", "amount": "x"}
KINDS = ("primary", "secondary", "danger", "quiet")


class GalleryForm(forms.Form):
    """One field of each kind."""

    name = fields.PersianTextField(label=gettext_lazy("Name"), initial=LONGEST)
    national_code = fields.NationalCodeField(label=gettext_lazy("National code"))
    iban = fields.IbanField(label=gettext_lazy("Sheba"), initial=SHEBA)
    day = fields.JalaliDateField(label=gettext_lazy("Date"), initial=MOMENT.date())
    month = fields.JalaliMonthField(label=gettext_lazy("Month"), initial=MONTH)
    amount = fields.AmountField(label=gettext_lazy("Amount"), initial=AMOUNT)
    note = fields.PersianTextField(label=gettext_lazy("Note"), widget=forms.Textarea, required=False)


@dataclass(frozen=True)
class Event:
    """A step of the timeline."""

    state: str
    label: str
    at: dt.datetime | None = None
    by: str = ""
    role: str = ""
    place: str = ""
    note: str = ""
    version: int = 0
    is_current: bool = False
    is_coming: bool = False


@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """The page; 404 where real files are, except for a superuser."""
    if not (settings.DEBUG or settings.DEMO or getattr(request.user, "is_superuser", False)):
        raise Http404
    return render(request, "gallery.html", _pieces())


def _pieces() -> dict[str, Any]:
    return _values() | {
        "looks": list(LOOKS),
        "tones": list(TONES),
        "kinds": KINDS,
        "form": GalleryForm(),
        "rejected": GalleryForm(WRONG),
        "events": _events(),
        "pages": Page([], first_url="#first", previous_url="#previous", next_url="#next"),
        "tabs": [_tab("texts", _("Name"), None), _tab("lists", _("Work queue"), 12)],
    }


def _values() -> dict[str, Any]:
    path = (_("Long-term obligations"), _("Other facilities"))
    return {"longest": LONGEST, "sheba": SHEBA, "amount": AMOUNT, "moment": MOMENT, "month": MONTH, "path": path}


def _tab(anchor: str, label: str, count: int | None) -> dict[str, Any]:
    return {"anchor": anchor, "label": label, "count": count}


def _events() -> list[Event]:
    note = _("Version %(number)s") % {"number": fa(2)}
    return [
        Event("sent", _("Sent to the center"), MOMENT, LONGEST, note=note, version=2),
        Event("received", _("Received"), MOMENT, LONGEST, is_current=True),
        Event("verified", _("Compared"), is_coming=True),
    ]
