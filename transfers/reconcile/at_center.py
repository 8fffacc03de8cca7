"""The center's side: guards, seats with their custody, envelopes with their receipts."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import Any
from uuid import UUID

from branches.models import CustodyRequest, PensionFile, Status
from branches.services import OPEN
from central import reading
from central.models import MESSAGES, Custody, Envelope, Receipt, Seat
from central.rules import RULES, seal_holds
from central.triggers import GUARDS as GUARDS_OF_CENTER
from pension_transfer.lib.triggers import put_aside
from transfers import exchange
from transfers.models import Content, TransferCase, Verb
from transfers.reconcile.problems import Problem, found
from transfers.reconcile.scope import Scope
from transfers.states import Side, State
from transfers.triggers import GUARDS

FIRST = uuid.UUID(int=0)
CONTESTS = ({"received", "withdrawn"}, {"registered", "returned"})
OVER = {"withdrawn", "returned", "activated", "cancelled"}  # with one of these an envelope is not on its way
SIGNED_WRONGLY = {"bad_signature": "signature_broken", "unknown_key": "key_unknown"}
PAYING = OPEN
TO_BE_PAID = PAYING | {Status.REGISTERED}


# --- guards -------------------------------------------------------------------------------------------


def read_guards(scope: Scope, after: Any) -> list[str]:
    """Every guard of both databases, once."""
    return [] if after else sorted({*GUARDS, *GUARDS_OF_CENTER})


def look_at_guards(scope: Scope, rows: list[str]) -> Iterator[Problem]:
    """I1: what keeps the tables stands."""
    for name in [*put_aside("default", GUARDS), *exchange.look_up(reading.guards_put_aside)]:
        yield found("guard_aside", guard=name)


# --- seats and custody --------------------------------------------------------------------------------


def read_seats(scope: Scope, after: Any) -> list[Seat]:
    return exchange.look_up(lambda: reading.seats_after(after or "", scope.size, scope.branch))


class Seats:
    """A batch of seats, with what the center and this site hold of the same pensions."""

    def __init__(self, scope: Scope, rows: list[Seat]):
        self.scope, self.rows, self.numbers = scope, rows, [seat.pk for seat in rows]
        self.moves = [seat.open_move for seat in rows if seat.open_move]
        self.custody: dict[str, list[Custody]] = defaultdict(list)
        for row in exchange.look_up(lambda: reading.custody_of(self.numbers)):
            if not row.months.isempty:
                self.custody[row.pension_number].append(row)
        self.files: dict[str, list[PensionFile]] = defaultdict(list)
        for file in PensionFile.objects.filter(pension_number__in=self.numbers).order_by("pk"):
            self.files[file.pension_number].append(file)

    @cached_property
    def versions(self) -> dict[UUID, list[Envelope]]:
        """The envelopes of the moves that hold seats."""
        by_move: dict[UUID, list[Envelope]] = defaultdict(list)
        for envelope in exchange.look_up(lambda: reading.versions_of(self.moves)) if self.moves else []:
            by_move[envelope.move].append(envelope)
        return by_move

    @cached_property
    def said(self) -> dict[UUID, set[str]]:
        return kinds_of(exchange.receipts_of(e.pk for rows in self.versions.values() for e in rows))

    @cached_property
    def closed_here(self) -> set[UUID]:
        """The moves that are over for a branch of this site, which has told the center."""
        cases = TransferCase.objects.filter(transfer_id__in=self.moves).exclude(closed_at=None)
        cases = cases.exclude(branch__in=self.scope.left)
        over = [c for c in cases if c.side == Side.ORIGIN or c.state == State.REGISTERED]
        told = {row.case_id for row in self.scope.under_way(case__in=[case.pk for case in over])} if over else set()
        return {case.transfer_id for case in over if case.pk not in told}

    @cached_property
    def arriving(self) -> set[str]:
        """The pensions whose registration the center has and the branch has not carried out yet."""
        rows = self.scope.under_way(kind="registered", case__pension_number__in=self.numbers)
        return {row.known_case.pension_number for row in rows}

    @cached_property
    def closing(self) -> set[str]:
        """The pensions whose end this site has not told the center yet."""
        rows = CustodyRequest.objects.filter(
            file__pension_number__in=self.numbers, settled_at=None, verb=CustodyRequest.Verb.CLOSE
        )
        return set(rows.values_list("file__pension_number", flat=True))


def look_at_seats(scope: Scope, rows: list[Seat]) -> Iterator[Problem]:
    """I2, I5, I6 of a batch of seats."""
    batch = Seats(scope, rows)
    for seat in rows:
        yield from _months(seat, batch.custody[seat.pk])
        yield from _payer(seat, batch)
        yield from _move(seat, batch)


def _months(seat: Seat, held: list[Custody]) -> Iterator[Problem]:
    for before, after in pairwise(held):
        keys: dict[str, Any] = {
            "pension_number": seat.pk,
            "branch": after.branch_code,
            "other_branch": before.branch_code,
        }
        if before.months.upper is None or before.months.upper > after.months.lower:
            yield found("months_overlap", **keys)
        elif before.months.upper < after.months.lower and before.ended_reason == "registered":
            yield found("months_missing", **keys)
    holder = next((row.branch_code for row in held if row.months.upper is None), None)
    if holder != seat.payable_branch:
        yield found("custody_disagrees", pension_number=seat.pk, branch=seat.payable_branch, other_branch=holder)


def _payer(seat: Seat, batch: Seats) -> Iterator[Problem]:
    files, payer = batch.files[seat.pk], seat.payable_branch
    free = [file.branch_id for file in files if file.status in PAYING and not file.is_frozen]
    if len(free) > 1:
        yield found("two_files", pension_number=seat.pk, branch=free[0], other_branch=free[1])
    if not (payer or seat.open_move or seat.closure):
        yield found("seat_empty", pension_number=seat.pk)
    heirs = batch.scope.and_successors(payer or "")
    if payer in batch.scope.served and not any(f.branch_id in heirs and f.status in TO_BE_PAID for f in files):
        waits = seat.pk in batch.arriving or seat.pk in batch.closing
        yield found("no_file", waits, pension_number=seat.pk, branch=payer)


def _move(seat: Seat, batch: Seats) -> Iterator[Problem]:
    if seat.open_move is None:
        return
    versions = batch.versions[seat.open_move]
    keys: dict[str, Any] = {"pension_number": seat.pk, "branch": seat.payable_branch, "move": seat.open_move}
    if not versions:
        yield found("move_unknown", **keys)
    elif _is_over(versions, batch.said):
        yield found("move_over", **keys, tracking_number=versions[-1].tracking_number)
    elif seat.open_move in batch.closed_here:
        yield found("move_closed_here", **keys, tracking_number=versions[-1].tracking_number)


def _is_over(versions: list[Envelope], said: dict[UUID, set[str]]) -> bool:
    """A return keeps the seat; what ends the last version, or gives the move up, does not."""
    given_up = any("cancelled" in said[envelope.pk] for envelope in versions)
    return given_up or bool(said[versions[-1].pk] & {"withdrawn", "activated"})


def kinds_of(receipts: list[Receipt]) -> dict[UUID, set[str]]:
    """The kinds of receipt that each envelope has, messages left out."""
    kinds: dict[UUID, set[str]] = defaultdict(set)
    for receipt in receipts:
        if receipt.kind not in MESSAGES:
            kinds[receipt.envelope_id].add(receipt.kind)
    return kinds


def read_custody(scope: Scope, after: Any) -> list[Custody]:
    return exchange.look_up(lambda: reading.custody_after(after or 0, scope.size, scope.branch))


def look_at_custody(scope: Scope, rows: list[Custody]) -> Iterator[Problem]:
    """I5: custody that no seat tells of."""
    seats = exchange.look_up(lambda: reading.seats_of({row.pension_number for row in rows}))
    for row in rows:
        if row.pension_number not in seats:
            yield found("custody_alone", pension_number=row.pension_number, branch=row.branch_code)


# --- envelopes and receipts ---------------------------------------------------------------------------


def read_envelopes(scope: Scope, after: Any) -> list[Envelope]:
    return exchange.look_up(lambda: reading.envelopes_after(after or FIRST, scope.size, scope.branch))


class Envelopes:
    """A batch of envelopes, with what was said of them and of the other versions of their moves."""

    def __init__(self, scope: Scope, rows: list[Envelope]):
        self.scope, moves = scope, {row.move for row in rows}
        self.ids = [row.pk for row in rows]
        self.versions: dict[UUID, list[Envelope]] = defaultdict(list)
        for envelope in exchange.look_up(lambda: reading.versions_of(moves)):
            self.versions[envelope.move].append(envelope)
        self.receipts: dict[UUID, list[Receipt]] = defaultdict(list)
        receipts = exchange.receipts_of(e.pk for versions in self.versions.values() for e in versions)
        for receipt in receipts:
            self.receipts[receipt.envelope_id].append(receipt)
        self.said = kinds_of(receipts)
        self.queued = exchange.look_up(lambda: reading.queued(self.ids))
        self.seats = exchange.look_up(lambda: reading.seats_of({row.pension_number for row in rows}))
        here = Content.objects.filter(envelope_id__in=self.ids, case__side=Side.DESTINATION)
        self.here = set(here.values_list("envelope_id", flat=True))

    @cached_property
    def arriving(self) -> set[UUID]:
        """Those that the center has given away and a step under way will still bring."""
        return {row.envelope_id for row in self.scope.under_way(envelope_id__in=self.ids, verb=Verb.TAKE)}

    def is_live(self, envelope: Envelope) -> bool:
        return not self.said[envelope.pk] & OVER


def look_at_envelopes(scope: Scope, rows: list[Envelope]) -> Iterator[Problem]:
    """I1, I2, I3 of a batch of envelopes; I10 where one was taken and never arrived."""
    batch = Envelopes(scope, rows)
    for envelope in rows:
        keys = keys_of(envelope)
        yield from _believed(envelope)
        if batch.is_live(envelope):
            yield from _alive(envelope, batch)
        if (envelope.pk in batch.queued) == bool(batch.said[envelope.pk] & CONTESTS[0]):
            yield found("queued_wrongly", **keys)
        yield from _receipts(envelope, batch)
        yield from _taken(envelope, batch)


def _believed(envelope: Envelope) -> Iterator[Problem]:
    """The seal first: of what does not hold by itself the signature says nothing."""
    if not seal_holds(envelope):
        yield found("seal_broken", **keys_of(envelope))
    elif envelope.signature_fault:
        yield found(SIGNED_WRONGLY[envelope.signature_fault], **keys_of(envelope))


def keys_of(envelope: Envelope) -> dict[str, Any]:
    return {
        "pension_number": envelope.pension_number, "tracking_number": envelope.tracking_number,
        "envelope": envelope.pk, "branch": envelope.destination,
    }  # fmt: skip


def _alive(envelope: Envelope, batch: Envelopes) -> Iterator[Problem]:
    earlier = [other for other in batch.versions[envelope.move] if other.version < envelope.version]
    if any(map(batch.is_live, earlier)):
        yield found("two_live", **keys_of(envelope))
    seat = batch.seats.get(envelope.pension_number)
    if not seat or (seat.open_move != envelope.move and not seat.closure):
        yield found("live_unseated", **keys_of(envelope))


def _receipts(envelope: Envelope, batch: Envelopes) -> Iterator[Problem]:
    receipts, said = batch.receipts[envelope.pk], batch.said[envelope.pk]
    keys = {name: value for name, value in keys_of(envelope).items() if name != "branch"}
    for receipt in receipts:
        rule = RULES[receipt.kind]
        speak = (batch.scope.and_successors(getattr(envelope, side)) for side in rule.side.split())
        if receipt.by_branch not in set().union(*speak):
            yield found("not_addressed", **keys, branch=receipt.by_branch, receipt=receipt.kind)
        if receipt.kind not in MESSAGES and rule.after and not said & rule.after:
            yield found("out_of_order", **keys, branch=receipt.by_branch, receipt=receipt.kind)
    times = Counter(receipt.kind for receipt in receipts if receipt.kind not in MESSAGES)
    if any(n > 1 for n in times.values()) or any(contest <= said for contest in CONTESTS):
        yield found("said_twice", **keys, branch=envelope.destination)


def _taken(envelope: Envelope, batch: Envelopes) -> Iterator[Problem]:
    """What a branch of this site has taken stands in a case of it; a step under way will still bring it."""
    taken = [r for r in batch.receipts[envelope.pk] if r.kind == "received" and r.by_branch in batch.scope.served]
    if taken and envelope.pk not in batch.here:
        yield found("taken_and_lost", envelope.pk in batch.arriving, **keys_of(envelope))


def read_receipts(scope: Scope, after: Any) -> list[Receipt]:
    return [] if scope.branch else exchange.look_up(lambda: reading.receipts_after(after or 0, scope.size))


def look_at_receipts(scope: Scope, rows: list[Receipt]) -> Iterator[Problem]:
    """I1: nothing is said of what is not there, but that it shall not come (DESIGN 11.3)."""
    known = exchange.look_up(lambda: reading.seals_by_envelope({row.envelope_id for row in rows}))
    for row in rows:
        if row.envelope_id not in known and row.kind != "withdrawn":
            yield found("receipt_alone", envelope=row.envelope_id, branch=row.by_branch, receipt=row.kind)
