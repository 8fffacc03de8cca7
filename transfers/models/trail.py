"""What happened: the trail (append-only, chained), the commands already carried out, the steps crossing over."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from transfers.lateness import Party
from transfers.models.case import TransferCase
from transfers.states import State


class TransferEvent(models.Model):
    """One step of one case: who, in which role and branch at that time, from, to, when, why (D8, I9).

    `hash` covers the row and the hash of the event before it in the case; `by` is empty for steps done by itself.
    """

    case = models.ForeignKey(TransferCase, models.PROTECT, related_name="events", verbose_name=_("transfer case"))
    sequence = models.PositiveIntegerField(_("row"))
    action = models.CharField(_("action"), max_length=24)
    from_state = models.CharField(_("from state"), max_length=24, blank=True)
    to_state = models.CharField(_("to state"), max_length=24, choices=State)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("user")
    )
    by_name = models.CharField(_("by"), max_length=130, blank=True)
    role = models.CharField(_("role"), max_length=20, blank=True)
    branch_code = models.CharField(_("branch"), max_length=4)
    at = models.DateTimeField(_("at"))
    note = models.CharField(_("note"), max_length=400, blank=True)
    details = models.JSONField(_("details"), default=dict)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    content_hash = models.CharField(_("content hash"), max_length=64, blank=True)
    previous_hash = models.CharField(_("hash of the event before"), max_length=64, blank=True)
    hash = models.CharField(_("hash"), max_length=64)
    # The numbers under which it was written, where its branch has moved to this site since (decision 0022).
    signed_as = models.JSONField(null=True, editable=False)
    # Who answers for the time this step took, and how late it was (transfers.lateness): told of the clock at that
    # moment, which nothing that comes later can tell; no part of what is hashed.
    party = models.CharField(max_length=11, blank=True, default="", choices=Party, editable=False)
    days_late = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("trail event")
        verbose_name_plural = _("trail")
        ordering = ["case", "sequence"]
        constraints = [models.UniqueConstraint(name="event_once", fields=["case", "sequence"])]
        # The rows come in the order of their time: a few bytes for every megabyte of them find a day.
        indexes = [BrinIndex(name="event_at", fields=["at"], autosummarize=True)]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.sequence} {self.action}"


class Command(models.Model):
    """A command already carried out, written in one transaction with its effect: a repeat finds the first's answer."""

    command_id = models.UUIDField(primary_key=True)
    action = models.CharField(max_length=24)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    case = models.ForeignKey(TransferCase, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("command")
        verbose_name_plural = _("commands")

    def __str__(self) -> str:
        return str(self.command_id)


class Heard(models.Model):
    """A message of the other branch that has reached this copy, by its key in the center: none is taken in twice."""

    key = models.UUIDField(primary_key=True)
    case = models.ForeignKey(TransferCase, models.PROTECT, related_name="heard")

    class Meta:
        verbose_name = _("message heard")
        verbose_name_plural = _("messages heard")

    def __str__(self) -> str:
        return str(self.key)


class Verb(models.TextChoices):
    """What is asked of the center."""

    DEPOSIT = "deposit", _("deposit")
    TAKE = "take", _("take")
    WITHDRAW = "withdraw", _("withdraw")
    ANSWER = "answer", _("answer")


class Crossing(models.Model):
    """A step on its way over to the center: written first, settled by transfers.exchange, repeated until answered.

    It is the outbox of steps decided here, and the intention of steps decided there (DESIGN 11.1).
    """

    class Progress(models.TextChoices):
        OPEN = "open", _("waiting for the center")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused by the center")

    key = models.UUIDField(_("key"), primary_key=True)
    verb = models.CharField(_("asked of the center"), max_length=10, choices=Verb)
    kind = models.CharField(_("kind"), max_length=24, blank=True)
    action = models.CharField(_("action"), max_length=24)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("branch"))
    case = models.ForeignKey(
        TransferCase, models.PROTECT, null=True, related_name="crossings", verbose_name=_("transfer case")
    )
    envelope_id = models.UUIDField(_("envelope"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    role = models.CharField(_("role"), max_length=20, blank=True)
    input = models.JSONField(_("input"), default=dict)
    body = models.JSONField(_("content"), default=dict)
    decided_there = models.BooleanField(_("decided in the center first"), default=False)
    state = models.CharField(_("state"), max_length=8, choices=Progress, default=Progress.OPEN)
    reason = models.CharField(_("reason"), max_length=80, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("opened at"), auto_now_add=True)
    settled_at = models.DateTimeField(_("settled at"), null=True)

    class Meta:
        verbose_name = _("crossing")
        verbose_name_plural = _("crossings")
        constraints = [
            models.UniqueConstraint(
                name="one_intention_a_case", fields=["case"], condition=Q(state="open", decided_there=True)
            ),
            models.UniqueConstraint(
                name="one_taking_an_envelope",
                fields=["envelope_id", "branch"],
                condition=Q(state="open", verb="take"),
            ),
        ]
        indexes = [
            models.Index(name="crossing_open", fields=["created_at"], condition=Q(state="open")),
            models.Index(name="crossing_settled", fields=["settled_at"], condition=Q(state="done")),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.envelope_id}"

    @property
    def known_case(self) -> TransferCase:
        """The case, where there is one: always, except when something is taken for the first time."""
        if self.case is None:
            raise ValueError(f"{self} has no case yet")
        return self.case
