"""A step pressed again, and what the center says first: one effect, and the first answer again (D3, DESIGN 11.1-4)."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from branches.models import Branch, PensionFile, User
from branches.roles import Action, Role
from central import payment, services
from central.models import Directory, Receipt, Seat
from pension_transfer.lib.errors import NotNow
from tests import oracle
from tests.cast import DIFFERENCE, LAST_PAID_TYPED, MOVE, PAPER, PAPER_SENT, Walk, make_file, national_code, press
from tests.central.sealed import envelope
from tests.cuts import cut_at, survivable
from tests.expect import fresh, refused, written
from tests.pages import as_, command
from tests.transfers.standings import FILES, INPUT, given
from transfers import exchange, hurdles, refusals, sync, workflow
from transfers.models import Attachment, Command, Crossing, TransferCase
from transfers.snapshot import SECTIONS
from transfers.states import MOVES, WITHIN, Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
WHY = {"reason": "مدرک ناقص است"}
Press = tuple[str, str, User, dict[str, Any]]  # action, side, by, data


def _take(case: TransferCase) -> None:
    """The destination receives at the center; its answer is lost on the way, the origin has not heard."""
    services.take(services.Answer(fresh(case).envelope_id, "received", "1001", uuid.uuid4(), {}))


def _receive(walk: Walk, branch: Branch | None = None, **changes: Any) -> TransferCase:
    walk.case, branch = fresh(walk.case), branch or walk.cast.destination
    given = {"by": walk.cast.at(branch, Role.DESTINATION_STAFF), "command_id": uuid.uuid4()} | changes
    return workflow.receive(walk.case.envelope_id, branch=branch, **given)


def _send_again(walk: Walk, destination: Branch | None = None) -> None:
    case = press(Action.REOPEN, fresh(walk.case), walk.clerk)
    move = MOVE | {"destination": (destination or walk.cast.destination).pk}
    walk.case = press(Action.EDIT_MOVE, case, walk.clerk, **move)
    walk.technical()
    walk.send()


def _give_back(copy: TransferCase, walk: Walk) -> None:
    staff = walk.cast.at(copy.branch, Role.DESTINATION_STAFF)
    press(Action.JUDGE, copy, staff, **DIFFERENCE)
    press(Action.RETURN_TO_ORIGIN, copy, staff)


# --- the same command twice ------------------------------------------------------------------------------------


def _ticks(side: str, by: User) -> list[Press]:
    return [(Action.JUDGE, side, by, {"path": section, "verdict": "match"}) for section in SECTIONS]


def _given(action: str, side: str) -> dict[str, Any]:
    return given(action, TransferCase.objects.get(side=side))


def _journey(walk: Walk) -> Iterator[Press]:
    """A move on which every action is taken at least once."""
    yield from _drafted(walk)
    yield from _sent_recalled_and_returned(walk)
    yield from _sent_again_and_finished(walk)


def _approved(walk: Walk) -> list[Press]:
    o, month = Side.ORIGIN, {"last_paid_month": LAST_PAID_TYPED}
    return [(Action.APPROVE_TECHNICAL, o, walk.officer, month), (Action.APPROVE_HEAD, o, walk.head, {})]


def _drafted(walk: Walk) -> Iterator[Press]:
    o = Side.ORIGIN
    yield (Action.EDIT_MOVE, o, walk.clerk, MOVE)
    PensionFile.objects.filter(pk=walk.file.pk).update(postal_code="1036934567")  # a warning
    yield (Action.ACKNOWLEDGE, o, walk.clerk, INPUT["acknowledge"])
    for action, by in ((Action.TAKE, walk.officer), (Action.PUT_BACK, walk.officer), (Action.REASSIGN, walk.head)):
        yield (action, o, by, _given(action, o))
    for _twice in range(2):
        yield (Action.ATTACH, o, walk.clerk, {"path": "principal"})
        attached = Attachment.objects.latest("id")
        yield (Action.DETACH, o, walk.clerk, WHY | {"attachment": str(attached.pk)})
    yield (Action.ATTACH, o, walk.clerk, {})
    yield (Action.SEND_BACK, o, walk.officer, WHY)
    yield (Action.ASSEMBLE, o, walk.clerk, {})
    yield (Action.STATE_CERTIFICATE, o, walk.officer, INPUT["state_certificate"])
    yield from _ticks(o, walk.officer)


def _sent_recalled_and_returned(walk: Walk) -> Iterator[Press]:
    o, d = Side.ORIGIN, Side.DESTINATION
    yield from _approved(walk)
    yield (Action.DISPATCH_PAPER, o, walk.clerk, PAPER_SENT)
    yield (Action.RECALL, o, walk.head, WHY)
    yield (Action.ASSEMBLE, o, walk.clerk, {})
    yield from _approved(walk)
    yield (Action.RECEIVE, d, walk.staff, {})
    yield (Action.ASK_QUESTION, d, walk.staff, INPUT["ask_question"])
    yield (Action.ANSWER_QUESTION, o, walk.clerk, _given(Action.ANSWER_QUESTION, o))
    yield (Action.CLOSE_QUESTION, d, walk.staff, _given(Action.CLOSE_QUESTION, d))
    yield (Action.RECORD_LIFE_EVENT, d, walk.staff, INPUT["record_life_event"])
    yield (Action.RELEASE, o, walk.head, WHY)
    yield (Action.JUDGE, d, walk.staff, DIFFERENCE)
    yield (Action.RETURN_TO_ORIGIN, d, walk.staff, {})


def _sent_again_and_finished(walk: Walk) -> Iterator[Press]:
    o, d = Side.ORIGIN, Side.DESTINATION
    yield (Action.REOPEN, o, walk.clerk, {})
    yield (Action.ASSEMBLE, o, walk.clerk, {})
    yield from _approved(walk)
    yield (Action.RECEIVE, d, walk.staff, {})
    yield (Action.SHOW_DECREES, d, walk.staff, {})
    yield (Action.RECORD_PAPER, d, walk.staff, PAPER)
    yield (Action.JUDGE, d, walk.staff, DIFFERENCE)
    yield (Action.JUDGE, d, walk.staff, {"path": "principal.birth_date", "verdict": "match"})
    yield from _ticks(d, walk.staff)
    yield (Action.VERIFY, d, walk.staff, {})
    yield (Action.REGISTER, d, walk.staff, {})
    yield (Action.ACTIVATE, d, walk.other_officer, _given(Action.ACTIVATE, d))
    yield (Action.OPEN_FOLLOW_UP, o, walk.officer, INPUT["open_follow_up"])
    yield (Action.SETTLE_FOLLOW_UP, o, walk.head, _given(Action.SETTLE_FOLLOW_UP, o))
    yield (Action.OPEN_FOLLOW_UP, d, walk.other_officer, INPUT["open_follow_up"])
    yield (Action.WITHDRAW_FOLLOW_UP, d, walk.other_officer, _given(Action.WITHDRAW_FOLLOW_UP, d))


def _once(walk: Walk, action: str, side: str, by: User, data: dict[str, Any], key: uuid.UUID) -> TransferCase:
    origin = TransferCase.objects.get(side=Side.ORIGIN)
    if action == Action.RECEIVE:
        return workflow.receive(
            origin.envelope_id or uuid.UUID(int=0), branch=walk.cast.destination, by=by, command_id=key
        )
    case = TransferCase.objects.get(side=side)
    files = FILES[action]() if action in FILES else None
    return workflow.perform(action, case.pk, by=by, command_id=key, data=data, files=files)


def test_every_action_repeated_has_one_effect(walk: Walk) -> None:
    walk.to(State.DRAFT)
    pressed = {Action.REFER, Action.CANCEL}  # these two: below
    for action, side, by, data in _journey(walk):
        key = uuid.uuid4()
        first = _once(walk, action, side, by, data, key)
        rows = written()
        assert _once(walk, action, side, by, data, key).pk == first.pk
        assert (written(), Command.objects.get(pk=key).action) == (rows, action)
        pressed.add(action)
    assert pressed == {step.action for step in MOVES + WITHIN if not step.by_itself} | {Action.REFER}
    assert oracle.problems() + oracle.unfinished() == []


@pytest.mark.parametrize("point", ["intended", "asked"])
def test_a_command_whose_answer_was_lost_is_carried_on_and_answered(
    walk: Walk, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intention stands; the same press again is no second one that is in the way of the first."""
    survivable(monkeypatch)
    case, key = walk.to(State.SENT), uuid.uuid4()
    given = {"by": walk.head, "command_id": key, "data": WHY}
    with cut_at(point):
        workflow.perform(Action.RECALL, case.pk, **given)
    assert fresh(case).state == State.SENT
    with pytest.raises(NotNow) as caught:  # a colleague's press still is
        press(Action.RECALL, case, walk.cast.at(walk.cast.origin, Role.INSURANCE_DEPUTY), **WHY)
    assert caught.value.code == "blocked"
    assert [workflow.perform(Action.RECALL, case.pk, **given).state for _twice in range(2)] == [State.DRAFT] * 2
    assert case.events.filter(action=Action.RECALL).count() == 1
    assert oracle.problems() + oracle.unfinished() == []


