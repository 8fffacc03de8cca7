"""What stands in the way of a draft, or is doubtful in it: the rules of branches.checks over its content.

Errors are kept as [path, code]; warnings as [path, code, value, said], where `said` holds what the sentence names and
`value`, its text, tells whether an acknowledgement still holds.
"""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from branches import checks
from branches.check_sentences import SENTENCES
from branches.models import PensionFile, User
from branches.shown import shown
from central import contract
from pension_transfer.lib.templatetags import persian
from transfers import snapshot
from transfers.fields import KEYS, path_of
from transfers.labels import SECTION_NAMES, field_of, label_of
from transfers.models import Acknowledgement, TransferCase
from transfers.presentation import path_label

Error = list[str]
Warned = list[Any]


def find(content: dict[str, Any], branch: str) -> tuple[list[Error], list[Warned]]:
    """The errors and the warnings of a content at a branch, each in a stable order."""
    broken = contract.faults(content)
    found = checks.findings(content, checks.others_at(branch, content))
    placed = [(path_of(content, f.spot.part, f.spot.row, f.spot.name), f) for f in found]
    errors = {(path, f.code) for path, f in placed if f.severity == checks.ERROR}
    errors |= {_broken(content, path) for path, _keyword in broken} - {(path, "invalid") for path, _code in errors}
    warnings = [[path, f.code, f.value, f.spot.said] for path, f in placed if f.severity == checks.WARNING]
    return sorted(map(list, errors)), sorted(warnings, key=lambda row: row[:3])


def within_one_branch(case: TransferCase, by: User | None = None) -> list[str]:
    """That a pension does not move within one branch, once another took the place of its origin or its destination."""
    if case.origin.current.pk != case.destination.current.pk:
        return []
    return [_("Origin and destination are one branch now and the file needs no move: return the case.")]


def of_the_address(case: TransferCase) -> list[Error]:
    """What keeps a move from where it is to go: a branch that was closed, or that is one with the origin now."""
    if within_one_branch(case):
        return [["move", "one_branch"]]
    return [] if case.destination.current.is_active else [["move", "destination_closed"]]


def _broken(content: dict[str, Any], path: str) -> tuple[str, str]:
    """What breaks the schema, under the path by which people know the field."""
    if path == "decrees":
        return path, "missing"
    part, _dot, rest = path.partition(".")
    row, _dot, name = rest.partition(".")
    is_row = part in KEYS and row.isdigit()
    return (path_of(content, part, int(row), name) if is_row else path), "invalid"


def of_file(file: PensionFile) -> tuple[list[Error], list[Warned], dict[str, Any]]:
    """What a referral of this file would meet, before there is one; and the content looked at."""
    move = TransferCase(origin=file.branch, destination=file.branch, tracking_number="0" * 13)
    content = snapshot.compose(move, file)
    return *find(content, file.branch_id), content


# --- acknowledged -------------------------------------------------------------------------------------------


def acknowledged(case: TransferCase) -> dict[tuple[str, str, str], Acknowledgement]:
    """What was acknowledged, by path, code and the value that was looked at."""
    return {(row.path, row.code, row.value): row for row in case.acknowledgements.all()}


def open_warnings(case: TransferCase) -> list[Warned]:
    """The warnings that nobody has acknowledged as they are now."""
    held = acknowledged(case) if case.warnings else {}
    return [row for row in case.warnings if tuple(row[:3]) not in held]


def settled_warnings(case: TransferCase) -> list[tuple[Warned, Acknowledgement]]:
    """The warnings that stand, with who acknowledged them."""
    held = acknowledged(case) if case.warnings else {}
    return [(row, held[tuple(row[:3])]) for row in case.warnings if tuple(row[:3]) in held]


# --- in words ----------------------------------------------------------------------------------------------


def sentences(found: Iterable[list[Any]], content: dict[str, Any] | None = None) -> list[str]:
    """For people: which field, what is wrong with it."""
    return [f"{_label(row[0], content)}: {said_of(row[1], row[3] if len(row) > 3 else {})}" for row in found]


def said_of(code: str, said: dict[str, Any]) -> str:
    """A finding's own sentence, its values as a reader sees them."""
    text = SENTENCES.get(code, SENTENCES["invalid"])
    return str(text) % {name: _shown(name, value) for name, value in said.items()}


def _shown(name: str, value: Any) -> Any:
    """Amounts in Rial, days in the calendar of the reader, the rest in digits of the page."""
    column = SHOWN.get(name)
    return shown(field_of(*column), value) if column else persian.fa(value)


SHOWN = {
    "amount": ("decrees", "amount_after"),
    "previous_amount": ("decrees", "amount_after"),
    "sum": ("decrees", "amount_after"),
    "on": ("decrees", "effective_on"),
    "since": ("last_pay_certificate", "suspended_since"),
    "previous_on": ("decrees", "effective_on"),
}


def _label(path: str, content: dict[str, Any] | None) -> str:
    """The field in words: whose or which row it is of, where the content is at hand."""
    section = path.partition(".")[0]
    if content and section in SECTION_NAMES and "." in path:
        label = path_label(content, path)
        return label if label != str(SECTION_NAMES[section]) else label_of(path)
    return label_of(path)
