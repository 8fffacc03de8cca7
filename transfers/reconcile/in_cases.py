"""The branches' side: cases with their trail and their parts, sealed contents, steps on their way to the center."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from branches.roles import Action
from central import reading
from central.contract import seal_of
from central.models import Receipt
from transfers import attachments, exchange, snapshot, sync, trail
from transfers.models import Content, Crossing, Part, Question, TransferCase, TransferEvent, Verb
from transfers.reconcile.at_center import FIRST
from transfers.reconcile.problems import Problem, found
from transfers.reconcile.scope import Scope, held_of
from transfers.states import Side, State, Turn, find_step

P = Part.Name
PART_OF: dict[str, str] = {
    Action.REFER: P.DRAFTER, Action.EDIT_MOVE: P.DRAFTER, Action.ATTACH: P.DRAFTER, Action.DETACH: P.DRAFTER,
    Action.ACKNOWLEDGE: P.DRAFTER, Action.ASSEMBLE: P.DRAFTER, Action.APPROVE_TECHNICAL: P.TECHNICAL_APPROVER,
    Action.APPROVE_HEAD: P.HEAD_APPROVER, Action.REGISTER: P.REGISTRAR, Action.ACTIVATE: P.ACTIVATOR,
}  # fmt: skip
MAY_BE = {True: set(State) - {State.CANCELLED}, False: {State.REGISTERED, State.CANCELLED}}  # open, and closed
FREEZES = {State.HEAD_APPROVED, State.SENT, State.RECEIVED, State.VERIFIED}
SEATED = {
    Side.ORIGIN: {State.SENT, State.RECEIVED, State.VERIFIED, State.REGISTERED, State.RETURNED},
    Side.DESTINATION: {State.RECEIVED, State.VERIFIED, State.REGISTERED},
}


def _of(scope: Scope, rows: Any, path: str) -> Any:
    return rows.filter(**{path: scope.branch}) if scope.branch else rows


def keys_of(case: TransferCase) -> dict[str, Any]:
    return {
        "pension_number": case.pension_number, "tracking_number": case.tracking_number, "branch": case.branch_id,
        "side": case.side,
    }  # fmt: skip


# --- cases ----------------------------------------------------------------------------------------------


def read_cases(scope: Scope, after: Any) -> list[TransferCase]:
    rows = TransferCase.objects.filter(pk__gt=after or 0).order_by("pk").select_related("pension_file")
    return list(_of(scope, rows, "branch")[: scope.size])


class Cases:
    """A batch of cases, with their trails, parts, questions and steps under way, and what the center says."""

    def __init__(self, scope: Scope, rows: list[TransferCase]):
        self.scope, ids = scope, [case.pk for case in rows]
        opened = [case for case in rows if case.is_open]
        self.trails = _by_case(_events(ids))
        self.parts = _by_case(Part.objects.filter(case__in=ids).select_related("user"))
        self.crossings = _by_case(Crossing.objects.filter(case__in=[c.pk for c in opened]).exclude(state="done"))
        self.under_way = {row.case_id for row in scope.under_way(case__in=[case.pk for case in opened])}
        numbers = [case.pension_number for case in opened]
        moves = TransferCase.objects.open().filter(pension_number__in=numbers, side=Side.ORIGIN)
        self.moves = Counter(moves.values_list("pension_number", flat=True))
        waiting = Question.objects.filter(case__in=ids, answered_at=None, closed_at=None)
        self.asked = set(waiting.values_list("case", flat=True))
        self.seats = exchange.look_up(lambda: reading.seats_of(set(numbers)))
        self.receipts: dict[UUID, list[Receipt]] = defaultdict(list)
        for receipt in exchange.receipts_of(case.envelope_id for case in opened if case.envelope_id):
            self.receipts[receipt.envelope_id].append(receipt)

    def is_refused(self, case: TransferCase) -> bool:
        return any(c.state == "refused" and c.envelope_id == case.envelope_id for c in self.crossings[case.pk])

    def unheard(self, case: TransferCase) -> list[Receipt]:
        """What the other branch has said at the center and this copy has still to take in."""
        said = self.receipts[case.envelope_id] if case.envelope_id else []
        return [row for row in said if row.by_branch != case.branch_id and _moves(row, case)]


def _events(cases: list[int]) -> Any:
    return TransferEvent.objects.filter(case__in=cases).select_related("by").order_by("case", "sequence")


def _by_case(rows: Iterable[Any]) -> dict[Any, list[Any]]:
    found_there: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found_there[row.case_id].append(row)
    return found_there


def _moves(receipt: Receipt, case: TransferCase) -> bool:
    step = find_step(sync.MARKS.get(receipt.kind, ""), case.side, case.state)
    return step is not None and step.by_itself


def look_at_cases(scope: Scope, rows: list[TransferCase]) -> Iterator[Problem]:
    """I2, I5, I7, I8, I9, I10 of a batch of cases."""
    batch = Cases(scope, rows)
    for case in rows:
        yield from _belongs(case, batch.trails[case.pk], scope)
        yield from _four_eyes(case, batch.trails[case.pk], batch.parts[case.pk])
        yield from _told(case, batch.trails[case.pk])
        if case.branch_id not in scope.left:
            yield from _in_turn(case, batch)
        if case.is_open:
            yield from _with_center(case, batch)


def _belongs(case: TransferCase, events: list[TransferEvent], scope: Scope) -> Iterator[Problem]:
    """I7: every row is of the branch that its columns say, a file perhaps of its successor."""
    if case.branch_id != (case.origin_id if case.side == Side.ORIGIN else case.destination_id):
        yield found("other_branch", **keys_of(case))
    file = case.pension_file
    if file and (file.pension_number != case.pension_number or not _is_one(file.branch_id, case.branch_id, scope)):
        yield found("other_file", **keys_of(case))
    for event in events:
        if event.branch_code not in _places(case, event):
            yield found("other_actor", **keys_of(case), sequence=event.sequence, other_branch=event.branch_code)


def _is_one(branch: str, other: str, scope: Scope) -> bool:
    """Whether the same people answer for both today."""
    return branch == other or bool(scope.and_successors(branch) & scope.and_successors(other))


def _places(case: TransferCase, event: TransferEvent) -> set[str]:
    """Where a step can have been taken. An origin may have sent to several branches, one after the other."""
    if event.by_id:
        return {case.branch_id}
    heard = {event.branch_code} if case.side == Side.ORIGIN else {case.origin_id}
    return {"", case.branch_id} | heard


def _four_eyes(case: TransferCase, events: list[TransferEvent], parts: list[Part]) -> Iterator[Problem]:
    """I8, over all versions of the move: by what was recorded, and by what the trail tells."""
    recorded, taken = defaultdict(set), defaultdict(set)
    for part in parts:
        recorded[part.user.username].add(part.name)
    for event in events:
        if event.by and event.action in PART_OF:
            taken[event.by.username].add(PART_OF[event.action])
    for user in sorted(recorded.keys() | taken.keys()):
        if len(recorded[user] | taken[user]) > 1:
            yield found("two_parts", **keys_of(case), user=user)
        elif taken[user] - recorded[user]:
            yield found("part_missing", **keys_of(case), user=user)


def _told(case: TransferCase, events: list[TransferEvent]) -> Iterator[Problem]:
    """I9: the chain holds, and every state follows from the one before."""
    if (at := trail.break_in(events, case.trail_length)) is not None or not events:
        yield found("chain_broken", **keys_of(case), sequence=at or 1)
        return
    begins, ends = ["", *(e.to_state for e in events)], [*(e.from_state for e in events), case.state]
    if begins != ends:
        yield found("state_untold", **keys_of(case))


def _in_turn(case: TransferCase, batch: Cases) -> Iterator[Problem]:
    """I10: somebody's turn, or closed."""
    if case.state not in MAY_BE[case.is_open]:
        yield found("closed_open", **keys_of(case))
        return
    if case.turn != case.turn_when(lambda: batch.is_refused(case), lambda: case.pk in batch.asked):
        yield found("nobodys_turn", **keys_of(case), turn=case.turn)
    if case.turn == Turn.CENTER and not any(row.state == "open" for row in batch.crossings[case.pk]):
        yield found("not_asked", **keys_of(case))


