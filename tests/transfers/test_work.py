"""Who has the work of a case: taken, put back, taken over, reassigned; alone, in bulk, and as the load of a branch."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from branches.models import Appointment, User
from branches.roles import Role
from pension_transfer.lib.calendar import today
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen
from tests.cast import LAST_PAID_TYPED, LIFE_EVENT, PAPER_SENT, Cast, Walk, appoint, make_file, press
from tests.expect import fresh, kept_out, refused
from tests.pages import as_, command, push, text
from tests.transfers.working import drafts, has_it
from transfers import timeline, workflow
from transfers.models import TransferCase, TransferEvent, with_nobody
from transfers.states import Side, State
from transfers.views import work

pytestmark = pytest.mark.django_db(databases="__all__")
WHY = {"reason": "همکار در مرخصی است"}


def now(user: User) -> User:
    """Read anew, as the next request would."""
    return User.objects.get(pk=user.pk)


def last(case: TransferCase) -> TransferEvent:
    return TransferEvent.objects.filter(case=case).order_by("-sequence")[0]


# --- taking and putting back ----------------------------------------------------------------------------


def test_who_takes_a_case_has_it_and_the_trail_says_so(walk: Walk) -> None:
    case = press("take", walk.to(State.DRAFT), walk.officer)
    assert has_it(case) == walk.officer and case.taken_at is not None
    assert (last(case).action, last(case).by, last(case).details) == ("take", walk.officer, {})
    case = press("put_back", case, walk.officer)
    assert has_it(case) is None and case.taken_at is None
    assert [row.by for row in timeline.of_case(case)][-2:] == [str(walk.officer)] * 2


@pytest.mark.parametrize("name", ["approve_technical", "send_back"])
def test_a_colleague_is_told_who_has_it(walk: Walk, second: User, name: str) -> None:
    case = press("take", walk.to(State.DRAFT), walk.officer)
    with refused(NotNow, "taken") as told:
        press(name, case, second, **WHY, last_paid_month=LAST_PAID_TYPED)
    assert str(walk.officer) in str(told.value.message)
    offered = {button.action: button.reasons for button in _buttons(case, second)}
    assert offered[name] == [str(told.value.message)] and offered["take"] == []


def test_the_comparison_stays_open_to_all_and_the_taker_goes_on(walk: Walk, second: User) -> None:
    case = press("take", walk.to(State.DRAFT), walk.officer)
    press("judge", case, second, path="contact", verdict="match")
    press("dispatch_paper", case, second, **PAPER_SENT)
    walk.case = fresh(case)
    walk.technical()
    assert fresh(case).state == State.TECHNICALLY_APPROVED


def test_taking_over_needs_a_reason_which_stays_in_the_trail(walk: Walk, second: User) -> None:
    case = press("take", walk.to(State.DRAFT), walk.officer)
    with refused(BadInput, "invalid") as told:
        press("take", case, second)
    assert set(told.value.errors) == {"reason"}
    case = press("take", case, second, **WHY)
    assert has_it(case) == second
    assert (last(case).note, last(case).details["taken_from_username"]) == (WHY["reason"], walk.officer.username)
    assert str(walk.officer) in timeline.of_case(case)[-1].note
    with refused(NotNow, "blocked"):
        press("take", case, second, **WHY)
    with refused(NotNow, "blocked"):
        press("put_back", case, walk.officer)


def test_only_who_is_in_turn_takes_it(walk: Walk, second: User) -> None:
    case = walk.to(State.DRAFT)
    with refused(NotNow, "turn"):
        press("take", case, walk.clerk)
    with refused(NotAllowed, "role"):
        press("take", case, walk.cast.reader(Role.PROVINCE_SUPERVISOR))
    with refused(NotSeen, "no_case"):
        press("take", case, walk.staff)
    sent = Walk(walk.cast, make_file(walk.cast.origin, 2)).to(State.SENT)
    with refused(NotNow, "state"):
        press("take", sent, walk.head)


def test_a_held_case_is_neither_taken_nor_reassigned(walk: Walk) -> None:
    case = press("record_life_event", walk.to(State.TECHNICALLY_APPROVED), walk.clerk, **LIFE_EVENT)
    for action in ("take", "put_back", "reassign"):
        with refused(NotNow, "held"):
            press(action, case, walk.head, to=walk.head.username, **WHY)


# --- it is given back by itself -----------------------------------------------------------------------------


def test_the_next_office_finds_it_untaken(walk: Walk) -> None:
    walk.case = press("take", walk.to(State.DRAFT), walk.officer)
    walk.technical()
    assert has_it(walk.case) is None
    walk.case = press("take", walk.case, walk.head)
    walk.send()
    assert has_it(walk.case) is None and fresh(walk.case).taken_by is None


def test_it_stays_while_the_turn_stays(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    walk.copy = press("take", walk.copy, walk.staff)
    walk.compare()
    walk.verify()
    assert (walk.copy.state, has_it(walk.copy)) == (State.VERIFIED, walk.staff)
    walk.register()
    assert has_it(walk.copy) is None
    walk.copy = press("take", walk.copy, walk.other_officer)
    walk.activate()
    assert not walk.copy.is_open and has_it(walk.copy) is None


def test_who_has_left_the_office_has_nothing(walk: Walk, second: User) -> None:
    case = press("take", walk.to(State.DRAFT), second)
    Appointment.objects.filter(user=second).update(ended_at=timezone.now())
    assert (has_it(case), fresh(case).taken_by) == (None, second)
    assert TransferCase.objects.filter(with_nobody()).get() == case
    press("send_back", case, walk.officer, **WHY)
    Appointment.objects.filter(user=second).update(ended_at=None)
    again = Walk(walk.cast, make_file(walk.cast.origin, 2)).to(State.DRAFT)
    press("take", again, now(second))
    User.objects.filter(pk=second.pk).update(is_active=False)
    assert has_it(again) is None
    case = press("take", again, walk.officer)  # without a reason: there is nobody to ask
    assert has_it(case) == walk.officer and last(case).details["taken_from_username"] == second.username


def test_a_list_and_a_case_judge_alike_whether_it_counts(walk: Walk, second: User) -> None:
    case = press("take", walk.to(State.DRAFT), second)
    for office in ({}, {"role": Role.CLERK}, {"role": Role.TECHNICAL_OFFICER, "branch": walk.cast.third}):
        Appointment.objects.filter(user=second).update(**office)
        counts = fresh(case).taker is not None
        assert counts is not TransferCase.objects.filter(with_nobody()).exists()
        assert counts is (office == {})


# --- reassigning ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.BRANCH_HEAD, Role.INSURANCE_DEPUTY, Role.PROVINCE_SUPERVISOR])
def test_head_and_province_reassign_with_a_reason(walk: Walk, second: User, role: str) -> None:
    cast = walk.cast
    by = cast.reader(role) if role == Role.PROVINCE_SUPERVISOR else cast.at(cast.origin, role)
    case = press("take", walk.to(State.DRAFT), walk.officer)
    case = press("reassign", case, by, to=second.username, **WHY)
    assert has_it(case) == second
    told = last(case)
    assert (told.by, told.note, told.from_state, told.to_state) == (by, WHY["reason"], State.DRAFT, State.DRAFT)
    assert told.details["given_to_username"] == second.username
    assert told.details["taken_from_username"] == walk.officer.username
    assert str(second) in timeline.of_case(case)[-1].note


def test_only_to_who_holds_the_office_today(walk: Walk, second: User) -> None:
    case = walk.to(State.DRAFT)
    stand_in = appoint("helper", Role.CLERK, branch=walk.cast.origin)
    wrong = ["clerk_0801", "technical_officer_1001", "nobody", "", "\0", "helper"]
    for name in wrong:
        with refused(BadInput, "invalid") as told:
            press("reassign", case, walk.head, to=name, **WHY)
        assert set(told.value.errors) == {"to"}
    with refused(BadInput, "invalid"):
        press("reassign", case, walk.head, to=second.username)
    Appointment.objects.create(
        user=stand_in, role=Role.TECHNICAL_OFFICER, branch=walk.cast.origin, stands_in_for=walk.officer,
        since=today(), until=today(),
    )  # fmt: skip
    case = press("reassign", case, walk.head, to="helper", **WHY)
    assert has_it(case) == stand_in
    with refused(BadInput, "invalid"):
        press("reassign", case, walk.head, to="helper", **WHY)


def test_others_do_not_reassign(walk: Walk, second: User) -> None:
    case = walk.to(State.DRAFT)
    for by in (walk.officer, walk.clerk, walk.cast.reader(Role.CENTER_OPERATOR), walk.cast.reader(Role.AUDITOR)):
        with refused(NotAllowed, "role"):
            press("reassign", case, by, to=second.username, **WHY)
    with refused(NotSeen, "no_case"):
        press("reassign", case, walk.cast.at(walk.cast.third, Role.BRANCH_HEAD), to=second.username, **WHY)


def test_what_waits_for_another_branch_is_not_reassigned(walk: Walk) -> None:
    case = walk.to(State.RECEIVED)
    with refused(NotNow, "blocked"):
        press("reassign", case, walk.head, to=walk.officer.username, **WHY)


# --- the database ---------------------------------------------------------------------------------------------


def test_the_database_knows_by_whom_and_since_when_and_only_in_turn(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    rows, at = TransferCase.objects.filter(pk=case.pk), timezone.now()
    with kept_out("23514"):
        rows.update(taken_by=walk.officer)
    with kept_out("23514"):
        rows.update(taken_at=at)
    with kept_out("23514"):
        rows.update(taken_by=walk.officer, taken_at=at, turn="other_branch")
    with transaction.atomic():
        rows.update(taken_by=walk.officer, taken_at=at)
        transaction.set_rollback(True)


# --- pages ------------------------------------------------------------------------------------------------------


def _buttons(case: TransferCase, user: User) -> list[Any]:
    from transfers.buttons import available

    return available(fresh(case), user)


def test_a_case_and_the_lists_say_who_has_it(walk: Walk, second: User) -> None:
    case = press("take", walk.to(State.DRAFT), walk.officer)
    url = reverse("case", args=[case.pk])
    for page in (url, reverse("cartable"), reverse("case_list")):
        assert fresh(case).whose_work in text(as_(second).get(page)), page
    assert {"take", "put_back"} & {b.action for b in _buttons(case, walk.officer)} == {"put_back"}
    assert {"take", "put_back"} & {b.action for b in _buttons(case, second)} == {"take"}
    form = as_(second).get(reverse("case_step", args=[case.pk, "take"]))
    assert form.status_code == 200 and "reason" in form.context["page"].step.form.fields
    assert push(second, "take", case).status_code == 422
    assert push(second, "take", case, **WHY).status_code == 302 and has_it(case) == second


def test_why_it_came_back_is_still_read_after_it_was_taken(walk: Walk) -> None:
    case = press("send_back", walk.to(State.TECHNICALLY_APPROVED), walk.head, **WHY)
    case = press("take", case, walk.clerk)
    page = as_(walk.clerk).get(reverse("case", args=[case.pk])).context["page"]
    assert page.brought_back.note == WHY["reason"]


def test_the_queues_are_mine_nobodys_and_all(cast: Cast, second: User) -> None:
    mine, _theirs, free = drafts(cast, 1, 2, 3)
    officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    press("take", mine, officer)
    press("take", _theirs, second)
    page = as_(officer).get(reverse("cartable"))
    assert {row["work"]: row["n"] for row in page.context["work_counts"]} == {"mine": 1, "free": 1}
    for name, found in (("mine", [mine]), ("free", [free]), ("", [mine, _theirs, free]), ("x", [mine, _theirs, free])):
        rows = as_(officer).get(reverse("cartable"), {"work": name}).context["rows"]
        assert [row.case for row in rows] == found


def test_several_are_taken_and_put_back_and_a_changed_one_is_refused_alone(cast: Cast, second: User) -> None:
    cases = drafts(cast, 1, 2, 3)
    officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    seen = {f"seen-{case.pk}": case.trail_length for case in cases}
    press("take", cases[1], second)
    form = command(action="take", case=[case.pk for case in cases], **seen)
    for _twice in range(2):  # the same form again changes nothing
        answer = as_(officer).post(reverse("cartable"), form)
        assert [has_it(case) for case in cases] == [officer, second, officer]
        assert [bool(outcome.reason) for outcome in answer.context["pressed"].outcomes] == [False, True, False]
    assert TransferEvent.objects.filter(action="take").count() == 3
    for action, wanted in (("put_back", None), ("take", officer), ("put_back", None)):
        seen = {f"seen-{case.pk}": fresh(case).trail_length for case in cases}
        again = form | {"action": action} | seen  # the page that came back carries the same number
        as_(officer).post(reverse("cartable"), again | {"case": cases[0].pk})
        assert has_it(cases[0]) == wanted


def test_taking_over_in_bulk_needs_the_reason(cast: Cast, second: User) -> None:
    (case,) = drafts(cast, 1)
    press("take", case, second)
    officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    form = command(action="take", case=case.pk)
    (outcome,) = as_(officer).post(reverse("cartable"), form).context["pressed"].outcomes
    assert outcome.reason and has_it(case) == second
    (outcome,) = as_(officer).post(reverse("cartable"), form | WHY).context["pressed"].outcomes
    assert not outcome.reason and has_it(case) == officer


@pytest.mark.parametrize("posted", [{}, {"case": "1"}, {"case": "1", "action": "cancel"}, {"action": "take"}])
def test_nothing_ticked_or_another_step_is_said(walk: Walk, posted: dict[str, str]) -> None:
    walk.to(State.DRAFT)
    assert as_(walk.clerk).post(reverse("cartable"), command(**posted)).status_code == 422


def test_too_many_and_strange_numbers(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    case = walk.to(State.DRAFT)
    url, client = reverse("cartable"), as_(walk.officer)
    strange = command(action="take", case=["x", "-1", "9" * 30, str(case.pk + 99)])
    answer = client.post(url, strange)
    assert (answer.status_code, answer.context["pressed"].outcomes) == (200, [])
    assert client.post(url, {"action": "take", "case": case.pk}).status_code == 422  # without its number
    monkeypatch.setattr(work, "MOST", 1)
    assert client.post(url, command(action="take", case=[case.pk, case.pk + 1])).status_code == 422
    assert has_it(case) is None


def test_another_branch_takes_nothing_by_its_number(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    stranger = as_(walk.cast.at(walk.cast.third, Role.TECHNICAL_OFFICER))
    answer = stranger.post(reverse("cartable"), command(action="take", case=case.pk))
    assert answer.context["pressed"].outcomes == [] and has_it(case) is None


# --- the API ------------------------------------------------------------------------------------------------------


def test_the_api_says_who_has_it_and_narrows_by_it(walk: Walk, second: User) -> None:
    client, case = as_(walk.officer), walk.to(State.DRAFT)

    def rows(**asked: str) -> list[Any]:
        return [(row["taken_by"], bool(row["taken_at"])) for row in client.get("/api/cases/", asked).json()["results"]]

    assert rows() == [("", False)]
    press("take", case, second)
    assert rows() == rows(taken_by="second") == [("second", True)] and rows(taken_by="nobody") == []
    step = f"/api/cases/{case.pk}/steps/send_back/"
    body = {"command_id": str(uuid.uuid4()), "data": WHY}
    answer = client.post(step, body, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "taken")
    Appointment.objects.filter(user=second).update(until=today() - dt.timedelta(days=1))
    assert rows()[0][0] == "" and rows(taken_by="second") == []
    assert client.post(step, body, "application/json").status_code == 200


def test_the_same_press_twice_takes_it_once(walk: Walk) -> None:
    case, key = walk.to(State.DRAFT), uuid.uuid4()
    for _twice in range(2):
        workflow.perform("take", case.pk, by=walk.officer, command_id=key, seen=case.trail_length)
    assert fresh(case).trail_length == case.trail_length + 1
