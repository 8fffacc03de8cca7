"""What follows when the technical officer states the last pay certificate. It is not drafting (DESIGN 11.13)."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from branches import reminders, services
from branches.roles import Action
from pension_transfer.lib.errors import BadInput
from transfers import completeness, versions
from transfers.effects.origin import store_draft_if_complete
from transfers.effects.shared import Effects
from transfers.models import TransferCase

if TYPE_CHECKING:
    from transfers.doing import Doing

PART = "last_pay_certificate."


def _state(doing: "Doing") -> None:
    """The file is corrected and the draft follows it: just the fields that changed are open to comparison again."""
    case, before = doing.case, doing.case.content
    data = {name: value for name, value in doing.input.items() if name != "reason"}
    case.pension_file = services.state_certificate(case.file, doing.person, doing.input["reason"], data).file
    store_draft_if_complete(case)
    _refuse_errors(case)
    reminders.remember(case.file, case.drafted["coming_events"])
    doing.note, doing.details = doing.input["reason"], versions.as_told(before, case.drafted)


def _refuse_errors(case: TransferCase) -> None:
    """BadInput for what the checks call false: the clerk could only take it back."""
    wrong = [error for error in case.missing if error[0].startswith(PART)]
    if wrong:
        beside = {path.removeprefix(PART): [completeness.said_of(code, {})] for path, code in wrong}
        raise BadInput(_("Something in the form has to be corrected; nothing was stored."), "invalid", beside)


EFFECTS: Effects = {Action.STATE_CERTIFICATE: (_state,)}
