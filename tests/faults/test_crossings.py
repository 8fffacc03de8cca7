"""Killed between the commits of a step that crosses to the center: the next sync finishes it, once (FAULTS 1-9, 44)."""

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from branches.roles import Action, Role
from central.models import Blob, Envelope, Receipt
from pension_transfer.lib import failpoints
from tests import oracle
from tests.cast import Cast, Walk, make_file, press
from tests.expect import fresh, run_sql, tamper
from tests.line import LOSE_ANSWER, PASS, SILENT, Line
from tests.processes import Site, site
from tests.scans import attach, picture, upload
from tests.transfers.standings import ASKED, FOLLOW_UP, given
from transfers import sync
from transfers.models import Attachment, Command, Crossing, Question, Scan, TransferCase, TransferEvent
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
apart = pytest.mark.skipif(settings.CENTER == "default", reason="THE CENTER STANDS IN THE SITE'S DATABASE: not cut off")
POINTS = ("intended", "asked", "finishing", "finished")
WHY, PAPER_MISSING = {"reason": "مدرک ناقص است"}, {"code": "paper_missing"}


@dataclass(frozen=True)
class Step:
    """A step that crosses: from where, what the center then says, and where its copy stands when killed there."""

    action: str
    side: str
    state: str
    kind: str
    role: str
    stands: dict[str, str]
    data: dict[str, str] = field(default_factory=dict)


def _until(*points: str, stands: str) -> dict[str, str]:
    return dict.fromkeys(points, stands)


ORIGIN, THERE, HEAD, STAFF = Side.ORIGIN, Side.DESTINATION, Role.BRANCH_HEAD, Role.DESTINATION_STAFF
FIRST, BEFORE = POINTS[:2], POINTS[:3]
STEPS = [
    Step(
        "approve_head", ORIGIN, "technically_approved", "", HEAD,
        _until(*BEFORE, stands="head_approved") | {"finished": "sent"},
    ),
    Step("recall", ORIGIN, "sent", "withdrawn", HEAD, _until(*BEFORE, stands="sent") | {"finished": "draft"}, WHY),
    Step("cancel", ORIGIN, "returned", "cancelled", HEAD, _until(*POINTS, stands="cancelled"), WHY),
    Step("receive", THERE, "", "received", STAFF, _until(*BEFORE, stands="") | {"finished": "received"}),
    Step("verify", THERE, "received", "verified", STAFF, _until(*POINTS, stands="verified")),
    Step(
        "return_to_origin", THERE, "received", "returned", STAFF,
        _until(*BEFORE, stands="received") | {"finished": "returned"}, PAPER_MISSING,
    ),
    Step(
        "register", THERE, "verified", "registered", STAFF,
        _until(*BEFORE, stands="verified") | {"finished": "registered"},
    ),
    Step("ask_question", THERE, "received", "question", STAFF, _until(*POINTS, stands="received"), ASKED),
    Step("answer_question", ORIGIN, "received", "answer", Role.TECHNICAL_OFFICER, _until(*POINTS, stands="received")),
    Step("close_question", THERE, "received", "question_closed", STAFF, _until(*POINTS, stands="received")),
    Step(
        "open_follow_up", ORIGIN, "registered", "follow_up", Role.TECHNICAL_OFFICER,
        _until(*POINTS, stands="registered"), FOLLOW_UP,
    ),
    Step("settle_follow_up", ORIGIN, "registered", "follow_up_settled", HEAD, _until(*POINTS, stands="registered")),
    Step("withdraw_follow_up", ORIGIN, "registered", "follow_up_withdrawn", HEAD, _until(*POINTS, stands="registered")),
    Step("activate", THERE, "registered", "activated", Role.TECHNICAL_OFFICER, _until(*POINTS, stands="registered")),
]  # fmt: skip
STEP = {step.action: step for step in STEPS}
AFTER = {"approve_head": "sent", "recall": "draft", "cancel": "cancelled", "receive": "received", "verify": "verified",
         "ask_question": "received", "answer_question": "received", "close_question": "received",
         "return_to_origin": "returned", "register": "registered", "activate": "registered",
         "open_follow_up": "registered", "settle_follow_up": "registered",
         "withdraw_follow_up": "registered"}  # fmt: skip

