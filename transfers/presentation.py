"""Sealed content as people read it: sections of facts, decrees and rows, in the reader's script.

The content is the dict of transfers.snapshot; names and formats of its fields come from the models.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import DeductionKind
from branches.shown import WIDE, Fact, shown
from branches.shown import label as label_of_column
from pension_transfer.lib.months import Month
from pension_transfer.lib.persian import listed, to_ascii_digits
from pension_transfer.lib.templatetags import persian
from transfers import comparison, snapshot
from transfers.fields import COUNT, LINES, PARTS, Field, by_path, fields_of
from transfers.labels import SECTION_NAMES, field_of
from transfers.models import TransferCase
from transfers.states import Side, State

OWED = frozenset({DeductionKind.LOAN, DeductionKind.DEBT, DeductionKind.ATTACHMENT})
FIRST_MONTH = gettext_lazy("first month payable at destination")


@dataclass(frozen=True)
class Group:
    """One person of a list, with what is known of this person."""

    title: str
    facts: list[Fact]


@dataclass(frozen=True)
class DecreeSheet:
    """A decree and its lines; amounts are Rial."""

    number: str
    kind: str
    effective_on: str
    amount: int
    facts: list[Fact]
    lines: list[dict[str, Any]]

    @property
    def caption(self) -> str:
        """Tells the tables of two decrees of one kind apart."""
        return f"{self.kind} {persian.fa(self.number)}"

    @property
    def total(self) -> int:
        return sum(line["amount"] for line in self.lines)


@dataclass
class Section:
    """A part of the content that is compared with the paper file as one."""

    name: str
    title: str
    facts: list[Fact] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    decrees: list[DecreeSheet] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    rows: list[list[tuple[str, Any]]] = field(default_factory=list)  # each cell under the name of its column
    judged: int = 0
    fields: int = 0
    is_hidden: bool = False
    is_compared: bool = False  # whether a comparison, or its absence, says something
    url: str = ""  # where it is compared

    @property
    def anchor(self) -> str:
        return f"section-{self.name}"

    @property
    def is_ticked(self) -> bool | None:
        return self.judged == self.fields if self.is_compared else None

    @property
    def counted(self) -> str:
        """How many of its fields are judged."""
        return _("%(judged)s of %(fields)s judged") % {
            "judged": persian.fa(self.judged),
            "fields": persian.fa(self.fields),
        }

    @property
    def is_empty(self) -> bool:
        return not (self.facts or self.groups or self.decrees or self.rows)


def sections(case: TransferCase) -> list[Section]:
    """Every section of the case's content, with how far its comparison has come."""
    found, fields = sections_of(case.content), comparison.fields_in(case)
    held = comparison.held_marks(case)
    for section in found:
        paths = [field.path for field in fields if field.section == section.name]
        section.fields, section.judged = len(paths), sum(path in held for path in paths)
        section.is_compared = bool(held) or (case.side, case.state) in COMPARING
        section.is_hidden = section.name == "decrees" and not case.may_show_decrees
    return found


def sections_of(content: dict[str, Any]) -> list[Section]:
    """Every section of a content; none before the first draft."""
    found = [Section(name, str(SECTION_NAMES[name])) for name in snapshot.SECTIONS] if content else []
    for section in found:
        FILL[section.name](section, content)
    return found


COMPARING = {(Side.ORIGIN, State.DRAFT), (Side.DESTINATION, State.RECEIVED)}


# --- fields -----------------------------------------------------------------------------------------


def value_of(part: str, name: str, value: Any) -> Any:
    """A value of the content as a reader sees it."""
    return shown(field_of(part, name), value)


def shown_value(field: Field) -> Any:
    """A field's value as a reader sees it."""
    if field.name == COUNT:
        return persian.fa(field.value)
    if field.name == LINES:
        group = value_of(LINES, "group", field.value["group"])
        return f"{persian.fa(field.value['title'])} ({group}): {persian.rial(field.value['amount'])}"
    if field.name == "birth_date" and isinstance(field.value, int):
        return value_of(field.part, "birth_year", field.value)
    return value_of(field.part, field.name, field.value)


def value_at(content: dict[str, Any], path: str) -> str:
    """What stands at a path, as text in Western digits; empty where nothing does."""
    found = by_path(content).get(path)
    return to_ascii_digits(strip_tags(str(shown_value(found)))) if found else ""


def field_label(field: Field) -> str:
    """A field's own name."""
    if field.name == COUNT:
        return _("Number of rows")
    return (
        _("Row %(row)s") % {"row": persian.fa(field.value["order"])}
        if field.name == LINES
        else label(field.part, field.name)
    )


def path_label(content: dict[str, Any], path: str) -> str:
    """A path in words: section, whose row, field. A path that the content no longer has is named by its section."""
    field = by_path(content).get(path)
    section = str(SECTION_NAMES.get(path.partition(".")[0], path))
    if field is None:
        return section
    return listed(filter(None, [section, row_label(content, field), field_label(field)]))


def about(content: dict[str, Any], path: str) -> str:
    """What a question is about: a field, or the whole case."""
    return path_label(content, path) if path else _("The whole case")


