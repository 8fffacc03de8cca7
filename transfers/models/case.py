"""The transfer case: one branch's copy of one move. No row here is written by two branches (D1)."""

import datetime as dt
import json
import uuid
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.models import Branch, PensionFile, User
from branches.roles import Action, scoped
from pension_transfer.lib import names
from pension_transfer.lib.month_field import MonthField
from pension_transfer.lib.persian import fold
from pension_transfer.lib.validation import digits
from transfers import clock, paper, scan
from transfers.models.holding import HELD_AND_WHY, Holding
from transfers.models.work import TAKEN_BY_AND_WHEN, TAKEN_IN_TURN, Work
from transfers.states import HELD_TURNS, TURNS, TURNS_WHEN_ASKED, Flow, Side, State, Turn
from transfers.turns import escalated_to, waiting_for

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

    from transfers.models.attachments import Attachment
    from transfers.models.comparison import Discrepancy, Mark
    from transfers.models.follow_ups import FollowUp
    from transfers.models.questions import Question
    from transfers.models.trail import Crossing, TransferEvent
    from transfers.models.warning import Acknowledgement


BY_DUE_DATE = ("due_on", "turn_since", "id")
NAME_LEXEMES = names.NameLexemes("branch_id", "person_name")
LETTERS = ("letter_number", "paper_sent_letter", "paper_letter_number")  # of the referral, of the paper's two ends


class Reason(models.TextChoices):
    """Why a file moves; normally the change of residence (directive, first paragraph)."""

    RESIDENCE = "residence", _("Change of residence")
    REQUEST = "request", _("Request of a survivor or guardian")
    REORGANISATION = "reorganisation", _("Merging or division of branches")
    MISPLACED = "misplaced", _("File opened at the wrong branch")


class PaperMethod(models.TextChoices):
    """How the paper file travels."""

    REGISTERED_MAIL = "registered_mail", _("Registered mail")
    EXPRESS_MAIL = "express_mail", _("Express mail")
    COURIER = "courier", _("Courier")
    BY_HAND = "by_hand", _("Handed to the person concerned")
    OTHER = "other", _("Other means")


class PaperCondition(models.TextChoices):
    """In what condition the paper file came."""

    GOOD = "good", _("Undamaged")
    DAMAGED = "damaged", _("Damaged")
    INCOMPLETE = "incomplete", _("Incomplete")


class TransferCaseQuerySet(models.QuerySet["TransferCase"]):
    def visible_to(self, user: User) -> "TransferCaseQuerySet":
        """The cases this person may see (invariant I7)."""
        return scoped(self, user, Action.VIEW_CASES)

    def open(self) -> "TransferCaseQuerySet":
        return self.filter(closed_at=None)

    def turn_of(self, user: User) -> "TransferCaseQuerySet":
        """What waits for this person, the oldest due first."""
        return self.open().filter(waiting_for(user)).order_by(*BY_DUE_DATE)

    def overseen_by(self, user: User, day: dt.date | None = None) -> "TransferCaseQuerySet":
        """What is overdue where this person looks after the work, whoever has it, the oldest due first."""
        return self.visible_to(user).filter(escalated_to(user, day)).order_by(*BY_DUE_DATE)

    def never_received(self, user: User, day: dt.date | None = None) -> "TransferCaseQuerySet":
        """Sent longer ago than the destination has time to receive it, where this person looks after the work."""
        rows = scoped(self, user, Action.OVERSEE).filter(closed_at=None, side=Side.ORIGIN, state=State.SENT)
        return rows.filter(turn_since__date__lt=clock.sent_before(day)).order_by("turn_since", "id")

    def paper_apart(self) -> "TransferCaseQuerySet":
        """The open cases whose paper file and electronic part have parted ways."""
        return self.filter(paper.apart())

    def find(self, text: str) -> "TransferCaseQuerySet":
        """By tracking number, pension number or national code, in any digits; or by the text of a transfer sheet."""
        sheet = scan.read(text)
        key = sheet.tracking_number if sheet else fold(text).replace("-", "")
        return self.filter(Q(tracking_number=key) | Q(pension_number=key) | Q(national_code=key)).order_by("-id")


