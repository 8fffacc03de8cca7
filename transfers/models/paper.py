"""The paper file that came before its electronic part, or without one."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import Branch, User
from branches.roles import Action, scoped
from pension_transfer.lib.validation import digits
from transfers.models.case import PaperCondition, TransferCase


class PaperArrivalQuerySet(models.QuerySet["PaperArrival"]):
    def visible_to(self, user: User) -> "PaperArrivalQuerySet":
        """The arrivals at the branches whose cases this person may see (invariant I7)."""
        return scoped(self, user, Action.VIEW_CASES)

    def unmatched(self) -> "PaperArrivalQuerySet":
        """Those whose electronic part has not been received and is still awaited."""
        return self.filter(case=None, set_aside_at=None)


class PaperArrival(models.Model):
    """A paper file that lies at a branch; `case` is the copy that took it over when its envelope was received.

    The columns of an arrival are called as those of a case are: taking it over copies them.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="paper_arrivals", verbose_name=_("branch"))
    tracking_number = models.CharField(_("tracking number"), max_length=13, blank=True, validators=[digits(13)])
    pension_number = models.CharField(_("pension number"), max_length=10, blank=True, validators=[digits(10)])
    paper_arrived_on = models.DateField(_("paper file arrived on"))
    paper_letter_number = models.CharField(_("letter number of the paper file"), max_length=30)
    paper_pages = models.PositiveIntegerField(_("pages counted"))
    paper_condition = models.CharField(_("condition"), max_length=12, choices=PaperCondition)
    paper_note = models.CharField(_("note on the condition"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    by_name = models.CharField(_("by"), max_length=130)
    role = models.CharField(_("role"), max_length=20)
    at = models.DateTimeField(_("at"), auto_now=True)
    case = models.ForeignKey(
        TransferCase, models.PROTECT, null=True, related_name="paper_arrivals", verbose_name=_("transfer case")
    )

    set_aside_at = models.DateTimeField(_("set aside at"), null=True)
    set_aside_by = models.CharField(_("set aside by"), max_length=130, blank=True)
    set_aside_reason = models.CharField(_("reason for setting aside"), max_length=300, blank=True)

    objects = PaperArrivalQuerySet.as_manager()

    class Meta:
        verbose_name = _("paper file without data")
        verbose_name_plural = _("paper files without data")
        constraints = [
            models.CheckConstraint(
                name="arrival_is_of_something", condition=~Q(tracking_number="") | ~Q(pension_number="")
            ),
            models.UniqueConstraint(
                name="one_arrival_a_number",
                fields=["branch", "tracking_number", "pension_number"],
                condition=Q(case=None, set_aside_at=None),
            ),
        ]
        indexes = [
            models.Index(name="arrival_unmatched", fields=["branch", "id"], condition=Q(case=None, set_aside_at=None))
        ]

    def __str__(self) -> str:
        return self.tracking_number or self.pension_number