def path_labels(content: dict[str, Any]) -> dict[str, str]:
    """Every path of a content in words, in the order of reading."""
    fields = fields_of(content)
    rows: dict[str, list[Field]] = {}
    for one in fields:
        rows.setdefault(one.group, []).append(one)
    titles = {group: title_of(held) for group, held in rows.items()}
    return {f.path: _in_words(f.path, titles[f.group] if f.row else "", field_label(f)) for f in fields}


def bare_label(path: str) -> str:
    """A path in words where its content is not at hand: section, the row's key, field."""
    section, _dot, rest = path.partition(".")
    row, _dot, name = rest.rpartition(".")
    if row.endswith(f".{LINES}"):
        row, name = row.removesuffix(f".{LINES}"), _("Row %(row)s") % {"row": name}
    parts = [part for part in snapshot.SECTIONS.get(section, ()) if name in PARTS[part]]
    own = label(parts[0], name) if parts else _("Number of rows") if name == COUNT else name
    return _in_words(path, row, own)


def _in_words(path: str, row: str, own: str) -> str:
    section = path.partition(".")[0]
    return listed(filter(None, [str(SECTION_NAMES.get(section, section)), row, own]))


def row_label(content: dict[str, Any], field: Field) -> str:
    """Whose or which row a field of a list belongs to."""
    if not field.row:
        return ""
    return title_of([other for other in fields_of(content) if other.group == field.group])


def title_of(fields: Iterable[Field]) -> str:
    """The row that these fields are, by its names; empty where they are not a row's."""
    held = {field.name: field for field in fields}
    names = next((ROW_NAMES[field.part] for field in held.values() if field.row), ())
    return " ".join(strip_tags(str(shown_value(held[name]))) for name in names if held[name].value)


ROW_NAMES = {
    "dependents": ("first_name", "last_name"),
    "decrees": ("kind", "number"),
    "deductions": ("kind", "creditor"),
}


def label(part: str, name: str) -> str:
    return label_of_column(field_of(part, name))


def _facts(part: str, values: dict[str, Any], leave_out: Iterable[str] = ()) -> list[Fact]:
    names = [name for name in PARTS[part] if name in values and name not in leave_out]
    return [Fact(label(part, name), value_of(part, name, values[name]), name in WIDE) for name in names]


# --- sections ---------------------------------------------------------------------------------------


def _principal(section: Section, content: dict[str, Any]) -> None:
    person = content["principal"]
    known = {"birth_year"} if person["birth_date"] else {"birth_date"}
    section.facts = _facts("principal", person, known) + _facts("file", content["file"])


def _contact(section: Section, content: dict[str, Any]) -> None:
    section.facts = _facts("contact", content["contact"])


def _dependents(section: Section, content: dict[str, Any]) -> None:
    section.groups = [_dependent(row) for row in content["dependents"]]


def _dependent(row: dict[str, Any]) -> Group:
    relationship = value_of("dependents", "relationship", row["relationship"])
    title = listed([f"{row['first_name']} {row['last_name']}", relationship])
    known = {"birth_year"} if row["birth_date"] else {"birth_date"}
    return Group(title, _facts("dependents", row, {"first_name", "last_name", "relationship"} | known))


def _decrees(section: Section, content: dict[str, Any]) -> None:
    section.decrees = [_decree(row) for row in content["decrees"]][::-1]


def _decree(row: dict[str, Any]) -> DecreeSheet:
    lines = [
        line | {"group": value_of("lines", "group", line["group"]), "title": persian.fa(line["title"])}
        for line in row["lines"]
    ]
    return DecreeSheet(
        number=row["number"],
        kind=value_of("decrees", "kind", row["kind"]),
        effective_on=value_of("decrees", "effective_on", row["effective_on"]),
        amount=row["amount_after"],
        facts=[
            *_facts("decrees", row),
            Fact(_("Pension after increase, in words"), persian.words(row["amount_after"]), True),
        ],
        lines=lines,
    )


def _deductions(section: Section, content: dict[str, Any]) -> None:
    _list_deductions(section, content["deductions"])


def _list_deductions(section: Section, rows: list[dict[str, Any]]) -> None:
    names = snapshot.DEDUCTION
    section.heads = [label("deductions", name) for name in names]
    values = [[value_of("deductions", name, row[name]) for name in names] for row in rows]
    section.rows = [list(zip(section.heads, row, strict=True)) for row in values]


def _last_pay(section: Section, content: dict[str, Any]) -> None:
    """The certificate whole: also what is still to be deducted, though it is compared among the deductions."""
    month = content["last_pay_certificate"]["last_paid_month"]
    section.facts = _facts("last_pay_certificate", content["last_pay_certificate"])
    if month:
        section.facts.insert(1, Fact(str(FIRST_MONTH), persian.jalali_month(Month(month) + 1)))
    _list_deductions(section, [row for row in content["deductions"] if row["kind"] in OWED])


FILL = {
    "principal": _principal,
    "contact": _contact,
    "dependents": _dependents,
    "decrees": _decrees,
    "deductions": _deductions,
    "last_pay_certificate": _last_pay,
}
