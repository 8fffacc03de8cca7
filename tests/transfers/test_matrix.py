"""Every action x everywhere a copy can stand x every role x every branch, through the door and through the API."""

import uuid
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from django.test import Client

from branches.roles import MATRIX, Action
from pension_transfer.lib.errors import BadInput, Refusal
from tests.cast import Walk
from tests.expect import fresh, undone, written
from tests.transfers.standings import (
    FILES,
    INPUT,
    MAY,
    OFFICES,
    REACH,
    STANDINGS,
    UNLIKE,
    Person,
    Standing,
    expected,
    given,
    people,
)
from transfers import workflow
from transfers.models import TransferCase
from transfers.states import MOVES, WITHIN, State

pytestmark = pytest.mark.django_db(databases="__all__")
BY_NAME = [pytest.param(standing, id=standing.name) for standing in STANDINGS]


STEPS = {step.action for step in MOVES + WITHIN}


def _asked_at(standing: Standing) -> list[str]:
    """Every step of a case; what is no step is refused alike wherever a case stands, and asked at every fifth."""
    return [action for action in MAY if action in STEPS or STANDINGS.index(standing) % 5 == 0]


def _answer(action: str, case: TransferCase, person: Person, data: Any) -> type[Refusal] | None:
    files = FILES[action]() if data and action in FILES else None
    try:
        workflow.perform(action, case.pk, by=person.user, command_id=uuid.uuid4(), data=data, files=files)
    except Refusal as refusal:
        return type(refusal)
    return None


def _at_the_door(standing: Standing, case: TransferCase, person: Person, action: str, data: Any) -> list[str]:
    """What differs from the table for one press; an open step is taken, and taken back."""
    wanted = expected(standing, person, action)
    if wanted:
        heard = _answer(action, case, person, data)
        return [] if heard is wanted else [f"{person.name} {action}: {heard}, not {wanted}"]
    with undone():
        heard = _answer(action, case, person, data)
    missing = _answer(action, case, person, {}) if action in INPUT else BadInput
    return [] if (heard, missing) == (None, BadInput) else [f"{person.name} {action}: {heard}, empty {missing}"]


def _all_who_see(everybody: list[Person], standing: Standing, _action: str, turn: int) -> list[Person]:
    """Everybody who sees the copy; of those who do not, one of each place in turn.

    The door turns them away before it looks at the step, so each of them is asked several steps at every standing,
    and each step is asked by every place.
    """
    hidden: dict[str, list[Person]] = {}
    for one in everybody:
        if standing.side not in REACH[one.place]:
            hidden.setdefault(one.place, []).append(one)
    asked = [alike[(turn + STANDINGS.index(standing)) % len(alike)] for alike in hidden.values()]
    return [one for one in everybody if standing.side in REACH[one.place]] + asked


@pytest.mark.parametrize("standing", BY_NAME)
def test_every_action_of_everybody(walk: Walk, standing: Standing) -> None:
    case, wrong = standing.reach(walk), []
    assert (case.side, case.state) == (standing.side, standing.state)
    before, everybody = written(), list(people(walk.cast))
    for turn, action in enumerate(_asked_at(standing)):
        asked = (_all_who_see if standing in UNLIKE else _takes_its_turn)(everybody, standing, action, turn)
        data = given(action, case)
        for person in asked:
            wrong += _at_the_door(standing, case, person, action, data)
    assert wrong == []
    assert (written(), fresh(case).trail_length) == (before, case.trail_length)


# --- the tables agree, and nothing is left out --------------------------------------------------------------


def test_the_roles_are_those_of_the_design() -> None:
    assert {str(action): {str(role) for role in roles} for action, roles in MATRIX.items()} == {
        action: set(roles.split()) for action, roles in MAY.items()
    }


