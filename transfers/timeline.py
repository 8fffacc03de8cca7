"""The trail as one timeline: every copy of a move that a person may see, in the order it happened."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.roles import Role
from pension_transfer.lib.templatetags.persian import fa, jalali_month
from transfers.hurdles import action_label
from transfers.inputs import SECTION_NAMES
from transfers.models import Code, TransferCase, TransferEvent
from transfers.presentation import field_label
from transfers.states import find_step
from transfers.sync import MARKS

# Steps that only repeat at one branch what the other one did; left out where both copies are seen.
ECHOES = frozenset(MARKS.values()) | {"mark_cancelled"}
DETAILS: dict[str, tuple[Any, Callable[[Any], str]]] = {
    "last_paid_month": (gettext_lazy("last paid month"), jalali_month),
    "letter_number": (gettext_lazy("letter number of the paper file"), fa),
    "pages": (gettext_lazy("pages counted"), fa),
    "section": (gettext_lazy("section"), lambda name: str(SECTION_NAMES.get(name, name))),
    "code": (gettext_lazy("reason"), lambda code: str(Code(code).label)),
    "receipt_number": (gettext_lazy("registration receipt number"), fa),
}


@dataclass(frozen=True)
class Row:
    """An event as the component `timeline` prints it."""

    state: str
    label: str
    at: dt.datetime
    by: str
    role: str
    place: str
    note: str
    is_current: bool = False


def of_case(case: TransferCase) -> list[Row]:
    """The case's own trail, oldest first."""
    return [_row(case, event) for event in case.events.all()]


def of_move(copies: Iterable[TransferCase]) -> list[Row]:
    """The trails of the copies of one move, merged; a step known from both sides is told once."""
    held = list(copies)
    told = [(case, event) for case in held for event in case.events.all() if not _is_echo(event, held)]
    return [_row(case, event) for case, event in sorted(told, key=lambda pair: (pair[1].at, pair[1].sequence))]


def _is_echo(event: TransferEvent, copies: list[TransferCase]) -> bool:
    return event.action in ECHOES and len({case.side for case in copies}) > 1


def _row(case: TransferCase, event: TransferEvent) -> Row:
    places = {branch.pk: branch.name for branch in (case.origin, case.destination)}
    return Row(
        state=event.to_state,
        label=_label(case, event),
        at=event.at,
        by=event.by_name or _("by itself"),
        role=str(dict(Role.choices).get(event.role, "")),
        place=places.get(event.branch_code, event.branch_code),
        note="؛ ".join(filter(None, [fa(event.note), *_details(event.details)])),
    )


def _label(case: TransferCase, event: TransferEvent) -> str:
    step = find_step(event.action, case.side, event.from_state)
    return str(step.label) if step else action_label(event.action)


def _details(details: dict[str, Any]) -> list[str]:
    told = [f"{name}: {show(details[key])}" for key, (name, show) in DETAILS.items() if details.get(key)]
    if field := details.get("field"):
        told.append(f"{_('field')}: {field_label(details.get('section', ''), field)}")
    return told
