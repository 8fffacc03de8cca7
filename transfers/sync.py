"""Finishing what was cut and fetching what the other side said. Safe to run at any time, by anyone, twice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from branches.models import Branch
from central.models import ABOUT_A_FOLLOW_UP, MESSAGES, Receipt
from central.rules import Refused
from pension_transfer.lib.errors import NotNow, Refusal, Waiting
from pension_transfer.lib.fences import as_site
from pension_transfer.lib.paging import pages
from pension_transfer.lib.turns import if_free
from transfers import claims, custody, deliveries, directory, exchange, rebuild, trail, workers, workflow
from transfers.models import Content, Crossing, Heard, HeardUntil, StuckItem, TransferCase, Verb
from transfers.states import Side, State, find_step
from transfers.tries import Tries

BATCH = 500  # receipts, cases and custody requests at once
BY_HAND = "sync_center"  # who runs sync once, whoever that is
Kind = StuckItem.Kind
LOOK_BACK = 10_000  # receipts: far more than are given while one of them is being committed
MARKS = {
    "received": "mark_received",
    "verified": "mark_verified",
    "registered": "mark_registered",
    "returned": "mark_returned",
    "activated": "mark_activated",
}
EXPECTING = (State.HEAD_APPROVED, State.SENT, State.RECEIVED, State.VERIFIED, State.REGISTERED)


@dataclass
class Report:
    """What one run did."""

    finished: int = 0
    marked: int = 0
    custody: int = 0
    attachments: int = 0
    unreachable: bool = False
    rebuilt: int = 0  # steps that the center knew of and a restored site did not
    told_again: int = 0  # steps that a restored center did not know
    refused: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)  # what could not be brought back, in words

    @property
    def did_something(self) -> bool:
        return any((self.finished, self.marked, self.custody, self.attachments, self.rebuilt, self.told_again))

    def __str__(self) -> str:
        center = "center unreachable" if self.unreachable else "center reached"
        done = f"{self.finished} steps finished, {self.marked} receipts, {self.custody} custody requests"
        again = f", {self.rebuilt} steps rebuilt, {self.told_again} told again"
        return f"{center}: {done}, {self.attachments} attachments" + again * bool(self.rebuilt or self.told_again)


def sync(rebuilds: bool = False, retells: bool = False) -> Report:
    """Everything this site owes the center and the center has for it, once; what failed lately is tried, too.

    What a restore lost is noticed by itself; `rebuilds` and `retells` look through everything for it.
    """
    report = Report()
    try:
        for part in parts(report, is_forced=True, rebuilds=rebuilds, retells=retells):
            for _bit in part:
                pass
    except (exchange.Unreachable, Waiting):
        report.unreachable = True
    workers.beat(BY_HAND, report.finished, is_reached=not report.unreachable)
    return report


def parts(
    report: Report,
    is_forced: bool = False,
    with_claims: bool = True,
    rebuilds: bool = False,
    retells: bool = False,
) -> list[Iterator[Any]]:
    """What there is to do, part by part in its order; each part may be left between any two of its bits.

    What cannot be carried out waits by itself (transfers.tries); Unreachable or Waiting when the center is away.
    """
    return [
        _share(),
        claims.claim_by_batches() if with_claims else iter(()),
        _counted(report, "custody", custody.settle(is_forced)),
        finish_crossings(report, is_forced),
        _mend(report, rebuilds, retells),
        _counted(report, "marked", hear(is_forced=is_forced)),
        _counted(report, "marked", hear_follow_ups(is_forced)),
        _counted(report, "attachments", deliveries.deliver(is_forced=is_forced)),
    ]


def _share() -> Iterator[None]:
    directory.share()
    yield


def _mend(report: Report, rebuilds: bool, retells: bool) -> Iterator[None]:
    """What a restore of the center or of this site lost; one worker at a time."""
    with if_free("mend") as is_free:
        if is_free:
            report.told_again, report.lost = rebuild.retell(retells)
            report.rebuilt, lost = rebuild.bring_back(_take_in, rebuilds)
            report.lost += lost
    yield


def _take_in(case: TransferCase, receipt: Receipt) -> int:
    """What the other branch said, as an ordinary round hears it."""
    return _apply(case, receipt, Tries(Kind.RECEIPT, [_ref(case, receipt)], is_forced=True))


def _counted(report: Report, name: str, bits: Iterator[int]) -> Iterator[None]:
    for number in bits:
        setattr(report, name, getattr(report, name) + number)
        yield


# --- steps that were cut --------------------------------------------------------------------------------


def finish_crossings(report: Report, is_forced: bool = False) -> Iterator[None]:
    """Settle every open crossing, oldest first. Of one pension none overtakes another, except the recall that bars it;
    the other pensions are not held up."""
    held_up: set[str] = set()
    rows = Crossing.objects.filter(state="open").select_related("case")
    for page in pages(rows, "created_at", "key", size=BATCH):
        tries = Tries(Kind.CROSSING, [crossing.pk for crossing in page], is_forced)
        for crossing in page:
            number = crossing.case.pension_number if crossing.case else str(crossing.envelope_id)
            if number in held_up and crossing.verb != Verb.WITHDRAW:
                continue
            if not tries.is_due(crossing.pk) or not _try_alone(number, crossing, tries, report):
                held_up.add(number)
            yield


def _try_alone(number: str, crossing: Crossing, tries: Tries, report: Report) -> bool:
    """One try, unless another worker has something of this pension in hand; whether what was said later may follow."""
    with if_free(f"sync {number}") as is_free:
        return is_free and _try(crossing, tries, report)


def _try(crossing: Crossing, tries: Tries, report: Report) -> bool:
    item = (crossing.pk, crossing.action, crossing.branch_id, crossing.case_id)
    is_done = False
    try:
        with tries.attempt(*item):
            _settle(crossing, report)
            is_done = True
    except Waiting as kept:
        return _waits(kept, tries, item)
    except Refusal as refusal:
        report.refused.append(f"{crossing}: {refusal.code}")
        return _is_answered(crossing, refusal, tries, item)
    return is_done


def _settle(crossing: Crossing, report: Report) -> None:
    if not Crossing.objects.filter(pk=crossing.pk, state="open").exists():
        return  # settled meanwhile, or refused with the envelope of which it speaks
    _bring(crossing)
    workflow.settle(crossing)
    report.finished += 1


def _bring(crossing: Crossing) -> None:
    """Its attachments, first; a line too slow for one of them does not hold up the other cases."""
    try:
        exchange.bring_blobs(crossing)
    except exchange.Unreachable as lost:
        raise Waiting(str(lost), "attachments") from lost
    except Refused:  # settling says so
        return


def _waits(kept: Waiting, tries: Tries, item: Any) -> bool:
    """Waiting again when the center is away; what waits for people does not hold up what was said later."""
    if isinstance(kept.__cause__, exchange.Contended):
        tries.note(kept, *item)
    elif kept.code == "center" and isinstance(kept.__cause__, exchange.Unreachable):
        raise kept
    return kept.code == "held"


def _is_answered(crossing: Crossing, refusal: Refusal, tries: Tries, item: Any) -> bool:
    """Whether a refusal was the center's, which ends the crossing; otherwise it could not be finished here."""
    if Crossing.objects.filter(pk=crossing.pk, state="open").exists():
        tries.note(refusal, *item)
        return False
    tries.done(crossing.pk)
    return True


