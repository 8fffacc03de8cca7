"""What the API shows. Reading only: writing goes through transfers.workflow, with its own input forms."""

from typing import Any

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from branches.models import PensionFile
from pension_transfer.lib.calendar import today
from pension_transfer.lib.months import Month
from transfers.attachments import of_answers, of_case
from transfers.buttons import available
from transfers.clock import working_days_late
from transfers.comparison import fields_in, held_marks
from transfers.last_pay import arrears_of, first_payable
from transfers.models import Attachment, Discrepancy, FollowUp, Mark, Question, TransferCase, TransferEvent
from transfers.payment import Answer, Code
from transfers.states import Side, State


class CaseRow(serializers.ModelSerializer[TransferCase]):
    """A case in a list. Times are UTC, months yyyymm; `due_on` is a day in Tehran, `overdue` counts working days.

    `taken_by` is a user name, empty where nobody has the work or whoever took it has left the office.
    """

    overdue = serializers.SerializerMethodField()
    taken_by = serializers.SerializerMethodField()

    class Meta:
        model = TransferCase
        fields = (
            "id", "transfer_id", "tracking_number", "side", "branch", "origin", "destination", "pension_number",
            "national_code", "person_name", "state", "version", "turn", "turn_since", "taken_by", "taken_at", "due_on",
            "overdue", "last_paid_month", "trail_length", "opened_at", "closed_at", "activated_at", "held_since",
            "held_event", "held_on",
        )  # fmt: skip
        read_only_fields = fields

    def get_overdue(self, case: TransferCase) -> int:
        return working_days_late(case.due_on, today())

    def get_taken_by(self, case: TransferCase) -> str:
        return case.taker.username if case.taker else ""


class Asked(serializers.Serializer[Any]):
    """What narrows the list of cases."""

    state = serializers.ChoiceField(State.choices, required=False)
    side = serializers.ChoiceField(Side.choices, required=False)
    tracking_number = serializers.CharField(max_length=13, required=False)
    overdue = serializers.BooleanField(required=False)
    taken_by = serializers.CharField(max_length=150, required=False)


class EventRow(serializers.ModelSerializer[TransferEvent]):
    """One event of the trail."""

    class Meta:
        model = TransferEvent
        fields = (
            "sequence", "action", "from_state", "to_state", "by_name", "role", "branch_code", "at", "note",
            "details", "version", "content_hash", "previous_hash", "hash",
        )  # fmt: skip
        read_only_fields = fields


class DiscrepancyRow(serializers.ModelSerializer[Discrepancy]):
    class Meta:
        model = Discrepancy
        fields = (
            "id", "version", "path", "sent_value", "paper_value", "code", "severity", "note",
            "by_name", "at",
        )  # fmt: skip
        read_only_fields = fields


class MarkRow(serializers.ModelSerializer[Mark]):
    """How a field was judged; `at` is what a press gives back as `seen_mark`."""

    by_name = serializers.CharField(source="by")

    class Meta:
        model = Mark
        fields = ("path", "verdict", "paper_value", "code", "severity", "note", "by_name", "at")
        read_only_fields = fields


class AttachmentRow(serializers.ModelSerializer[Attachment]):
    """A scan on the case; `url` is empty while its bytes are on their way from the center."""

    pages = serializers.IntegerField(source="scan.pages", default=None, read_only=True)
    url = serializers.SerializerMethodField()

    class Meta:
        model = Attachment
        fields = ("id", "sha256", "name", "media_type", "size", "pages", "path", "at", "url")
        read_only_fields = fields

    def get_url(self, row: Attachment) -> str:
        return reverse("case_attachment", args=[row.case_id, row.pk]) if row.scan_id else ""


class QuestionRow(serializers.ModelSerializer[Question]):
    """A question without returning, with its answer and how it closed; an empty `path` means the whole case.

    `attachments` came with the answer.
    """

    attachments = serializers.SerializerMethodField()

    class Meta:
        model = Question
        fields = (
            "key", "path", "text", "due_on", "is_overdue", "asked_by", "asked_at", "answer", "answered_by",
            "answered_at", "attachments", "how", "closed_by", "closed_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(AttachmentRow(many=True))
    def get_attachments(self, row: Question) -> list[dict[str, Any]]:
        return list(AttachmentRow(self.context["of_answers"].get(str(row.key), []), many=True).data)


class FollowUpRow(serializers.ModelSerializer[FollowUp]):
    """A follow-up after the move: amounts in Rial, `month` yyyymm; `settled_by` and `opened_by_side` name a side.

    `outcome` is empty while it is open.
    """

    class Meta:
        model = FollowUp
        fields = (
            "key", "matter", "month", "amount", "settled_by", "note", "due_on", "is_late", "opened_by_side",
            "opened_by", "opened_at", "outcome", "settled_amount", "letter_number", "closing_note", "closed_by",
            "closed_at",
        )  # fmt: skip
        read_only_fields = fields


class StepRow(serializers.Serializer[Any]):
    """A step open or closed to the person who asks; `reasons` says why it is closed."""

    action = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())


