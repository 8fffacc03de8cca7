"""When the center takes an envelope or a receipt, and what follows: two tables."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from central import payment
from central.models import ABOUT, Blob, Custody, Directory, Envelope, Receipt, Seat
from central.signing import look_at
from central.succession import current, line_of
from pension_transfer.lib.months import Month

Kind = Receipt.Kind


class Refused(Exception):
    """The center's final no: `code` says why, `detail` which branch is meant."""

    def __init__(self, code: str, detail: str = ""):
        super().__init__(f"{code} {detail}".strip())
        self.code, self.detail = code, detail


def given(envelope: Envelope, body: dict[str, Any] | None = None) -> set[str]:
    """The kinds of receipt that `envelope` has; of those about a question or a follow-up, what concerns `body`'s."""
    concerned = Q()
    for name, kinds in ABOUT.items():
        concerned &= ~Q(kind__in=kinds) | Q(**{f"body__{name}": str((body or {}).get(name) or "")})
    rows = Receipt.objects.filter(concerned, envelope_id=envelope.pk)
    return set(rows.values_list("kind", flat=True))


SEALED = ("version", "tracking_number", "origin", "destination", "pension_number", "last_paid_month")
ADDRESS = dict(zip(SEALED, SEALED, strict=True))
ADDRESS |= {"transfer_id": "move"}


def seal_holds(envelope: Envelope) -> bool:
    """Whether the content still hashes to its seal, and is the content of this envelope and of no other."""
    if hashlib.sha256(envelope.body.encode()).hexdigest() != envelope.seal:
        return False
    try:
        content = json.loads(envelope.body)
        named = (
            content["move"] | content["last_pay_certificate"] | {"pension_number": content["file"]["pension_number"]}
        )
        return all(str(named[name]) == str(getattr(envelope, attribute)) for name, attribute in ADDRESS.items())
    except (KeyError, TypeError, ValueError):
        return False


def distrust(envelope: Envelope) -> str:
    """Why the content is not to be believed: seal_broken, as with a wrong signature, or unknown_key; '' when it is.

    Of the signature it is known what central.signing.look_at found.
    """
    if envelope.signature_fault == "bad_signature" or not seal_holds(envelope):
        return "seal_broken"
    return envelope.signature_fault


# --- deposit ----------------------------------------------------------------------------------------


def _inactive(code: str) -> bool:
    """Of a closed branch its successor counts, which takes what is addressed to it (DESIGN 11.7)."""
    return not Directory.objects.filter(pk=current(code), is_active=True).exists()


def _pays_elsewhere(envelope: Envelope, seat: Seat | None) -> bool:
    return not seat or current(seat.payable_branch or "") != current(envelope.origin)


def _another_is_live(envelope: Envelope) -> bool:
    last = Envelope.objects.filter(move=envelope.move).exclude(pk=envelope.pk).order_by("version").last()
    return last is not None and not given(last) & {Kind.WITHDRAWN, Kind.RETURNED}


def _paid_before_custody(envelope: Envelope) -> bool:
    """Whether the month after the last paid one comes before the months that the origin holds."""
    held = Custody.objects.filter(
        pension_number=envelope.pension_number, branch_code__in=line_of(envelope.origin), months__upper_inf=True
    ).first()
    return held is not None and Month(envelope.last_paid_month) + 1 < held.months.lower


def _blob_missing(envelope: Envelope) -> bool:
    """Whether an attachment that the content names is not here: its bytes are placed first (DESIGN 11.5)."""
    return _are_missing(json.loads(envelope.body))


def _are_missing(content: dict[str, Any]) -> bool:
    named = {row["sha256"] for row in content.get("attachments", [])}
    return Blob.objects.filter(pk__in=named).count() < len(named)


ENVELOPE_FAULTS: dict[str, Callable[[Envelope, Seat | None], bool]] = {
    "withdrawn": lambda e, seat: Kind.WITHDRAWN in given(e),
    "seal_broken": lambda e, seat: not seal_holds(e),
    "bad_signature": lambda e, seat: e.signature_fault == "bad_signature",
    "unknown_key": lambda e, seat: e.signature_fault == "unknown_key",
    "destination_closed": lambda e, seat: _inactive(e.destination),
    "no_custody": _pays_elsewhere,
    "paid_before_custody": lambda e, seat: _paid_before_custody(e),
    "other_move_open": lambda e, seat: bool(seat and seat.open_move and seat.open_move != e.move),
    "other_version_live": lambda e, seat: _another_is_live(e),
    "blob_missing": lambda e, seat: _blob_missing(e),
}


# --- receipts ---------------------------------------------------------------------------------------


def _off_queue(envelope: Envelope, seat: Seat) -> None:
    envelope.waiting.delete()


def _withdrawn(envelope: Envelope, seat: Seat) -> None:
    _off_queue(envelope, seat)
    payment.free(envelope, seat)


def _nothing(envelope: Envelope, seat: Seat) -> None:
    """The receipt is all."""


def is_held(envelope: Envelope) -> bool:
    """Whether the last word on it is that a life event holds it."""
    said = Receipt.objects.filter(envelope_id=envelope.pk, kind__in=[Kind.HELD, Kind.RELEASED]).order_by("id")
    return said.values_list("kind", flat=True).last() == Kind.HELD


# --- follow-ups of a finished move ------------------------------------------------------------------

Says = Callable[[str, Envelope, dict[str, Any]], bool]


def _either(branch: str, envelope: Envelope, body: dict[str, Any]) -> bool:
    return True


