"""The comparison with the paper file: which sections were judged, and what differs."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from transfers.models.case import TransferCase


class Code(models.TextChoices):
    """Why something is wrong. The first group concerns a field, the second the whole case."""

    DIFFERENT_VALUE = "different_value", _("The value differs from the paper file")
    NOT_IN_PAPER = "not_in_paper", _("Not in the paper file")
    MISSING_IN_DATA = "missing_in_data", _("In the paper file, but not in the data")
    WRONG_PERSON = "wrong_person", _("Belongs to another person")
    WRONG_BRANCH = "wrong_branch", _("Sent to the wrong branch")
    PAPER_MISSING = "paper_missing", _("The paper file has not come or is incomplete")
    SEAL_BROKEN = "seal_broken", _("The seal does not hold")
    OTHER = "other", _("Other")


CASE_CODES = (Code.WRONG_BRANCH, Code.PAPER_MISSING, Code.SEAL_BROKEN, Code.OTHER)
FIELD_CODES = (Code.DIFFERENT_VALUE, Code.NOT_IN_PAPER, Code.MISSING_IN_DATA, Code.WRONG_PERSON, Code.OTHER)


class Severity(models.TextChoices):
    CLERICAL = "clerical", _("Clerical: noted, does not stop the transfer")
    MUST_BE_CORRECTED = "must_be_corrected", _("Must be corrected by the origin")


class Tick(models.Model):
    """A section found equal to the paper file. It holds as long as the section's content is the same."""

    case = models.ForeignKey(TransferCase, models.PROTECT, related_name="ticks")
    section = models.CharField(max_length=24)
    section_hash = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("tick")
        verbose_name_plural = _("ticks")
        constraints = [models.UniqueConstraint(name="tick_once", fields=["case", "section"])]

    def __str__(self) -> str:
        return self.section


class Discrepancy(models.Model):
    """A difference between the received data and the paper file (مغایرت)."""

    case = models.ForeignKey(TransferCase, models.PROTECT, related_name="discrepancies")
    version = models.PositiveSmallIntegerField(_("version"))
    section = models.CharField(_("section"), max_length=24, blank=True)
    field = models.CharField(_("field"), max_length=80, blank=True)
    sent_value = models.CharField(_("value sent"), max_length=300, blank=True)
    paper_value = models.CharField(_("value on paper"), max_length=300, blank=True)
    code = models.CharField(_("code"), max_length=20, choices=Code)
    severity = models.CharField(_("severity"), max_length=20, choices=Severity)
    note = models.CharField(_("note"), max_length=300, blank=True)
    by_name = models.CharField(_("by"), max_length=130)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("discrepancy")
        verbose_name_plural = _("discrepancies")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.section}.{self.field}"
