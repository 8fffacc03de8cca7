"""«پرداخت‌کننده مستمری»: who pays this pension, as far as a person may know it (I7).

A branch is told of the pensions with which it has or had to do: a file, a case, custody. Of every other number it
hears the same as of one that does not exist. The province and the country hear of those of their branches.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import Branch, PensionFile, User
from branches.roles import Action, scoped
from central.models import Custody
from pension_transfer.lib.months import Month, Months
from transfers import exchange
from transfers.models import TransferCase
from transfers.payment import Answer, Code, may_pay_at

MOST = 3  # pensions of one person that are answered for at once

# Why custody began and ended, as the branches and the center write it; another word is shown as it is.
REASONS: dict[str, Any] = {
    "import": _("Taken in from the old system"),
    "registered": _("Registered after a transfer"),
    "death": _("Death"),
    "closed": _("The file was closed"),
}


@dataclass(frozen=True)
class Verdict:
    """What one branch is told: the answer, its look, and the case that explains it, where it may be seen."""

    branch: Branch
    answer: Answer
    case: TransferCase | None

    @property
    def tone(self) -> str:
        if self.answer.code == Code.UNKNOWN:
            return "warning"
        return "success" if self.answer.is_payable else "error"


@dataclass(frozen=True)
class Stretch:
    """Months in which one branch pays or paid, and how they came to it and ended."""

    branch: str
    months: Months
    began: Any
    ended: Any
    case: TransferCase | None


@dataclass(frozen=True)
class Story:
    """One pension in one month."""

    number: str
    payer: str
    verdicts: list[Verdict]
    history: list[Stretch]
    is_reached: bool


def stories(user: User, query: str, month: Month) -> tuple[list[Story], bool]:
    """What this person may know of a pension number or national code; and whether the center could be asked."""
    files, cases = (_of_person(rows.objects.visible_to(user), query) for rows in (PensionFile, TransferCase))
    seen = dict.fromkeys([query, *sorted(number for number, _branch in [*files, *cases])])
    told = [
        _story(user, number, month, {branch for of, branch in [*files, *cases] if of == number})
        for number in list(seen)[: MOST + 1]
    ]
    return [story for story in told if story.verdicts], all(story.is_reached for story in told)


def _of_person(rows: Any, query: str) -> list[tuple[str, str]]:
    """(pension number, branch) by pension number or national code."""
    found = rows.filter(Q(pension_number=query) | Q(national_code=query)).order_by("pk")
    return list(found.values_list("pension_number", "branch")[: 10 * MOST])


def _story(user: User, number: str, month: Month, here: set[str]) -> Story:
    try:
        held, is_reached = exchange.history_of(number), True
    except exchange.Unreachable:
        held, is_reached = [], False
    concerned = here | {row.branch_code for row in held}
    branches = list(scoped(Branch.objects.filter(pk__in=concerned), user, Action.VIEW_FILES, "pk").order_by("pk"))
    answers = may_pay_at(number, [branch.pk for branch in branches], month) if branches else []
    cases = _cases(user, number) if branches else {}
    verdicts = [Verdict(branch, it, cases.get(it.case)) for branch, it in zip(branches, answers, strict=True)]
    names = dict(Branch.objects.filter(pk__in=concerned).values_list("pk", "name"))
    payer = next((names.get(it.payer, it.payer) for it in answers), "")
    history = [_stretch(row, names, cases) for row in held if not row.months.isempty]
    return Story(number, payer, verdicts, history, is_reached)


def _cases(user: User, number: str) -> dict[Any, TransferCase]:
    """The moves of a pension that the person may see, by tracking number and by the move's own id."""
    rows = TransferCase.objects.visible_to(user).filter(pension_number=number).order_by("pk")
    return {key: case for case in rows for key in (case.tracking_number, case.transfer_id)}


def _stretch(row: Custody, names: dict[str, str], cases: dict[Any, TransferCase]) -> Stretch:
    last = Month(row.months.upper) - 1 if row.months.upper else None
    began, ended = (REASONS.get(reason, reason) for reason in (row.reason, row.ended_reason))
    months = Months(Month(row.months.lower), last)
    return Stretch(names.get(row.branch_code, row.branch_code), months, began, ended, cases.get(row.move))
