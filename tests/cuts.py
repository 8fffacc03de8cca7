"""What a kill -9 between two commits leaves behind, without ending the process that tests."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.db import transaction

from pension_transfer.lib import failpoints
from transfers import exchange, workflow


class Killed(BaseException):
    """This process would be gone."""


def _die(pid: int, signal: int) -> None:
    raise Killed


def survivable(monkeypatch: Any) -> None:
    """Let fail points raise Killed instead of ending the process."""
    monkeypatch.setattr(failpoints, "os", SimpleNamespace(kill=_die, getpid=os.getpid))


@contextmanager
def cut_at(point: str, tell: Callable[[str], Any] = lambda text: None) -> Iterator[None]:
    """Whatever was committed before `point` stands, and nothing else; an empty point cuts nothing."""
    failpoints.ARMED = point
    try:
        with suppress(Killed):
            yield
            point = ""
        if point:
            tell(f"killed when {point}")
    finally:
        failpoints.ARMED = ""


# --- what befalls one commit ----------------------------------------------------------------------------------

ASKED_NOT, ANSWER_LOST = "the center's commit never arrives", "the center's answer is lost"
KEPT_NOT, KEPT = "the site's commit never arrives", "the answer to the site's commit is lost"
MISHAPS = [ASKED_NOT, ANSWER_LOST, KEPT_NOT, KEPT]


class Road:
    """The way to both databases, without a line in between: `befalls` happens to the next commit, once.

    `is_closed`: the center is away. Only what is done inside `used` goes over this road.
    """

    def __init__(self, monkeypatch: Any) -> None:
        self.is_used, self.is_closed, self.befalls = False, False, ""
        self.reached, self.site = exchange._reached, workflow.site
        monkeypatch.setattr(exchange, "_reached", self._reached)
        monkeypatch.setattr(workflow, "site", self._site)

    @contextmanager
    def used(self, befalls: str = "", is_closed: bool = False) -> Iterator[None]:
        self.is_used, self.befalls, self.is_closed = True, befalls, is_closed
        try:
            with suppress(Killed):
                yield
        finally:
            self.is_used, self.befalls, self.is_closed = False, "", False

    def _once(self, *mishaps: str) -> str:
        """What happens now, of these; it does not happen again."""
        if not self.is_used or self.befalls not in mishaps:
            return ""
        befell, self.befalls = self.befalls, ""
        return befell

    def _reached(self, question: Callable[[], Any], *patience: float) -> Any:
        if self.is_closed:
            raise exchange.Unreachable("closed")
        befell = self._once(ASKED_NOT, ANSWER_LOST)
        with _not_kept() if befell == ASKED_NOT else nullcontext():
            answer = self.reached(question, *patience)
        if befell:
            raise exchange.Unreachable(befell)
        return answer

    @contextmanager
    def _site(self) -> Iterator[None]:
        befell = self._once(KEPT_NOT, KEPT)
        with self.site():
            yield
            if befell == KEPT_NOT:
                raise Killed
        if befell:
            raise Killed


@contextmanager
def _not_kept() -> Iterator[None]:
    """What the center writes inside is taken back."""
    atomic = transaction.atomic(using=settings.CENTER)
    atomic._from_testcase = True  # type: ignore[attr-defined] # the center opens its own inside
    with atomic:
        yield
        transaction.set_rollback(True, using=settings.CENTER)
