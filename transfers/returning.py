"""A pensioner who comes back: the file that this branch held before, and what registering makes of it (A-B-A)."""

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from branches import checks
from branches.models import PensionFile
from pension_transfer.lib.persian import listed
from pension_transfer.lib.templatetags.persian import fa
from transfers import presentation, snapshot
from transfers.fields import Change, changes, fields_of
from transfers.labels import SECTION_NAMES
from transfers.models import TransferCase
from transfers.states import Side, State

BEFORE_REGISTRATION = (State.RECEIVED, State.VERIFIED)


@dataclass(frozen=True)
class Line:
    """One field: what the old record holds, and what was received."""

    label: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Group:
    """The differences of one section or row."""

    title: str
    lines: list[Line]


@dataclass(frozen=True)
class Returning:
    """What is known of the pension here from before; `file` is None when only another file shares the principal."""

    file: PensionFile | None
    groups: list[Group] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    voided: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def has_decrees(self) -> bool:
        """Whether the decrees may be told already."""
        return bool(self.kept or self.voided or self.added)

    @property
    def kept_text(self) -> str:
        return _listed(self.kept)

    @property
    def voided_text(self) -> str:
        return _listed(self.voided)

    @property
    def added_text(self) -> str:
        return _listed(self.added)

    @property
    def others_text(self) -> str:
        return _listed(self.others)


def _listed(numbers: list[str]) -> str:
    return fa(listed(numbers)) or _("none")


def of_case(case: TransferCase) -> Returning | None:
    """None where nothing was here before, and once the content is registered."""
    if case.side != Side.DESTINATION or case.state not in BEFORE_REGISTRATION or not case.content:
        return None
    others = [row["pension_number"] for row in _same_principal(case)]
    file = PensionFile.objects.filter(branch=case.branch_id, pension_number=case.pension_number).first()
    if file is None:
        return Returning(None, others=others) if others else None
    return _compared(file, case.content, others, case.may_show_decrees)


def _same_principal(case: TransferCase) -> list[dict[str, Any]]:
    code = case.content["principal"]["national_code"]
    return [row for row in checks.others_at(case.branch_id, case.content) if row["national_code"] == code]


def _compared(file: PensionFile, content: dict[str, Any], others: list[str], with_decrees: bool) -> Returning:
    """The decrees that come are told only once they were shown (directive, part 2)."""
    old = snapshot.read_file(file)
    old["file"]["status"] = content["file"]["status"]  # that of a file which has moved says nothing here
    found = [change for change in changes(old, content) if with_decrees or change.field.section != "decrees"]
    decrees = _decrees(old["decrees"], content["decrees"]) if with_decrees else {}
    return Returning(file, _groups(found, old, content), others=others, **decrees)


def _decrees(held: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The numbers of those that stay as they are, become void, and are written anew."""
    kept = snapshot.kept_decrees(held, wanted)
    numbers, coming = [row["number"] for row in held], [row["number"] for row in wanted]
    return {
        "kept": [number for number in numbers if number in kept],
        "voided": [number for number in numbers if number not in kept],
        "added": [number for number in coming if number not in kept],
    }


def _groups(found: list[Change], old: dict[str, Any], content: dict[str, Any]) -> list[Group]:
    """Field by field where both have the row; one that only one of them has is told as a whole."""
    groups, in_both = [], {f.group for f in fields_of(old)} & {f.group for f in fields_of(content)}
    for key, of_group in groupby(sorted(found, key=_order), key=lambda change: change.field.group):
        rows = list(of_group)
        title = _title(rows[0], old, content)
        lines = [_line(change) for change in rows] if key in in_both else [_whole(rows[0])]
        groups.append(Group(title, lines))
    return groups


def _order(change: Change) -> tuple[int, str]:
    return list(SECTION_NAMES).index(change.field.section), change.field.group


def _title(change: Change, old: dict[str, Any], content: dict[str, Any]) -> str:
    holder = content if change.after else old
    row = presentation.row_label(holder, change.field)
    return listed(filter(None, [str(SECTION_NAMES[change.field.section]), row]))


def _line(change: Change) -> Line:
    name = presentation.field_label(change.field)
    return Line(name, *(presentation.shown_value(side) if side else "" for side in (change.before, change.after)))


def _whole(change: Change) -> Line:
    """A row that came or went, by its presence."""
    return Line(_("The whole row"), _("recorded") if change.before else "", _("recorded") if change.after else "")
