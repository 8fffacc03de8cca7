"""After a restore of the center: what it answered once and no longer knows is asked again, with the same keys.

Every site tells what it has; what waits for another site's word is asked again in the next round.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from branches.models import CustodyRequest
from central import looking_back, reading
from pension_transfer.lib.errors import Waiting
from transfers import exchange
from transfers.models import Content, Crossing, HeardUntil, TransferCase, Verb

BATCH = 500
NEWEST = 20


def retell(everything: bool = False) -> tuple[int, list[str]]:
    """Tell the center again what it lost: how many steps, and what it does not take (yet), in words.

    An ordinary round asks whether it still knows the newest steps of this site; only when not, or when
    `everything` is asked for, are the earlier ones looked through.
    """
    if settings.CENTER == "default" or not (everything or _unknown(list(_newest()[:NEWEST]))):
        return 0, []
    _listen_anew()
    conflicts = list(_claim_again(everything))
    lost = list(reversed(list(_lost(everything))))
    left = _tell(lost)
    return len(lost) - len(left), conflicts + left


def _newest() -> QuerySet[Crossing]:
    return Crossing.objects.filter(state="done").order_by("-settled_at", "pk").select_related("case")


def _unknown(rows: list[Crossing]) -> list[Crossing]:
    """Those of these steps that the center does not know: by key, or by the kind of which there is one."""
    stands = exchange.look_up(lambda: looking_back.said_there({row.envelope_id for row in rows}))
    heard = exchange.look_up(lambda: looking_back.heard_there([row.pk for row in rows]))
    return [row for row in rows if row.pk not in heard and (row.envelope_id, row.kind) not in stands]


def _lost(everything: bool) -> Iterator[Crossing]:
    """From the newest step back to where the center knows a whole batch; to the first one, when everything is asked."""
    rows = list(_newest()[:BATCH])
    while rows:
        unknown = _unknown(rows)
        yield from unknown
        if not unknown and not everything:
            return
        last = rows[-1]
        earlier = Q(settled_at__lt=last.settled_at) | Q(settled_at=last.settled_at, pk__gt=last.pk)
        rows = list(_newest().filter(earlier)[:BATCH])


def _listen_anew() -> None:
    """The center numbers its receipts anew: what was heard is known by its key, what held a case by no number."""
    last = exchange.look_up(looking_back.last_number)
    HeardUntil.objects.filter(number__gt=last).update(number=0)
    TransferCase.objects.open().exclude(hold_number=0).update(hold_number=0)


# --- custody ------------------------------------------------------------------------------------------------


def _claim_again(everything: bool) -> Iterator[str]:
    """Payment that was claimed or ended here and of which the center knows nothing; a conflict is named."""
    settled = CustodyRequest.objects.exclude(settled_at=None).filter(held_by="").select_related("file").order_by("-id")
    after: int | None = None
    while rows := list((settled.filter(pk__lt=after) if after else settled)[:BATCH]):
        after = rows[-1].pk
        lost = _unclaimed(rows)
        for row in reversed(lost):
            yield from _claim(row)
        if not lost and not everything:
            return


def _unclaimed(rows: list[CustodyRequest]) -> list[CustodyRequest]:
    """Those without a trace at the center: custody that the branch never had, or an end that did not come."""
    numbers: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        numbers[row.file.branch_id].add(row.file.pension_number)
    held = {branch: exchange.ever_held(branch, wanted) for branch, wanted in numbers.items()}
    seats = exchange.look_up(lambda: reading.seats_of(set().union(*numbers.values())))
    ended = {row.file_id for row in rows if row.verb == CustodyRequest.Verb.CLOSE}
    reopened = {row.file_id for row in rows if row.verb == CustodyRequest.Verb.OPEN and row.file_id in ended}

    def is_lost(row: CustodyRequest) -> bool:
        number, branch = row.file.pension_number, row.file.branch_id
        if row.verb == CustodyRequest.Verb.OPEN:
            return number not in held[branch]
        seat = seats.get(number)
        is_paid_on = seat is None or (seat.payable_branch == branch and not seat.closure)
        return is_paid_on and row.file_id not in reopened

    return [row for row in rows if is_lost(row)]


def _claim(row: CustodyRequest) -> Iterator[str]:
    number, branch = row.file.pension_number, row.file.branch_id
    holder = ""
    if row.verb == CustodyRequest.Verb.OPEN:
        holder = exchange.open_custody({number: row.month}, branch, row.reason).get(number, "")
    else:
        with suppress(exchange.Refused):  # nobody pays it: reconcile says what is wrong
            exchange.close_custody(number, branch, row.month, row.reason)
    if holder:
        sentence = _("%(number)s: the payment is claimed by %(branch)s and held by %(holder)s")
        yield sentence % {"number": number, "branch": branch, "holder": holder}


# --- steps --------------------------------------------------------------------------------------------------


def _tell(rows: list[Crossing]) -> list[str]:
    """In their order; of a pension nothing later goes ahead of what was refused. Again, while that helps."""
    numbers = _pensions(rows)
    refused: dict[str, str] = {}
    while rows:
        refused, left = {}, []
        for row in rows:
            number = numbers.get(row.envelope_id, "")
            if number in refused or not _is_told(row, number, refused):
                left.append(row)
        if len(left) == len(rows):
            break
        rows = left
    return [_named(row, refused.get(numbers.get(row.envelope_id, ""), "")) for row in rows]


def _is_told(row: Crossing, number: str, refused: dict[str, str]) -> bool:
    try:
        exchange.ask(row)
    except exchange.Refused as no:
        refused[number] = f"{no.code} {no.detail}".strip()
        return False
    except exchange.Unreachable as lost:
        raise Waiting(_("The center cannot be reached."), "center") from lost
    return True


def _pensions(rows: list[Crossing]) -> dict[object, str]:
    contents = Content.objects.filter(envelope_id__in={row.envelope_id for row in rows})
    return dict(contents.values_list("envelope_id", "case__pension_number"))


def _named(row: Crossing, code: str) -> str:
    number = row.case.tracking_number if row.case else str(row.envelope_id)
    what = row.kind or Verb(row.verb).label
    sentence = _("%(number)s: «%(what)s» of branch %(branch)s is not taken by the center yet (%(code)s)")
    return sentence % {"number": number, "what": what, "branch": row.branch_id, "code": code}
