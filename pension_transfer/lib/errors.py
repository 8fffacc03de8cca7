"""Refusals: the only errors that reach a person. Decide on `code`, never on the wording."""

from typing import Any


class Refusal(Exception):
    """A step that is not done, with a sentence that says why and what to do next.

    `status` is the HTTP status; `errors` maps a field to its sentences.
    """

    status = 409

    def __init__(self, message: Any, code: str, errors: dict[str, list[Any]] | None = None):
        super().__init__(str(message))
        self.message, self.code, self.errors = message, code, errors or {}


class BadInput(Refusal):
    """422: something typed is wrong; `errors` names the fields."""

    status = 422


class NotAllowed(Refusal):
    """403: seen, but not this person's to do."""

    status = 403


class NotSeen(Refusal):
    """404: not this person's to see, or not there."""

    status = 404


class NotNow(Refusal):
    """409: allowed, but not in this state."""


class Waiting(Refusal):
    """202: accepted and kept; it will be done by itself when the center answers."""

    status = 202


class NotReached(Refusal):
    """503: the center does not answer, and without it nothing can be said; ask again later."""

    status = 503
