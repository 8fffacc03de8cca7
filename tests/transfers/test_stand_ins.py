"""Somebody in another's place: the trail says so, and nobody lends a second pair of eyes (DESIGN 5, I8)."""

import datetime as dt
from itertools import permutations
from typing import Any

import pytest
from django.urls import reverse

from branches import services
from branches.models import Appointment, Branch, User
from branches.roles import Action, Role
from pension_transfer.lib import failpoints
from pension_transfer.lib.calendar import today
from pension_transfer.lib.errors import NotAllowed, NotNow, Refusal
from tests.cast import LAST_PAID_TYPED, Cast, Walk, appoint, judge_all, press
from tests.expect import also, fresh
from tests.pages import as_
from transfers import sync, timeline, trail
from transfers.models import Crossing, Part, TransferCase, TransferEvent
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
FOR = ("for", "for_username")


def in_place_of(absent: User, user: User, role: str, branch: Branch) -> User:
    """`user` stands in for `absent` in this office today; read anew as a request would."""
    days = {"since": today(), "until": today() + dt.timedelta(days=9)}
    Appointment.objects.create(user=user, role=role, branch=branch, stands_in_for=absent, **days)
    return User.objects.get(pk=user.pk)


def helper(cast: Cast, name: str = "helper") -> User:
    return appoint(name, Role.DESTINATION_STAFF, branch=cast.origin)


def told(case: TransferCase, action: str) -> dict[str, Any]:
    event = case.events.filter(action=action).order_by("-sequence")[0]
    return {name: event.details.get(name) for name in FOR}


# --- recorded ---------------------------------------------------------------------------------------------------


def test_the_trail_says_in_whose_place_and_its_hash_covers_it(walk: Walk) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    person = in_place_of(walk.head, helper(walk.cast), Role.BRANCH_HEAD, walk.cast.origin)
    case = press(Action.APPROVE_HEAD, walk.case, person)
    assert told(case, "approve_head") == {"for": str(walk.head), "for_username": walk.head.username}
    assert told(case, "approve_technical") == {"for": None, "for_username": None}
    event = case.events.get(action="approve_head")
    assert (event.by, event.role, event.hash) == (person, Role.BRANCH_HEAD, trail.hash_of(event))
    event.details = event.details | {"for": "x"}
    assert event.hash != trail.hash_of(event)
    (row,) = [row for row in timeline.of_case(case) if str(walk.head) in row.by]
    assert str(person) in row.by
    assert trail.first_break(fresh(case)) is None


def test_the_other_branch_reads_it_too(walk: Walk) -> None:
    walk.to(State.RECEIVED)
    walk.compare()
    person = in_place_of(
        walk.staff, appoint("h", Role.CLERK, branch=walk.cast.destination), "destination_staff", walk.cast.destination
    )
    press(Action.VERIFY, walk.copy, person)
    assert told(walk.case, "mark_verified") == told(walk.copy, "verify") == {
        "for": str(walk.staff), "for_username": walk.staff.username,
    }  # fmt: skip


