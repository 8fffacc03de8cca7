"""Whose steps these were, and which branches are served here."""

from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from branches.models import Appointment, Branch, PensionFile, User
from central.models import Receipt
from transfers import trail
from transfers.models import Crossing, Part, TransferCase


def served(everything: bool = False) -> set[str]:
    """The branches that this site serves. Where no site has a name: those that told the center something from here,
    and when `everything` is asked for all whose files or staff are kept here."""
    if settings.SITE:
        return set(Branch.objects.here().values_list("pk", flat=True))
    kept = [Crossing, PensionFile, Appointment] if everything else [Crossing]
    found = [Exists(model._default_manager.filter(branch=OuterRef("pk"))) for model in kept]
    return set(Branch.objects.filter(reduce(or_, map(Q, found))).values_list("pk", flat=True))


def find(branch: str, username: str, name: str) -> User | None:
    """The person, by user name or by the only name like it at the branch; None where nobody here is that person."""
    if username:
        return User.objects.filter(username=username).first()
    staff = User.objects.filter(appointments__branch=branch).distinct()
    alike = [user for user in staff if name and str(user) == name]
    return alike[0] if len(alike) == 1 else None


def said_by(receipt: Receipt) -> tuple[User | None, dict[str, Any]]:
    """Who gave a receipt, and how the trail names them."""
    body = receipt.body
    user = find(receipt.by_branch, body.get("by_username", ""), body.get("by_name", ""))
    return user, signature(user, body.get("by_name", ""), body.get("role", ""), receipt.by_branch, body)


def signature(user: User | None, name: str, role: str, branch: str, body: dict[str, Any]) -> dict[str, Any]:
    """As `trail.signature`, of somebody who is perhaps unknown here."""
    named = {"by": user, "by_name": name or str(user or ""), "role": role, "branch_code": branch}
    return named | {"standing_in": trail.place_of(body)}


def note_part(case: TransferCase, user: User | None, part: str) -> None:
    """Who took a part; what stands already is not asked again."""
    if user:
        Part.objects.get_or_create(case=case, user=user, defaults={"name": part})


def approver(content: dict[str, Any], step: str) -> dict[str, Any]:
    """One of the approvals that were sealed with the content."""
    return next((row for row in content["approvals"] if row["step"] == step), {})


def is_of(case: TransferCase | None, envelope: UUID) -> bool:
    """Whether the case stands at this envelope."""
    return case is not None and case.envelope_id == envelope
