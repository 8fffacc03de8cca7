"""What a branch keeps beside a pension file: what was corrected in it, and what it asks of the center for it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models.pension import PensionFile
from branches.models.staff import User
from pension_transfer.lib.month_field import MonthField


class Correction(models.Model):
    """What was corrected in a file, why and by whom: kept for ever (directive part 1, note)."""

    file = models.ForeignKey(PensionFile, models.PROTECT, related_name="corrections")
    section = models.CharField(_("section"), max_length=20)
    subject = models.CharField(_("of"), max_length=80, blank=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    reason = models.CharField(_("reason"), max_length=300)
    command_id = models.UUIDField(unique=True, null=True, editable=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.file} {self.section}"


class CustodyRequest(models.Model):
    """What a branch asks of the center about payment (open, close), written with its cause and settled later."""

    class Verb(models.TextChoices):
        OPEN = "open", _("open")
        CLOSE = "close", _("close")

    file = models.ForeignKey(PensionFile, models.PROTECT, related_name="custody_requests")
    verb = models.CharField(max_length=5, choices=Verb)
    month = MonthField()
    reason = models.CharField(max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)
    held_by = models.CharField(max_length=4, blank=True)

    class Meta:
        verbose_name = _("custody request")
        verbose_name_plural = _("custody requests")
        indexes = [models.Index(name="custody_unsettled", fields=["id"], condition=Q(settled_at=None))]

    def __str__(self) -> str:
        return f"{self.verb} {self.file_id} {self.month}"
