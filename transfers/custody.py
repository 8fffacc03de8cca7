"""What a branch asked about who pays, carried to the center: safe to repeat, conflicts stay with who holds."""

from collections.abc import Iterator
from contextlib import suppress

from django.db.models import QuerySet
from django.utils import timezone

from branches.models import CustodyRequest, PensionFile
from central.rules import Refused
from pension_transfer.lib.paging import pages
from transfers import exchange
from transfers.models import StuckItem
from transfers.tries import PASSING, Tries

BATCH = 500
NOBODY = "?"  # in the place of the branch that holds a pension


def settle_if_reached(file: PensionFile) -> None:
    """Carry what a branch has just asked about one file to the center; the next round does it otherwise."""
    rows = list(_unsettled().filter(file=file))
    if rows:
        with suppress(exchange.Unreachable):
            _settle_branch(file.branch_id, rows)


def settle(is_forced: bool = False) -> Iterator[int]:
    """Carry the branches' custody requests to the center; conflicts stay, with the branch that holds."""
    for page in pages(_unsettled(), "id", size=BATCH):
        tries = Tries(StuckItem.Kind.CUSTODY, [row.pk for row in page], is_forced)
        due = [row for row in page if tries.is_due(row.pk)]
        for branch in sorted({row.file.branch_id for row in due}):
            yield from _settle_some(branch, [row for row in due if row.file.branch_id == branch], tries)


def _settle_some(branch: str, rows: list[CustodyRequest], tries: Tries) -> Iterator[int]:
    """A branch's requests at once; where one of them cannot be carried out, each by itself."""
    try:
        done = _settle_branch(branch, rows)
    except PASSING:
        raise
    except Exception:
        yield from _settle_each(branch, rows, tries)
    else:
        tries.done(*[row.pk for row in rows])
        yield done


def _settle_each(branch: str, rows: list[CustodyRequest], tries: Tries) -> Iterator[int]:
    for row in rows:
        with tries.attempt(row.pk, f"custody_{row.verb}", branch):
            yield _settle_branch(branch, [row])


def _unsettled() -> QuerySet[CustodyRequest]:
    return CustodyRequest.objects.filter(settled_at=None, held_by="").select_related("file").order_by("id")


def _settle_branch(branch: str, rows: list[CustodyRequest]) -> int:
    claims = {row.file.pension_number: row.month for row in rows if row.verb == CustodyRequest.Verb.OPEN}
    held = exchange.open_custody(claims, branch, "import") if claims else {}
    held |= _close(branch, [row for row in rows if row.verb == CustodyRequest.Verb.CLOSE])
    for row in rows:
        row.held_by = held.get(row.file.pension_number, "")
        row.settled_at = None if row.held_by else timezone.now()
    CustodyRequest.objects.bulk_update(rows, ["held_by", "settled_at"])
    return len(rows)


def _close(branch: str, rows: list[CustodyRequest]) -> dict[str, str]:
    held = {}
    for row in rows:
        try:
            exchange.close_custody(row.file.pension_number, branch, row.month, row.reason)
        except Refused as refused:
            held[row.file.pension_number] = refused.detail or NOBODY
    return held
