"""Attachments that a destination has been told of and has not got yet: fetched from the center, one after the other.

The case is received without waiting for them; it is verified only with them. Safe to repeat, from anywhere it was cut.
"""

import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import IO

from django.db import transaction

from pension_transfer.lib import blobs
from pension_transfer.lib.busy import busy_is_an_answer
from pension_transfer.lib.errors import BadInput, NotNow
from pension_transfer.lib.failpoints import fail_point
from transfers import attachments, exchange, scans
from transfers.models import MediaType, StuckItem, TransferCase
from transfers.tries import Tries


def fetch(cases: Iterable[TransferCase] | None = None, until: float | None = None) -> int:
    """Fetch what is missing, of all open cases or of these; how many that were. Unreachable when the center is.

    `until`, a moment of time.monotonic, ends it between two of them: a page does not wait for all.
    """
    return sum(deliver(cases, until))


def deliver(
    cases: Iterable[TransferCase] | None = None, until: float | None = None, is_forced: bool = False
) -> Iterator[int]:
    """The same, one after the other; how many each was. `is_forced`: those that failed lately are tried, too."""
    lost = None
    hashes = attachments.missing(None if cases is None else [case.pk for case in cases])
    tries = Tries(StuckItem.Kind.ATTACHMENT, hashes, is_forced)
    for sha256 in hashes:
        patience = exchange.FOR_A_BLOB if until is None else until - time.monotonic()
        if patience <= 0:
            break
        try:
            yield _try(sha256, patience, tries) if tries.is_due(sha256) else 0
        except exchange.Unreachable as error:  # perhaps the line is too slow for this one: the others are tried, too
            lost = error
        fail_point("fetched")
    if lost:
        raise lost


def _try(sha256: str, patience: float, tries: Tries) -> int:
    case = attachments.waits_for(sha256)
    fetched = 0
    with tries.attempt(sha256, "fetch_attachment", case.branch_id, case.pk):
        fetched = _fetch(sha256, patience)
    return fetched


def fetch_while_waiting(case: TransferCase) -> None:
    """What can be fetched while a page waits; the rest comes with the next rounds of sync."""
    try:
        fetch([case], time.monotonic() + exchange.FOR_A_PAGE)
    except exchange.Unreachable:
        return


def _fetch(sha256: str, patience: float) -> int:
    with tempfile.TemporaryFile() as file:
        if not exchange.fetch_blob(sha256, file, patience) or blobs.hash_of(file) != sha256:
            return 0  # not there, or not what was sealed: the case goes on saying that it waits
        with suppress(NotNow), busy_is_an_answer(), transaction.atomic("default"):
            scans.keep(_checked(sha256, file))
            attachments.link([sha256])
    return 1


def _checked(sha256: str, file: IO[bytes]) -> scans.Checked:
    """What came; it is what the origin sealed, so it is kept even where this site's parsers have grown stricter."""
    size = file.seek(0, 2)
    kind, pages = _look(file, attachments.kind_of(sha256))
    return scans.Checked(file, "", sha256, size, kind, pages)


def _look(file: IO[bytes], said: MediaType) -> tuple[MediaType, int | None]:
    try:
        return said, scans.look(file)[1]
    except BadInput:
        return said, None
