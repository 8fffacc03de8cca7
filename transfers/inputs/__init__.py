"""What each action asks for. Pages show these forms; the API and commands pass through the same ones."""

from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib.errors import BadInput
from transfers.inputs import (
    arrears,
    attaching,
    certificate,
    comparison,
    follow_ups,
    holding,
    move,
    paper,
    questions,
    receiving,
    warning,
    work,
)
from transfers.inputs.move import MoveForm
from transfers.inputs.shared import ActionForm, BranchField, Inputs
from transfers.models import TransferCase

__all__ = ["INPUTS", "ActionForm", "BranchField", "MoveForm", "take_input"]

INPUTS: Inputs = {
    **move.INPUTS,
    **warning.INPUTS,
    **certificate.INPUTS,
    **arrears.INPUTS,
    **comparison.INPUTS,
    **receiving.INPUTS,
    **paper.INPUTS,
    **attaching.INPUTS,
    **questions.INPUTS,
    **holding.INPUTS,
    **work.INPUTS,
    **follow_ups.INPUTS,
}


def _as_posted(data: Any) -> Any:
    """What a page would have posted: text. JSON may bring numbers, lists and halves of characters."""
    if isinstance(data, QueryDict):
        return data
    plain = {name: value for name, value in data.items() if isinstance(value, (str, int, float, list, dict))}
    return dict(data) | {name: str(value).encode(errors="replace").decode() for name, value in plain.items()}


def take_input(action: str, data: Any, case: TransferCase | None = None, files: Any = None) -> dict[str, Any]:
    """The cleaned input of `action`; BadInput with a sentence beside each field otherwise."""
    form = INPUTS.get(action, ActionForm)(_as_posted(data or {}), files, case=case)
    if not form.is_valid():
        raise BadInput(
            _("Something in the form has to be corrected; nothing was stored."),
            "invalid",
            {name: [str(e) for e in errors] for name, errors in form.errors.items()},
        )
    return form.cleaned_data