DECIDED_THERE = [STEP[action] for action in (
    "recall", "receive", "return_to_origin", "register", "answer_question", "close_question",
    "settle_follow_up", "withdraw_follow_up",
)]  # fmt: skip


def _stand(walk: Walk, step: Step) -> None:
    """Walk to where the step can be taken."""
    walk.to(step.state or State.SENT, step.side if step.state else Side.ORIGIN)
    if step.action == Action.VERIFY:
        walk.compare()
    if step.action in {Action.ANSWER_QUESTION, Action.CLOSE_QUESTION}:
        press(Action.ASK_QUESTION, fresh(walk.copy), walk.staff, **ASKED)
    if "follow_up" in step.kind:
        walk.activate()
    if step.action in {Action.SETTLE_FOLLOW_UP, Action.WITHDRAW_FOLLOW_UP}:
        press(Action.OPEN_FOLLOW_UP, fresh(walk.case), walk.officer, **FOLLOW_UP)


def _copy(walk: Walk, side: str) -> TransferCase | None:
    return TransferCase.objects.filter(pension_number=walk.file.pension_number, side=side).first()


def _order(process: Site, walk: Walk, step: Step, key: uuid.UUID, fail: str = "", **more: Any) -> str:
    by = walk.cast.at(getattr(walk.cast, step.side), step.role).username
    if step.action == Action.RECEIVE:
        envelope = fresh(walk.case).envelope_id
        return process.order("receive", fail, by=by, key=key, envelope=envelope, branch="1001")
    copy = _copy(walk, step.side)
    data = step.data or (given(step.action, copy) if copy else {})
    return process.order(step.action, fail, by=by, key=key, case=copy and copy.pk, data=data, **more)


def _known_to_the_center(walk: Walk, step: Step) -> bool:
    envelopes = Envelope.objects.filter(pension_number=walk.file.pension_number)
    said = Receipt.objects.filter(envelope_id__in=envelopes.values("pk"), kind=step.kind)
    return said.exists() if step.kind else envelopes.exists()


def _done_once(walk: Walk, step: Step, key: uuid.UUID) -> None:
    """One event in that person's name, one command, one envelope or receipt; both sides agree."""
    copy = _copy(walk, step.side)
    assert copy and copy.state == AFTER[step.action]
    event = TransferEvent.objects.get(case=copy, action=step.action)
    assert (event.by and event.by.username) == f"{step.role}_{copy.branch_id}"
    assert Command.objects.get(pk=key).case == copy
    envelopes = Envelope.objects.filter(pension_number=walk.file.pension_number)
    assert envelopes.count() == 1
    assert Receipt.objects.filter(envelope_id=envelopes[0].pk, kind=step.kind).count() == bool(step.kind)


KILLS: dict[str, tuple[str, tuple[str, ...]]] = {
    "fault_01": ("approve_head", FIRST[:1]),
    "fault_02": ("approve_head", POINTS[1:]),
    "fault_03": ("receive", BEFORE),
    "fault_04": ("receive", POINTS[3:]),
    "fault_05": ("verify", POINTS),
    "fault_05_return": ("return_to_origin", POINTS),
    "fault_06": ("register", FIRST),
    "fault_07": ("register", POINTS[2:]),
} | {f"as_well_{step.action}": (step.action, tuple(step.stands)) for step in STEPS}
AS_WELL = {"approve_head", "receive", "verify", "return_to_origin", "register"}


@pytest.mark.parametrize("kill", [name for name in KILLS if name.removeprefix("as_well_") not in AS_WELL])
def test_killed_anywhere_it_is_finished_once(cast: Cast, running: Site, kill: str) -> None:
    step, points = STEP[KILLS[kill][0]], KILLS[kill][1]
    walks = {point: Walk(cast, make_file(cast.origin, i)) for i, point in enumerate(points, 1)}
    keys = {point: uuid.uuid4() for point in points}
    for point, walk in walks.items():
        _stand(walk, step)
        assert _order(running, walk, step, keys[point], point) == "killed"
        copy = _copy(walk, step.side)
        assert (copy.state if copy else "") == step.stands[point]
        assert _known_to_the_center(walk, step) is (point != "intended")
    assert oracle.problems() == []
    for _ in range(2):
        sync.sync()
        assert oracle.problems() + oracle.unfinished() == []
        for point, walk in walks.items():
            _done_once(walk, step, keys[point])


