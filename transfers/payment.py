"""Who pays a pension in a month: the one answer, for the page, the API and the payroll (DESIGN 6; 11.10).

A branch may pay when the center's custody of the month is with it *and* its own file lets it: the center alone never
says yes, and a center that cannot be reached makes the answer "unknown", which is not payable. The exclusion constraint
on custody keeps two branches from ever both being told yes (I5).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from branches.models import CustodyRequest, PensionFile, Status
from central.services import Holding
from pension_transfer.lib.months import Month, Months
from transfers import exchange
from transfers.models import TransferCase

BATCH = 2000  # pensions that are asked about at once


class Code(models.TextChoices):
    """Why a branch may pay, or may not."""

    PAYABLE = "payable", _("Payable here")
    ALREADY_PAID = "already_paid", _("Paid already")
    SUSPENDED = "suspended", _("Payment is suspended")
    IN_TRANSIT = "in_transit", _("Sealed in a move; the destination pays this month")
    NOT_ACTIVE = "not_active", _("Registered here and not active yet")
    ELSEWHERE = "elsewhere", _("Another branch pays this month")
    CLOSING = "closing", _("Closed here; the center is being told")
    ENDED = "ended", _("Payment has ended")
    NOBODY = "nobody", _("No branch holds this month")
    UNCLAIMED = "unclaimed", _("The center knows no payer of this pension")
    NO_FILE = "no_file", _("The center names this branch, and the file is not here")
    UNKNOWN = "unknown", _("The center cannot be reached; it is not known who pays")
    NOT_KNOWN = "not_known", _("This pension is not known at this branch")  # to those who may not hear more


@dataclass(frozen=True)
class File:
    """What the branch's own file says about payment; without arguments, that there is none."""

    pk: int | None = None
    status: str = ""
    frozen_by: UUID | None = None
    last_paid_month: Month | None = None
    suspended_since: Month | None = None
    closes: Month | None = None  # the first month of a closing that the center has not heard of yet


@dataclass(frozen=True)
class Facts:
    """All that an answer is made of."""

    branch: str
    month: Month
    held: Holding
    file: File

    @property
    def is_paid(self) -> bool:
        return bool(self.file.last_paid_month and self.month <= self.file.last_paid_month)

    @property
    def is_suspended(self) -> bool:
        """From the month that was stated; from the first unpaid one where none was."""
        return self.file.status == Status.SUSPENDED and self.month >= (self.file.suspended_since or 0)

    @property
    def is_closing(self) -> bool:
        return bool(self.file.closes and self.file.closes <= self.month)

    @property
    def is_first_here(self) -> bool:
        """Whether the branch has paid nothing yet of the months that came to it."""
        paid, first = self.file.last_paid_month, self.held.first
        return bool(paid and first and paid < first)

    @property
    def due(self) -> Months:
        """From behind the last paid month; the month alone where no month was ever paid."""
        paid, first = self.file.last_paid_month, self.held.first
        return Months(max(paid + 1, first or self.month) if paid else self.month, self.month)


# The first rule that holds is the answer: first the center speaks, then the branch's own file.
RULES: tuple[tuple[Code, Callable[[Facts], Any]], ...] = (
    (Code.UNCLAIMED, lambda it: it.held == Holding()),
    (Code.ELSEWHERE, lambda it: it.held.payer not in ("", it.branch)),
    (Code.ENDED, lambda it: it.held.payer == "" and it.held.closure),
    (Code.NOBODY, lambda it: it.held.payer == ""),
    (Code.NO_FILE, lambda it: it.file.pk is None),
    (Code.ALREADY_PAID, lambda it: it.is_paid),
    (Code.CLOSING, lambda it: it.is_closing),
    (Code.IN_TRANSIT, lambda it: it.file.frozen_by or it.file.status == Status.MOVED),
    (Code.NOT_ACTIVE, lambda it: it.file.status == Status.REGISTERED),
    (Code.SUSPENDED, lambda it: it.is_suspended),
    (Code.PAYABLE, lambda it: True),
)


@dataclass(frozen=True)
class Answer:
    """Whether `branch` may pay `pension_number` for `month`, and why (not).

    `due`: the months that a payment now covers, arrears included. `payer`: who holds the month at the center, empty
    for nobody. `case`: the tracking number of the move that explains it. `source`: where the answer comes from.
    """

    pension_number: str
    branch: str
    month: Month
    code: Code
    payer: str = ""
    due: Months | None = None
    is_first_here: bool = False
    case: str = ""
    source: str = ""
    file: int | None = None

    @property
    def is_payable(self) -> bool:
        return self.code == Code.PAYABLE

    @property
    def reason(self) -> str:
        """The answer in words, for people."""
        return str(self.code.label)


def may_pay(pension_number: str, branch: str, month: Month) -> Answer:
    """The one answer for one pension: yes or no, the reason and its source."""
    return may_pay_all([pension_number], branch, month)[0]


def may_pay_all(numbers: Iterable[str], branch: str, month: Month) -> list[Answer]:
    """The answers for many pensions, in their order; four questions a batch, whatever it holds."""
    rest = iter(numbers)
    batches = iter(lambda: list(islice(rest, BATCH)), [])
    return [answer for batch in batches for answer in _answers(batch, branch, month)]