def test_a_referral_and_its_cancelling_repeated_have_one_effect(walk: Walk) -> None:
    key, other = uuid.uuid4(), uuid.uuid4()
    first, second = (workflow.open_case(walk.file.pk, by=walk.clerk, command_id=key, data=MOVE) for _ in range(2))
    assert (first.pk, TransferCase.objects.count()) == (second.pk, 1)
    for _ in range(2):
        case = workflow.perform(Action.CANCEL, first.pk, by=walk.clerk, command_id=other, data=WHY)
        assert (case.state, case.events.filter(action=Action.CANCEL).count()) == (State.CANCELLED, 1)


def test_a_colleagues_command_is_not_repeated_by_another(walk: Walk) -> None:
    case, key = walk.to(State.DRAFT), uuid.uuid4()
    workflow.perform(Action.ASSEMBLE, case.pk, by=walk.clerk, command_id=key)
    with refused(NotNow, "transfers_command_pkey"):
        workflow.perform(Action.SEND_BACK, case.pk, by=walk.officer, command_id=key, data=WHY)


def test_a_command_of_one_case_is_no_answer_for_another(walk: Walk) -> None:
    other = Walk(walk.cast, make_file(walk.cast.origin, 2))
    here, there, key = walk.to(State.DRAFT), other.to(State.DRAFT), uuid.uuid4()
    workflow.perform(Action.SEND_BACK, here.pk, by=walk.officer, command_id=key, data=WHY)
    with refused(NotNow, "reused"):
        workflow.perform(Action.SEND_BACK, there.pk, by=walk.officer, command_id=key, data=WHY)
    assert fresh(there).state == State.DRAFT


