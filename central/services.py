"""The only writers of the center's tables. Each verb is one transaction and safe to repeat.

Every verb that touches payment locks the pension's seat first, so that the first of two wins.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.db import DataError, IntegrityError, connections, transaction
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.db.models import Exists, OuterRef, Q

from central import payment
from central.models import ABOUT_A_FOLLOW_UP, MESSAGES, Blob, Custody, Directory, Envelope, Receipt, Seat, Waiting
from central.rules import ENVELOPE_FAULTS, RULES, Refused
from central.signing import look_at
from central.succession import current, heir_of, succeeded_by, successors
from pension_transfer.lib import blobs
from pension_transfer.lib.months import Month

Kind = Receipt.Kind
HELD = 10**6  # after every month: custody without an end
SAID = ["name", "is_active", "site"]  # of a branch, by the site that serves it
FOR_A_BLOB = 120  # seconds the center takes for 20 MB over a slow line


@dataclass(frozen=True)
class Answer:
    """What a branch says of an envelope: `key` makes it safe to repeat, `body` travels to the other side."""

    envelope_id: UUID
    kind: str
    by_branch: str
    key: UUID
    body: dict[str, Any]


@contextmanager
def center() -> Iterator[None]:
    """One transaction in the center; RuntimeError when one is already open there (D3)."""
    with transaction.atomic(using=settings.CENTER, durable=True):
        yield


def _entries(branches: Iterable[tuple[str, str, bool]], site: str = "") -> list[Directory]:
    return [Directory(branch_code=code, name=name, is_active=active, site=site) for code, name, active in branches]


def _locked_seat(number: str) -> Seat | None:
    return Seat.objects.select_for_update().filter(pk=number).first()


# --- the four verbs ---------------------------------------------------------------------------------


def deposit(envelope: Envelope, unheard: Iterable[tuple[str, str, bool]] = ()) -> Envelope:
    """Put a sealed envelope at its addressee's disposal; Refused with a code of ENVELOPE_FAULTS.

    `unheard`: (code, name, is active) for the directory, where it has not heard of a branch yet.
    """
    with center():
        Directory.objects.bulk_create(_entries(unheard), ignore_conflicts=True)
        seat = _locked_seat(envelope.pension_number)
        if stored := Envelope.objects.filter(pk=envelope.pk).first():
            return stored
        look_at(envelope)
        for code, is_at_fault in ENVELOPE_FAULTS.items():
            if is_at_fault(envelope, seat):
                raise Refused(code, (seat and seat.payable_branch) or "")
        envelope.save(force_insert=True)
        Waiting.objects.create(envelope=envelope, destination=envelope.destination)
        if seat:  # without one it was refused above
            payment.hold(seat, open_move=envelope.move)
        return envelope


def take(said: Answer) -> Envelope:
    """Receive an envelope: receipt and content in one; receiving again changes nothing (I3)."""
    answer(said)
    return look_at(Envelope.objects.get(pk=said.envelope_id))


def withdraw(said: Answer, pension_number: str) -> Receipt:
    """Take an untaken envelope back. One that was never deposited is barred from coming later."""
    return answer(said, pension_number)


def answer(said: Answer, pension_number: str = "") -> Receipt:
    """Record a receipt and what follows for the seat; Refused when something else was said first."""
    with center():
        stored = Envelope.objects.filter(pk=said.envelope_id)
        number = pension_number or stored.values_list("pension_number", flat=True).first()
        if number is None:
            raise Refused("unknown")
        seat = _locked_seat(number)
        if repeated := Receipt.objects.filter(_repeats(said)).first():
            return _same(repeated, said)
        envelope = stored.first()
        if envelope is None and said.kind == Kind.WITHDRAWN:
            return Receipt.objects.create(**vars(said))
        return _record(said, envelope, seat)


def is_done(said: Answer, is_deposit: bool) -> bool:
    """Whether the envelope is here, or this answer, or its like where there is one of a kind."""
    if is_deposit:
        return Envelope.objects.filter(pk=said.envelope_id).exists()
    return Receipt.objects.filter(_repeats(said), by_branch=said.by_branch).exists()


def _repeats(said: Answer) -> Q:
    """A message is known by its key alone; of the rest there is one a kind."""
    if said.kind in MESSAGES:
        return Q(key=said.key)
    return Q(envelope_id=said.envelope_id, kind=said.kind)


def _record(said: Answer, envelope: Envelope | None, seat: Seat | None) -> Receipt:
    if envelope is None or seat is None:
        raise Refused("unknown")
    rule = RULES[said.kind]
    rule.check(said.by_branch, envelope, said.body)
    receipt = Receipt.objects.create(**vars(said))
    rule.follow(envelope, seat)
    return receipt


def _same(stored: Receipt, said: Answer) -> Receipt:
    if current(stored.by_branch) != current(said.by_branch):
        raise Refused("not_addressed", stored.by_branch)
    return stored


# --- attachments --------------------------------------------------------------------------------------


def missing_blobs(hashes: Iterable[str]) -> set[str]:
    """Those of these hashes whose bytes the center does not have."""
    wanted = set(hashes)
    return wanted - set(Blob.objects.filter(pk__in=wanted).values_list("pk", flat=True))


def place(sha256: str, file: IO[bytes]) -> None:
    """Store an attachment's bytes; placing them again changes nothing. Refused when they are not those of the hash."""
    try:
        with center():
            _be_patient()
            if missing_blobs([sha256]):
                blobs.write(Blob, settings.CENTER, sha256, file)
    except (IntegrityError, DataError) as error:
        if missing_blobs([sha256]):  # else somebody else has just placed it
            raise Refused("blob_broken") from error


