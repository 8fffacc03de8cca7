"""Scans of the paper file: the bytes once in this branch's database, and where in a case each one lies."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from transfers.models.case import TransferCase


class MediaType(models.TextChoices):
    """What a scan may be."""

    PDF = "application/pdf", _("PDF")
    JPEG = "image/jpeg", _("JPEG picture")
    PNG = "image/png", _("PNG picture")


class Scan(models.Model):
    """What is known of a file of these bytes. Append-only; the bytes are in a table of their own, so that no list
    ever reads them."""

    sha256 = models.CharField("SHA-256", max_length=64, primary_key=True)
    size = models.PositiveIntegerField(_("size"))
    media_type = models.CharField(_("kind"), max_length=20, choices=MediaType)
    pages = models.PositiveIntegerField(_("pages"), null=True)

    class Meta:
        verbose_name = _("scan")
        verbose_name_plural = _("scans")

    def __str__(self) -> str:
        return self.sha256


class ScanBytes(models.Model):
    """The bytes themselves, read and written piece by piece (pension_transfer.lib.blobs). Append-only."""

    sha256 = models.CharField("SHA-256", max_length=64, primary_key=True)
    bytes = models.BinaryField(_("bytes"))

    class Meta:
        verbose_name = _("attachment's bytes")
        verbose_name_plural = _("attachments' bytes")

    def __str__(self) -> str:
        return self.sha256


class Attachment(models.Model):
    """A scan on a case, on a row or field of its content (`path`), or on an answer (`answer.<key>`).

    At the destination `scan` is empty until its bytes have come from the center. A removed one stays readable.
    """

    case = models.ForeignKey(TransferCase, models.PROTECT, related_name="attachments", verbose_name=_("transfer case"))
    sha256 = models.CharField("SHA-256", max_length=64)
    scan = models.ForeignKey(Scan, models.PROTECT, null=True, related_name="+", verbose_name=_("scan"))
    name = models.CharField(_("name"), max_length=120)
    media_type = models.CharField(_("kind"), max_length=20, choices=MediaType)
    size = models.PositiveIntegerField(_("size"))
    path = models.CharField(_("place"), max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    removed_at = models.DateTimeField(_("removed at"), null=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="attached_once_a_place", fields=["case", "path", "sha256"], condition=Q(removed_at=None)
            ),
            models.CheckConstraint(
                name="attached_scan_is_its_hash", condition=Q(scan=None) | Q(scan_id=F("sha256"))
            ),
        ]  # fmt: skip
        indexes = [models.Index(name="attachment_on_its_way", fields=["sha256"], condition=Q(scan=None))]

    def __str__(self) -> str:
        return self.name
