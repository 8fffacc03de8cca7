"""Inputs of what is typed in digits; what a script needs to help while typing stands in their attributes."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.functional import lazy

from pension_transfer.lib.templatetags.persian import fa


class TypedInput(forms.TextInput):
    """Left-to-right input of digits, shown in the reader's digits."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"dir": "ltr", "inputmode": "numeric", "autocomplete": "off"} | (attrs or {}))

    def format_value(self, value: Any) -> str | None:
        shown = super().format_value(value)
        return None if shown is None else fa(shown)


class DayInput(TypedInput):
    """A day to type, beside the button that opens the calendar (static/dates.js shows it)."""

    template_name = "components/day_input.html"


class MonthInput(TypedInput):
    """A month to type, beside the button that opens the months of a year."""

    template_name = "components/month_input.html"


def _written(sentences: Mapping[str, Any]) -> str:
    return json.dumps({code: str(sentence) for code, sentence in sentences.items()}, ensure_ascii=False)


in_json = lazy(_written, str)  # in the reader's language, whenever the form was made
