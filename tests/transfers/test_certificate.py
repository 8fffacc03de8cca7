"""The last pay certificate: stated at the origin without drafting, compared, sealed; the destination starts from it."""

import copy
import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from branches import services
from branches.models import PensionFile
from branches.roles import Action, Role
from central import contract
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow
from tests import oracle
from tests.cast import DIFFERENCE, Walk, judge_all, make_file, press
from tests.expect import also, fresh, refused
from tests.pages import ASCII, as_, command, push, queries, text
from transfers import comparison, fields, snapshot
from transfers.discrepancies import OfCase
from transfers.models import Content, Part, TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
NOTE = "عیدی ۱۴۰۴، فهرست ۱۲"
STATED = {
    "last_paid_month": "1405/08",
    "arrears_amount": "۱٬۲۰۰٬۰۰۰",
    "arrears_note": NOTE,
    "reason": "فهرست پرداخت آبان",
}
SUSPENDED = STATED | {"suspended_since": "1405/07", "suspension_reason": "گواهی حیات نرسیده"}
NOTHING = {
    "arrears_amount": None, "arrears_note": "", "overpaid_amount": None, "overpaid_note": "", "suspended_since": None,
    "suspension_reason": "",
}  # fmt: skip


def of_file(walk: Walk) -> PensionFile:
    return PensionFile.objects.get(pk=walk.file.pk)


def certificate(file: PensionFile) -> dict[str, Any]:
    return {name: getattr(file, name) for name in NOTHING}


def suspended(walk: Walk) -> Walk:
    PensionFile.objects.filter(pk=walk.file.pk).update(status="suspended")
    return walk


# --- stating ------------------------------------------------------------------------------------------------


def test_the_officer_states_it_and_just_what_changed_is_compared_anew(walk: Walk) -> None:
    case = judge_all(walk.to(State.DRAFT), walk.officer)
    case = press(Action.STATE_CERTIFICATE, case, walk.officer, **STATED)
    assert certificate(of_file(walk)) == NOTHING | {"arrears_amount": 1_200_000, "arrears_note": NOTE}
    assert (case.state, case.turn, case.is_assembled) == (State.DRAFT, "technical_officer", True)
    assert case.content["last_pay_certificate"]["arrears_amount"] == 1_200_000
    assert case.content_hash == snapshot.content_hash(snapshot.compose(case, case.file))
    open_now = {field.path for field in comparison.open_fields(case)}
    assert open_now == {"last_pay_certificate.arrears_amount", "last_pay_certificate.arrears_note"}


def test_who_stated_it_and_why_is_in_the_files_history_and_in_the_trail(walk: Walk) -> None:
    case = press(Action.STATE_CERTIFICATE, walk.to(State.DRAFT), walk.officer, **STATED)
    kept = of_file(walk).corrections.get()
    assert (kept.section, kept.by, kept.reason) == ("certificate", walk.officer, STATED["reason"])
    assert (kept.before, kept.after) == (
        {"arrears_amount": None, "arrears_note": ""}, {"arrears_amount": 1_200_000, "arrears_note": NOTE},
    )  # fmt: skip
    event = case.events.latest("sequence")
    assert (event.action, event.by, event.note) == ("state_certificate", walk.officer, STATED["reason"])
    assert event.details["changed"] == 2 and of_file(walk).content_version == 2
    page = text(as_(walk.clerk).get(reverse("file", args=[walk.file.pk])))
    assert NOTE in page and STATED["reason"] in page


def test_stating_is_not_drafting(walk: Walk) -> None:
    walk.case = press(Action.STATE_CERTIFICATE, walk.to(State.DRAFT), walk.officer, **STATED)
    assert not Part.objects.filter(case=walk.case, user=walk.officer).exists()
    walk.technical()
    assert walk.case.state == State.TECHNICALLY_APPROVED
    walk.send()
    assert fresh(walk.case).state == State.SENT and oracle.problems() == []


def test_a_correction_by_the_same_person_is_drafting_all_the_same(walk: Walk) -> None:
    walk.to(State.DRAFT)
    both = also(walk.officer, Role.CLERK, walk.cast.origin)
    services.correct(
        of_file(walk), "certificate", None, both, "فهرست", {"overpaid_amount": 5, "overpaid_note": "دو بار"}
    )
    assert Part.objects.get(case=walk.case, user=both).name == Part.Name.DRAFTER


