"""The rules of DESIGN section 5 and 11, one by one: who may not, what stands in the way, whose turn it is then."""

import re
from pathlib import Path
from typing import Any

import pytest

import central
from branches.models import PensionFile
from branches.roles import Action, Role
from central.rules import ENVELOPE_FAULTS
from pension_transfer.lib.errors import BadInput, NotNow
from tests.cast import DIFFERENCE, LAST_PAID, LAST_PAID_TYPED, MOVE, PAPER, Walk, judge_all, press
from tests.expect import also, fresh, refused
from transfers import branch_changes, workflow
from transfers.models import TransferCase
from transfers.refusals import REFUSED_BY_CENTER
from transfers.snapshot import SECTIONS
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
WHY = {"reason": "مدرک ناقص است"}


def _reopened(walk: Walk) -> TransferCase:
    case = press(Action.REOPEN, walk.to(State.RETURNED), walk.clerk)
    walk.case = press(Action.ASSEMBLE, case, walk.clerk)
    return walk.case


# --- four eyes (I8) -------------------------------------------------------------------------------------


def test_who_drafted_approves_nothing(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    judge_all(case, walk.officer)
    both = also(walk.clerk, Role.TECHNICAL_OFFICER, case.branch)
    with refused(NotNow, "blocked"):
        press(Action.APPROVE_TECHNICAL, case, both, last_paid_month=LAST_PAID_TYPED)
    walk.technical()
    with refused(NotNow, "blocked"):
        press(Action.APPROVE_HEAD, case, also(both, Role.BRANCH_HEAD, case.branch))


def test_who_approved_technically_does_not_approve_as_head(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    with refused(NotNow, "blocked"):
        press(Action.APPROVE_HEAD, case, also(walk.officer, Role.INSURANCE_DEPUTY, case.branch))


def test_who_approved_does_not_draft(walk: Walk) -> None:
    case = press(Action.SEND_BACK, walk.to(State.TECHNICALLY_APPROVED), walk.head, **WHY)
    both = also(walk.officer, Role.CLERK, case.branch)
    with refused(NotNow, "blocked"):
        press(Action.EDIT_MOVE, case, both, **MOVE)
    with refused(workflow.NotAllowed, "four_eyes"):
        press(Action.ASSEMBLE, case, both)


def test_the_parts_hold_over_all_versions(walk: Walk) -> None:
    case = _reopened(walk)
    judge_all(case, walk.officer)
    clerk = also(walk.clerk, Role.TECHNICAL_OFFICER, case.branch)
    with refused(NotNow, "blocked"):
        press(Action.APPROVE_TECHNICAL, case, clerk, last_paid_month=LAST_PAID_TYPED)
    walk.technical()  # the same part again is allowed
    with refused(NotNow, "blocked"):
        press(Action.APPROVE_HEAD, case, also(walk.officer, Role.BRANCH_HEAD, case.branch))
    walk.send()
    assert fresh(case).state == State.SENT


def test_reopening_is_not_drafting(walk: Walk) -> None:
    case = press(Action.REOPEN, walk.to(State.RETURNED), walk.officer)
    walk.case = press(Action.ASSEMBLE, case, walk.clerk)
    walk.technical()
    assert walk.case.state == State.TECHNICALLY_APPROVED


def test_who_registered_does_not_activate(walk: Walk) -> None:
    copy = walk.to(State.REGISTERED, Side.DESTINATION)
    with refused(NotNow, "blocked"):
        press(Action.ACTIVATE, copy, also(walk.staff, Role.TECHNICAL_OFFICER, copy.branch))
    press(Action.ACTIVATE, copy, walk.other_officer)


def test_the_same_clerk_and_officer_of_two_branches_acts_in_each(walk: Walk) -> None:
    """Office at one branch is none at another: I8 is per move, and so is the office."""
    case = walk.to(State.DRAFT)
    with refused(workflow.NotSeen, "no_case"):
        press(Action.JUDGE, case, walk.other_officer, path="contact", verdict="match")
    with refused(workflow.NotAllowed, "role"):
        press(Action.JUDGE, case, also(walk.other_officer, Role.CLERK, case.branch), path="contact")


# --- sending back ------------------------------------------------------------------------------------------


def test_sending_back_is_for_whoever_has_the_turn(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    with refused(NotNow, "turn"):
        press(Action.SEND_BACK, case, walk.head, **WHY)
    with refused(BadInput, "invalid"):
        press(Action.SEND_BACK, case, walk.officer)
    case = press(Action.SEND_BACK, case, walk.officer, **WHY)
    assert (case.state, case.turn) == (State.REFERRAL, "clerk")
    walk.case = press(Action.ASSEMBLE, case, walk.clerk)
    walk.technical()
    with refused(NotNow, "turn"):
        press(Action.SEND_BACK, case, walk.officer, **WHY)
    case = press(Action.SEND_BACK, case, walk.head, **WHY)
    assert (case.state, case.turn) == (State.DRAFT, "clerk")
    assert case.events.latest("sequence").note == WHY["reason"]


def test_what_was_sent_back_is_the_clerks_until_it_is_assembled(walk: Walk) -> None:
    case = press(Action.SEND_BACK, walk.to(State.TECHNICALLY_APPROVED), walk.head, **WHY)
    for action, data in [(Action.APPROVE_TECHNICAL, {"last_paid_month": LAST_PAID_TYPED}), (Action.SEND_BACK, WHY)]:
        with refused(NotNow, "turn"):
            press(action, case, walk.officer, **data)
    case = press(Action.ASSEMBLE, case, walk.clerk)
    assert case.turn == "technical_officer"
    press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month=LAST_PAID_TYPED)


# --- cancelling ---------------------------------------------------------------------------------------------


def test_a_clerk_cancels_an_own_referral_before_approval(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    colleague = also(walk.staff, Role.CLERK, case.branch)
    with refused(NotNow, "blocked"):
        press(Action.CANCEL, case, colleague, **WHY)
    with refused(BadInput, "invalid"):
        press(Action.CANCEL, case, walk.clerk)
    case = press(Action.CANCEL, case, walk.clerk, **WHY)
    assert (case.state, case.turn, case.is_open) == (State.CANCELLED, "nobody", False)


@pytest.mark.parametrize("state", [State.TECHNICALLY_APPROVED, State.RETURNED])
def test_after_approval_the_head_cancels(walk: Walk, state: str) -> None:
    case = walk.to(state)
    with refused(NotNow, "blocked"):
        press(Action.CANCEL, case, walk.clerk, **WHY)
    assert press(Action.CANCEL, case, walk.head, **WHY).state == State.CANCELLED
    assert not PensionFile.objects.get().is_frozen


def test_what_is_sealed_is_recalled_before_it_is_cancelled(walk: Walk) -> None:
    case = walk.to(State.SENT)
    with refused(NotNow, "state"):
        press(Action.CANCEL, case, walk.head, **WHY)
    case = press(Action.RECALL, case, walk.head, **WHY)
    assert press(Action.CANCEL, case, walk.head, **WHY).state == State.CANCELLED


# --- approvals are approvals of content (D5) -----------------------------------------------------------------


def test_a_file_changed_behind_the_approval_lapses_it(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    PensionFile.objects.filter(pk=walk.file.pk).update(postal_code="1136934568")
    with pytest.raises(NotNow) as caught:
        press(Action.APPROVE_HEAD, case, walk.head)
    case = fresh(case)
    assert caught.value.code == "content_changed"
    assert (case.state, case.turn, case.envelope_id) == (State.DRAFT, "clerk", None)
    assert case.events.latest("sequence").action == "lapse"
    assert not PensionFile.objects.get().is_frozen


def test_a_file_changed_behind_the_draft_is_not_approved(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    judge_all(case, walk.officer)
    PensionFile.objects.filter(pk=walk.file.pk).update(postal_code="1136934568")
    with refused(NotNow, "content_changed"):
        press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month=LAST_PAID_TYPED)
    case = press(Action.ASSEMBLE, case, walk.clerk)
    with refused(NotNow, "blocked"):  # the section that changed has to be compared again
        press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month=LAST_PAID_TYPED)
    press(Action.JUDGE, case, walk.officer, path="contact", verdict="match")
    press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month=LAST_PAID_TYPED)


def test_the_head_approves_what_the_page_showed(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    with refused(BadInput, "invalid") as caught:
        press(Action.APPROVE_HEAD, case, walk.head, content_hash="0" * 64)
    assert set(caught.value.errors) == {"content_hash"}
    assert press(Action.APPROVE_HEAD, case, walk.head, content_hash=case.content_hash).state == State.SENT


def test_every_section_is_compared_before_the_technical_approval(walk: Walk) -> None:
    case = judge_all(walk.to(State.DRAFT), walk.officer)
    for section in SECTIONS:
        press(Action.JUDGE, case, walk.officer, path=section, verdict="")
        with refused(NotNow, "blocked"):
            press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month=LAST_PAID_TYPED)
        press(Action.JUDGE, case, walk.officer, path=section, verdict="match")
    press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month=LAST_PAID_TYPED)


def test_the_last_paid_month_is_the_files(walk: Walk) -> None:
    case = judge_all(walk.to(State.DRAFT), walk.officer)
    for month in (str(LAST_PAID - 1), str(LAST_PAID + 1), "", "1405/13", "هشتم"):
        with refused(BadInput, "invalid") as caught:
            press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month=month)
        assert set(caught.value.errors) == {"last_paid_month"}


