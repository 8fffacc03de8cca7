"""A branch moves to another site with everything that is its own: files, cases in the middle of things, people."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import override_settings

from branches.models import Administration, Appointment, Branch, DecreeLine, Payment, PensionFile, User
from branches.roles import Action, Role
from central.models import Directory, Receipt, Seat
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow
from pension_transfer.lib.months import Month
from tests import oracle, scans
from tests.cast import LAST_PAID, Cast, Walk, appoint, make_cast, make_file, press
from tests.processes import center_url, database_url
from tests.sites_apart import another_site, at
from transfers import directory, exchange, payroll, relocation, sync, trail, workflow
from transfers.models import BranchChange, Content, FollowUp, HeardUntil, ScanBytes, TransferCase
from transfers.reconcile import Scope, reconcile
from transfers.relocation import tables
from transfers.states import Side, State

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.skipif(settings.CENTER == "default", reason="THE CENTER STANDS IN THE SITE'S DATABASE: NO SECOND SITE"),
]
REASON, PASSWORD = "نامهٔ ۱۲/۳۴۵ مرکز", "mostamari-1405"
ASKED = {"path": "principal.father_name", "text": "نام پدر روی شناسنامه چیست؟", "due_on": "1410/01/20"}

FOLLOW_UP = {"matter": "over_payment", "month": "۱۴۰۵/۰۷", "amount": "۱۲٬۵۰۰٬۰۰۰", "settled_by": "", "note": "اضافه"}


class TwoSites:
    """The north serves all three branches of the cast; the south one of its own, and whatever comes to it."""

    def __init__(self, south: Any, folder: Path) -> None:
        self.sites = {"north": connections["default"], "south": south}
        self.file = folder / "1001.zip"
        with self.standing("north"):
            self.cast = make_cast()
            Branch.objects.update(site="north")
            exchange.publish_directory()
        with self.standing("south"):
            self._found()

    def _found(self) -> None:
        """Its own branch; its numbers have gone other ways than the north's."""
        fars = Administration.objects.create(code="05", name="کرمان", name_en="Kerman", province="کرمان")
        self.own = Branch.objects.create(code="0501", administration=fars, name="شعبه کرمان", name_en="K", site="south")
        for table in (tables.CASE, tables.FILE, "branches_decree", "transfers_question"):
            tables.ask("SELECT setval(pg_get_serial_sequence(%s, 'id'), 1000)", table)
        directory.share()
        appoint("operator", Role.CENTER_OPERATOR)
        appoint("clerk_0501", Role.CLERK, branch=self.own)
        make_file(self.own, 50)

    @contextmanager
    def standing(self, site: str) -> Iterator[None]:
        with at(self.sites[site]), override_settings(SITE=site):
            yield

    def leave(self, code: str = "1001") -> dict[str, int]:
        with self.standing("north"):
            return relocation.leave(code, "south", self.file, REASON, by=self.cast.reader(Role.CENTER_OPERATOR))

    def take_in(self) -> dict[str, int]:
        with self.standing("south"):
            return relocation.take_in(self.file, REASON, by=User.objects.get(username="operator"))

    def command(self, kind: str, **environment: str) -> int:
        """How `manage.py branch_change` ends in a process of its own."""
        site, words = ("south", ["operator"]) if kind == "take_in" else ("north", ["center", "1001", "--to", "south"])
        words = [*words[1:], str(self.file), "--by", words[0], "--reason", REASON]
        with self.standing(site):
            urls = {"DATABASE_URL": database_url("default"), "CENTRAL_DATABASE_URL": center_url(), "SITE": site}
        env = os.environ | urls | {"DJANGO_SETTINGS_MODULE": "pension_transfer.settings"} | environment
        run = subprocess.run(
            [sys.executable, "manage.py", "branch_change", kind, *words], cwd=settings.BASE_DIR, env=env
        )
        return run.returncode

    def sound(self) -> None:
        """Nothing is left to be done at either site, and no check finds a fault."""
        for _round in range(2):
            for site in self.sites:
                with self.standing(site):
                    sync.sync()
        assert (oracle.problems(), oracle.unfinished()) == ([], [])
        for site in self.sites:
            with self.standing(site):
                assert [str(problem) for problem in reconcile(Scope()).problems] == []


