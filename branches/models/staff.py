"""People and their appointments: who acts for which branch, in which role, from when until when."""

import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.models.organisation import Administration, Branch
from branches.roles import SCOPE, Role, Scope
from pension_transfer.lib.calendar import today

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class User(AbstractUser):
    """A member of staff. Being superuser opens the reference data and gives no right over cases."""

    wants_digest = models.BooleanField(
        _("daily digest by e-mail"),
        default=True,
        help_text=_("One e-mail on working days with what waits for you; none when nothing does."),
    )

    if TYPE_CHECKING:
        appointments: RelatedManager["Appointment"]

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined]
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @cached_property
    def current_appointments(self) -> "list[Appointment]":
        """Today's appointments, read once per request."""
        rows = Appointment.objects.current().filter(user=self).select_related("branch", "administration")
        return list(rows.prefetch_related("administration__branch_set"))

    @property
    def roles(self) -> set[str]:
        return {appointment.role for appointment in self.current_appointments}


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def current(self, day: dt.date | None = None) -> "AppointmentQuerySet":
        """Appointments in force on `day` (today)."""
        day = day or today()
        return self.filter(Q(until=None) | Q(until__gte=day), since__lte=day)


class Appointment(models.Model):
    """One role of one person, at a branch, an administration or the country, for a time."""

    user = models.ForeignKey(User, models.PROTECT, related_name="appointments", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=20, choices=Role)
    branch = models.ForeignKey(Branch, models.PROTECT, null=True, blank=True, verbose_name=_("branch"))
    administration = models.ForeignKey(
        Administration, models.PROTECT, null=True, blank=True, verbose_name=_("administration")
    )
    since = models.DateField(_("from"), default=today)
    until = models.DateField(_("until"), null=True, blank=True)

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
            models.UniqueConstraint(
                name="appointment_once",
                fields=["user", "role", "branch"],
                condition=Q(until=None),
                violation_error_message=_("This person already has this role here."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"

    def clean(self) -> None:
        if self.role and self.place_level != SCOPE[Role(self.role)]:
            raise ValidationError(_("This role and this place do not belong together."), "scope")

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
            return [self.branch_id]
        return [branch.pk for branch in self.administration.branch_set.all()] if self.administration else []

    def covers(self, branch: Branch) -> bool:
        """Whether it reaches `branch`."""
        if self.branch_id:
            return self.branch_id == branch.pk
        return self.scope == Scope.COUNTRY or self.administration_id == branch.administration_id
