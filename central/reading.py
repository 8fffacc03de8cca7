"""Everything that the center keeps, read piece by piece: what transfers.reconcile asks, by keys and in batches."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from central.models import Custody, Envelope, Receipt, Seat, Waiting
from central.signing import look_at_all
from central.triggers import GUARDS
from pension_transfer.lib.triggers import put_aside


def seats_after(number: str, size: int, branch: str = "") -> list[Seat]:
    """The next seats behind a pension number, of all branches or of one that holds or held the pension."""
    rows = Seat.objects.filter(pk__gt=number).order_by("pk")
    if branch:
        held = Custody.objects.filter(branch_code=branch, pension_number__gt=number)
        numbers = held.order_by("pension_number").values_list("pension_number", flat=True).distinct()[:size]
        rows = Seat.objects.filter(pk__in=list(numbers)).order_by("pk")
    return list(rows[:size])


def seats_of(numbers: Iterable[str]) -> dict[str, Seat]:
    """The seats of these pension numbers."""
    return Seat.objects.in_bulk(list(numbers))


def custody_of(numbers: Iterable[str]) -> list[Custody]:
    """Every custody of these pensions, each pension's in the order of its months."""
    return list(Custody.objects.filter(pension_number__in=list(numbers)).order_by("pension_number", "months", "id"))


def custody_after(pk: int, size: int, branch: str = "") -> list[Custody]:
    """The next custody rows behind an id, of all branches or of one."""
    concerned = Q(branch_code=branch) if branch else Q()
    return list(Custody.objects.filter(concerned, pk__gt=pk).order_by("pk")[:size])


def envelopes_after(pk: UUID, size: int, branch: str = "") -> list[Envelope]:
    """The next envelopes behind an id, with their content, looked at; of all branches, or from or to one."""
    concerned = Q(origin=branch) | Q(destination=branch) if branch else Q()
    return look_at_all(Envelope.objects.filter(concerned, pk__gt=pk).order_by("pk")[:size])


def versions_of(moves: Iterable[UUID]) -> list[Envelope]:
    """Every envelope of these moves, in the order of the versions, without content."""
    return list(Envelope.objects.filter(move__in=list(moves)).defer("body").order_by("version"))


def receipts_after(pk: int, size: int) -> list[Receipt]:
    """The next receipts behind an id."""
    return list(Receipt.objects.filter(pk__gt=pk).order_by("pk").defer("body")[:size])


def seals_by_envelope(ids: Iterable[UUID]) -> dict[UUID, str]:
    """The seals of those of these envelopes that are here."""
    return dict(Envelope.objects.filter(pk__in=list(ids)).values_list("pk", "seal"))


def queued(ids: Iterable[UUID]) -> set[UUID]:
    """Those of these envelopes that wait for their addressee."""
    return set(Waiting.objects.filter(pk__in=list(ids)).values_list("pk", flat=True))


def guards_put_aside() -> list[str]:
    """The triggers and constraints that should guard these tables and do not."""
    return put_aside(settings.CENTER, GUARDS)