@pytest.mark.parametrize(
    "step", [STEP["approve_head"], STEP["receive"], STEP["register"]], ids=lambda step: step.action
)
def test_the_same_press_repeated_after_the_kill_finishes_it(cast: Cast, running: Site, step: Step) -> None:
    walk, key = Walk(cast), uuid.uuid4()
    _stand(walk, step)
    assert _order(running, walk, step, key, "asked") == "killed"
    answer = _order(running, walk, step, key)
    assert answer in {"done", "blocked"}  # done, or told that it is waiting and finishes by itself
    running.order("sync")
    _done_once(walk, step, key)
    assert oracle.problems() + oracle.unfinished() == []


def test_a_killed_sync_is_finished_by_the_next(cast: Cast, running: Site) -> None:
    walk, key, step = Walk(cast), uuid.uuid4(), STEP["register"]
    _stand(walk, step)
    for point, order in [("intended", "register"), *((point, "sync") for point in POINTS)]:
        if order == "sync":
            assert running.order("sync", point) == "killed"
        else:
            assert _order(running, walk, step, key, point) == "killed"
        assert oracle.problems() == []
    running.order("sync")
    _done_once(walk, step, key)
    assert oracle.problems() + oracle.unfinished() == []


def test_a_question_and_its_answer_are_told_once_though_killed_in_between(cast: Cast, running: Site) -> None:
    """Answered while the own answer is cut after the center took it: the closing waits for it at the origin."""
    walk, key = Walk(cast), uuid.uuid4()
    _stand(walk, STEP["answer_question"])
    assert _order(running, walk, STEP["answer_question"], key, "asked") == "killed"
    assert sync.follow(walk.case.transfer_id) == 1  # the destination hears the answer before the origin has kept it
    press("close_question", fresh(walk.copy), walk.staff, **given("close_question", fresh(walk.copy)))
    assert Question.objects.get(case=walk.case).is_open and oracle.problems() == []
    sync.sync()
    assert [q.how for q in Question.objects.all()] == ["settled"] * 2
    assert oracle.problems() + oracle.unfinished() == []


def test_production_arms_no_fail_point() -> None:
    assert failpoints.ARMED == ""
    failpoints.fail_point("intended")  # and this process lives


# --- the center is away --------------------------------------------------------------------------------------------


@apart
def test_fault_09_approved_while_the_center_is_away_goes_out_afterwards_in_order(cast: Cast, cut_off: Site) -> None:
    walks = [Walk(cast, make_file(cast.origin, number)) for number in (3, 1, 2)]
    for walk in walks:
        walk.to(State.TECHNICALLY_APPROVED)
    for walk in walks:
        assert _order(cut_off, walk, STEP["approve_head"], uuid.uuid4()) == "done"
        assert (fresh(walk.case).state, fresh(walk.case).turn) == (State.HEAD_APPROVED, "center")
    assert cut_off.order("sync") == "done"
    assert not Envelope.objects.exists() and oracle.problems() == []
    sync.sync()
    order = Envelope.objects.order_by("deposited_at").values_list("pension_number", flat=True)
    assert list(order) == [walk.file.pension_number for walk in walks]
    assert oracle.problems() + oracle.unfinished() == []


@apart
@pytest.mark.parametrize("step", DECIDED_THERE, ids=lambda step: step.action)
def test_what_the_center_decides_waits_for_it_and_is_finished_by_sync(cast: Cast, cut_off: Site, step: Step) -> None:
    walk, key = Walk(cast), uuid.uuid4()
    _stand(walk, step)
    assert _order(cut_off, walk, step, key) == "center"
    copy = _copy(walk, step.side)
    assert (copy.state if copy else "") == step.stands["intended"]
    assert (Crossing.objects.get(pk=key).state, oracle.problems()) == ("open", [])
    sync.sync()
    _done_once(walk, step, key)
    assert oracle.problems() + oracle.unfinished() == []


