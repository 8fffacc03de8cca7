"""Work on many cases that was ordered with one press: the job, and its items, each under a command of its own."""

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.models import Branch, User
from branches.roles import Action, scoped
from transfers.models.case import TransferCase

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

LEASE = dt.timedelta(seconds=60)  # for which an item is its worker's; after it another one carries it out


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: User) -> "JobQuerySet":
        """What this person ordered, at the branches whose cases this person still sees (I7)."""
        return scoped(self.filter(by=user), user, Action.VIEW_CASES)

    def under_way(self) -> "JobQuerySet":
        return self.filter(finished_at=None)


class Job(models.Model):
    """One press of `action` on many rows of one branch, in the name of `by`; `given` is what was typed for all.

    Its id is made of the form's command: the same form again finds the same job.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    action = models.CharField(_("action"), max_length=24)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("branch"))
    given = models.JSONField(_("input"), default=dict)
    ordered_at = models.DateTimeField(_("ordered at"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects = JobQuerySet.as_manager()

    if TYPE_CHECKING:
        items: RelatedManager["JobItem"]

    class Meta:
        verbose_name = _("group job")
        verbose_name_plural = _("group jobs")
        indexes = [
            models.Index(name="job_of_person", fields=["by", "-ordered_at", "-id"]),
            models.Index(name="job_under_way", fields=["by"], condition=Q(finished_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.branch_id} {self.ordered_at:%Y-%m-%d %H:%M}"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None


class JobItemQuerySet(models.QuerySet["JobItem"]):
    def free(self) -> "JobItemQuerySet":
        """What nobody has in hand, in the order of the presses."""
        now = timezone.now()
        return self.filter(Q(leased_until=None) | Q(leased_until__lt=now), state=JobItem.State.OPEN).order_by("id")


class JobItem(models.Model):
    """One row of a job: a case, or an envelope to be received; `given` is what the person saw of it.

    `code` and `reason` say why it was not done. What waits for the center (`kept`) is finished by sync, not here.
    """

    class State(models.TextChoices):
        OPEN = "open", _("waiting")
        DONE = "done", _("done")
        KEPT = "kept", _("waits for the center")
        REFUSED = "refused", _("not done")

    job = models.ForeignKey(Job, models.CASCADE, related_name="items", verbose_name=_("group job"))
    command_id = models.UUIDField(_("command"), unique=True)
    case = models.ForeignKey(TransferCase, models.PROTECT, null=True, related_name="+", verbose_name=_("transfer case"))
    envelope_id = models.UUIDField(_("envelope"), null=True)
    number = models.CharField(_("tracking number"), max_length=13)
    given = models.JSONField(_("input"), default=dict)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    code = models.CharField(_("code"), max_length=40, blank=True)
    reason = models.CharField(_("reason"), max_length=400, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    leased_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)

    objects = JobItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("item of a group job")
        verbose_name_plural = _("items of group jobs")
        constraints = [
            models.CheckConstraint(
                name="job_item_about_something", condition=Q(case__isnull=False) | Q(envelope_id__isnull=False)
            ),
            models.CheckConstraint(
                name="job_item_ended_or_open",
                condition=Q(state="open", ended_at=None) | (~Q(state="open") & Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [models.Index(name="job_item_open", fields=["id"], condition=Q(state="open"))]

    def __str__(self) -> str:
        return f"{self.job_id} {self.number} {self.state}"

    @property
    def typed(self) -> dict[str, Any]:
        """The input of this item's step: what was typed for all, and what belongs to it alone."""
        return {**self.job.given, **self.given}
