"""What acknowledging the warnings of a draft asks for: why each of them does not stop the move."""

import hashlib
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from branches.roles import Action
from pension_transfer.lib.fields import PersianTextField
from transfers.completeness import Warned, open_warnings, sentences
from transfers.inputs.shared import ActionForm, Inputs


def key_of(row: Warned) -> str:
    """The name of a warning's own field; another one when what was looked at has changed."""
    path, code, value = row[:3]
    return f"note-{hashlib.sha256(f'{path} {code} {value}'.encode()).hexdigest()[:12]}"


class AcknowledgeForm(ActionForm):
    """A note for each warning, or one for all those without. `shown` names the warnings that the page showed:
    one that came up since is not acknowledged unseen."""

    shown = forms.CharField(widget=forms.HiddenInput, required=False)
    note = PersianTextField(label=_("One note for all the others"), max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        rows = open_warnings(self.case) if self.case else []
        self.warned = {key_of(row): row for row in rows}
        for key, label in zip(
            self.warned, sentences(rows, self.case.drafted if rows and self.case else None), strict=True
        ):
            self.fields[key] = PersianTextField(label=label, max_length=300, required=False)
        self.order_fields([*self.warned, "note", "shown"])
        self.initial.setdefault("shown", " ".join(self.warned))

    @property
    def has_several(self) -> bool:
        """One warning needs no second field for its note."""
        return len(self.warned) > 1

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        seen = data.get("shown", "").split() or list(self.warned)
        notes = {key: data.get(key) or (data.get("note") if key in seen else "") for key in self.warned}
        said = [(self.warned[key], text) for key, text in notes.items() if text]
        if not said and not self.errors:
            place = "note" if self.has_several else next(iter(self.warned), "note")
            self.add_error(place, ValidationError(_("Write why this does not stop the transfer."), "required"))
        rows = [{"path": row[0], "code": row[1], "value": row[2], "note": text} for row, text in said]
        return {"acknowledged": rows}


INPUTS: Inputs = {Action.ACKNOWLEDGE: AcknowledgeForm}
