"""The only caller of the center: what a crossing asks, and what the center has for this branch (D2, D3)."""

import datetime as dt
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import IO, Any, TypeVar, cast
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import IntegrityError, InterfaceError, InternalError, OperationalError, connections

from branches.models import Branch
from central import directory as central_directory
from central import keys, services, signing
from central.models import Custody, Directory, Envelope, Key, Receipt
from central.rules import Refused, distrust
from pension_transfer.lib import blobs, site_key
from pension_transfer.lib.busy import BUSY, again, sqlstate
from pension_transfer.lib.failpoints import fail_point
from pension_transfer.lib.months import Month
from pension_transfer.lib.servers import hang_up
from transfers.models import Crossing, ScanBytes, TransferCase, Verb

__all__ = [
    "Contended",
    "Refused",
    "Unreachable",
    "ask",
    "cancelled_of",
    "follow_ups",
    "latest_of",
    "publish_directory",
    "receipts_of",
    "seals_of",
    "waiting",
]


Found = TypeVar("Found")
PATIENCE = 4  # seconds for one question: a page that asks twice still answers within ten


FOR_A_PAGE = 8  # seconds a page gives all attachments of a step together; sync brings the rest
FOR_A_BLOB = services.FOR_A_BLOB


class Unreachable(Exception):
    """The center did not answer; what was asked is asked again later."""


class Contended(Unreachable):
    """The center answers, but somebody there holds what this question needs; others can be asked."""


HELD_THERE = frozenset({"57014"}) | BUSY  # PostgreSQL's query_canceled: the statement took too long


def outside_transactions() -> None:
    """RuntimeError inside an atomic block of either database: no transaction spans two of them."""
    for alias in {"default", settings.CENTER}:
        blocks = connections[alias].atomic_blocks
        if blocks and not getattr(blocks[-1], "_from_testcase", False):
            raise RuntimeError("the center is asked inside a transaction")