@pytest.fixture
def two(tmp_path: Path) -> Iterator[TwoSites]:
    with another_site("south") as south:
        country = TwoSites(south, tmp_path)
        oracle.SITES[:] = [partial(country.standing, site) for site in country.sites]
        try:
            with override_settings(SITE="north"):
                yield country
        finally:
            oracle.SITES[:] = [oracle.nullcontext]


def swapped(cast: Cast) -> Cast:
    """The same people, the other way round."""
    return Cast(cast.destination, cast.origin, cast.third, cast.people)


def people(two: TwoSites, code: str, role: str) -> User:
    return User.objects.get(username=f"{role}_{code}")


def ways(two: TwoSites) -> dict[str, Walk]:
    """Cases of the branch that moves, in the middle of things."""
    cast = two.cast
    states = [State.SENT, State.RECEIVED, State.VERIFIED, State.REGISTERED]
    found = {str(state): Walk(cast, make_file(cast.origin, n)) for n, state in enumerate(states, 1)}
    for state in (State.SENT, State.VERIFIED, State.REGISTERED):
        found[state].to(state)
    received = found[State.RECEIVED]
    received.draft()
    received.case = scans.attach(received.case, received.clerk)
    for name in ("technical", "send", "receive"):
        getattr(received, name)()
    press(Action.SHOW_DECREES, received.copy, received.staff)
    press(Action.ASK_QUESTION, received.copy, received.staff, **ASKED)
    sync.sync()
    for n, state in enumerate((State.DRAFT, State.TECHNICALLY_APPROVED, State.RECEIVED), 11):
        away = Walk(swapped(cast), make_file(cast.destination, n))
        away.cast.destination = cast.origin
        away.to(state)
        found[f"away {state}"] = away
    return found


REST = {
    State.SENT: ["receive", "compare", "verify", "register", "activate"],
    State.VERIFIED: ["register", "activate"],
    State.REGISTERED: ["activate"],
}


def there(walk: Walk, two: TwoSites) -> None:
    """The destination's part goes on in the south: its people and its copy, as they are called there."""
    walk.staff, walk.other_officer = (people(two, "1001", role) for role in ("destination_staff", "technical_officer"))
    walk.copy = TransferCase.objects.filter(transfer_id=walk.case.transfer_id, side=Side.DESTINATION).first()


def test_fault_37_a_branch_that_moves_to_another_site_finishes_its_moves_there(two: TwoSites) -> None:
    walks = ways(two)
    assert walks[State.SENT].staff.pk
    User.objects.filter(username="destination_staff_1001").update(password="md5$x$" + "0" * 32)
    two.sound()
    two.leave()
    two.take_in()
    assert Directory.objects.get(pk="1001").site == "south"
    two.sound()
    with two.standing("south"):
        assert User.objects.get(username="destination_staff_1001").password == "md5$x$" + "0" * 32
        copies = TransferCase.objects.filter(branch="1001")
        assert {copy.pk > 1000 for copy in copies} == {True}
        assert [trail.first_break(copy) for copy in copies] == [None] * len(copies)
        told = [copy.events.latest("sequence").details for copy in copies.open()]
        assert told == [{"moved_branch": "1001", "to_site": "south"}] * len(told)
        assert ScanBytes.objects.count() == 1
    for state, steps in REST.items():
        with two.standing("south"):
            there(walks[state], two)
            for step in steps:
                if step == "receive":
                    walks[state].copy = workflow.receive(
                        walks[state].case.envelope, branch=Branch.objects.get(pk="1001"),
                        by=walks[state].staff, command_id=uuid.uuid4(),
                    )  # fmt: skip
                else:
                    getattr(walks[state], step)()
            assert Seat.objects.get(pk=walks[state].file.pension_number).payable_branch == "1001"
    two.sound()


