"""What the nightly check of the invariants found, run by run."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from branches.models import User
from branches.roles import MATRIX, Action


class ReconcileRunQuerySet(models.QuerySet["ReconcileRun"]):
    def visible_to(self, user: User) -> "ReconcileRunQuerySet":
        """A run tells of every branch: to those who read the whole country, and to nobody else (I7)."""
        return self if user.roles & MATRIX[Action.VIEW_RECONCILIATION] else self.none()


class ReconcileRun(models.Model):
    """One check of everything: how many problems, the first of them, and how many rows were looked at."""

    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"))
    problems = models.PositiveIntegerField(_("problems"))
    checked = models.JSONField(_("rows checked"), default=dict)
    sample = models.JSONField(_("the first problems"), default=list)

    objects = ReconcileRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.problems}"
