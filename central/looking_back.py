"""What the center knows since a moment: for a site that was restored, and for sites whose center was. Reads only."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q

from central.models import MESSAGES, Envelope, Receipt, Waiting
from central.signing import look_at_all


def concerning(branches: Iterable[str], after: int, most: int) -> list[Receipt]:
    """At most so many receipts about envelopes from or to these branches, behind a receipt's number; no bodies."""
    codes = list(branches)
    envelopes = Envelope.objects.filter(Q(origin__in=codes) | Q(destination__in=codes), pk=OuterRef("envelope_id"))
    return list(Receipt.objects.filter(Exists(envelopes), pk__gt=after).defer("body").order_by("id")[:most])


def last_number() -> int:
    """The highest number of a receipt."""
    return Receipt.objects.aggregate(last=Max("id"))["last"] or 0


def untaken(branches: Iterable[str]) -> list[Envelope]:
    """What these branches deposited and nobody has taken yet, without content."""
    rows = Waiting.objects.filter(envelope__origin__in=list(branches)).select_related("envelope")
    return [row.envelope for row in rows.defer("envelope__body")]


def addresses(envelopes: Iterable[UUID]) -> list[Envelope]:
    """These envelopes without content."""
    return list(Envelope.objects.filter(pk__in=list(envelopes)).defer("body"))


def versions(move: UUID) -> list[Envelope]:
    """Every envelope of a move with its content, looked at, the first version first."""
    return look_at_all(Envelope.objects.filter(move=move).order_by("version"))


def said_there(envelopes: Iterable[UUID]) -> set[tuple[UUID, str]]:
    """What stands of these envelopes: (envelope, kind of receipt), with the kind "" for the envelope itself."""
    wanted = list(envelopes)
    rows = Receipt.objects.filter(envelope_id__in=wanted).exclude(kind__in=MESSAGES)
    kept = Envelope.objects.filter(pk__in=wanted).values_list("pk", flat=True)
    return {*rows.values_list("envelope_id", "kind"), *((pk, "") for pk in kept)}


def heard_there(keys: Iterable[UUID]) -> set[UUID]:
    """Those of these keys that a receipt has."""
    return set(Receipt.objects.filter(key__in=list(keys)).values_list("key", flat=True))