def test_there_is_a_standing_for_every_state_and_an_opening_for_every_step() -> None:
    places = {(step.side, source) for step in MOVES for source in step.sources}
    places |= {(step.side, step.target) for step in MOVES}
    assert {(standing.side, standing.state) for standing in STANDINGS} == places
    assert {state for _side, state in places} == set(State)
    opened = {
        (s.side, s.state, action) for s in STANDINGS for actions in s.open_to.values() for action in actions.split()
    }
    steps = [step for step in MOVES + WITHIN if not step.by_itself]
    pressed = {(step.side, source, step.action) for step in steps for source in step.sources}
    assert pressed - opened == {("destination", "cancelled", Action.RECEIVE)}  # by the envelope only: test_repeats


# --- the same through the API ---------------------------------------------------------------------------------


def _takes_its_turn(everybody: list[Person], standing: Standing, action: str, turn: int) -> list[Person]:
    """All who may take the action here; of those alike refused, at each place one in turn, at every second standing.

    So through the API, and at the door of a copy that is held or taken, which answers alike at every state; at the
    doors of the others all who see it are asked.
    """
    asking = [one for one in everybody if one.place == standing.side and one.role in MAY[action].split()]
    refused: dict[str, list[Person]] = {}
    if (turn + STANDINGS.index(standing)) % 2:
        return asking
    for one in everybody:
        if one not in asking:
            refused.setdefault(one.place if one.role in OFFICES.split() else "reader", []).append(one)
    return asking + [alike[(turn + STANDINGS.index(standing)) // 2 % len(alike)] for alike in refused.values()]


def _posted(client: Client, case: TransferCase, action: str, data: Any) -> int:
    step, body = f"/api/cases/{case.pk}/steps/{action}/", {"command_id": str(uuid.uuid4()), "seen": case.trail_length}
    if data and action in FILES:
        answer = client.post(step, body | data | {"scans": FILES[action]().getlist("scans")})
    else:
        answer = client.post(step, body | {"data": data}, "application/json")
    assert answer.status_code == 200 or set(answer.json()) == {"code", "message", "errors"}
    return answer.status_code


def _through_the_api(
    standing: Standing, case: TransferCase, person: Person, action: str, data: Any, client: Client
) -> list[str]:
    refusal = expected(standing, person, action)
    with nullcontext() if refusal else undone():  # what is refused has nothing to take back
        status = _posted(client, case, action, data)
    empty = _posted(client, case, action, {}) if not refusal and action in INPUT else 422
    wanted = refusal.status if refusal else 200
    return [] if (status, empty) == (wanted, 422) else [f"{person.name} {action}: {status} {empty}, not {wanted}"]


def _new(standings: list[Standing]) -> Iterator[Standing]:
    """Those at which no earlier one has stood, or that open something nobody had at an earlier one."""
    known: set[Any] = set()
    for standing in standings:
        opened = {a for actions in standing.open_to.values() for a in actions.split()}
        here = {(standing.side, what) for what in (*opened, f"at {standing.state}")}
        if not known.issuperset(here):
            yield standing
        known |= here


@pytest.mark.parametrize("standing", [pytest.param(standing, id=standing.name) for standing in _new(UNLIKE)])
def test_the_api_answers_everybody_as_the_door_does(walk: Walk, standing: Standing) -> None:
    case, wrong = standing.reach(walk), []
    everybody = list(people(walk.cast))
    clients = {person.name: Client() for person in everybody}
    for person in everybody:
        clients[person.name].force_login(person.user)
    before = written()
    for turn, action in enumerate(_asked_at(standing)):
        data = given(action, case)
        for person in _takes_its_turn(everybody, standing, action, turn):
            wrong += _through_the_api(standing, case, person, action, data, clients[person.name])
    assert wrong == []
    assert (written(), fresh(case).trail_length) == (before, case.trail_length)


def test_nobody_is_let_in_without_signing_in(walk: Walk) -> None:
    case, rows = walk.to(State.DRAFT), written()
    for action in MAY:
        answer = Client().post(f"/api/cases/{case.pk}/steps/{action}/", {}, "application/json")
        assert answer.status_code in {401, 403}, action
    assert written() == rows
