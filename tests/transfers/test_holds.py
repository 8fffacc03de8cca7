"""A life event on the way holds the move at both branches; the first word in the center wins (DESIGN 11.20)."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from branches.roles import Action, Role
from central import services
from central.models import Envelope, Receipt
from central.rules import Refused
from pension_transfer.lib import failpoints
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen
from tests import oracle
from tests.cast import LIFE_EVENT, Walk, press
from tests.expect import fresh, refused
from tests.pages import as_, goes_to, push
from transfers import sync
from transfers.models import Crossing, TransferCase
from transfers.states import Side, State, Turn

pytestmark = pytest.mark.django_db(databases="__all__")
WHY, OTHER = {"reason": "گواهی باطل شد"}, {"code": "other", "note": "بازماندگان درخواست دادند"}


def hold(case: TransferCase, by: Any, **changes: Any) -> TransferCase:
    return press(Action.RECORD_LIFE_EVENT, fresh(case), by, **(LIFE_EVENT | changes))


def release(case: TransferCase, by: Any) -> TransferCase:
    return press(Action.RELEASE, fresh(case), by, **WHY)


def both(walk: Walk) -> tuple[TransferCase, TransferCase]:
    return fresh(walk.case), fresh(walk.copy)


def all_well() -> None:
    sync.sync()
    assert oracle.problems() + oracle.unfinished() == []


# --- both branches --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("says", Side.values)
def test_fault_38_both_branches_know_at_once_what_one_records_and_either_releases_it(walk: Walk, says: str) -> None:
    walk.to(State.VERIFIED)
    mine, other = both(walk) if says == Side.ORIGIN else both(walk)[::-1]
    people = {Side.ORIGIN: walk.officer, Side.DESTINATION: walk.other_officer}
    hold(mine, people[Side(mine.side)])
    here, there = both(walk)
    assert (here.is_held, there.is_held) == (True, True)
    assert (here.turn, there.turn) == (Turn.HEAD, Turn.OTHER_BRANCH)
    facts = ("held_event", "held_on", "held_note", "held_by_name", "held_branch_code")
    assert [getattr(here, name) for name in facts] == [getattr(there, name) for name in facts]
    assert (here.held_branch_code, str(here.held_on)) == (mine.branch_id, "2026-11-17")
    all_well()
    release(other, people[Side(other.side)])
    here, there = both(walk)
    assert (here.is_held, there.is_held, here.held_event) == (False, False, "")
    assert (here.turn, there.turn) == (Turn.OTHER_BRANCH, Turn.DESTINATION_STAFF)
    all_well()
    walk.register()
    walk.activate()
    assert walk.copy.activated_at


def test_the_trail_of_both_tells_of_it(walk: Walk) -> None:
    walk.to(State.RECEIVED)
    hold(walk.case, walk.clerk)
    release(walk.copy, walk.other_officer)
    told = {case.side: list(case.events.values_list("action", "by_name", "branch_code"))[-2:] for case in both(walk)}
    clerk, officer = str(walk.clerk), str(walk.other_officer)
    assert told[Side.ORIGIN] == [("record_life_event", clerk, "0801"), ("hear_released", officer, "1001")]
    assert told[Side.DESTINATION] == [("hear_held", clerk, "0801"), ("release", officer, "1001")]
    details = walk.case.events.get(action="record_life_event").details
    assert details == {"event": "death", "event_on": "2026-11-17"}


def test_what_nobody_but_this_branch_knows_of_is_held_here_alone(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    held = hold(case, walk.head)
    assert (held.is_held, held.turn, Crossing.objects.count(), Receipt.objects.count()) == (True, Turn.HEAD, 0, 0)
    with refused(NotNow, "held"):
        press(Action.APPROVE_HEAD, case, walk.head)
    release(case, walk.head)
    walk.send()
    assert fresh(case).state == State.SENT
    all_well()


def test_what_waits_at_the_center_can_be_recalled_and_not_received(walk: Walk) -> None:
    case = hold(walk.to(State.SENT), walk.clerk)
    with pytest.raises(NotNow) as caught:
        walk.receive()
    assert caught.value.code == "held"
    assert not TransferCase.objects.filter(side=Side.DESTINATION).exists()
    case = press(Action.RECALL, case, walk.head, **WHY)
    assert (case.state, case.is_held, case.turn) == (State.DRAFT, True, Turn.HEAD)
    all_well()
    case = release(case, walk.officer)
    press(Action.ASSEMBLE, case, walk.clerk)
    walk.technical()
    walk.send()
    walk.receive()
    assert not walk.copy.is_held
    all_well()


@pytest.mark.parametrize("ends", [Action.RELEASE, Action.CANCEL])
def test_a_held_file_goes_back_and_stays_held_until_the_origin_decides(walk: Walk, ends: str) -> None:
    walk.to(State.VERIFIED)
    hold(walk.copy, walk.staff)
    press(Action.RETURN_TO_ORIGIN, walk.copy, walk.staff, **OTHER)
    case, copy = both(walk)
    assert [(c.state, c.is_held) for c in (case, copy)] == [(State.RETURNED, True)] * 2
    with refused(NotNow, "held"):
        press(Action.REOPEN, case, walk.clerk)
    case = press(ends, case, walk.head, **WHY)
    sync.sync()
    assert case.is_open is (ends == Action.RELEASE)
    assert fresh(copy).is_held is (ends == Action.CANCEL) is not fresh(copy).is_open
    all_well()


def test_a_receipt_on_its_way_still_moves_the_held_copy(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    walk.to(State.RECEIVED)
    walk.compare()
    monkeypatch.setattr("transfers.workflow.on_crossed", [])  # two sites: the origin hears with its next round
    walk.verify()
    hold(walk.case, walk.head)
    sync.sync()
    case, copy = both(walk)
    assert [(c.state, c.is_held) for c in (case, copy)] == [(State.VERIFIED, True)] * 2
    all_well()


# --- who is first ---------------------------------------------------------------------------------------------


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sites: what one has said, the other hears with its next round."""
    monkeypatch.setattr("transfers.workflow.on_crossed", [])