class TransferCase(Holding, Work, Flow):
    """A move as its branch sees it. Changed by transfers.workflow only; the database refuses other state changes."""

    if TYPE_CHECKING:
        contents: RelatedManager["Content"]
        events: RelatedManager["TransferEvent"]
        parts: RelatedManager["Part"]
        marks: RelatedManager["Mark"]
        discrepancies: RelatedManager["Discrepancy"]
        crossings: RelatedManager["Crossing"]
        attachments: RelatedManager["Attachment"]
        questions: RelatedManager["Question"]
        acknowledgements: RelatedManager["Acknowledgement"]
        follow_ups: RelatedManager["FollowUp"]

    transfer_id = models.UUIDField(_("move"), default=uuid.uuid4, editable=False)
    tracking_number = models.CharField(_("tracking number"), max_length=13, validators=[digits(13)])
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="cases", verbose_name=_("branch"))
    side = models.CharField(_("side"), max_length=11, choices=Side)
    origin = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("origin branch"))
    destination = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("destination branch"))
    pension_file = models.ForeignKey(
        PensionFile, models.PROTECT, null=True, related_name="cases", verbose_name=_("pension file")
    )
    pension_number = models.CharField(_("pension number"), max_length=10)
    national_code = models.CharField(_("national code"), max_length=10)
    person_name = models.CharField(_("name"), max_length=130)
    name_key = names.generated(names.NameKey("person_name"))
    reason = models.CharField(_("reason for referral"), max_length=16, choices=Reason, default=Reason.RESIDENCE)
    letter_number = models.CharField(_("referral letter number"), max_length=30, blank=True)
    letter_date = models.DateField(_("referral letter date"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    envelope_id = models.UUIDField(null=True, editable=False)
    content_hash = models.CharField(max_length=64, blank=True, editable=False)
    is_assembled = models.BooleanField(default=False, editable=False)
    missing = models.JSONField(default=list, blank=True, editable=False)
    warnings = models.JSONField(default=list, blank=True, editable=False)
    last_paid_month = MonthField(_("last paid month"), null=True)
    payable_from = MonthField(null=True, editable=False)  # at the destination; of a suspended pension none
    sent_at = models.DateTimeField(_("sent to the center at"), null=True, editable=False)
    # The paper file on its way: what the origin said when it left, what the destination said when it came.
    paper_sent_on = models.DateField(_("paper file dispatched on"), null=True)
    paper_method = models.CharField(_("method of dispatch"), max_length=16, choices=PaperMethod, blank=True)
    paper_sent_letter = models.CharField(_("letter number of the dispatch"), max_length=30, blank=True)
    paper_sent_pages = models.PositiveIntegerField(_("pages sent"), null=True)
    parcel_number = models.CharField(_("parcel number"), max_length=40, blank=True)
    paper_arrived_on = models.DateField(_("paper file arrived on"), null=True)
    paper_letter_number = models.CharField(_("letter number of the paper file"), max_length=30, blank=True)
    paper_pages = models.PositiveIntegerField(_("pages counted"), null=True)
    paper_condition = models.CharField(_("condition"), max_length=12, choices=PaperCondition, blank=True)
    paper_note = models.CharField(_("note on the condition"), max_length=300, blank=True)
    decrees_shown_at = models.DateTimeField(_("decrees shown at"), null=True)
    receipt_number = models.CharField(_("registration receipt number"), max_length=20, blank=True)
    activated_at = models.DateTimeField(_("active since"), null=True)
    turn = models.CharField(_("turn"), max_length=20, choices=Turn, default=Turn.CLERK, editable=False)
    turn_since = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    due_on = models.DateField(_("due on"), null=True, editable=False)
    days_left = models.PositiveSmallIntegerField(null=True, editable=False)  # of a clock that was stopped
    trail_length = models.PositiveIntegerField(default=0, editable=False)
    opened_at = models.DateTimeField(_("opened at"), auto_now_add=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)

    objects = TransferCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer case")
        verbose_name_plural = _("transfer cases")
        constraints = [
            models.UniqueConstraint(name="one_copy_a_side", fields=["transfer_id", "side", "branch"]),
            models.UniqueConstraint(
                name="one_open_destination",
                fields=["transfer_id"],
                condition=Q(side=Side.DESTINATION, closed_at=None),
            ),
            models.UniqueConstraint(
                name="one_open_move", fields=["pension_number"], condition=Q(side=Side.ORIGIN, closed_at=None)
            ),
            models.UniqueConstraint(name="tracking_once_a_side", fields=["tracking_number", "side", "branch"]),
            models.CheckConstraint(name="origin_is_not_destination", condition=~Q(origin=F("destination"))),
            models.CheckConstraint(name="nothing_closed_is_due", condition=Q(closed_at=None) | Q(due_on=None)),
            HELD_AND_WHY,
            TAKEN_BY_AND_WHEN,
            TAKEN_IN_TURN,
        ]
        indexes = [
            models.Index(name="case_turn", fields=["branch", "turn", *BY_DUE_DATE], condition=Q(closed_at=None)),
            # What is overdue, in a branch and in the country.
            models.Index(
                name="case_due", fields=["branch", *BY_DUE_DATE], condition=Q(closed_at=None, due_on__isnull=False)
            ),
            models.Index(
                name="case_due_anywhere",
                fields=[*BY_DUE_DATE],
                include=["branch"],
                condition=Q(closed_at=None, due_on__isnull=False),
            ),
            models.Index(name="case_open", fields=["branch", "state", "id"], condition=Q(closed_at=None)),
            models.Index(name="case_all", fields=["branch", "-id"]),
            models.Index(name="case_by_state", fields=["branch", "state", "-id"]),
            # For those who read the whole country: their lists, and how many are open.
            models.Index(name="case_by_state_anywhere", fields=["state", "-id"]),
            models.Index(
                name="case_open_anywhere",
                fields=["turn_since", "id"],
                include=["side", "state", "due_on", "payable_from"],
                condition=Q(closed_at=None),
            ),
            models.Index(name="case_by_national_code", fields=["national_code"]),
            models.Index(name="case_by_pension_number", fields=["pension_number"]),
            GinIndex(NAME_LEXEMES, name="case_by_lexemes_of_name", gin_pending_list_limit=256),
            models.Index(OpClass("name_key", "text_pattern_ops"), F("branch_id"), name="case_by_name"),
            *(models.Index(name=f"case_by_{name}", fields=[name], condition=~Q(**{name: ""})) for name in LETTERS),
            models.Index(name="case_crossing", fields=["state", "id"], condition=Q(closed_at=None, side=Side.ORIGIN)),
        ]

    def __str__(self) -> str:
        return f"{self.tracking_number} {self.get_state_display()}"

    @property
    def file(self) -> PensionFile:
        """The pension file, where there must be one: always at the origin, at the destination once registered."""
        if self.pension_file is None:
            raise ValueError(f"case {self.pk} has no pension file yet")
        return self.pension_file

    @property
    def envelope(self) -> uuid.UUID:
        """The id of the current envelope, where there must be one: from the seal on."""
        if self.envelope_id is None:
            raise ValueError(f"case {self.pk} is not sealed")
        return self.envelope_id

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def other_branch(self) -> Branch:
        return self.destination if self.side == Side.ORIGIN else self.origin

    @property
    def open_questions(self) -> int:
        """How many questions are open, where they were counted along (`with_open_questions`)."""
        return getattr(self, "questions_counted", 0)

    @cached_property
    def asked(self) -> list["Question"]:
        """Its questions; they are not looked for where the query has told that there were never any."""
        return list(self.questions.all()) if getattr(self, "was_asked", True) else []

    @cached_property
    def followed(self) -> list["FollowUp"]:
        """Its follow-ups; they are not looked for before the move is finished."""
        return list(self.follow_ups.all()) if self.activated_at else []

    @property
    def may_show_decrees(self) -> bool:
        """At the destination they are shown by a step of their own (directive, part 2)."""
        return self.side == Side.ORIGIN or self.decrees_shown_at is not None

    @property
    def paper_alarm(self) -> "paper.Alarm | None":
        """How its paper file and its electronic part have parted ways."""
        return paper.alarm_of(self)

    @cached_property
    def content(self) -> dict[str, Any]:
        """The content of the current version; empty before the first draft."""
        rows = [row for row in self.contents.all() if row.version <= self.version]
        return json.loads(rows[-1].body) if rows else {}

    def content_of(self, version: int) -> dict[str, Any]:
        """The content of one version; empty where this copy never had it."""
        return next((json.loads(row.body) for row in self.contents.all() if row.version == version), {})

    @cached_property
    def drafted(self) -> dict[str, Any]:
        """The content as the file was last looked at in this request; what is stored, where it was not."""
        return self.content

    def whose_turn(self) -> Turn:
        """The one computed answer to "who has to act" (invariant I10)."""
        return self.turn_when(
            lambda: self.crossings.filter(state="refused", envelope_id=self.envelope).exists(),
            lambda: self.questions.filter(answered_at=None, closed_at=None).exists(),
        )

    def turn_when(self, is_refused: Callable[[], bool], is_asked: Callable[[], bool]) -> Turn:
        """The same where it is known already whether the center refused the envelope and whether a question waits."""
        if not self.is_open:
            return Turn.NOBODY
        if self.is_held:
            return HELD_TURNS[self.side]
        if self.state == State.DRAFT and not self.is_assembled:
            return Turn.CLERK
        if self.state == State.HEAD_APPROVED and is_refused():
            return Turn.HEAD
        asked = TURNS_WHEN_ASKED.get((self.side, self.state))
        return asked if asked and is_asked() else TURNS[self.side, self.state]


class Content(models.Model):
    """The content of one version: replaced while it is a draft, never changed once it is sealed (I1)."""

    case = models.ForeignKey(TransferCase, models.PROTECT, related_name="contents")
    version = models.PositiveSmallIntegerField(_("version"))
    body = models.TextField()
    content_hash = models.CharField(max_length=64)
    envelope_id = models.UUIDField(null=True)
    seal = models.CharField(_("seal"), max_length=64, blank=True)
    sealed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("content")
        verbose_name_plural = _("contents")
        ordering = ["version"]
        constraints = [models.UniqueConstraint(name="content_once_a_version", fields=["case", "version"])]
        indexes = [models.Index(name="content_by_envelope", fields=["envelope_id"])]

    def __str__(self) -> str:
        return f"{self.case_id} v{self.version}"

    @property
    def attachments(self) -> list[dict[str, Any]]:
        """The attachments that the content names."""
        found: list[dict[str, Any]] = json.loads(self.body)["attachments"]
        return found


class Part(models.Model):
    """Who took which of the parts that one person may not combine (I8); the constraint is the rule."""

    class Name(models.TextChoices):
        DRAFTER = "drafter", _("drafted")
        TECHNICAL_APPROVER = "technical_approver", _("approved technically")
        HEAD_APPROVER = "head_approver", _("approved as head")
        REGISTRAR = "registrar", _("registered")
        ACTIVATOR = "activator", _("activated")

    case = models.ForeignKey(TransferCase, models.PROTECT, related_name="parts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField(max_length=20, choices=Name)

    class Meta:
        verbose_name = _("part")
        verbose_name_plural = _("parts")
        constraints = [models.UniqueConstraint(name="one_part_a_person", fields=["case", "user"])]

    def __str__(self) -> str:
        return f"{self.user_id} {self.name}"


class TrackingSerial(models.Model):
    """The last tracking serial a branch gave in a year; locked per branch only."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("tracking serial")
        verbose_name_plural = _("tracking serials")
        constraints = [models.UniqueConstraint(name="serial_once", fields=["branch", "year"])]

    def __str__(self) -> str:
        return f"{self.branch_id} {self.year} {self.last}"
