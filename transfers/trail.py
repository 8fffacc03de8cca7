"""Writing the trail: one event a step, each covering the hash of the one before it (D8, I9)."""

import datetime as dt
from typing import Any

from django.utils import timezone

from branches.models import User
from central.contract import canonical, seal_of
from transfers.models import TransferCase, TransferEvent

HASHED = (
    "case_id", "sequence", "action", "from_state", "to_state", "by_id", "by_name", "role", "branch_code", "note",
    "details", "version", "content_hash", "previous_hash",
)  # fmt: skip


def utc(moment: dt.datetime) -> str:
    """A moment in UTC to the microsecond, as it is hashed and sealed."""
    return moment.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def hash_of(event: TransferEvent) -> str:
    """SHA-256 of the event's canonical form, its time in UTC to the microsecond."""
    values = {name: getattr(event, name) for name in HASHED}
    return seal_of(canonical(values | {"at": utc(event.at)}))


def write(case: TransferCase, action: str, from_state: str, **who: Any) -> TransferEvent:
    """Append the step just taken; the case must be locked."""
    last = case.events.order_by("-sequence").first()
    event = TransferEvent(
        case=case,
        sequence=case.trail_length,
        action=action,
        from_state=from_state,
        to_state=case.state,
        at=timezone.now(),
        version=case.version,
        content_hash=case.content_hash,
        previous_hash=last.hash if last else "",
        **who,
    )
    event.hash = hash_of(event)
    event.save(force_insert=True)
    return event


def first_break(case: TransferCase) -> int | None:
    """The sequence of the first event whose chain does not hold; None when it does."""
    previous = ""
    for expected, event in enumerate(case.events.order_by("sequence"), 1):
        if event.sequence != expected or event.previous_hash != previous or event.hash != hash_of(event):
            return expected
        previous = event.hash
    return None if case.events.count() == case.trail_length else case.trail_length


def signature(user: User | None, role: str, branch_code: str) -> dict[str, Any]:
    """Who took a step, as the trail keeps it: names and places of that day."""
    return {"by": user, "by_name": str(user) if user else "", "role": role, "branch_code": branch_code}