@pytest.mark.usefixtures("apart")
def test_a_registration_that_comes_second_is_refused(walk: Walk) -> None:
    walk.to(State.VERIFIED)
    sync.sync()
    hold(walk.case, walk.officer)
    with pytest.raises(NotNow) as caught:
        walk.register()
    assert (caught.value.code, fresh(walk.copy).state) == ("held", State.VERIFIED)
    sync.sync()
    assert fresh(walk.copy).is_held
    all_well()


@pytest.mark.usefixtures("apart")
def test_a_hold_that_comes_after_the_registration_holds_the_activation(walk: Walk) -> None:
    walk.to(State.VERIFIED)
    sync.sync()
    walk.register()
    held = hold(walk.case, walk.officer)
    assert (held.state, held.is_held) == (State.VERIFIED, True)
    sync.sync()
    case, copy = both(walk)
    assert [(c.state, c.is_held) for c in (case, copy)] == [(State.REGISTERED, True)] * 2
    with refused(NotNow, "held"):
        press(Action.ACTIVATE, copy, walk.other_officer)
    all_well()


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize("step", ["verify", "activate"])
def test_what_a_branch_did_before_it_heard_of_the_hold_waits_for_the_release(walk: Walk, step: str) -> None:
    walk.to({"verify": State.RECEIVED, "activate": State.REGISTERED}[step], Side.DESTINATION)
    sync.sync()
    if step == "verify":
        walk.compare()
    hold(walk.case, walk.officer)
    getattr(walk, step)()
    said = {"verify": "verified", "activate": "activated"}[step]
    for _ in range(2):
        assert not sync.sync().unreachable
        assert not Receipt.objects.filter(kind=said).exists()
    assert oracle.problems() + oracle.unfinished() == []
    release(walk.case, walk.head)
    sync.sync()
    assert Receipt.objects.filter(kind=said).count() == 1
    all_well()


