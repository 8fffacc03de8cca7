"""A step being taken: handed from the door to the effects, the trail and the center."""

from dataclasses import dataclass, field
from typing import Any

from branches.models import User
from transfers.models import TransferCase


@dataclass
class Doing:
    """A step being taken: what effects read and what they add to the trail."""

    case: TransferCase
    action: str
    by: User | None
    role: str
    input: dict[str, Any]
    who: dict[str, Any]
    answer: Any = None
    note: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def person(self) -> User:
        """Who takes the step, where it does not come by itself."""
        if self.by is None:
            raise ValueError(f"{self.action} comes by itself")
        return self.by
