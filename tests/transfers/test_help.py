"""Help where one stands, the tables as pages, the tour of the first visit, the training site."""

import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from branches.models import User
from branches.roles import MATRIX, Action, Role
from tests.cast import Cast, Walk, appoint
from tests.pages import as_, goes_to, text
from tests.test_house import SAFE, loaded
from transfers import here, practice, tours
from transfers.demo import people
from transfers.guide import OWN, WHY, line_of
from transfers.guide_tables import matrix, moves_of
from transfers.states import MOVES, TURNS, WITHIN, Side, State, Turn
from transfers.views.pressable import NEXT

pytestmark = pytest.mark.django_db(databases="__all__")


# --- complete ---------------------------------------------------------------------------------------------


def test_help_knows_every_action() -> None:
    assert {*Action} - set(WHY) == set() and all(paragraph and why for paragraph, why in WHY.values())
    stepped = {step.action for step in MOVES + WITHIN if not step.by_itself}
    told = [line_of(side, action) for side in Side for action in stepped if _is_step(side, action)]
    assert all(line.who and line.why for line in told)


def _is_step(side: str, action: str) -> bool:
    return any(step.side == side and step.action == action for step in MOVES + WITHIN)


def test_every_panel_says_what_happens_next() -> None:
    actions = {(side, action) for side in Side for names in NEXT.values() for action in names if _is_step(side, action)}
    actions |= {*here.SCREENS.values(), (Side.ORIGIN, Action.JUDGE), (Side.DESTINATION, Action.JUDGE)}
    panels = {key: here.of_step(*key) for key in actions}
    assert [key for key, panel in panels.items() if not (panel.target or panel.then)] == []
    assert {turn for turn in Turn if turn not in NEXT} <= set(here.WAITS)


def test_the_directives_own_steps_name_their_part() -> None:
    """The five buttons of the directive, and the referral before them."""
    first, second = (WHY[action][0] for action in (Action.REFER, Action.RECEIVE))
    named = {action: WHY[action][0] for action in WHY}
    assert {named[a] for a in (Action.APPROVE_TECHNICAL, Action.APPROVE_HEAD)} == {first}
    assert {named[a] for a in (Action.SHOW_DECREES, Action.REGISTER, Action.ACTIVATE)} == {second}
    assert not here.of_step(Side.DESTINATION, Action.RETURN_TO_ORIGIN).is_of_directive and first != OWN


def test_the_pages_tell_what_the_tables_decide(cast: Cast) -> None:
    told = {str(row.label): {str(role) for role, may in row.cells if may} for row in matrix()}
    assert told == {str(action.label): {str(role.label) for role in MATRIX[action]} for action in Action}
    shown = sum(len(moves_of(side)) for side in Side)
    assert shown == sum(len(step.sources) for step in MOVES)
    page = text(as_(cast.reader(Role.AUDITOR)).get(reverse("help_states")))
    assert page.count("<marker") == 2 and 'style="' not in page


@pytest.mark.parametrize("side", Side)
def test_the_table_of_states_says_whose_turn_it_is_after_a_step(side: Side) -> None:
    wanted = {
        (State(source).label, State(step.target).label, TURNS.get((side, step.target), Turn.NOBODY).label)
        for step in MOVES
        if step.side == side
        for source in step.sources
    }
    assert {(move.source, move.target, move.next_turn) for move in moves_of(side)} == wanted


# --- where one stands ---------------------------------------------------------------------------------------