def _be_patient() -> None:
    with connections[settings.CENTER].cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = %s", [FOR_A_BLOB * 1000])


def read_blob(sha256: str) -> Iterator[bytes]:
    """An attachment's bytes, piece by piece; nothing when the center does not have them."""
    return blobs.pieces(Blob, settings.CENTER, sha256)


# --- payment ----------------------------------------------------------------------------------------


def open_custody(claims: dict[str, int], branch: str, reason: str) -> dict[str, str]:
    """Claim payment of pension numbers from a month on: {number: yyyymm}.

    Returns those held elsewhere: {number: branch code}. Claiming again what is held changes nothing.
    """
    with center():
        rows = [Seat(pension_number=number, payable_branch=branch) for number in sorted(claims)]
        Seat.objects.bulk_create(rows, ignore_conflicts=True)
        seats = list(Seat.objects.select_for_update().filter(pk__in=claims).order_by("pk"))
        answers = {code: current(code) for code in {branch, *(seat.payable_branch or "" for seat in seats)}}
        mine = {seat.pk for seat in seats if answers[seat.payable_branch or ""] == answers[branch]}
        begins = {number: max(claims[number], after) for number, after in _unheld(mine).items()}
        Custody.objects.bulk_create(
            Custody(pension_number=n, branch_code=branch, months=NumericRange(month, None), reason=reason)
            for n, month in sorted(begins.items())
        )
        return {seat.pk: seat.payable_branch or "" for seat in seats if seat.pk not in mine}


def _unheld(numbers: set[str]) -> dict[str, int]:
    """Of these pensions those without an open custody, with the month before which all their custody ended."""
    ends = dict.fromkeys(numbers, 0)
    for number, months in Custody.objects.filter(pension_number__in=numbers).values_list("pension_number", "months"):
        if not months.isempty:
            ends[number] = max(ends.get(number, 0), months.upper or HELD)
    return {number: end for number, end in ends.items() if end != HELD}


def close_custody(number: str, branch: str, month: int, reason: str) -> None:
    """End payment at `branch` from `month` (yyyymm) on; Refused when another branch holds the pension."""
    with center():
        seat = _locked_seat(number)
        if seat and seat.closure:
            return
        payer = (seat and seat.payable_branch) or ""
        if not seat or current(payer) != current(branch):
            raise Refused("no_custody", payer)
        payment.end(number, payer, month, reason)
        payment.hold(seat, payable_branch=None, open_move=None, closure=reason)


# --- reading and reference data ---------------------------------------------------------------------


def waiting(branches: Iterable[str]) -> list[Envelope]:
    """Envelopes addressed to these branches and not taken, oldest first, without their content."""
    rows = Waiting.objects.filter(destination__in=list(branches)).select_related("envelope").defer("envelope__body")
    return [row.envelope for row in rows.order_by("since")]


def addressee(envelope_id: UUID) -> str | None:
    """The branch to which an envelope is addressed; None when there is no such envelope."""
    return Envelope.objects.filter(pk=envelope_id).values_list("destination", flat=True).first()


def receipts_of(envelopes: Iterable[UUID]) -> list[Receipt]:
    """All receipts of these envelopes, in the order they were given."""
    return list(Receipt.objects.filter(envelope_id__in=list(envelopes)).order_by("id"))


def follow_ups(branches: Iterable[str], after: int, most: int) -> list[Receipt]:
    """What was said of follow-ups to these branches behind the receipt of number `after`, in its order."""
    codes, by = list(branches), OuterRef("by_branch")
    told = Q(origin__in=codes, destination=by) | Q(destination__in=codes, origin=by)
    envelopes = Envelope.objects.filter(told, pk=OuterRef("envelope_id"))
    rows = Receipt.objects.filter(Exists(envelopes), kind__in=ABOUT_A_FOLLOW_UP, pk__gt=after)
    return list(rows.order_by("id")[:most])