@apart
@pytest.mark.parametrize("then", ["register", "return_to_origin"])
def test_what_was_said_before_reaches_the_center_before(cast: Cast, cut_off: Site, then: str) -> None:
    """Confirmed while the center was away; back again, and the next step is pressed before any sync."""
    walk = Walk(cast)
    _stand(walk, STEP["verify"])
    assert _order(cut_off, walk, STEP["verify"], uuid.uuid4()) == "done"
    data = PAPER_MISSING if then == "return_to_origin" else {}
    copy = press(then, fresh(walk.copy), walk.staff, **data)
    assert copy.state == AFTER[then]
    kinds = Receipt.objects.exclude(kind="paper_arrived").order_by("id").values_list("kind", flat=True)
    assert list(kinds)[1] == "verified" and oracle.problems() + oracle.unfinished() == []


@apart
def test_a_cancel_reaches_the_center_before_the_next_move_of_that_pension(cast: Cast, cut_off: Site) -> None:
    """The center still held the first move open, and the second one would have been refused for good."""
    walk = Walk(cast)
    _stand(walk, STEP["cancel"])
    assert _order(cut_off, walk, STEP["cancel"], uuid.uuid4()) == "done"
    walk.to(State.SENT)
    assert fresh(walk.case).state == State.SENT and Envelope.objects.count() == 2
    assert oracle.problems() == []


@apart
@pytest.mark.parametrize("step", [STEP["approve_head"], STEP["receive"]], ids=lambda step: step.action)
def test_fault_43_a_center_that_falls_silent_is_given_up(cast: Cast, line: Line, far_off: Site, step: Step) -> None:
    """FAULTS 43: answered within ten seconds, nothing held meanwhile, and finished afterwards."""
    walk, key = Walk(cast), uuid.uuid4()
    _stand(walk, step)
    assert far_off.order("sync") == "done"
    line.becomes(SILENT)
    begun = time.monotonic()
    answer = _order(far_off, walk, step, key)
    waited = time.monotonic() - begun
    line.becomes(PASS)
    assert (answer, waited < 10) == ("center" if step in DECIDED_THERE else "done", True), waited
    sync.sync()
    _done_once(walk, step, key)
    assert oracle.problems() + oracle.unfinished() == []


@apart
def test_fault_11_a_center_that_only_reads_is_as_one_that_is_away(cast: Cast) -> None:
    walk, center = Walk(cast), connections[settings.CENTER]
    _stand(walk, STEP["approve_head"])
    database = f"ALTER DATABASE {center.ops.quote_name(center.settings_dict['NAME'])}"
    run_sql(settings.CENTER, f"{database} SET default_transaction_read_only = on")
    try:
        with site() as process:
            assert _order(process, walk, STEP["approve_head"], uuid.uuid4()) == "done"
    finally:
        run_sql(settings.CENTER, f"{database} RESET default_transaction_read_only")
    assert fresh(walk.case).state == State.HEAD_APPROVED
    sync.sync()
    assert fresh(walk.case).state == State.SENT and oracle.problems() + oracle.unfinished() == []


# --- the answer is lost -------------------------------------------------------------------------------------------


@apart
@pytest.mark.parametrize("step", [STEP["approve_head"], *DECIDED_THERE[1:]], ids=lambda step: step.action)
def test_fault_08_an_answer_lost_after_the_commit_is_found_done(
    cast: Cast, line: Line, far_off: Site, step: Step
) -> None:
    walk, key = Walk(cast), uuid.uuid4()
    _stand(walk, step)
    line.becomes(LOSE_ANSWER)
    answer = _order(far_off, walk, step, key)
    assert (answer, line.hits) == ("center" if step in DECIDED_THERE else "done", 1)
    assert _known_to_the_center(walk, step) and oracle.problems() == []
    sync.sync()
    _done_once(walk, step, key)
    assert oracle.problems() + oracle.unfinished() == []


# --- attachments on their way ------------------------------------------------------------------------------------


