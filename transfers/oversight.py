"""What is overdue, as those see it who look after others' work: the heads, the province, the country."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min
from django.utils.translation import gettext_lazy as _

from branches.models import User
from branches.roles import MATRIX, SCOPE, Action, Role, Scope
from pension_transfer.lib.calendar import today
from transfers.clock import working_days_late
from transfers.due import late_in_words
from transfers.states import Turn


@dataclass(frozen=True)
class Overview:
    """How the overdue cases of a scope are counted: `name` narrows the list in the address."""

    title: Any
    lead: Any
    name: str
    column: Any
    code: str
    label: str


OVERVIEWS: dict[str, Overview] = {
    Scope.COUNTRY: Overview(
        _("Overdue in the country"),
        _("Cases overdue by more than %(days)s working days, the oldest due first"),
        "administration",
        _("Administration"),
        "branch__administration",
        "branch__administration__name",
    ),
    Scope.PROVINCE: Overview(
        _("Overdue in the province"),
        _("Cases overdue by more than %(days)s working days, the oldest due first"),
        "branch",
        _("Branch"),
        "branch",
        "branch__name",
    ),
    Scope.BRANCH: Overview(
        _("Overdue in the branch"),
        _("What is overdue in your branch, whoever has it, the oldest due first"),
        "turn",
        _("Turn"),
        "turn",
        "turn",
    ),
}


def widest(user: User) -> str | None:
    """The widest scope in which this person looks after overdue cases; None for most people."""
    scopes = {SCOPE[Role(role)] for role in user.roles & MATRIX[Action.OVERSEE]}
    return next((scope for scope in OVERVIEWS if scope in scopes), None)


def groups_of(rows: Any, shown: Overview, wanted: str = "", day: dt.date | None = None) -> list[dict[str, Any]]:
    """How many overdue cases each branch (administration, turn) has and for how long: one query."""
    found = rows.order_by().values(shown.code, shown.label).annotate(n=Count("pk"), oldest=Min("due_on"))
    return [
        {
            "code": row[shown.code], "label": named(row[shown.label]), "n": row["n"],
            "longest": late_in_words(working_days_late(row["oldest"], day or today())),
            "url": f"?{shown.name}={row[shown.code]}", "is_wanted": row[shown.code] == wanted,
        }
        for row in found.order_by("oldest", shown.code)
    ]  # fmt: skip


def named(label: str) -> str:
    """A turn by its name; the name of a place as it is."""
    return str(Turn(label).label) if label in Turn.values else label