def test_the_matrix_says_who_states_and_the_service_asks_it(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    for person in (walk.clerk, walk.head):
        with refused(NotAllowed, "role"):
            press(Action.STATE_CERTIFICATE, case, person, **STATED)
        with pytest.raises(NotAllowed):
            services.state_certificate(of_file(walk), person, "فهرست", {"arrears_amount": 1, "arrears_note": "عیدی"})
    walk.technical()
    with refused(NotNow, "state"):
        press(Action.STATE_CERTIFICATE, walk.case, walk.officer, **STATED)


def test_a_sealed_file_is_not_stated_anew(walk: Walk) -> None:
    walk.to(State.SENT)
    with pytest.raises(NotNow) as caught:
        services.state_certificate(of_file(walk), walk.officer, "فهرست", {"arrears_amount": 1, "arrears_note": "عیدی"})
    assert caught.value.code == "frozen"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"arrears_note": ""}, "arrears_note"),
        ({"arrears_amount": ""}, "arrears_amount"),
        ({"overpaid_note": "دو بار"}, "overpaid_amount"),
        ({"overpaid_amount": "0"}, "overpaid_note"),
        ({"suspended_since": "1405/07"}, "suspension_reason"),
        ({"suspension_reason": "گواهی حیات"}, "suspended_since"),
        ({"suspended_since": "1499/12", "suspension_reason": "گواهی حیات"}, "suspended_since"),
        ({"suspended_since": "1390/01", "suspension_reason": "گواهی حیات"}, "suspended_since"),
        ({"suspended_since": "1405/13", "suspension_reason": "گواهی حیات"}, "suspended_since"),
        ({"last_paid_month": ""}, "last_paid_month"),
        ({"last_paid_month": "1499/12"}, "last_paid_month"),
        ({"arrears_amount": "صد تومان"}, "arrears_amount"),
        ({"arrears_note": "ب" * 201}, "arrears_note"),
        ({"reason": ""}, "reason"),
    ],
)
def test_what_is_half_said_or_false_is_refused_beside_its_field(walk: Walk, given: dict[str, str], field: str) -> None:
    case = walk.to(State.DRAFT)
    with refused(BadInput, "invalid") as caught:
        press(Action.STATE_CERTIFICATE, case, walk.officer, **STATED | given)
    assert set(caught.value.errors) == {field}
    assert certificate(of_file(walk)) == NOTHING
    answer = push(walk.officer, "state_certificate", case, back="step", **STATED | given)
    form = answer.context["page"].step.form
    assert answer.status_code == 422 and set(form.errors) == {field}
    assert all(str(form[name].value()) == typed for name, typed in given.items())


def test_stating_what_the_file_says_changes_nothing(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    with refused(BadInput, "unchanged"):
        press(Action.STATE_CERTIFICATE, case, walk.officer, last_paid_month="1405/08", reason="فهرست")


def test_another_last_paid_month_moves_the_coming_events_and_the_reminders(walk: Walk) -> None:
    son = walk.file.dependents.get(relationship="son")
    walk.file.dependents.filter(pk=son.pk).update(entitlement_basis="تحصیل")
    case = walk.to(State.DRAFT)
    case = press(Action.STATE_CERTIFICATE, case, walk.officer, **STATED | {"last_paid_month": "1405/05"})
    assert case.content["last_pay_certificate"]["last_paid_month"] == 140505
    days = [event["on"] for event in case.content["coming_events"] if event["kind"] == "study_review"]
    assert days == ["2026-09-22"]
    assert list(of_file(walk).reminders.filter(kind="study_review").values_list("on", flat=True)) == [
        dt.date(2026, 9, 22)
    ]


def test_a_suspension_on_an_active_file_is_answered_for_by_the_clerk(walk: Walk) -> None:
    case = press(Action.STATE_CERTIFICATE, walk.to(State.DRAFT), walk.officer, **SUSPENDED)
    assert [row[:2] for row in case.warnings] == [["last_pay_certificate.suspended_since", "not_suspended"]]
    assert (case.turn, case.is_assembled) == ("clerk", False)
    case = press(Action.ACKNOWLEDGE, case, walk.clerk, note="همین ماه برقرار شد")
    assert (case.turn, case.is_assembled) == ("technical_officer", True)


def test_the_page_of_the_step_is_filled_from_the_file_and_cheap(walk: Walk) -> None:
    PensionFile.objects.filter(pk=walk.file.pk).update(overpaid_amount=5000, overpaid_note="دو بار پرداخت شد")
    case = walk.to(State.DRAFT)
    page = as_(walk.officer).get(reverse("case", args=[case.pk]))
    url = reverse("case_step", args=[case.pk, "state_certificate"])
    assert url in text(page) and url not in text(as_(walk.clerk).get(reverse("case", args=[case.pk])))
    form = text(as_(walk.officer).get(url)).translate(ASCII)
    assert 'value="1405/08"' in form and 'value="5٬000"' in form and 'value="دو بار پرداخت شد"' in form
    assert queries(walk.officer, url) <= 18


# --- the hurdle ----------------------------------------------------------------------------------------------


def test_a_suspended_file_is_approved_only_once_it_says_since_when_and_why(walk: Walk) -> None:
    case = judge_all(suspended(walk).to(State.DRAFT), walk.officer)
    with refused(NotNow, "blocked"):
        press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month="1405/08")
    page = as_(walk.officer).get(reverse("case", args=[case.pk])).context["page"]
    assert page.main.blocked and "state_certificate" in page.steps
    walk.case = press(Action.STATE_CERTIFICATE, case, walk.officer, **SUSPENDED)
    walk.technical()
    assert walk.case.state == State.TECHNICALLY_APPROVED