def _with_scans(walk: Walk) -> None:
    walk.draft()
    attach(walk.case, walk.clerk, upload(), upload(picture(), "ب.jpg"))
    walk.technical()


def test_killed_while_attachments_are_brought_the_rest_is_brought_by_sync(cast: Cast, running: Site) -> None:
    """Each is placed for itself, and the envelope after them: what was placed is not placed again."""
    walk, key, step = Walk(cast), uuid.uuid4(), STEP["approve_head"]
    _with_scans(walk)
    assert _order(running, walk, step, key, "placed") == "killed"
    assert (Blob.objects.count(), Envelope.objects.count()) == (1, 0)
    assert running.order("sync", "placed") == "killed"
    assert (Blob.objects.count(), Envelope.objects.count()) == (2, 0)
    running.order("sync")
    _done_once(walk, step, key)
    assert oracle.problems() + oracle.unfinished() == []


def test_killed_while_attachments_are_fetched_the_rest_is_fetched_by_sync(cast: Cast, running: Site) -> None:
    walk, key, step = Walk(cast), uuid.uuid4(), STEP["receive"]
    _with_scans(walk)
    walk.send()
    tamper("default", "transfers_attachment", "UPDATE transfers_attachment SET scan_id = NULL")
    for table in ("transfers_scan", "transfers_scanbytes"):
        tamper("default", table, f"DELETE FROM {table}")
    assert _order(running, walk, step, key, "fetched") == "killed"
    assert Scan.objects.count() == 1
    running.order("sync")
    _done_once(walk, step, key)
    assert not Attachment.objects.filter(scan=None, case=_copy(walk, THERE)).exists()
    assert oracle.problems() + oracle.unfinished() == []


@apart
def test_attachments_wait_with_their_envelope_while_the_center_is_away(cast: Cast, cut_off: Site) -> None:
    walk, key, step = Walk(cast), uuid.uuid4(), STEP["approve_head"]
    _with_scans(walk)
    assert _order(cut_off, walk, step, key) == "done"
    assert (fresh(walk.case).state, Blob.objects.count()) == (State.HEAD_APPROVED, 0)
    sync.sync()
    _done_once(walk, step, key)
    assert Blob.objects.count() == 2 and oracle.problems() + oracle.unfinished() == []


# --- attachments of answers ----------------------------------------------------------------------------------------

SCANS = ["الف.pdf", "ب.pdf"]


def _has_answered(walk: Walk, key: uuid.UUID) -> None:
    """Once, with both files, at both branches."""
    _done_once(walk, STEP["answer_question"], key)
    for case in (walk.case, walk.copy):
        rows = Attachment.objects.filter(case=case).exclude(scan=None).order_by("name")
        assert [row.name for row in rows] == SCANS and {row.path[:7] for row in rows} == {"answer."}
    assert oracle.problems() + oracle.unfinished() == []


def test_killed_while_an_answers_files_are_brought_it_is_finished_with_all_of_them(cast: Cast, running: Site) -> None:
    walk, key, step = Walk(cast), uuid.uuid4(), STEP["answer_question"]
    _stand(walk, step)
    assert _order(running, walk, step, key, "intended", scans=SCANS) == "killed"
    for point, placed in (("placed", 1), ("placed", 2), ("asked", 2), ("finishing", 2)):
        assert (Scan.objects.count(), Attachment.objects.count()) == (2, 0)
        assert (running.order("sync", point), Blob.objects.count()) == ("killed", placed)
        assert oracle.problems() == []
    running.order("sync")
    _has_answered(walk, key)


@apart
def test_an_answers_files_wait_with_it_while_the_center_is_away(cast: Cast, cut_off: Site) -> None:
    walk, key, step = Walk(cast), uuid.uuid4(), STEP["answer_question"]
    _stand(walk, step)
    assert _order(cut_off, walk, step, key, scans=SCANS) == "center"
    assert (Scan.objects.count(), Attachment.objects.count(), Blob.objects.count()) == (2, 0, 0)
    assert not Question.objects.get(case=walk.case).is_answered
    sync.sync()
    _has_answered(walk, key)
