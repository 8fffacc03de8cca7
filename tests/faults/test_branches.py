"""A branch closes, merges or changes its code while moves are open (FAULTS 37); one pension is referred twice (39)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from branches.models import Appointment, Branch, CustodyRequest, PensionFile, User
from branches.roles import Action, Role
from central import services
from central.models import Custody, Envelope, Seat
from pension_transfer.lib.errors import NotAllowed, NotNow
from pension_transfer.lib.months import Month
from tests import oracle
from tests.cast import LAST_PAID, Cast, Walk, make_file, press
from tests.central.sealed import envelope
from tests.expect import fresh
from transfers import branch_changes, hurdles, sync
from transfers.models import BranchChange, TransferCase
from transfers.payment import Code, may_pay
from transfers.reconcile import Scope, reconcile
from transfers.states import State, Turn

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
REASON = "نامهٔ ۱۲/۳۴۵ مرکز"
WHY = {"reason": "مدرک ناقص است"}


def merge(cast: Cast, old: Branch, new: Branch) -> Any:
    return branch_changes.merge(old.pk, new.pk, REASON, by=cast.reader(Role.CENTER_OPERATOR))


def sound() -> None:
    """Nothing is left to be done, and neither the oracle nor the product's own check finds a fault."""
    sync.sync()
    assert oracle.problems() == []
    assert oracle.unfinished() == []
    assert [str(problem) for problem in reconcile(Scope()).problems] == []


def heirs(walk: Walk) -> Walk:
    """From now on the third branch's people act for the destination."""
    cast = walk.cast
    walk.staff = cast.at(cast.third, Role.DESTINATION_STAFF)
    walk.other_officer = cast.at(cast.third, Role.TECHNICAL_OFFICER)
    return walk


def anew(user: User) -> User:
    """As the next request reads this person."""
    return User.objects.get(pk=user.pk)


def told(case: TransferCase) -> list[tuple[str, str]]:
    rows = case.events.filter(action="hear_branch_change").values_list("details", flat=True)
    return [(row["closed_branch"], row["successor"]) for row in rows]


LATER = {
    State.SENT: ["receive", "compare", "verify", "register", "activate"],
    State.RECEIVED: ["compare", "verify", "register", "activate"],
    State.VERIFIED: ["register", "activate"],
    State.REGISTERED: ["activate"],
}


@pytest.mark.parametrize("state", LATER)
def test_fault_37_what_was_sealed_for_a_merged_branch_is_finished_by_its_successor(walk: Walk, state: State) -> None:
    case = walk.to(state)
    merge(walk.cast, walk.cast.destination, walk.cast.third)
    assert told(fresh(case)) == [("1001", "0701")]
    sound()
    for name in LATER[state]:
        getattr(heirs(walk), name)()
    sync.sync()
    assert (fresh(case).closed_at, fresh(walk.copy).closed_at).count(None) == 0
    assert Seat.objects.get(pk=case.pension_number).payable_branch == "0701"
    assert fresh(walk.copy).file.branch_id == "0701"
    assert Envelope.objects.get().destination == "1001"  # what is sealed never changes
    assert may_pay(case.pension_number, "0701", Month(LAST_PAID) + 1).code == Code.PAYABLE
    sound()


@pytest.mark.parametrize("state", [State.DRAFT, State.TECHNICALLY_APPROVED])
def test_fault_37_what_was_not_sealed_yet_is_addressed_anew(walk: Walk, state: State) -> None:
    case = walk.to(state)
    merge(walk.cast, walk.cast.destination, walk.cast.third)
    case = fresh(case)
    assert (case.destination_id, case.state, told(case)) == ("0701", State.DRAFT, [("1001", "0701")])
    assert case.turn in {Turn.TECHNICAL_OFFICER, Turn.CLERK}
    sound()
    if not case.is_assembled:
        case = press(Action.ASSEMBLE, case, walk.clerk)
    walk.case = case
    walk.cast.destination = walk.cast.third
    for name in ("technical", "send", *LATER[State.SENT]):
        getattr(heirs(walk), name)()
    assert fresh(walk.copy).branch_id == "0701"
    sound()


