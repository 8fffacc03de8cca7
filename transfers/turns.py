"""Whose turn it is, for lists and buttons."""

from django.db.models import Q

from branches.models import User
from transfers.states import TURN_ROLES


def waiting_for(user: User) -> Q:
    """Cases of this person's branches whose turn is one of this person's roles there."""
    mine = Q(pk__in=[])
    for appointment in user.current_appointments:
        turns = [turn for turn, roles in TURN_ROLES.items() if appointment.role in roles]
        if appointment.branch_id and turns:
            mine |= Q(branch=appointment.branch_id, turn__in=turns)
    return mine
