"""«موارد گیرکرده»: what sync could not carry out, why in a clerk's words, and what can be done about it."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from branches.models import User
from branches.roles import MATRIX, Action, Role, can
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen, Refusal
from pension_transfer.lib.paging import page_of
from pension_transfer.lib.posting import command_id
from transfers import stuck
from transfers.inputs.shared import ReasonForm
from transfers.models import StuckItem
from transfers.views.context import menu_path, person
from transfers.views.pressable import show_errors

DONE: dict[str, Any] = {
    "retry": gettext_lazy("It is tried again with the next round, within a minute."),
    "hand_over": gettext_lazy("It was handed over."),
    "give_up": gettext_lazy("It was given up."),
}


class HandOverForm(ReasonForm):
    to = forms.ChoiceField(label=gettext_lazy("Hand over to"), choices=[("", gettext_lazy("choose")), *stuck.HANDS])

    field_order = ("to", "reason")


@dataclass(frozen=True)
class Row:
    """An item as the list prints it."""

    item: StuckItem
    what: str
    why: str
    whose: Any


@require_GET
def stuck_list(request: HttpRequest) -> HttpResponse:
    """What is stuck, the oldest first."""
    user = person(request)
    if not user.roles & MATRIX[Action.VIEW_STUCK]:
        sentence = _("What is stuck is looked after by the technical officer, the branch head and the center operator.")
        raise NotAllowed(sentence, "role")
    rows = StuckItem.objects.visible_to(user).open().select_related("branch", "case")
    page = page_of(rows, request, by=("id",))
    context = {"page": page, "rows": [_row(item) for item in page.items], "path": menu_path("stuck_list")}
    return render(request, "transfers/stuck_list.html", context)


@require_http_methods(["GET", "POST"])
def stuck_item(request: HttpRequest, pk: int) -> HttpResponse:
    """One item: why, and what this person can do about it."""
    item = StuckItem.objects.visible_to(person(request)).select_related("branch", "case").filter(pk=pk).first()
    if item is None:
        raise NotSeen(_("There is nothing of this kind in your branch."), "no_item")
    if request.method == "GET":
        return _show(request, item)
    pressed = request.POST.get("press", "")
    form = _forms(request.POST, pressed).get(pressed)
    if pressed not in DONE or (form is not None and not form.is_valid()):
        return _show(request, item, pressed, status=422)
    try:
        PRESSES[pressed](pk, person(request), request, form.cleaned_data if form is not None else {})
    except (BadInput, NotNow) as refusal:
        return _show(request, item, pressed, refusal, refusal.status)
    messages.success(request, DONE[pressed])
    return redirect("stuck_list")


PRESSES: dict[str, Any] = {
    "retry": lambda pk, by, request, given: stuck.retry(pk, by=by, command_id=command_id(request)),
    "hand_over": lambda pk, by, request, given: stuck.hand_over(
        pk, by=by, command_id=command_id(request), to=given["to"], reason=given["reason"]
    ),
    "give_up": lambda pk, by, request, given: stuck.give_up(
        pk, by=by, command_id=command_id(request), reason=given["reason"]
    ),
}


def _forms(data: Any = None, pressed: str = "") -> dict[str, Any]:
    def given(name: str) -> Any:
        return data if pressed == name else None

    return {
        "hand_over": HandOverForm(given("hand_over"), auto_id="hand_over_%s"),
        "give_up": ReasonForm(given("give_up"), auto_id="give_up_%s"),
    }


def _show(
    request: HttpRequest, item: StuckItem, pressed: str = "", refusal: Refusal | None = None, status: int = 200
) -> HttpResponse:
    shown = _forms(request.POST if request.method == "POST" else None, pressed)
    form = shown.get(pressed)
    if refusal and form is not None and refusal.errors:
        show_errors(form, refusal.errors)
    context = {
        "row": _row(item), "item": item, "may": _may(person(request), item), "hand_over": shown["hand_over"],
        "give_up": shown["give_up"], "pressed_form": form, "path": menu_path("stuck_list"),
        "refusal": refusal if isinstance(refusal, NotNow) else None, "is_refused": status != 200,
    }  # fmt: skip
    return render(request, "transfers/stuck_item.html", context, status=status)


def _may(user: User, item: StuckItem) -> dict[str, bool]:
    """Which presses are offered; the door asks again."""
    is_open = item.closed_at is None
    return {
        "retry": is_open and can(user, Action.RETRY_STUCK, item.branch),
        "hand_over": is_open and can(user, Action.HAND_OVER_STUCK, item.branch),
        "give_up": is_open and can(user, Action.GIVE_UP_STUCK, item.branch) and stuck.may_be_given_up(item),
    }


def _row(item: StuckItem) -> Row:
    return Row(item, stuck.what(item), stuck.why(item), Role(item.handed_to).label)
