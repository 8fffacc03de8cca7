"""The one oracle: what must hold after every step, asked of the rows themselves (DESIGN section 8).

Each function returns the problems it found, in words; `problems` asks them all.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar

from django.db.models import Q, QuerySet

from branches.models import Appointment, Branch, PensionFile
from central.models import MESSAGES, Custody, Envelope, Receipt, Seat, Waiting
from central.rules import seal_holds
from pension_transfer.lib import calendar
from pension_transfer.lib.calendar import is_working_day
from pension_transfer.lib.months import Month
from transfers import clock, trail
from transfers.models import Attachment, Content, Crossing, FollowUp, Part, Question, TransferCase, TransferEvent
from transfers.payment import Answer, may_pay_all

T = TypeVar("T")
# How to stand at each site, one after the other; tests/sites_apart.py makes two of it.
SITES: list[Callable[[], AbstractContextManager[Any]]] = [nullcontext]


def everywhere(rows: Callable[[], Iterable[T]]) -> list[T]:
    """The rows of every site. What is asked of them afterwards must come with them (select_related)."""
    found: list[T] = []
    for site in SITES:
        with site():
            found += rows()
    return found


def cases() -> QuerySet[TransferCase]:
    """Those of the branches that this site serves; of one that moved to another site only history is left here."""
    return TransferCase.objects.exclude(branch__in=Branch.objects.elsewhere().values("pk"))


OVER = {"withdrawn", "returned", "activated", "cancelled"}  # with one of these an envelope is not on its way
PART_OF = {
    "refer": "draft", "edit_move": "draft", "attach": "draft", "detach": "draft", "acknowledge": "draft",
    "assemble": "draft", "approve_technical": "technical", "approve_head": "head", "register": "register",
    "activate": "activate",
}  # fmt: skip
ON_ITS_WAY = ["head_approved", "sent", "received", "verified"]
WHOSE_TURN: dict[tuple[str, str], set[str]] = {
    ("origin", "referral"): {"clerk"},
    ("origin", "draft"): {"clerk", "technical_officer"},
    ("origin", "technically_approved"): {"head"},
    ("origin", "head_approved"): {"center", "head"},
    ("origin", "sent"): {"other_branch"},
    ("origin", "received"): {"other_branch"},
    ("origin", "verified"): {"other_branch"},
    ("origin", "registered"): {"other_branch"},
    ("origin", "returned"): {"clerk"},
    ("destination", "received"): {"destination_staff"},
    ("destination", "verified"): {"destination_staff"},
    ("destination", "registered"): {"activator"},
    ("destination", "returned"): {"other_branch"},
}

# Whose turn it is instead, as long as a question waits for its answer.
WHEN_ASKED: dict[tuple[str, str], set[str]] = {
    ("origin", "received"): {"technical_officer"},
    ("origin", "verified"): {"technical_officer"},
    ("destination", "received"): {"other_branch"},
    ("destination", "verified"): {"other_branch"},
}


HELD_TURN = {"origin": {"head"}, "destination": {"other_branch"}}
FORWARD = {"received", "verified", "registered", "activated"}


def said_of_envelopes() -> dict[Any, set[str]]:
    """The kinds of receipt each envelope has; a message changes nothing of where it stands."""
    kinds: dict[Any, set[str]] = defaultdict(set)
    for envelope, kind in Receipt.objects.exclude(kind__in=MESSAGES).values_list("envelope_id", "kind"):
        kinds[envelope].add(kind)
    return kinds


# --- I2, I3, I4: the way of an envelope -----------------------------------------------------------------


def one_open_move() -> list[str]:
    """I2: a move has at most one live envelope, a pension at most one open move; the seat says which."""
    said, live = said_of_envelopes(), defaultdict(list)
    for envelope in Envelope.objects.defer("body"):
        if not said[envelope.pk] & OVER:
            live[envelope.pension_number].append(envelope.move)
    seats = dict(Seat.objects.values_list("pension_number", "open_move"))
    found = [f"I2 {n}: live {moves}, seat {seats[n]}" for n, moves in live.items() if moves != [seats[n]]]
    opened = TransferCase.objects.filter(side="origin", closed_at=None)
    numbers = Counter(opened.values_list("pension_number", flat=True))
    return found + [f"I2 {number} has {n} open moves" for number, n in numbers.items() if n > 1]


def received_once() -> list[str]:
    """I3: an envelope is received by its addressee only, once, and it is the one that was sealed."""
    envelopes = {envelope.pk: envelope for envelope in Envelope.objects.all()}
    copies = list(Content.objects.filter(case__side="destination").select_related("case"))
    times = Counter(copy.envelope_id for copy in copies)
    found = [f"I3 {pk} was received {n} times" for pk, n in times.items() if n > 1]
    for copy in copies:
        envelope = envelopes[copy.envelope_id]
        if copy.case.branch_id != envelope.destination or copy.body != envelope.body:
            found.append(f"I3 {envelope} at {copy.case.branch_id} is not what was sent there")
    takers = Receipt.objects.filter(kind="received").values_list("envelope_id", "by_branch")
    found += [f"I3 {pk} was taken by {by}" for pk, by in takers if by != envelopes[pk].destination]
    return found + [f"I1 {envelope}: broken seal" for envelope in envelopes.values() if not seal_holds(envelope)]


def registered_as_sealed() -> list[str]:
    """I4: what the destination registered is what the origin sealed; looked at until the file lives on."""
    cases = TransferCase.objects.filter(side="destination", state="registered", closed_at=None)
    found = []
    for case in cases.select_related("pension_file"):
        sealed = json.loads(Envelope.objects.get(pk=case.envelope_id).body)
        if case.pension_file is None or _in_the_file(case.pension_file) != _in_the_envelope(sealed):
            found.append(f"I4 {case} differs from what was sealed")
    return found


# Of the last pay certificate; what envelopes before the third do not say is nothing.
STATED = {
    "arrears_amount": None, "arrears_note": "", "overpaid_amount": None, "overpaid_note": "", "suspended_since": None,
    "suspension_reason": "",
}  # fmt: skip


def _in_the_file(file: PensionFile) -> list[Any]:
    valid = file.decrees.filter(is_valid=True).prefetch_related("lines")
    people, debts = file.dependents.all(), file.deductions.all()
    return [
        (file.pension_number, file.national_code, file.last_name, file.iban, file.last_paid_month),
        [getattr(file, name) for name in STATED],
        sorted((d.number, d.amount_after, sum(line.amount for line in d.lines.all())) for d in valid),
        sorted((p.national_code, p.first_name, str(p.birth_date)) for p in people),
        sorted((d.kind, d.creditor, d.monthly_amount, d.remaining_amount) for d in debts),
    ]


def _in_the_envelope(sealed: dict[str, Any]) -> list[Any]:
    principal, people, debts = sealed["principal"], sealed["dependents"], sealed["deductions"]
    one = (sealed["file"]["pension_number"], principal["national_code"], principal["last_name"])
    return [
        (*one, sealed["contact"]["iban"], sealed["last_pay_certificate"]["last_paid_month"]),
        [sealed["last_pay_certificate"].get(name, nothing) for name, nothing in STATED.items()],
        sorted((d["number"], d["amount_after"], sum(n["amount"] for n in d["lines"])) for d in sealed["decrees"]),
        sorted((p["national_code"], p["first_name"], str(p["birth_date"])) for p in people),
        sorted((d["kind"], d["creditor"], d["monthly_amount"], d["remaining_amount"]) for d in debts),
    ]


def attached_as_sealed() -> list[str]:
    """I4: the scans on a registered case are those that were sealed, and their bytes are here."""
    found = []
    for case in TransferCase.objects.filter(side="destination", state="registered"):
        sealed = json.loads(Envelope.objects.get(pk=case.envelope_id).body)["attachments"]
        here = case.attachments.filter(removed_at=None).exclude(path__startswith="answer.")
        rows = sorted(here.exclude(scan=None).values_list("sha256", "path", "name"))
        if rows != sorted((row["sha256"], row.get("path", ""), row["name"]) for row in sealed):
            found.append(f"I4 {case} has other scans than were sealed")
    return found


def answers_as_told() -> list[str]:
    """I4: the scans on an answer are, at either branch, those that the center was told of; on no answer, none."""
    told, here = {}, defaultdict(list)
    for body in Receipt.objects.filter(kind="answer").values_list("body", flat=True):
        told[body["question"]] = sorted((row["sha256"], row["name"]) for row in body.get("attachments", []))
    for row in Attachment.objects.filter(path__startswith="answer."):
        here[row.case_id, row.path.removeprefix("answer.")].append((row.sha256, row.name))
    answered = Question.objects.exclude(answered_at=None)
    expected = {(q.case_id, str(q.key)): told.get(str(q.key)) for q in answered if told.get(str(q.key))}
    return [] if expected == {key: sorted(rows) for key, rows in here.items()} else [f"I4 {expected} but {dict(here)}"]


# --- I5, I6: who pays -----------------------------------------------------------------------------------


def paid_at_one_branch() -> list[str]:
    """I5, I6: every month from the first on belongs to exactly one branch, the last of them to the seat's."""
    months: dict[str, list[Any]] = defaultdict(list)
    for row in Custody.objects.all():
        if not row.months.isempty:
            months[row.pension_number].append((row.months.lower, row.months.upper, row.branch_code))
    found = []
    for seat in Seat.objects.all():
        rows = sorted(months[seat.pk], key=lambda row: row[0])
        if any(before[1] != after[0] for before, after in pairwise(rows)):
            found.append(f"I5/I6 the months of {seat.pk} overlap or leave a gap: {rows}")
        if not seat.closure and (not rows or rows[-1][1:] != (None, seat.payable_branch)):
            found.append(f"I6 {seat.pk} is payable at {seat.payable_branch}, its months say {rows[-1:]}")
    return found


