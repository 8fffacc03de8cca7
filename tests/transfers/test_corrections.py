"""A file corrected while its move is being prepared: drafts follow, approvals lapse, the corrector has drafted."""

import datetime as dt
import uuid

import pytest

from branches import services
from branches.models import Correction, PensionFile, User
from branches.roles import Action, Role
from pension_transfer.lib.errors import NotAllowed, NotNow
from tests import oracle
from tests.cast import LAST_PAID_TYPED, Walk, appoint, press
from transfers.models import TransferCase
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__")


def correct(walk: Walk, by: User, **data: object) -> Correction:
    file = PensionFile.objects.get(pk=walk.file.pk)
    return services.correct(file, "principal", None, by, "مطابق شناسنامه", data, command_id=uuid.uuid4())


def test_a_draft_follows_the_file(walk: Walk) -> None:
    before = walk.to(State.DRAFT).content_hash
    correct(walk, walk.clerk, father_name="غلامحسین")
    case = TransferCase.objects.get()
    assert (case.state, case.turn, case.is_assembled) == (State.DRAFT, "technical_officer", True)
    assert case.content_hash != before
    assert case.content["principal"]["father_name"] == "غلامحسین"


def test_a_draft_that_a_correction_makes_incomplete_is_the_clerks_turn(walk: Walk) -> None:
    walk.to(State.DRAFT)
    file, reason = PensionFile.objects.get(pk=walk.file.pk), "شبا بسته است"
    services.correct(file, "contact", None, walk.clerk, reason, {"iban": ""}, command_id=uuid.uuid4())
    case = TransferCase.objects.get()
    assert (case.state, case.turn, case.missing) == (State.DRAFT, "clerk", [["contact.iban", "missing"]])
    assert oracle.problems() == []


def test_an_approval_lapses_and_only_the_touched_section_is_ticked_anew(walk: Walk) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    correct(walk, walk.clerk, father_name="غلامحسین")
    case = TransferCase.objects.get()
    assert (case.state, case.turn) == (State.DRAFT, "clerk")
    assert case.events.latest("sequence").action == "lapse"
    case = press(Action.ASSEMBLE, case, walk.clerk)
    with pytest.raises(NotNow) as refusal:
        press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month=LAST_PAID_TYPED)
    assert refusal.value.code == "blocked"
    press(Action.JUDGE, case, walk.officer, path="principal", verdict="match")
    case = press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month=LAST_PAID_TYPED)
    assert case.state == State.TECHNICALLY_APPROVED


def test_an_incomplete_referral_completes_itself_when_mended(walk: Walk) -> None:
    walk.to(State.REFERRAL)
    file = PensionFile.objects.get(pk=walk.file.pk)
    iban = {"iban": "IR950130000000123456789012"}
    services.correct(file, "contact", None, walk.clerk, "شبا رسید", iban, command_id=uuid.uuid4())
    assert TransferCase.objects.get().state == State.DRAFT


@pytest.mark.parametrize(("until", "state"), [(dt.date(2020, 1, 1), State.DRAFT), (None, State.REFERRAL)])
def test_shares_count_while_the_entitlement_lasts(walk: Walk, until: dt.date | None, state: str) -> None:
    walk.file.dependents.update(share_percent=60)
    walk.file.dependents.filter(relationship="son").update(entitled_until=until)
    walk.draft()
    assert walk.case.state == state


def test_who_approved_may_not_correct_the_file_of_the_move(walk: Walk) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    appoint(walk.officer.username, Role.CLERK, branch=walk.cast.origin)
    with pytest.raises(NotAllowed):
        correct(walk, User.objects.get(pk=walk.officer.pk), father_name="غلامحسین")
    assert TransferCase.objects.get().state == State.TECHNICALLY_APPROVED
    assert not Correction.objects.exists()


def test_a_sealed_file_is_read_only_until_it_comes_back(walk: Walk) -> None:
    walk.to(State.SENT)
    with pytest.raises(NotNow) as refusal:
        correct(walk, walk.clerk, father_name="غلامحسین")
    assert refusal.value.code == "frozen"
    walk.receive()
    walk.give_back()
    correct(walk, walk.clerk, father_name="غلامحسین")
