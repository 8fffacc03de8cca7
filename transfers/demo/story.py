"""One file's way, as a list of presses; cut after any of them, it leaves a case in that state."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from branches import services
from branches.models import Branch, PensionFile, Status
from branches.roles import Action, Role
from pension_transfer.lib import calendar
from transfers import completeness, hurdles, last_pay, payroll_warnings, snapshot, workflow
from transfers.demo.people import at
from transfers.inputs.questions import usual_due_date
from transfers.models import Question, TransferCase, TransferEvent

SHOWN = (
    Action.REFER, Action.ASSEMBLE, Action.APPROVE_TECHNICAL, Action.APPROVE_HEAD, "mark_sent", Action.RECEIVE,
    Action.VERIFY, Action.REGISTER, Action.ACTIVATE,
)  # fmt: skip


@dataclass
class Story:
    """A move of `file` to `destination`, taken step by step by the people whose steps they are."""

    file: PensionFile
    destination: Branch
    case: TransferCase = field(init=False)
    copy: TransferCase = field(init=False)

    def tell(self, chapters: Iterable[str]) -> "Story":
        for chapter in chapters:
            getattr(self, chapter)()
        return self

    # --- origin ---

    def refer(self) -> None:
        self._pay_until_now()
        today = calendar.jalali(calendar.today())
        data = {
            "destination": self.destination.pk, "reason": "residence", "letter_date": today,
            "letter_number": f"{self.file.branch_id}/{self.file.pk}",
        }  # fmt: skip
        clerk = at(self.file.branch, Role.CLERK)
        self.case = workflow.open_case(self.file.pk, by=clerk, command_id=uuid.uuid4(), data=data)

    def _pay_until_now(self) -> None:
        """The old system's export is of some month; the payrolls since then have paid this file, too."""
        if run := payroll_warnings.months_run(self.file, self.file.last_paid_month):
            clerk, paid = at(self.file.branch, Role.CLERK), {"last_paid_month": run.last}
            services.correct(self.file, "certificate", None, clerk, "لیست پرداخت ماه‌های پس از آن", paid)
            self.file = PensionFile.objects.get(pk=self.file.pk)

    def other_bank(self) -> None:
        """The pensioner has asked for an account at Bank Mellat: right, but not what is usual."""
        clerk, account = at(self.file.branch, Role.CLERK), f"012{self.file.pk:019d}"
        check = 98 - int(f"{account}182700") % 97
        new = {"iban": f"IR{check:02d}{account}"}
        services.correct(self.file, "contact", None, clerk, "برگه معرفی حساب بیمه‌شده", new)
        self.file = PensionFile.objects.get(pk=self.file.pk)

    def acknowledge(self) -> None:
        note = "بیمه‌شده این حساب را کتباً معرفی کرده و برگه آن در پرونده است."
        self._press(self.case, Action.ACKNOWLEDGE, at(self.file.branch, Role.CLERK), note=note)

    def go_back(self) -> None:
        """The next chapters bring the pensioner back to where he came from, with a number that is new there."""
        there, self.destination = self.destination, self.file.branch
        file = PensionFile.objects.get(branch=there, pension_number=self.file.pension_number)
        clerk = at(there, Role.CLERK)
        services.correct(file, "contact", None, clerk, "درخواست بیمه‌شده", {"mobile": "09131234567"})
        self.file = PensionFile.objects.get(pk=file.pk)

    def approve(self) -> None:
        officer = at(self.file.branch, Role.TECHNICAL_OFFICER)
        self._compare(self.case, officer)
        month = self.file.last_paid_month or 0
        self._press(self.case, Action.APPROVE_TECHNICAL, officer, last_paid_month=str(month))

    def dispatch(self) -> None:
        """The paper file leaves by post; after the center has the envelope, this is told to the destination."""
        sent = {
            "paper_sent_on": calendar.jalali(calendar.today()), "paper_method": "registered_mail",
            "paper_sent_letter": f"{self.file.branch_id}/پ/{self.case.pk}",
            "parcel_number": f"2183300514{self.case.pk:010d}", "paper_sent_pages": self.file.paper_pages or 1,
        }  # fmt: skip
        self._press(self.case, Action.DISPATCH_PAPER, at(self.file.branch, Role.CLERK), **sent)

    def send(self) -> None:
        self._press(self.case, Action.APPROVE_HEAD, at(self.file.branch, Role.BRANCH_HEAD))

    def recall(self) -> None:
        reason = "نشانی تازهٔ بیمه‌شده نیاز به تأیید دارد."
        self._press(self.case, Action.RECALL, at(self.file.branch, Role.INSURANCE_DEPUTY), reason=reason)

    def cancel(self) -> None:
        reason = "بیمه‌شده از جابه‌جایی منصرف شد."
        self._press(self.case, Action.CANCEL, at(self.file.branch, Role.CLERK), reason=reason)

    # --- destination ---

    def receive(self) -> None:
        envelope_id = TransferCase.objects.get(pk=self.case.pk).envelope
        staff = at(self.destination, Role.DESTINATION_STAFF)
        self.copy = workflow.receive(envelope_id, branch=self.destination, by=staff, command_id=uuid.uuid4())

    def compare(self) -> None:
        staff = at(self.destination, Role.DESTINATION_STAFF)
        self._press(self.copy, Action.SHOW_DECREES, staff)
        paper = {
            "paper_arrived_on": calendar.jalali(calendar.today()), "paper_letter_number": f"پ/{self.copy.pk}",
            "paper_pages": self.file.paper_pages or 1, "paper_condition": "good",
        }  # fmt: skip
        self._press(self.copy, Action.RECORD_PAPER, staff, **paper)
        self._compare(self.copy, staff)

    def verify(self) -> None:
        self._press(self.copy, Action.VERIFY, at(self.destination, Role.DESTINATION_STAFF))

    def register(self) -> None:
        self._press(self.copy, Action.REGISTER, at(self.destination, Role.DESTINATION_STAFF))

    def activate(self) -> None:
        owed = last_pay.as_told(last_pay.arrears_of(TransferCase.objects.get(pk=self.copy.pk)))
        seen = {"arrears_months": owed.get("arrears_months", 0)}
        self._press(self.copy, Action.ACTIVATE, at(self.destination, Role.TECHNICAL_OFFICER), **seen)

    def give_back(self) -> None:
        staff = at(self.destination, Role.DESTINATION_STAFF)
        found = {
            "path": "principal.father_name", "verdict": "differs", "paper_value": "غلامحسین",
            "code": "different_value", "severity": "must_be_corrected", "note": "در شناسنامه خوانا است.",
        }  # fmt: skip
        self._press(self.copy, Action.JUDGE, staff, **found)
        self._press(self.copy, Action.RETURN_TO_ORIGIN, staff)

    def ask(self) -> None:
        due = calendar.jalali(usual_due_date())
        doubt = {"path": "principal.birth_date", "text": "روز تولد در رونوشت شناسنامه خوانا نیست. کدام است؟"}
        self._press(self.copy, Action.ASK_QUESTION, at(self.destination, Role.DESTINATION_STAFF), **doubt, due_on=due)

    def answer(self) -> None:
        asked = Question.objects.open().filter(case=self.case).latest("id")
        said = {"question": str(asked.key), "text": "اصل شناسنامه دیده شد؛ همان است که فرستاده شده."}
        self._press(self.case, Action.ANSWER_QUESTION, at(self.file.branch, Role.TECHNICAL_OFFICER), **said)

    def follow_up(self) -> None:
        """What each of the two finds after the move: one to be settled at either branch."""
        last = {"month": str(self.copy.last_paid_month)}
        late = {
            "matter": "late_payment",
            "amount": "4250000",
            "note": "مابه‌التفاوت آخرین حکم برای این ماه پرداخت نشده است.",
        }
        over = {
            "matter": "over_payment",
            "amount": "1800000",
            "note": "کمک‌هزینه اولاد پس از پایان استحقاق پرداخت شده است.",
        }
        officers = (at(self.destination, Role.TECHNICAL_OFFICER), at(self.file.branch, Role.TECHNICAL_OFFICER))
        self._press(self.copy, Action.OPEN_FOLLOW_UP, officers[0], **late, **last, settled_by="origin")
        self._press(self.case, Action.OPEN_FOLLOW_UP, officers[1], **over, **last, settled_by="destination")

    # --- telling ---

    def lines(self) -> Iterator[str]:
        """One line a step: the state's code, who, in which role, where."""
        events = TransferEvent.objects.filter(case__transfer_id=self.case.transfer_id, action__in=SHOWN)
        for event in events.order_by("at", "sequence"):
            state = "active" if event.action == Action.ACTIVATE else event.to_state
            who = f"{event.by_name} ({event.role})" if event.by_name else "by itself, the center has it"
            yield f"{state:<21} {who}، {Branch.objects.get(pk=event.branch_code).name} ({event.branch_code})"

    @staticmethod
    def _press(case: TransferCase, action: str, by: Any, **data: Any) -> None:
        workflow.perform(action, case.pk, by=by, command_id=uuid.uuid4(), data=data)

    def _compare(self, case: TransferCase, by: Any) -> None:
        for section in snapshot.SECTIONS:
            self._press(case, Action.JUDGE, by, path=section, verdict="match")


