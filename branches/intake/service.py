"""One walk through an export: read, check, compare, and, when asked to, write. Interrupted anywhere it is simply walked
again: what was written counts as already held.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Field
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from branches.intake import doubts, report, source, staging
from branches.intake.checking import Checked, Content, check, content
from branches.intake.comparing import differences, held
from branches.intake.findings import Finding, Level
from branches.intake.writing import write
from branches.models import Branch
from branches.models.intake import ImportBatch
from pension_transfer.lib.errors import NotNow

CHUNK = 250  # pension files per transaction
PATIENCE = 10  # seconds: a killed process leaves its lock a moment later
Phase = ImportBatch.Phase
Tell = Callable[[str, int, int], None]


def quiet(phase: str, done: int, total: int) -> None:
    """Tells nobody."""


@dataclass
class Outcome:
    """What an import found and did, in pension files. `rejected` has the codes of each rejected number."""

    branch: str
    pension_files: int = 0
    accepted: int = 0
    unchanged: int = 0
    different: int = 0
    written: int = 0
    rejected: dict[str, list[str]] = field(default_factory=dict)

    @property
    def rejected_files(self) -> int:
        """How many pension files are rejected; `rejected` also names numbers that have rows but no file."""
        return self.pension_files - self.accepted

    def document(self) -> dict[str, object]:
        """The shape of the samples' expected.json."""
        return {name: getattr(self, name) for name in ("branch", "pension_files", "accepted", "rejected")}

    def summary(self) -> list[tuple[str, object]]:
        """The counts with their labels."""
        labels = {name: cast("Field[Any, Any]", ImportBatch._meta.get_field(name)).verbose_name for name in COUNTS}
        counts = {name: getattr(self, name) for name in COUNTS} | {"rejected": self.rejected_files}
        strays = (gettext("pension numbers without a file"), len(self.rejected) - self.rejected_files)
        return [*((str(labels[name]), counts[name]) for name in COUNTS), strays]


COUNTS = ("pension_files", "accepted", "rejected", "unchanged", "different", "written")


def run(
    path: Path,
    branch: Branch,
    batch: ImportBatch | None = None,
    writing: bool = False,
    report_to: Path | None = None,
    rejected_to: Path | None = None,
    tell: Tell = quiet,
) -> Outcome:
    """Walk the export at `path` for `branch`.

    Raises BadInput when it cannot be read at all, NotNow when another import of the branch is writing.
    Without `writing` nothing of the branch changes. A batch gets the findings and counts what is written.
    """
    outcome = Outcome(branch.pk)
    with _alone(branch, batch, writing), source.opened(path) as tables:
        try:
            staging.stage(tables, lambda rows: tell(Phase.READING, rows, 0))
            doubts.prepare()
            _walk(outcome, branch, batch, writing, tell)
            tell(Phase.REPORTING, 0, 0)
            _give_back(outcome, batch, report_to, rejected_to)
        finally:
            if not connection.needs_rollback and connection.is_usable():
                staging.drop()
                doubts.drop()
    return outcome


@contextmanager
def _alone(branch: Branch, batch: ImportBatch | None, writing: bool) -> Iterator[None]:
    """One writer per branch, one process per batch. The lock ends with the connection, however that ends."""
    name = f"import into {branch.pk}" if writing else f"check of {batch.pk}" if batch else ""
    if name:
        _lock(name)
    try:
        yield
    finally:
        if name and connection.is_usable():
            _ask("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", name)


def _lock(name: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _ask("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", name):
        if time.monotonic() > deadline:
            raise NotNow(_("Another import of this branch is running. Wait until it is through."), "import.running")
        time.sleep(0.2)


def _ask(query: str, *parameters: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchone()[0]


# --- the walk -----------------------------------------------------------------------------------------


def _walk(outcome: Outcome, branch: Branch, batch: ImportBatch | None, writing: bool, tell: Tell) -> None:
    outcome.pension_files = _ask("SELECT count(DISTINCT number) FROM intake_row WHERE sheet = 0")
    before = batch.written if batch else 0
    phase, done = Phase.WRITING if writing else Phase.CHECKING, 0
    tell(phase, done, outcome.pension_files)
    for groups in staging.chunks(CHUNK):
        _take(outcome, branch, batch if writing else None, [check(group) for group in groups])
        done += len(groups)
        tell(phase, done, outcome.pension_files)
    doubts.of_all(branch)
    outcome.written += before
    outcome.unchanged -= before


def _take(outcome: Outcome, branch: Branch, batch: ImportBatch | None, checked: list[Checked]) -> None:
    """A chunk of checked files; where somebody else stored one of them meanwhile, once more with that one held."""
    contents = {one.number: content(one) for one in checked if not one.is_faulty}
    findings = [finding for one in checked for finding in one.findings]
    findings += doubts.of_files((one, contents[one.number]) for one in checked if not one.is_faulty)
    rows = {one.number: one.records[0][0].row for one in checked}
    try:
        unlike, new = _settle(branch, batch, contents, findings, rows)
    except IntegrityError:
        unlike, new = _settle(branch, batch, contents, findings, rows)
    outcome.accepted += len(contents)
    outcome.different += unlike
    outcome.unchanged += len(contents) - unlike - new
    outcome.written += new if batch else 0


@transaction.atomic
def _settle(
    branch: Branch,
    batch: ImportBatch | None,
    contents: dict[str, Content],
    findings: list[Finding],
    rows: dict[str, int],
) -> tuple[int, int]:
    """Keep the findings, write the new files (for a batch); how many are different and how many new."""
    old = held(branch, contents)
    unlike = {number: names for number in old if (names := differences(old[number], contents[number]))}
    new = {number: content for number, content in contents.items() if number not in old}
    staging.note(findings)
    staging.note(_difference(number, rows[number], name) for number, names in unlike.items() for name in names)
    if batch and new:
        write(branch, new)
        ImportBatch.objects.filter(pk=batch.pk).update(written=F("written") + len(new), heartbeat=timezone.now())
    return len(unlike), len(new)


def _difference(number: str, row: int, name: str) -> Finding:
    return Finding(Level.DIFFERENCE, 0, row, name, f"{name}.different", number)


# --- what is given back -------------------------------------------------------------------------------

KEEP = """
INSERT INTO branches_importfinding (batch_id, level, sheet, row, "column", code, number, value)
SELECT %s, level, sheet, row, "column", code, number, value FROM intake_finding
"""


def _give_back(outcome: Outcome, batch: ImportBatch | None, report_to: Path | None, rejected_to: Path | None) -> None:
    outcome.rejected = report.rejected()
    if report_to:
        report.write_report(report_to, outcome.summary())
    if rejected_to:
        report.write_rejected(rejected_to)
    if batch:
        with transaction.atomic(), connection.cursor() as cursor:
            batch.findings.all().delete()
            cursor.execute(KEEP, [batch.pk])