class ArrearsRow(serializers.Serializer[Any]):
    """Months yyyymm; `count` is what `activate` asks for as `arrears_months`."""

    first = serializers.IntegerField()
    last = serializers.IntegerField()
    count = serializers.IntegerField()


class CaseDetail(CaseRow):
    """A case with its content, trail and the steps of the person who asks.

    `first_payable_month` is the first one (yyyymm) that the destination pays; `arrears` what it owes if it activates
    today, null where there is nothing to acknowledge.
    """

    first_payable_month = serializers.SerializerMethodField()
    arrears = serializers.SerializerMethodField()
    content = serializers.JSONField(read_only=True)
    missing = serializers.JSONField(read_only=True)
    warnings = serializers.JSONField(read_only=True)
    events = EventRow(many=True, read_only=True)
    discrepancies = DiscrepancyRow(many=True, read_only=True)
    marks = serializers.SerializerMethodField()
    attachments = serializers.SerializerMethodField()
    questions = serializers.SerializerMethodField()
    follow_ups = FollowUpRow(many=True, read_only=True)
    steps = serializers.SerializerMethodField()

    class Meta(CaseRow.Meta):
        fields = (
            *CaseRow.Meta.fields,
            "first_payable_month",
            "arrears",
            "missing",
            "warnings",
            "content",
            "events",
            "discrepancies",
            "marks",
            "attachments",
            "questions",
            "follow_ups",
            "steps",
        )  # type: ignore[assignment]

    def get_first_payable_month(self, case: TransferCase) -> int | None:
        return first_payable(case)

    @extend_schema_field(ArrearsRow(allow_null=True))
    def get_arrears(self, case: TransferCase) -> dict[str, Any] | None:
        months = arrears_of(case)
        return ArrearsRow({"first": months.first, "last": months.last, "count": len(months)}).data if months else None

    @extend_schema_field(MarkRow(many=True))
    def get_marks(self, case: TransferCase) -> list[dict[str, Any]]:
        """The marks that hold, in the order of reading; a field without one is open."""
        prefetch_related_objects([case], "marks__by")
        held = held_marks(case)
        found = (held.get(field.path) for field in fields_in(case))
        return list(MarkRow([mark for mark in found if mark], many=True).data)

    @extend_schema_field(AttachmentRow(many=True))
    def get_attachments(self, case: TransferCase) -> list[dict[str, Any]]:
        return list(AttachmentRow(of_case(case), many=True).data)

    @extend_schema_field(QuestionRow(many=True))
    def get_questions(self, case: TransferCase) -> list[dict[str, Any]]:
        rows = case.questions.all()
        return list(QuestionRow(rows, many=True, context={"of_answers": of_answers(case) if rows else {}}).data)

    def get_steps(self, case: TransferCase) -> list[dict[str, Any]]:
        return list(StepRow(available(case, self.context["request"].user), many=True).data)


class FileRow(serializers.ModelSerializer[PensionFile]):
    """A pension file in a list."""

    class Meta:
        model = PensionFile
        fields = (
            "id", "branch", "pension_number", "kind", "status", "national_code", "first_name", "last_name",
            "last_paid_month", "is_frozen",
        )  # fmt: skip
        read_only_fields = fields


class EnvelopeRow(serializers.Serializer[Any]):
    """An envelope that waits at the center for a branch of the person who asks."""

    id = serializers.UUIDField()
    tracking_number = serializers.CharField()
    origin = serializers.CharField()
    destination = serializers.CharField()
    version = serializers.IntegerField()
    deposited_at = serializers.DateTimeField()


