"""A database restored to an earlier day: the site from the center, the center from its sites (FAULTS 35, 36, 47)."""

import json
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from branches.models import CustodyRequest, PensionFile
from branches.roles import Action
from central.models import Custody, Envelope, Receipt, Seat
from tests import oracle
from tests.cast import LIFE_EVENT, Cast, Walk, make_file, press
from tests.expect import fresh
from tests.processes import Site
from tests.transfers.standings import ASKED, FOLLOW_UP, given
from transfers import backups, exchange, sync, tracking, workflow
from transfers.models import FollowUp, Part, Question, TransferCase, TransferEvent
from transfers.reconcile import Scope, reconcile
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
apart = pytest.mark.skipif(settings.CENTER == "default", reason="THE CENTER STANDS IN THE SITE'S DATABASE: one backup")
WHY = {"reason": "مدرک ناقص است"}


@pytest.fixture
def kept_clean() -> Iterator[None]:
    """The databases that a restore leaves aside are dropped again."""
    yield
    for alias in backups.making.aliases():
        name = connections[alias].get_connection_params()["dbname"]
        with backups.restoring._server(alias) as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [name + "_"])
            for (left,) in cursor.fetchall():
                backups.restoring._drop(cursor, left)


pytestmark = [pytestmark, pytest.mark.usefixtures("kept_clean")]


def problems() -> list[str]:
    return [str(problem) for problem in reconcile(Scope()).problems]


def world(alias: str) -> dict[str, Any]:
    with connections[alias].cursor() as cursor:
        tables = [model._meta.db_table for model in backups.making._counted(alias)]
        return backups.making.rows(cursor, tables)


# --- the commands -------------------------------------------------------------------------------------------


def test_a_backup_comes_back_whole(cast: Cast, tmp_path: Path) -> None:
    walk = Walk(cast)
    walk.to(State.REGISTERED, Side.DESTINATION)
    before = world("default")
    run = backups.make(folder=tmp_path)
    last = backups.last_backup(tmp_path)
    assert last and last.ok and last.size == sum(p.stat().st_size for p in run.glob("*.dump"))
    walk.activate()
    with pytest.raises(CommandError):  # it is not empty
        call_command("restore", str(run))
    call_command("restore", str(run), "--replace", "--center") if settings.CENTER != "default" else None
    call_command("restore", str(run), "--replace")
    assert world("default") == before and fresh(walk.copy).is_open
    assert oracle.problems() == [] and problems() == []