def paid_where_the_seat_is() -> list[str]:
    """I5 at the branches: a file that can be paid on is held by the branch that the seat names."""
    payable = dict(Seat.objects.values_list("pension_number", "payable_branch"))
    free = PensionFile.objects.filter(status__in=["active", "suspended"], frozen_by=None)
    rows = free.values_list("pension_number", "branch_id")
    return [f"I5 {n} is payable at {at}, seat {payable.get(n)}" for n, at in rows if payable.get(n) != at]


def one_payer_a_month() -> list[str]:
    """I5 as a payroll asks: around the last paid months `may_pay` lets no two branches pay."""
    files = everywhere(lambda: PensionFile.objects.order_by().values_list("pension_number", "last_paid_month"))
    numbers, found = sorted({row[0] for row in files}), []
    for month in sorted({Month(row[1]) + n for row in files if row[1] for n in (0, 1)}):
        answers = everywhere(partial(_answers_here, numbers, month))
        payers = Counter(answer.pension_number for answer in answers if answer.is_payable)
        found += [f"I5 {number} is payable at {n} branches in {month}" for number, n in payers.items() if n > 1]
    return found


def _answers_here(numbers: list[str], month: Month) -> list[Answer]:
    held = PensionFile.objects.exclude(branch__in=Branch.objects.elsewhere().values("pk"))
    branches = sorted(set(held.order_by().values_list("branch_id", flat=True)))
    return [answer for branch in branches for answer in may_pay_all(numbers, branch, month)]


