"""«موارد گیرکرده»: who sees what is stuck, and what can be done about it without losing anything."""

import uuid
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from branches.models import User
from branches.roles import Action, Role
from central import services
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen
from tests import oracle
from tests.cast import Walk, press
from tests.expect import fresh, refused
from tests.pages import as_, command, queries, text
from tests.transfers.test_clock import waited
from transfers import exchange, stuck, sync, workflow
from transfers.models import Command, Crossing, StuckItem
from transfers.progress import Progress, progress_of
from transfers.states import State, Turn

pytestmark = pytest.mark.django_db(databases="__all__")
WHY = "به متصدی مرکز گفته شد"


@pytest.fixture
def deposit(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> StuckItem:
    """A deposit that was set aside."""
    walk.to(State.TECHNICALLY_APPROVED)
    with monkeypatch.context() as away:
        away.setattr(exchange, "ask", _away)
        walk.send()
    return _stuck(walk, Crossing.objects.get(state="open"))


def _away(crossing: Crossing) -> None:
    raise exchange.Unreachable("away")


def _stuck(walk: Walk, crossing: Crossing) -> StuckItem:
    return StuckItem.objects.create(
        kind="crossing", ref=str(crossing.pk), action=crossing.action, branch=crossing.branch, case=crossing.case,
        why="KeyError: 'x'", code="KeyError", tries=5, last_at=timezone.now(), set_aside_at=timezone.now(),
    )  # fmt: skip


def _page(item: StuckItem) -> str:
    return reverse("stuck_item", args=[item.pk])


@pytest.mark.parametrize(
    ("place", "status"),
    [
        (("0801", Role.BRANCH_HEAD), 200), (("0801", Role.TECHNICAL_OFFICER), 200), (("", Role.CENTER_OPERATOR), 200),
        (("", Role.AUDITOR), 200), (("0801", Role.CLERK), 404), (("1001", Role.BRANCH_HEAD), 404),
        (("", "outsider"), 404),
    ],
)  # fmt: skip
def test_it_is_seen_by_those_who_look_after_it(
    walk: Walk, deposit: StuckItem, place: tuple[str, str], status: int
) -> None:
    client = as_(walk.cast.people[place])
    assert client.get(_page(deposit)).status_code == status
    shown = client.get(reverse("stuck_list"))
    assert (shown.status_code == 200 and _page(deposit) in text(shown)) is (status == 200)


def test_the_list_and_the_work_queue_show_it_in_few_queries(walk: Walk, deposit: StuckItem) -> None:
    assert queries(walk.head, reverse("stuck_list")) <= 18
    assert queries(walk.head, _page(deposit)) <= 18
    assert reverse("stuck_list") in text(as_(walk.head).get(reverse("cartable")))


def test_tried_again_it_is_done_with_the_next_round(walk: Walk, deposit: StuckItem) -> None:
    for part in sync.parts(sync.Report()):
        list(part)
    assert fresh(walk.case).state == State.HEAD_APPROVED  # set aside
    answer = as_(walk.head).post(_page(deposit), command(press="retry"))
    assert answer.status_code == 302
    for part in sync.parts(sync.Report()):
        list(part)
    assert (fresh(walk.case).state, StuckItem.objects.get().outcome) == (State.SENT, "done")


def test_handed_over_it_says_to_whom_and_why(walk: Walk, deposit: StuckItem) -> None:
    client, form = as_(walk.head), command(press="hand_over", to=Role.CENTER_OPERATOR, reason=WHY)
    assert [client.post(_page(deposit), form).status_code for _ in range(2)] == [302, 302]
    row = StuckItem.objects.get()
    assert (row.handed_to, row.reason, row.by) == (Role.CENTER_OPERATOR, WHY, walk.head)
    assert Command.objects.filter(action=Action.HAND_OVER_STUCK).count() == 1
    assert client.post(_page(deposit), command(press="hand_over", to="", reason="")).status_code == 422
    with refused(BadInput, "to"):
        stuck.hand_over(deposit.pk, by=walk.head, command_id=uuid.uuid4(), to="clerk", reason=WHY)


def test_a_deposit_given_up_is_the_heads_turn_who_recalls_it(walk: Walk, deposit: StuckItem) -> None:
    assert as_(walk.head).post(_page(deposit), command(press="give_up", reason=WHY)).status_code == 302
    case = fresh(walk.case)
    assert (case.turn, StuckItem.objects.get().outcome) == (Turn.HEAD, "given_up")
    assert case.events.latest("sequence").note == WHY
    assert press(Action.RECALL, case, walk.head, reason=WHY).state == State.DRAFT
    assert oracle.problems() + oracle.unfinished() == []


@pytest.mark.parametrize("who", ["auditor", "officer"])
def test_only_a_head_gives_up(walk: Walk, deposit: StuckItem, who: str) -> None:
    by: User = walk.officer if who == "officer" else walk.cast.reader(Role.AUDITOR)
    with refused(NotAllowed, "role"):
        stuck.give_up(deposit.pk, by=by, command_id=uuid.uuid4(), reason=WHY)
    with refused(NotSeen, "no_item"):
        stuck.retry(deposit.pk, by=walk.clerk, command_id=uuid.uuid4())


def test_what_the_center_has_done_is_not_given_up(walk: Walk, deposit: StuckItem) -> None:
    crossing = Crossing.objects.get(state="open")
    exchange.VERBS[crossing.verb](crossing)  # and its answer was lost
    with refused(NotNow, "done"):
        stuck.give_up(deposit.pk, by=walk.head, command_id=uuid.uuid4(), reason=WHY)
    sync.sync()
    assert fresh(walk.case).state == State.SENT and StuckItem.objects.get().outcome == "done"


def test_what_the_other_branch_waits_for_is_not_given_up(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    walk.to(State.RECEIVED)
    walk.compare()
    with monkeypatch.context() as away:
        away.setattr(exchange, "ask", _away)
        walk.verify()
    item = _stuck(walk, Crossing.objects.get(state="open", action="verify"))
    head = walk.cast.at(walk.cast.destination, Role.BRANCH_HEAD)
    with refused(NotNow, "needed"):
        stuck.give_up(item.pk, by=head, command_id=uuid.uuid4(), reason=WHY)


def _poisoned_message(walk: Walk, kind: str) -> StuckItem:
    copy = walk.to(State.RECEIVED)
    said = services.Answer(copy.envelope, kind, "1001", uuid.uuid4(), {"paper_arrived_on": {"never": "so"}})
    services.answer(said)
    sync.sync()
    return StuckItem.objects.get()


def test_a_message_that_nobody_waits_for_is_given_up_and_not_heard_again(
    walk: Walk, caplog: pytest.LogCaptureFixture
) -> None:
    item = _poisoned_message(walk, "paper_arrived")
    caplog.clear()
    assert (item.kind, item.action, item.tries) == ("receipt", "hear_paper_arrived", 1)
    stuck.give_up(item.pk, by=walk.head, command_id=uuid.uuid4(), reason=WHY)
    sync.sync()
    assert not StuckItem.objects.open().exists() and oracle.problems() == []


def test_a_poisoned_step_told_before_does_not_break_the_page(
    walk: Walk, deposit: StuckItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(crossing: Crossing) -> Any:
        raise KeyError("x")

    monkeypatch.setattr(exchange, "ask", broken)
    data = {"paper_sent_on": "1405/08/22", "paper_method": "registered_mail", "paper_sent_letter": "55/2",
            "paper_sent_pages": "120", "parcel_number": "218330051400001234"}  # fmt: skip
    workflow.perform(Action.DISPATCH_PAPER, walk.case.pk, by=walk.clerk, command_id=uuid.uuid4(), data=data)
    assert Crossing.objects.filter(state="open").count() == 2


# --- 54: nobody pulls, nobody registers -----------------------------------------------------------------------


def test_fault_54_a_move_is_in_time_or_late_in_one_of_three_ways(walk: Walk) -> None:
    case = walk.to(State.SENT)
    day = timezone.localdate()
    later = day + timezone.timedelta(days=60)
    assert (progress_of(case, day), progress_of(case, later)) == (Progress.IN_TIME, Progress.NEVER_RECEIVED)
    walk.receive()
    assert progress_of(walk.copy, later) == progress_of(fresh(case), later) == Progress.NOT_REGISTERED
    assert str(Progress.NOT_REGISTERED.label)


def test_fault_54_what_nobody_receives_is_shown_to_whoever_looks_after_it(walk: Walk) -> None:
    case = walk.to(State.SENT)
    shown = {case.pk: [walk.head, walk.cast.reader(Role.PROVINCE_SUPERVISOR), walk.cast.reader(Role.CENTER_OPERATOR)]}
    for days, seen in ((3, False), (4, True)):
        waited(case, days)
        for user in shown[case.pk]:
            page = as_(user).get(reverse("overdue"))
            assert [one.pk for one, _due in page.context["unreceived"]] == [case.pk] * seen
    assert "دیرکرد" in text(page) and case.person_name in text(page)
    walk.receive()
    assert as_(walk.head).get(reverse("overdue")).context["unreceived"] == []