def test_a_flipped_byte_is_refused(cast: Cast, tmp_path: Path) -> None:
    run = backups.make("site", tmp_path)
    dump = run / "site.dump"
    data = bytearray(dump.read_bytes())
    data[len(data) // 2] ^= 1
    dump.write_bytes(data)
    with pytest.raises(CommandError, match=str(dump)):
        call_command("restore", str(run), "--replace")
    dump.write_bytes(data[:-1])
    last = backups.last_backup(tmp_path)
    assert last and not last.ok


def test_only_the_newest_runs_stay(cast: Cast, tmp_path: Path) -> None:
    runs = [tmp_path / f"2026010{n}T000000.000000Z" for n in range(1, 6)]
    for run in runs:
        run.mkdir()
        (run / "manifest.json").write_text(json.dumps({"databases": {}}))
    (tmp_path / "20260109T000000.000000Z.part").mkdir()
    assert backups.folders.forget(tmp_path, 2) == [tmp_path / "20260109T000000.000000Z.part", *runs[:3]]
    assert backups.folders.complete(tmp_path) == runs[3:]


@pytest.mark.parametrize("point", ["dumping", "backed_up"])
def test_a_killed_backup_leaves_nothing_that_looks_like_one(
    cast: Cast, running: Site, tmp_path: Path, point: str
) -> None:
    assert running.order("backup", point, to=str(tmp_path)) == "killed"
    assert backups.last_backup(tmp_path) is None and list(tmp_path.glob("*.part"))
    backups.make("site", tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_killed_restore_leaves_the_old_database(cast: Cast, running: Site, tmp_path: Path) -> None:
    run = backups.make("site", tmp_path)
    make_file(cast.origin)
    before = world("default")
    for point in ("restoring", "restored", "renamed"):
        connections.close_all()
        assert running.order("restore", point, run=str(run)) == "killed"
        assert world("default") == before
    connections.close_all()
    assert running.order("restore", "swapped", run=str(run)) == "killed"
    assert world("default") != before and not PensionFile.objects.exists()


# --- a site of yesterday --------------------------------------------------------------------------------------


class Yesterday:
    """A backup of one database; the other goes on."""

    def __init__(self, which: str, folder: Path):
        self.which, self.run = which, backups.make(which, folder)

    def is_back(self) -> None:
        backups.restore(self.run, self.which, replace=True)


def _all_told() -> None:
    sync.sync()
    assert oracle.problems() + oracle.unfinished() == []


@apart
def test_fault_35_a_form_sent_again_after_the_restore_does_nothing_twice(cast: Cast, tmp_path: Path) -> None:
    walk, key = Walk(cast), uuid.uuid4()
    yesterday = Yesterday("site", tmp_path)
    walk.to(State.SENT)
    receive = partial(workflow.receive, walk.case.envelope, branch=cast.destination, by=walk.staff, command_id=key)
    receive()
    given_out = walk.case.tracking_number
    yesterday.is_back()
    report = sync.sync()
    assert any("drafted" in line or "پیش‌نویس" in line for line in report.lost)
    copy = receive()
    assert copy.state == State.RECEIVED and copy.events.get().details["rebuilt"]
    assert TransferEvent.objects.get(case__side=Side.ORIGIN, action="approve_head").by == walk.head
    assert Receipt.objects.count() == 1 and oracle.problems() + oracle.unfinished() == []
    assert tracking.next_number(cast.origin) > given_out


@apart
def test_fault_35_what_was_sealed_once_more_is_named(cast: Cast, tmp_path: Path) -> None:
    """Pressed before the first round: the center has another content of that version, and the head is told."""
    walk = Walk(cast)
    walk.to(State.TECHNICALLY_APPROVED)
    yesterday = Yesterday("site", tmp_path)
    walk.send()
    first = Envelope.objects.get()
    yesterday.is_back()
    press(Action.APPROVE_HEAD, fresh(walk.case), walk.head)
    assert [walk.case.tracking_number in line for line in sync.sync().lost[:1]] == [True]
    assert fresh(walk.case).turn == "head" and Envelope.objects.get() == first


# --- a center of an hour ago ----------------------------------------------------------------------------------


def _center() -> list[Any]:
    custody = Custody.objects.order_by("pension_number", "id").values_list("pension_number", "branch_code", "months")
    return [
        sorted(map(str, rows))
        for rows in (
            Receipt.objects.values_list("envelope_id", "kind", "by_branch", "key", "body"),
            Envelope.objects.values_list("id", "move", "version", "seal", "body"),
            Seat.objects.values_list("pension_number", "payable_branch", "open_move", "closure"),
            custody,
        )
    ]


@apart
@pytest.mark.slow
def test_fault_36_a_center_of_an_hour_ago_is_told_again(cast: Cast, tmp_path: Path) -> None:
    walks = {name: Walk(cast, make_file(cast.origin, i)) for i, name in enumerate(WAYS, 1)}
    for name, walk in walks.items():
        for step in BEFORE.get(name, ()):
            getattr(walk, step)()
    hour_ago = Yesterday("center", tmp_path)
    for name, walk in walks.items():
        WAYS[name](walk)
    _all_told()
    today, here = _center(), _standings()
    hour_ago.is_back()
    assert _center() != today
    report = sync.sync()
    assert (_center(), _standings(), report.lost) == (today, here, []) and report.told_again
    assert oracle.problems() + oracle.unfinished() == [] and problems() == []
    assert sync.sync().told_again == 0


@apart
def test_fault_36_payment_claimed_since_is_claimed_again_or_the_conflict_named(cast: Cast, tmp_path: Path) -> None:
    hour_ago = Yesterday("center", tmp_path)
    files = [make_file(cast.origin, n) for n in (1, 2)]
    CustodyRequest.objects.bulk_create(
        CustodyRequest(file=file, verb="open", month=139402, reason="import") for file in files
    )
    sync.sync()
    Walk(cast, files[0]).to(State.SENT)
    hour_ago.is_back()
    exchange.open_custody({files[1].pension_number: 139402}, cast.third.pk, "import")
    report = sync.sync()
    assert [files[1].pension_number in line and cast.third.pk in line for line in report.lost] == [True]
    assert Seat.objects.get(pk=files[0].pension_number).payable_branch == cast.origin.pk
    assert Envelope.objects.get().pension_number == files[0].pension_number


@apart
@pytest.mark.slow
def test_fault_35_a_site_of_yesterday_is_brought_to_today(cast: Cast, tmp_path: Path) -> None:
    """From wherever it stood that day to the next step that the center knows, and to the last one."""
    ways = ["", "draft", "technical", "send", "receive", "compare", "verify", "register", "activate"]
    told = [(at, until) for i, at in enumerate(ways) for until in {ways[min(max(i, 2) + 1, 8)], ways[8]} - {at}]
    walks = [(Walk(cast, make_file(cast.origin, i)), *names) for i, names in enumerate(sorted(told), 1)]
    for one, at, _until in walks:
        for step in ways[1 : ways.index(at) + 1]:
            getattr(one, step)()
    yesterday = Yesterday("site", tmp_path)
    for one, at, until in walks:
        for step in ways[ways.index(at) + 1 : ways.index(until) + 1]:
            getattr(one, step)()
    _all_told()
    today = _standings()
    said = list(Receipt.objects.order_by("id").values_list("key", "kind"))
    yesterday.is_back()
    assert _standings() != today
    report = sync.sync()
    assert _standings() == today and report.rebuilt and report.lost
    assert oracle.problems() + oracle.unfinished() == [] and problems() == []
    assert list(Receipt.objects.order_by("id").values_list("key", "kind")) == said
    again = sync.sync()
    assert (again.rebuilt, again.lost, again.marked) == (0, [], 0)


def _standings() -> list[Any]:
    """Where each copy stands, with what it holds, whoever's keys it has in this database."""
    rows = TransferCase.objects.order_by("pension_number", "side", "transfer_id").select_related("pension_file")
    return [
        (
            case.pension_number, case.side, case.state, case.version, case.envelope_id, case.turn, case.is_open,
            case.tracking_number, case.pension_file and (case.pension_file.status, case.pension_file.frozen_by),
            sorted(case.contents.exclude(seal="").values_list("version", "envelope_id", "seal", "body")),
            case.last_paid_month, case.receipt_number, case.paper_arrived_on,
            sorted(Part.objects.filter(case=case).exclude(name="drafter").values_list("user__username", "name")),
        )
        for case in rows
    ]  # fmt: skip


@apart
@pytest.mark.slow
def test_fault_35_versions_words_and_lives_since_the_backup_come_back(cast: Cast, tmp_path: Path) -> None:
    """Returned, corrected and sent again; recalled; asked and answered; held; given up; followed up; gone on."""
    make_file(cast.origin, 90)
    walks = {name: Walk(cast, make_file(cast.origin, i)) for i, name in enumerate(WAYS, 1)}
    for name, walk in walks.items():
        for step in BEFORE.get(name, ()):
            getattr(walk, step)()
    yesterday = Yesterday("site", tmp_path)
    for name, walk in walks.items():
        WAYS[name](walk)
    _all_told()
    today, said = _standings(), _words()
    yesterday.is_back()
    report = sync.sync()
    assert (_standings(), _words()) == (today, said) and report.rebuilt
    assert oracle.problems() + oracle.unfinished() == [] and problems() == []


def _words() -> list[Any]:
    """What was asked, answered, held and followed up."""
    asked = Question.objects.values_list("key", "case__side", "text", "answer", "answered_by", "how")
    followed = FollowUp.objects.values_list("key", "case__side", "matter", "outcome", "queue", "closing_note")
    held = TransferCase.objects.exclude(held_since=None).values_list("pension_number", "side", "held_event")
    return [sorted(map(str, rows)) for rows in (asked, followed, held)]


def _returned_and_sent_again(walk: Walk) -> None:
    for step in ("draft", "technical", "send", "receive", "give_back"):
        getattr(walk, step)()
    _sent_again(walk)
    for step in ("receive", "compare", "verify", "register"):
        getattr(walk, step)()


def _sent_again(walk: Walk) -> None:
    sync.sync()
    walk.case = press(Action.REOPEN, fresh(walk.case), walk.clerk)
    walk.case = press(Action.ASSEMBLE, walk.case, walk.clerk) if not walk.case.is_assembled else walk.case
    walk.technical()
    walk.send()


def _recalled_and_sent_again(walk: Walk) -> None:
    for step in ("draft", "technical", "send"):
        getattr(walk, step)()
    walk.case = press(Action.RECALL, fresh(walk.case), walk.head, **WHY)
    walk.case = press(Action.ASSEMBLE, walk.case, walk.clerk)
    walk.technical()
    walk.send()


def _asked_and_answered(walk: Walk) -> None:
    press(Action.ASK_QUESTION, fresh(walk.copy), walk.staff, **ASKED)
    sync.sync()
    press(Action.ANSWER_QUESTION, fresh(walk.case), walk.officer, **given(Action.ANSWER_QUESTION, fresh(walk.case)))
    sync.sync()
    press(Action.CLOSE_QUESTION, fresh(walk.copy), walk.staff, **given(Action.CLOSE_QUESTION, fresh(walk.copy)))


def _held(walk: Walk) -> None:
    press(Action.RECORD_LIFE_EVENT, fresh(walk.copy), walk.other_officer, **LIFE_EVENT)


def _given_up(walk: Walk) -> None:
    for step in ("receive", "give_back"):
        getattr(walk, step)()
    sync.sync()
    press(Action.CANCEL, fresh(walk.case), walk.head, **WHY)


def _followed_up(walk: Walk) -> None:
    walk.activate()
    sync.sync()
    press(Action.OPEN_FOLLOW_UP, fresh(walk.case), walk.officer, **FOLLOW_UP)


def _given_up_and_referred_anew(walk: Walk) -> None:
    """Yesterday's draft was given up; the pension goes by another referral."""
    walk.cancel()
    for step in ("draft", "technical", "send"):
        getattr(walk, step)()


def _come_back(walk: Walk) -> None:
    """Registered and active at the destination, and back from there by a move of its own."""
    walk.activate()
    sync.sync()
    file = PensionFile.objects.get(pension_number=walk.file.pension_number, branch=walk.cast.destination)
    there = Cast(walk.cast.destination, walk.cast.origin, walk.cast.third, walk.cast.people)
    back = Walk(there, file)
    for step in ("draft", "technical", "send", "receive", "compare", "verify", "register"):
        getattr(back, step)()


TAKEN = ("draft", "technical", "send", "receive")
REGISTERED = (*TAKEN, "compare", "verify", "register")
BEFORE = {
    "asked": TAKEN, "held": TAKEN, "given_up": TAKEN[:3], "followed_up": REGISTERED, "come_back": REGISTERED,
    "anew": TAKEN[:1], "sent_again": (*TAKEN, "give_back"),
}  # fmt: skip
WAYS = {
    "returned": _returned_and_sent_again, "recalled": _recalled_and_sent_again, "asked": _asked_and_answered,
    "held": _held, "given_up": _given_up, "followed_up": _followed_up, "anew": _given_up_and_referred_anew,
    "come_back": _come_back, "sent_again": _sent_again,
}  # fmt: skip
