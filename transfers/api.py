"""The API: a second handle on the same door. Every list is narrowed to what the person may see."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, status
from rest_framework.exceptions import APIException, NotFound
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from branches.models import Branch, PensionFile, User
from branches.roles import Action, can, scoped
from central.contract import SCHEMAS
from pension_transfer.lib.errors import BadInput, NotSeen, Refusal
from transfers import exchange, payroll, workflow
from transfers.clock import is_overdue
from transfers.models import TransferCase, with_taker
from transfers.payment import Answer, Code, may_pay, may_pay_all, unless_unknown
from transfers.reading import whole
from transfers.serializers import (
    Asked,
    CaseDetail,
    CaseRow,
    EnvelopeRow,
    FileRow,
    PaymentAsked,
    PaymentRow,
    PaymentRows,
    PaymentsAsked,
    PayrollPress,
    Press,
    Referral,
    RefusalRow,
    RunRow,
    Taking,
    Upload,
    brief,
)

T = TypeVar("T")

NOT_SHOWN = dict.fromkeys((403, 404), RefusalRow)
NOT_ANSWERED = dict.fromkeys((403, 404, 422, 503), RefusalRow)
REFUSALS = dict.fromkeys((202, 400, 403, 404, 409, 415, 422, 503), RefusalRow)


def _person(request: Request) -> User:
    person = request.user
    assert isinstance(person, User)  # noqa: S101 - IsAuthenticated let nobody else pass
    return person


@extend_schema_view(get=extend_schema(responses={200: FileRow(many=True), **NOT_SHOWN}))
class Files(generics.ListAPIView[PensionFile]):
    """Pension files of the person's branches."""

    serializer_class = FileRow
    queryset = PensionFile.objects.none()

    def get_queryset(self) -> QuerySet[PensionFile]:
        return PensionFile.objects.visible_to(_person(self.request))


@extend_schema_view(
    get=extend_schema(parameters=[Asked], responses={200: CaseRow(many=True), 422: RefusalRow, **NOT_SHOWN})
)
class Cases(generics.ListAPIView[TransferCase]):
    """Transfer cases of the person's branches; `state`, `side`, `tracking_number`, `overdue`, `taken_by` narrow."""

    serializer_class = CaseRow
    queryset = TransferCase.objects.none()

    def get_queryset(self) -> QuerySet[TransferCase]:
        asked = _clean(Asked(data=self.request.query_params.dict()))
        late = is_overdue()
        of = {None: Q(), True: late, False: ~late}[asked.pop("overdue", None)]
        rows = with_taker(TransferCase.objects.visible_to(_person(self.request)))
        if name := asked.pop("taken_by", ""):
            of &= Q(taken_by__username=name, is_taker_in_turn=True)
        return rows.filter(of, **asked)

    @extend_schema(request=Referral, responses={201: CaseDetail, **REFUSALS})
    def post(self, request: Request) -> Response:
        """Record a referral (directive, part 1)."""
        given = _read(Referral, request)
        person = _person(request)
        case = workflow.open_case(given["pension_file"], by=person, command_id=given["command_id"], data=given["data"])
        return Response(CaseDetail(case, context={"request": request}).data, status=status.HTTP_201_CREATED)


@extend_schema_view(get=extend_schema(responses={200: CaseDetail, **NOT_SHOWN}))
class OneCase(generics.RetrieveAPIView[TransferCase]):
    """One case with content, trail and the steps open to the person."""

    serializer_class = CaseDetail
    queryset = TransferCase.objects.none()

    def get_queryset(self) -> QuerySet[TransferCase]:
        return whole(TransferCase.objects.visible_to(_person(self.request))).prefetch_related("questions", "follow_ups")


class Steps(APIView):
    parser_classes = (JSONParser, MultiPartParser)

    @extend_schema(
        request={"application/json": Press, "multipart/form-data": Upload}, responses={200: CaseDetail, **REFUSALS}
    )
    def post(self, request: Request, pk: int, action: str) -> Response:
        """Take a step of a case: the same door as the pages' buttons. A step that takes files comes as a form."""
        given, files = _pressed(request)
        case = workflow.perform(action, pk, by=_person(request), files=files, **given)
        return Response(CaseDetail(case, context={"request": request}).data)


class Unavailable(APIException):
    """The center does not answer; ask again later."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "center"
    default_detail = gettext_lazy(
        "The center cannot be reached now. What waits there is not lost; try again in a few minutes."
    )


class Waiting(APIView):
    @extend_schema(responses={200: EnvelopeRow(many=True), 403: RefusalRow, 503: RefusalRow})
    def get(self, request: Request) -> Response:
        """Envelopes that wait at the center for the person's branches."""
        branches = scoped(Branch.objects.all(), _person(request), Action.RECEIVE, "pk")
        try:
            rows = exchange.waiting(branches.values_list("pk", flat=True))
        except exchange.Unreachable:
            raise Unavailable from None
        return Response(EnvelopeRow(rows, many=True).data)


