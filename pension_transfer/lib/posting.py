"""What every POST carries, read once: the command id, the trail's length on the page that was pressed."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from pension_transfer.lib.errors import BadInput, Refusal


@dataclass(frozen=True)
class Rejected:
    """A press that was not carried out: what was asked, what was typed, and why not.

    Of the files that came with it a page can say only that there were some.
    """

    action: str
    data: Any
    refusal: Refusal
    had_files: bool = False


def command_id(request: HttpRequest) -> uuid.UUID:
    """The form's own number, which makes a repeat harmless; BadInput without one."""
    try:
        return uuid.UUID(request.POST.get("command_id", ""))
    except ValueError:
        raise _incomplete("command_id") from None


def seen(request: HttpRequest) -> int | None:
    """The trail's length as the page showed it; BadInput when it is no number."""
    posted = request.POST.get("seen", "")
    try:
        return int(posted) if posted else None
    except ValueError:
        raise _incomplete("seen") from None


def is_piece(request: HttpRequest) -> bool:
    """Whether htmx asks for a piece of the page."""
    return bool(getattr(request, "htmx", False))


def _incomplete(name: str) -> BadInput:
    sentence = _("This form came incomplete; nothing was stored. Open the page anew and press again.")
    return BadInput(sentence, "incomplete", {name: [sentence]})