class Press(serializers.Serializer[Any]):
    """A step. `command_id` is made by the caller and makes a repeat harmless; `seen` is `trail_length` as read."""

    command_id = serializers.UUIDField()
    seen = serializers.IntegerField(required=False, allow_null=True, default=None)
    data = serializers.DictField(required=False, default=dict)  # type: ignore[assignment]


class Upload(serializers.Serializer[Any]):
    """A step that takes files, as a form; what else the step asks for are fields of their own.

    Attaching: `path`, where the scans lie. Answering: `question` and `text`; there the files are optional.
    """

    command_id = serializers.UUIDField()
    seen = serializers.IntegerField(required=False)
    scans = serializers.ListField(child=serializers.FileField(), required=False)
    path = serializers.CharField(required=False, allow_blank=True)
    question = serializers.UUIDField(required=False)
    text = serializers.CharField(required=False)


class Referral(Press):
    """A referral of a pension file; `data` as the form ارجاع پرونده asks for it."""

    pension_file = serializers.IntegerField()


class Taking(serializers.Serializer[Any]):
    """Receiving an envelope at `branch`."""

    command_id = serializers.UUIDField()
    branch = serializers.CharField(min_length=1, max_length=4)


class RefusalRow(serializers.Serializer[Any]):
    """Why a step was not done: decide on `code`; `message` is for people."""

    code = serializers.CharField()
    message = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField())
    )


# --- who pays -------------------------------------------------------------------------------------------

MOST_ASKED = 60_000  # pensions in one question: the payroll of a large branch


class MonthParameter(serializers.CharField):
    """A Jalali month: 140509 or 1405/09."""

    def to_internal_value(self, data: Any) -> Month:  # type: ignore[override] # a month, of its text
        try:
            return Month.parse(super().to_internal_value(data))
        except ValueError:
            raise serializers.ValidationError(_("Write the month as year/month, for example 1405/08.")) from None

    def to_representation(self, value: Any) -> Any:
        return value


class PensionNumber(serializers.RegexField):
    """Ten ASCII digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("^[0-9]{10}$", error_messages={"invalid": _("A pension number has ten digits.")}, **kwargs)


class PayrollAsked(serializers.Serializer[Any]):
    """A branch by its code, a month as yyyymm."""

    branch = serializers.CharField(max_length=4)
    month = MonthParameter()


class PaymentAsked(PayrollAsked):
    pension_number = PensionNumber()


class PaymentsAsked(PayrollAsked):
    """Without `pension_numbers`: every pension that concerns the branch in that month."""

    pension_numbers = serializers.ListField(child=PensionNumber(), max_length=MOST_ASKED, required=False)


class PayrollPress(PayrollAsked):
    command_id = serializers.UUIDField()


class DueMonths(serializers.Serializer[Any]):
    """What a payment now covers, arrears included; months yyyymm."""

    first = serializers.IntegerField()
    last = serializers.IntegerField()
    count = serializers.IntegerField()


class PaymentBrief(serializers.Serializer[Any]):
    """Whether the branch may pay a pension; `payer` is a branch code, `case` a tracking number, empty for none."""

    pension_number = serializers.CharField()
    payable = serializers.BooleanField()
    code = serializers.ChoiceField(Code.choices)
    payer = serializers.CharField(allow_blank=True)
    due = DueMonths(allow_null=True)
    first_here = serializers.BooleanField()
    case = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment] # a field of this name


class PaymentRow(PaymentBrief):
    branch = serializers.CharField()
    month = serializers.IntegerField()
    reason = serializers.CharField()


class PaymentRows(serializers.Serializer[Any]):
    """`reasons` has the sentence of every code that stands in `payments`."""

    branch = serializers.CharField()
    month = serializers.IntegerField()
    reasons = serializers.DictField(child=serializers.CharField())
    payments = PaymentBrief(many=True)


class RunRow(serializers.Serializer[Any]):
    """A recorded payroll, and how many pensions it paid."""

    run = serializers.UUIDField()
    paid = serializers.IntegerField()


def brief(answer: Answer) -> dict[str, Any]:
    """An answer as PaymentBrief describes it; plain, because there are sixty thousand of them."""
    due = answer.due
    return {
        "pension_number": answer.pension_number, "payable": answer.is_payable, "code": answer.code.value,
        "payer": answer.payer, "due": due and {"first": due.first, "last": due.last, "count": len(due)},
        "first_here": answer.is_first_here, "case": answer.case, "source": answer.source,
    }  # fmt: skip