def frozen_while_on_its_way() -> list[str]:
    """A file is frozen exactly while a sealed move of it is on its way."""
    expected = cases().filter(side="origin", state__in=ON_ITS_WAY)
    sealed = dict(expected.values_list("pension_file_id", "transfer_id"))
    held = dict(PensionFile.objects.exclude(frozen_by=None).values_list("pk", "frozen_by"))
    return [] if held == sealed else [f"I5 frozen are {held}, on their way are {sealed}"]


# --- I8, I9, I10: people ----------------------------------------------------------------------------------


def four_eyes() -> list[str]:
    """I8: nobody takes two of draft, technical, head approval of a move; nobody activates their registration."""
    taken: dict[tuple[int, int], set[str]] = defaultdict(set)
    rows = TransferEvent.objects.filter(action__in=PART_OF).values_list("case_id", "by_id", "action")
    for case, by, action in rows:
        taken[case, by].add(PART_OF[action])
    found = [f"I8 {by} took {names} in case {case}" for (case, by), names in taken.items() if len(names) > 1]
    pairs = Counter(Part.objects.values_list("case_id", "user_id"))
    return found + [f"I8 two parts of {pair}" for pair, n in pairs.items() if n > 1]


def told_by_the_trail() -> list[str]:
    """I9: every state a case was in can be read from its trail without a gap, and the chain holds."""
    trails: dict[int, list[TransferEvent]] = defaultdict(list)
    for event in TransferEvent.objects.order_by("case", "sequence"):
        trails[event.case_id].append(event)
    found = []
    for case in TransferCase.objects.all():
        events = trails[case.pk]
        if not _is_chain(events) or (len(events), events[-1].to_state) != (case.trail_length, case.state):
            found.append(f"I9 the trail of {case.pk} does not hold")
        nobodys = [e.action for e in events if not e.by_id and not e.branch_code and e.action != "lapse"]
        found += [f"I9 {action} of {case.pk} is nobody's" for action in nobodys]
    return found


