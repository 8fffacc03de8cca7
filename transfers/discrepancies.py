"""What has to be corrected at the origin: each discrepancy, whether it was mended meanwhile, and where it is mended."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _

from branches.sections import SECTIONS
from central.contract import canonical
from pension_transfer.lib.templatetags.persian import fa
from transfers import fields, snapshot, versions
from transfers.comparison import differing
from transfers.fields import Field
from transfers.models import Discrepancy, Mark, Severity, TransferCase
from transfers.states import Side, State

BEFORE_THE_SEAL = frozenset({State.RETURNED, State.REFERRAL, State.DRAFT, State.TECHNICALLY_APPROVED})
# The part of the file in which a list's rows are corrected, and the columns by which a row is known again.
LISTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "dependents": ("dependent", snapshot.DEPENDENT),
    "decrees": ("decree", ("number",)),
    "deductions": ("deduction", snapshot.DEDUCTION),
}
Place = tuple[str, int | None, str]  # section of branches.sections, row, column


@dataclass(frozen=True)
class ToCorrect:
    """One discrepancy as the origin reads it; `now` is what its file says today."""

    finding: Discrepancy | Mark
    label: str
    sent: str
    now: str
    is_corrected: bool
    by: str

    @property
    def is_must(self) -> bool:
        return self.finding.severity == Severity.MUST_BE_CORRECTED

    @property
    def remark(self) -> str:
        """The sentence that stands beside the field in the form of correction."""
        paper = fa(self.finding.paper_value) or self.finding.get_code_display()
        values = {"value": paper, "by": self.by}
        if isinstance(self.finding, Discrepancy):
            said = _("In the destination's paper file: %(value)s (%(by)s).") % values
        else:
            said = _("In the paper file: %(value)s (%(by)s).") % values
        return f"{said} {fa(self.finding.note)}".strip()


class OfCase:
    """The discrepancies of an origin's case before the seal: those that came back, and the own officer's marks."""

    def __init__(self, case: TransferCase):
        self.case = case
        self._held: dict[str, dict[str, int]] = {}

    @property
    def is_asked(self) -> bool:
        """Whether this is the place and the time to correct."""
        return self.case.side == Side.ORIGIN and self.case.is_open and self.case.state in BEFORE_THE_SEAL

    @cached_property
    def returned(self) -> list[ToCorrect]:
        """What came back with the last version that was returned."""
        rows = list(self.case.discrepancies.all()) if self.is_asked else []
        last = max((row.version for row in rows), default=0)
        return self._read((row for row in rows if row.version == last), self.case.content_of(last))

    @cached_property
    def marked(self) -> list[ToCorrect]:
        """What the own technical officer found and the file still says."""
        is_drawn_up = self.is_asked and self.case.state in {State.REFERRAL, State.DRAFT}
        found = self._read(differing(self.case), self.case.content) if is_drawn_up else []
        return [one for one in found if not one.is_corrected]

    @property
    def all_open(self) -> list[ToCorrect]:
        """Everything said of a field that still is as it was found."""
        return [one for one in (*self.returned, *self.marked) if not one.is_corrected]

    @property
    def left(self) -> list[ToCorrect]:
        """What must be corrected and still stands in the file as it was sent."""
        return [one for one in self.returned if one.is_must and not one.is_corrected]

    # --- reading

    @cached_property
    def _read_file(self) -> dict[str, Any]:
        """The file as it is now; an assembled draft follows every correction, so it says the same."""
        if self.case.is_assembled and self.case.state != State.RETURNED:
            return self.case.content
        prefetch_related_objects([self.case.file], "dependents", "deductions")
        return snapshot.read_file(self.case.file)

    @cached_property
    def _now(self) -> dict[str, Field]:
        return fields.by_path(self._read_file)

    def _read(self, findings: Iterable[Discrepancy | Mark], content: dict[str, Any]) -> list[ToCorrect]:
        rows = sorted(findings, key=lambda row: row.pk)
        if not rows:
            return []
        words, sent = versions.in_words(content), fields.by_path(content)
        return [self._one(row, words, sent.get(row.path)) for row in rows]

    def _one(self, row: Discrepancy | Mark, words: dict[str, str], sent: Field | None) -> ToCorrect:
        now = self._now.get(row.path)
        return ToCorrect(
            finding=row,
            label=words.get(row.path) or versions.words_of_missing(row.path),
            sent=versions.text_of(sent),
            now=versions.text_of(now),
            is_corrected=_text(sent) != _text(now),
            by=row.by_name if isinstance(row, Discrepancy) else str(row.by),
        )

    # --- where a field is corrected

    def url(self, one: ToCorrect) -> str:
        """The field in the form that corrects it; a list's own place where rows are to be added or taken out."""
        place, file = self.place(one), self.case.file.pk
        if place is None:
            return reverse("file", args=[file])
        section, row, column = place
        if column == fields.COUNT:
            return f"{reverse('file', args=[file])}#{section}"
        where = reverse("file_correct", args=[file, section] + ([row] if row else []))
        return f"{where}?field={column}"

    def place(self, one: ToCorrect) -> Place | None:
        """Where it is corrected; None for what never is, or is gone."""
        field = self._now.get(one.finding.path)
        if field is None:
            return None
        if field.part in LISTS:
            return LISTS[field.part][0], self._row(field), field.name
        found = (
            name for name in ("principal", "pension", "certificate", "contact") if field.name in SECTIONS[name].fields
        )
        section = next(found, "")
        return (section, None, field.name) if section else None

    def _row(self, field: Field) -> int | None:
        values = dict(fields.rows_of(self._read_file, field.part)).get(field.row)
        return self._rows(field.part).get(_key(field.part, values)) if values else None

    def _rows(self, part: str) -> dict[str, int]:
        """The rows of a list by what they hold; read once."""
        if part not in self._held:
            held = getattr(self.case.file, part)
            rows = held.filter(is_valid=True) if part == "decrees" else held.all()
            self._held[part] = {_key(part, snapshot.values_of(row, LISTS[part][1])): row.pk for row in rows}
        return self._held[part]


def _key(part: str, values: dict[str, Any]) -> str:
    key: bytes = canonical({name: values[name] for name in LISTS[part][1]})
    return key.decode()


def _text(field: Field | None) -> str | None:
    return field.text if field else None