@pytest.mark.parametrize("state", [State.DRAFT, State.TECHNICALLY_APPROVED, *LATER, State.RETURNED])
def test_fault_37_the_moves_of_a_merged_origin_go_on_with_its_people_and_files(walk: Walk, state: State) -> None:
    case, cast = walk.to(state), walk.cast
    idle = make_file(cast.origin, 7)
    merge(cast, cast.origin, cast.third)
    assert PensionFile.objects.get(pk=idle.pk).branch_id == "0701"
    assert not Appointment.objects.current().filter(branch="0801").exists()
    clerk = cast.people["0801", Role.CLERK]
    assert TransferCase.objects.visible_to(anew(clerk)).filter(pk=case.pk).exists()
    held = Custody.objects.filter(pension_number=idle.pension_number).order_by("id")
    assert [(row.branch_code, row.ended_reason) for row in held] == [("0801", "succeeded"), ("0701", "")]
    assert may_pay(idle.pension_number, "0701", Month(LAST_PAID) + 1).code == Code.PAYABLE
    sound()
    walk.clerk, walk.officer, walk.head = anew(walk.clerk), anew(walk.officer), anew(walk.head)
    if state == State.RETURNED:
        walk.case = press(Action.ASSEMBLE, press(Action.REOPEN, fresh(case), walk.clerk), walk.clerk)
    if state in {State.DRAFT, State.RETURNED}:
        walk.technical()
    if state not in LATER:
        walk.send()
    for name in LATER.get(state, LATER[State.SENT]):
        getattr(walk, name)()
    sync.sync()
    assert Seat.objects.get(pk=case.pension_number).payable_branch == "1001"
    assert fresh(case).file.status == "moved"
    sound()


def test_fault_37_a_move_between_two_branches_that_became_one_is_given_up(cast: Cast) -> None:
    sealed, drafted = Walk(cast, make_file(cast.origin, 1)), Walk(cast, make_file(cast.origin, 2))
    sealed.to(State.VERIFIED)
    case = drafted.to(State.TECHNICALLY_APPROVED)
    merge(cast, cast.destination, cast.origin)
    assert (fresh(case).turn, fresh(case).missing) == (Turn.CLERK, [["move", "one_branch"]])
    sound()
    press(Action.CANCEL, fresh(case), drafted.head, **WHY)
    with pytest.raises(NotNow):
        sealed.register()
    staff = anew(sealed.staff)
    press(Action.RETURN_TO_ORIGIN, sealed.copy, staff, code="other", note="دو شعبه یکی شده‌اند")
    press(Action.CANCEL, fresh(sealed.case), sealed.head, **WHY)
    sound()
    assert set(PensionFile.objects.values_list("branch", "frozen_by")) == {("0801", None)}


def test_fault_37_a_pensioner_who_once_left_the_successor_comes_back_to_it(walk: Walk) -> None:
    cast = walk.cast
    walk.to(State.REGISTERED)
    walk.activate()
    sync.sync()
    merge(cast, cast.destination, cast.origin)
    files = PensionFile.objects.order_by("branch").values_list("branch", "status")
    assert list(files) == [("0801", "active"), ("1001", "moved")]
    assert Seat.objects.get().payable_branch == "0801"
    sound()