# --- receipts -------------------------------------------------------------------------------------------


def fetch(cases: Iterable[TransferCase] | None = None) -> int:
    """Apply the receipts and messages that open cases wait for; how many steps that were."""
    return sum(hear(cases))


def hear(cases: Iterable[TransferCase] | None = None, is_forced: bool = False) -> Iterator[int]:
    """The same, one after the other; how many steps each was."""
    for page in [list(cases)] if cases is not None else pages(_expecting(), "id", size=BATCH):
        rows = [case for case in page if case.state in EXPECTING or case.state == State.RETURNED]
        returned = [case for case in rows if case.side == Side.DESTINATION and case.state == State.RETURNED]
        yield from _hear(rows, is_forced)
        yield from _give_up(returned, is_forced) if returned else ()


def _expecting() -> QuerySet[TransferCase]:
    return TransferCase.objects.open().filter(state__in=[*EXPECTING, State.RETURNED])


def follow(transfer_id: UUID) -> int:
    """Apply at once what concerns one move, where both branches are on this site."""
    copies = TransferCase.objects.filter(transfer_id=transfer_id).order_by("id")
    return fetch(copies.exclude(branch__in=Branch.objects.elsewhere().values("pk")))


def follow_if_reached(transfer_id: UUID) -> None:
    """The same, leaving it to the next round when the center has just gone away. The other branch's copy is another
    branch's: what was said to it is heard in the name of the site, not of who pressed here."""
    with suppress(exchange.Unreachable), as_site():
        follow(transfer_id)


