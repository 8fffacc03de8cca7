"""What differs between two versions of a case's content, in words, for whoever approves or compares (D5)."""

from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from branches.models import Branch
from branches.shown import label, shown
from pension_transfer.lib.persian import listed, to_ascii_digits
from transfers import fields
from transfers.fields import COUNT, EMPTY, Change, Field
from transfers.labels import PARTS, SECTION_NAMES
from transfers.models import TransferCase
from transfers.presentation import ROW_NAMES, field_label, shown_value

MOVE = ("reason", "letter_number", "letter_date", "note")
MOST_TOLD, LONGEST = 50, 120  # changes kept in the trail of a lapse, and characters of each value


@dataclass(frozen=True)
class Line:
    """A field with what it was and what it is; empty where it was nothing, or is nothing now."""

    label: str
    before: Any
    after: Any


@dataclass
class Group:
    """The changes of a section or of one of its rows; `fate` is the word for a row that came or went."""

    title: str
    fate: str = ""
    lines: list[Line] = field(default_factory=list)


def differences(before: dict[str, Any], after: dict[str, Any], hidden: Container[str] = ()) -> list[Group]:
    """Where two contents differ, by section and row; sections that are `hidden` are left out."""
    if not before or not after:
        return []
    found = _of_move(before["move"], after["move"])
    names = row_names(before) | row_names(after)
    by_group: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in changed(before, after):
        if change.field.section not in hidden:
            by_group[change.field.section, change.field.group].append(change)
    groups = (_group(section, names.get(name, ""), held) for (section, name), held in by_group.items())
    return [group for group in [*found, *groups] if group.lines]


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """The fields that differ. How many rows a list has is left out: the rows that came or went say it."""
    return [change for change in fields.changes(before, after) if change.field.name != COUNT]


def number_of(groups: list[Group]) -> int:
    """How many fields these changes are."""
    return sum(len(group.lines) for group in groups)


def number_of_changes(before: dict[str, Any], after: dict[str, Any]) -> int:
    """The same of two contents, without a look at what the changes are called."""
    moved = sum(before["move"][name] != after["move"][name] for name in (*MOVE, "destination"))
    told = [c for c in changed(before, after) if any(held and held.value not in EMPTY for held in (c.before, c.after))]
    return moved + len(told)


def _group(section: str, row: str, changes: list[Change]) -> Group:
    title = listed(filter(None, [str(SECTION_NAMES[section]), row]))
    lines = [Line(field_label(c.field), shown_or_empty(c.before), shown_or_empty(c.after)) for c in changes]
    return Group(title, _fate(row, changes), [line for line in lines if line.before or line.after])


def _fate(row: str, changes: list[Change]) -> str:
    """A line may come to a decree or go from it; a row did so where another of its columns did."""
    of_row = next((change for change in changes if row and change.field.name != fields.LINES), None)
    if of_row and of_row.before is None:
        return _("added")
    return _("removed") if of_row and of_row.after is None else ""


def shown_or_empty(held: Field | None) -> Any:
    return shown_value(held) if held else ""


def row_names(content: dict[str, Any]) -> dict[str, str]:
    """Whose or which row each group of a list is."""
    rows: dict[str, dict[str, Field]] = defaultdict(dict)
    for held in fields.fields_of(content):
        if held.row:
            rows[held.group][held.name] = held
    return {name: _name(row) for name, row in rows.items()}


def _name(row: dict[str, Field]) -> str:
    part = next(iter(row.values())).part
    return " ".join(strip_tags(str(shown_value(row[name]))) for name in ROW_NAMES[part] if row[name].value)


# --- the move itself --------------------------------------------------------------------------------------


def _of_move(before: dict[str, Any], after: dict[str, Any]) -> list[Group]:
    lines = [_moved(name, before[name], after[name]) for name in MOVE if before[name] != after[name]]
    if before["destination"] != after["destination"]:
        lines.insert(0, _redirected(before["destination"], after["destination"]))
    return [Group(str(PARTS["move"]), lines=lines)]


def _moved(name: str, before: Any, after: Any) -> Line:
    column = TransferCase._meta.get_field(name)
    return Line(label(column), shown(column, before), shown(column, after))


def _redirected(before: str, after: str) -> Line:
    known = Branch.objects.in_bulk([before, after])
    name = label(TransferCase._meta.get_field("destination"))
    return Line(name, str(known.get(before, before)), str(known.get(after, after)))


# --- for the trail -------------------------------------------------------------------------------------------


def text_of(held: Field | None) -> str:
    """A field as the trail and the other branch are told: text in Western digits."""
    return to_ascii_digits(strip_tags(str(shown_value(held)))) if held else ""


def as_told(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """`changed`: how many fields differ; `changes`: the first of them, each with path, before and after as text."""
    found = changed(before, after)
    told = [
        {"path": c.field.path, "before": text_of(c.before)[:LONGEST], "after": text_of(c.after)[:LONGEST]}
        for c in found[:MOST_TOLD]
    ]
    return {"changed": len(found), "changes": told}


def in_words(content: dict[str, Any]) -> dict[str, str]:
    """Each path of a content in words: section, whose row, field. One pass, for pages that name many."""
    names = row_names(content)
    return {held.path: _words(held, names.get(held.group, "")) for held in fields.fields_of(content)}


def _words(held: Field, row: str) -> str:
    return listed(filter(None, [str(SECTION_NAMES[held.section]), row, field_label(held)]))


def words_of_missing(path: str) -> str:
    """A path that the content no longer has: its section, and the key of its row."""
    section, _dot, rest = path.partition(".")
    return listed(filter(None, [str(SECTION_NAMES.get(section, section)), rest.rpartition(".")[0]]))