def _is_chain(events: list[TransferEvent]) -> bool:
    hashes, states = ["", *(e.hash for e in events)], ["", *(e.to_state for e in events)]
    return bool(events) and all(
        (e.sequence, e.previous_hash, e.from_state, e.hash) == (i + 1, hashes[i], states[i], trail.hash_of(e))
        for i, e in enumerate(events)
    )


def nothing_while_held() -> list[str]:
    """I6, I10: between a hold and its release the center takes no step forward, and nothing is said for nothing."""
    found, held = [], set()
    for pk, kind in Receipt.objects.order_by("id").values_list("envelope_id", "kind"):
        if kind in FORWARD and pk in held:
            found.append(f"I6 {kind} of {pk}, which is held")
        if kind in {"held", "released"} and (pk in held) == (kind == "held"):
            found.append(f"I10 {pk} is {kind} twice")
        held = held | {pk} if kind == "held" else held - {pk} if kind == "released" else held
    sealed = TransferCase.objects.filter(state="head_approved").exclude(held_since=None)
    return found + [f"I10 {case} was sealed while held" for case in sealed if not _is_refused(case)]


def _is_refused(case: TransferCase) -> bool:
    return case.crossings.filter(verb="deposit", envelope_id=case.envelope_id).exclude(state="open").exists()


def held_envelopes() -> set[Any]:
    """The envelopes of which the center's last word is that they are held."""
    said = Receipt.objects.filter(kind__in=["held", "released"]).order_by("id").values_list("envelope_id", "kind")
    return {pk for pk, kind in dict(said).items() if kind == "held"}


def somebodys_turn() -> list[str]:
    """I10: every case is somebody's turn, or closed; what waits for the center was asked of it."""
    found = []
    asked = set(Question.objects.filter(closed_at=None, answered_at=None).values_list("case", flat=True))
    for case in cases():
        table = WHEN_ASKED if case.pk in asked else WHOSE_TURN
        expected = table.get((case.side, case.state), set()) if case.closed_at is None else {"nobody"}
        expected = HELD_TURN[case.side] if case.held_since and case.closed_at is None else expected
        if case.turn not in expected:
            found.append(f"I10 {case.side} {case} waits for {case.turn}, not for {expected}")
        if case.turn == "center" and not case.crossings.filter(state="open").exists():
            found.append(f"I10 {case} waits for the center, which was not asked")
        if case.closed_at and case.state not in {"registered", "cancelled"}:
            found.append(f"I10 {case} is closed in {case.state}")
    return found


