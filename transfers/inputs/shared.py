"""What several forms are made of."""

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from branches.postal import regions_of
from pension_transfer.lib import calendar
from pension_transfer.lib.fields import PersianTextField
from pension_transfer.lib.persian import fold, listed, to_ascii_digits
from pension_transfer.lib.templatetags.persian import fa
from transfers.models import TransferCase

CODE = re.compile("(?<![0-9])[0-9]{4}(?![0-9])")
MOST_NAMED = 3  # branches under the field


def choices_of(codes: Any, blank: bool = False) -> list[tuple[str, Any]]:
    return ([("", _("choose"))] if blank else []) + [(code.value, code.label) for code in codes]


def not_in_future(day: Any) -> None:
    if day > calendar.today():
        raise ValidationError(_("This day has not come yet."), "future")


class ActionForm(forms.Form):
    """An action without input; the others add fields. `case` is None when there is no case yet."""

    def __init__(self, *args: Any, case: TransferCase | None = None, **kwargs: Any):
        self.case = case
        super().__init__(*args, **kwargs)


Inputs = dict[str, type[ActionForm]]


class ReasonForm(ActionForm):
    reason = PersianTextField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write the reason; the person who continues reads it.")},
    )  # fmt: skip


class BranchInput(forms.Select):
    """A text box with the branches as suggestions: 170 of them are found by typing, not by scrolling.

    `near` picks, among all, those where the person lives; they stand first, and a few of them are named.
    """

    template_name = "transfers/branch_input.html"
    near: Callable[[list[Branch]], list[Branch]] = staticmethod(lambda branches: [])

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        options = [option for _name, group, _index in context["widget"]["optgroups"] for option in group]
        options = [option for option in options if option["value"]]
        chosen = next((option["label"] for option in options if option["selected"]), None)
        near = {branch.pk for branch in self.near([option["value"].instance for option in options])}
        offered = sorted((_offered(option, near) for option in options), key=lambda one: not one["is_near"])
        named = offered[: len(near)] if len(near) <= MOST_NAMED else []
        context["widget"] |= {"text": chosen or value or "", "branches": offered, "named": named}
        return context


def _offered(option: dict[str, Any], near: set[str]) -> dict[str, Any]:
    branch = option["value"].instance
    province = branch.administration.province
    place = branch.city if branch.city == province else listed([branch.city, province])
    known = {"branch": branch, "place": place, "regions": " ".join(regions_of(province))}
    return known | {"label": option["label"], "is_near": branch.pk in near}


class BranchField(forms.ModelChoiceField):
    """An active branch, typed by its code, its whole name or a part of its name that no other has."""

    widget = BranchInput
    default_error_messages = {
        "unknown": _(
            "There is no active branch of this name or code. Type a part of the name and choose from the list."
        ),
        "ambiguous": _("Several branches are called so. Choose one from the list, or write its code of four digits."),
    }

    def __init__(self, **kwargs: Any):
        super().__init__(Branch.objects.filter(is_active=True).select_related("administration"), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({fa(obj.code)})"

    def to_python(self, value: Any) -> Branch | None:
        if value in self.empty_values or isinstance(value, Branch):
            return value or None
        code = CODE.search(to_ascii_digits(str(value)))
        name = fold(str(value)).replace("\0", "")  # PostgreSQL cannot even be asked for a NUL
        match = {"pk": code[0]} if code else {"search_key__contains": name}
        found = list(Branch.objects.filter(is_active=True, **match))
        found = [branch for branch in found if fold(branch.name) == name] or found
        if len(found) != 1:
            code_of_fault = "ambiguous" if found else "unknown"
            raise ValidationError(self.error_messages[code_of_fault], code_of_fault)
        return found[0]