def _opened(envelope: Envelope, body: dict[str, Any]) -> Receipt | None:
    rows = Receipt.objects.filter(envelope_id=envelope.pk, kind=Kind.FOLLOW_UP)
    return rows.filter(body__follow_up=str(body.get("follow_up") or "")).first()


def _settles(branch: str, envelope: Envelope, body: dict[str, Any]) -> bool:
    """Whether the follow-up names this branch as the one that settles it; of an unknown one the order is wrong."""
    opened = _opened(envelope, body)
    return opened is None or branch in line_of(getattr(envelope, str(opened.body.get("settled_by")), ""))


def _opener(branch: str, envelope: Envelope, body: dict[str, Any]) -> bool:
    opened = _opened(envelope, body)
    return opened is None or current(opened.by_branch) == current(branch)


@dataclass(frozen=True)
class Rule:
    """Who may give this kind of receipt, after which, not after which, and what follows."""

    side: str  # or both of them
    after: frozenset[str] = frozenset()
    never_after: frozenset[str] = frozenset()
    must_know: frozenset[str] = frozenset()  # not after one of these either, unless the body names it as `seen`
    needs_seal: bool = False  # what is said of the content; a broken one can still be returned
    if_held: str = ""  # the code with which it is refused while a life event holds the envelope
    if_free: str = ""  # and while none does
    says: Says = _either  # which of the two, where it depends on what is spoken of
    follow: Callable[[Envelope, Seat], None] = _nothing

    def check(self, branch: str, envelope: Envelope, body: dict[str, Any]) -> None:
        """Refused with the code of the first fault."""
        speaks = [getattr(envelope, side) for side in self.side.split()]
        if not any(branch in line_of(code) for code in speaks) or not self.says(branch, envelope, body):
            raise Refused("not_addressed", speaks[0])
        kinds = given(envelope, body)
        unseen = self.must_know - set(body.get("seen", ()))
        if stands := sorted(kinds & (self.never_after | unseen)):
            raise Refused(f"already_{stands[0]}")
        if code := self.if_held if is_held(envelope) else self.if_free:
            raise Refused(code)
        if self.needs_seal and (code := distrust(look_at(envelope))):
            raise Refused(code)
        if self.after and not kinds & self.after:
            raise Refused("out_of_order")
        if _are_missing(body):  # an answer's, too, are placed first
            raise Refused("blob_missing")


TAKEN = frozenset({Kind.RECEIVED})
ASKED = frozenset({Kind.QUESTION})
FOLLOWED_UP = frozenset({Kind.FOLLOW_UP})
SETTLED = frozenset({Kind.FOLLOW_UP_SETTLED, Kind.FOLLOW_UP_WITHDRAWN})  # either ends it: a contest
OVER = frozenset({Kind.RETURNED, Kind.REGISTERED})  # ends every question, too
RULES: dict[str, Rule] = {
    Kind.RECEIVED: Rule(
        "destination",
        never_after=frozenset({Kind.WITHDRAWN}),
        needs_seal=True,
        if_held="held",
        follow=_off_queue,
    ),
    Kind.WITHDRAWN: Rule("origin", never_after=TAKEN, follow=_withdrawn),
    Kind.VERIFIED: Rule(
        "destination",
        after=TAKEN,
        never_after=frozenset({Kind.RETURNED}),
        needs_seal=True,
        if_held="held",
    ),
    Kind.RETURNED: Rule("destination", after=TAKEN, never_after=frozenset({Kind.REGISTERED})),
    Kind.REGISTERED: Rule(
        "destination",
        after=frozenset({Kind.VERIFIED}),
        never_after=frozenset({Kind.RETURNED}),
        needs_seal=True,
        if_held="held",
        follow=payment.hand_over,
    ),
    Kind.ACTIVATED: Rule("destination", after=frozenset({Kind.REGISTERED}), if_held="held", follow=payment.free),
    Kind.CANCELLED: Rule("origin", after=frozenset({Kind.RETURNED, Kind.WITHDRAWN}), follow=payment.free),
    Kind.PAPER_SENT: Rule("origin", never_after=frozenset({Kind.WITHDRAWN})),
    Kind.PAPER_ARRIVED: Rule("destination", after=TAKEN),
    Kind.QUESTION: Rule("destination", after=TAKEN, never_after=OVER | {Kind.QUESTION}),
    Kind.ANSWER: Rule("origin", after=ASKED, never_after=OVER | {Kind.ANSWER, Kind.QUESTION_CLOSED}),
    Kind.QUESTION_CLOSED: Rule(
        "destination", after=ASKED, never_after=OVER | {Kind.QUESTION_CLOSED}, must_know=frozenset({Kind.ANSWER})
    ),
    Kind.LIFE_EVENT: Rule("origin destination", never_after=frozenset({Kind.WITHDRAWN})),
    Kind.HELD: Rule(
        "origin destination",
        never_after=frozenset({Kind.WITHDRAWN, Kind.ACTIVATED, Kind.CANCELLED}),
        if_held="already_held",
    ),
    Kind.RELEASED: Rule("origin destination", if_free="not_held"),
    Kind.FOLLOW_UP: Rule("origin destination", after=frozenset({Kind.ACTIVATED}), never_after=FOLLOWED_UP),
    Kind.FOLLOW_UP_SETTLED: Rule("origin destination", after=FOLLOWED_UP, never_after=SETTLED, says=_settles),
    Kind.FOLLOW_UP_WITHDRAWN: Rule("origin destination", after=FOLLOWED_UP, never_after=SETTLED, says=_opener),
}