@pytest.mark.usefixtures("apart")
def test_the_second_to_hold_and_the_second_to_release_are_told(walk: Walk) -> None:
    walk.to(State.RECEIVED)
    sync.sync()
    hold(walk.case, walk.clerk)
    with pytest.raises(NotNow) as caught:
        hold(walk.copy, walk.staff)
    assert caught.value.code == "already_held"
    sync.sync()
    release(walk.case, walk.head)
    with pytest.raises(NotNow) as caught:
        release(walk.copy, walk.other_officer)
    assert caught.value.code == "not_held"
    all_well()
    assert not fresh(walk.copy).is_held


@pytest.mark.usefixtures("apart")
def test_of_two_words_the_later_one_counts_however_late_the_first_is_heard(walk: Walk) -> None:
    walk.to(State.RECEIVED)
    sync.sync()
    hold(walk.case, walk.clerk)
    release(walk.case, walk.head)
    hold(walk.copy, walk.staff, event="court_order")  # the destination has heard nothing yet
    sync.sync()
    assert [(c.is_held, c.held_event) for c in both(walk)] == [(True, "court_order")] * 2
    all_well()


class Killed(BaseException):
    pass


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize("point", ["intended", "asked", "finishing"])
@pytest.mark.parametrize("action", ["hold", "release"])
def test_a_word_that_is_cut_on_its_way_is_finished(
    walk: Walk, monkeypatch: pytest.MonkeyPatch, point: str, action: str
) -> None:
    walk.to(State.VERIFIED)
    sync.sync()
    if action == "release":
        hold(walk.case, walk.head)

    def die(*_of: Any) -> None:
        raise Killed

    monkeypatch.setattr(failpoints.os, "kill", die)
    monkeypatch.setattr(failpoints, "ARMED", point)
    with pytest.raises(Killed):
        {"hold": hold, "release": release}[action](walk.case, walk.head)
    monkeypatch.setattr(failpoints, "ARMED", "")
    sync.sync()
    sync.sync()
    assert [case.is_held for case in both(walk)] == [action == "hold"] * 2
    all_well()


