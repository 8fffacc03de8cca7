"""The comparison with the paper file: how each field was judged, and the discrepancies that went to the origin."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from transfers.models.case import TransferCase


class Verdict(models.TextChoices):
    """What somebody found when comparing a field with the paper file."""

    MATCH = "match", _("Match")
    DIFFERS = "differs", _("Differs")
    NOT_IN_PAPER = "not_in_paper", _("Not in the paper")


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
FIELD_CODES = (Code.DIFFERENT_VALUE, Code.MISSING_IN_DATA, Code.WRONG_PERSON, Code.OTHER)


class Severity(models.TextChoices):
    CLERICAL = "clerical", _("Clerical: noted, does not stop the transfer")
    MUST_BE_CORRECTED = "must_be_corrected", _("Must be corrected by the origin")


class Finding(models.Model):
    """What is said of a field that is not as the paper file has it."""

    path = models.CharField(_("field"), max_length=200)
    paper_value = models.CharField(_("value on paper"), max_length=300, blank=True)
    code = models.CharField(_("code"), max_length=20, choices=Code)
    severity = models.CharField(_("severity"), max_length=20, choices=Severity)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        abstract = True

    @property
    def section(self) -> str:
        return self.path.partition(".")[0]


class Mark(Finding):
    """How a field was judged, by whom. It holds as long as the field's value is the same; the last judgement counts."""

    case = models.ForeignKey(TransferCase, models.PROTECT, related_name="marks")
    value = models.TextField(_("value judged"))
    verdict = models.CharField(_("verdict"), max_length=12, choices=Verdict)
    code = models.CharField(_("code"), max_length=20, choices=Code, blank=True)
    severity = models.CharField(_("severity"), max_length=20, choices=Severity, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("mark")
        verbose_name_plural = _("marks")
        constraints = [
            models.UniqueConstraint(name="mark_once", fields=["case", "path"]),
            models.CheckConstraint(
                name="mark_says_what_differs",
                condition=Q(verdict=Verdict.MATCH, code="", severity="") | ~Q(verdict=Verdict.MATCH) & ~Q(code="")
                & ~Q(severity=""),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.path} {self.verdict}"


class Discrepancy(Finding):
    """A difference between the data sent and the paper file (مغایرت), as it went back to the origin with a version."""

    case = models.ForeignKey(TransferCase, models.PROTECT, related_name="discrepancies")
    version = models.PositiveSmallIntegerField(_("version"))
    sent_value = models.CharField(_("value sent"), max_length=300, blank=True)
    by_name = models.CharField(_("by"), max_length=130)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("discrepancy")
        verbose_name_plural = _("discrepancies")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.path
