"""The payroll: until when a change still makes it, and what a branch has paid, each pension once for a month."""

import uuid

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from branches.models.organisation import Branch
from branches.models.pension import PensionFile
from branches.models.staff import User
from branches.roles import Action, scoped
from pension_transfer.lib.month_field import MonthField
from pension_transfer.lib.months import Month, show_month


class PayrollRunQuerySet(models.QuerySet["PayrollRun"]):
    def visible_to(self, user: User) -> "PayrollRunQuerySet":
        """Of the branches whose files this person may see (invariant I7)."""
        return scoped(self, user, Action.VIEW_FILES)


class PayrollRun(models.Model):
    """One run of a branch's payroll for a month; there may be several, each pays what is still due."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="payroll_runs", verbose_name=_("branch"))
    month = MonthField(_("month"))
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("run by"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    paid = models.PositiveIntegerField(_("pensions paid"), default=0)

    objects = PayrollRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("payroll run")
        verbose_name_plural = _("payroll runs")
        ordering = ["-at"]
        indexes = [models.Index(name="payroll_run_by_branch", fields=["branch", "-at"])]

    def __str__(self) -> str:
        return f"{self.branch_id} {self.month}"


class Payment(models.Model):
    """A month that a branch has paid; the file's last paid month is the last of them."""

    file = models.ForeignKey(PensionFile, models.PROTECT, related_name="payments", verbose_name=_("pension file"))
    run = models.ForeignKey(PayrollRun, models.PROTECT, related_name="payments", verbose_name=_("payroll run"))
    month = MonthField(_("month"))

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [models.UniqueConstraint(name="paid_once_a_month", fields=["file", "month"])]

    def __str__(self) -> str:
        return f"{self.file_id} {self.month}"


class PayrollCutoff(models.Model):
    """The cut-off of one month's payroll, where it is not the usual day of the month (settings.PAYROLL_CUTOFF_DAY)."""

    month = MonthField(_("month"), unique=True)
    day = models.DateField(_("cut-off day"))

    class Meta:
        verbose_name = _("payroll cut-off")
        verbose_name_plural = _("payroll cut-offs")
        ordering = ["-month"]

    def __str__(self) -> str:
        return show_month(self.month)

    def clean(self) -> None:
        """Within its own month, so that no payroll closes before the one of the month before."""
        if self.day and self.month and Month.of(self.day) != self.month:
            raise ValidationError({"day": ValidationError(_("The cut-off lies within its own month."), "other_month")})