def test_a_command_of_one_file_is_no_answer_for_another(walk: Walk) -> None:
    other, key = make_file(walk.cast.origin, 2), uuid.uuid4()
    workflow.open_case(walk.file.pk, by=walk.clerk, command_id=key, data=MOVE)
    with refused(NotNow, "reused"):
        workflow.open_case(other.pk, by=walk.clerk, command_id=key, data=MOVE)


def test_a_command_of_one_envelope_is_no_answer_for_another(walk: Walk) -> None:
    other, key = Walk(walk.cast, make_file(walk.cast.origin, 2)), uuid.uuid4()
    walk.to(State.SENT)
    other.to(State.SENT)
    _receive(walk, command_id=key)
    with refused(NotNow, "reused"):
        _receive(other, command_id=key)


def test_what_the_center_refused_is_refused_again_with_the_same_answer(walk: Walk) -> None:
    case, key = walk.to(State.SENT), uuid.uuid4()
    _take(case)
    for _ in range(2):
        with pytest.raises(NotNow) as caught:
            workflow.perform(Action.RECALL, case.pk, by=walk.head, command_id=key, data=WHY)
        assert caught.value.code == "already_received"
    assert Crossing.objects.get(pk=key).state == "refused"


# --- receiving -----------------------------------------------------------------------------------------------


