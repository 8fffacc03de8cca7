"""Finishing what was cut and fetching what the other side said. Safe to run at any time, by anyone, twice."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from branches.models import Branch, CustodyRequest, PensionFile
from central.models import MESSAGES, Receipt
from central.rules import Refused
from pension_transfer.lib.errors import NotNow, Refusal, Waiting
from transfers import claims, deliveries, exchange, trail, workflow
from transfers.models import Crossing, Heard, HeardUntil, TransferCase
from transfers.states import Side, State, find_step

BATCH = 500
LOOK_BACK = 10_000  # receipts: far more than are given while one of them is being committed
MARKS = {
    "received": "mark_received",
    "verified": "mark_verified",
    "registered": "mark_registered",
    "returned": "mark_returned",
    "activated": "mark_activated",
}
log = logging.getLogger(__name__)
EXPECTING = (State.HEAD_APPROVED, State.SENT, State.RECEIVED, State.VERIFIED, State.REGISTERED)


@dataclass
class Report:
    """What one run did."""

    finished: int = 0
    marked: int = 0
    custody: int = 0
    attachments: int = 0
    unreachable: bool = False
    refused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        center = "center unreachable" if self.unreachable else "center reached"
        done = f"{self.finished} steps finished, {self.marked} receipts, {self.custody} custody requests"
        return f"{center}: {done}, {self.attachments} attachments"


def sync() -> Report:
    """Everything this site owes the center and the center has for it."""
    report = Report()
    try:
        exchange.publish_directory()
        claims.claim_missing()
        report.custody = settle_custody()
        finish_crossings(report)
        report.marked = fetch() + fetch_follow_ups()
        report.attachments = deliveries.fetch()
    except (exchange.Unreachable, Waiting):
        report.unreachable = True
    return report


# --- steps that were cut --------------------------------------------------------------------------------


def finish_crossings(report: Report) -> None:
    """Settle every open crossing, oldest first; a refusal is the case's affair and does not stop the others."""
    for crossing in Crossing.objects.filter(state="open").order_by("created_at"):
        with set_aside(crossing):
            if _has_brought(crossing):
                _settle(crossing, report)


def _has_brought(crossing: Crossing) -> bool:
    """Whether its attachments are at the center; a line too slow for one of them does not hold up the other cases."""
    try:
        exchange.bring_blobs(crossing)
    except exchange.Unreachable:
        return False
    except Refused:  # settling says so
        return True
    return True


def _settle(crossing: Crossing, report: Report) -> None:
    if not Crossing.objects.filter(pk=crossing.pk, state="open").exists():
        return  # refused meanwhile with the envelope of which it speaks
    try:
        workflow.settle(crossing)
        report.finished += 1
    except Waiting as kept:
        if kept.code != "held":  # which waits for people, not for the center
            raise
    except Refusal as refusal:
        report.refused.append(f"{crossing}: {refusal.code}")


