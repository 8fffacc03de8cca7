"""Two people, one moment: exactly one wins, the other is told, and both sides agree (FAULTS 13, 14, 16-18, 48)."""

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connections, transaction

from branches import services
from branches.models import Branch, PensionFile
from branches.roles import Action, Role
from central.models import Envelope, Receipt, Seat
from pension_transfer.lib.errors import NotNow, Refusal
from tests import oracle
from tests.cast import LAST_PAID_TYPED, MOVE, Cast, Walk, make_cast, make_file, press
from tests.expect import also, fresh
from tests.processes import site
from transfers import sync, workflow
from transfers.models import Command, Crossing, TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
WHY, PAPER_MISSING = {"reason": "مدرک ناقص است"}, {"code": "paper_missing"}
Move = Callable[[], Any]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


def race(*moves: Move, head_starts: tuple[float, ...] = ()) -> list[Any]:
    """What each of the moves answered, all begun at one moment: its result or its refusal."""
    barrier, answers = threading.Barrier(len(moves)), [None] * len(moves)

    def run(i: int, move: Move) -> None:
        try:
            barrier.wait(10)
            time.sleep(head_starts[i] if head_starts else 0)
            answers[i] = move()
        except Exception as error:
            answers[i] = error  # type: ignore[call-overload]
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(moves)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def _won(answers: list[Any], *codes: str) -> list[int]:
    """Who won; the others were refused with one of `codes`, or got the winner's case."""
    for answer in answers:
        assert isinstance(answer, TransferCase) or (isinstance(answer, Refusal) and answer.code in codes), answer
    return [i for i, answer in enumerate(answers) if isinstance(answer, TransferCase)]


def _all_well() -> None:
    sync.sync()
    assert oracle.problems() + oracle.unfinished() == []


def _walks(cast: Cast, state: str, side: str = Side.ORIGIN, rounds: int = 5) -> Iterator[Walk]:
    for number in range(1, rounds + 1):
        walk = Walk(cast, make_file(cast.origin, number))
        walk.to(state, side)
        yield walk


def _receiving(walk: Walk, by: Any, key: uuid.UUID | None = None) -> Move:
    envelope = fresh(walk.case).envelope_id
    assert envelope
    destination, key = walk.cast.destination, key or uuid.uuid4()
    return lambda: workflow.receive(envelope, branch=destination, by=by, command_id=key)


# --- at the origin --------------------------------------------------------------------------------------------


def test_fault_13_two_heads_press_send_at_once(cast: Cast) -> None:
    for walk in _walks(cast, State.TECHNICALLY_APPROVED):
        deputy = cast.at(cast.origin, Role.INSURANCE_DEPUTY)
        moves = [lambda by=by, walk=walk: press(Action.APPROVE_HEAD, walk.case, by) for by in (walk.head, deputy)]
        assert len(_won(race(*moves), "state", "turn", "stale", "busy")) == 1
        assert walk.case.events.filter(action=Action.APPROVE_HEAD).count() == 1
    assert Envelope.objects.count() == 5
    _all_well()


@pytest.mark.parametrize("action", [Action.APPROVE_HEAD, Action.RECALL, Action.REFER])
def test_fault_14_one_press_sent_twice_has_one_effect_and_one_answer(cast: Cast, action: str) -> None:
    state = {Action.APPROVE_HEAD: State.TECHNICALLY_APPROVED, Action.RECALL: State.SENT}.get(action)
    for number in range(1, 5):
        walk, key = Walk(cast, make_file(cast.origin, number)), uuid.uuid4()
        case = walk.to(state) if state else None
        answers = race(*[_pressing(action, walk, case, key)] * 2)
        winners = _won(answers, "blocked")  # the same answer, or: it waits for the center and is finished by itself
        assert len({answers[i].pk for i in winners}) == 1
        assert Command.objects.get(pk=key).case.events.filter(action=action).count() == 1
        assert action == Action.RECALL or len(winners) == 2
    _all_well()


def _pressing(action: str, walk: Walk, case: TransferCase | None, key: uuid.UUID) -> Move:
    if case is None:
        return lambda: workflow.open_case(walk.file.pk, by=walk.clerk, command_id=key, data=MOVE)
    return lambda: workflow.perform(action, case.pk, by=walk.head, command_id=key, data=WHY)


