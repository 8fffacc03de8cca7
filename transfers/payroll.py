"""The payroll of a branch for a month: whom it pays, for the first time, no longer, or not and why; and that it paid.

The list decides nothing: a run locks each file, pays what is still as it was, and raises the last paid month with it:
a move sealed later states the month that was really paid (DESIGN 6, 11.11).
"""

import datetime as dt
import heapq
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import TypeVar

from django.db import models, transaction
from django.db.models import Case, F, When
from django.db.models.functions import Mod
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.checks import ALIVE
from branches.models import Branch, CustodyRequest, Payment, PayrollRun, PensionFile, Status, User
from branches.payroll import cutoffs
from branches.roles import Action, can
from pension_transfer.lib.calendar import beginning_of
from pension_transfer.lib.errors import NotAllowed, NotNow
from pension_transfer.lib.months import Month, Months
from transfers import exchange, following
from transfers.payment import BATCH, Answer, Code, files_of, may_pay_all, still_due

Row = TypeVar("Row")


class Group(models.TextChoices):
    """The parts of the list, in their order."""

    PAYABLE = "payable", gettext_lazy("Payable")
    FIRST = "first", gettext_lazy("Payable for the first time here")
    LEFT = "left", gettext_lazy("No longer here")
    SUSPENDED = "suspended", gettext_lazy("Suspended")
    BLOCKED = "blocked", gettext_lazy("Not payable, and why")
    PAID = "paid", gettext_lazy("Paid already")


GROUP_OF = {Code.SUSPENDED: Group.SUSPENDED, Code.ALREADY_PAID: Group.PAID}


@dataclass(frozen=True)
class Line:
    """One pension of the list; `person` and `iban` are empty where the file is not here."""

    group: Group
    answer: Answer
    person: str = ""
    national_code: str = ""
    iban: str = ""


# --- the list -------------------------------------------------------------------------------------------


def lines(branch: str, month: Month) -> Iterator[Line]:
    """Every pension that concerns the branch in `month`, by number, then those that left since the last payroll.

    Bounded memory, five questions a batch. Raises exchange.Unreachable: without the center nothing is known.
    """
    yield from here(branch, month)
    yield from gone(branch, month)


def here(branch: str, month: Month, after: str = "") -> Iterator[Line]:
    """The pensions of the branch by number, from behind `after` on; those that ended with a month unpaid among them.

    Raises exchange.Unreachable.
    """
    going_on = (
        line
        for batch in _batches(numbers(branch, month, after))
        for line in _described(batch, may_pay_all(batch, branch, month))
    )
    return heapq.merge(going_on, _ended(branch, month, after), key=lambda line: line.answer.pension_number)


def gone(branch: str, month: Month, after: str = "") -> Iterator[Line]:
    """Those that left the branch since the last payroll, by number. Raises exchange.Unreachable."""
    for batch in _batches(_left(branch, month, after)):
        for line in _described(batch, may_pay_all(batch, branch, month)):
            if line.answer.payer != branch:
                yield replace(line, group=Group.LEFT)


def numbers(branch: str, month: Month, after: str = "") -> Iterator[str]:
    """The living files here and the pensions that the center knows here, each once, from behind `after` on."""
    living = _pages(lambda last: _living(branch, last), after)
    known = _pages(lambda last: exchange.held_by(branch, month, last, BATCH), after)
    return (number for number, _same in groupby(heapq.merge(living, known)))


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    return iter(lambda: list(islice(rest, BATCH)), [])


def _pages(page: Callable[[str], list[str]], after: str) -> Iterator[str]:
    """Page by page; one that is not full is the last."""
    numbers = page(after)
    while numbers:
        yield from numbers
        numbers = page(numbers[-1]) if len(numbers) == BATCH else []


def _living(branch: str, after: str) -> list[str]:
    rows = PensionFile.objects.filter(branch=branch, pension_number__gt=after, status__in=ALIVE)
    return list(rows.order_by("pension_number").values_list("pension_number", flat=True)[:BATCH])


def _ended(branch: str, month: Month, after: str) -> Iterator[Line]:
    """Closed here before `month` while a month up to the end was unpaid: it is due in any later payroll. Few."""
    closed = CustodyRequest.objects.filter(verb=CustodyRequest.Verb.CLOSE, file__branch=branch, month__lte=month)
    last = Case(When(number=1, then=F("month") - 89), default=F("month") - 1)  # before Farvardin comes Esfand
    rows = closed.filter(file__status=Status.TERMINATED, file__pension_number__gt=after)
    rows = rows.annotate(number=Mod("month", 100)).annotate(last=last).filter(file__last_paid_month__lt=F("last"))
    ends = dict(rows.values_list("file__pension_number", "last"))
    answers = {
        answer.pension_number: answer
        for end in set(ends.values())
        for answer in may_pay_all([number for number in ends if ends[number] == end], branch, Month(end))
    }
    yield from _described(sorted(ends), [answers[number] for number in sorted(ends)])


