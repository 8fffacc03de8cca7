"""«کنترل سازگاری»: what the nightly check of the invariants found. To be read by those who read the whole country."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from branches.roles import MATRIX, Action
from central.models import Receipt
from pension_transfer.lib.errors import NotAllowed
from pension_transfer.lib.paging import page_of
from transfers.hurdles import action_label
from transfers.models import ReconcileRun
from transfers.reconcile import in_words
from transfers.states import Side, Turn
from transfers.views.context import menu_path, person

KEYS: dict[str, Any] = {
    "pension_number": gettext_lazy("Pension number"),
    "tracking_number": gettext_lazy("Tracking number"),
    "branch": gettext_lazy("Branch"),
    "other_branch": gettext_lazy("Other branch"),
    "envelope": gettext_lazy("Envelope"),
    "move": gettext_lazy("Move"),
    "guard": gettext_lazy("Guard"),
    "version": gettext_lazy("Version"),
    "sequence": gettext_lazy("Row of the trail"),
    "receipt": gettext_lazy("Receipt"),
    "action": gettext_lazy("Action"),
    "turn": gettext_lazy("Turn"),
    "side": gettext_lazy("Side"),
    "user": gettext_lazy("User"),
    "parts": gettext_lazy("Parts"),
}
LABELS: dict[str, Any] = {"side": Side, "turn": Turn, "receipt": Receipt.Kind}
WORDS = {(name, value): label for name, choices in LABELS.items() for value, label in choices.choices}


@require_GET
def reconciliation(request: HttpRequest) -> HttpResponse:
    """The runs, the latest first, and the first problems of the latest."""
    user = person(request)
    if not user.roles & MATRIX[Action.VIEW_RECONCILIATION]:
        raise NotAllowed(_("Whether the invariants hold is seen by the center operator and the auditor."), "role")
    runs = ReconcileRun.objects.visible_to(user)
    latest = runs.order_by("-pk").first()
    context = {
        "latest": latest, "page": page_of(runs.defer("sample"), request, by=["-pk"]),
        "problems": [_shown(row) for row in latest.sample] if latest else [], "path": menu_path("reconcile"),
        "untold": latest.problems - len(latest.sample) if latest else 0,
    }  # fmt: skip
    return render(request, "transfers/reconciliation.html", context)


@dataclass(frozen=True)
class Key:
    """What leads to a problem: a number, shown with Persian digits; a word; or a code of the machine's, as it is."""

    label: Any
    number: str = ""
    word: Any = ""
    code: str = ""


def _key(name: str, value: str) -> Key:
    label = KEYS[name]
    if value.isdigit():
        return Key(label, number=value)
    word = action_label(value) if name == "action" else WORDS.get((name, value), "")
    return Key(label, word=word) if word else Key(label, code=value)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return in_words(row) | {"named": [_key(name, row["keys"][name]) for name in KEYS if name in row["keys"]]}
