"""The demo's staff: every role at both branches, and the readers. One password, shown on the console."""

import csv
import datetime as dt
from collections.abc import Iterable
from itertools import count
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password

from branches.models import Appointment, Branch, User
from branches.roles import SCOPE, Role, Scope

PASSWORD = "mostamari-1405"  # noqa: S105 - printed on the console; refused in production
BRANCHES = ("0801", "1001")
BESIDE = ("0803", "0901", "2301", "0301")  # other branches that the past of the demo has dealt with
AT_BRANCHES = [role for role in Role if SCOPE[role] == Scope.BRANCH]
SHORT = {
    Role.CLERK: "clerk",
    Role.TECHNICAL_OFFICER: "officer",
    Role.BRANCH_HEAD: "head",
    Role.INSURANCE_DEPUTY: "deputy",
    Role.DESTINATION_STAFF: "staff",
    Role.PROVINCE_SUPERVISOR: "province",
    Role.CENTER_OPERATOR: "center",
    Role.AUDITOR: "auditor",
}


def _names() -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    with (settings.BASE_DIR / "branches/data/names.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            names.setdefault(row["kind"], []).append(row["name_fa"])
    return names


def appoint_all(branches: Iterable[str] = BRANCHES, beside: Iterable[str] = ()) -> list[User]:
    """Create what is missing at these branches and for the readers; running again changes nothing.

    The readers' province is that of the first branch; those `beside` come last.
    """
    names, number = _names(), count(3, 7)
    first, last = [*names["male_first"], *names["female_first"]], names["surname"]
    password = make_password(PASSWORD)
    people = []
    for username, role, where in [*_accounts(tuple(branches)), *_at_branches(beside)]:
        i = next(number)
        values = {
            "first_name": first[i % len(first)],
            "last_name": last[i * 3 % len(last)],
            "password": password,
        }
        user, _new = User.objects.get_or_create(
            username=username, defaults=values | {"is_staff": SCOPE[Role(role)] == Scope.COUNTRY}
        )
        Appointment.objects.get_or_create(user=user, role=role, **where, defaults={"since": dt.date(2024, 3, 20)})
        people.append(user)
    return people


def usernames() -> list[str]:
    """The demo's accounts: those at the branches, and the readers."""
    return [f"{short}-{code}" for code in (*BRANCHES, *BESIDE) for short in SHORT.values()] + list(SHORT.values())


def _accounts(branches: tuple[str, ...]) -> list[tuple[str, str, dict[str, Any]]]:
    administration = Branch.objects.get(pk=branches[0]).administration_id
    return [
        *_at_branches(branches),
        ("province", Role.PROVINCE_SUPERVISOR, {"administration_id": administration}),
        ("center", Role.CENTER_OPERATOR, {}),
        ("auditor", Role.AUDITOR, {}),
    ]


def _at_branches(branches: Iterable[str]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(f"{SHORT[role]}-{code}", role, {"branch_id": code}) for code in branches for role in AT_BRANCHES]


def at(branch: Branch, role: str) -> User:
    """The demo's person with `role` at `branch`."""
    return User.objects.get(username=f"{SHORT[Role(role)]}-{branch.pk}")
