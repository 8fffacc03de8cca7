"""Living files whose custody the center does not hold: they are claimed anew, so that no pension is lost (I6).

An import asks for custody with the file it writes; a file from before that, or a center that lost rows, has none.
"""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from branches.models import Branch, CustodyRequest, PensionFile
from branches.services import OPEN
from central.services import Holding
from pension_transfer.lib.months import LAST_YEAR, Month
from transfers import exchange
from transfers.payment import BATCH

FOR_EVER = Month(LAST_YEAR * 100 + 12)  # only custody without an end covers it


def claim_missing() -> int:
    """Ask for the custody of every living file that nobody holds; how many were asked for. Batches, whatever there is.

    Where another branch holds the pension, or it is closed, nothing is asked: reconcile names it.
    """
    return sum(claim_by_batches())


def claim_by_batches() -> Iterator[int]:
    """The same, leaving off after each batch."""
    for branch in Branch.objects.filter(Exists(PensionFile.objects.filter(branch=OuterRef("pk")))):
        for files in _living(branch.pk):
            yield len(CustodyRequest.objects.bulk_create(_request(file) for file in _unheld(branch.pk, files)))


def _living(branch: str) -> Iterator[list[PensionFile]]:
    """The branch's living files that no move freezes and that ask for nothing yet."""
    waiting = CustodyRequest.objects.filter(file=OuterRef("pk"), settled_at=None)
    rows = PensionFile.objects.filter(branch=branch, status__in=OPEN, frozen_by=None)
    rows = rows.exclude(Exists(waiting)).order_by("pension_number")
    rows = rows.only("branch", "pension_number", "last_paid_month", "established_on")
    after = ""
    while files := list(rows.filter(pension_number__gt=after)[:BATCH]):
        yield files
        after = files[-1].pension_number


def _unheld(branch: str, files: list[PensionFile]) -> Iterator[PensionFile]:
    held = exchange.holdings([file.pension_number for file in files], FOR_EVER)
    for file in files:
        it = held.get(file.pension_number, Holding())
        if not it.payer and it.payable_branch in ("", branch) and not it.closure:
            yield file


def _request(file: PensionFile) -> CustodyRequest:
    """From the first month that was recorded as paid here; where none was, from the first unpaid one."""
    last, paid = file.last_paid_month, file.payments.order_by("month").first()
    unpaid = Month(last) + 1 if last else Month.of(file.established_on)
    month = paid.month if paid else unpaid
    return CustodyRequest(file=file, verb=CustodyRequest.Verb.OPEN, month=month, reason="claimed again")
