"""One file's way, as a list of presses; cut after any of them, it leaves a case in that state."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from branches import payroll, services
from branches.models import Branch, PensionFile, Status
from branches.roles import Action, Role
from pension_transfer.lib import calendar
from transfers import completeness, hurdles, last_pay, payroll_warnings, snapshot, sync, workflow
from transfers.demo import stage
from transfers.demo.people import at
from transfers.inputs.questions import usual_due_date
from transfers.models import Question, TransferCase, TransferEvent

SHOWN = (
    Action.REFER, Action.ASSEMBLE, Action.APPROVE_TECHNICAL, Action.APPROVE_HEAD, "mark_sent", Action.RECEIVE,
    Action.VERIFY, Action.REGISTER, Action.ACTIVATE,
)  # fmt: skip
PAID_LATER = ["last_pay_certificate.last_paid_month", "future"]  # the export is newer than the past: see _pay_until_now
FATHER = "غلامحسین"  # as the paper file has it, where a file comes back


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
        """The old system's export is of some month; the branch has paid until the last payroll before today."""
        self.file = PensionFile.objects.get(pk=self.file.pk)
        paid = payroll.next_payroll(calendar.today()) - 1
        if self.file.status != Status.SUSPENDED and self.file.last_paid_month != paid:
            clerk, told = at(self.file.branch, Role.CLERK), {"last_paid_month": paid}
            services.correct(self.file, "certificate", None, clerk, "مطابق لیست‌های پرداخت شعبه", told)
            self.file = PensionFile.objects.get(pk=self.file.pk)

    def _complete(self) -> None:
        """A correction may have handed the draft back to the clerk."""
        if not TransferCase.objects.get(pk=self.case.pk).is_assembled:
            self._press(self.case, Action.ASSEMBLE, at(self.file.branch, Role.CLERK))

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
        self._pay_until_now()
        self._complete()
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
        if payroll_warnings.months_run(self.file, self.file.last_paid_month):
            self.approve()  # a payroll has run since: the officer states the last paid month anew
        self._press(self.case, Action.APPROVE_HEAD, at(self.file.branch, Role.BRANCH_HEAD))

    def send_in_vain(self) -> None:
        """The center does not answer on this day; the step waits until it does."""
        with stage.line_down():
            self.send()

    def line_up(self) -> None:
        sync.sync()

    def recall(self) -> None:
        reason = "نشانی تازهٔ بیمه‌شده نیاز به تأیید دارد."
        self._press(self.case, Action.RECALL, at(self.file.branch, Role.INSURANCE_DEPUTY), reason=reason)

    def cancel(self) -> None:
        reason = "بیمه‌شده از جابه‌جایی منصرف شد."
        head = at(self.file.branch, Role.BRANCH_HEAD)
        self._press(self.case, Action.CANCEL, head, reason=reason)

    def mend(self) -> None:
        """The clerk corrects what came back and draws the next version up."""
        clerk = at(self.file.branch, Role.CLERK)
        self._press(self.case, Action.REOPEN, clerk)
        corrected = {"father_name": FATHER}
        services.correct(self.file, "principal", None, clerk, "مطابق شناسنامه در پرونده کاغذی", corrected)
        self._complete()

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
        found = {"path": "principal.father_name", "paper_value": FATHER, "code": "different_value"}
        self._find(**found, note="در شناسنامه خوانا است.")
        self._return()

    def give_back_unknown(self) -> None:
        self._find(path="contact.mobile", code="missing_in_data", note="شماره تلفن خانه در پرونده هست و فرستاده نشده.")
        self._return()

    def give_back_astray(self) -> None:
        nearer = Branch.objects.filter(administration=self.destination.administration_id).exclude(
            pk__in=[self.destination.pk, self.file.branch_id]
        )
        self._return(code="wrong_branch", suggested_branch=nearer.earliest("pk").pk)

    def give_back_unaccompanied(self) -> None:
        self._return(code="paper_missing", note="از پرونده کاغذی فقط جلد دوم رسیده است.")

    def _find(self, **found: str) -> None:
        staff = at(self.destination, Role.DESTINATION_STAFF)
        self._press(self.copy, Action.JUDGE, staff, verdict="differs", severity="must_be_corrected", **found)

    def _return(self, **why: str) -> None:
        self._press(self.copy, Action.RETURN_TO_ORIGIN, at(self.destination, Role.DESTINATION_STAFF), **why)

    def ask(self) -> None:
        due = calendar.jalali(usual_due_date())
        doubt = {"path": "principal.birth_date", "text": "روز تولد در رونوشت شناسنامه خوانا نیست. کدام است؟"}
        self._press(self.copy, Action.ASK_QUESTION, at(self.destination, Role.DESTINATION_STAFF), **doubt, due_on=due)

    def answer(self) -> None:
        asked = Question.objects.open().filter(case=self.case).latest("id")
        said = {"question": str(asked.key), "text": "اصل شناسنامه دیده شد؛ همان است که فرستاده شده."}
        self._press(self.case, Action.ANSWER_QUESTION, at(self.file.branch, Role.TECHNICAL_OFFICER), **said)

    def settle(self) -> None:
        """The destination has read the answer."""
        answered = Question.objects.open().filter(case=self.copy).latest("id")
        staff = at(self.destination, Role.DESTINATION_STAFF)
        self._press(self.copy, Action.CLOSE_QUESTION, staff, question=str(answered.key))

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


def files_ready(branch: str, complete: bool = True) -> Iterator[PensionFile]:
    """The branch's files that may be referred; complete ones, or those that lack something."""
    rows = PensionFile.objects.filter(branch=branch, status__in=[Status.ACTIVE, Status.SUSPENDED], frozen_by=None)
    for file in rows.order_by("pension_number"):
        if not hurdles.referral_hurdles(file) and _is_complete(file) == complete:
            yield file


def _is_complete(file: PensionFile) -> bool:
    errors, warnings, _content = completeness.of_file(file)
    return not warnings and all(error == PAID_LATER for error in errors)