def test_receiving_again_changes_nothing(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    assert _receive(walk).pk == copy.pk
    assert (copy.events.count(), copy.contents.count(), fresh(copy).trail_length) == (1, 1, 1)
    assert oracle.problems() + oracle.unfinished() == []


def test_receiving_an_earlier_version_again_changes_nothing(walk: Walk) -> None:
    copy = walk.to(State.RETURNED, Side.DESTINATION)
    earlier = copy.envelope_id
    given = {"branch": copy.branch, "by": walk.staff}
    assert workflow.receive(earlier, command_id=uuid.uuid4(), **given).state == State.RETURNED
    _send_again(walk)
    _receive(walk)
    assert workflow.receive(earlier, command_id=uuid.uuid4(), **given).version == 2
    assert oracle.problems() + oracle.unfinished() == []


def test_the_next_version_is_received_from_the_returned_copy(walk: Walk) -> None:
    copy = walk.to(State.RETURNED, Side.DESTINATION)
    _send_again(walk)
    copy = press(Action.RECEIVE, copy, walk.staff, envelope_id=str(fresh(walk.case).envelope_id))
    assert (copy.state, copy.version) == (State.RECEIVED, 2)


def test_a_copy_tells_of_the_move_as_the_last_version_does(walk: Walk) -> None:
    copy = walk.to(State.RETURNED, Side.DESTINATION)
    PensionFile.objects.filter(pk=walk.file.pk).update(last_name="رضایی", national_code=national_code(99))
    case = press(Action.REOPEN, fresh(walk.case), walk.clerk)
    walk.case = press(Action.EDIT_MOVE, case, walk.clerk, **MOVE | {"letter_number": "99", "note": "نامه دوم"})
    walk.technical()
    walk.send()
    _receive(walk)
    told, sent = fresh(copy), fresh(walk.case)
    for name in ("person_name", "national_code", "reason", "letter_number", "letter_date", "note"):
        assert getattr(told, name) == getattr(sent, name), name
    assert sent.note == "نامه دوم"


def test_receipts_of_an_earlier_version_seen_late_move_nothing(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    seen_before = fresh(walk.case)
    _give_back(copy, walk)
    _send_again(walk)
    assert sync.fetch([seen_before]) == 0
    assert (fresh(walk.case).state, fresh(walk.case).version) == (State.SENT, 2)


def test_a_receipt_nobody_can_read_does_not_stop_the_others(walk: Walk, caplog: pytest.LogCaptureFixture) -> None:
    """It stays where it is and is logged; the next one is applied (FAULTS 27)."""
    other = Walk(walk.cast, make_file(walk.cast.origin, 2))
    for each, body in ((walk, {"discrepancies": "?"}), (other, {"case": 1, "discrepancies": []})):
        each.to(State.RECEIVED, Side.DESTINATION)
        services.answer(services.Answer(each.copy.envelope, "returned", "1001", uuid.uuid4(), body))
    sync.sync()
    assert [fresh(each.case).state for each in (walk, other)] == [State.RECEIVED, State.RETURNED]
    assert "failed: mark_returned" in caplog.text
    caplog.clear()


@pytest.mark.parametrize(("envelope", "code"), [("unknown", "unknown"), ("of another", "not_addressed")])
def test_what_is_not_there_for_the_branch_is_not_received(walk: Walk, envelope: str, code: str) -> None:
    case, third = walk.to(State.SENT), walk.cast.third
    wanted = fresh(case).envelope_id if envelope == "of another" else uuid.uuid4()
    staff = walk.cast.at(third, Role.DESTINATION_STAFF)
    key = uuid.uuid4()
    for _ in range(2):  # pressed again, the answer is the same
        with pytest.raises(NotNow) as caught:
            workflow.receive(wanted, branch=third, by=staff, command_id=key)
        assert caught.value.code == code
    assert not TransferCase.objects.filter(branch=third).exists() and not Receipt.objects.exists()
    assert sync.sync().refused == [] and fresh(case).state == State.SENT


def test_staff_of_another_branch_does_not_receive_for_the_destination(walk: Walk) -> None:
    walk.to(State.SENT)
    with refused(workflow.NotAllowed, "role"):
        _receive(walk, by=walk.cast.at(walk.cast.third, Role.DESTINATION_STAFF))


def test_the_first_deposit_of_a_site_needs_no_sync_before(walk: Walk) -> None:
    Directory.objects.all().delete()
    assert walk.to(State.SENT).state == State.SENT


def test_the_page_says_that_a_branch_is_unknown_here_and_keeps_the_step(walk: Walk) -> None:
    services.publish([("9990", "new", True)])
    services.open_custody({"7000000099": 139402}, "9990", "test")
    sent = services.deposit(envelope(origin="9990", pension_number="7000000099"))
    answer = as_(walk.staff).post(reverse("receive_list"), command(only=str(sent.pk)))
    assert (answer.status_code, answer.context["outcomes"][0].tone) == (200, "error")
    assert Crossing.objects.get(envelope_id=sent.pk).state == "open"
    # The directory tells its name with the next round; what was sealed here is no file, and the step says so now.
    assert sync.sync().refused == [f"receive {sent.pk}: unknown_schema"]
    assert Branch.objects.get(pk="9990").name == "new"


# --- what the center decides ------------------------------------------------------------------------------------


def test_a_recall_after_the_destination_took_it_is_refused(walk: Walk) -> None:
    case = walk.to(State.SENT)
    _take(case)
    with pytest.raises(NotNow) as caught:
        press(Action.RECALL, case, walk.head, **WHY)
    assert (caught.value.code, fresh(case).state) == ("already_received", State.SENT)
    sync.sync()
    assert fresh(case).state == State.RECEIVED


def test_a_deposit_the_center_refuses_is_the_heads_turn_and_can_be_recalled(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    Branch.objects.filter(pk="1001").update(is_active=False)
    exchange.publish_directory()
    press(Action.APPROVE_HEAD, case, walk.head)
    case = fresh(case)
    assert (case.state, case.turn) == (State.HEAD_APPROVED, "head")
    assert case.crossings.get().reason.split()[0] == "destination_closed"
    assert hurdles.at_the_center(case) == refusals.refused_by_center("destination_closed")
    case = press(Action.RECALL, case, walk.head, **WHY)
    assert (case.state, case.turn) == (State.DRAFT, "clerk")
    assert oracle.problems() + oracle.unfinished() == []


def test_a_pension_the_center_knows_elsewhere_is_not_deposited(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    with services.center():
        seat = Seat.objects.get(pk=case.pension_number)
        payment.end(seat.pk, "0801", 140501, "test")
        payment.begin(seat.pk, "0701", 140501, "test")
        payment.hold(seat, payable_branch="0701")
    press(Action.APPROVE_HEAD, case, walk.head)
    assert (fresh(case).state, case.crossings.get().reason) == (State.HEAD_APPROVED, "no_custody 0701")


def test_a_move_may_come_back_to_the_branch_that_returned_it_first(walk: Walk) -> None:
    copy, third = walk.to(State.RETURNED, Side.DESTINATION), walk.cast.third
    _send_again(walk, third)
    assert fresh(copy).state == State.CANCELLED
    _give_back(_receive(walk, third), walk)
    _send_again(walk)
    again = _receive(walk)
    assert (again.pk, again.state, again.version, again.is_open) == (copy.pk, State.RECEIVED, 3, True)
    assert oracle.problems() + oracle.unfinished() == []


def test_cancelling_closes_the_returned_copy_whatever_was_sent_and_recalled_since(walk: Walk) -> None:
    copy = walk.to(State.RETURNED, Side.DESTINATION)
    _send_again(walk)
    case = press(Action.RECALL, walk.case, walk.head, **WHY)
    press(Action.CANCEL, case, walk.head, **WHY)
    sync.sync()
    assert (fresh(copy).state, fresh(copy).is_open) == (State.CANCELLED, False)
    assert oracle.problems() + oracle.unfinished() == []


@pytest.mark.parametrize("alias", ["default", settings.CENTER])
def test_the_center_is_not_asked_inside_a_transaction(walk: Walk, alias: str) -> None:
    case = walk.to(State.SENT)
    crossing = Crossing.objects.get(case=case)
    with pytest.raises(RuntimeError), transaction.atomic(using=alias):
        exchange.ask(crossing)
    with pytest.raises(RuntimeError), transaction.atomic(using=alias):
        exchange.open_custody({"7000000009": 140501}, "0801", "test")
