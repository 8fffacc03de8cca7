"""The branches' side: pension files, and what they have asked of the center about payment."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg

from branches.models import CustodyRequest, Payment, PensionFile, Status
from central import reading
from transfers import exchange
from transfers.models import TransferCase
from transfers.reconcile.at_center import PAYING
from transfers.reconcile.problems import Problem, found
from transfers.reconcile.scope import Scope
from transfers.states import Side, State


def read_files(scope: Scope, after: Any) -> list[PensionFile]:
    rows = PensionFile.objects.filter(pk__gt=after or 0).order_by("pk")
    rows = rows.filter(branch=scope.branch) if scope.branch else rows
    return list(rows.only("branch", "pension_number", "status", "frozen_by")[: scope.size])


class Files:
    """A batch of files, with their seats at the center and what is open of them here."""

    def __init__(self, scope: Scope, rows: list[PensionFile]):
        self.scope, self.rows = scope, rows
        self.seats = exchange.look_up(lambda: reading.seats_of({file.pension_number for file in rows}))
        self.cases: dict[Any, list[TransferCase]] = defaultdict(list)
        for case in TransferCase.objects.open().filter(pension_file__in=[file.pk for file in rows]):
            self.cases[case.pension_file_id].append(case)

    @cached_property
    def asking(self) -> set[int]:
        """The files of which the center has not been asked, or has named another holder, which their page shows."""
        rows = CustodyRequest.objects.filter(file__in=[file.pk for file in self.rows], settled_at=None)
        return set(rows.values_list("file_id", flat=True))

    @cached_property
    def paid(self) -> dict[int, list[int]]:
        """The months that were recorded as paid, by file."""
        rows = Payment.objects.filter(file__in=[file.pk for file in self.rows]).order_by()
        return dict(rows.values_list("file").annotate(months=ArrayAgg("month")))

    @cached_property
    def custody(self) -> dict[tuple[str, str], list[Any]]:
        """The months that the center gives each branch, of the pensions of which something was paid."""
        numbers = {file.pension_number for file in self.rows if file.pk in self.paid}
        held: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for row in exchange.look_up(lambda: reading.custody_of(numbers)) if numbers else ():
            for branch in self.scope.and_successors(row.branch_code):
                held[row.pension_number, branch].append(row.months)
        return held


def look_at_files(scope: Scope, rows: list[PensionFile]) -> Iterator[Problem]:
    """I5, I6, I10 of a batch of files."""
    batch = Files(scope, rows)
    for file in rows:
        keys: dict[str, Any] = {"pension_number": file.pension_number, "branch": file.branch_id}
        opened = batch.cases[file.pk]
        if file.status in PAYING:
            yield from _paid_here(file, batch)
        held = batch.custody[file.pension_number, file.branch_id] if file.pk in batch.paid else []
        if any(not any(month in months for months in held) for month in batch.paid.get(file.pk, ())):
            yield found("paid_unheld", file.pk in batch.asking, **keys)
        if file.status == Status.REGISTERED and not any(_is_registered(case) for case in opened):
            yield found("registered_alone", **keys)
        if file.is_frozen and not any(case.transfer_id == file.frozen_by for case in opened):
            yield found("frozen_alone", **keys, move=file.frozen_by)


def _is_registered(case: TransferCase) -> bool:
    return (case.side, case.state) == (Side.DESTINATION, State.REGISTERED)


def _paid_here(file: PensionFile, batch: Files) -> Iterator[Problem]:
    seat = batch.seats.get(file.pension_number)
    payer = seat.payable_branch if seat else None
    if payer == file.branch_id:
        return
    gone = file.is_frozen and any(case.destination_id == payer for case in batch.cases[file.pk])
    code = "paid_elsewhere" if payer else "paid_nowhere"
    keys = {"pension_number": file.pension_number, "branch": file.branch_id, "other_branch": payer}
    yield found(code, gone or file.pk in batch.asking, **keys)


def read_requests(scope: Scope, after: Any) -> list[CustodyRequest]:
    rows = CustodyRequest.objects.filter(settled_at=None, pk__gt=after or 0).order_by("pk").select_related("file")
    rows = rows.filter(file__branch=scope.branch) if scope.branch else rows
    return list(rows[: scope.size])


def look_at_requests(scope: Scope, rows: list[CustodyRequest]) -> Iterator[Problem]:
    """I10: a conflict is shown on its file; what nobody has answered for a day is a problem."""
    for row in rows:
        if not row.held_by:
            keys = {"pension_number": row.file.pension_number, "branch": row.file.branch_id}
            yield found("request_late", not scope.is_late(row.created_at), **keys)