def test_fault_37_a_branch_that_moves_to_another_site_hears_there_what_was_said_meanwhile(
    two: TwoSites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "LOOK_BACK", 0)
    walks = ways(two)
    walks[State.REGISTERED].activate()
    sync.sync()
    two.leave()
    asked, over, drafted = walks[State.RECEIVED], walks[State.REGISTERED], walks["away draft"]
    with two.standing("north"):
        case = TransferCase.objects.get(pk=asked.case.pk)
        question = case.questions.get()
        press(Action.ANSWER_QUESTION, case, asked.officer, question=str(question.key), text="حسن")
        press(Action.OPEN_FOLLOW_UP, TransferCase.objects.get(pk=over.case.pk), over.officer, **FOLLOW_UP)
    for site in two.sites:
        with two.standing(site):
            sync.sync()
    with two.standing("south"):  # has heard what was said later to its own branches
        HeardUntil.objects.update(number=Receipt.objects.latest("id").pk)
        assert FollowUp.objects.filter(branch="1001").exists() is False
    two.take_in()
    two.sound()
    with two.standing("north"):
        assert [row.branch_id for row in FollowUp.objects.all()] == ["0801"]  # and what is history stays as it was
    with two.standing("south"):
        there(asked, two)
        assert asked.copy.questions.get().answer == "حسن"
        assert FollowUp.objects.get().branch_id == "1001"
        drafted.case = TransferCase.objects.get(transfer_id=drafted.case.transfer_id)
        drafted.clerk, drafted.officer, drafted.head = (
            people(two, "1001", role) for role in ("clerk", "technical_officer", "branch_head")
        )
        drafted.technical()
        drafted.send()
        assert drafted.case.state == State.SENT
    two.sound()


def test_fault_37_a_branch_that_moves_to_another_site_takes_its_payments_along(two: TwoSites) -> None:
    month = Month(LAST_PAID) - 1
    file = make_file(two.cast.destination, 1, last_paid_month=month)
    ended = make_file(two.cast.destination, 2, status="suspended", suspended_since=LAST_PAID, suspension_reason="ن")
    officer = two.cast.at(two.cast.destination, Role.TECHNICAL_OFFICER)
    payroll.pay(two.cast.destination, Month(LAST_PAID), officer, uuid.uuid4())
    assert Payment.objects.count() == 1
    rows = two.leave()
    two.take_in()
    assert rows["branches_payment"] == 1
    with two.standing("south"):
        here = PensionFile.objects.get(pension_number=file.pension_number)
        assert (here.status, here.last_paid_month, here.branch_id) == ("active", LAST_PAID, "1001")
        assert PensionFile.objects.get(pension_number=ended.pension_number).status == "suspended"
        assert Payment.objects.get().file == here
        assert DecreeLine.objects.filter(decree__file=here).count() == 2
    two.sound()


def test_fault_37_a_branch_that_moves_to_another_site_is_history_at_the_old_one(two: TwoSites) -> None:
    walks = ways(two)
    two.leave()
    with two.standing("north"):
        copy = walks[State.VERIFIED].copy
        with pytest.raises(NotNow) as refused:
            press(Action.REGISTER, copy, walks[State.VERIFIED].staff)
        assert (refused.value.code, "south" in str(refused.value)) == ("elsewhere", True)
        staff = User.objects.get(pk=walks[State.VERIFIED].staff.pk)
        assert not TransferCase.objects.visible_to(staff).exists()
        assert TransferCase.objects.visible_to(two.cast.reader(Role.AUDITOR)).filter(pk=copy.pk).exists()
        assert not TransferCase.objects.open().filter(branch="1001").exists()
        assert Content.objects.filter(case__branch="1001").exists()
        assert set(PensionFile.objects.filter(branch="1001").values_list("status", "frozen_by")) == {("moved", None)}
        assert BranchChange.objects.get().site == "south"
        with pytest.raises(NotNow):
            two.leave()


def nothing_of_it() -> bool:
    return not (
        PensionFile.objects.filter(branch="1001").exists()
        or TransferCase.objects.filter(branch="1001").exists()
        or Appointment.objects.filter(branch="1001").exists()
        or BranchChange.objects.exists()
    )


