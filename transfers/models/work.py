"""Who of an office has taken the work of a case, so that no two people work on one file unknowingly."""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import CharField, Exists, ExpressionWrapper, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import Appointment, User
from transfers.states import TURN_ROLES

if TYPE_CHECKING:
    from transfers.models.case import TransferCaseQuerySet


def in_turn(turn: str, branch_code: str) -> models.QuerySet[User]:
    """Who holds, today, an office whose turn it is at this branch; stand-ins too, nobody who may not sign in."""
    there = Q(branch=branch_code) | Q(branch__predecessors__contains=[branch_code])
    held = Appointment.objects.current().filter(there, role__in=sorted(TURN_ROLES.get(turn, ())))
    return User.objects.filter(pk__in=held.values("user"), is_active=True).order_by("last_name", "first_name", "pk")


def taker_is_in_turn() -> Exists:
    """For lists: whether the person who took a case still holds, today, an office whose turn it is there."""
    turns = (Q(turn=turn, role__in=sorted(roles)) for turn, roles in TURN_ROLES.items())
    held = Appointment.objects.current().filter(user__is_active=True)
    held = held.annotate(turn=ExpressionWrapper(OuterRef("turn"), output_field=CharField()))
    there = Q(branch=OuterRef("branch")) | Q(branch=OuterRef("branch__succeeded_by"))
    return Exists(held.filter(there, reduce(or_, turns), user=OuterRef("taken_by")))


def with_nobody() -> Q:
    """Cases that nobody has taken, or somebody who no longer holds the office."""
    return Q(taken_by=None) | ~Q(taker_is_in_turn())


def with_taker(cases: "TransferCaseQuerySet") -> "TransferCaseQuerySet":
    """The cases with who has taken them and whether that still counts: no query for each row."""
    return cases.select_related("taken_by").annotate(is_taker_in_turn=taker_is_in_turn())


class Work(models.Model):
    """Who has taken the case, and when. It is given back by itself when the turn goes to another office."""

    taken_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", editable=False, verbose_name=gettext_lazy("taken by")
    )
    taken_at = models.DateTimeField(gettext_lazy("taken at"), null=True, editable=False)

    if TYPE_CHECKING:
        turn: models.CharField[str, str]
        branch_id: str

    class Meta:
        abstract = True

    @property
    def taker(self) -> User | None:
        """Who has its work; None where nobody took it, or the office has left who did."""
        if self.taken_by is None:
            return None
        told = getattr(self, "is_taker_in_turn", None)
        is_in_turn = in_turn(self.turn, self.branch_id).filter(pk=self.taken_by.pk).exists() if told is None else told
        return self.taken_by if is_in_turn else None

    @property
    def whose_work(self) -> str:
        """«نزد …»; empty where nobody has taken it."""
        if self.taken_by_id is None:
            return ""
        if self.taker is None:
            return _("with somebody who no longer holds this office")
        return _("with %(name)s") % {"name": self.taker}


# A case is taken by somebody since a moment, and only as long as it is the turn of an office of the branch.
TAKEN_BY_AND_WHEN = models.CheckConstraint(
    name="taken_by_and_when",
    condition=Q(taken_by=None, taken_at=None) | Q(taken_by__isnull=False, taken_at__isnull=False),
)
TAKEN_IN_TURN = models.CheckConstraint(
    name="taken_in_turn", condition=Q(taken_by=None) | Q(closed_at=None, turn__in=sorted(TURN_ROLES))
)