def test_fault_37_a_change_that_was_cut_anywhere_is_finished_by_sync(walk: Walk, monkeypatch: Any) -> None:
    case, cast = walk.to(State.RECEIVED), walk.cast
    idle = make_file(cast.destination, 8)
    for cut in ("_succeed", "_bring_files", "_tell_cases", "_hand_on"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(f"transfers.directory.{cut}", _killed)
            merge(cast, cast.destination, cast.third)
    sync.sync()
    assert Seat.objects.get(pk=idle.pension_number).payable_branch == "0701"
    assert told(fresh(case)) == [("1001", "0701")]
    assert BranchChange.objects.count() == 1
    sound()


def _killed(*args: Any) -> None:
    raise KeyboardInterrupt


def test_fault_37_a_branch_closes_without_successor_only_when_nothing_is_left_to_it(walk: Walk) -> None:
    cast, operator = walk.cast, walk.cast.reader(Role.CENTER_OPERATOR)
    case = walk.to(State.TECHNICALLY_APPROVED)
    for branch in (cast.origin, cast.destination):
        before = BranchChange.objects.count()
        if branch == cast.origin:
            with pytest.raises(NotNow) as refused:
                branch_changes.close(branch.pk, REASON, by=operator)
            assert (refused.value.code, BranchChange.objects.count()) == ("in_use", before)
    branch_changes.close(cast.destination.pk, REASON, by=operator)
    case = fresh(case)
    assert (case.state, case.turn, case.missing) == (State.DRAFT, Turn.CLERK, [["move", "destination_closed"]])
    sound()
    given = {"destination": "0701", "reason": "residence", "letter_number": "1", "letter_date": "1405/08/20"}
    case = press(Action.EDIT_MOVE, case, walk.clerk, **given)
    assert case.missing == []


def test_fault_37_an_envelope_that_waits_keeps_its_branch_from_closing(walk: Walk) -> None:
    walk.to(State.SENT)
    with pytest.raises(NotNow) as refused:
        branch_changes.close("1001", REASON, by=walk.cast.reader(Role.CENTER_OPERATOR))
    assert refused.value.code == "still_addressed"
    assert Branch.objects.get(pk="1001").is_active


def test_fault_37_a_branch_goes_on_under_another_code(walk: Walk) -> None:
    case, cast = walk.to(State.RECEIVED), walk.cast
    operator = cast.reader(Role.CENTER_OPERATOR)
    branch_changes.renumber("1001", "1099", REASON, by=operator)
    branch_changes.renumber("1001", "1099", REASON, by=operator)  # after a cut
    new = Branch.objects.get(pk="1099")
    assert (new.name, new.is_active, new.predecessors) == (cast.destination.name, True, ["1001"])
    walk.staff, walk.other_officer = anew(walk.staff), anew(walk.other_officer)
    for name in LATER[State.RECEIVED]:
        getattr(walk, name)()
    sync.sync()
    assert Seat.objects.get(pk=case.pension_number).payable_branch == "1099"
    sound()
    branch_changes.merge("1099", "0701", REASON, by=operator)  # a chain of two
    assert Seat.objects.get(pk=case.pension_number).payable_branch == "0701"
    assert Branch.objects.get(pk="0701").predecessors == ["1001", "1099"]
    assert Branch.objects.get(pk="1001").succeeded_by_id == "0701"
    sound()


def test_fault_37_only_the_center_operator_changes_branches(walk: Walk) -> None:
    for role in (Role.AUDITOR, Role.PROVINCE_SUPERVISOR):
        with pytest.raises(NotAllowed):
            branch_changes.merge("1001", "0701", REASON, by=walk.cast.reader(role))
    assert not BranchChange.objects.exists()


# --- 39: one pension, two sites -------------------------------------------------------------------------------


def _of_another_site(number: str) -> Envelope:
    """The same pension, sealed by the branch that pays it, at a site of which this one knows nothing."""
    return envelope(pension_number=number, origin="0801", destination="1001", last_paid_month=LAST_PAID)


@pytest.mark.parametrize("first", ["here", "there", "both at once"])
def test_fault_39_of_two_sites_that_refer_one_pension_the_center_lets_one_be_live(cast: Cast, first: str) -> None:
    number = "7000000044"
    services.open_custody({number: 139402}, "0801", "import")
    walk = Walk(Cast(cast.third, cast.destination, cast.origin, cast.people), make_file(cast.third, 44))
    walk.to(State.TECHNICALLY_APPROVED)
    steps: dict[str, list[Any]] = {"here": [walk.send, _deposit], "there": [_deposit, walk.send], "both at once": []}
    for step in steps[first]:
        step(number) if step is _deposit else step()
    if first == "both at once":
        with ThreadPoolExecutor(2) as pool:
            pressed = [pool.submit(_in_a_thread, _deposit, number), pool.submit(_in_a_thread, walk.send)]
            [one.result() for one in pressed]
    assert [row.origin for row in Envelope.objects.all()] == ["0801"]
    case = TransferCase.objects.get(branch=cast.third)
    assert (case.state, case.turn) == (State.HEAD_APPROVED, Turn.HEAD)
    assert "0801" in hurdles.at_the_center(case)  # which branch has it
    sync.sync()
    case = press(Action.RECALL, fresh(case), walk.head, **WHY)
    assert (case.state, PensionFile.objects.get(pk=walk.file.pk).frozen_by) == (State.DRAFT, None)


def _deposit(number: str) -> None:
    services.deposit(_of_another_site(number))


def _in_a_thread(step: Any, *given: Any) -> None:
    try:
        step(*given)
    finally:
        connections.close_all()


def test_fault_39_a_file_whose_pension_another_branch_pays_says_so_before_it_is_referred(cast: Cast) -> None:
    services.open_custody({"7000000045": 139402}, "0801", "import")
    file = make_file(cast.third, 45)
    CustodyRequest.objects.create(file=file, verb=CustodyRequest.Verb.OPEN, month=140501, reason="import")
    sync.sync()
    with pytest.raises(NotNow) as refused:
        Walk(Cast(cast.third, cast.destination, cast.origin, cast.people), file).draft()
    assert "0801" in str(refused.value)
