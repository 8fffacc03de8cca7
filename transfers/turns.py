"""Whose turn it is and who looks after it, for lists and buttons."""

import datetime as dt

from django.db.models import Q

from branches.models import User
from branches.roles import MATRIX, Action, Scope
from transfers.clock import SHOWN_AFTER, is_overdue
from transfers.states import TURN_ROLES

HAS_TURNS = frozenset().union(*TURN_ROLES.values())


def has_turns(user: User) -> bool:
    """Whether a case can ever wait for this person; the others only read."""
    return bool(user.roles & HAS_TURNS)


def waiting_for(user: User) -> Q:
    """Cases of this person's branches whose turn is one of this person's roles there."""
    mine = Q(pk__in=[])
    for appointment in user.current_appointments:
        turns = [turn for turn, roles in TURN_ROLES.items() if appointment.role in roles]
        if appointment.branch_id and turns:
            mine |= Q(branch__in=appointment.branch_codes, turn__in=turns)
    return mine


def escalated_to(user: User, day: dt.date | None = None) -> Q:
    """Overdue cases of the branches this person looks after: in a province only what is long overdue, and so on."""
    shown = Q(pk__in=[])
    for appointment in user.current_appointments:
        if appointment.role in MATRIX[Action.OVERSEE]:
            there = Q() if appointment.scope == Scope.COUNTRY else Q(branch__in=appointment.branch_codes)
            shown |= there & is_overdue(day, SHOWN_AFTER[appointment.scope])
    return shown
