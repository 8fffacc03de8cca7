"""What a life event during a move leaves on its copies: both stand still until it is released (DESIGN 11.20)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LifeEvent(models.TextChoices):
    """What happened to the pensioner while the file was on its way."""

    DEATH = "death", _("Death")
    COURT_ORDER = "court_order", _("Court order")
    OTHER = "other", _("Other")


class Holding(models.Model):
    """The event that holds a case now: which, of what day, recorded by whom at which branch, and since when.

    `hold_number` is that of the last word the center has on it, 0 while only this branch knows: what is heard late
    does not undo what was said later.
    """

    held_since = models.DateTimeField(_("held since"), null=True, editable=False)
    held_event = models.CharField(_("life event"), max_length=12, choices=LifeEvent, blank=True, editable=False)
    held_on = models.DateField(_("date of the event"), null=True, editable=False)
    held_note = models.CharField(_("note"), max_length=300, blank=True, editable=False)
    held_by_name = models.CharField(_("recorded by"), max_length=130, blank=True, editable=False)
    held_branch_code = models.CharField(_("branch"), max_length=4, blank=True, editable=False)
    hold_number = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    @property
    def is_held(self) -> bool:
        return self.held_since is not None


# A hold says what it is of; without one there is nothing left of it.
HELD_AND_WHY = models.CheckConstraint(
    name="held_and_why",
    condition=Q(held_since=None, held_event="", held_on=None, held_branch_code="")
    | Q(held_since__isnull=False, held_on__isnull=False) & ~Q(held_event="") & ~Q(held_branch_code=""),
)
