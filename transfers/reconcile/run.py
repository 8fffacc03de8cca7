"""The passes, one after the other."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from transfers.models import ReconcileRun
from transfers.reconcile import at_center, in_cases, in_files
from transfers.reconcile.problems import INVARIANTS, Problem
from transfers.reconcile.scope import Scope

MOST = 10_000  # problems that are kept and told; the others are counted
SAMPLE = 100  # problems that the page shows of a run


@dataclass(frozen=True)
class Pass:
    """A table walked by its key: the rows behind a key, and what is wrong with a batch of them."""

    name: str
    invariants: frozenset[str]
    read: Callable[[Scope, Any], list[Any]]
    look: Callable[[Scope, list[Any]], Iterable[Problem]]


def _pass(name: str, invariants: str, read: Any, look: Any) -> Pass:
    return Pass(name, frozenset(invariants.split()), read, look)


PASSES = (
    _pass("guards", "I1", at_center.read_guards, at_center.look_at_guards),
    _pass("envelopes", "I1 I2 I3 I10", at_center.read_envelopes, at_center.look_at_envelopes),
    _pass("receipts", "I1", at_center.read_receipts, at_center.look_at_receipts),
    _pass("seats", "I2 I5 I6", at_center.read_seats, at_center.look_at_seats),
    _pass("custody", "I5", at_center.read_custody, at_center.look_at_custody),
    _pass("files", "I5 I6 I10", in_files.read_files, in_files.look_at_files),
    _pass("custody_requests", "I10", in_files.read_requests, in_files.look_at_requests),
    _pass("cases", "I2 I5 I7 I8 I9 I10", in_cases.read_cases, in_cases.look_at_cases),
    _pass("registered", "I4", in_cases.read_registered, in_cases.look_at_registered),
    _pass("contents", "I1 I4", in_cases.read_contents, in_cases.look_at_contents),
    _pass("crossings", "I10", in_cases.read_crossings, in_cases.look_at_crossings),
)
TABLES = [one.name for one in PASSES]


@dataclass
class Report:
    """What one run found: how many problems, the first MOST of them, rows looked at by table, and what is on its
    way (`waiting`: explained by a step that the center has not answered yet)."""

    started_at: dt.datetime
    number: int = 0
    problems: list[Problem] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)
    waiting: int = 0

    def add(self, found: Iterable[Problem]) -> None:
        for problem in found:
            self.number += 1
            if len(self.problems) < MOST:
                self.problems.append(problem)

    def as_json(self) -> dict[str, Any]:
        told = [problem.as_json() for problem in self.problems]
        counts = {"checked": dict(self.checked), "waiting": self.waiting, "number": self.number}
        return {"at": self.started_at.isoformat(), "problems": told, **counts}


def reconcile(
    scope: Scope, only: Iterable[str] = INVARIANTS, told: Callable[[str, int], Any] = lambda name, n: None
) -> Report:
    """Look at everything in `scope` for the invariants in `only`; a run over all of it is kept for the page.

    `told` hears after each batch which table it was and how many rows of it have been seen.
    Raises exchange.Unreachable when the center does not answer: what was not looked at is not called sound.
    """
    wanted, report = set(only), Report(scope.now)
    for one in PASSES:
        if one.invariants & wanted:
            _walk(one, scope, wanted, report, told)
    if wanted == set(INVARIANTS) and not scope.branch:
        _keep(report)
    return report


def _walk(one: Pass, scope: Scope, wanted: set[str], report: Report, told: Callable[[str, int], Any]) -> None:
    report.checked[one.name] = 0
    for after, rows in _batches(one, scope):
        found = [problem for problem in _found_twice(one, scope, after, rows) if problem.invariant in wanted]
        report.waiting += sum(problem.waits for problem in found)
        report.add(problem for problem in found if not problem.waits)
        report.checked[one.name] += len(rows)
        told(one.name, report.checked[one.name])


def _batches(one: Pass, scope: Scope) -> Iterator[tuple[Any, list[Any]]]:
    after = None
    while rows := one.read(scope, after):
        yield after, rows
        after = getattr(rows[-1], "pk", rows[-1])


def _found_twice(one: Pass, scope: Scope, after: Any, rows: list[Any]) -> list[Problem]:
    """People go on working: what was only between two reads is gone when it is looked at again."""
    found = list(dict.fromkeys(one.look(scope, rows)))
    if not any(not problem.waits for problem in found):
        return found
    again = set(one.look(scope, one.read(scope, after)))
    return [problem for problem in found if problem.waits or problem in again]


def _keep(report: Report) -> None:
    ReconcileRun.objects.create(
        started_at=report.started_at,
        finished_at=timezone.now(),
        problems=report.number,
        checked=dict(report.checked) | {"waiting": report.waiting},
        sample=[{"code": problem.code, "keys": dict(problem.keys)} for problem in report.problems[:SAMPLE]],
    )