def questions_wait_nowhere() -> list[str]:
    """I10: a question is open only where it can be answered and closed, and never once the file is registered."""
    stray = Question.objects.filter(closed_at=None).exclude(case__state__in=["received", "verified"])
    return [f"I10 {question} is open in {question.case.state}" for question in stray.select_related("case")]


def clocks_agree() -> list[str]:
    """I10: the date that lists are ordered by is the computed one, and stands exactly where somebody here acts."""
    found = []
    for case in TransferCase.objects.all():
        nobody_here = case.turn in {"other_branch", "nobody"}
        if case.due_on != clock.due_on(case) or (case.due_on is None) is not nobody_here:
            found.append(f"I10 {case} of {case.turn} is due {case.due_on}, computed {clock.due_on(case)}")
        if case.due_on and not is_working_day(case.due_on):
            found.append(f"I10 {case} is due on a day off, {case.due_on}")
    return found


OFFICES = {
    "clerk": {"clerk"}, "technical_officer": {"technical_officer"}, "head": {"branch_head", "insurance_deputy"},
    "destination_staff": {"destination_staff"}, "activator": {"technical_officer", "branch_head", "insurance_deputy"},
}  # fmt: skip


def taken_by_those_in_turn() -> list[str]:
    """I10: who has the work of a case held, when it came to him, an office whose turn it is; the trail names him."""
    found = []
    for case in TransferCase.objects.exclude(taken_by=None).select_related("taken_by"):
        day = calendar.day_of(case.taken_at)
        held = Appointment.objects.filter(Q(until=None) | Q(until__gte=day), user=case.taken_by, since__lte=day)
        held = held.filter(branch=case.branch_id, role__in=OFFICES.get(case.turn, set()))
        if case.closed_at or not held.filter(Q(ended_at=None) | Q(ended_at__gte=case.taken_at)).exists():
            found.append(f"I10 {case} of {case.turn} is with {case.taken_by}")
        last = case.events.filter(action__in=["take", "put_back", "reassign"]).order_by("sequence").last()
        told = (
            {"take": last.by.username if last.by else "", "reassign": last.details.get("given_to_username")}
            if last
            else {}
        )
        if not last or told.get(last.action) != case.taken_by.username:
            found.append(f"I9 the trail of {case} does not tell who has it")
    return found


CHECKS: tuple[Callable[[], list[str]], ...] = (
    one_open_move, received_once, registered_as_sealed, attached_as_sealed, answers_as_told, paid_where_the_seat_is,
    frozen_while_on_its_way, four_eyes, told_by_the_trail, somebodys_turn,
    questions_wait_nowhere, clocks_agree, nothing_while_held, taken_by_those_in_turn,
)  # fmt: skip
OF_ALL: tuple[Callable[[], list[str]], ...] = (paid_at_one_branch, one_payer_a_month)  # the same wherever it is asked


def problems(checks: Iterable[Callable[[], list[str]]] = CHECKS) -> list[str]:
    """Every invariant that does not hold now, at any site; empty when all is well."""
    here = everywhere(lambda: [problem for check in checks for problem in check()])
    return here + [problem for check in OF_ALL for problem in check()]


# --- between the branches -----------------------------------------------------------------------------------