@pytest.mark.usefixtures("apart")
def test_the_others_answer_to_a_word_cut_here_does_not_come_before_it(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk.to(State.VERIFIED)
    sync.sync()

    def die(*_of: Any) -> None:
        raise Killed

    monkeypatch.setattr(failpoints.os, "kill", die)
    monkeypatch.setattr(failpoints, "ARMED", "asked")
    with pytest.raises(Killed):
        hold(walk.case, walk.head)
    monkeypatch.setattr(failpoints, "ARMED", "")
    sync.fetch(TransferCase.objects.filter(pk=walk.copy.pk))
    release(walk.copy, walk.other_officer)
    sync.fetch()
    assert not walk.case.events.filter(action="hear_released").exists()
    sync.sync()
    assert [case.is_held for case in both(walk)] == [False, False]
    all_well()


# --- in the center --------------------------------------------------------------------------------------------


def said(envelope: Envelope, kind: str, branch: str) -> str:
    """What the center answers: the code of its refusal, or nothing."""
    try:
        services.answer(services.Answer(envelope.pk, kind, branch, uuid.uuid4(), {}))
    except Refused as no:
        return no.code
    return ""


def test_the_center_takes_no_step_of_what_is_held_and_nothing_for_nothing(walk: Walk) -> None:
    walk.to(State.VERIFIED)
    envelope = Envelope.objects.get()
    assert said(envelope, "released", "0801") == "not_held"
    assert said(envelope, "held", "0701") == "not_addressed"
    assert said(envelope, "held", "0801") == ""
    assert said(envelope, "held", "1001") == "already_held"
    assert said(envelope, "registered", "1001") == "held"
    assert said(envelope, "released", "1001") == ""
    assert said(envelope, "released", "1001") == "not_held"
    assert said(envelope, "registered", "1001") == ""
    assert (said(envelope, "held", "1001"), said(envelope, "activated", "1001")) == ("", "held")
    assert (said(envelope, "released", "0801"), said(envelope, "activated", "1001")) == ("", "")
    assert said(envelope, "held", "0801") == "already_activated"


# --- at the door ----------------------------------------------------------------------------------------------

WRONG = [
    {"event": ""}, {"event": "birth"}, {"event_on": ""}, {"event_on": "1405/13/01"}, {"event_on": "1499/01/01"},
    {"note": ""}, {"note": "x" * 301},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_an_event_without_kind_day_or_note_is_refused(walk: Walk, wrong: dict[str, str]) -> None:
    case = walk.to(State.DRAFT)
    with refused(BadInput, "invalid") as caught:
        hold(case, walk.clerk, **wrong)
    assert set(caught.value.errors) == set(wrong)


def test_only_who_may_and_only_once(walk: Walk) -> None:
    case = walk.to(State.RECEIVED)
    with refused(NotSeen, "no_case"):
        hold(case, walk.cast.at(walk.cast.third, Role.BRANCH_HEAD))
    with refused(NotAllowed, "role"):
        hold(case, walk.cast.reader(Role.PROVINCE_SUPERVISOR))
    with refused(NotNow, "not_held"):
        release(case, walk.head)
    hold(case, walk.clerk)
    with refused(NotNow, "held"):
        hold(case, walk.head)
    with refused(NotAllowed, "role"):
        release(case, walk.clerk)
    with refused(BadInput, "invalid"):
        press(Action.RELEASE, case, walk.head)


def test_a_hold_says_what_it_is_of(walk: Walk) -> None:
    case = hold(walk.to(State.DRAFT), walk.clerk)
    for change in ({"held_event": ""}, {"held_on": None}, {"held_branch_code": ""}, {"held_since": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            TransferCase.objects.filter(pk=case.pk).update(**change)


# --- on the pages ---------------------------------------------------------------------------------------------


def test_both_pages_say_what_happened_and_what_is_possible(walk: Walk) -> None:
    walk.to(State.VERIFIED)
    answer = push(walk.clerk, Action.RECORD_LIFE_EVENT, fresh(walk.case), **LIFE_EVENT, back="step")
    assert goes_to(answer) == reverse("case", args=[walk.case.pk])
    offered = {}
    for case, person in ((walk.case, walk.officer), (walk.copy, walk.other_officer)):
        page = as_(person).get(reverse("case", args=[case.pk])).context["page"]
        assert page.hold.note == LIFE_EVENT["note"] and page.hold.hint and page.hold.possible
        offered[case.pk] = set(page.steps)
    assert offered == {walk.case.pk: {"release"}, walk.copy.pk: {"release", "return_to_origin"}}
    (row,) = as_(walk.head).get(reverse("cartable")).context["rows"]
    assert (row.case.pk, row.step.action, row.url) == (walk.case.pk, "release", reverse("case", args=[walk.case.pk]))
    assert as_(walk.staff).get(reverse("cartable")).context["rows"] == []
    auditor = as_(walk.cast.reader(Role.AUDITOR)).get(reverse("case", args=[walk.case.pk]))
    assert auditor.context["page"].hold
    push(walk.officer, Action.RELEASE, fresh(walk.case), **WHY)
    assert as_(walk.staff).get(reverse("case", args=[walk.copy.pk])).context["page"].hold is None


def test_a_copy_that_went_back_reads_that_the_origin_decides(walk: Walk) -> None:
    walk.to(State.RETURNED)
    hold(walk.case, walk.clerk, event="other")
    page = as_(walk.staff).get(reverse("case", args=[walk.copy.pk])).context["page"]
    assert page.hold.possible and not page.hold.hint and not page.steps
    release(walk.case, walk.head)
    all_well()


def test_what_is_held_does_not_stand_among_what_can_be_sent(walk: Walk) -> None:
    case = hold(walk.to(State.TECHNICALLY_APPROVED), walk.clerk)
    head = as_(walk.head)
    assert head.get(reverse("send_list")).context["cases"] == []
    data = {"command_id": str(uuid.uuid4()), "case": case.pk, f"hash-{case.pk}": case.content_hash}
    (outcome,) = head.post(reverse("send_list"), data).context["outcomes"]
    assert outcome.reason and fresh(case).state == State.TECHNICALLY_APPROVED