def _with_center(case: TransferCase, batch: Cases) -> Iterator[Problem]:
    """I2, I5, I10 of an open case: its seat, its frozen file, and what it has still to hear."""
    waits, unheard = case.pk in batch.under_way, batch.unheard(case)
    seat = batch.seats.get(case.pension_number)
    if case.side == Side.ORIGIN and batch.moves[case.pension_number] > 1:
        yield found("two_moves", **keys_of(case))
    if unheard:
        young = all(batch.scope.is_young(receipt.at) for receipt in unheard)
        yield found("unheard", waits or young, **keys_of(case), envelope=case.envelope_id)
    elif case.state in SEATED[Side(case.side)] and _is_unseated(case, seat):
        yield found("case_unseated", waits, **keys_of(case), envelope=case.envelope_id)
    file = case.pension_file
    if case.side == Side.ORIGIN and file and (case.state in FREEZES) != (file.frozen_by == case.transfer_id):
        yield found("thawed", **keys_of(case))


def _is_unseated(case: TransferCase, seat: Any) -> bool:
    return seat is None or (seat.open_move != case.transfer_id and not seat.closure)


# --- what was registered ----------------------------------------------------------------------------------


def read_registered(scope: Scope, after: Any) -> list[TransferCase]:
    rows = TransferCase.objects.open().filter(side=Side.DESTINATION, state=State.REGISTERED, pk__gt=after or 0)
    rows = rows.select_related("pension_file").prefetch_related("contents").order_by("pk")
    return list(_of(scope, rows, "branch")[: scope.size])


