"""The tracking slip for the pensioner: its number, and the address and the code under which the way is told."""

from dataclasses import dataclass

from transfers.models import TransferCase
from transfers.sheet import drawn, in_groups


@dataclass(frozen=True)
class Slip:
    """What a slip prints; `address` is empty where pensioners cannot reach this site."""

    number: str
    address: str
    qr: str


def of_case(case: TransferCase, address: str) -> Slip:
    """The slip of a case; `address`: of the public page, its code carries the tracking number and nothing else."""
    code = drawn(f"{address}?number={case.tracking_number}") if address else ""
    return Slip(in_groups(case.tracking_number), address, code)