@pytest.mark.parametrize("action", [Action.REGISTER, Action.RECEIVE])
def test_what_is_finished_after_his_last_day_is_still_his_in_that_place(
    walk: Walk, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    walk.to({Action.REGISTER: State.VERIFIED}.get(action, State.SENT))
    place = appoint("h", Role.CLERK, branch=walk.cast.destination)
    person = in_place_of(walk.staff, place, Role.DESTINATION_STAFF, walk.cast.destination)

    class Killed(BaseException):
        pass

    def die(*_of: Any) -> None:
        raise Killed

    monkeypatch.setattr(failpoints.os, "kill", die)
    monkeypatch.setattr(failpoints, "ARMED", "intended")
    walk.staff = person
    with pytest.raises(Killed):
        getattr(walk, action)()
    monkeypatch.setattr(failpoints, "ARMED", "")
    Appointment.objects.stand_ins().update(since=today() - dt.timedelta(days=3), until=today() - dt.timedelta(days=1))
    sync.sync()
    copy = TransferCase.objects.get(side=Side.DESTINATION)
    assert told(copy, action)["for_username"] == "destination_staff_1001"
    assert not Crossing.objects.filter(state="open").exists()


def test_in_an_own_office_nobody_acts_for_another(walk: Walk) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    deputy = walk.cast.at(walk.cast.origin, Role.INSURANCE_DEPUTY)
    deputy = in_place_of(walk.head, deputy, Role.BRANCH_HEAD, walk.cast.origin)
    case = press(Action.APPROVE_HEAD, walk.case, deputy)
    event = case.events.get(action="approve_head")
    assert (event.role, "for" in event.details) == (Role.INSURANCE_DEPUTY, False)


def test_the_cartable_and_the_account_show_the_office(walk: Walk) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    person = in_place_of(walk.head, helper(walk.cast), Role.BRANCH_HEAD, walk.cast.origin)
    answer = as_(person).get(reverse("cartable"))
    assert [row.case.pk for row in answer.context["rows"]] == [walk.case.pk]
    assert str(walk.head) in answer.content.decode()


# --- four eyes --------------------------------------------------------------------------------------------------

PARTS = {
    "draft": (Role.CLERK, State.REFERRAL), "technical": (Role.TECHNICAL_OFFICER, State.DRAFT),
    "head": (Role.BRANCH_HEAD, State.TECHNICALLY_APPROVED),
}  # fmt: skip


class Story(Walk):
    """The three parts, each by whom the test says."""

    def take(self, part: str, by: User) -> None:
        by = User.objects.get(pk=by.pk)
        {"draft": self._draft, "technical": self._technical, "head": self._head}[part](by)

    def _draft(self, by: User) -> None:
        if self.case is None:
            self.clerk = by
            self.draft()
        else:
            self.case = press(Action.ASSEMBLE, self.case, by)

    def _technical(self, by: User) -> None:
        judge_all(self.case, by)
        self.case = press(Action.APPROVE_TECHNICAL, self.case, by, last_paid_month=LAST_PAID_TYPED)

    def _head(self, by: User) -> None:
        self.case = press(Action.APPROVE_HEAD, self.case, by)


ORDER = ["draft", "technical", "head"]
LATER = [(a, b) for a, b in permutations(ORDER, 2) if ORDER.index(a) < ORDER.index(b)]
WHOSE = ["the same person", "a stand-in of who took it", "who was stood in for", "two stand-ins of one"]


@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize(("first", "second"), LATER)
def test_nobody_takes_two_parts_whoever_lends_the_name(cast: Cast, first: str, second: str, whose: str) -> None:
    """X holds both offices. Whatever of the two parts is X's or in X's name, the second is refused."""
    told = Story(cast)
    usual = {"draft": told.clerk, "technical": told.officer, "head": told.head}
    x = appoint("x", PARTS[first][0], branch=cast.origin)
    x = also(x, PARTS[second][0], cast.origin)
    y, z = helper(cast, "y"), helper(cast, "z")
    for part in (first, second):
        for user in (y, z):
            in_place_of(x, user, PARTS[part][0], cast.origin)
    takes = dict(zip(WHOSE, [(x, x), (x, y), (y, x), (y, z)], strict=True))[whose]
    for part in ORDER[: ORDER.index(second)]:
        told.take(part, takes[0] if part == first else usual[part])
    before = TransferEvent.objects.count()
    with pytest.raises((NotNow, NotAllowed)) as caught:
        told.take(second, takes[1])
    assert caught.value.code in {"blocked", "four_eyes"}
    assert TransferEvent.objects.count() == before
    told.take(second, usual[second])  # a colleague can


@pytest.mark.parametrize(("first", "second"), LATER)
def test_standing_in_for_two_is_still_one_person(cast: Cast, first: str, second: str) -> None:
    told = Story(cast)
    usual = {"draft": told.clerk, "technical": told.officer, "head": told.head}
    y = helper(cast, "y")
    for part in (first, second):
        in_place_of(usual[part], y, PARTS[part][0], cast.origin)
    for part in ORDER[: ORDER.index(second)]:
        told.take(part, y if part == first else usual[part])
    with pytest.raises((NotNow, NotAllowed)):
        told.take(second, y)


def test_the_same_part_may_be_taken_in_turns(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    case = press(Action.SEND_BACK, case, walk.head, reason="x")
    press(Action.ASSEMBLE, case, walk.clerk)
    person = in_place_of(walk.officer, helper(walk.cast), Role.TECHNICAL_OFFICER, walk.cast.origin)
    case = press(Action.APPROVE_TECHNICAL, case, person, last_paid_month=LAST_PAID_TYPED)
    assert case.state == State.TECHNICALLY_APPROVED


def test_who_registered_does_not_activate_through_a_stand_in(walk: Walk) -> None:
    walk.to(State.VERIFIED)
    officer = walk.other_officer
    press(Action.REGISTER, walk.copy, officer)
    person = appoint("h", Role.CLERK, branch=walk.cast.destination)
    person = in_place_of(officer, person, Role.TECHNICAL_OFFICER, walk.cast.destination)
    with pytest.raises(NotNow):
        press(Action.ACTIVATE, walk.copy, person)
    page = as_(person).get(reverse("case", args=[walk.copy.pk])).context["page"]
    assert page.steps["activate"].blocked
    press(Action.ACTIVATE, walk.copy, walk.cast.at(walk.cast.destination, Role.BRANCH_HEAD))


def test_a_correction_in_the_name_of_an_approver_is_refused(walk: Walk) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    officer = also(walk.officer, Role.CLERK, walk.cast.origin)
    person = in_place_of(officer, helper(walk.cast), Role.CLERK, walk.cast.origin)
    with pytest.raises(Refusal) as caught:
        services.correct(walk.file, "contact", None, person, "نشانی", {"postal_code": "1136934568"})
    assert caught.value.code == "four_eyes"
    assert not Part.objects.filter(user=person).exists()