@pytest.mark.slow
@pytest.mark.parametrize("cut", ["_bring_to_date", "_serve", "directory.share"])
def test_fault_37_a_branch_that_moves_to_another_site_and_is_cut_comes_whole_or_not_at_all(
    two: TwoSites, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    ways(two)
    two.leave()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(f"transfers.relocation.taking_in.{cut}", killed)
        two.take_in()
    with two.standing("south"):
        assert nothing_of_it() is (cut != "directory.share")
        sync.sync()
        assert nothing_of_it() is (cut != "directory.share")
    two.take_in()
    assert two.take_in() == {}
    two.sound()


@pytest.mark.slow
@pytest.mark.parametrize(("fail", "kind"), [("moved", "move"), ("archived", "move"), ("brought", "take_in")])
def test_fault_37_a_branch_that_moves_to_another_site_survives_kill_9(two: TwoSites, fail: str, kind: str) -> None:
    ways(two)
    if kind == "take_in":
        two.leave()
    assert two.command(kind, FAIL_POINT=fail) == -signal.SIGKILL
    with two.standing("south" if kind == "take_in" else "north"):
        assert not BranchChange.objects.exists()
    two.file.unlink() if fail == "archived" else None
    assert two.command(kind) == 0
    if kind == "move":
        assert two.command("take_in") == 0
    assert two.command("take_in") == 0
    two.sound()


@pytest.mark.slow
@pytest.mark.parametrize("cut", ["directory.share", "_close", "archive.Writer.end"])
def test_fault_37_a_branch_that_moves_to_another_site_and_is_cut_leaves_when_asked_again(
    two: TwoSites, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    ways(two)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(f"transfers.relocation.leaving.{cut}", killed)
        two.leave()
    with two.standing("north"):
        assert not BranchChange.objects.exists()
        sync.sync()
    two.file.unlink(missing_ok=True)
    two.leave()
    two.take_in()
    two.sound()


def killed(*_args: Any) -> None:
    raise KeyboardInterrupt


def altered(file: Path, table: str, change: Any) -> None:
    """The same archive with another member."""
    with zipfile.ZipFile(file) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    members[table] = change(members[table])
    with zipfile.ZipFile(file, "w") as packed:
        for name, body in members.items():
            packed.writestr(name, body)


def test_fault_37_a_branch_that_moves_to_another_site_is_refused_in_an_altered_archive(two: TwoSites) -> None:
    make_file(two.cast.destination, 1)
    two.leave()
    whole = two.file.read_bytes()
    for table, change in (
        ("branches_pensionfile.jsonl", lambda body: body.replace("علی".encode(), "ولی".encode())),
        ("branches_pensionfile.jsonl", lambda body: b""),
        ("manifest.json", lambda body: b"{}"),
    ):
        two.file.write_bytes(whole)
        altered(two.file, table, change)
        with pytest.raises(BadInput) as refused:
            two.take_in()
        assert refused.value.code == "damaged"
    two.file.write_bytes(whole[:-100])
    with pytest.raises(BadInput):
        two.take_in()
    two.file.write_bytes(whole)
    assert two.file.stat().st_mode & 0o777 == 0o600
    two.take_in()
    two.sound()


def test_fault_37_a_branch_that_moves_to_another_site_with_an_altered_trail_is_refused(two: TwoSites) -> None:
    ways(two)
    two.leave()

    def another_name(body: bytes) -> bytes:
        rows = [json.loads(line) for line in body.splitlines()]
        rows[0]["by_name"] = "دیگری"
        return b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    altered(two.file, f"{tables.EVENT}.jsonl", another_name)
    with zipfile.ZipFile(two.file) as packed:
        new = hashlib.sha256(packed.read(f"{tables.EVENT}.jsonl")).hexdigest()

    def agreed(body: bytes) -> bytes:
        manifest = json.loads(body)
        manifest["members"][tables.EVENT]["sha256"] = new
        return json.dumps(manifest).encode()

    altered(two.file, "manifest.json", agreed)
    with pytest.raises(BadInput):
        two.take_in()
    with two.standing("south"):
        assert nothing_of_it()


def test_fault_37_a_branch_that_moves_to_another_site_comes_only_where_the_center_says(two: TwoSites) -> None:
    make_file(two.cast.destination, 1)
    with two.standing("north"), pytest.raises(NotAllowed):
        relocation.leave("1001", "south", two.file, REASON, by=two.cast.reader(Role.AUDITOR))
    with two.standing("north"), pytest.raises(BadInput):
        relocation.leave("1001", "north", two.file, REASON, by=two.cast.reader(Role.CENTER_OPERATOR))
    two.leave()
    Directory.objects.filter(pk="1001").update(site="west")
    with pytest.raises(NotNow) as refused:
        two.take_in()
    assert refused.value.code == "elsewhere"
    Directory.objects.filter(pk="1001").update(site="south")
    with two.standing("south"):
        User.objects.create(username="clerk_1001", first_name="کس", last_name="دیگر")
    with pytest.raises(NotNow) as refused:
        two.take_in()
    assert (refused.value.code, "clerk_1001" in str(refused.value)) == ("username", True)
    with two.standing("south"):
        assert nothing_of_it()
        assert connection.get_autocommit()