def latest_of(moves: Iterable[UUID]) -> dict[UUID, Envelope]:
    """The last envelope of each move, without its content."""
    rows = Envelope.objects.filter(move__in=list(moves)).defer("body").order_by("version")
    return {row.move: row for row in rows}


def seals_of(move: UUID) -> dict[int, str]:
    """The seal of each version of a move that was ever deposited."""
    return dict(Envelope.objects.filter(move=move).values_list("version", "seal"))


def cancelled(moves: Iterable[UUID]) -> dict[UUID, Receipt]:
    """The cancellation of each of these moves that was given up, whichever version it names."""
    move_of = dict(Envelope.objects.filter(move__in=list(moves)).values_list("pk", "move"))
    rows = Receipt.objects.filter(envelope_id__in=move_of, kind=Kind.CANCELLED)
    return {move_of[row.envelope_id]: row for row in rows}


@contextmanager
def patiently() -> Iterator[None]:
    """Many rows at once take longer than a page may."""
    with center():
        _be_patient()
        yield


# --- the directory: which branches there are, and the site that serves each ----------------------------


def publish(branches: Iterable[tuple[str, str, bool]], site: str = "") -> dict[str, str]:
    """Make (code, name, is active) known as served by `site`. A succeeded branch stays as it is, and so does one of
    another site, which comes back: {code: site}."""
    said = {row.pk: row for row in _entries(branches, site)}
    with center():
        Directory.objects.bulk_create([said[code] for code in sorted(said)], ignore_conflicts=True)
        known = list(Directory.objects.select_for_update().filter(pk__in=said).order_by("pk"))
        own = [row for row in known if row.site in ("", site) and not row.succeeded_by]
        news = [said[row.pk] for row in own if any(getattr(row, name) != getattr(said[row.pk], name) for name in SAID)]
        Directory.objects.bulk_update(news, SAID)
    return {row.pk: row.site for row in known if row.site not in ("", site)}


# --- who pays -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Holding:
    """What the center says of one pension in one month; without arguments, of one that has no seat.

    `payer`: the branch whose custody covers the month; `first`: that custody's first month. The rest is the seat's.
    """

    payer: str = ""
    first: Month | None = None
    payable_branch: str = ""
    open_move: UUID | None = None
    closure: str = ""


def holdings(numbers: Iterable[str], month: int) -> dict[str, Holding]:
    """Who pays each pension in `month` (yyyymm), of a closed branch its successor; one without a seat is left out."""
    wanted = list(numbers)
    rows = Custody.objects.filter(pension_number__in=wanted, months__contains=month)
    paid = list(rows.values_list(*CUSTODY, heir_of("branch_code")))
    seats = Seat.objects.filter(pk__in=wanted)
    found = list(seats.values_list("pk", "payable_branch", "open_move", "closure", heir_of("payable_branch")))
    known = successors() if any(row[-1] for row in (*paid, *found)) else {}
    held = {n: (current(payer, known), Month(months.lower)) for n, payer, months, _heir in paid}
    return {n: _holding(held.get(n), current(to or "", known), move, end) for n, to, move, end, _heir in found}


CUSTODY = ("pension_number", "branch_code", "months")  # plain values: a payroll asks for sixty thousand


def _holding(held: tuple[str, Month] | None, payable: str | None, move: UUID | None, closure: str | None) -> Holding:
    payer, first = held or ("", None)
    return Holding(payer, first, payable or "", move, closure or "")


def held_by(branch: str, month: int, after: str, limit: int) -> list[str]:
    """Pension numbers whose custody of `month` is with `branch`, in their order from behind `after` on."""
    rows = Custody.objects.filter(
        branch_code__in=succeeded_by([branch]), pension_number__gt=after, months__contains=month
    )
    return list(rows.order_by("pension_number").values_list("pension_number", flat=True)[:limit])


def left(branch: str, since: dt.datetime, until: dt.datetime, limit: int) -> list[Custody]:
    """Custody of `branch` that ended between two moments, in the order in which it did."""
    own = succeeded_by([branch])
    rows = Custody.objects.filter(branch_code__in=own, ended_at__gte=since, ended_at__lt=until)
    rows = rows.exclude(ended_reason=payment.SUCCEEDED)
    return list(rows.order_by("ended_at", "id")[:limit])


def ever_held(branch: str, numbers: Iterable[str]) -> set[str]:
    """Those of these pensions whose custody is or was ever with `branch`."""
    rows = Custody.objects.filter(branch_code__in=succeeded_by([branch]), pension_number__in=list(numbers))
    return set(rows.values_list("pension_number", flat=True))


def history(number: str) -> list[Custody]:
    """Every custody that a pension ever had, oldest first."""
    return list(Custody.objects.filter(pension_number=number).order_by("id"))