REFERRED = ["refer"]
APPROVED = [*REFERRED, "approve"]
SENT = [*APPROVED, "send"]
DISPATCHED = [*SENT, "dispatch"]
RECEIVED = [*DISPATCHED, "receive"]
COMPARED = [*RECEIVED, "compare"]
VERIFIED = [*COMPARED, "verify"]
REGISTERED = [*VERIFIED, "register"]
ACTIVE = [*REGISTERED, "activate"]
# What stands on every screen of either branch: from, to, chapters.
STANDING: list[tuple[str, str, list[str]]] = [
    ("0801", "1001", REFERRED),
    ("0801", "1001", REFERRED),
    ("0801", "1001", APPROVED),
    ("0801", "1001", APPROVED),
    ("0801", "1001", APPROVED),
    ("0801", "1001", SENT),
    ("0801", "1001", DISPATCHED),
    ("0801", "1001", RECEIVED),
    ("0801", "1001", COMPARED),
    ("0801", "1001", [*COMPARED, "ask"]),
    ("0801", "1001", VERIFIED),
    ("0801", "1001", REGISTERED),
    ("0801", "1001", [*RECEIVED, "give_back"]),
    ("0801", "1001", [*SENT, "recall"]),
    ("0801", "1001", [*REFERRED, "cancel"]),
    ("0801", "1001", [*ACTIVE, "follow_up"]),
    ("0801", "1001", ["other_bank", *REFERRED]),
    ("0801", "1001", ["other_bank", *REFERRED, "acknowledge"]),
    ("0801", "1001", [*ACTIVE, "go_back", *COMPARED]),
    ("1001", "0801", REFERRED),
    ("1001", "0801", APPROVED),
    ("1001", "0801", APPROVED),
    ("1001", "0801", SENT),
    ("1001", "0801", DISPATCHED),
    ("1001", "0801", RECEIVED),
    ("1001", "0801", [*RECEIVED, "ask"]),
    ("1001", "0801", [*COMPARED, "ask", "answer"]),
    ("1001", "0801", VERIFIED),
    ("1001", "0801", REGISTERED),
    ("1001", "0801", [*RECEIVED, "give_back"]),
]


def files_ready(branch: str, complete: bool = True) -> Iterator[PensionFile]:
    """The branch's files that may be referred; complete ones, or those that lack something."""
    rows = PensionFile.objects.filter(branch=branch, status__in=[Status.ACTIVE, Status.SUSPENDED], frozen_by=None)
    for file in rows.order_by("pension_number"):
        if not hurdles.referral_hurdles(file) and _is_complete(file) == complete:
            yield file


def _is_complete(file: PensionFile) -> bool:
    errors, warnings, _content = completeness.of_file(file)
    return not errors and not warnings
