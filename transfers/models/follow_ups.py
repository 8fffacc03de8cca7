"""Follow-ups after a finished move: late money or an over-payment that was found later (پیگیری پس از انتقال)."""

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import Branch, User
from branches.roles import MATRIX, Action, scoped
from pension_transfer.lib import calendar
from pension_transfer.lib.month_field import MonthField
from transfers.models.case import TransferCase
from transfers.states import Side


class Matter(models.TextChoices):
    """What was found."""

    LATE_PAYMENT = "late_payment", _("Late payment")
    OVER_PAYMENT = "over_payment", _("Over-payment")


class Outcome(models.TextChoices):
    """How a follow-up ended."""

    PAID = "paid", _("Paid to the pensioner")
    INSTALMENTS = "instalments", _("Deducted from the pension in instalments")
    REFUNDED = "refunded", _("Refunded by the pensioner")
    NOT_CONFIRMED = "not_confirmed", _("Not confirmed")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    REFUSED = "refused", _("Not taken by the center")


# The outcomes with which the branch in charge can settle each matter.
SETTLES: dict[str, tuple[Outcome, ...]] = {
    Matter.LATE_PAYMENT: (Outcome.PAID, Outcome.NOT_CONFIRMED),
    Matter.OVER_PAYMENT: (Outcome.INSTALMENTS, Outcome.REFUNDED, Outcome.NOT_CONFIRMED),
}
DIRECTIONS: dict[str, Any] = {
    Matter.LATE_PAYMENT: _("%(branch)s pays it to the pensioner"),
    Matter.OVER_PAYMENT: _("%(branch)s takes it back from the pensioner"),
}


class Queue(models.IntegerChoices):
    """Where it stands in the list of the branch that holds this row, what it has to do first."""

    HERE = 0, _("To be settled here")
    THERE = 1, _("The other branch settles it")
    OVER = 2, _("Over")


DAYS = 10  # working days in which a settlement is expected
BY_QUEUE = ("queue", "due_on", "id")


def due_date() -> dt.date:
    """Ten working days from today."""
    return calendar.add_working_days(calendar.today(), DAYS)


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible_to(self, user: User) -> "FollowUpQuerySet":
        """Those of the cases that this person may see (invariant I7)."""
        return scoped(self, user, Action.VIEW_CASES)

    def to_settle(self, user: User) -> "FollowUpQuerySet":
        """Those that this person has to settle for a branch, the oldest due first."""
        may = MATRIX[Action.SETTLE_FOLLOW_UP]
        codes = sorted({a.branch_id for a in user.current_appointments if a.branch_id and a.role in may})
        return self.filter(branch__in=codes, queue=Queue.HERE).order_by("due_on", "id")

    def late(self, day: dt.date | None = None) -> "FollowUpQuerySet":
        """Those that are open past their day."""
        return self.exclude(queue=Queue.OVER).filter(due_on__lt=day or calendar.today())


class FollowUp(models.Model):
    """A sum of one month that one of the two branches has to settle. Each branch keeps its own row (D1).

    `key` is the same at both; people stand here by their names of that day. Amounts are Rial, the month is Jalali
    yyyymm. The branch `settled_by` settles it, the branch of the side `opened_by_side` may withdraw it before.
    """

    case = models.ForeignKey(TransferCase, models.PROTECT, related_name="follow_ups", verbose_name=_("transfer case"))
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("branch"))
    key = models.UUIDField(_("key of the follow-up"))
    matter = models.CharField(_("matter"), max_length=12, choices=Matter)
    month = MonthField(_("month concerned"))
    amount = models.BigIntegerField(_("amount (Rial)"))
    settled_by = models.CharField(_("to be settled by"), max_length=11, choices=Side)
    note = models.CharField(_("note"), max_length=400)
    due_on = models.DateField(_("settlement due on"))
    queue = models.PositiveSmallIntegerField(_("standing"), choices=Queue)
    opened_by_side = models.CharField(_("side"), max_length=11, choices=Side)
    opened_by = models.CharField(_("opened by"), max_length=130)
    opened_at = models.DateTimeField(_("opened at"))
    outcome = models.CharField(_("outcome"), max_length=13, choices=Outcome, blank=True)
    settled_amount = models.BigIntegerField(_("amount settled (Rial)"), null=True)
    letter_number = models.CharField(_("letter number of the settlement"), max_length=30, blank=True)
    closing_note = models.CharField(_("note on the settlement"), max_length=400, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=130, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = ["id"]
        indexes = [
            models.Index(name="follow_up_queue", fields=["branch", *BY_QUEUE]),
            models.Index(name="follow_up_anywhere", fields=[*BY_QUEUE]),
        ]
        constraints = [
            models.UniqueConstraint(name="follow_up_once", fields=["case", "key"]),
            models.CheckConstraint(name="follow_up_of_some_amount", condition=Q(amount__gt=0) & ~Q(note="")),
            models.CheckConstraint(
                name="follow_up_ended_how_and_when",
                condition=Q(queue__lt=Queue.OVER, outcome="", closed_by="", closed_at=None)
                | Q(queue=Queue.OVER, closed_at__isnull=False) & ~Q(outcome=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.key}"

    @property
    def is_open(self) -> bool:
        return self.queue != Queue.OVER

    @property
    def is_late(self) -> bool:
        """Whether the day has passed on which the settlement was due."""
        return self.is_open and self.due_on < calendar.today()

    @property
    def in_charge(self) -> Branch:
        """The branch that has to settle it."""
        return self.case.origin if self.settled_by == Side.ORIGIN else self.case.destination

    @property
    def direction(self) -> str:
        """Who owes whom: which branch pays the pensioner, or takes it back."""
        return str(DIRECTIONS[self.matter] % {"branch": self.in_charge})


class HeardUntil(models.Model):
    """Up to which receipt of the center closed cases have heard what was said to them: one row."""

    what = models.CharField(max_length=16, primary_key=True)
    number = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("heard until")
        verbose_name_plural = _("heard until")

    def __str__(self) -> str:
        return f"{self.what} {self.number}"
