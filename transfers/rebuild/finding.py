"""What the center knows of this site's branches and this database does not: steps taken before it was restored.

Every receipt of a branch has its crossing here, every envelope its content: committed before the center was asked.
One without them tells that they were lost.
"""

import logging
from collections.abc import Callable, Iterable
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError

from central import looking_back
from central.models import Envelope, Receipt
from pension_transfer.lib.errors import NotNow
from transfers import exchange
from transfers.models import Content, Crossing, HeardUntil, TransferCase
from transfers.rebuild import again
from transfers.rebuild.people import served
from transfers.states import Side

BATCH = 500
LOOK_BACK = 1_000  # receipts: those that were being given while the backup was made
Hear = Callable[[TransferCase, Receipt], int]
log = logging.getLogger(__name__)


def bring_back(hear: Hear, everything: bool = False) -> tuple[int, list[str]]:
    """Carry out again what this site lost: how many steps, and what could not be brought back, in words.

    A round reads the receipts since the last one, which a restored site had long ago; all of them when `everything`
    is asked for. `hear` takes in what the other branch said.
    """
    if settings.CENTER == "default":  # restored together, they agree
        return 0, []
    mark, _new = HeardUntil.objects.get_or_create(pk="told")
    noted = HeardUntil.objects.filter(pk="restored")
    is_restored = noted.exists()
    after = 0 if everything else max(0, mark.number - LOOK_BACK)
    branches = served(everything or is_restored)
    moves, last = _lost_moves(branches, after)
    done, left, lost = _replay(moves, branches, hear)
    if not left:
        noted.delete()
        HeardUntil.objects.filter(pk="told").update(number=max(last, after))
    return done, lost + ([again.ONLY_HERE()] if is_restored and not left else [])


# --- what is lost -----------------------------------------------------------------------------------------


def _lost_moves(branches: set[str], after: int) -> tuple[list[UUID], int]:
    """The moves of which a step is missing here, the oldest first; and the number of the last receipt read."""
    lost = {e.move: e for e in _undeposited(exchange.look_up(lambda: looking_back.untaken(branches)))}
    while receipts := exchange.look_up(lambda: looking_back.concerning(branches, after, BATCH)):  # noqa: B023
        after = receipts[-1].pk
        lost |= {envelope.move: envelope for envelope in _missing(receipts, branches)}
    return [move for move, envelope in sorted(lost.items(), key=lambda row: row[1].deposited_at)], after


def _missing(receipts: list[Receipt], branches: set[str]) -> Iterable[Envelope]:
    keys = {receipt.key: receipt for receipt in receipts if receipt.by_branch in branches}
    known = set(Crossing.objects.filter(pk__in=keys).values_list("pk", flat=True))
    untold = {receipt.envelope_id for key, receipt in keys.items() if key not in known}
    envelopes = exchange.look_up(lambda: looking_back.addresses({receipt.envelope_id for receipt in receipts}))
    yield from (envelope for envelope in envelopes if envelope.pk in untold)
    yield from _undeposited(envelope for envelope in envelopes if envelope.origin in branches)


def _undeposited(envelopes: Iterable[Envelope]) -> list[Envelope]:
    """Those of this site's own envelopes that no case of it has sealed."""
    rows = list(envelopes)
    sealed = Content.objects.filter(envelope_id__in=[row.pk for row in rows], case__side=Side.ORIGIN)
    known = set(sealed.values_list("envelope_id", flat=True))
    return [row for row in rows if row.pk not in known]


# --- carried out again ------------------------------------------------------------------------------------


def _replay(moves: list[UUID], branches: set[str], hear: Hear) -> tuple[int, int, list[str]]:
    """How many steps were carried out again, how many moves are left to the next round, and what is lost."""
    done, left, lost = 0, 0, []
    for move in moves:
        steps = again.Steps(branches, hear)
        try:
            steps.replay(move)
        except NotNow as busy:
            left += busy.code != "lost"
            lost.append(f"{steps.number}: {busy.message}")
        except (exchange.Unreachable, OperationalError, InterfaceError):
            raise
        except Exception as fault:  # whatever somebody said of one move does not stop the others (FAULTS 27)
            log.exception("not brought back: %s", move)
            lost.append(f"{steps.number}: {fault}")
        done += steps.done
        lost += steps.lost
    return done, left, lost