# --- sealed, compared, written ----------------------------------------------------------------------------------


def test_the_destination_starts_from_it_and_a_suspended_file_stays_so(walk: Walk) -> None:
    walk.case = press(Action.STATE_CERTIFICATE, suspended(walk).to(State.DRAFT), walk.officer, **SUSPENDED)
    for step in ("technical", "send", "receive", "compare", "verify"):
        getattr(walk, step)()
    assert (walk.copy.content["schema"], contract.faults(walk.copy.content)) == ("envelope-3", [])
    page = text(as_(walk.staff).get(reverse("case", args=[walk.copy.pk])))
    card = page[page.index('id="section-last_pay_certificate"') :]
    assert NOTE in card and "گواهی حیات نرسیده" in card and "بانک رفاه" in card  # the loan belongs to it
    walk.register()
    assert certificate(fresh(walk.copy).file) == certificate(of_file(walk))
    walk.activate()
    assert fresh(walk.copy).file.status == "suspended" and oracle.problems() == []


def test_a_changed_certificate_at_the_destination_is_not_what_was_sealed(walk: Walk) -> None:
    walk.case = press(Action.STATE_CERTIFICATE, walk.to(State.DRAFT), walk.officer, **STATED)
    for step in ("technical", "send", "receive", "compare", "verify", "register"):
        getattr(walk, step)()
    file = fresh(walk.copy).file
    assert snapshot.differences(walk.copy.content, file) == []
    file.arrears_amount = 1_200_001
    assert snapshot.differences(walk.copy.content, file) == ["last_pay_certificate"]
    PensionFile.objects.filter(pk=file.pk).update(arrears_amount=1_200_001)
    assert any(problem.startswith("I4") for problem in oracle.problems())


