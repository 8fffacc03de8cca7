"""Text messages, behind an interface: whoever sends them is named by SMS_BACKEND.

A backend is a class with `send(number, text)`. It raises `NotSent` where it is certain that nothing went out: only
then is the message tried again; or `Undeliverable` where it never will. Anything else it raises leaves that open, and
nobody is written to twice.
"""

import logging
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

log = logging.getLogger(__name__)


class NotSent(Exception):
    """Nothing has gone out, and it may be tried again."""


class Undeliverable(Exception):
    """Nothing has gone out, and to this receiver nothing will: trying again is in vain."""


class Backend(Protocol):
    def send(self, number: str, text: str) -> None:
        """Bring `text` to a mobile number (09 and nine digits); NotSent, Undeliverable."""


class Log:
    """Sends nothing and says so in the log, without number or text."""

    def send(self, number: str, text: str) -> None:
        log.info("a text message of %s characters was not sent: SMS_BACKEND names no gateway", len(text))


def backend() -> Backend:
    """The one that the settings name; NotSent where there is none of that name."""
    try:
        made: Backend = import_string(settings.SMS_BACKEND)()
    except ImportError as missing:
        raise NotSent(f"SMS_BACKEND: {missing}") from missing
    return made