def _reached(question: Callable[[], Any], patience: float = PATIENCE) -> Any:
    try:
        with _patience(patience):
            return again(question)
    except (OperationalError, InterfaceError, InternalError) as lost:  # the last: it is read-only for the moment
        connections[settings.CENTER].close_if_unusable_or_obsolete()
        if sqlstate(lost) in HELD_THERE:
            raise Contended(str(lost)) from lost
        raise Unreachable(str(lost)) from lost
    except IntegrityError as clash:  # the constraint is the second wall: somebody else was first
        raise Refused("conflict") from clash


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Hang up on a center that took the question and falls silent: its own time limits end with its process."""
    if settings.CENTER == "default":
        yield
        return
    center = connections[settings.CENTER]
    timer = Timer(seconds, _give_up, [center])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        vars(center).pop("connect", None)


def _give_up(center: Any) -> None:
    """The driver then reports the line lost; what was asked may have been done (D3). And no other line is opened:
    where the cut one was only being tried, as many seconds would pass again."""
    center.connect = _too_late
    hang_up(center.connection)


def _too_late() -> None:
    raise OperationalError("the center did not answer in time")


# --- the four verbs -----------------------------------------------------------------------------------


def ask(crossing: Crossing) -> Any:
    """Carry a crossing over. Its answer; Refused when the center says no, Unreachable when it says nothing."""
    outside_transactions()
    bring_blobs(crossing, time.monotonic() + FOR_A_PAGE)
    return _reached(lambda: VERBS[crossing.verb](crossing))


def _said(crossing: Crossing) -> services.Answer:
    return services.Answer(crossing.envelope_id, crossing.kind, crossing.branch_id, crossing.key, crossing.body)


def _deposit(crossing: Crossing) -> Envelope:
    case = crossing.known_case
    content = case.contents.get(envelope_id=crossing.envelope_id)
    sealed = json.loads(content.body)  # an earlier version may have had another address
    # To the center an unheard-of branch is a closed one, and its no is final: a first deposit may precede any sync.
    destination = Branch.objects.get(pk=sealed["move"]["destination"])
    unheard = [(destination.pk, destination.name, destination.is_active)]
    envelope = Envelope(
        id=crossing.envelope_id,
        move=case.transfer_id,
        version=content.version,
        tracking_number=case.tracking_number,
        pension_number=case.pension_number,
        origin=case.origin_id,
        destination=destination.pk,
        last_paid_month=sealed["last_pay_certificate"]["last_paid_month"],
        body=content.body,
        seal=content.seal,
    )
    return services.deposit(_signed(envelope), unheard)


def _signed(envelope: Envelope) -> Envelope:
    """As this site signs at this moment; a site without a key does not."""
    key = site_key.read()
    return signing.sign(envelope, key) if key else envelope


def _withdraw(crossing: Crossing) -> Receipt:
    return services.withdraw(_said(crossing), crossing.known_case.pension_number)


VERBS: dict[str, Callable[[Crossing], Any]] = {
    Verb.DEPOSIT: _deposit,
    Verb.TAKE: lambda crossing: services.take(_said(crossing)),
    Verb.WITHDRAW: _withdraw,
    Verb.ANSWER: lambda crossing: services.answer(_said(crossing)),
}


def has_taken(crossing: Crossing) -> bool:
    """Whether the center has done what a crossing asks; Unreachable when it does not answer."""
    return bool(_reached(lambda: services.is_done(_said(crossing), crossing.verb == Verb.DEPOSIT)))


# --- attachments ----------------------------------------------------------------------------------------


def bring_blobs(crossing: Crossing, until: float | None = None) -> None:
    """Before the envelope, or the message, the attachments that it names and the center lacks (DESIGN 11.5).

    Each is a transaction of its own, so what was brought is brought, wherever it is cut. Unreachable behind the
    moment `until` (of time.monotonic), and after FOR_A_BLOB seconds without one.
    """
    outside_transactions()
    named = _named(crossing)
    for sha256 in sorted(_reached(lambda: services.missing_blobs(named))) if named else ():
        _bring(sha256, FOR_A_BLOB if until is None else until - time.monotonic())
        fail_point("placed")


def _named(crossing: Crossing) -> list[str]:
    rows = crossing.body.get("attachments", [])
    if crossing.verb == Verb.DEPOSIT:
        rows = crossing.known_case.contents.get(envelope_id=crossing.envelope_id).attachments
    return [row["sha256"] for row in rows]


def _bring(sha256: str, patience: float) -> None:
    if patience <= 0:
        raise Unreachable("the attachments take longer than a page can wait")
    with tempfile.TemporaryFile() as file:
        for piece in blobs.pieces(ScanBytes, "default", sha256):
            file.write(piece)
        _reached(lambda: services.place(sha256, file), patience)


def fetch_blob(sha256: str, file: IO[bytes], patience: float = FOR_A_BLOB) -> int:
    """Write an attachment's bytes into `file`; how many that were, none when the center has not got it."""
    outside_transactions()
    return int(_reached(lambda: sum(file.write(piece) for piece in services.read_blob(sha256)), patience))


# --- what the center has for us -------------------------------------------------------------------------


def waiting(branches: Iterable[str]) -> list[Envelope]:
    """Envelopes that wait for these branches, without content; Unreachable when the center is."""
    return _reached(lambda: services.waiting(branches))


def receipts_of(envelopes: Iterable[UUID]) -> list[Receipt]:
    """The receipts of these envelopes in their order."""
    return _reached(lambda: services.receipts_of(envelopes))


def latest_of(cases: Iterable[TransferCase]) -> dict[UUID, Envelope]:
    """The last envelope of each case's move."""
    return _reached(lambda: services.latest_of(case.transfer_id for case in cases))


def seals_of(move: UUID) -> dict[int, str]:
    """The seals of a move's versions, as far as the center has them."""
    return _reached(lambda: services.seals_of(move))


def cancelled_of(cases: Iterable[TransferCase]) -> dict[UUID, Receipt]:
    """The cancellations of these cases' moves."""
    return _reached(lambda: services.cancelled(case.transfer_id for case in cases))


def follow_ups(branches: Iterable[str], after: int, most: int) -> list[Receipt]:
    """At most so many words about follow-ups that other branches said to these, behind a receipt's number."""
    return _reached(lambda: services.follow_ups(branches, after, most))


def is_addressed(envelope_id: UUID, branch: str) -> bool:
    """Whether an envelope is there for this branch; an unreachable center says so later, when it is asked to decide."""
    try:
        return _reached(lambda: services.addressee(envelope_id)) == branch
    except Unreachable:
        return True