def _answers(numbers: list[str], branch: str, month: Month) -> Iterator[Answer]:
    files = files_of(numbers, branch)
    try:
        held = exchange.holdings(numbers, month)
    except exchange.Unreachable:
        return (Answer(number, branch, month, Code.UNKNOWN, source="center") for number in numbers)
    facts = {n: Facts(branch, month, held.get(n, Holding()), files.get(n, File())) for n in numbers}
    codes = {number: _code(of) for number, of in facts.items()}
    cases = _cases(branch, [number for number, code in codes.items() if _needs_case(facts[number], code)])
    return (_answer(number, facts[number], codes[number], cases.get(number, "")) for number in numbers)


def _code(facts: Facts) -> Code:
    return next(code for code, holds in RULES if holds(facts))


def _answer(number: str, facts: Facts, code: Code, case: str) -> Answer:
    due = facts.due if code == Code.PAYABLE else None
    source = "file" if code in BY_THE_FILE else "center"
    held, file = facts.held, facts.file
    return Answer(
        number, facts.branch, facts.month, code, held.payer, due, facts.is_first_here, case, source, file.pk
    )  # fmt: skip


BY_THE_FILE = {Code.PAYABLE, Code.ALREADY_PAID, Code.CLOSING, Code.IN_TRANSIT, Code.NOT_ACTIVE, Code.SUSPENDED}
EXPLAINED = {Code.IN_TRANSIT, Code.NOT_ACTIVE, Code.ELSEWHERE}


def files_of(numbers: list[str], branch: str) -> dict[str, File]:
    """The branch's own files among these numbers."""
    return _files(PensionFile.objects.filter(branch=branch, pension_number__in=numbers), "pension_number")


def _files(rows: Any, key: str) -> dict[str, File]:
    closing = CustodyRequest.objects.filter(file=OuterRef("pk"), verb=CustodyRequest.Verb.CLOSE, settled_at=None)
    rows = rows.annotate(closes=Subquery(closing.order_by("month").values("month")[:1]))
    names = (key, "pk", "status", "frozen_by", "last_paid_month", "suspended_since", "closes")
    return {found: File(*values) for found, *values in rows.values_list(*names)}


def _cases(branch: str, numbers: list[str]) -> dict[str, str]:
    """The tracking number of the last move of each of these pensions at the branch."""
    rows = TransferCase.objects.filter(branch=branch, pension_number__in=numbers).order_by("pk")
    return dict(rows.values_list("pension_number", "tracking_number")) if numbers else {}


def may_pay_at(pension_number: str, branches: list[str], month: Month) -> list[Answer]:
    """The answers of several branches for one pension, in their order, with as many questions as for one."""
    of = {"branch__in": branches, "pension_number": pension_number}
    files = _files(PensionFile.objects.filter(**of), "branch")
    try:
        held = exchange.holdings([pension_number], month).get(pension_number, Holding())
    except exchange.Unreachable:
        return [Answer(pension_number, branch, month, Code.UNKNOWN, source="center") for branch in branches]
    cases = dict(TransferCase.objects.filter(**of).order_by("pk").values_list("branch", "tracking_number"))
    facts = [Facts(branch, month, held, files.get(branch, File())) for branch in branches]
    coded = [(it, _code(it)) for it in facts]
    return [
        _answer(pension_number, it, code, cases.get(it.branch, "") if _needs_case(it, code) else "")
        for it, code in coded
    ]


def still_due(answer: Answer, file: File) -> Months | None:
    """What an answer that was yes lets a branch pay now that its file was read again; None when it says no now."""
    if answer.due is None:
        return None
    held = Holding(answer.payer, answer.due.first, answer.payer)
    facts = Facts(answer.branch, answer.month, held, file)
    return facts.due if _code(facts) == Code.PAYABLE else None


def _needs_case(facts: Facts, code: Code) -> bool:
    return code in EXPLAINED or facts.is_first_here


# --- who may hear it ------------------------------------------------------------------------------------


def unless_unknown(answers: list[Answer]) -> list[Answer]:
    """The answers, where the branch has or had anything to do with the pension; NOT_KNOWN for every other number.

    What another branch pays is not told to whoever guesses a number (I7).
    """
    doubtful = [it for it in answers if it.file is None and it.payer != it.branch and it.code != Code.UNKNOWN]
    known = _known({it.pension_number for it in doubtful}, doubtful[0].branch) if doubtful else set()
    unknown = {it.pension_number for it in doubtful} - known
    return [_unheard(it) if it.pension_number in unknown else it for it in answers]


def _known(numbers: set[str], branch: str) -> set[str]:
    cases = TransferCase.objects.filter(branch=branch, pension_number__in=numbers)
    known = set(cases.values_list("pension_number", flat=True))
    return known | exchange.ever_held(branch, numbers)


def _unheard(answer: Answer) -> Answer:
    return Answer(answer.pension_number, answer.branch, answer.month, Code.NOT_KNOWN)
