"""The comparison as people work through it: every field a row, by section, by person and by decree.

A row is put into words only when it is printed; the order is that of reading, decrees newest first.
"""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from branches.models import User
from pension_transfer.lib.persian import listed
from pension_transfer.lib.templatetags.persian import fa, jalali_time
from transfers import comparison, presentation
from transfers.fields import LINES, Field
from transfers.labels import SECTION_NAMES
from transfers.models import Discrepancy, Mark, Severity, TransferCase, Verdict
from transfers.states import Side

# On a decree the sum stands under its lines, and the text last.
UNDER_THE_LINES = ("amount_before", "amount_after", "description")
WIDE = frozenset({"address", "description", "arrears_note", "overpaid_note", "suspension_reason", LINES})


class Judged:
    """What a verdict says of a row."""

    verdict: str

    @property
    def is_match(self) -> bool:
        return self.verdict == Verdict.MATCH

    @property
    def is_differing(self) -> bool:
        return self.verdict == Verdict.DIFFERS

    @property
    def is_absent(self) -> bool:
        return self.verdict == Verdict.NOT_IN_PAPER

    @property
    def is_said(self) -> bool:
        """Whether something stands beside the verdict."""
        return self.is_differing or self.is_absent

    @property
    def verdict_shown(self) -> Any:
        return Verdict(self.verdict).label if self.verdict else ""


@dataclass
class Kind(Judged):
    """What rows of one verdict share."""

    verdict: str
    is_open_to: bool


@dataclass
class Row(Judged):
    """One field: its value, how it was judged, and what was said of it before."""

    number: int
    field: Field
    mark: Mark | None
    lapsed: Mark | None  # its value has changed since
    earlier: list[Discrepancy]
    is_open_to: bool = False  # whether this person may judge it
    form: Any = None  # of the difference that is being written down
    refusal: Any = None

    @property
    def anchor(self) -> str:
        return f"f{self.number}"

    @property
    def label(self) -> str:
        return presentation.field_label(self.field)

    @property
    def value(self) -> Any:
        return presentation.shown_value(self.field)

    @property
    def value_before(self) -> Any:
        """The value that was judged, where it has changed since."""
        assert self.lapsed is not None  # noqa: S101 - asked only then
        return presentation.shown_value(replace(self.field, value=json.loads(self.lapsed.value)))

    @property
    def seen(self) -> str:
        """Which mark this row shows, as JudgeForm takes it."""
        return comparison.spelt(self.mark.at) if self.mark else ""

    @property
    def press(self) -> str:
        """What a button of this row carries: the mark it shows and the path."""
        return f"{self.seen}|{self.field.path}"

    @property
    def verdict(self) -> str:  # type: ignore[override]
        return self.mark.verdict if self.mark else ""

    @property
    def is_remarked(self) -> bool:
        """Whether its line has more to say than the verdict."""
        return bool(self.is_said or self.lapsed or self.earlier or self.form or self.refusal)

    @property
    def is_to_be_corrected(self) -> bool:
        return bool(self.mark and self.mark.severity == Severity.MUST_BE_CORRECTED)

    @property
    def signed(self) -> str:
        """Who judged it and when."""
        return signature(self.mark.by, self.mark.at) if self.mark else ""

    @property
    def look(self) -> str:
        """The classes of its line."""
        kind = "to-be-corrected" if self.is_to_be_corrected else self.verdict or "open"
        return f"is-{kind}{' is-wide' if self.field.name in WIDE else ''}"

    @property
    def outcome(self) -> str:
        """Its judgement as a screen reader should say it."""
        return f"{self.label}: {self.verdict_shown or _('Not yet judged')}"


@lru_cache(maxsize=1024)
def _moment(at: dt.datetime, language: str) -> str:
    """Hundreds of fields are judged with one press."""
    return jalali_time(at)


def signature(by: User, at: dt.datetime) -> str:
    return listed([by, _moment(at, get_language() or "")])


@dataclass
class Group:
    """The rows of one person, one decree or one deduction; of a section without such, all."""

    path: str
    title: str
    rows: list[Row]
    is_row: bool
    lines: Any = ""  # the rows as HTML


@dataclass
class Part:
    """A section of the list with how far it has come."""

    name: str
    title: str
    rows: list[Row]
    groups: list[Group] = field(default_factory=list)
    is_hidden: bool = False

    @property
    def anchor(self) -> str:
        return f"section-{self.name}"

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def judged(self) -> int:
        return self.total - len(self.open_rows)

    @property
    def open_rows(self) -> list[Row]:
        return [row for row in self.rows if not row.mark]

    @property
    def target(self) -> str:
        """Where its next work is: its first open field."""
        return "" if self.is_hidden else next((f"#{row.anchor}" for row in self.open_rows), f"#{self.anchor}")


