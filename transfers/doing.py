"""A step being taken: handed from the door to the effects, the trail and the center."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from branches.models import User
from central import contract
from transfers import trail
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
    # After a restore: a step that the center knows of and this database lost (transfers.rebuild).
    again: bool = False
    like: str = ""  # the action whose effects follow, where they are not its own
    pressed_at: dt.datetime | None = None  # where the center decided before it was carried out

    @property
    def at(self) -> dt.datetime:
        """When the step is taken; when it was, where it is carried out again."""
        return contract.moment(self.input["at"]) if self.again and "at" in self.input else timezone.now()

    @property
    def acted_at(self) -> dt.datetime:
        """When a person acted: before the step is carried out, where word of it or of its being allowed had to come."""
        if self.by is None and "at" in self.input:
            return contract.moment(self.input["at"])
        return self.pressed_at or timezone.now()

    @property
    def told(self) -> dict[str, Any]:
        """The details as the trail keeps them."""
        return self.details | ({"rebuilt": trail.utc(self.at)} if self.again else {})

    @property
    def person(self) -> User:
        """Who takes the step, where it does not come by itself."""
        if self.by is None:
            raise ValueError(f"{self.action} comes by itself")
        return self.by
