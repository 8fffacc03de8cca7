"""What the page of a case shows to one person: its steps with their forms, what is missing, what differs."""

import datetime as dt
from functools import cached_property
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from branches.models import User
from branches.roles import Action
from pension_transfer.lib.errors import NotSeen, Refusal
from pension_transfer.lib.persian import listed
from pension_transfer.lib.posting import Rejected
from pension_transfer.lib.templatetags.persian import fa, jalali
from transfers import completeness, here, hurdles, last_pay, paper, presentation, returning, sheet, snapshot, timeline
from transfers.attachment_rows import Shown, of_page
from transfers.buttons import Button, available
from transfers.checklist import Checklist, Left
from transfers.due import Due, due_of
from transfers.inputs import INPUTS, ActionForm
from transfers.inputs.warning import key_of
from transfers.models import (
    TransferCase,
    TransferEvent,
)
from transfers.payroll_warnings import PayrollWarning, warning_beside, with_cutoffs
from transfers.reading import whole
from transfers.states import Side, State
from transfers.views.context import url_of
from transfers.views.differences import Difference, differences_of
from transfers.views.findings import Answered, Findings, Lack, OpenWarning, is_of_a_row
from transfers.views.follow_ups import ON_A_FOLLOW_UP, Followed, follow_ups_of
from transfers.views.holding import Hold, hold_of
from transfers.views.initial import INITIAL
from transfers.views.pressable import BESIDE, IN_PLACE, Pressable, next_step, show_errors, standing_of
from transfers.views.questions import ON_A_QUESTION, Asked, questions_of
from transfers.views.story import Story
from transfers.views.way import Loop, Stop, loops_of, way_of
from transfers.work import WORK

BACKWARDS = frozenset({Action.SEND_BACK, Action.RECALL})
AFTER_COMPARING = frozenset({Action.APPROVE_TECHNICAL, Action.VERIFY, Action.REGISTER})


def find_case(user: User, pk: int) -> TransferCase:
    """The case with what its page shows; NotSeen when it is not there for this person."""
    case = with_cutoffs(whole(TransferCase.objects.visible_to(user))).filter(pk=pk).first()
    if case is None:
        raise NotSeen(_("There is no such case in your branch."), "no_case")
    return case


