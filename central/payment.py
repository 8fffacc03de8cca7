"""Seat and custody: who pays a pension, and in which months. Called inside the center's transactions only."""

from typing import Any
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import NumericRange
from django.utils import timezone

from central.models import Custody, Envelope, Seat
from central.succession import current
from pension_transfer.lib.months import Month

SUCCEEDED = "succeeded"  # why custody ended at a branch that was closed, and began at its successor


def hold(seat: Seat, **changes: Any) -> None:
    """Change the locked seat; its version counts every change."""
    for name, value in changes.items():
        setattr(seat, name, value)
    seat.version += 1
    seat.save()


def begin(number: str, branch: str, month: int, reason: str, move: UUID | None = None) -> Custody:
    """Open-ended custody from `month` (yyyymm) on; IntegrityError when another branch holds one of its months."""
    return Custody.objects.create(
        pension_number=number, branch_code=branch, months=NumericRange(month, None), reason=reason, move=move
    )


def end(number: str, branch: str, month: int, reason: str) -> None:
    """Let the open months of `branch` end before `month` (yyyymm)."""
    for held in Custody.objects.filter(pension_number=number, branch_code=branch, months__upper_inf=True):
        held.months = NumericRange(held.months.lower, max(month, held.months.lower))
        held.ended_at, held.ended_reason = timezone.now(), reason
        held.save(update_fields=["months", "ended_at", "ended_reason"])


def hand_over(envelope: Envelope, seat: Seat) -> None:
    """The origin's months end with the last paid one, the destination's begin after it (I5, I6)."""
    first, payer = Month(envelope.last_paid_month) + 1, current(envelope.destination)
    end(seat.pk, seat.payable_branch or envelope.origin, first, "registered")
    begin(seat.pk, payer, first, "registered", envelope.move)
    hold(seat, payable_branch=payer)


def hand_on(seat: Seat, branch: str, month: int) -> None:
    """A closed branch's months end before `month` (yyyymm), or before its first; `branch`, its successor's, begin."""
    old = seat.payable_branch or ""
    held = Custody.objects.get(pension_number=seat.pk, branch_code=old, months__upper_inf=True)
    first = max(month, held.months.lower)
    end(seat.pk, old, first, SUCCEEDED)
    begin(seat.pk, branch, first, SUCCEEDED, held.move)
    hold(seat, payable_branch=branch)


def free(envelope: Envelope, seat: Seat) -> None:
    """The move no longer holds the pension; who pays it stays."""
    if seat.open_move == envelope.move:
        hold(seat, open_move=None)
