"""The step bar of a case: the directive's way, and where the case stands on it."""

from dataclasses import dataclass
from typing import Any

from branches.models import Status
from transfers.models import TransferCase
from transfers.states import Side, State

WAY = (
    State.REFERRAL, State.DRAFT, State.TECHNICALLY_APPROVED, State.HEAD_APPROVED, State.SENT, State.RECEIVED,
    State.VERIFIED, State.REGISTERED,
)  # fmt: skip


@dataclass(frozen=True)
class Stop:
    """One state on the step bar."""

    state: str
    label: Any
    is_done: bool
    is_current: bool

    @property
    def is_beside(self) -> bool:
        """Whether it lies beside the directive's way: returned, cancelled."""
        return self.state in (State.RETURNED, State.CANCELLED)


def way_of(case: TransferCase) -> list[Stop]:
    """The states of the directive's way, and the present one where it lies beside that way."""
    stops = [*WAY, *([case.state] if case.state not in WAY else [])]
    here = stops.index(case.state)
    reached = {event.to_state for event in case.events.all()}
    if case.side == Side.DESTINATION:
        reached |= {*WAY[: WAY.index(State.RECEIVED)]}  # the origin went this part of the way
    beside = case.state not in WAY
    active = case.activated_at is not None
    found = [
        Stop(state, State(state).label, state in reached if beside else i < here or active, i == here and not active)
        for i, state in enumerate(stops)
    ]
    return [*found, Stop("active", Status.ACTIVE.label, False, True)] if active else found
