"""The exchange worker: sync round by round until it is told to stop. Several may run side by side on one site.

A round takes some of each part's work, so that none waits for another; when there is more, the next round is at once.
Nothing rests on how it ends: kill -9 at any moment leaves what the next round of any worker finishes (D3).
"""

import logging
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from django.db import Error, InterfaceError, OperationalError, close_old_connections, connections

from pension_transfer.lib.errors import Waiting
from pension_transfer.lib.turns import if_free
from transfers import exchange, jobs, summing, workers
from transfers.sync import Report, parts
from transfers.tries import PASSING

SLICE = 100  # bits of each part in one round
FIRST, LONGEST = 1.0, 60.0  # seconds between two rounds while the center is away
CLAIMS_EVERY = 600.0  # seconds between two looks at every living file
SUMS_EVERY = 300.0  # seconds between two sums of the day for the overviews
GRACE = 15.0  # seconds for the item in hand
log = logging.getLogger(__name__)


class Worker:
    """Rounds of sync; `tell` is given a line for each round that did something or did not reach the center."""

    def __init__(self, every: float, tell: Callable[[str], Any]) -> None:
        self.every, self.tell = every, tell
        self.name = f"{socket.gethostname()[:60]}:{os.getpid()}"
        self.stop = threading.Event()
        self.pause = FIRST
        self.claims_at = self.sums_at = 0.0  # of time.monotonic
        self.left: list[Iterator[Any]] = []
        self.report = Report()

    def run(self) -> None:
        """Until `stop` is set: the item in hand is finished, no other is taken."""
        with suppress(Error):
            workers.begin(self.name)
        while not self.stop.is_set():
            self.stop.wait(self._round())
        with suppress(Error):
            workers.beat(self.name, is_stopped=True)

    def _round(self) -> float:
        """One round; how many seconds there are until the next."""
        close_old_connections()
        try:
            self._take_some()
            workers.beat(self.name, self.report.finished, is_reached=not self.report.unreachable)
        except (OperationalError, InterfaceError) as lost:  # the site's own database
            log.warning("the site's database is away: %s", type(lost).__name__)
            connections.close_all()
            return self._back_off()
        except Exception:  # not of one item: those are the tries' affair
            log.exception("a round broke off")
            return self._back_off()
        self._say()
        self._sum_up()
        if self.report.unreachable:
            return self._back_off()
        self.pause = FIRST
        return 0 if self.left else self.every

    def _take_some(self) -> None:
        """A slice of each part. A sweep over everything that is open goes on from round to round."""
        vars(self.report).update(vars(Report()))
        self.left = self.left or self._sweep()
        try:
            self.left = [part for part in self.left if not self.stop.is_set() and self._has_more(part)]
        except (exchange.Unreachable, Waiting):
            self.report.unreachable, self.left = True, []

    def _sweep(self) -> list[Iterator[Any]]:
        with_claims = time.monotonic() >= self.claims_at
        if with_claims:
            self.claims_at = time.monotonic() + CLAIMS_EVERY
        return [jobs.work(), *parts(self.report, with_claims=with_claims)]  # jobs wait for no center

    def _has_more(self, part: Iterator[Any]) -> bool:
        """Take a slice of a part; one that breaks off begins anew with the next sweep and stops no other."""
        taken = 0
        try:
            for _bit in islice(part, SLICE):
                taken += 1
                if self.stop.is_set():
                    break
        except PASSING:
            raise
        except Exception:
            log.exception("a part of the round broke off")
            return False
        return taken == SLICE

    def _sum_up(self) -> None:
        """The day's figures anew, by one worker of several, whether the center answers or not."""
        if time.monotonic() < self.sums_at or self.stop.is_set():
            return
        self.sums_at = time.monotonic() + SUMS_EVERY
        try:
            with if_free("summing") as is_mine:
                if is_mine:
                    summing.catch_up()
        except Error:
            log.exception("the figures of the overviews were not summed up")

    def _say(self) -> None:
        report = self.report
        if report.unreachable or report.did_something:
            self.tell(str(report))
        for line in [*report.refused, *report.lost]:
            self.tell(line)

    def _back_off(self) -> float:
        pause, self.pause = self.pause, min(2 * self.pause, LONGEST)
        return pause * random.uniform(0.5, 1.5)  # noqa: S311 - not for secrets


def run(every: float, tell: Callable[[str], Any]) -> None:
    """Work until SIGTERM or SIGINT. To be called where no other thread runs yet: the signals are waited for in one."""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # a handler would wait as long as the database does
    worker = Worker(every, tell)
    threading.Thread(target=_stop_at, args=(signals, worker.stop), daemon=True).start()
    worker.run()


def _stop_at(signals: set[signal.Signals], stop: threading.Event) -> None:
    """What takes longer than GRACE is left as it is: a scan over a slow line is asked for again."""
    signal.sigwait(signals)
    stop.set()
    time.sleep(GRACE)
    os._exit(0)
