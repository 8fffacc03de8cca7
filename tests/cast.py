"""The fixed cast: two branches with every role, a third branch, a province, the center, an auditor, an outsider."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from branches.models import (
    Administration,
    Appointment,
    Branch,
    Decree,
    DecreeLine,
    Deduction,
    Dependent,
    PensionFile,
    User,
)
from branches.roles import SCOPE, Action, Role, Scope
from pension_transfer.lib import calendar
from pension_transfer.lib.months import Month
from transfers import exchange, last_pay, workflow
from transfers.models import TransferCase
from transfers.snapshot import SECTIONS
from transfers.states import Side, State

# The last month paid everywhere: the payroll after it is the next one, whatever day it is.
_MONTH = Month.of(calendar.today())
LAST_PAID = _MONTH - int(calendar.today() <= _MONTH.day(settings.PAYROLL_CUTOFF_DAY))
LAST_PAID_TYPED = f"{LAST_PAID // 100}/{LAST_PAID % 100:02}"
IBANS = ["IR950130000000123456789012"]
READERS: dict[str, str] = {Role.PROVINCE_SUPERVISOR: "province", Role.CENTER_OPERATOR: "center"}  # user names
BRANCH_ROLES = [role for role in Role if SCOPE[role] == Scope.BRANCH]


@dataclass
class Cast:
    """Who and what every test can count on."""

    origin: Branch
    destination: Branch
    third: Branch
    people: dict[tuple[str, str], User]

    def at(self, branch: Branch, role: str) -> User:
        """Somebody with `role` at `branch`, read anew as a request would."""
        return User.objects.get(pk=self.people[branch.pk, role].pk)

    def reader(self, role: str) -> User:
        return User.objects.get(pk=self.people["", role].pk)


def national_code(number: int) -> str:
    """A valid code in the range believed to be given to nobody (990…)."""
    body = f"99{number:07d}"
    rest = sum(int(d) * (10 - i) for i, d in enumerate(body)) % 11
    return body + str(rest if rest < 2 else 11 - rest)


def appoint(username: str, role: str, **where: Any) -> User:
    user, _new = User.objects.get_or_create(username=username, defaults={"first_name": "کارمند", "last_name": username})
    Appointment.objects.create(user=user, role=role, since=dt.date(2020, 1, 1), **where)
    return user


def _appointed(places: dict[tuple[str, str], dict[str, Any]]) -> dict[tuple[str, str], User]:
    """Somebody for each office, by branch and role; two questions for all of them, since every test asks them."""
    names = ["_".join((READERS.get(role, role), code)).rstrip("_") for code, role in places]
    users = User.objects.bulk_create(User(username=name, first_name="کارمند", last_name=name) for name in names)
    offices = zip(places.items(), users, strict=True)
    Appointment.objects.bulk_create(
        Appointment(user=user, role=role, since=dt.date(2020, 1, 1), **where)
        for ((_code, role), where), user in offices
    )
    return dict(zip(places, users, strict=True))


def make_cast() -> Cast:
    tehran = Administration.objects.create(code="23", name="اداره کل تهران", name_en="Tehran", province="تهران")
    fars = Administration.objects.create(code="07", name="اداره کل فارس", name_en="Fars", province="فارس")
    origin = Branch.objects.create(code="0801", administration=tehran, name="شعبه ۱ تهران", name_en="T1", city="تهران")
    destination = Branch.objects.create(code="1001", administration=fars, name="شعبه شیراز", name_en="S", city="شیراز")
    third = Branch.objects.create(code="0701", administration=fars, name="شعبه مرودشت", name_en="M", city="مرودشت")
    places: dict[tuple[str, str], dict[str, Any]] = {
        (branch.pk, role): {"branch": branch} for branch in (origin, destination, third) for role in BRANCH_ROLES
    }
    places["", Role.PROVINCE_SUPERVISOR] = {"administration": tehran}
    places |= {("", Role.CENTER_OPERATOR): {}, ("", Role.AUDITOR): {}}
    people = _appointed(places) | {("", "outsider"): User.objects.create(username="outsider")}
    exchange.publish_directory()
    return Cast(origin, destination, third, people)


def make_file(branch: Branch, number: int = 1, **changes: Any) -> PensionFile:
    """A retired man with wife and son, two decrees, a loan; payment held by `branch` at the center."""
    values: dict[str, Any] = {
        "pension_number": f"70{number:08d}",
        "kind": "retirement",
        "insurance_number": f"00{number:08d}",
        "national_code": national_code(number * 10),
        "first_name": "علی‌رضا",
        "last_name": "حسینی",
        "father_name": "محمد",
        "birth_date": dt.date(1955, 5, 5),
        "sex": "male",
        "established_on": dt.date(2015, 4, 21),
        "iban": IBANS[0],
        "mobile": "09121234567",
        "postal_code": "1136934567",
        "last_paid_month": LAST_PAID,
        "paper_pages": 120,
    }
    file = PensionFile.objects.create(branch=branch, **(values | changes))
    _people_of(file, number)
    _decrees_of(file)
    exchange.open_custody({file.pension_number: 139402}, branch.pk, "test")
    return file


def _people_of(file: PensionFile, number: int) -> None:
    for i, (relationship, sex, born) in enumerate([("wife", "female", 1960), ("son", "male", 2010)], 1):
        Dependent.objects.create(
            file=file, national_code=national_code(number * 10 + i), first_name="زهرا", last_name="حسینی", sex=sex,
            relationship=relationship, birth_date=dt.date(born, 6, 1), entitled_from=dt.date(2015, 4, 21),
        )  # fmt: skip
    Deduction.objects.create(
        file=file, kind="loan", creditor="بانک رفاه", monthly_amount=12_500_000, remaining_amount=62_500_000
    )


def _decrees_of(file: PensionFile) -> None:
    for number, kind, year in [("1/94", "establishing", 2015), ("1/05", "annual_increase", 2026)]:
        decree = Decree.objects.create(
            file=file, number=number, kind=kind, issued_on=dt.date(year, 5, 10), effective_on=dt.date(year, 4, 21),
            issuing_branch=file.branch_id, previous_number="1/94" if year == 2026 else "",
            amount_before=166_255_500 if year == 2026 else 0, amount_after=166_255_500,
        )  # fmt: skip
        DecreeLine.objects.create(decree=decree, order=1, title="مستمری", group="pension", amount=166_255_500)


# --- walking a case to a state ----------------------------------------------------------------------------

MOVE = {
    "destination": "1001",
    "reason": "residence",
    "letter_number": "1234/5",
    "letter_date": "1405/08/20",
    "note": "",
}
PAPER_SENT = {
    "paper_sent_on": "1405/08/22", "paper_method": "registered_mail", "paper_sent_letter": "55/2",
    "paper_sent_pages": "120", "parcel_number": "218330051400001234",
}  # fmt: skip
PAPER = {
    "paper_arrived_on": "1405/08/25", "paper_letter_number": "77/1", "paper_pages": "120", "paper_condition": "good",
}  # fmt: skip
LIFE_EVENT = {"event": "death", "event_on": "1405/08/26", "note": "گواهی فوت ۱۲/۳"}
DIFFERENCE = {
    "path": "principal.birth_date", "verdict": "differs", "paper_value": "1334/02/16", "code": "different_value",
    "severity": "must_be_corrected", "note": "",
}  # fmt: skip


def press(action: str, case: TransferCase, by: User, **data: Any) -> TransferCase:
    """One step, as one press of a button; with an activation the arrears are acknowledged, whatever day it is."""
    data = owed(case) | data if action == Action.ACTIVATE else data
    return workflow.perform(action, case.pk, by=by, command_id=uuid.uuid4(), data=data)


def owed(case: TransferCase) -> dict[str, Any]:
    """What an activation acknowledges today."""
    months = last_pay.arrears_of(TransferCase.objects.get(pk=case.pk))
    return {"arrears_months": len(months)} if months else {}


def judge_all(case: TransferCase, by: User) -> TransferCase:
    """Every field that nobody has judged yet is as on paper."""
    for section in SECTIONS:
        case = press(Action.JUDGE, case, by, path=section, verdict="match")
    return case


class Walk:
    """Carries one case along the directive's way; every state is reached through the door."""

    def __init__(self, cast: Cast, file: PensionFile | None = None):
        self.cast, self.file = cast, file or make_file(cast.origin)
        self.clerk = cast.at(cast.origin, Role.CLERK)
        self.officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER)
        self.head = cast.at(cast.origin, Role.BRANCH_HEAD)
        self.staff = cast.at(cast.destination, Role.DESTINATION_STAFF)
        self.other_officer = cast.at(cast.destination, Role.TECHNICAL_OFFICER)
        self.case: TransferCase = None  # type: ignore[assignment]
        self.copy: TransferCase = None  # type: ignore[assignment]

    def to(self, state: str, side: str = Side.ORIGIN) -> TransferCase:
        """The copy of `side`, standing at `state`."""
        for name in WAY[side, state]:
            getattr(self, name)()
        rows = TransferCase.objects.filter(pension_number=self.file.pension_number, side=side)
        return rows.latest("id")

    def draft(self) -> None:
        data = MOVE | {"destination": self.cast.destination.pk}
        self.case = workflow.open_case(self.file.pk, by=self.clerk, command_id=uuid.uuid4(), data=data)

    def refer_incomplete(self) -> None:
        PensionFile.objects.filter(pk=self.file.pk).update(iban="")
        self.draft()

    def technical(self, last_paid: str = LAST_PAID_TYPED) -> None:
        judge_all(self.case, self.officer)
        self.case = press(Action.APPROVE_TECHNICAL, self.case, self.officer, last_paid_month=last_paid)

    def send(self) -> None:
        self.case = press(Action.APPROVE_HEAD, self.case, self.head)

    def receive(self) -> None:
        self.case = TransferCase.objects.get(pk=self.case.pk)
        self.copy = workflow.receive(
            self.case.envelope, branch=self.cast.destination, by=self.staff, command_id=uuid.uuid4()
        )

    def compare(self) -> None:
        press(Action.SHOW_DECREES, self.copy, self.staff)
        press(Action.RECORD_PAPER, self.copy, self.staff, **PAPER)
        judge_all(self.copy, self.staff)

    def verify(self) -> None:
        self.copy = press(Action.VERIFY, self.copy, self.staff)

    def give_back(self) -> None:
        press(Action.JUDGE, self.copy, self.staff, **DIFFERENCE)
        self.copy = press(Action.RETURN_TO_ORIGIN, self.copy, self.staff)

    def register(self) -> None:
        self.copy = press(Action.REGISTER, self.copy, self.staff)

    def activate(self) -> None:
        self.copy = press(Action.ACTIVATE, self.copy, self.other_officer)

    def cancel(self) -> None:
        press(Action.CANCEL, self.case, self.clerk, reason="اشتباه در انتخاب پرونده")


_SENT = ["draft", "technical", "send"]
_RECEIVED = [*_SENT, "receive"]
_VERIFIED = [*_RECEIVED, "compare", "verify"]
_BOTH = {
    State.RECEIVED: _RECEIVED,
    State.VERIFIED: _VERIFIED,
    State.REGISTERED: [*_VERIFIED, "register"],
    State.RETURNED: [*_RECEIVED, "give_back"],
}
WAY: dict[tuple[str, str], list[str]] = {
    (Side.ORIGIN, State.REFERRAL): ["refer_incomplete"],
    (Side.ORIGIN, State.DRAFT): ["draft"],
    (Side.ORIGIN, State.TECHNICALLY_APPROVED): ["draft", "technical"],
    (Side.ORIGIN, State.SENT): _SENT,
    (Side.ORIGIN, State.CANCELLED): ["draft", "cancel"],
    **{(side, state): way for side in Side for state, way in _BOTH.items()},
}