class CasePage:
    """Everything the templates of a case print; each part is read when it is printed."""

    def __init__(
        self, case: TransferCase, user: User, rejected: Rejected | None = None, preset: QueryDict | None = None
    ):
        self.case, self.user, self.rejected, self.preset = case, user, rejected, preset
        self.step: Pressable | None = None

    def at(self, action: str) -> "CasePage":
        """The same, with one step in the middle of the page."""
        self.step = self.steps.get(action)
        return self

    # --- steps ---

    @cached_property
    def steps(self) -> dict[str, Pressable]:
        """Every step offered to this person, by action."""
        self._look_at_the_file()
        return {button.action: self._pressable(button) for button in available(self.case, self.user)}

    def _pressable(self, button: Button) -> Pressable:
        rejected = self.rejected if self.rejected and self.rejected.action == button.action else None
        form = self._form(button, rejected)
        step = next_step(self.case)
        return Pressable(button, self.case, form, bool(step and step.action == button.action), bool(rejected))

    def _form(self, button: Button, rejected: Rejected | None) -> ActionForm:
        kind = button.form or ActionForm
        initial = INITIAL.get(button.action, lambda page: {})(self)
        data = rejected.data if rejected else None
        form = kind(data, case=self.case, initial=initial, auto_id=f"{button.action}_%s")
        if rejected:
            show_errors(form, rejected.refusal.errors)
        return form

    @property
    def main(self) -> Pressable | None:
        return next((step for step in self.steps.values() if step.is_main and step.action not in ON_A_QUESTION), None)

    @property
    def others(self) -> list[Pressable]:
        return [step for step in self.steps.values() if not step.is_main and step.action not in IN_PLACE | BESIDE]

    @property
    def lead(self) -> str:
        """One line under the name: number, from where to where."""
        places = {"origin": self.case.origin, "destination": self.case.destination}
        number = {"number": fa(self.case.tracking_number)}
        return _("Tracking number %(number)s, from %(origin)s to %(destination)s") % (places | number)

    @property
    def standing_of_steps(self) -> str:
        """What tells two renderings of the steps apart: which there are, and why they are closed."""
        return " ".join(f"{step.action} {step.blocked}" for step in self.steps.values())

    @property
    def judge(self) -> Pressable | None:
        return self.steps.get(Action.JUDGE)

    @property
    def paper(self) -> Pressable | None:
        return self.steps.get(Action.RECORD_PAPER)

    @property
    def paper_awaited(self) -> Pressable | None:
        """The same on the case's own page, until it has come: it may come before the decrees are shown."""
        return self.paper if not self.case.paper_arrived_on else None

    @property
    def bounce(self) -> ActionForm:
        """The form of a return because the destination is wrong: with it, the right one is named."""
        form = INPUTS[Action.RETURN_TO_ORIGIN](case=self.case, auto_id="bounce_%s")
        form.fields["suggested_branch"].required = True
        return form

    @property
    def comparison_url(self) -> str:
        """The page of the comparison, where there is something to compare."""
        return reverse("comparison", args=[self.case.pk]) if self.case.content else ""

    @property
    def comparison_label(self) -> str:
        """Its name; at the destination the directive's own, once they were shown."""
        if self.is_destination and self.case.decrees_shown_at:
            return _("Show the decrees received from the center")
        return _("Comparison with the paper file")

    @cached_property
    def checklist(self) -> Checklist:
        return Checklist(self.case)

    @property
    def lefts(self) -> list[Left]:
        """What the comparison still lacks before the step of this page opens."""
        waits = self.main and self.main.action in AFTER_COMPARING and self.main.blocked
        return self.checklist.lefts() if waits else []

    @property
    def typed(self) -> list[tuple[Any, str]]:
        """What was typed into a form that is no longer on the page: label and text."""
        if not self.rejected or self.rejected.action in self.steps:
            return []
        form = INPUTS.get(self.rejected.action, ActionForm)(case=self.case)
        posted = {name: self.rejected.data.get(name, "") for name in form.fields}
        return [(field.label, posted[field.name]) for field in form.visible_fields() if posted[field.name]]

    @property
    def center_says(self) -> str:
        """Why the last step has not reached the center."""
        return hurdles.at_the_center(self.case)

    # --- attachments ---

    @property
    def attach(self) -> Pressable | None:
        return self.steps.get(Action.ATTACH)

    @cached_property
    def attachments(self) -> list[Shown]:
        """The scans of this version, each with its place."""
        return of_page(self.case, Action.DETACH in self.steps)

    @property
    def has_attachments(self) -> bool:
        return bool(self.attachments or self.attach)

    @property
    def are_on_their_way(self) -> bool:
        return any(not row.url for row in self.attachments)

    @property
    def hold(self) -> Hold | None:
        """The life event that holds the case, while it is open."""
        return hold_of(self.case) if self.case.is_held and self.case.is_open else None

    # --- where it stands ---

    @cached_property
    def way(self) -> list[Stop]:
        """The chain of the present version."""
        return way_of(self.case)

    @property
    def loops(self) -> list[Loop]:
        """The versions that came back."""
        return loops_of(self.case)

    @property
    def panel(self) -> here.Here:
        """Help about the step that carries the case on."""
        return here.of_case(self.case)

    @property
    def standing(self) -> str:
        return standing_of(self.case)

    @property
    def due(self) -> Due:
        return due_of(self.case)

    @property
    def payroll(self) -> PayrollWarning | None:
        """Whether it is about to miss the payroll of its first month at the destination, or has."""
        return warning_beside(self.case)

    @property
    def brought_back(self) -> TransferEvent | None:
        """The last step, where it took the case back with a reason: the next person has to read it first."""
        last = max(
            (e for e in self.case.events.all() if e.action not in WORK), key=lambda event: event.sequence, default=None
        )
        return last if last and last.action in BACKWARDS else None

    @property
    def notice(self) -> Refusal | None:
        """Why nothing was done, where no field of a form on this page says it."""
        rejected = self.rejected
        told = rejected is not None and bool(rejected.refusal.errors) and rejected.action in self.steps
        return rejected.refusal if rejected and not (told and self._has_its_form(rejected.action)) else None

    @property
    def timeline(self) -> list[timeline.Row]:
        return timeline.of_case(self.case)

    @cached_property
    def story(self) -> Story:
        """How this version came about: what was returned, what changed, what lapsed."""
        return Story(self.case, self.user)

    # --- questions ---

    def _has_its_form(self, action: str) -> bool:
        """Whether the form that was refused is on the page; of a question, only where that question is."""
        if action in ON_A_FOLLOW_UP:
            return any(row.is_rejected for row in self.follow_ups)
        return action not in ON_A_QUESTION or any(row.is_rejected for row in self.questions)

    @cached_property
    def questions(self) -> list[Asked]:
        """What the destination asked about this file: what is open first, then the latest."""
        return questions_of(self.case, self.steps, self.rejected)

    @property
    def open_questions(self) -> list[Asked]:
        return [row for row in self.questions if row.stays_open]

    @property
    def past_questions(self) -> list[Asked]:
        return [row for row in self.questions if not row.stays_open]

    # --- follow-ups after the move ---

    @cached_property
    def follow_ups(self) -> list[Followed]:
        """What was found after the move: what is open first, then the latest."""
        return follow_ups_of(self.case, self.steps, self.rejected)

    @property
    def has_follow_ups(self) -> bool:
        return bool(self.follow_ups or self.follow_up)

    @property
    def follow_up(self) -> Pressable | None:
        """Opening one, for who may."""
        return self.steps.get(Action.OPEN_FOLLOW_UP)

    # --- content ---

    @cached_property
    def sections(self) -> list[presentation.Section]:
        found = presentation.sections(self.case)
        for section in found:
            section.url = f"{self.comparison_url}#{section.anchor}" if section.is_compared else ""
        return found

    @property
    def file_url(self) -> str:
        """The page of the pension file, where this branch holds it: what must be mended is mended there."""
        return url_of("file", self.case.pension_file_id) if self.case.pension_file_id else ""

    @property
    def letter(self) -> str:
        """Number and date of the referral's letter."""
        return _letter(self.case.letter_number, self.case.letter_date)

    @cached_property
    def missing(self) -> list[Lack]:
        """The errors in the file, each with the page on which it is mended."""
        return self._found.lacks(self.case.missing) if self.case.missing else []

    @cached_property
    def warnings(self) -> list[OpenWarning]:
        """The warnings that nobody has answered for, each with the field for the note, where it is this person's."""
        form = self.acknowledge.form if self.acknowledge else None  # first: offering the step reads the file anew
        rows = completeness.open_warnings(self.case) if self._is_drafted_here else []
        lacks = self._found.lacks(rows) if rows else []
        return [OpenWarning(lack, form[key_of(row)] if form else None) for lack, row in zip(lacks, rows, strict=True)]

    @cached_property
    def acknowledged(self) -> list[Answered]:
        """The warnings that stand, who answered for them and how: what the approvers have to know."""
        rows = completeness.settled_warnings(self.case)
        lacks = self._found.lacks([row for row, _held in rows]) if rows else []
        return [Answered(lack.text, held) for lack, (_row, held) in zip(lacks, rows, strict=True)]

    @cached_property
    def acknowledge(self) -> Pressable | None:
        step = self.steps.get(Action.ACKNOWLEDGE)
        return step if step and (step.button.is_open or step.is_rejected) else None

    @property
    def _is_drafted_here(self) -> bool:
        return self.case.side == Side.ORIGIN and self.case.state in (State.REFERRAL, State.DRAFT)

    @cached_property
    def _found(self) -> Findings:
        """How findings are told."""
        self._look_at_the_file()
        file = self.case.file
        file.branch = self.case.branch
        return Findings(file, self.user, self.case.drafted)

    def _look_at_the_file(self) -> None:
        """Before a draft is stored the file itself says whose row a finding is about."""
        found = [*self.case.missing, *self.case.warnings]
        if any(is_of_a_row(row[0]) for row in found) and self._is_drafted_here and "drafted" not in self.case.__dict__:
            self.case.__dict__["drafted"] = snapshot.compose(self.case, self.case.file)

    @cached_property
    def returning(self) -> returning.Returning | None:
        """The file of this pension that was here before, until its content is written over it."""
        return returning.of_case(self.case)

    @property
    def differences(self) -> list[Difference]:
        """What was noted about the current version; after a return, about the one that came back."""
        return differences_of(self.case, self.checklist)

    @property
    def paper_alarms(self) -> list[Any]:
        """Where paper file and data have parted ways, and what is striking about the paper file."""
        alarm = self.case.paper_alarm
        return [*([alarm.sentence] if alarm else []), *paper.warnings_of(self.case)]

    @property
    def paper_letters(self) -> dict[str, str]:
        """With which letter and when it left, and when it came."""
        case = self.case
        left, came = (case.paper_sent_letter, case.paper_sent_on), (case.paper_letter_number, case.paper_arrived_on)
        return {"left": _letter(*left), "came": _letter(*came)}

    @property
    def sheet_url(self) -> str:
        """The transfer sheet, once there is a seal to print on it."""
        return reverse("case_sheet", args=[self.case.pk]) if sheet.is_ready(self.case) else ""

    @property
    def first_month(self) -> int | None:
        """The first month this pension is paid at the destination (yyyymm)."""
        return last_pay.first_payable(self.case)

    @cached_property
    def preview(self) -> dict[str, int]:
        """How much «تائید ثبت اطلاعات» is going to write."""
        parts = ("dependents", "decrees", "deductions")
        return {part: len(self.case.content.get(part, [])) for part in parts}

    @property
    def is_about_to_register(self) -> bool:
        return bool(self.main and self.main.action == Action.REGISTER)

    @property
    def is_destination(self) -> bool:
        return self.case.side == Side.DESTINATION


def _letter(number: str, day: dt.date | None) -> str:
    return listed(filter(None, [fa(number), jalali(day)]))