# --- at the destination --------------------------------------------------------------------------------------


def _refused_to_verify(walk: Walk) -> None:
    with refused(NotNow, "blocked"):
        press(Action.VERIFY, walk.copy, walk.staff)
    with refused(NotNow, "state"):  # and nothing is registered that was not verified
        press(Action.REGISTER, walk.copy, walk.staff)


def test_nothing_is_verified_before_the_paper_came_and_the_decrees_were_shown(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    with refused(BadInput, "invalid"):  # the decrees are not judged unseen
        press(Action.JUDGE, copy, walk.staff, path="decrees", verdict="match")
    _refused_to_verify(walk)
    press(Action.SHOW_DECREES, copy, walk.staff)
    judge_all(copy, walk.staff)
    _refused_to_verify(walk)
    press(Action.RECORD_PAPER, copy, walk.staff, **PAPER)
    press(Action.VERIFY, copy, walk.staff)


def test_nothing_is_verified_while_one_thing_is_missing(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    press(Action.RECORD_PAPER, copy, walk.staff, **PAPER)
    _refused_to_verify(walk)
    press(Action.SHOW_DECREES, copy, walk.staff)
    judge_all(copy, walk.staff)
    for section in SECTIONS:
        press(Action.JUDGE, copy, walk.staff, path=section, verdict="")
        _refused_to_verify(walk)
        press(Action.JUDGE, copy, walk.staff, path=section, verdict="match")
    press(Action.JUDGE, copy, walk.staff, **DIFFERENCE)
    _refused_to_verify(walk)
    press(Action.JUDGE, copy, walk.staff, path=DIFFERENCE["path"], verdict="match")
    assert press(Action.VERIFY, copy, walk.staff).state == State.VERIFIED


def test_a_clerical_difference_does_not_stop_the_transfer(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    walk.compare()
    clerical = {"severity": "clerical", "note": "اختلاف املایی"}
    press(Action.JUDGE, copy, walk.staff, **DIFFERENCE | clerical)
    assert press(Action.VERIFY, copy, walk.staff).state == State.VERIFIED


def test_a_return_needs_a_discrepancy_or_a_reason_for_the_whole_case(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    for data in ({}, {"note": "برمی‌گردد"}, {"code": "other"}, {"code": "different_value"}):
        with refused(BadInput, "invalid"):
            press(Action.RETURN_TO_ORIGIN, copy, walk.staff, **data)
    clerical = DIFFERENCE | {"severity": "clerical", "note": "اختلاف املایی"}
    press(Action.JUDGE, copy, walk.staff, **clerical)
    with refused(BadInput, "invalid"):
        press(Action.RETURN_TO_ORIGIN, copy, walk.staff)
    copy = press(Action.RETURN_TO_ORIGIN, copy, walk.staff, code="wrong_branch", suggested_branch="0701")
    origin = fresh(walk.case).events.latest("sequence")
    assert (copy.state, origin.details) == (
        State.RETURNED,
        {"code": "wrong_branch", "suggested_branch": "0701", "discrepancies": 1},
    )


WRONG_DISCREPANCIES: list[tuple[dict[str, Any], set[str]]] = [
    ({"paper_value": ""}, {"paper_value"}),
    ({"path": "weather"}, {"path"}),
    ({"path": ""}, {"path"}),
    ({"path": "principal"}, {"verdict"}),
    ({"code": ""}, {"code"}),
    ({"severity": ""}, {"severity"}),
    ({"code": "wrong_branch"}, {"code"}),
    ({"severity": "clerical"}, {"note"}),
    ({"severity": "none"}, {"severity"}),
]


def test_a_discrepancy_says_what_the_paper_says(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    for wrong, fields in WRONG_DISCREPANCIES:
        with refused(BadInput, "invalid") as caught:
            press(Action.JUDGE, copy, walk.staff, **DIFFERENCE | wrong)
        assert set(caught.value.errors) == fields


# --- a page that is no longer true -----------------------------------------------------------------------------


def test_a_stale_page_is_told_what_happened(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    seen = case.trail_length
    press(Action.EDIT_MOVE, case, walk.clerk, **MOVE | {"note": "تلفنی هماهنگ شد"})
    with refused(NotNow, "stale"):
        workflow.perform(
            Action.SEND_BACK, case.pk, by=walk.officer, command_id=workflow.uuid.uuid4(), seen=seen, data=WHY
        )


def test_a_second_sender_is_told_who_sent_it(walk: Walk) -> None:
    """The step that then came by itself says nothing of the person."""
    walk.to(State.SENT)
    deputy = walk.cast.at(walk.cast.origin, Role.INSURANCE_DEPUTY)
    with pytest.raises(NotNow) as refusal:
        press(Action.APPROVE_HEAD, walk.case, deputy)
    assert str(walk.head) in str(refusal.value)


def test_every_refusal_of_the_center_has_a_sentence() -> None:
    sources = "".join(path.read_text("utf-8") for path in Path(central.__file__).parent.glob("*.py"))
    codes = set(re.findall(r'Refused\("(\w+)"', sources))
    assert {*codes, *ENVELOPE_FAULTS, "conflict"} - {*REFUSED_BY_CENTER, *branch_changes.REFUSED} == set()
