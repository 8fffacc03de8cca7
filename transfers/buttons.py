"""What a person may press on a case: read from the two tables, with the reason where it is closed."""

from dataclasses import dataclass
from typing import Any

from branches.models import User
from branches.roles import acting_roles
from pension_transfer.lib.errors import NotNow
from transfers import hurdles, work
from transfers.inputs import INPUTS, ActionForm
from transfers.models import TransferCase
from transfers.states import TURN_ROLES, Step, steps_from


@dataclass(frozen=True)
class Button:
    """One action as a person sees it: `reasons` is empty when it can be pressed."""

    action: str
    label: Any
    reasons: list[str]
    form: type[ActionForm] | None

    @property
    def is_open(self) -> bool:
        return not self.reasons


def available(case: TransferCase, user: User) -> list[Button]:
    """The buttons of this person for this case, in the order of the table."""
    return [_button(step, case, user) for step in steps_from(case.side, case.state) if _offered(step, case, user)]


def _offered(step: Step, case: TransferCase, user: User) -> bool:
    if not step.fits_age(case.is_open) or not step.fits(
        case.is_held
    ):  # the notice of the hold says what is possible meanwhile
        return False
    roles = set(acting_roles(user, step.action, case.branch)) if not step.by_itself else set()
    if step.whose_turn:
        roles &= TURN_ROLES.get(case.turn, frozenset())
    return bool(roles) and work.is_offered(step.action, case, user)


def _button(step: Step, case: TransferCase, user: User) -> Button:
    try:
        reasons = [str(reason) for reason in hurdles.of(step.action, case, user, at_the_door=False)]
    except NotNow as refusal:
        reasons = [str(refusal.message)]
    return Button(step.action, step.label, reasons, INPUTS.get(step.action))
