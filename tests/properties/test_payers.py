"""Two years of random moves: every month of every pension is paid once, whatever is late, returned, recalled or cut.

Fifty pensions among six branches. Each month moves go some steps on, some people die, and every branch pays whom
`may_pay` lets it pay, some of them late. PAYERS=seed tries another two years.
"""

import datetime as dt
import os
import random
import uuid
from collections import Counter, defaultdict
from typing import Any

import pytest
import time_machine
from django.db.models import F

from branches import standing
from branches.models import Branch, ClosingCause, Payment, PensionFile, Status, User
from branches.roles import Action, Role
from pension_transfer.lib.errors import Refusal
from pension_transfer.lib.months import Month
from tests.cast import MOVE, PAPER, Cast, appoint, judge_all, make_file, owed, press
from tests.cuts import cut_at, survivable
from tests.expect import undone
from transfers import exchange, payroll, sync, workflow
from transfers.models import TransferCase
from transfers.payment import may_pay_all
from transfers.reconcile import Scope, reconcile
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
PENSIONS, MONTHS, BEGIN = 50, 24, Month(140510)
POINTS = ["", "", "", "", "", "", "intended", "asked", "finishing", "finished"]
OFFICES = (Role.CLERK, Role.TECHNICAL_OFFICER, Role.BRANCH_HEAD, Role.DESTINATION_STAFF)
DIFFERS = {
    "path": "principal.father_name", "verdict": "differs", "paper_value": "غلام", "code": "different_value",
    "severity": "must_be_corrected", "note": "",
}  # fmt: skip