def test_two_clerks_refer_one_file_at_once(cast: Cast) -> None:
    colleague = also(cast.at(cast.origin, Role.BRANCH_HEAD), Role.CLERK, cast.origin)
    for number in range(1, 6):
        file = make_file(cast.origin, number)
        moves = [
            lambda by=by, file=file: workflow.open_case(file.pk, by=by, command_id=uuid.uuid4(), data=MOVE)
            for by in (cast.at(cast.origin, Role.CLERK), colleague)
        ]
        assert len(_won(race(*moves), "blocked", "one_open_move", "busy")) == 1
    assert TransferCase.objects.count() == 5
    _all_well()


# --- between the branches -----------------------------------------------------------------------------------------


def _send_again(walk: Walk) -> None:
    """From wherever the last race left it, the next version is sent."""
    case = fresh(walk.case)
    if case.state == State.RECEIVED:
        copy = TransferCase.objects.get(side=Side.DESTINATION, transfer_id=case.transfer_id)
        press(Action.RETURN_TO_ORIGIN, copy, walk.staff, **PAPER_MISSING)
        case = press(Action.REOPEN, case, walk.clerk)
    press(Action.ASSEMBLE, case, walk.clerk)
    press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month=LAST_PAID_TYPED)
    press(Action.APPROVE_HEAD, case, walk.head)