def _described(numbers: list[str], answers: list[Answer]) -> Iterator[Line]:
    if any(answer.code == Code.UNKNOWN for answer in answers):
        raise exchange.Unreachable("the payers are not known")
    files = PensionFile.objects.filter(pk__in=[a.file for a in answers if a.file])
    people = {file.pk: file for file in files.only("first_name", "last_name", "national_code", "iban")}
    for answer in answers:
        file = people.get(answer.file or 0)
        yield Line(_group(answer), answer, *((file.full_name, file.national_code, file.iban) if file else ()))


def _group(answer: Answer) -> Group:
    if answer.is_payable:
        return Group.FIRST if answer.is_first_here else Group.PAYABLE
    return GROUP_OF.get(answer.code, Group.BLOCKED)


def _left(branch: str, month: Month, after: str) -> list[str]:
    """The numbers alone, of one month: few enough to sort. Whose file still lives here stands in the list above."""
    since, until = map(_moment, cutoffs([month - 1, month]).values())
    found: set[str] = set()
    while rows := exchange.left(branch, since, until, BATCH):
        found |= {row.pension_number for row in rows if row.pension_number > after}
        since = (rows[-1].ended_at or until) + dt.timedelta(microseconds=1)
    still = PensionFile.objects.filter(branch=branch, pension_number__in=found, status__in=ALIVE)
    return sorted(found.difference(still.values_list("pension_number", flat=True)))


def _moment(day: dt.date) -> dt.datetime:
    """The end of a day in Tehran."""
    return beginning_of(day + dt.timedelta(days=1))


# --- the run --------------------------------------------------------------------------------------------


def pay(branch: Branch, month: Month, by: User, command_id: uuid.UUID) -> PayrollRun:
    """Record everything payable as paid up to `month`. The same `command_id` again goes on where it was cut.

    Raises NotAllowed, NotNow (a month that has not come), exchange.Unreachable.
    """
    check_run(branch, month, by)
    run, _new = PayrollRun.objects.get_or_create(id=command_id, defaults={"branch": branch, "month": month, "by": by})
    if (run.branch_id, run.month, run.by_id) != (branch.pk, month, by.pk):
        raise NotNow(_("This form was already used for another step. Reload the page and press again."), "reused")
    payable = (line.answer for line in here(branch.pk, month) if line.answer.is_payable)
    for batch in _batches(payable):
        _pay(run, batch)
    run.refresh_from_db()
    return run


def check_run(branch: Branch, month: Month, by: User) -> None:
    """Raises NotAllowed, NotNow, where this person may not record this month at this branch."""
    if not can(by, Action.RUN_PAYROLL, branch):
        raise NotAllowed(_("A payroll is recorded by a technical officer or the head of the branch."), "role")
    if month > Month.of(timezone.localdate()):
        raise NotNow(_("This month has not come yet."), "future")


def _pay(run: PayrollRun, answers: list[Answer]) -> None:
    """What the files say is looked at again under their locks: a seal, a closing, another run may have been first.

    The center is not asked again: custody leaves a branch only by its own seal or closing, which show in the file.
    """
    with transaction.atomic():
        locked = PensionFile.objects.select_for_update().filter(pk__in=[answer.file for answer in answers])
        files = {file.pension_number: file for file in locked.order_by("pk")}
        now = files_of(list(files), run.branch_id)
        due = {number: due for a in answers if (due := still_due(a, now[number := a.pension_number]))}
        _record(run, {files[number].pk: months for number, months in due.items()})


def _record(run: PayrollRun, due: dict[int, Months]) -> None:
    """Store the months paid of each file (by its key), and what follows."""
    rows = (Payment(file_id=pk, run=run, month=month) for pk, months in due.items() for month in months)
    Payment.objects.bulk_create(rows, batch_size=BATCH)
    for last in {months.last for months in due.values()}:
        paid = PensionFile.objects.filter(pk__in=[pk for pk, months in due.items() if months.last == last])
        paid.update(last_paid_month=last, content_version=F("content_version") + 1)
    PayrollRun.objects.filter(pk=run.pk).update(paid=F("paid") + len(due))
    following.follow_payroll(due, run.month)