def _hear(cases: list[TransferCase], is_forced: bool) -> Iterator[int]:
    held = {(case.envelope_id, case.branch_id): case for case in cases if case.envelope_id}
    news = list(_news(held, exchange.receipts_of({envelope_id for envelope_id, _branch in held if envelope_id})))
    tries = Tries(Kind.RECEIPT, [_ref(case, receipt) for case, receipt in news], is_forced) if news else None
    for case, receipt in news:
        if tries and tries.is_due(_ref(case, receipt)):
            yield _apply(case, receipt, tries)


def _ref(case: TransferCase, receipt: Receipt) -> str:
    """What is stuck is stuck for one copy."""
    return f"{receipt.key} {case.pk}"


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
        yield from (
            (case, receipt) for case in by_envelope[receipt.envelope_id] if _is_from_the_other_side(case, receipt)
        )


def _is_from_the_other_side(case: TransferCase, receipt: Receipt) -> bool:
    """What a third branch says of a move was never given by the center's verbs: nobody hears it (FAULTS 25)."""
    return receipt.by_branch == (case.destination_id if case.side == Side.ORIGIN else case.origin_id)


def _action(receipt: Receipt) -> str:
    return f"hear_{receipt.kind}" if receipt.kind in MESSAGES else MARKS.get(receipt.kind, "")


def _apply(case: TransferCase, receipt: Receipt, tries: Tries) -> int:
    """One step that comes by itself; a case that somebody works on is left to the next round."""
    item = (_ref(case, receipt), _action(receipt), case.branch_id, case.pk)
    try:
        with tries.attempt(*item):
            key = receipt.key if receipt.kind in MESSAGES else None
            given = receipt.body | {"number": receipt.pk}
            return _advance(_action(receipt), case, _said_by(receipt), given, receipt.envelope_id, key)
    except NotNow as refusal:
        tries.note(refusal, *item)
    return 0


def _advance(action: str, case: TransferCase, *told: Any) -> int:
    return int(bool(workflow.advance(action, case.pk, *told)))


def _said_by(receipt: Receipt) -> dict[str, object]:
    body = receipt.body
    return {
        "by": None,
        "by_name": body.get("by_name", ""),
        "role": body.get("role", ""),
        "branch_code": receipt.by_branch,
        "standing_in": trail.place_of(body),
    }


def _give_up(cases: list[TransferCase], is_forced: bool) -> Iterator[int]:
    """Returned copies whose origin cancelled the move or sent it to another branch."""
    cancelled, latest = exchange.cancelled_of(cases), exchange.latest_of(cases)
    tries = Tries(Kind.RECEIPT, [f"mark_cancelled {case.pk}" for case in cases], is_forced)
    for case in cases:
        receipt, last = cancelled.get(case.transfer_id), latest.get(case.transfer_id)
        elsewhere = last is not None and last.destination != case.branch_id
        if (receipt or elsewhere) and tries.is_due(f"mark_cancelled {case.pk}"):
            yield _mark_cancelled(case, receipt, tries)


