"""What the page of the comparison shows to one person, whole or in pieces."""

import uuid
from functools import cached_property
from typing import Any

from django.forms.utils import ErrorDict
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe

from branches.roles import Action
from pension_transfer.lib.errors import Refusal
from transfers import here
from transfers.checklist import Checklist, Part, Row
from transfers.fields import COUNT
from transfers.inputs.comparison import JudgeForm
from transfers.models import Code, Verdict
from transfers.views.case_page import CasePage
from transfers.views.lines import line

OPEN = "open"  # ?only=open: the fields not yet judged
SAID = ("paper_value", "code", "severity", "note")


class ComparisonPage(CasePage):
    """Everything the templates of the comparison print."""

    @property
    def panel(self) -> here.Here:
        return here.of_step(self.case.side, Action.JUDGE)

    @cached_property
    def checklist(self) -> Checklist:
        """The rows, one of them perhaps with its form open."""
        found = Checklist(self.case, self.may_judge)
        if self.rejected and self.rejected.action == Action.JUDGE:
            self._reject(found)
        elif self.preset:
            self._open(found, self.preset.get("field", ""), self.preset.get("verdict", ""))
        return found

    def _open(self, rows: Checklist, path: str, verdict: str) -> None:
        row = rows.at(path)
        if row and row.is_open_to:
            row.form = self.form_of(row, verdict).focus()

    def _reject(self, rows: Checklist) -> None:
        """What was refused comes back in its row, with everything typed."""
        assert self.rejected is not None  # noqa: S101 - asked only then
        data, refusal = self.rejected.data, self.rejected.refusal
        row = rows.at(data.get("path", ""))
        if row is None:
            return
        row.refusal = refusal
        if row.is_open_to and data.get("verdict") in FORMS:
            row.form = WrittenForm(data, case=self.case)
            row.form.add_refusals(refusal)
            row.form.focus()

    def form_of(self, row: Row | None, verdict: str) -> "WrittenForm":
        """The form of a difference, with what is said of the field already."""
        usual = Code.MISSING_IN_DATA if row and row.field.name == COUNT else Code.DIFFERENT_VALUE
        said = {name: getattr(row.mark, name) for name in SAID} if row and row.mark else {"code": usual}
        wanted = verdict if verdict in FORMS else row.verdict if row and row.verdict in FORMS else Verdict.DIFFERS
        return WrittenForm(case=self.case, initial=said | {"verdict": wanted})

    @property
    def forms(self) -> list["WrittenForm"]:
        """The two empty forms, from which the script makes the open one."""
        return [self.form_of(None, verdict) for verdict in FORMS] if self.may_judge else []

    @property
    def may_judge(self) -> bool:
        return bool(self.judge and self.judge.button.is_open)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.preset and self.preset.get("only") == OPEN)

    @property
    def next_row(self) -> Row | None:
        return self.checklist.next_open()

    @property
    def command_id(self) -> str:
        """The number of this page; each of its buttons makes an own one of it."""
        return str(uuid.uuid4())

    @property
    def parts(self) -> list[Part]:
        """The sections with the lines that are asked for."""
        found = [narrowed(part) for part in self.checklist.parts] if self.is_narrowed else self.checklist.parts
        for group in (group for part in found for group in part.groups):
            group.lines = mark_safe("".join(line(row, self) for row in group.rows))  # noqa: S308 - lines are safe
        return found

    @property
    def url(self) -> str:
        """The address of this page as it stands."""
        return reverse("comparison", args=[self.case.pk]) + (f"?only={OPEN}" if self.is_narrowed else "")

    @property
    def switch_url(self) -> str:
        """The same page with the other half of the switch."""
        return reverse("comparison", args=[self.case.pk]) + ("" if self.is_narrowed else f"?only={OPEN}")

    @property
    def notice(self) -> Any:
        """Why nothing was done, where no row says it."""
        if self.rejected is None or self.rejected.action != Action.JUDGE:
            return super().notice
        return None if any(row.refusal for row in self.checklist.rows) else sentence_of(self.rejected.refusal)

    @property
    def typed(self) -> list[tuple[Any, str]]:
        """What was typed, where its form is not on the page any more."""
        return [] if any(row.form for row in self.checklist.rows) else super().typed


def sentence_of(refusal: Refusal) -> str:
    """What a refusal says where its fields are not shown."""
    return " ".join(str(text) for texts in refusal.errors.values() for text in texts) or str(refusal.message)


def narrowed(part: Part) -> Part:
    """The same section with only its open fields, and the one whose form is open."""
    for group in part.groups:
        group.rows = [row for row in group.rows if not row.mark or row.form or row.refusal]
    part.groups = [group for group in part.groups if group.rows]
    return part


class WrittenForm(JudgeForm):
    """The form of a difference as a row shows it: the fields of its verdict, without those that a button carries."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, auto_id="judge_%s", prefix=None, **kwargs)
        self.chosen: str = (self.data if self.is_bound else self.initial)["verdict"]
        for name in ALWAYS[self.chosen]:
            self.fields[name].required = True

    @property
    def asked(self) -> list[Any]:
        """The fields that are asked for, in order."""
        return [self[name] for name in FORMS[self.chosen]]

    def add_refusals(self, refusal: Refusal) -> None:
        """The door's own sentences beside the fields; the form is not asked again."""
        kept = {name: self.error_class(texts) for name, texts in refusal.errors.items() if name in self.fields}
        self._errors = ErrorDict(kept)

    def focus(self) -> "WrittenForm":
        """The cursor in the first wrong field, else in the first."""
        self[next(iter(self.errors), self.asked[0].name)].field.widget.attrs["autofocus"] = True
        return self


FORMS: dict[str, tuple[str, ...]] = {
    Verdict.DIFFERS: ("paper_value", "code", "severity", "note"),
    Verdict.NOT_IN_PAPER: ("note", "severity"),
}
ALWAYS: dict[str, tuple[str, ...]] = {
    Verdict.DIFFERS: ("paper_value", "code", "severity"),
    Verdict.NOT_IN_PAPER: ("note",),
}


def pieces(page: ComparisonPage, rows: list[Row], request: HttpRequest) -> dict[str, str]:
    """What a judgement changes on the page, by the ids of its places."""
    context = {"page": page, "case": page.case, "back": "comparison", "progress": page.checklist}
    found: dict[str, str] = {row.anchor: line(row, page) for row in rows}
    for place, name in {"progress": "_progress", "steps": "_steps"}.items():
        found[place] = render_to_string(f"transfers/{name}.html", context, request)
    return found
