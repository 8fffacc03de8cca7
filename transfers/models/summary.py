"""What the overviews show, summed up by day: counts only, computed from the trail and computed anew at any time."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from branches.roles import MATRIX, Action, Scope

if TYPE_CHECKING:
    from branches.models import User

COUNTRY = ""


class Figure(models.TextChoices):
    """What is counted; the key says what of it."""

    FLOW = "flow", _("Steps of moves")
    STAY = "stay", _("Working days in a state")
    LATE = "late", _("Steps by who answers for them")
    REASON = "reason", _("Reasons for a return")


class SummaryQuerySet(models.QuerySet["Summary"]):
    def visible_to(self, user: "User") -> "SummaryQuerySet":
        """The places whose overview this person may see: branch, administration or country (invariant I7)."""
        may = [a for a in user.current_appointments if a.role in MATRIX[Action.SEE_OVERVIEW]]
        if any(a.scope == Scope.COUNTRY for a in may):
            return self
        return self.filter(place__in=sorted({place for a in may for place in places_of(a)}))


def places_of(appointment: Any) -> set[str]:
    """The branches of an office, and its administration where it has the whole of it."""
    return {*appointment.branch_codes, *filter(None, [appointment.administration_id])}


class Summary(models.Model):
    """How often something happened on a day at a place; never written but by transfers.summing.

    `place` is a branch's code, an administration's, or empty for everything this site serves. `days` are working days:
    how long a stay was that ended on this day, how late a step was; 0 otherwise.
    """

    place = models.CharField(max_length=4, blank=True)
    day = models.DateField()
    figure = models.CharField(max_length=6, choices=Figure)
    key = models.CharField(max_length=40)
    days = models.PositiveSmallIntegerField(default=0)
    n = models.PositiveIntegerField()

    objects = SummaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("summary")
        verbose_name_plural = _("summaries")
        constraints = [
            models.UniqueConstraint(
                name="summary_once", fields=["place", "figure", "day", "key", "days"], include=["n"]
            )
        ]
        indexes = [models.Index(name="summary_by_day", fields=["day"])]

    def __str__(self) -> str:
        return f"{self.place} {self.day} {self.figure} {self.key} {self.days}"


class SummedDay(models.Model):
    """A day that stands in the summary, and as of when."""

    day = models.DateField(primary_key=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("summed day")
        verbose_name_plural = _("summed days")

    def __str__(self) -> str:
        return f"{self.day}"
