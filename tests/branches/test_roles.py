"""Who may: offices, their reach and their time. The table itself is held to the design in tests/transfers/standings."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from branches.models import Appointment, Branch, PensionFile, User
from branches.roles import MATRIX, READING, SCOPE, Action, Role, Scope, acting_roles, can, scoped
from pension_transfer.lib.calendar import today
from tests.cast import Cast, make_file
from tests.expect import also

pytestmark = pytest.mark.django_db(databases="__all__")
DAY = dt.timedelta(days=1)


def _newcomer(name: str = "newcomer") -> User:
    return User.objects.create(username=name)


def _again(user: User) -> User:
    return User.objects.get(pk=user.pk)


# --- the table --------------------------------------------------------------------------------------------------


def test_every_action_is_somebodys_and_every_role_has_a_reach() -> None:
    assert set(MATRIX) == set(Action) and set(SCOPE) == set(Role)
    assert all(MATRIX.values())


def test_whoever_sees_more_than_a_branch_changes_no_case() -> None:
    """I7: roles that are given a province or the country read; the center operator may take in exports and change
    branches besides, and the province supervisor says who stands in for whom and who does which work (DESIGN 11.14)."""
    wide = {role for role in Role if SCOPE[role] != Scope.BRANCH}
    changing = {action for action in Action if action not in READING and MATRIX[action] & wide}
    sees_to_it = {Action.RETRY_STUCK, Action.HAND_OVER_STUCK}  # what nobody could carry out: the case is not touched
    of_the_province = {Action.REASSIGN, Action.GRANT_STAND_IN, Action.END_STAND_IN}
    assert changing == {Action.IMPORT_FILES, Action.CHANGE_BRANCHES} | of_the_province | sees_to_it
    assert MATRIX[Action.CHANGE_BRANCHES] == {Role.CENTER_OPERATOR}
    assert wide & MATRIX[Action.IMPORT_FILES] == {Role.CENTER_OPERATOR}


def test_the_three_approving_parts_have_three_different_roles() -> None:
    parts = [MATRIX[Action.REFER], MATRIX[Action.APPROVE_TECHNICAL], MATRIX[Action.APPROVE_HEAD]]
    assert not parts[0] & parts[1] and not parts[1] & parts[2] and not parts[0] & parts[2]


# --- where an office reaches -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role.values)
def test_an_office_reaches_its_place_and_no_further(cast: Cast, role: str) -> None:
    person = cast.at(cast.origin, role) if SCOPE[Role(role)] == Scope.BRANCH else cast.reader(role)
    reach = {
        Scope.BRANCH: {cast.origin},
        Scope.PROVINCE: {cast.origin},
        Scope.COUNTRY: {cast.origin, cast.destination, cast.third},
    }[SCOPE[Role(role)]]
    for branch in (cast.origin, cast.destination, cast.third):
        assert can(person, Action.VIEW_CASES, branch) is (branch in reach)
        own = {action for action in Action if role in MATRIX[action]} if branch in reach else set()
        assert {action for action in Action if can(person, action, branch)} == own


def test_nobody_without_office_may_anything_not_even_the_superuser(cast: Cast) -> None:
    root = User.objects.create_superuser("root", password="x" * 12)
    for person in (cast.reader("outsider"), root):
        assert not any(can(person, action, branch) for action in Action for branch in Branch.objects.all())
        assert not PensionFile.objects.visible_to(person).exists()


def test_rows_are_narrowed_to_the_branches_of_the_office(cast: Cast) -> None:
    files = {branch.pk: make_file(branch, number) for number, branch in enumerate(Branch.objects.all(), 1)}
    seen = {
        cast.at(cast.origin, Role.CLERK): {"0801"},
        cast.at(cast.destination, Role.DESTINATION_STAFF): {"1001"},
        cast.reader(Role.PROVINCE_SUPERVISOR): {"0801"},
        cast.reader(Role.CENTER_OPERATOR): set(files),
        cast.reader(Role.AUDITOR): set(files),
        cast.reader("outsider"): set(),
        also(cast.at(cast.origin, Role.CLERK), Role.DESTINATION_STAFF, cast.third): {"0801", "0701"},
    }
    for person, branches in seen.items():
        assert set(PensionFile.objects.visible_to(person).values_list("branch_id", flat=True)) == branches, person
    assert set(scoped(Branch.objects.all(), cast.at(cast.third, Role.CLERK), Action.CORRECT_FILE, "pk")) == {cast.third}
    assert not scoped(Branch.objects.all(), cast.reader(Role.AUDITOR), Action.CORRECT_FILE, "pk").exists()


def test_somebody_with_two_offices_acts_in_the_one_that_may(cast: Cast) -> None:
    person = also(cast.at(cast.origin, Role.CLERK), Role.BRANCH_HEAD, cast.origin)
    assert acting_roles(person, Action.ASSEMBLE, cast.origin) == [Role.CLERK]
    assert acting_roles(person, Action.APPROVE_HEAD, cast.origin) == [Role.BRANCH_HEAD]
    assert set(acting_roles(person, Action.CANCEL, cast.origin)) == {Role.CLERK, Role.BRANCH_HEAD}
    assert acting_roles(person, Action.APPROVE_HEAD, cast.third) == []


# --- how long an office lasts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "until", "in_force"),
    [(0, None, True), (-1, 0, True), (0, 0, True), (1, None, False), (-2, -1, False), (1, 2, False)],
)
def test_an_office_begins_and_ends_by_itself(cast: Cast, since: int, until: int | None, in_force: bool) -> None:
    person, day = _newcomer(), today()
    last = None if until is None else day + until * DAY
    Appointment.objects.create(user=person, role=Role.CLERK, branch=cast.origin, since=day + since * DAY, until=last)
    assert can(_again(person), Action.REFER, cast.origin) is in_force


WRONG: list[dict[str, Any]] = [
    {"role": Role.CLERK},
    {"role": Role.CLERK, "administration_id": "23"},
    {"role": Role.CLERK, "branch_id": "0801", "administration_id": "23"},
    {"role": Role.PROVINCE_SUPERVISOR, "branch_id": "0801"},
    {"role": Role.PROVINCE_SUPERVISOR},
    {"role": Role.AUDITOR, "branch_id": "0801"},
    {"role": Role.CENTER_OPERATOR, "administration_id": "23"},
    {"role": Role.CLERK, "branch_id": "0801", "since": "2026-01-02", "until": "2026-01-01"},
]


@pytest.mark.parametrize("given", WRONG, ids=lambda given: " ".join(map(str, given.values())))
def test_role_and_place_belong_together(cast: Cast, given: dict[str, Any]) -> None:
    appointment = Appointment(user=_newcomer(), **given)
    with pytest.raises(ValidationError):
        appointment.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        appointment.save()


def test_nobody_has_the_same_office_twice_at_one_time(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        also(cast.at(cast.origin, Role.CLERK), Role.CLERK, cast.origin)
