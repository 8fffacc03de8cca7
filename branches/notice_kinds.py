"""What a person can be told of, and by which ways: the choices on a user's account read these two lists."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """In the order of what cannot wait; a case is told of once, under the first that fits."""

    RETURNED = "returned", _("Returned or sent back to me")
    ANSWER = "answer", _("Answers to our questions")
    DUE = "due", _("Due today")
    TURN = "turn", _("New in my turn")
    STUCK = "stuck", _("Stuck items for my office")


class Way(models.TextChoices):
    BELL = "bell", _("Bell")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")


def every_kind() -> list[str]:
    """What the bell tells of until somebody chooses otherwise."""
    return [str(kind) for kind in Kind]