@dataclass(frozen=True)
class Left:
    """Something that has to be done before the step's button opens, with the field where it is done."""

    text: str
    anchor: str


class Checklist:
    """Everything that is compared in one case."""

    def __init__(self, case: TransferCase, is_open_to: bool = False):
        self.case, self.is_open_to = case, is_open_to

    @cached_property
    def rows(self) -> list[Row]:
        held = comparison.held_marks(self.case)
        marks = {mark.path: mark for mark in self.case.marks.all()}
        earlier = self._earlier()
        may = self.is_open_to
        return [
            Row(
                number, field, held.get(field.path), _lapsed(field, marks, held), earlier.get(field.path, []),
                may and (field.section != "decrees" or self.case.may_show_decrees),
            )
            for number, field in enumerate(in_order(self.case), 1)
        ]  # fmt: skip

    def _earlier(self) -> dict[str, list[Discrepancy]]:
        found = defaultdict(list)
        for row in self.case.discrepancies.all():
            if row.version < self.case.version:
                found[row.path].append(row)
        return found

    @cached_property
    def parts(self) -> list[Part]:
        """The sections, each with its groups."""
        found = {name: Part(name, str(SECTION_NAMES[name]), []) for name in self._names()}
        for row in self.rows:
            found[row.field.section].rows.append(row)
        for part in found.values():
            part.is_hidden = part.name == "decrees" and not self.case.may_show_decrees
            part.groups = [] if part.is_hidden else list(_groups(part.rows))
        return list(found.values())

    def _names(self) -> list[str]:
        return list(dict.fromkeys(row.field.section for row in self.rows))

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def judged(self) -> int:
        return sum(bool(row.mark) for row in self.rows)

    @property
    def left(self) -> int:
        return self.total - self.judged

    def at(self, path: str) -> Row | None:
        return next((row for row in self.rows if row.field.path == path), None)

    def under(self, path: str) -> list[Row]:
        """The row of a path; or those of a group or section."""
        exactly = [row for row in self.rows if row.field.path == path]
        return exactly or [row for row in self.rows if path in (row.field.group, row.field.section)]

    def next_open(self, after: int = 0) -> Row | None:
        """The next open field, from the beginning again behind the last."""
        rows = [row for row in self.rows if not row.mark and row.is_open_to]
        return next((row for row in rows if row.number > after), rows[0] if rows else None)

    @property
    def stamp(self) -> str:
        """Changes whenever anybody judges, or the content does."""
        marks = self.case.marks.all()
        latest = max((comparison.spelt(mark.at) for mark in marks), default="")
        return f"{self.case.content_hash[:12]}|{self.case.trail_length}|{len(marks)}|{latest}"

    def lefts(self) -> list[Left]:
        """What is missing, section by section, and what must be corrected, each leading to its field."""
        found = []
        for part in self.parts:
            if rows := part.open_rows:
                anchor = part.anchor if part.is_hidden else rows[0].anchor
                found.append(
                    Left(_("%(section)s: %(count)s open") % {"section": part.title, "count": fa(len(rows))}, anchor)
                )
        wrong = [row for row in self.rows if row.is_to_be_corrected]
        return found + [
            Left(_("Must be corrected: %(field)s") % {"field": self.named(row)}, row.anchor) for row in wrong
        ]

    @cached_property
    def _titles(self) -> dict[str, str]:
        return {group.path: group.title for group in _groups(self.rows)}

    def named(self, row: Row) -> str:
        """A row in words, where it stands alone: section, whose or which, field."""
        section = str(SECTION_NAMES[row.field.section])
        return listed(filter(None, [section, self._titles[row.field.group], row.label]))


def _lapsed(field: Field, marks: dict[str, Mark], held: dict[str, Mark]) -> Mark | None:
    return marks.get(field.path) if field.path not in held else None


def _groups(rows: list[Row]) -> Iterator[Group]:
    """The rows of a section under the row of the list that each belongs to."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.field.group, []).append(row)
    for path, held in found.items():
        yield Group(path, presentation.title_of([row.field for row in held]), held, bool(held[0].field.row))


def in_order(case: TransferCase) -> list[Field]:
    """The fields as they are read beside the paper: at the destination the decrees first, the newest first."""
    sections: dict[str, dict[str, list[Field]]] = {}
    for one in comparison.fields_in(case):
        sections.setdefault(one.section, {}).setdefault(one.group, []).append(one)
    names = sorted(sections, key=lambda name: case.side == Side.DESTINATION and name != "decrees")
    return [one for name in names for group in _in_order(name, sections[name]) for one in group]


def _in_order(section: str, groups: dict[str, list[Field]]) -> list[list[Field]]:
    if section != "decrees":
        return list(groups.values())
    whole, *decrees = groups.values()  # the number of rows comes first
    return [whole, *(sorted(decree, key=lambda one: one.name in UNDER_THE_LINES) for decree in reversed(decrees))]