class Country:
    """Six branches with their people, the pensions, and what was paid."""

    def __init__(self, cast: Cast, seed: str) -> None:
        self.random = random.Random(seed)
        more = [
            Branch.objects.create(
                code=f"070{i}", administration=cast.third.administration, name=f"شعبه {i}", name_en=f"B{i}", city="فسا"
            )
            for i in range(2, 5)
        ]
        self.branches = [cast.origin, cast.destination, cast.third, *more]
        self.people: dict[tuple[str, str], User] = dict(cast.people)
        for branch in more:
            for role in OFFICES:
                self.people[branch.pk, role] = appoint(f"{role}_{branch.pk}", role, branch=branch)
        exchange.publish_directory()
        self.numbers = [self._file(i) for i in range(PENSIONS)]
        self.ends: dict[str, Month] = {}
        self.told: Counter[tuple[str, Month]] = Counter()  # what may_pay let a branch pay
        self.late: dict[str, list[Month]] = defaultdict(list)
        self.finished, self.refused = 0, Counter[str]()

    def _file(self, i: int) -> str:
        return make_file(self.branches[i % 6], i + 1, last_paid_month=BEGIN - 1).pension_number

    def at(self, branch: str, role: str) -> User:
        return User.objects.get(pk=self.people[branch, role].pk)

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    # --- moves ---

    def copies(self, number: str) -> tuple[TransferCase | None, TransferCase | None]:
        """The open copies of a pension's move, at the origin and at the destination."""
        rows = {case.side: case for case in TransferCase.objects.filter(pension_number=number, closed_at=None)}
        return rows.get(Side.ORIGIN), rows.get(Side.DESTINATION)

    def go_on(self, number: str, calm: bool = False) -> None:
        """The next step of a pension's move; any process may end in the middle of it."""
        with cut_at("" if calm else self.random.choice(POINTS)):
            try:
                self._step(number, calm)
            except Refusal as refusal:
                self.refused[refusal.code] += 1

    def _step(self, number: str, calm: bool) -> None:
        origin, copy = self.copies(number)
        if copy and copy.state != State.RETURNED:
            self._at_destination(copy, calm)
        elif origin:
            self._at_origin(origin, calm)
        elif not calm:
            self._refer(number)

    def _refer(self, number: str) -> None:
        file = PensionFile.objects.filter(pension_number=number, status__in=["active", "suspended"]).first()
        if file:
            to = self.random.choice([b for b in self.branches if b.pk != file.branch_id])
            clerk = self.at(file.branch_id, Role.CLERK)
            workflow.open_case(file.pk, by=clerk, command_id=uuid.uuid4(), data=MOVE | {"destination": to.pk})

    def _at_origin(self, case: TransferCase, calm: bool) -> None:
        clerk, officer, head = (self.at(case.branch_id, role) for role in OFFICES[:3])
        if case.state in (State.SENT, State.HEAD_APPROVED):
            if not calm and self.chance(15):
                press(Action.RECALL, case, head, reason="بازپس‌گیری")
            elif case.state == State.SENT:
                staff = self.at(case.destination_id, Role.DESTINATION_STAFF)
                workflow.receive(case.envelope, branch=case.destination, by=staff, command_id=uuid.uuid4())
        elif case.state == State.TECHNICALLY_APPROVED:
            press(Action.APPROVE_HEAD, case, head)
        elif case.state == State.RETURNED:
            if calm or self.chance(70):
                press(Action.REOPEN, case, clerk)
            else:
                press(Action.CANCEL, case, head, reason="منصرف شد")
        elif case.state in (State.REFERRAL, State.DRAFT):
            self._approve(case, clerk, officer)

    def _approve(self, case: TransferCase, clerk: User, officer: User) -> None:
        if not case.is_assembled:
            case = press(Action.ASSEMBLE, case, clerk)
        case = judge_all(case, officer)
        month = PensionFile.objects.get(pk=case.file.pk).last_paid_month
        press(Action.APPROVE_TECHNICAL, case, officer, last_paid_month=str(month))

    def _at_destination(self, copy: TransferCase, calm: bool) -> None:
        staff, officer = (
            self.at(copy.branch_id, Role.DESTINATION_STAFF),
            self.at(copy.branch_id, Role.TECHNICAL_OFFICER),
        )
        if copy.state == State.REGISTERED:
            press(Action.ACTIVATE, copy, officer, **owed(copy))
            self.finished += 1
        elif not calm and self.chance(15):
            press(Action.JUDGE, copy, staff, **DIFFERS)
            press(Action.RETURN_TO_ORIGIN, copy, staff)
        elif copy.state == State.VERIFIED:
            press(Action.REGISTER, copy, staff)
        else:
            press(Action.SHOW_DECREES, copy, staff)
            if not copy.paper_arrived_on:
                press(Action.RECORD_PAPER, copy, staff, **PAPER)
            judge_all(copy, staff)
            press(Action.VERIFY, copy, staff)

    # --- what happens to people ---

    def die(self, month: Month) -> None:
        """Of somebody whose file is not on its way; known in the same month."""
        number = self.random.choice(self.numbers)
        file = PensionFile.objects.filter(pension_number=number, status=Status.ACTIVE, frozen_by=None).first()
        if file is None or number in self.ends or any(self.copies(number)) or (file.last_paid_month or 0) >= month:
            return
        by = self.at(file.branch_id, Role.TECHNICAL_OFFICER)
        standing.close(file, by, ClosingCause.DEATH, month.day(10), "گواهی فوت", command_id=uuid.uuid4())
        self.ends[number] = month

    # --- payroll ---

    def pay(self, branch: Branch, month: Month) -> None:
        for answer in may_pay_all(self.numbers, branch.pk, month):
            self.told.update((answer.pension_number, due) for due in answer.due or ())
        payroll.pay(branch, month, self.at(branch.pk, Role.TECHNICAL_OFFICER), uuid.uuid4())

    def pay_all(self, month: Month, late: int = 15) -> None:
        """Some branches (percent) are a month late."""
        for branch in self.random.sample(self.branches, len(self.branches)):
            self.late[branch.pk].append(month)
            if not self.chance(late):
                self.pay_late(branch)

    def pay_late(self, *branches: Branch) -> None:
        for branch in branches or self.branches:
            for due in self.late.pop(branch.pk, []):
                self.pay(branch, due)

    # --- the two years ---

    def live(self, month: Month) -> None:
        for number in self.random.choices(self.numbers, k=5):
            for _ in range(self.random.randrange(1, 8)):
                self.go_on(number)
        if self.chance(40):
            self.die(month)
        if self.chance(70):
            sync.sync()
        self.pay_all(month)

    def come_to_rest(self, month: Month) -> None:
        """Everything under way is brought to its end, and the last month is paid everywhere."""
        self.pay_late()
        for _ in range(30):
            sync.sync()
            under_way = [number for number in self.numbers if any(self.copies(number))]
            for number in under_way:
                self.go_on(number, calm=True)
            if not under_way:
                break
        assert not TransferCase.objects.filter(closed_at=None).exists()
        self.pay_all(month, late=0)


def test_every_month_is_paid_once(cast: Cast, monkeypatch: Any) -> None:
    survivable(monkeypatch)
    with undone():
        country = Country(cast, os.environ.get("PAYERS", "1"))
        for month in (BEGIN + n for n in range(MONTHS)):
            with time_machine.travel(dt.datetime.combine(month.day(18), dt.time(8), dt.timezone.utc)):
                country.live(month)
        with time_machine.travel(dt.datetime.combine((BEGIN + MONTHS).day(18), dt.time(8), dt.timezone.utc)):
            country.come_to_rest(BEGIN + MONTHS)
        paid = Counter(Payment.objects.values_list("file__pension_number", "month"))
        due = {
            (number, BEGIN + n)
            for number in country.numbers
            for n in range(MONTHS + 1)
            if BEGIN + n <= country.ends.get(number, BEGIN + MONTHS)
        }
        assert dict(paid) == dict.fromkeys(due, 1)
        assert country.told == paid
        assert not PensionFile.objects.filter(payments__month__gt=F("last_paid_month")).exists()
        assert country.finished > 20 and country.ends
        assert list(reconcile(Scope(), {"I5", "I6"}).problems) == []
