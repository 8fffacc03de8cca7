"""Which branches were closed, merged, renumbered or moved to another site, by whom and why. Append-only."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from branches.models import User
from branches.roles import MATRIX, Action
from pension_transfer.lib.validation import digits


class BranchChangeQuerySet(models.QuerySet["BranchChange"]):
    def visible_to(self, user: User) -> "BranchChangeQuerySet":
        """A change tells of the organization: to those who make one, and to the auditor (I7)."""
        return self if user.roles & MATRIX[Action.VIEW_RECONCILIATION] else self.none()


class BranchChange(models.Model):
    """One change; without a successor the branch was closed with nothing left to it, or goes on at `site`."""

    class Kind(models.TextChoices):
        CLOSED = "closed", _("closed")
        MERGED = "merged", _("merged into another")
        RENUMBERED = "renumbered", _("renumbered")
        MOVED = "moved", _("moved to another site")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    branch_code = models.CharField(_("branch code"), max_length=4, validators=[digits(4)])
    successor = models.CharField(_("succeeded by"), max_length=4, blank=True)
    site = models.CharField(_("site"), max_length=40, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    by_name = models.CharField(_("by"), max_length=130)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    objects = BranchChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("branch change")
        verbose_name_plural = _("branch changes")
        constraints = [
            # It ends once, and moves to a site once.
            models.UniqueConstraint(name="branch_change_once", fields=["branch_code", "site"]),
        ]

    def __str__(self) -> str:
        return f"{self.branch_code} {self.kind} {self.successor or self.site}".strip()
