"""What sync could not carry out, and the workers that try it: read by «موارد گیرکرده» and by the health page."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import Branch, User
from branches.roles import Action, Role, scoped
from transfers.models.case import TransferCase


class StuckItemQuerySet(models.QuerySet["StuckItem"]):
    def visible_to(self, user: User) -> "StuckItemQuerySet":
        """Those of the branches for which this person looks after what is stuck (I7)."""
        return scoped(self, user, Action.VIEW_STUCK)

    def open(self) -> "StuckItemQuerySet":
        return self.filter(closed_at=None)

    def waiting(self) -> "StuckItemQuerySet":
        """Those that are not tried any more until a person says what is to be done."""
        return self.filter(closed_at=None, set_aside_at__isnull=False)


class StuckItem(models.Model):
    """One thing that sync failed to do, under its kind and reference; closed when it is done or given up.

    `next_try_at` is empty while it is set aside; `why` holds no person's identifiers.
    """

    class Kind(models.TextChoices):
        CROSSING = "crossing", _("step on its way to the center")
        RECEIPT = "receipt", _("message from the center")
        FOLLOW_UP = "follow_up", _("message about a follow-up")
        CUSTODY = "custody", _("request about who pays")
        ATTACHMENT = "attachment", _("attachment")

    class Outcome(models.TextChoices):
        DONE = "done", _("done")
        GIVEN_UP = "given_up", _("given up")

    HANDED_TO = (Role.TECHNICAL_OFFICER, Role.BRANCH_HEAD, Role.CENTER_OPERATOR)

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    ref = models.CharField(_("reference"), max_length=100)
    action = models.CharField(_("action"), max_length=24, blank=True)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("branch"))
    case = models.ForeignKey(
        TransferCase, models.PROTECT, null=True, related_name="stuck", verbose_name=_("transfer case")
    )
    why = models.CharField(_("reason"), max_length=300)
    code = models.CharField(_("code"), max_length=40)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    first_at = models.DateTimeField(_("stuck since"), auto_now_add=True)
    last_at = models.DateTimeField(_("tried last"))
    next_try_at = models.DateTimeField(_("next try"), null=True)
    set_aside_at = models.DateTimeField(_("set aside at"), null=True)
    handed_to = models.CharField(_("handed over to"), max_length=20, choices=Role, default=Role.TECHNICAL_OFFICER)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    reason = models.CharField(_("reason for this"), max_length=300, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)

    objects = StuckItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("stuck item")
        verbose_name_plural = _("stuck items")
        constraints = [
            models.UniqueConstraint(name="stuck_once", fields=["kind", "ref"], condition=Q(closed_at=None)),
            models.CheckConstraint(
                name="stuck_is_tried_or_set_aside",
                condition=Q(closed_at__isnull=False)
                | Q(next_try_at=None, set_aside_at__isnull=False)
                | Q(next_try_at__isnull=False, set_aside_at=None),
            ),
        ]
        indexes = [
            models.Index(name="stuck_open", fields=["branch", "id"], condition=Q(closed_at=None)),
            models.Index(name="stuck_open_anywhere", fields=["id"], condition=Q(closed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"

    @property
    def is_set_aside(self) -> bool:
        return self.set_aside_at is not None


class SyncWorker(models.Model):
    """A process that runs sync, and when it last did: one row a process, of those of the last day."""

    name = models.CharField(_("worker"), max_length=80, unique=True)
    started_at = models.DateTimeField(_("started at"))
    last_round_at = models.DateTimeField(_("last round at"))
    last_reached_at = models.DateTimeField(_("center reached last at"), null=True)
    finished = models.BigIntegerField(_("steps finished"), default=0)
    is_stopped = models.BooleanField(_("stopped"), default=False)

    class Meta:
        verbose_name = _("sync worker")
        verbose_name_plural = _("sync workers")

    def __str__(self) -> str:
        return self.name
