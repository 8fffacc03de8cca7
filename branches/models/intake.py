"""An import of the old system's export: one upload, what was found in it, and how far it has come."""

import datetime as dt
import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.models.organisation import Branch
from branches.models.staff import User
from branches.roles import Action, scoped

STALE_AFTER = dt.timedelta(seconds=30)


def _random_name(batch: "ImportBatch", _name: str) -> str:
    """The stored name says nothing of the one it came with."""
    return f"imports/{uuid.uuid4().hex}"


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def visible_to(self, user: User) -> "ImportBatchQuerySet":
        """The imports of the branches whose files this person may take in (invariant I7)."""
        return scoped(self, user, Action.IMPORT_FILES)


class ImportBatch(models.Model):
    """One import. Nothing is written to the branch's files before the state `importing`."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Checked, not yet taken in")
        IMPORTING = "importing", _("Being taken in")
        DONE = "done", _("Taken in")
        FAILED = "failed", _("Refused")

    class Phase(models.TextChoices):
        READING = "reading", _("Rows read")
        CHECKING = "checking", _("Pension files checked")
        WRITING = "writing", _("Pension files gone through")
        REPORTING = "reporting", _("Writing the report")

    UNDER_WAY = (State.UPLOADED, State.CHECKING, State.IMPORTING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    command_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="imports", verbose_name=_("branch"))
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("uploaded by"))
    created_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)
    original_name = models.CharField(_("name of the file"), max_length=200)
    upload = models.FileField(upload_to=_random_name, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.UPLOADED)
    message = models.TextField(_("why it was refused"), blank=True)

    phase = models.CharField(max_length=10, choices=Phase, default=Phase.READING)
    steps_done = models.PositiveIntegerField(default=0)
    steps_total = models.PositiveIntegerField(default=0)
    heartbeat = models.DateTimeField(default=timezone.now)
    started_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("taken in by"))
    start_command_id = models.UUIDField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True)

    pension_files = models.PositiveIntegerField(_("pension files"), default=0)
    accepted = models.PositiveIntegerField(_("accepted"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)
    unchanged = models.PositiveIntegerField(_("already held, alike"), default=0)
    different = models.PositiveIntegerField(_("already held, different"), default=0)
    written = models.PositiveIntegerField(_("taken in"), default=0)
    report = models.FileField(blank=True)
    rejected_files = models.FileField(blank=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at"]
        indexes = [models.Index(name="import_by_branch", fields=["branch", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.branch_id} {self.original_name}"

    @property
    def new(self) -> int:
        """Accepted files the branch does not hold yet."""
        return self.accepted - self.unchanged - self.different - self.written

    @property
    def is_under_way(self) -> bool:
        return self.state in self.UNDER_WAY

    @property
    def is_stopped(self) -> bool:
        """Whether its process died: no sign of life for a while."""
        return self.is_under_way and timezone.now() - self.heartbeat > STALE_AFTER

    @property
    def percent(self) -> int:
        """How far the present phase is; 0 where its end is not known."""
        return min(100, 100 * self.steps_done // self.steps_total) if self.steps_total else 0


class ImportFinding(models.Model):
    """A fault, difference or notice of an import, in the export's own terms (sheet, row, column)."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="findings")
    level = models.CharField(max_length=10)
    sheet = models.PositiveSmallIntegerField()
    row = models.PositiveIntegerField()
    column = models.CharField(max_length=80)
    code = models.CharField(max_length=60)
    number = models.CharField(max_length=40)
    value = models.CharField(max_length=80)

    class Meta:
        verbose_name = _("finding of an import")
        verbose_name_plural = _("findings of imports")
        indexes = [models.Index(name="finding_in_order", fields=["batch", "level", "sheet", "row", "id"])]

    def __str__(self) -> str:
        return f"{self.sheet}:{self.row} {self.code}"