class Receive(APIView):
    @extend_schema(request=Taking, responses={200: CaseDetail, **REFUSALS})
    def post(self, request: Request, envelope_id: UUID) -> Response:
        """Receive an envelope from the center (directive, part 2)."""
        given = _read(Taking, request)
        branch = get_object_or_404(Branch, pk=given["branch"])
        if can(_person(request), Action.RECEIVE, branch) and not exchange.is_addressed(envelope_id, branch.pk):
            raise NotSeen(_("There is no such envelope for this branch."), "no_envelope")
        case = workflow.receive(envelope_id, branch=branch, by=_person(request), command_id=given["command_id"])
        return Response(CaseDetail(case, context={"request": request}).data)


@extend_schema_view(get=extend_schema(parameters=[PaymentAsked], responses={200: PaymentRow, **NOT_ANSWERED}))
class Payment(APIView):
    def get(self, request: Request) -> Response:
        """Whether a branch may pay a pension for a month, and why (not)."""
        asked = _clean(PaymentAsked(data=request.query_params.dict()))
        branch = _branch(request, asked["branch"])
        answer = _known([may_pay(asked["pension_number"], branch.pk, asked["month"])])[0]
        return Response(brief(answer) | {"branch": branch.pk, "month": answer.month, "reason": answer.reason})


class Payments(APIView):
    @extend_schema(request=PaymentsAsked, responses={200: PaymentRows, **NOT_ANSWERED})
    def post(self, request: Request) -> Response:
        """The same for many pensions, or for the whole payroll of a branch; nothing is recorded."""
        asked = _read(PaymentsAsked, request)
        branch, month = _branch(request, asked["branch"]), asked["month"]
        answers = _reached(lambda: may_pay_all(_numbers(asked, branch), branch.pk, month))
        rows = [brief(answer) for answer in _known(answers)]
        reasons = {code: str(Code(code).label) for code in sorted({row["code"] for row in rows})}
        return Response({"branch": branch.pk, "month": month, "reasons": reasons, "payments": rows})


class Payroll(APIView):
    @extend_schema(request=PayrollPress, responses={200: RunRow, **REFUSALS})
    def post(self, request: Request) -> Response:
        """Record everything payable as paid; the same `command_id` again goes on where it was cut."""
        asked = _read(PayrollPress, request)
        branch, person = _branch(request, asked["branch"]), _person(request)
        run = _reached(lambda: payroll.pay(branch, asked["month"], person, asked["command_id"]))
        return Response({"run": run.pk, "paid": run.paid})


class Schema(APIView):
    @extend_schema(responses={(200, "application/schema+json"): OpenApiTypes.OBJECT, **NOT_SHOWN})
    def get(self, request: Request, name: str) -> HttpResponse:
        """The JSON Schema of sealed content, one for each version ever used."""
        known = {path.stem: path for path in SCHEMAS.glob("*.json")}
        if name not in known:
            raise NotFound(name, "no_schema")
        return HttpResponse(known[name].read_bytes(), content_type="application/schema+json")


def _branch(request: Request, code: str) -> Branch:
    """A branch whose files the person sees; of the others it is not even said that they are there."""
    branch = Branch.objects.filter(pk=code).first()
    if branch is None or not can(_person(request), Action.VIEW_FILES, branch):
        raise NotSeen(_("You do not see the files of this branch."), "not_seen")
    return branch


def _numbers(asked: dict[str, Any], branch: Branch) -> Iterable[str]:
    given = asked.get("pension_numbers")
    return payroll.numbers(branch.pk, asked["month"]) if given is None else given


def _known(answers: list[Answer]) -> list[Answer]:
    return _reached(lambda: unless_unknown(answers))


def _reached(question: Callable[[], T]) -> T:
    try:
        return question()
    except exchange.Unreachable:
        raise Unavailable from None


def _pressed(request: Request) -> tuple[dict[str, Any], Any]:
    """The body and the files; of a form, what is not of every step is the step's own input."""
    if not isinstance(request.data, QueryDict):
        return _read(Press, request), None
    posted = request.data.dict()
    own = {name: value for name, value in posted.items() if name not in ("command_id", "seen")}
    seen = posted.get("seen") or None
    return _clean(Press(data={"command_id": posted.get("command_id"), "seen": seen, "data": own})), request.FILES


def _read(kind: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """The body, or 422 with a sentence beside each field."""
    return _clean(kind(data=request.data))


def _clean(form: Serializer[Any]) -> dict[str, Any]:
    if not form.is_valid():
        raise _bad_input(form.errors)
    return dict(form.validated_data)


def _sentences(errors: Any) -> list[str]:
    """Of a list each sentence once, whichever of its items it is said of."""
    if isinstance(errors, dict):
        return sorted({str(line) for lines in errors.values() for line in lines})
    return [str(line) for line in errors]


def _bad_input(errors: Any) -> Refusal:
    sentences = {name: _sentences(lines) for name, lines in errors.items()}
    return BadInput(_("Something in the form has to be corrected; nothing was stored."), "invalid", sentences)
