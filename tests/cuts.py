"""What a kill -9 between two commits leaves behind, without ending the process that tests."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

from pension_transfer.lib import failpoints


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