def _mark_cancelled(case: TransferCase, receipt: Receipt | None, tries: Tries) -> int:
    item = (f"mark_cancelled {case.pk}", "mark_cancelled", case.branch_id, case.pk)
    try:
        with tries.attempt(*item):
            who = _said_by(receipt) if receipt else {"by": None, "branch_code": case.origin_id}
            note = receipt.body.get("note", "") if receipt else ""
            return _advance("mark_cancelled", case, who, {"note": note})
    except NotNow as refusal:
        tries.note(refusal, *item)
    return 0


# --- follow-ups of moves that are over --------------------------------------------------------------------


def fetch_follow_ups() -> int:
    """What was said to closed cases since the last round; how many steps that were."""
    return sum(hear_follow_ups())


def hear_follow_ups(is_forced: bool = False) -> Iterator[int]:
    """The same, one after the other.

    Receipts become visible out of their order, so each round looks back over the last ones too; the mark stays
    before what could not be carried out yet, until that is set aside for a person.
    """
    yield from _hear_again(is_forced)
    mark, _new = HeardUntil.objects.get_or_create(pk="follow_ups")
    branches, after, left = _branches_here(), max(0, mark.number - LOOK_BACK), []
    while receipts := exchange.follow_ups(branches, after, BATCH):
        after = receipts[-1].pk
        tries = Tries(Kind.FOLLOW_UP, [_ref(case, receipt) for case, receipt in _unheard(receipts)], is_forced)
        yield from _apply_due(_unheard(receipts), tries)
        left += [receipt.pk for case, receipt in _unheard(receipts) if not tries.is_set_aside(_ref(case, receipt))][:1]
    mark.number = left[0] - 1 if left else max(mark.number, after)
    mark.save()


def _apply_due(said: list[tuple[TransferCase, Receipt]], tries: Tries) -> Iterator[int]:
    for case, receipt in said:
        if tries.is_due(_ref(case, receipt)):
            yield _apply(case, receipt, tries)


def _hear_again(is_forced: bool) -> Iterator[int]:
    """What is stuck, once its next try has come; it may lie far behind the mark."""
    rows = StuckItem.objects.open().filter(kind=Kind.FOLLOW_UP).exclude(case=None)
    due = rows if is_forced else rows.filter(next_try_at__lte=timezone.now())
    contents = Content.objects.filter(case__in=list(due.order_by("id").values_list("case", flat=True)[:BATCH]))
    receipts = exchange.receipts_of(row.envelope_id for row in contents.only("envelope_id") if row.envelope_id)
    said = _unheard([receipt for receipt in receipts if receipt.kind in ABOUT_A_FOLLOW_UP])
    tries = Tries(Kind.FOLLOW_UP, [_ref(case, receipt) for case, receipt in said], is_forced)
    return _apply_due([row for row in said if tries.is_stuck(_ref(*row))], tries)


def _branches_here() -> list[str]:
    """The branches that hold cases on this site; the others are known by their names, or by what they left behind."""
    held = TransferCase.objects.filter(branch=OuterRef("pk"))
    rows = Branch.objects.filter(Exists(held)).exclude(pk__in=Branch.objects.elsewhere().values("pk"))
    return list(rows.values_list("pk", flat=True))


def _unheard(receipts: list[Receipt]) -> list[tuple[TransferCase, Receipt]]:
    """Those that have not been heard, with the case that they are said to."""
    heard = set(Heard.objects.filter(pk__in=[receipt.key for receipt in receipts]).values_list("pk", flat=True))
    new = [receipt for receipt in receipts if receipt.key not in heard]
    cases = TransferCase.objects.filter(contents__envelope_id__in={receipt.envelope_id for receipt in new})
    cases = cases.exclude(branch__in=Branch.objects.elsewhere().values("pk"))  # history hears nothing
    held: Held = {(case.envelope_id, case.branch_id): case for case in cases}
    return list(_concerned(held, new))
