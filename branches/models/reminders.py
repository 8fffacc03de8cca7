"""Days on which an entitlement changes, kept for the branch that holds the file."""

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models.pension import PensionFile, Status
from branches.models.staff import User
from branches.roles import Action, scoped


class Event(models.TextChoices):
    """What is going to happen: the kinds of the coming events in sealed content."""

    SON_REACHES_20 = "son_reaches_20", _("A son reaches 20")
    ENTITLEMENT_ENDS = "entitlement_ends", _("An entitlement ends")
    STUDY_REVIEW = "study_review", _("Review of study is due")
    DISABILITY_REVIEW = "disability_review", _("Review of disability is due")
    DEDUCTION_ENDS = "deduction_ends", _("A deduction ends")


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def visible_to(self, user: User) -> "ReminderQuerySet":
        """Of the files this person may see (invariant I7)."""
        return scoped(self, user, Action.VIEW_FILES, "file__branch")

    def to_settle(self, user: User) -> "ReminderQuerySet":
        """Open ones at the branches where this person settles them."""
        return scoped(self, user, Action.SETTLE_REMINDER, "file__branch").open()

    def open(self) -> "ReminderQuerySet":
        """Not settled, of files that the branch still holds."""
        held = (Status.ACTIVE, Status.SUSPENDED, Status.REGISTERED)
        return self.filter(done_at=None, file__status__in=held)

    def until(self, day: dt.date) -> "ReminderQuerySet":
        """Those that have come, or come by that day."""
        return self.filter(on__lte=day)


class Reminder(models.Model):
    """A coming event of one file; `name` is whom or what it concerns. Settled once, with a note, and kept."""

    file = models.ForeignKey(PensionFile, models.CASCADE, related_name="reminders", verbose_name=_("pension file"))
    on = models.DateField(_("day"))
    kind = models.CharField(_("event"), max_length=20, choices=Event)
    national_code = models.CharField(_("national code"), max_length=10, blank=True)
    name = models.CharField(_("of"), max_length=130)
    done_at = models.DateTimeField(_("settled at"), null=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("settled by"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    command_id = models.UUIDField(unique=True, null=True, editable=False)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["on", "id"]
        constraints = [
            models.UniqueConstraint(name="reminded_once", fields=["file", "on", "kind", "national_code", "name"]),
            models.CheckConstraint(
                name="settled_by_somebody",
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False) & ~Q(note=""),
            ),
        ]
        indexes = [models.Index(name="reminder_open", fields=["on", "id"], condition=Q(done_at=None))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.name}"

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes it the same event when the file is read again."""
        return (self.on, self.kind, self.national_code, self.name)