def test_a_case_explains_its_next_step(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    panel = as_(walk.officer).get(reverse("case", args=[case.pk])).context["page"].panel
    assert panel.step == line_of(Side.ORIGIN, Action.APPROVE_TECHNICAL).label and panel.is_of_directive
    assert panel.number == "1000/93/1-5-5"


def test_a_case_that_waits_says_for_whom_and_what_comes(walk: Walk) -> None:
    case = walk.to(State.SENT)
    panel = here.of_case(case)
    assert panel.step == walk.cast.destination.name and str(panel.then) and panel.why == here.WAITS[Turn.OTHER_BRANCH]
    assert '<details class="here">' in re.sub(r"\s+", " ", text(as_(walk.clerk).get(reverse("case", args=[case.pk]))))


def test_the_lists_explain_their_step(cast: Cast) -> None:
    opened = {
        "referral": cast.at(cast.origin, Role.CLERK), "send_list": cast.at(cast.origin, Role.BRANCH_HEAD),
        "receive_list": cast.at(cast.destination, Role.DESTINATION_STAFF),
    }  # fmt: skip
    for name, user in opened.items():
        assert 'class="here"' in text(as_(user).get(reverse(name))), name


# --- the tour ------------------------------------------------------------------------------------------------


def test_each_role_has_a_tour_of_pages_that_it_can_open(cast: Cast) -> None:
    assert set(tours.TOURS) == set(Role)
    for (_branch, role), user in cast.people.items():
        stops = tours.stops_of(user)
        assert (4 <= len(stops) <= 6) if role in tours.TOURS else not stops
    for role in Role:
        user = cast.at(cast.origin, role) if ("0801", role) in cast.people else cast.reader(role)
        assert [s.url_name for s in tours.TOURS[role] if as_(user).get(reverse(s.url_name)).status_code != 200] == []


def test_the_tour_is_offered_until_it_is_put_away(cast: Cast) -> None:
    client = as_(cast.at(cast.origin, Role.CLERK))
    assert len(client.get(reverse("cartable")).context["tour"]) == 5
    assert goes_to(client.post(reverse("tour"))) == reverse("cartable")
    assert client.get(reverse("cartable")).context["tour"] == []
    assert User.objects.filter(toured_at__isnull=False).count() == 1
    assert client.get(reverse("tour")).status_code == 200  # still reached from the help
    assert as_(cast.reader("outsider")).get(reverse("cartable")).context["tour"] == []


def test_somebody_with_several_offices_has_a_short_tour(cast: Cast) -> None:
    person = appoint("all", Role.BRANCH_HEAD, branch=cast.origin)
    for role in (Role.CLERK, Role.DESTINATION_STAFF):
        person = appoint("all", role, branch=cast.origin)
    assert len(tours.stops_of(User.objects.get(pk=person.pk))) == tours.LONGEST


# --- training ------------------------------------------------------------------------------------------------


def test_a_training_site_says_so_everywhere_and_ticks_what_was_done(walk: Walk, settings: Any) -> None:
    client = as_(walk.clerk)
    assert client.get(reverse("practice")).status_code == 404
    settings.TRAINING = True
    assert not any(row.is_done for row in client.get(reverse("practice")).context["tasks"])
    case = walk.to(State.DRAFT)
    tasks = {row.task.action: row.is_done for row in client.get(reverse("practice")).context["tasks"]}
    assert tasks[Action.REFER] and not tasks[Action.REOPEN]
    colleague = appoint("second", Role.CLERK, branch=walk.cast.origin)  # has done nothing yet
    assert not any(row.is_done for row in practice.tasks_of(colleague))
    client.logout()
    for page in (reverse("sign_in"), reverse("case_sheet", args=[case.pk])):
        client.force_login(walk.officer) if page != reverse("sign_in") else None
        assert "banner-training" in text(client.get(page)), page


def test_every_role_has_tasks_of_its_own(cast: Cast) -> None:
    for role, tasks in practice.TASKS.items():
        assert tasks and all(not task.action or role in MATRIX[Action(task.action)] for task in tasks), role
    assert set(practice.TASKS) == set(Role)


@pytest.mark.parametrize("real", ["CENTRAL_DATABASE_URL", "SITE", "DJANGO_ENV"])
def test_training_never_starts_beside_a_real_center(real: str) -> None:
    own = {"TRAINING": "1", "DATABASE_URL": "postgresql:///x"}
    given = {"CENTRAL_DATABASE_URL": {real: "postgresql:///y"}, "SITE": {real: "a"}, "DJANGO_ENV": SAFE}[real]
    said = loaded(own | given)
    assert f"belong to one: {real}" in said.splitlines()[-1]
    assert loaded(own) == ""


def test_training_refuses_a_center_that_sites_have_joined(signing: Any, settings: Any) -> None:
    settings.OF_A_REAL_SITE = {}
    with pytest.raises(CommandError, match="joined"):
        call_command("training", no_serve=True)
    settings.OF_A_REAL_SITE = {"SITE": True}
    with pytest.raises(CommandError, match="never meets a real center"):
        call_command("training", no_serve=True)


def test_training_refuses_a_database_with_people_of_its_own(cast: Cast, settings: Any) -> None:
    settings.OF_A_REAL_SITE = {}
    with pytest.raises(CommandError, match="not of the training"):
        call_command("training", no_serve=True)
    assert {"clerk-0801", "province", "auditor"} <= set(people.usernames())