RACES = int(os.environ.get("RACES", "1000"))  # fewer where time is short (docs/configuration.md)
MANY = [pytest.param(5, 40, id=f"slow{part}", marks=pytest.mark.slow) for part in range(RACES // 200)]


@pytest.mark.parametrize(("pensions", "rounds"), [(1, 12), *MANY])
def test_fault_16_recall_against_receive_is_won_by_one(cast: Cast, pensions: int, rounds: int) -> None:
    winners = []
    for number in range(1, pensions + 1):
        walk = Walk(cast, make_file(cast.origin, number))
        walk.to(State.SENT)
        winners += [_recall_against_receive(walk, i) for i in range(rounds)]
        assert oracle.unfinished() == []
    assert set(winners) == {0, 1}, "the race was none: one side always won"
    assert Receipt.objects.filter(kind__in=["received", "withdrawn"]).count() == rounds * pensions
    _all_well()


def _recall_against_receive(walk: Walk, i: int) -> int:
    """Who won; both sides agree, and the next version is on its way."""
    recall: Move = lambda: press(Action.RECALL, walk.case, walk.head, **WHY)  # noqa: E731
    starts = (0, i % 5 * 0.004) if i % 2 else (i % 5 * 0.004, 0)
    answers = race(recall, _receiving(walk, walk.staff), head_starts=starts)
    won = _won(answers, "already_received", "already_withdrawn", "withdrawn", "state", "blocked")
    assert len(won) == 1, answers
    sync.sync()
    assert fresh(walk.case).state == [State.DRAFT, State.RECEIVED][won[0]]
    _send_again(walk)
    return won[0]


def test_two_members_of_staff_receive_one_envelope_at_once(cast: Cast) -> None:
    colleague = also(cast.at(cast.destination, Role.CLERK), Role.DESTINATION_STAFF, cast.destination)
    for walk in _walks(cast, State.SENT):
        answers = race(_receiving(walk, walk.staff), _receiving(walk, colleague))
        winners = _won(answers, "one_taking_an_envelope", "busy")
        copy = TransferCase.objects.get(side=Side.DESTINATION, transfer_id=walk.case.transfer_id)
        assert {answers[i].pk for i in winners} == {copy.pk}
        assert (copy.events.count(), copy.contents.count()) == (1, 1)
    _all_well()


def test_fault_17_return_against_register_is_won_by_one(cast: Cast) -> None:
    for walk in _walks(cast, State.VERIFIED, Side.DESTINATION):
        moves: list[Move] = [
            lambda walk=walk: press(Action.REGISTER, walk.copy, walk.staff),
            lambda walk=walk: press(Action.RETURN_TO_ORIGIN, walk.copy, walk.other_officer, **PAPER_MISSING),
        ]
        codes = ("state", "blocked", "one_intention_a_case", "already_returned", "already_registered", "busy")
        won = _won(race(*moves), *codes)
        assert len(won) == 1
        assert fresh(walk.copy).state == [State.REGISTERED, State.RETURNED][won[0]]
        payer = [cast.destination, cast.origin][won[0]].pk
        assert Seat.objects.get(pk=walk.file.pension_number).payable_branch == payer
    _all_well()


def test_fault_18_two_rounds_of_sync_at_once_finish_each_step_once(cast: Cast) -> None:
    walks = list(_walks(cast, State.TECHNICALLY_APPROVED, rounds=4))
    with site() as process:
        for walk in walks:
            given = {"by": walk.head.username, "key": uuid.uuid4(), "case": walk.case.pk}
            assert process.order(Action.APPROVE_HEAD, "intended", **given) == "killed"
    assert Crossing.objects.filter(state="open").count() == 4
    reports = race(sync.sync, sync.sync)
    assert all(isinstance(report, sync.Report) for report in reports), reports
    assert (Envelope.objects.count(), TransferCase.objects.filter(state=State.SENT).count()) == (4, 4)
    _all_well()


def test_what_the_center_refuses_while_the_case_is_in_use_becomes_the_heads_turn(cast: Cast) -> None:
    walk, key = Walk(cast), uuid.uuid4()
    walk.to(State.TECHNICALLY_APPROVED)
    with site() as process:
        given = {"by": walk.head.username, "key": key, "case": walk.case.pk}
        assert process.order(Action.APPROVE_HEAD, "intended", **given) == "killed"
    Branch.objects.filter(pk=cast.destination.pk).update(is_active=False)
    with _held(TransferCase.objects.filter(pk=walk.case.pk)):
        sync.sync()
    assert fresh(walk.case).turn == "center" and walk.case.crossings.get().state == "open"
    sync.sync()
    assert (fresh(walk.case).turn, walk.case.crossings.get().state) == ("head", "refused")


# --- somebody holds on ------------------------------------------------------------------------------------------------


@contextmanager
def _held(query: Any) -> Iterator[None]:
    """Somebody else holds these rows."""
    holding, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(using=query.db):
            list(query.select_for_update())
            holding.set()
            let_go.wait(20)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(5)
    try:
        yield
    finally:
        let_go.set()
        thread.join()


def test_a_step_is_done_though_the_other_branchs_copy_is_in_use(cast: Cast) -> None:
    walk = Walk(cast)
    walk.to(State.SENT)
    with _held(TransferCase.objects.filter(pk=walk.case.pk)):
        (answer,) = race(_receiving(walk, walk.staff))
        sync.sync()
    assert isinstance(answer, TransferCase), answer
    assert (answer.state, fresh(walk.case).state) == (State.RECEIVED, State.SENT)
    _all_well()
    assert fresh(walk.case).state == State.RECEIVED


def test_a_file_somebody_holds_is_not_corrected_and_says_so(cast: Cast) -> None:
    file, clerk, begun = make_file(cast.origin), cast.at(cast.origin, Role.CLERK), time.monotonic()
    with _held(PensionFile.objects.filter(pk=file.pk)):
        (answer,) = race(lambda: services.correct(file, "contact", None, clerk, "برگ ۳", {"mobile": "09120000001"}))
    assert (getattr(answer, "code", answer), time.monotonic() - begun < 8) == ("busy", True)
    assert not file.corrections.exists()


def test_fault_48_a_case_somebody_holds_is_answered_while_it_is_held(cast: Cast) -> None:
    walk, other = list(_walks(cast, State.SENT, rounds=2))
    case, begun = press(Action.RECALL, walk.case, walk.head, **WHY), time.monotonic()
    with _held(TransferCase.objects.filter(pk=case.pk)), _held(Seat.objects.filter(pk=other.file.pension_number)):
        answers = race(lambda: press(Action.ASSEMBLE, case, walk.clerk), _receiving(other, other.staff))
    assert time.monotonic() - begun < 8
    assert [answer.code for answer in answers] == ["busy", "center"], answers
    assert isinstance(answers[0], NotNow) and fresh(case).trail_length == case.trail_length
    assert settings.CENTER and not TransferCase.objects.filter(side=Side.DESTINATION).exists()
    _all_well()  # the taking was kept and is finished
    assert TransferCase.objects.filter(side=Side.DESTINATION, state=State.RECEIVED).count() == 1
