"""Writing the trail: one event a step, each covering the hash of the one before it (D8, I9)."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from branches.models import User
from branches.roles import represented
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
    """SHA-256 of the event's canonical form, its time in UTC to the microsecond.

    Case and person have the numbers of the site where it was written: `signed_as`, where that was another.
    """
    values = {name: getattr(event, name) for name in HASHED} | (event.signed_as or {})
    return seal_of(canonical(values | {"at": utc(event.at)}))


def write(
    case: TransferCase, action: str, from_state: str, details: dict[str, Any], standing_in: Any = None, **who: Any
) -> TransferEvent:
    """Append the step just taken; the case must be locked. For whom somebody stood in is among the details."""
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
        details=details | (standing_in or {}),
        **who,
    )
    event.hash = hash_of(event)
    event.save(force_insert=True)
    return event


def first_break(case: TransferCase) -> int | None:
    """The sequence of the first event whose chain does not hold; None when it does."""
    return break_in(list(case.events.order_by("sequence")), case.trail_length)


def break_in(events: Sequence[TransferEvent], length: int) -> int | None:
    """The same of events that were read already, in their order, of a trail that should have `length` of them."""
    previous = ""
    for expected, event in enumerate(events, 1):
        if event.sequence != expected or event.previous_hash != previous or event.hash != hash_of(event):
            return expected
        previous = event.hash
    return None if len(events) == length else length


def signature(
    user: User | None, role: str, branch_code: str, standing_in: dict[str, str] | None = None
) -> dict[str, Any]:
    """Who took a step, as the trail keeps it: names and places of that day, and in whose place (DESIGN 11.14)."""
    place = _in_place_of(user, role, branch_code) if user and standing_in is None else standing_in
    named = {"by": user, "by_name": str(user) if user else "", "role": role, "branch_code": branch_code}
    return named | {"standing_in": place or {}}


def _in_place_of(user: User, role: str, branch_code: str) -> dict[str, str]:
    absent = represented(user, role, branch_code)
    return {"for": str(absent), "for_username": absent.username} if absent else {}


def place_of(said: dict[str, Any]) -> dict[str, str]:
    """In whose place a step was taken, as it was written down before or as a message tells it."""
    return {name: str(said[name]) for name in ("for", "for_username") if name in said}