def test_a_discrepancy_on_it_leads_to_the_form_that_corrects_it(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    wrong = DIFFERENCE | {"path": "last_pay_certificate.arrears_amount", "paper_value": "۹۰۰٬۰۰۰ ریال"}
    press(Action.JUDGE, walk.copy, walk.staff, **wrong)
    press(Action.RETURN_TO_ORIGIN, walk.copy, walk.staff)
    asked = OfCase(fresh(walk.case))
    (one,) = asked.left
    assert asked.place(one) == ("certificate", None, "arrears_amount")
    url = asked.url(one)
    assert 'class="remark"' in text(as_(walk.clerk).get(url))
    data = {"last_paid_month": "1405/08", "arrears_amount": "900000", "arrears_note": NOTE, "reason": "برگه ۱۲"}
    answer = as_(walk.clerk).post(url.partition("?")[0], command(seen=of_file(walk).content_version) | data)
    assert answer.status_code == 302 and OfCase(fresh(walk.case)).left == []


def test_an_amount_below_nothing_is_refused_by_the_database(walk: Walk) -> None:
    for name in ("arrears_amount", "overpaid_amount"):
        with pytest.raises(IntegrityError), transaction.atomic():
            PensionFile.objects.filter(pk=walk.file.pk).update(**{name: -1})


# --- envelopes of before -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", ["envelope-1", "envelope-2"])
def test_an_older_envelope_is_compared_registered_and_leaves_the_rest_unsaid(
    walk: Walk, monkeypatch: pytest.MonkeyPatch, schema: str
) -> None:
    """Also where the old record here said more: what was not sealed is not carried on."""
    old = make_file(walk.cast.destination, 1, arrears_amount=7, arrears_note="کهنه", status="moved")
    monkeypatch.setattr(snapshot, "CURRENT", schema)
    monkeypatch.setattr(snapshot, "CERTIFICATE", ("last_paid_month",))
    walk.to(State.SENT)
    monkeypatch.undo()
    for step in ("receive", "compare"):
        getattr(walk, step)()
    case = fresh(walk.copy)
    assert (case.content["schema"], contract.faults(case.content)) == (schema, [])
    of_part = [f.path for f in fields.fields_of(case.content) if f.section == "last_pay_certificate"]
    assert of_part == ["last_pay_certificate.last_paid_month"]
    for url in ("case", "comparison"):
        assert as_(walk.staff).get(reverse(url, args=[case.pk])).status_code == 200
    for step in ("verify", "register", "activate"):
        getattr(walk, step)()
    file = fresh(walk.copy).file
    assert (file.pk, certificate(file)) == (old.pk, NOTHING)
    assert snapshot.differences(case.content, file) == [] and oracle.problems() == []


def test_between_an_older_version_and_a_newer_one_only_what_is_said_differs(walk: Walk) -> None:
    newer = walk.to(State.DRAFT).content
    older = copy.deepcopy(newer) | {"last_pay_certificate": {"last_paid_month": 140508}}
    assert fields.changes(older, newer) == fields.changes(newer, older) == []
    newer["last_pay_certificate"]["overpaid_amount"] = 5
    assert [change.field.path for change in fields.changes(older, newer)] == ["last_pay_certificate.overpaid_amount"]


def test_a_draft_of_before_is_drawn_up_anew_before_it_is_approved(walk: Walk) -> None:
    """The next step notices that the contract is another one, and says what to do."""
    case = judge_all(walk.to(State.DRAFT), walk.officer)
    content = case.content | {"schema": "envelope-2", "last_pay_certificate": {"last_paid_month": 140508}}
    Content.objects.filter(case=case).update(body=contract.canonical(content).decode())
    TransferCase.objects.filter(pk=case.pk).update(content_hash=snapshot.content_hash(content))
    with refused(NotNow, "content_changed"):
        press(Action.APPROVE_TECHNICAL, fresh(case), walk.officer, last_paid_month="1405/08")
    assert as_(walk.officer).get(reverse("case", args=[case.pk])).status_code == 200


# --- the origin's file on its way --------------------------------------------------------------------------------


def test_the_origins_file_says_where_it_goes_and_that_it_is_read_only(walk: Walk) -> None:
    url = reverse("file", args=[walk.file.pk])
    before = text(as_(walk.clerk).get(url))
    correct = reverse("file_correct", args=[walk.file.pk, "certificate"])
    assert correct in before
    walk.to(State.SENT)
    (notice,) = as_(walk.clerk).get(url).context["notices"]
    assert "شیراز" in notice.title and notice.link.url == reverse("case", args=[walk.case.pk])
    page = text(as_(walk.clerk).get(url))
    assert correct not in page and notice.text in page
    press(Action.RECALL, fresh(walk.case), walk.head, reason="نشانی تازه")
    (thawed,) = as_(walk.clerk).get(url).context["notices"]
    assert len(thawed.text) < len(notice.text) and correct in text(as_(walk.clerk).get(url))


def test_the_api_states_it_too(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    body = {"command_id": str(uuid.uuid4()), "seen": case.trail_length, "data": STATED}
    answer = as_(walk.officer).post(f"/api/cases/{case.pk}/steps/state_certificate/", body, "application/json")
    assert answer.status_code == 200
    assert answer.json()["content"]["last_pay_certificate"]["arrears_amount"] == 1_200_000
