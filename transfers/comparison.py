"""How far the comparison with the paper file has come (directive, parts 1 and 2): judged, open, differing.

A mark holds as long as its field keeps the value that was judged; a change re-opens just that field.
"""

from collections.abc import Iterable

from transfers.fields import Field, fields_of
from transfers.models import Mark, Severity, TransferCase, Verdict


def held_marks(case: TransferCase, fields: Iterable[Field] | None = None) -> dict[str, Mark]:
    """The marks that still hold, by the path of their field."""
    now = {field.path: field.text for field in (fields_of(case.content) if fields is None else fields)}
    return {mark.path: mark for mark in case.marks.all() if now.get(mark.path) == mark.value}


def open_fields(case: TransferCase) -> list[Field]:
    """The fields not yet judged, or changed since."""
    fields = fields_of(case.content)
    held = held_marks(case, fields)
    return [field for field in fields if field.path not in held]


def differing(case: TransferCase) -> list[Mark]:
    """The marks that hold and say anything but «match», in the order of reading."""
    fields = fields_of(case.content)
    held = held_marks(case, fields)
    found = (held.get(field.path) for field in fields)
    return [mark for mark in found if mark and mark.verdict != Verdict.MATCH]


def must_be_corrected(case: TransferCase) -> list[Mark]:
    """Those that only the origin can mend; they bar the way (DESIGN 11.17)."""
    return [mark for mark in differing(case) if mark.severity == Severity.MUST_BE_CORRECTED]


def result(case: TransferCase) -> dict[str, int]:
    """What the trail keeps of a finished comparison: how many fields, how many of them with a remark."""
    return {"compared": len(fields_of(case.content)), "remarks": len(differing(case))}