@contextmanager
def set_aside(item: Any) -> Iterator[None]:
    """What cannot be carried out stays where it is, is logged, and does not stop the others (FAULTS 27)."""
    try:
        yield
    except (Refusal, exchange.Unreachable, OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("set aside: %s", item)


# --- receipts -------------------------------------------------------------------------------------------


def fetch(cases: Iterable[TransferCase] | None = None) -> int:
    """Apply the receipts and messages that open cases wait for; how many steps that were."""
    if cases is None:
        cases = TransferCase.objects.open().filter(state__in=[*EXPECTING, State.RETURNED]).order_by("id")
    rows = [case for case in cases if case.state in EXPECTING or case.state == State.RETURNED]
    returned = [case for case in rows if case.side == Side.DESTINATION and case.state == State.RETURNED]
    return sum(_hear(batch) for batch in _batches(rows)) + sum(_give_up(batch) for batch in _batches(returned))


def follow(transfer_id: UUID) -> int:
    """Apply at once what concerns one move, where both branches are on this site."""
    return fetch(TransferCase.objects.filter(transfer_id=transfer_id).order_by("id"))


def follow_if_reached(transfer_id: UUID) -> None:
    """The same, leaving it to the next round when the center has just gone away."""
    with suppress(exchange.Unreachable):
        follow(transfer_id)


def _batches(cases: list[TransferCase]) -> Iterator[list[TransferCase]]:
    rest = iter(cases)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _hear(cases: list[TransferCase]) -> int:
    held = {(case.envelope_id, case.branch_id): case for case in cases if case.envelope_id}
    receipts = exchange.receipts_of({envelope_id for envelope_id, _branch in held if envelope_id})
    return sum(_apply(case, receipt) for case, receipt in list(_news(held, receipts)))


Held = dict[tuple[Any, str], TransferCase]


def _news(held: Held, receipts: list[Receipt]) -> Iterator[tuple[TransferCase, Receipt]]:
    """What has still to be heard: a round costs what is new, not what is open."""
    at = {case.pk: case.state for case in held.values()}
    keys = [receipt.key for receipt in receipts if receipt.kind in MESSAGES]
    heard = set(Heard.objects.filter(pk__in=keys).values_list("pk", flat=True))
    for case, receipt in _concerned(held, receipts):
        step = find_step(_action(receipt), case.side, at[case.pk])
        if step and step.by_itself and receipt.key not in heard:
            at[case.pk] = step.target or at[case.pk]
            yield case, receipt


def _concerned(held: Held, receipts: list[Receipt]) -> Iterator[tuple[TransferCase, Receipt]]:
    """Each receipt with the copies of the branches that did not give it."""
    by_envelope: dict[Any, list[TransferCase]] = defaultdict(list)
    for (envelope_id, _branch), case in held.items():
        by_envelope[envelope_id].append(case)
    for receipt in receipts:
        yield from ((case, receipt) for case in by_envelope[receipt.envelope_id] if case.branch_id != receipt.by_branch)


def _action(receipt: Receipt) -> str:
    return f"hear_{receipt.kind}" if receipt.kind in MESSAGES else MARKS.get(receipt.kind, "")


def _apply(case: TransferCase, receipt: Receipt) -> int:
    key = receipt.key if receipt.kind in MESSAGES else None
    given = receipt.body | {"number": receipt.pk}
    return _advance(_action(receipt), case, _said_by(receipt), given, receipt.envelope_id, key)


def _advance(
    action: str,
    case: TransferCase,
    who: dict[str, Any],
    given: dict[str, Any],
    of: UUID | None = None,
    key: UUID | None = None,
) -> int:
    """One step that comes by itself; a case that somebody works on is left to the next round."""
    with suppress(NotNow), set_aside(f"{action} of case {case.pk}"):
        return int(bool(workflow.advance(action, case.pk, who, given, of, key)))
    return 0


def _said_by(receipt: Receipt) -> dict[str, object]:
    body = receipt.body
    return {
        "by": None,
        "by_name": body.get("by_name", ""),
        "role": body.get("role", ""),
        "branch_code": receipt.by_branch,
        "standing_in": trail.place_of(body),
    }


def _give_up(cases: list[TransferCase]) -> int:
    """Returned copies whose origin cancelled the move or sent it to another branch."""
    cancelled, latest = exchange.cancelled_of(cases), exchange.latest_of(cases)
    done = 0
    for case in cases:
        receipt, last = cancelled.get(case.transfer_id), latest.get(case.transfer_id)
        elsewhere = last is not None and last.destination != case.branch_id
        if receipt or elsewhere:
            who = _said_by(receipt) if receipt else {"by": None, "branch_code": case.origin_id}
            note = receipt.body.get("note", "") if receipt else ""
            done += _advance("mark_cancelled", case, who, {"note": note})
    return done


# --- follow-ups of moves that are over --------------------------------------------------------------------


def fetch_follow_ups() -> int:
    """What was said to closed cases since the last round; how many steps that were.

    Receipts become visible out of their order, so each round looks back over the last ones too; the mark stays
    before what could not be carried out yet.
    """
    mark, _new = HeardUntil.objects.get_or_create(pk="follow_ups")
    branches, after, done, left = _branches_here(), max(0, mark.number - LOOK_BACK), 0, []
    while receipts := exchange.follow_ups(branches, after, BATCH):
        after = receipts[-1].pk
        done += sum(_apply(case, receipt) for case, receipt in _unheard(receipts))
        left += [receipt.pk for _case, receipt in _unheard(receipts)][:1]
    mark.number = left[0] - 1 if left else max(mark.number, after)
    mark.save()
    return done


def _branches_here() -> list[str]:
    """The branches that hold cases on this site; the others are known by their names only."""
    held = TransferCase.objects.filter(branch=OuterRef("pk"))
    return list(Branch.objects.filter(Exists(held)).values_list("pk", flat=True))


def _unheard(receipts: list[Receipt]) -> list[tuple[TransferCase, Receipt]]:
    """Those that have not been heard, with the case that they are said to."""
    heard = set(Heard.objects.filter(pk__in=[receipt.key for receipt in receipts]).values_list("pk", flat=True))
    new = [receipt for receipt in receipts if receipt.key not in heard]
    cases = TransferCase.objects.filter(contents__envelope_id__in={receipt.envelope_id for receipt in new})
    held: Held = {(case.envelope_id, case.branch_id): case for case in cases}
    return list(_concerned(held, new))


# --- custody --------------------------------------------------------------------------------------------

NOBODY = "?"  # in the place of the branch that holds a pension


def settle_if_reached(file: PensionFile) -> None:
    """Carry what a branch has just asked about one file to the center; the next round does it otherwise."""
    rows = list(_unsettled().filter(file=file))
    if rows:
        with suppress(exchange.Unreachable):
            _settle_branch(file.branch_id, rows)


def settle_custody() -> int:
    """Carry the branches' custody requests to the center; conflicts stay, with the branch that holds."""
    settled = 0
    while rows := list(_unsettled()[:BATCH]):
        for branch in sorted({row.file.branch_id for row in rows}):
            settled += _settle_branch(branch, [row for row in rows if row.file.branch_id == branch])
    return settled


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
