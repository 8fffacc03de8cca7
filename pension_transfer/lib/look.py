"""How pages look to who sits before them: light or dark, normal or large type.

Kept in a cookie of the browser, as the language is, so that it holds before signing in and without a script.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

COOKIE = "look"
YEAR = 365 * 24 * 60 * 60  # seconds
THEMES = {  # theme: (the browser's own colours, when dark.css holds)
    "auto": ("light dark", "screen and (prefers-color-scheme: dark)"),
    "light": ("light", "not all"),
    "dark": ("dark", "screen"),
}
TYPES = ("normal", "large")
CHOICES: tuple[tuple[str, Any, tuple[tuple[str, str, Any], ...]], ...] = (  # name, label, (value, icon, label)
    (
        "theme", _("Colours"),
        (("light", "sun", _("Light")), ("dark", "moon", _("Dark")), ("auto", "circle-half", _("As the computer"))),
    ),
    (
        "type", _("Size of the letters"),
        (("normal", "type", _("Normal letters")), ("large", "zoom-in", _("Large letters"))),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """What was chosen; anything unknown is as if nothing had been chosen."""

    theme: str = "auto"
    type: str = "normal"

    @property
    def scheme(self) -> str:
        return THEMES[self.theme][0]

    @property
    def dark_media(self) -> str:
        return THEMES[self.theme][1]

    @property
    def chosen(self) -> tuple[str, str]:
        return self.theme, self.type

    def changed(self, theme: str | None, type: str | None) -> "Look":
        """The look after a choice; None or an unknown word changes nothing."""
        return Look(theme if theme in THEMES else self.theme, type if type in TYPES else self.type)


def look_of(request: HttpRequest) -> Look:
    """The look that the browser's cookie tells."""
    theme, _dash, type = request.COOKIES.get(COOKIE, "").partition("-")
    return Look().changed(theme, type)


def look(request: HttpRequest) -> dict[str, Any]:
    """Context of every page, also of those of faults."""
    return {"look": look_of(request), "look_choices": CHOICES}


@require_POST
def choose_look(request: HttpRequest) -> HttpResponse:
    """Keep a choice for this browser, and go back to the page where it was made."""
    chosen = look_of(request).changed(request.POST.get("theme"), request.POST.get("type"))
    answer = HttpResponseRedirect(_back(request))
    answer.set_cookie(
        COOKIE, f"{chosen.theme}-{chosen.type}", max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    return answer


def _back(request: HttpRequest) -> str:
    place = request.POST.get("next", "")
    here = {request.get_host()}
    return place if url_has_allowed_host_and_scheme(place, here, request.is_secure()) else "/"
