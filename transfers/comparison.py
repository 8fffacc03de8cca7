"""How far the comparison with the paper file has come (directive, parts 1 and 2): judged, open, differing.

A mark holds as long as its field keeps the value that was judged; a change re-opens just that field.
"""

import datetime as dt

from transfers import trail
from transfers.fields import Field, fields_of
from transfers.models import Mark, Severity, TransferCase, Verdict


def fields_in(case: TransferCase) -> list[Field]:
    """The fields of the case's content, read once as long as the content is the same."""
    content, fields = case.__dict__.get("_fields", (None, []))
    if content is not case.content:
        fields = fields_of(case.content)
        case.__dict__["_fields"] = case.content, fields
    return fields


def spelt(moment: dt.datetime) -> str:
    """A mark's moment as pages and callers give it back, to say which mark they saw."""
    return trail.utc(moment)


def held_marks(case: TransferCase) -> dict[str, Mark]:
    """The marks that still hold, by the path of their field."""
    now = {field.path: field.text for field in fields_in(case)}
    return {mark.path: mark for mark in case.marks.all() if now.get(mark.path) == mark.value}


def open_fields(case: TransferCase) -> list[Field]:
    """The fields not yet judged, or changed since."""
    held = held_marks(case)
    return [field for field in fields_in(case) if field.path not in held]


def differing(case: TransferCase) -> list[Mark]:
    """The marks that hold and say anything but «match», in the order of reading."""
    held = held_marks(case)
    found = (held.get(field.path) for field in fields_in(case))
    return [mark for mark in found if mark and mark.verdict != Verdict.MATCH]


def must_be_corrected(case: TransferCase) -> list[Mark]:
    """Those that only the origin can mend; they bar the way (DESIGN 11.17)."""
    return [mark for mark in differing(case) if mark.severity == Severity.MUST_BE_CORRECTED]


def result(case: TransferCase) -> dict[str, int]:
    """What the trail keeps of a finished comparison: how many fields, how many of them with a remark."""
    return {"compared": len(fields_in(case)), "remarks": len(differing(case))}
