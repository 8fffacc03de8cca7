"""People and their appointments: who acts for which branch, in which role, from when until when."""

import datetime as dt
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches import notice_kinds
from branches.models.organisation import Administration, Branch
from branches.roles import SCOPE, Role, Scope
from pension_transfer.lib.calendar import today

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


def _kinds(label: Any, default: Callable[[], list[str]]) -> "ArrayField[Any, Any]":
    """The kinds of notices that one way brings to a person."""
    kind: models.CharField[str, str] = models.CharField(max_length=10, choices=notice_kinds.Kind)
    return ArrayField(kind, default=default, blank=True, editable=False, verbose_name=label)


class User(AbstractUser):
    """A member of staff. Being superuser opens the reference data and gives no right over cases."""

    wants_digest = models.BooleanField(
        _("daily digest by e-mail"),
        default=True,
        help_text=_("One e-mail on working days with what waits for you; none when nothing does."),
    )

    mobile = models.CharField(
        _("mobile"),
        max_length=11,
        blank=True,
        validators=[RegexValidator("^09[0-9]{9}$", _("A mobile number is 09 and nine digits."))],
    )
    told_by_bell = _kinds(_("told by the bell"), notice_kinds.every_kind)
    told_by_email = _kinds(_("told by e-mail"), list)
    told_by_sms = _kinds(_("told by text message"), list)
    notices_seen_at = models.DateTimeField(_("notices seen at"), null=True, editable=False)
    toured_at = models.DateTimeField(_("tour taken at"), null=True, editable=False)

    if TYPE_CHECKING:
        appointments: RelatedManager["Appointment"]

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined]
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @cached_property
    def current_appointments(self) -> "list[Appointment]":
        """Today's appointments, read once per request: the own offices first, then those as a stand-in."""
        rows = Appointment.objects.current().filter(user=self)
        rows = rows.select_related("branch", "administration", "stands_in_for")
        return list(
            rows.order_by(F("stands_in_for").asc(nulls_first=True), "since", "pk").prefetch_related(
                "administration__branch_set"
            )
        )

    @property
    def roles(self) -> set[str]:
        return {appointment.role for appointment in self.current_appointments}


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def current(self, day: dt.date | None = None) -> "AppointmentQuerySet":
        """Appointments in force on `day` (today)."""
        day = day or today()
        return self.filter(Q(until=None) | Q(until__gte=day), since__lte=day, ended_at=None)

    def own(self) -> "AppointmentQuerySet":
        """Without those in somebody else's place."""
        return self.filter(stands_in_for=None)

    def stand_ins(self) -> "AppointmentQuerySet":
        return self.exclude(stands_in_for=None)


LONGEST = dt.timedelta(days=60)  # a stand-in; whoever is away for longer is succeeded by an appointment


class Appointment(models.Model):
    """One role of one person, at a branch, an administration or the country, for a time.

    A stand-in (جانشین) has the role of `stands_in_for` there, for a time that has an end.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="appointments", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=20, choices=Role)
    branch = models.ForeignKey(Branch, models.PROTECT, null=True, blank=True, verbose_name=_("branch"))
    administration = models.ForeignKey(
        Administration, models.PROTECT, null=True, blank=True, verbose_name=_("administration")
    )
    since = models.DateField(_("from"), default=today)
    until = models.DateField(_("until"), null=True, blank=True)
    stands_in_for = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", editable=False, verbose_name=_("stands in for")
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        ordering = ["user", "since"]
        constraints = [
            models.CheckConstraint(
                name="appointment_scope",
                condition=Q(branch=None, administration=None, role__in=[r for r in Role if SCOPE[r] == Scope.COUNTRY])
                | Q(branch=None, administration__isnull=False, role=Role.PROVINCE_SUPERVISOR)
                | Q(
                    branch__isnull=False,
                    administration=None,
                    role__in=[r for r in Role if SCOPE[r] == Scope.BRANCH],
                ),
                violation_error_message=_("This role and this place do not belong together."),
            ),
            models.CheckConstraint(
                name="appointment_dates",
                condition=Q(until=None) | Q(until__gte=F("since")),
                violation_error_message=_("The last day is before the first."),
            ),
            models.CheckConstraint(
                name="stand_in_for_a_time",
                condition=Q(stands_in_for=None)
                | Q(until__isnull=False, branch__isnull=False, until__lte=F("since") + LONGEST),
                violation_error_message=_("A stand-in has an end, within sixty days."),
            ),
            models.CheckConstraint(
                name="stand_in_for_another",
                condition=Q(stands_in_for=None) | ~Q(stands_in_for=F("user")),
                violation_error_message=_("Nobody stands in for himself."),
            ),
            models.UniqueConstraint(
                name="appointment_once",
                fields=["user", "role", "branch"],
                condition=Q(until=None),
                violation_error_message=_("This person already has this role here."),
            ),
        ]

    if TYPE_CHECKING:
        records: RelatedManager["StandInRecord"]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"

    def clean(self) -> None:
        if self.role and self.place_level != SCOPE[Role(self.role)]:
            raise ValidationError(_("This role and this place do not belong together."), "scope")

    @property
    def is_over(self) -> bool:
        """Whether its last day has passed, or it was ended."""
        return self.ended_at is not None or (self.until is not None and self.until < today())

    @property
    def is_coming(self) -> bool:
        return not self.is_over and self.since > today()

    @property
    def scope(self) -> Scope:
        return SCOPE[Role(self.role)]

    @property
    def place_level(self) -> Scope:
        if self.branch_id:
            return Scope.BRANCH
        return Scope.PROVINCE if self.administration_id else Scope.COUNTRY

    @property
    def place(self) -> str:
        """The branch's or administration's name; empty for the country."""
        return str(self.branch or self.administration or "")

    @property
    def branch_codes(self) -> list[str]:
        """The codes of the branches it reaches; none for the country, which needs no list."""
        if self.branch_id:
            return _with_predecessors([self.branch])
        return _with_predecessors(self.administration.branch_set.all()) if self.administration else []

    def covers(self, branch: Branch) -> bool:
        """Whether it reaches `branch`; no office of a branch reaches what it left behind at another site."""
        if self.scope == Scope.COUNTRY:
            return True
        if self.branch_id and branch.is_elsewhere:
            return False
        return branch.pk == self.branch_id or branch.pk in self.branch_codes


def _with_predecessors(branches: Iterable[Branch | None]) -> list[str]:
    """Who works for a branch works for those whose place it took (DESIGN 11.7)."""
    return [code for branch in branches if branch for code in (branch.pk, *branch.predecessors)]


class StandInRecord(models.Model):
    """Who granted a stand-in or ended one early, when and why. Append-only."""

    class Verb(models.TextChoices):
        GRANTED = "granted", _("granted")
        ENDED = "ended", _("ended early")

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="records", verbose_name=_("appointment"))
    verb = models.CharField(_("action"), max_length=8, choices=Verb)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    reason = models.CharField(_("reason"), max_length=300)
    command_id = models.UUIDField(unique=True, editable=False)

    class Meta:
        verbose_name = _("record of a stand-in")
        verbose_name_plural = _("records of stand-ins")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(name="stand_in_once", fields=["appointment", "verb"])]

    def __str__(self) -> str:
        return f"{self.appointment_id} {self.verb}"
