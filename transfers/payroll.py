"""The payroll of a branch for a month: whom it pays, for the first time, no longer, or not and why; and that it paid.

The list decides nothing: a run locks each file, pays what is still as it was, and raises the last paid month with it:
a move sealed later states the month that was really paid (DESIGN 6, 11.11).
"""

import datetime as dt
import heapq
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from django.db import models, transaction
from django.db.models import Case, F, When
from django.db.models.functions import Mod
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import Branch, CustodyRequest, Payment, PayrollRun, PensionFile, Status, User
from branches.payroll import cutoff
from branches.roles import Action, can
from pension_transfer.lib.errors import NotAllowed, NotNow
from pension_transfer.lib.months import Month, Months
from transfers import exchange, following
from transfers.payment import BATCH, Answer, Code, files_of, may_pay_all

LIVING = (Status.ACTIVE, Status.SUSPENDED, Status.REGISTERED)


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
    """Every pension that concerns the branch in `month`, by number; then those that ended with a month unpaid, and
    those that left since the last payroll.

    Bounded memory, five questions a batch. Raises exchange.Unreachable: without the center nothing is known.
    """
    rest = _numbers(branch, month)
    for batch in iter(lambda: list(islice(rest, BATCH)), []):
        yield from _described(batch, may_pay_all(batch, branch, month))
    yield from _ended(branch, month)
    yield from _gone(branch, month)


def _numbers(branch: str, month: Month) -> Iterator[str]:
    """The living files here and the pensions that the center knows here, each once."""
    here = _pages(lambda after: _living(branch, after))
    there = _pages(lambda after: exchange.held_by(branch, month, after, BATCH))
    return (number for number, _same in groupby(heapq.merge(here, there)))


def _pages(page: Callable[[str], list[str]]) -> Iterator[str]:
    numbers = page("")
    while numbers:
        yield from numbers
        numbers = page(numbers[-1])


def _living(branch: str, after: str) -> list[str]:
    rows = PensionFile.objects.filter(branch=branch, pension_number__gt=after, status__in=LIVING)
    return list(rows.order_by("pension_number").values_list("pension_number", flat=True)[:BATCH])


def _ended(branch: str, month: Month) -> Iterator[Line]:
    """Closed here before `month` while a month up to the end was unpaid: it is due in any later payroll."""
    closed = CustodyRequest.objects.filter(verb=CustodyRequest.Verb.CLOSE, file__branch=branch, month__lte=month)
    last = Case(When(number=1, then=F("month") - 89), default=F("month") - 1)  # before Farvardin comes Esfand
    rows = closed.filter(file__status=Status.TERMINATED).annotate(number=Mod("month", 100)).annotate(last=last)
    rows = rows.filter(file__last_paid_month__lt=F("last"))
    found = rows.order_by("last", "pk").values_list("last", "file__pension_number")
    for month_before, same in groupby(found, itemgetter(0)):
        numbers = [number for _month, number in same]
        yield from _described(numbers, may_pay_all(numbers, branch, Month(month_before)))


def _described(numbers: list[str], answers: list[Answer]) -> Iterator[Line]:
    if any(answer.code == Code.UNKNOWN for answer in answers):
        raise exchange.Unreachable("the payers are not known")
    people = {file.pk: file for file in PensionFile.objects.filter(pk__in=[a.file for a in answers if a.file])}
    for answer in answers:
        file = people.get(answer.file or 0)
        yield Line(_group(answer), answer, *((file.full_name, file.national_code, file.iban) if file else ()))


def _group(answer: Answer) -> Group:
    if answer.is_payable:
        return Group.FIRST if answer.is_first_here else Group.PAYABLE
    return GROUP_OF.get(answer.code, Group.BLOCKED)


def _gone(branch: str, month: Month) -> Iterator[Line]:
    since, until = (_moment(cutoff(of)) for of in (month - 1, month))
    while rows := exchange.left(branch, since, until, BATCH):
        numbers = [row.pension_number for row in rows]
        for line in _described(numbers, may_pay_all(numbers, branch, month)):
            if line.answer.payer != branch:
                yield Line(Group.LEFT, line.answer, line.person, line.national_code, line.iban)
        since = (rows[-1].ended_at or until) + dt.timedelta(microseconds=1)


def _moment(day: dt.date) -> dt.datetime:
    """The end of a day in Tehran."""
    return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time()))


# --- the run --------------------------------------------------------------------------------------------


def pay(branch: Branch, month: Month, by: User, command_id: uuid.UUID) -> PayrollRun:
    """Record everything payable as paid up to `month`. The same `command_id` again goes on where it was cut.

    Raises NotAllowed, NotNow (a month that has not come), exchange.Unreachable.
    """
    if not can(by, Action.RUN_PAYROLL, branch):
        raise NotAllowed(_("A payroll is recorded by a technical officer or the head of the branch."), "role")
    if month > Month.of(timezone.localdate()):
        raise NotNow(_("This month has not come yet."), "future")
    run, _new = PayrollRun.objects.get_or_create(id=command_id, defaults={"branch": branch, "month": month, "by": by})
    if (run.branch_id, run.month, run.by_id) != (branch.pk, month, by.pk):
        raise NotNow(_("This form was already used for another step. Reload the page and press again."), "reused")
    payable = (line.answer for line in lines(branch.pk, month) if line.answer.is_payable)
    for batch in iter(lambda: list(islice(payable, BATCH)), []):
        _pay(run, batch)
    run.refresh_from_db()
    return run


def _pay(run: PayrollRun, answers: list[Answer]) -> None:
    """What the files say is looked at again under their locks: a seal, a closing, another run may have been first.

    The center is not asked again: custody leaves a branch only by its own seal or closing, which show in the file.
    """
    numbers = [answer.pension_number for answer in answers]
    before = files_of(numbers, run.branch_id)
    with transaction.atomic():
        files = list(PensionFile.objects.select_for_update().filter(pk__in=[a.file for a in answers]).order_by("pk"))
        same = {n for n, file in files_of(numbers, run.branch_id).items() if before.get(n) == file}
        due = {a.file: a.due for a in answers if a.pension_number in same and a.due}
        _record(run, [file for file in files if file.pk in due], due)


def _record(run: PayrollRun, files: list[PensionFile], due: dict[Any, Months]) -> None:
    rows = (Payment(file=file, run=run, month=month) for file in files for month in due[file.pk])
    Payment.objects.bulk_create(rows, batch_size=BATCH)
    for last in {months.last for months in due.values()}:
        paid = PensionFile.objects.filter(pk__in=[pk for pk, months in due.items() if months.last == last])
        paid.update(last_paid_month=last, content_version=F("content_version") + 1)
    PayrollRun.objects.filter(pk=run.pk).update(paid=F("paid") + len(files))
    following.follow_payroll(due, run.month)
