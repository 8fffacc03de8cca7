"""Sealed content as people read it: sections of facts, decrees and rows, in the reader's script.

The content is the dict of transfers.snapshot; names and formats of its fields come from the models.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.shown import WIDE, Fact, shown
from branches.shown import label as label_of_column
from pension_transfer.lib.calendar import add_months
from pension_transfer.lib.persian import to_ascii_digits
from pension_transfer.lib.templatetags import persian
from transfers import snapshot
from transfers.inputs import SECTION_NAMES
from transfers.labels import field_of
from transfers.models import Tick, TransferCase
from transfers.states import Side, State

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
    tick: Tick | None = None
    is_hidden: bool = False
    is_compared: bool = False  # whether a tick, or its absence, says something

    @property
    def anchor(self) -> str:
        return f"section-{self.name}"

    @property
    def tick_id(self) -> str:
        return f"tick-{self.name}"

    @property
    def selector(self) -> str:
        return f"#{self.anchor}"

    @property
    def is_ticked(self) -> bool | None:
        return (self.tick is not None) if self.is_compared else None

    @property
    def ticked_by(self) -> str:
        return _("compared by %(name)s") % {"name": self.tick.by} if self.tick else ""

    @property
    def is_empty(self) -> bool:
        return not (self.facts or self.groups or self.decrees or self.rows)

    @property
    def field_labels(self) -> list[str]:
        """The names of this section's fields, to choose from when one of them differs."""
        return list(dict.fromkeys(_labels_of(self.name)))


def sections(case: TransferCase) -> list[Section]:
    """Every section of the case's content, with the ticks that still hold."""
    found = sections_of(case.content)
    ticks = {(tick.section, tick.section_hash): tick for tick in case.ticks.all()}
    hashes = snapshot.section_hashes(case.content) if found else {}
    for section in found:
        section.tick = ticks.get((section.name, hashes[section.name]))
        section.is_compared = bool(ticks) or (case.side, case.state) in COMPARING
        section.is_hidden = section.name == "decrees" and not _may_show_decrees(case)
    return found


def sections_of(content: dict[str, Any]) -> list[Section]:
    """Every section of a content; none before the first draft."""
    found = [Section(name, str(SECTION_NAMES[name])) for name in snapshot.SECTIONS] if content else []
    for section in found:
        FILL[section.name](section, content)
    return found


COMPARING = {(Side.ORIGIN, State.DRAFT), (Side.DESTINATION, State.RECEIVED)}


def _may_show_decrees(case: TransferCase) -> bool:
    """At the destination they are shown by a step of their own (directive, part 2)."""
    return case.side == Side.ORIGIN or case.decrees_shown_at is not None


# --- fields -----------------------------------------------------------------------------------------


def value_of(part: str, name: str, value: Any) -> Any:
    """A value of the content as a reader sees it."""
    return shown(field_of(part, name), value)


def value_sent(content: dict[str, Any], section: str, name: str) -> str:
    """What was sent under a field named by its code or its label; empty where a list has several such."""
    for part in snapshot.SECTIONS.get(section, ()):
        values = content.get(part) or {}
        rows = [values] if isinstance(values, dict) else values
        code = next((code for code in PARTS[part] if name in (code, label(part, code))), "")
        if code and len(rows) == 1:
            return to_ascii_digits(strip_tags(str(value_of(part, code, rows[0][code]))))
    return ""


def field_label(section: str, name: str) -> str:
    """A field's label where the API named it by its code; what a person typed stays as it is."""
    parts = snapshot.SECTIONS.get(section, ())
    return next((label(part, name) for part in parts if name in PARTS[part]), name)


def label(part: str, name: str) -> str:
    return label_of_column(field_of(part, name))


def _facts(part: str, values: dict[str, Any], leave_out: Iterable[str] = ()) -> list[Fact]:
    names = [name for name in PARTS[part] if name not in leave_out]
    return [Fact(label(part, name), value_of(part, name, values[name]), name in WIDE) for name in names]


def _labels_of(section: str) -> Iterable[str]:
    for part in snapshot.SECTIONS[section]:
        for name in PARTS[part]:
            yield label(part, name)


PARTS: dict[str, tuple[str, ...]] = {
    "file": snapshot.FILE,
    "principal": snapshot.PRINCIPAL,
    "contact": snapshot.CONTACT,
    "dependents": snapshot.DEPENDENT,
    "decrees": snapshot.DECREE,
    "deductions": snapshot.DEDUCTION,
    "last_pay_certificate": ("last_paid_month",),
}


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
    title = f"{row['first_name']} {row['last_name']}، {relationship}"
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
    names = snapshot.DEDUCTION
    section.heads = [label("deductions", name) for name in names]
    values = [[value_of("deductions", name, row[name]) for name in names] for row in content["deductions"]]
    section.rows = [list(zip(section.heads, row, strict=True)) for row in values]


def _last_pay(section: Section, content: dict[str, Any]) -> None:
    month = content["last_pay_certificate"]["last_paid_month"]
    section.facts = _facts("last_pay_certificate", content["last_pay_certificate"])
    if month:
        section.facts.append(Fact(str(FIRST_MONTH), persian.jalali_month(add_months(month, 1))))


FILL = {
    "principal": _principal,
    "contact": _contact,
    "dependents": _dependents,
    "decrees": _decrees,
    "deductions": _deductions,
    "last_pay_certificate": _last_pay,
}
