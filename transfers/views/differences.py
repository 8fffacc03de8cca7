"""What differs from the paper file, as the page of a case lists it."""

from dataclasses import dataclass
from typing import Any

from django.utils.html import strip_tags

from transfers import presentation
from transfers.checklist import Checklist, Row
from transfers.models import Discrepancy, Mark, TransferCase


@dataclass(frozen=True)
class Difference:
    """A discrepancy, or a mark that says so, as people read it; `anchor`: its row on the page of the comparison."""

    row: Discrepancy | Mark
    label: str
    sent_value: Any
    paper_value: Any
    by_name: str
    anchor: str = ""


def differences_of(case: TransferCase, checklist: Checklist) -> list[Difference]:
    """What was noted about the current version; after a return, about the one that came back."""
    rows = sorted(case.discrepancies.all(), key=lambda row: row.pk)
    last = max((row.version for row in rows), default=0)
    returned = [_returned(row, case) for row in rows if row.version == last]
    said = {row.path for row in rows if row.version == case.version}
    live = [row for row in checklist.rows if row.is_said and row.field.path not in said]
    return [*(_live(row, checklist) for row in live), *returned]


def _live(row: Row, checklist: Checklist) -> Difference:
    """A mark of the version in hand."""
    assert row.mark is not None  # noqa: S101 - it says something
    sent = strip_tags(str(row.value))
    return Difference(row.mark, checklist.named(row), sent, row.mark.paper_value, str(row.mark.by), row.anchor)


def _returned(row: Discrepancy, case: TransferCase) -> Difference:
    label = presentation.path_label(case.content_of(row.version), row.path)
    return Difference(row=row, label=label, sent_value=row.sent_value, paper_value=row.paper_value, by_name=row.by_name)