def unfinished() -> list[str]:
    """What may be open between two rounds of sync, and never after one with the center reachable."""
    held, opened = held_envelopes(), everywhere(lambda: Crossing.objects.filter(state="open"))
    unheard = {crossing.envelope_id for crossing in opened if crossing.envelope_id in held}
    found = [f"{crossing} is open" for crossing in everywhere(lambda: _open_here(held))]
    said = said_of_envelopes()
    waiting = set(Waiting.objects.values_list("envelope_id", flat=True))
    untaken = {pk for pk in Envelope.objects.values_list("pk", flat=True) if not said[pk]}
    found += [] if waiting == untaken else [f"the queue holds {waiting}, untaken are {untaken}"]
    copies = everywhere(lambda: cases().exclude(envelope_id=None))
    there = {copy.envelope_id: copy for copy in copies if copy.side == "destination"}
    for case in copies:  # until the release one side is ahead of the other
        if case.side == "origin" and case.envelope_id not in unheard:
            found += _disagreement(case, there.get(case.envelope_id), said[case.envelope_id])
    found += _told_differently() + _followed_up_differently()
    found += [f"{case} does not know whether it is held" for case in copies if _is_unaware(case, held)]
    return found + [f"{copy} waits for a move that is over" for copy in _forgotten()]


def _open_here(held: set[Any]) -> list[Crossing]:
    """What waits for the center, and not for the release of a held envelope."""
    opened = Crossing.objects.filter(state="open")
    return list(opened.exclude(case__in=opened.filter(envelope_id__in=held).exclude(case=None).values("case")))


def _is_unaware(case: TransferCase, held: set[Any]) -> bool:
    """Whether an open copy says otherwise than the center whether its envelope is held."""
    return case.closed_at is None and (case.held_since is not None) != (case.envelope_id in held)


def _disagreement(case: TransferCase, copy: TransferCase | None, said: set[str]) -> list[str]:
    """The other side's copy of the same envelope stands where the origin believes it to stand."""
    if case.state in {"referral", "draft", "technically_approved", "cancelled"}:  # the next version, or none
        return []
    here, there = (case.state, case.closed_at is None), copy and (copy.state, copy.closed_at is None)
    untaken = case.state in {"head_approved", "sent"} and not said and there is None
    return [] if untaken or here == there else [f"{case}: {here} here, {there} there, {sorted(said)}"]


def _told_differently() -> list[str]:
    """A question that both branches hold is the same at both, and is open at both or at neither."""
    held: dict[Any, list[Question]] = defaultdict(list)
    for question in everywhere(lambda: Question.objects.exclude(how="refused").filter(case__in=cases())):
        held[question.key].append(question)
    pairs = [rows for rows in held.values() if len(rows) > 1]
    said = [{(q.path, q.text, q.due_on, q.answer, q.answered_at, q.closed_at is None) for q in rows} for rows in pairs]
    alone = [rows[0] for rows in held.values() if len(rows) == 1 and rows[0].closed_at is None]
    return [f"{same} differ" for same in said if len(same) > 1] + [f"{q} is open at one branch" for q in alone]


def _followed_up_differently() -> list[str]:
    """A follow-up is the same at both branches, is one branch's to settle, and ends at both or at neither."""
    held: dict[Any, list[FollowUp]] = defaultdict(list)
    for row in everywhere(
        lambda: FollowUp.objects.exclude(outcome="refused").filter(case__in=cases()).select_related("case")
    ):
        held[row.key].append(row)
    told = ("matter", "month", "amount", "settled_by", "note", "due_on", "outcome", "settled_amount", "closed_at")
    found = []
    for key, rows in held.items():
        queues = {row.queue for row in rows}
        here = {row.case.side == row.settled_by for row in rows if row.queue == 0}
        agree = len({tuple(getattr(row, name) for name in told) for row in rows}) == 1
        if len(rows) != 2 or not agree or queues not in ({0, 1}, {2}) or here - {True}:
            found.append(f"{key} is followed up differently: {rows}")
    return found


def _forgotten() -> list[TransferCase]:
    """Copies at a destination that wait for an origin that has closed the move."""
    gone = TransferCase.objects.filter(side="origin", state="cancelled")
    over = everywhere(lambda: gone.values_list("transfer_id", flat=True))
    return everywhere(lambda: TransferCase.objects.open().filter(side="destination", transfer_id__in=over))
