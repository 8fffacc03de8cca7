"""Envelopes for the center's own tests: it knows codes and bytes only, so no case has to be walked."""

import uuid
from typing import Any

from central import contract, services
from central.models import Envelope, Receipt
from central.rules import Refused

NUMBER, ORIGIN, DESTINATION, THIRD = "7000000001", "0801", "1001", "0701"
BRANCHES = [(code, code, True) for code in (ORIGIN, DESTINATION, THIRD)]


def open_center(*numbers: str, first: int = 139402) -> None:
    """Three branches that may exchange; the origin pays these pensions from `first` on."""
    services.publish(BRANCHES)
    services.open_custody(dict.fromkeys(numbers or (NUMBER,), first), ORIGIN, "test")


def envelope(**changes: Any) -> Envelope:
    """An envelope as a branch makes it, not yet deposited."""
    values: dict[str, Any] = {
        "id": uuid.uuid4(), "move": uuid.uuid4(), "version": 1, "tracking_number": "0801050000019",
        "pension_number": NUMBER, "origin": ORIGIN, "destination": DESTINATION, "last_paid_month": 140508,
    }  # fmt: skip
    values |= changes
    names = ("version", "tracking_number", "origin", "destination")
    move = {"transfer_id": str(values["move"])} | {name: values[name] for name in names}
    file = {"pension_number": values["pension_number"]}
    last_pay = {"last_paid_month": values["last_paid_month"]}
    body = contract.canonical({"move": move, "file": file, "last_pay_certificate": last_pay})
    return Envelope(**{"body": body.decode(), "seal": contract.seal_of(body)} | values)


def say(to: Envelope, kind: str, by: str = "", **changes: Any) -> Receipt:
    """One branch says something of an envelope; by itself the branch whose part it is."""
    by = by or (ORIGIN if kind in {"withdrawn", "cancelled"} else DESTINATION)
    said = services.Answer(to.pk, kind, by, changes.get("key") or uuid.uuid4(), changes.get("body", {}))
    return services.answer(said, to.pension_number)


def answered(to: Envelope, kind: str, by: str = "") -> str:
    """'' when it was taken, else the code of the refusal."""
    try:
        say(to, kind, by)
    except Refused as refused:
        return refused.code
    return ""
