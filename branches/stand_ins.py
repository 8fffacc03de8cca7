"""Stand-ins (جانشین): who acts in an absent person's office, for a time that ends by itself (DESIGN 5, 11.14).

The head grants them among own staff, the province supervisor from another branch of the province. Every writing
function takes `by=` and leaves its record.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import Appointment, Branch, StandInRecord, User
from branches.models.staff import LONGEST, AppointmentQuerySet
from branches.roles import SCOPE, Action, Role, Scope, acting_roles, scoped
from pension_transfer.lib.busy import busy_is_an_answer
from pension_transfer.lib.calendar import today
from pension_transfer.lib.errors import BadInput, NotNow, NotSeen

Verb = StandInRecord.Verb
_BRANCH_ROLES = [role for role in Role if SCOPE[role] == Scope.BRANCH]


# --- reading ----------------------------------------------------------------------------------------------


def visible_to(user: User) -> AppointmentQuerySet:
    """The stand-ins that this person grants or has granted, of the branches this office reaches (I7)."""
    return scoped(Appointment.objects.stand_ins(), user, Action.GRANT_STAND_IN)


def offices(by: User) -> QuerySet[Appointment]:
    """The own offices of today in which somebody can stand in by this person's word."""
    own = Appointment.objects.current().own().filter(role__in=_BRANCH_ROLES)
    return scoped(own, by, Action.GRANT_STAND_IN).select_related("user", "branch").order_by("branch", "role", "user")


def candidates(by: User) -> QuerySet[User]:
    """Who can be made a stand-in by this person somewhere; `grant` asks for the place."""
    held = Appointment.objects.current().own().filter(branch__isnull=False)
    reached = scoped(held, by, Action.GRANT_STAND_IN).values("user")
    return User.objects.filter(pk__in=reached, is_active=True).exclude(pk=by.pk).order_by("last_name", "first_name")


# --- granting ---------------------------------------------------------------------------------------------


def grant(
    office: Appointment, user: User, since: dt.date, until: dt.date, reason: str, *, by: User, command_id: uuid.UUID
) -> Appointment:
    """Let `user` act in `office` from `since` until `until`, both days included.

    Raises NotSeen for an office that is not this person's to fill, BadInput with the fields at fault. The same
    `command_id` again gives the first answer.
    """
    with busy_is_an_answer(), transaction.atomic():
        held = offices(by).select_for_update(of=("self",)).filter(pk=office.pk).first()
        if held is None or held.branch is None:
            raise NotSeen(_("There is no such office in your branches."), "no_office")
        if done := _done_before(command_id, by, Verb.GRANTED):
            return done
        _check(held, held.branch, user, since, until, by)
        stand_in = Appointment.objects.create(
            user=user, role=held.role, branch=held.branch, since=since, until=until, stands_in_for=held.user
        )
        StandInRecord.objects.create(
            appointment=stand_in, verb=Verb.GRANTED, by=by, reason=reason, command_id=command_id
        )
    return stand_in


def end(stand_in_id: int, reason: str, *, by: User, command_id: uuid.UUID) -> Appointment:
    """End a stand-in before its last day, from now on. NotSeen, NotNow when it is over."""
    with busy_is_an_answer(), transaction.atomic():
        rows = scoped(Appointment.objects.stand_ins(), by, Action.END_STAND_IN)
        stand_in = rows.select_for_update(of=("self",)).filter(pk=stand_in_id).first()
        if stand_in is None:
            raise NotSeen(_("There is no such stand-in in your branches."), "no_stand_in")
        if done := _done_before(command_id, by, Verb.ENDED):
            return done
        if stand_in.is_over:
            raise NotNow(_("This stand-in is over already."), "over")
        stand_in.ended_at = timezone.now()
        stand_in.save()
        StandInRecord.objects.create(appointment=stand_in, verb=Verb.ENDED, by=by, reason=reason, command_id=command_id)
    return stand_in


def _done_before(command_id: uuid.UUID, by: User, verb: str) -> Appointment | None:
    """What this command did already, when it is repeated after an unknown outcome (D3)."""
    done = StandInRecord.objects.filter(command_id=command_id).select_related("appointment").first()
    if done and (done.by_id, done.verb) != (by.pk, verb):
        raise NotNow(_("This form was already used for another step. Reload the page and press again."), "reused")
    return done.appointment if done else None


# --- what is refused --------------------------------------------------------------------------------------


def _check(office: Appointment, branch: Branch, user: User, since: dt.date, until: dt.date, by: User) -> None:
    """BadInput with a sentence beside each field at fault."""
    faults = _faults_of_dates(since, until)
    found = (sentence for is_so, sentence in PERSON_FAULTS if is_so(office, branch, user, by))
    if sentence := next(found, None):
        faults["user"] = [sentence]
    elif not faults and _overlapping(office, user, since, until).exists():
        faults["since"] = [_("This person stands in for the same office in these days already.")]
    if faults:
        raise BadInput(_("Something in the form has to be corrected; nothing was stored."), "invalid", faults)


def _faults_of_dates(since: dt.date, until: dt.date) -> dict[str, list[Any]]:
    if since < today():
        return {"since": [_("A stand-in begins today or later.")]}
    if until < since:
        return {"until": [_("The last day is before the first.")]}
    if until > since + LONGEST:
        return {"until": [_("A stand-in has an end, within sixty days.")]}
    return {}


def _is_from_elsewhere(office: Appointment, branch: Branch, user: User, by: User) -> bool:
    """A head chooses among own staff, the supervisor from another branch of the province (DESIGN 11.14)."""
    roles = set(acting_roles(by, Action.GRANT_STAND_IN, branch))
    own = Appointment.objects.current().own().filter(user=user)
    here = Q(branch=branch) if Role.BRANCH_HEAD in roles else Q(pk__in=[])
    near = Q(branch__administration=branch.administration_id) & ~Q(branch=branch)
    return not own.filter(here | (near if Role.PROVINCE_SUPERVISOR in roles else Q(pk__in=[]))).exists()


def _has_it_anyway(office: Appointment, branch: Branch, user: User, by: User) -> bool:
    own = Appointment.objects.current().own()
    return own.filter(user=user, role=office.role, branch=branch).exists()


def _overlapping(office: Appointment, user: User, since: dt.date, until: dt.date) -> AppointmentQuerySet:
    same = {"user": user, "role": office.role, "branch": office.branch, "stands_in_for": office.user}
    return Appointment.objects.filter(ended_at=None, since__lte=until, until__gte=since, **same)


PERSON_FAULTS: tuple[tuple[Callable[[Appointment, Branch, User, User], bool], Any], ...] = (
    (lambda office, branch, user, by: user == by, gettext_lazy("Nobody appoints himself.")),
    (lambda office, branch, user, by: user == office.user, gettext_lazy("Nobody stands in for himself.")),
    (_has_it_anyway, gettext_lazy("This person has this office already.")),
    (
        _is_from_elsewhere,
        gettext_lazy(
            "The head chooses among the branch's own staff, the province supervisor from another branch of the "
            "province."
        ),
    ),
)