def look_up(question: Callable[[], Found]) -> Found:
    """What one of the center's reading functions says, with the patience of a run over everything."""
    outside_transactions()

    def asked() -> Found:
        with services.patiently():
            return question()

    return cast(Found, _reached(asked, FOR_A_BLOB))


def why_distrusted(envelope: Envelope) -> str:
    """Why what came is not what the origin sealed: seal_broken or unknown_key; '' when it is."""
    return distrust(envelope)


# --- keys -------------------------------------------------------------------------------------------------


def publish_key(key: Ed25519PrivateKey) -> Key:
    """Make the public half of this site's key known; the key as the center has it."""
    outside_transactions()
    return cast(Key, _reached(lambda: keys.register(settings.SITE, signing.public_key_of(key))))


def retire_key(key_id: str) -> Key:
    """Let a key of this site sign nothing more; Refused with unknown_key where it has none of this name."""
    outside_transactions()
    return cast(Key, _reached(lambda: keys.retire(key_id, settings.SITE)))


def site_keys() -> list[Key]:
    """The keys of every site."""
    return cast(list[Key], _reached(keys.of_sites))


# --- the directory ----------------------------------------------------------------------------------------


def publish_directory() -> dict[str, str]:
    """Tell the center which branches this site serves; those that another serves come back with it: {code: site}."""
    rows = list(Branch.objects.here().values_list("code", "name", "is_active"))
    return cast(dict[str, str], _reached(lambda: services.publish(rows, settings.SITE)))


def directory() -> list[Directory]:
    """Every branch that the center knows."""
    return cast(list[Directory], _reached(central_directory.directory))


def succeed(code: str, successor: str) -> None:
    """Close a branch whose place another takes; Refused where its place is taken or the other is none to take it."""
    outside_transactions()
    _reached(lambda: central_directory.succeed(code, successor))


def move_branches(codes: list[str], site: str) -> None:
    """Hand branches of this site over to another one; Refused where a third serves one of them."""
    outside_transactions()
    _reached(lambda: central_directory.move(codes, settings.SITE, site))


def close_branch(code: str) -> None:
    """Close a branch that nobody succeeds; Refused while something is left to it."""
    outside_transactions()
    _reached(lambda: central_directory.close(code))


def still_held(branch: str, after: str, limit: int) -> list[str]:
    """The next pension numbers that a branch itself pays without an end, its successor's not among them."""
    return cast(list[str], _reached(lambda: central_directory.still_held(branch, after, limit)))


def hand_on(months: dict[str, int], branch: str) -> int:
    """Let payment go on at a closed branch's successor: {pension number: yyyymm}."""
    outside_transactions()
    return int(_reached(lambda: central_directory.hand_on(months, branch), FOR_A_BLOB))


# --- custody ----------------------------------------------------------------------------------------------


def open_custody(claims: dict[str, int], branch: str, reason: str) -> dict[str, str]:
    """Claim payment of pensions; those held elsewhere come back with the branch that holds them."""
    outside_transactions()
    return _reached(lambda: services.open_custody(claims, branch, reason))


def close_custody(number: str, branch: str, month: int, reason: str) -> None:
    """End payment from `month` on."""
    outside_transactions()
    _reached(lambda: services.close_custody(number, branch, month, reason))


# --- who pays -------------------------------------------------------------------------------------------


def holdings(numbers: Iterable[str], month: Month) -> dict[str, services.Holding]:
    """What the center says of each pension in a month; Unreachable rather than a guess."""
    return _reached(lambda: services.holdings(numbers, month))


def held_by(branch: str, month: Month, after: str = "", limit: int = 2000) -> list[str]:
    """Pension numbers whose payment in `month` is with `branch`, a batch in the order of the numbers."""
    return _reached(lambda: services.held_by(branch, month, after, limit))


def left(branch: str, since: dt.datetime, until: dt.datetime, limit: int = 2000) -> list[Custody]:
    """What `branch` stopped paying between two moments."""
    return _reached(lambda: services.left(branch, since, until, limit))


def ever_held(branch: str, numbers: Iterable[str]) -> set[str]:
    """Those of these pensions that the branch pays or ever paid."""
    return _reached(lambda: services.ever_held(branch, numbers))


def history_of(number: str) -> list[Custody]:
    """Every branch that ever paid a pension, oldest first."""
    return _reached(lambda: services.history(number))