def look_at_registered(scope: Scope, rows: list[TransferCase]) -> Iterator[Problem]:
    """I4, field by field: until it is activated nobody can have corrected the file."""
    for case in rows:
        differing = snapshot.differences(case.content, case.file) if case.pension_file_id else ["file"]
        differing += attachments.differences(case)
        if differing:
            yield found("file_differs", **keys_of(case), envelope=case.envelope_id, parts=",".join(differing))


# --- sealed contents ----------------------------------------------------------------------------------------


def read_contents(scope: Scope, after: Any) -> list[Content]:
    rows = Content.objects.filter(pk__gt=after or 0).exclude(seal="").order_by("pk").select_related("case")
    return list(_of(scope, rows, "case__branch")[: scope.size])


def look_at_contents(scope: Scope, rows: list[Content]) -> Iterator[Problem]:
    """I1, I4: the branch's copy is what was sealed, and what the center has; it has what it was given."""
    ids = [row.envelope_id for row in rows if row.envelope_id]
    seals = exchange.look_up(lambda: reading.seals_by_envelope(ids))
    given = Crossing.objects.filter(envelope_id__in=ids, verb=Verb.DEPOSIT, state="done")
    deposited = set(given.values_list("envelope_id", flat=True))
    for row in rows:
        keys = keys_of(row.case) | {"envelope": row.envelope_id, "version": row.version}
        seal = seals.get(row.envelope_id) if row.envelope_id else None
        if seal_of(row.body.encode()) != row.seal:
            yield found("copy_broken", **keys)
        if seal and seal != row.seal:
            yield found("copy_differs", **keys)
        if not seal and (row.case.side == Side.DESTINATION or row.envelope_id in deposited):
            yield found("envelope_gone", **keys)


# --- steps on their way --------------------------------------------------------------------------------------


def read_crossings(scope: Scope, after: Any) -> list[Crossing]:
    rows = Crossing.objects.filter(state="open", pk__gt=after or FIRST).order_by("pk").select_related("case")
    return list(_of(scope, rows, "branch")[: scope.size])


def look_at_crossings(scope: Scope, rows: list[Crossing]) -> Iterator[Problem]:
    """I10: a step waits for the center no longer than a day, but for the release of a held case."""
    held = held_of(row.envelope_id for row in rows if scope.is_late(row.created_at))
    for row in rows:
        keys = keys_of(row.case) if row.case else {"branch": row.branch_id}
        waits = not scope.is_late(row.created_at) or row.envelope_id in held
        yield found("crossing_late", waits, **keys, envelope=row.envelope_id, action=row.action)
