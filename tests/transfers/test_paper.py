"""The paper file beside its data: how it left, how it came, and what is said when one of the two stays away."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from branches.models import Branch
from branches.roles import Action, Role
from central.models import Receipt
from pension_transfer.lib import calendar
from pension_transfer.lib.errors import BadInput
from pension_transfer.lib.persian import to_persian_digits
from tests.cast import PAPER, PAPER_SENT, Cast, Walk, make_file, press
from tests.expect import fresh, refused
from tests.pages import as_, command, goes_to, push, queries, text
from transfers import exchange, sync, timeline
from transfers.models import PaperArrival, TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
WHY = {"reason": "مدرک ناقص است"}
LONG_AGO = timezone.now() - dt.timedelta(days=30)


def told(kind: str) -> list[Receipt]:
    return list(Receipt.objects.filter(kind=kind).order_by("id"))


def dispatch(walk: Walk, **changes: str) -> TransferCase:
    return press(Action.DISPATCH_PAPER, walk.case, walk.clerk, **(PAPER_SENT | changes))


def again(walk: Walk) -> None:
    """The next version, approved and sent."""
    walk.case = press(Action.ASSEMBLE, fresh(walk.case), walk.clerk)
    walk.technical()
    walk.send()


# --- dispatch: recorded at the origin, told to the destination --------------------------------------------


def test_what_is_recorded_before_the_seal_is_told_with_it_in_the_name_of_who_recorded_it(walk: Walk) -> None:
    walk.to(State.DRAFT)
    dispatch(walk)
    assert told("paper_sent") == []
    walk.technical()
    walk.send()
    (said,) = told("paper_sent")
    assert (said.envelope_id, said.body["by_name"]) == (fresh(walk.case).envelope_id, str(walk.clerk))
    walk.receive()
    copy = fresh(walk.copy)
    assert (copy.parcel_number, copy.paper_sent_pages) == (PAPER_SENT["parcel_number"], 120)
    assert copy.paper_sent_on == calendar.parse_date(PAPER_SENT["paper_sent_on"])


def test_what_is_recorded_after_the_deposit_is_told_at_once_and_corrected_by_recording_it_again(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    dispatch(walk)
    dispatch(walk, paper_sent_pages="۱۱۸", paper_method="courier", parcel_number="")
    assert len(told("paper_sent")) == 2
    copy = fresh(walk.copy)
    assert (copy.paper_sent_pages, copy.paper_method, copy.parcel_number) == (118, "courier", "")


def test_it_is_told_again_with_the_envelope_after_a_recall(walk: Walk) -> None:
    walk.to(State.SENT)
    dispatch(walk)
    walk.case = press(Action.RECALL, walk.case, walk.head, **WHY)
    again(walk)
    assert [said.envelope_id for said in told("paper_sent")][-1] == fresh(walk.case).envelope_id
    walk.receive()
    assert fresh(walk.copy).paper_sent_pages == 120


def test_it_is_told_again_with_the_next_version_and_hearing_it_twice_changes_nothing(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    dispatch(walk)
    walk.give_back()
    walk.case = press(Action.REOPEN, fresh(walk.case), walk.clerk)
    again(walk)
    walk.receive()
    assert [said.envelope_id for said in told("paper_sent")][-1] == fresh(walk.case).envelope_id
    before = (fresh(walk.copy).trail_length, fresh(walk.case).trail_length)
    sync.sync()
    assert (fresh(walk.copy).trail_length, fresh(walk.case).trail_length) == before


def test_of_an_envelope_that_the_center_refuses_nothing_is_told(walk: Walk) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    dispatch(walk)
    Branch.objects.filter(pk=walk.cast.destination.pk).update(is_active=False)
    exchange.publish_directory()
    walk.send()
    dispatch(walk, paper_sent_pages="7")
    rows = walk.case.crossings.order_by("created_at").values_list("verb", "state", "reason")
    assert list(rows) == [(verb, "refused", "destination_closed 0801") for verb in ("deposit", "answer")]
    assert (told("paper_sent"), fresh(walk.case).paper_sent_pages) == ([], 7)
    assert sync.sync().refused == []


BAD = [
    ({"paper_sent_on": "1499/01/01"}, "paper_sent_on"),
    ({"paper_sent_on": ""}, "paper_sent_on"),
    ({"paper_sent_pages": "-3"}, "paper_sent_pages"),
    ({"paper_sent_pages": "0"}, "paper_sent_pages"),
    ({"paper_method": "by pigeon"}, "paper_method"),
    ({"parcel_number": "9" * 41}, "parcel_number"),
]


@pytest.mark.parametrize(("changes", "field"), BAD)
def test_a_dispatch_that_cannot_be_is_refused_beside_its_field(walk: Walk, changes: dict[str, str], field: str) -> None:
    walk.to(State.DRAFT)
    with refused(BadInput, "invalid") as caught:
        dispatch(walk, **changes)
    assert set(caught.value.errors) == {field}


def test_the_page_of_the_step_keeps_what_was_typed_and_shows_what_was_recorded(walk: Walk) -> None:
    case = walk.to(State.SENT)
    url = reverse("case_step", args=[case.pk, Action.DISPATCH_PAPER])
    assert as_(walk.clerk).get(url).context["page"].step.form.initial["paper_sent_pages"] == 120
    wrong = push(walk.clerk, Action.DISPATCH_PAPER, case, **(PAPER_SENT | {"paper_sent_pages": "-3", "back": "step"}))
    assert (wrong.status_code, PAPER_SENT["paper_sent_letter"] in text(wrong)) == (422, True)
    assert push(walk.officer, Action.DISPATCH_PAPER, case, **PAPER_SENT).status_code == 302
    assert push(walk.head, Action.DISPATCH_PAPER, fresh(case), **PAPER_SENT).status_code == 403
    stranger = walk.cast.at(walk.cast.third, Role.CLERK)
    assert push(stranger, Action.DISPATCH_PAPER, fresh(case), **PAPER_SENT).status_code == 404
    assert as_(walk.clerk).get(url).context["page"].step.form.initial["paper_sent_letter"] == "55/2"


# --- arrival ----------------------------------------------------------------------------------------------


def test_the_origin_hears_in_what_condition_the_paper_file_came(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    bad = PAPER | {"paper_condition": "damaged", "paper_note": "جلد پاره است", "paper_pages": "118"}
    press(Action.RECORD_PAPER, walk.copy, walk.staff, **bad)
    case = fresh(walk.case)
    assert (case.paper_condition, case.paper_note, case.paper_pages) == ("damaged", "جلد پاره است", 118)
    both = TransferCase.objects.prefetch_related("events").select_related("origin", "destination")
    told_once = [row for row in timeline.of_move(both) if "جلد پاره است" in row.note]
    assert [row.by for row in told_once] == [str(walk.staff)]


@pytest.mark.parametrize("condition", ["damaged", "incomplete"])
def test_what_is_not_in_good_condition_needs_a_note(walk: Walk, condition: str) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    with refused(BadInput, "invalid") as caught:
        press(Action.RECORD_PAPER, walk.copy, walk.staff, **(PAPER | {"paper_condition": condition}))
    assert set(caught.value.errors) == {"paper_note"}


@pytest.mark.parametrize(("sent", "counted", "warns"), [("118", "118", False), ("118", "117", True), ("", "119", True)])
def test_pages_that_differ_warn_with_both_numbers_and_stop_nothing(
    walk: Walk, sent: str, counted: str, warns: bool
) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    if sent:
        dispatch(walk, paper_sent_pages=sent)
    press(Action.RECORD_PAPER, fresh(walk.copy), walk.staff, **(PAPER | {"paper_pages": counted}))
    page = as_(walk.staff).get(reverse("case", args=[walk.copy.pk])).context["page"]
    numbers = [to_persian_digits(number) for number in (sent or "120", counted)]
    assert [all(number in line for number in numbers) for line in page.paper_alarms] == [True] * warns
    assert fresh(walk.copy).paper_pages == int(counted)


# --- paper that came before its data ----------------------------------------------------------------------


def arrive(walk: Walk, of: str, **changes: str) -> Any:
    return as_(walk.staff).post(reverse("paper_arrival"), command() | PAPER | {"number": of} | changes)


@pytest.mark.parametrize("by", ["tracking_number", "pension_number"])
def test_an_arrival_without_data_joins_its_case_when_that_is_received(walk: Walk, by: str) -> None:
    case = walk.to(State.SENT)
    assert goes_to(arrive(walk, to_persian_digits(getattr(case, by)))) == reverse("receive_list")
    (lying,) = as_(walk.staff).get(reverse("receive_list")).context["unmatched"].items
    assert getattr(lying, by) == getattr(case, by)
    assert as_(walk.staff).get(reverse("cartable")).context["unmatched"] == 1
    walk.receive()
    assert (fresh(walk.copy).paper_pages, fresh(walk.case).paper_condition) == (120, "good")
    assert PaperArrival.objects.get().case_id == walk.copy.pk
    assert as_(walk.staff).get(reverse("receive_list")).context["unmatched"].items == []


def test_the_tracking_number_goes_before_the_pension_number(walk: Walk) -> None:
    case = walk.to(State.SENT)
    arrive(walk, case.tracking_number, paper_pages="111")
    arrive(walk, case.pension_number, paper_pages="222")
    walk.receive()
    assert (fresh(walk.copy).paper_pages, PaperArrival.objects.unmatched().count()) == (111, 0)


def test_a_number_recorded_again_corrects_and_a_repeat_changes_nothing(walk: Walk) -> None:
    case = walk.to(State.SENT)
    once = command() | PAPER | {"number": case.tracking_number}
    for data in (once, once | {"paper_pages": "9"}):
        as_(walk.staff).post(reverse("paper_arrival"), data)
    assert PaperArrival.objects.get().paper_pages == 120
    arrive(walk, case.tracking_number, paper_pages="9")
    assert PaperArrival.objects.get().paper_pages == 9


WRONG = [
    ({"number": "123"}, "number"), ({"number": "0801050000013"}, "number"), ({"number": ""}, "number"),
    ({"paper_arrived_on": "1499/01/01"}, "paper_arrived_on"), ({"paper_pages": "-1"}, "paper_pages"),
    ({"paper_condition": "damaged"}, "paper_note"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "field"), WRONG)
def test_an_arrival_that_cannot_be_is_refused_beside_its_field(walk: Walk, changes: dict[str, str], field: str) -> None:
    answer = arrive(walk, "7000000001", **changes)
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {field})
    assert (PaperArrival.objects.count(), PAPER["paper_letter_number"] in text(answer)) == (0, True)


def test_the_arrival_of_what_was_received_belongs_on_its_case(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    answer = arrive(walk, copy.tracking_number)
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"number"})
    assert PaperArrival.objects.count() == 0


def test_only_the_staff_of_the_branch_record_and_see_what_lies_there(walk: Walk) -> None:
    arrive(walk, "7000000001")
    assert as_(walk.clerk).get(reverse("paper_arrival")).status_code == 403
    assert as_(walk.cast.reader("outsider")).post(reverse("paper_arrival"), command()).status_code == 403
    elsewhere = as_(walk.cast.at(walk.cast.third, Role.DESTINATION_STAFF))
    assert elsewhere.get(reverse("receive_list")).context["unmatched"].items == []


def test_a_mistaken_arrival_is_taken_off_the_list_with_its_reason(walk: Walk) -> None:
    arrive(walk, "7000000001")
    lying = PaperArrival.objects.get()
    url = reverse("paper_set_aside", args=[lying.pk])
    assert as_(walk.staff).get(url).status_code == 200
    assert as_(walk.staff).post(url, command(reason="")).status_code == 422
    officer, stranger = walk.other_officer, walk.cast.at(walk.cast.third, Role.DESTINATION_STAFF)
    assert as_(officer).post(url, command(**WHY)).status_code == 403
    assert (as_(stranger).get(url).status_code, as_(stranger).post(url, command(**WHY)).status_code) == (404, 404)
    assert PaperArrival.objects.unmatched().count() == 1
    assert goes_to(as_(walk.staff).post(url, command(**WHY))) == reverse("receive_list")
    assert PaperArrival.objects.unmatched().count() == 0
    assert PaperArrival.objects.get().set_aside_reason == WHY["reason"]
    assert as_(walk.staff).post(url, command(**WHY)).status_code == 409


# --- where the two part ways --------------------------------------------------------------------------------


def alarm(case: TransferCase) -> str | None:
    """The column that an alarm says is empty; the same whether asked of the case or of the database."""
    case = fresh(case)
    found = case.paper_alarm
    assert TransferCase.objects.filter(pk=case.pk).paper_apart().exists() == bool(found)
    return found.missing if found else None


def sent_at(moment: dt.datetime) -> None:
    TransferCase.objects.filter(sent_at__isnull=False).update(sent_at=moment)


def test_paper_that_left_before_its_data_is_said_until_the_data_is_sent(walk: Walk) -> None:
    walk.to(State.DRAFT)
    assert alarm(walk.case) is None
    dispatch(walk)
    assert alarm(walk.case) == "sent_at"
    walk.technical()
    walk.send()
    assert alarm(walk.case) is None
    walk.case = press(Action.RECALL, fresh(walk.case), walk.head, **WHY)
    assert alarm(walk.case) == "sent_at"


def test_data_without_paper_is_said_at_both_branches_after_three_working_days(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    today = calendar.today()
    back = (today - dt.timedelta(days=number) for number in range(40))
    third = next(day for day in back if calendar.working_days_between(day, today) >= 3)  # whatever day it is today
    just_late = timezone.make_aware(dt.datetime.combine(third, dt.time(23, 59)))
    sent_at(just_late + dt.timedelta(minutes=2))
    assert (alarm(walk.case), alarm(walk.copy)) == (None, None)
    sent_at(just_late)
    assert (alarm(walk.case), alarm(walk.copy)) == ("paper_sent_on", "paper_arrived_on")
    dispatch(walk)
    assert (alarm(walk.case), alarm(walk.copy)) == (None, "paper_arrived_on")
    press(Action.RECORD_PAPER, fresh(walk.copy), walk.staff, **PAPER)
    assert (alarm(walk.case), alarm(walk.copy)) == (None, None)


def test_the_alarm_stands_on_the_case_in_the_lists_and_in_a_queue_of_its_own(walk: Walk) -> None:
    case = walk.to(State.SENT)
    sent_at(LONG_AGO)
    clerk = as_(walk.clerk)
    assert clerk.get(reverse("case", args=[case.pk])).context["page"].paper_alarms
    assert clerk.get(reverse("cartable")).context["rows"] == []
    assert clerk.get(reverse("cartable")).context["apart_count"] == 1
    answer = clerk.get(reverse("cartable"), {"paper": "apart"})
    assert [row.case.pk for row in answer.context["rows"]] == [case.pk]
    label = str(fresh(case).paper_alarm.label)
    assert label in text(answer) and label in text(clerk.get(reverse("case_list")))
    stranger = as_(walk.cast.at(walk.cast.third, Role.CLERK)).get(reverse("cartable"), {"paper": "apart"})
    assert (stranger.context["rows"], stranger.context["apart_count"]) == ([], 0)


def test_the_marks_cost_no_query_for_their_rows(cast: Cast) -> None:
    urls = [reverse("case_list"), f"{reverse('cartable')}?paper=apart"]
    clerk, costs = cast.at(cast.origin, Role.CLERK), []
    for number in (1, 2, 3):
        Walk(cast, make_file(cast.origin, number)).to(State.SENT)
        sent_at(LONG_AGO)
        costs.append([queries(clerk, url) for url in urls])
    assert costs[0] == costs[1] == costs[2]


def test_a_case_shows_the_way_of_its_paper_file(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    dispatch(walk)
    press(Action.RECORD_PAPER, fresh(walk.copy), walk.staff, **PAPER)
    for person, case in ((walk.clerk, walk.case), (walk.staff, walk.copy)):
        shown = text(as_(person).get(reverse("case", args=[case.pk])))
        assert to_persian_digits(PAPER_SENT["parcel_number"]) in shown
        assert str(fresh(case).get_paper_condition_display()) in shown


def test_the_paper_file_may_come_before_the_decrees_are_shown(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    page = as_(walk.staff).get(reverse("case", args=[copy.pk]))
    assert page.context["page"].paper_awaited and str(uuid.UUID(int=0)) not in text(page)
    assert push(walk.staff, Action.RECORD_PAPER, copy, back="case", **PAPER).status_code == 302
    assert fresh(copy).paper_arrived_on
