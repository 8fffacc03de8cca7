"""The screens of a move: who opens them, what a press does, what comes back when it is not carried out."""

import base64
import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from branches.models import User
from branches.roles import Action, Role
from tests.cast import LAST_PAID_TYPED, MOVE, Cast, Walk, make_file
from tests.expect import fresh, written
from tests.pages import ASCII, as_, command, goes_to, push, queries, text
from transfers.guide import WHY, chapters
from transfers.models import TransferCase
from transfers.states import Side, State
from transfers.views.case import sentence_of
from transfers.views.pressable import standing_of

pytestmark = pytest.mark.django_db(databases="__all__")
MOST_QUERIES = 18


# --- who opens what -----------------------------------------------------------------------------------

SCREENS = {
    "cartable": (Role.CLERK, None),
    "referral": (Role.CLERK, Role.TECHNICAL_OFFICER),
    "case_list": (Role.TECHNICAL_OFFICER, None),
    "send_list": (Role.BRANCH_HEAD, Role.CLERK),
    "overdue": (Role.BRANCH_HEAD, Role.CLERK),
    "workload": (Role.BRANCH_HEAD, Role.CLERK),
    "follow_ups": (Role.CLERK, None),
    "job_list": (Role.CLERK, None),
    "receive_list": (Role.DESTINATION_STAFF, Role.BRANCH_HEAD),
    "search": (Role.CLERK, None),
    "tracking": (Role.CLERK, None),
    "help": (Role.CLERK, None),
    "help_states": (Role.TECHNICAL_OFFICER, None),
    "help_roles": (Role.CLERK, None),
    "tour": (Role.BRANCH_HEAD, None),
    "notices": (Role.CLERK, None),
    "notice_choices": (Role.CLERK, None),
}


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_opens_for_those_who_use_it(cast: Cast, screen: str) -> None:
    may, may_not = SCREENS[screen]
    assert as_(cast.at(cast.origin, may)).get(reverse(screen)).status_code == 200
    if may_not:
        assert as_(cast.at(cast.origin, may_not)).get(reverse(screen)).status_code == 403
        assert as_(cast.reader("outsider")).get(reverse(screen)).status_code == 403
    assert goes_to(Client().get(reverse(screen))).startswith(reverse("sign_in"))


def test_the_outsider_sees_nothing_of_anybody(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    outside = as_(walk.cast.reader("outsider"))
    assert not outside.get(reverse("cartable")).context["rows"]
    assert not outside.get(reverse("case_list")).context["page"].items
    assert outside.get(reverse("case", args=[case.pk])).status_code == 404
    assert outside.get(reverse("refer", args=[walk.file.pk])).status_code == 404


@pytest.mark.parametrize("role", [Role.CLERK, Role.TECHNICAL_OFFICER, Role.AUDITOR])
def test_what_is_missing_leads_to_a_page_that_opens(walk: Walk, role: str) -> None:
    case = walk.to(State.REFERRAL)
    reader = walk.cast.reader(role) if role == Role.AUDITOR else walk.cast.at(walk.cast.origin, role)
    page = as_(reader).get(reverse("case", args=[case.pk])).context["page"]
    assert page.missing
    assert [as_(reader).get(lack.url).status_code for lack in page.missing] == [200] * len(page.missing)


@pytest.mark.parametrize("screen", ["case", "decrees"])
def test_another_branch_does_not_see_the_case(walk: Walk, screen: str) -> None:
    case = walk.to(State.DRAFT)
    for role in (Role.CLERK, Role.BRANCH_HEAD, Role.DESTINATION_STAFF):
        assert as_(walk.cast.at(walk.cast.third, role)).get(reverse(screen, args=[case.pk])).status_code == 404
    before = written()
    stranger = walk.cast.at(walk.cast.third, Role.TECHNICAL_OFFICER)
    assert push(stranger, Action.SEND_BACK, case, reason="x").status_code == 404
    assert written() == before


def test_a_wrong_role_is_told_so_and_nothing_is_written(walk: Walk) -> None:
    case, before = walk.to(State.DRAFT), written()
    answer = push(walk.clerk, Action.APPROVE_TECHNICAL, case, last_paid_month=LAST_PAID_TYPED)
    assert (answer.status_code, written()) == (403, before)


@pytest.mark.parametrize("reader", [Role.PROVINCE_SUPERVISOR, Role.CENTER_OPERATOR, Role.AUDITOR])
def test_those_who_only_read_see_what_is_under_way_and_no_button(walk: Walk, reader: str) -> None:
    case = walk.to(State.DRAFT)
    looking = as_(walk.cast.reader(reader))
    assert [row.case.pk for row in looking.get(reverse("cartable")).context["rows"]] == [case.pk]
    page = looking.get(reverse("case", args=[case.pk]))
    work = {"reassign"} if reader == Role.PROVINCE_SUPERVISOR else set()  # which touches no content (DESIGN 11.14)
    assert (page.status_code, set(page.context["page"].steps)) == (200, work)


def test_the_menu_holds_what_the_role_can_use(cast: Cast) -> None:
    def urls(user: User) -> set[str]:
        groups = as_(user).get(reverse("help")).context["menu"]
        return {item["url"] for group in groups for item in group["items"]}

    assert reverse("referral") in urls(cast.at(cast.origin, Role.CLERK))
    assert reverse("send_list") in urls(cast.at(cast.origin, Role.INSURANCE_DEPUTY))
    assert reverse("receive_list") in urls(cast.at(cast.origin, Role.DESTINATION_STAFF))
    for_reading = urls(cast.reader(Role.AUDITOR))
    assert not for_reading & {reverse(name) for name in ("referral", "send_list", "receive_list", "admin:index")}
    operator = cast.reader(Role.CENTER_OPERATOR)
    operator.is_staff = True
    operator.save()
    assert reverse("admin:index") in urls(operator)


# --- cartable -----------------------------------------------------------------------------------------


def test_the_cartable_holds_my_turn_only_with_its_next_step(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    assert as_(walk.clerk).get(reverse("cartable")).context["rows"] == []
    (row,) = as_(walk.officer).get(reverse("cartable")).context["rows"]
    assert (row.case.pk, row.step.action, row.url) == (
        case.pk,
        Action.APPROVE_TECHNICAL,
        reverse("case", args=[case.pk]),
    )
    walk.technical()
    (row,) = as_(walk.head).get(reverse("cartable")).context["rows"]
    assert (row.step.action, row.url) == (Action.APPROVE_HEAD, reverse("send_list"))
    walk.send()
    at_center = as_(walk.staff).get(reverse("cartable")).context["at_center"]
    assert (at_center.is_reached, at_center.count) == (True, 1)


def test_the_lists_name_the_branch_whose_turn_it_is(walk: Walk) -> None:
    walk.to(State.SENT)
    ((_case, turn, _due),) = as_(walk.clerk).get(reverse("case_list")).context["rows"]
    (row,) = as_(walk.cast.reader(Role.AUDITOR)).get(reverse("cartable")).context["rows"]
    assert (turn, row.turn) == (walk.cast.destination.name, walk.cast.destination.name)


def test_the_queues_narrow_the_cartable(cast: Cast) -> None:
    for number in (1, 2):
        Walk(cast, make_file(cast.origin, number)).to(State.TECHNICALLY_APPROVED)
    head = as_(cast.at(cast.origin, Role.BRANCH_HEAD))
    page = head.get(reverse("cartable"), {"state": "technically_approved"})
    assert [(count["state"], count["n"]) for count in page.context["counts"]] == [("technically_approved", 2)]
    assert head.get(reverse("cartable"), {"state": "sent"}).context["rows"] == []
    assert len(head.get(reverse("cartable"), {"state": "no such"}).context["rows"]) == 2


CURSORS = [[None, None], ["x", "y"], [{}, []], ["2026-01-01T00:00:00Z", "9" * 30], ["\x00", 1]]


@pytest.mark.parametrize("cursor", CURSORS)
@pytest.mark.parametrize("screen", ["cartable", "case_list", "referral", "follow_ups"])
def test_what_somebody_writes_into_the_address_breaks_nothing(walk: Walk, screen: str, cursor: list[Any]) -> None:
    walk.to(State.REFERRAL)
    for values in (cursor, cursor[:1], [*cursor, 1]):
        written_there = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
        for name in ("after", "before"):
            assert as_(walk.clerk).get(reverse(screen), {name: written_there}).status_code == 200


@pytest.mark.parametrize("query", ["\x00", "%_\\", "9" * 5000, "  ", "'; --"])
def test_whatever_is_searched_is_answered(walk: Walk, query: str) -> None:
    for screen in ("referral", "tracking"):
        assert as_(walk.clerk).post(reverse(screen), {"q": query}).status_code == 200
        assert as_(walk.clerk).get(reverse(screen), {"q": query}).status_code == 200


# --- referral -----------------------------------------------------------------------------------------


def test_a_file_is_found_by_name_and_by_any_number_and_never_by_its_address(walk: Walk) -> None:
    clerk, file = as_(walk.clerk), walk.file
    for query in ("حسيني", file.national_code, "۷۰۰۰۰۰۰۰۰۱", file.insurance_number):
        found = clerk.post(reverse("referral"), {"q": query}).context["page"].items
        assert [one.pk for one in found] == [file.pk], query
    assert clerk.post(reverse("referral"), {"q": "نیست"}).context["page"].items == []
    make_file(walk.cast.destination, 7)
    assert [one.branch_id for one in clerk.get(reverse("referral")).context["page"].items] == ["0801"]


@pytest.mark.parametrize("destination", ["1001", "۱۰۰۱", "شعبه شیراز (۱۰۰۱)", "شیراز", "شعبه شيراز"])
def test_a_referral_is_recorded_and_leads_to_its_case(walk: Walk, destination: str) -> None:
    data = command() | MOVE | {"destination": destination, "letter_date": "۱۴۰۵/۸/۲۰"}
    answer = as_(walk.clerk).post(reverse("refer", args=[walk.file.pk]), data)
    case = TransferCase.objects.get()
    assert goes_to(answer) == reverse("case", args=[case.pk])
    assert (case.destination_id, case.state) == ("1001", State.DRAFT)


def test_a_whole_name_is_that_branch_though_another_begins_so(walk: Walk) -> None:
    walk.cast.third.name = "شعبه شیرازی"
    walk.cast.third.save()
    answer = as_(walk.clerk).post(
        reverse("refer", args=[walk.file.pk]), command() | MOVE | {"destination": "شعبه شيراز"}
    )
    assert answer.status_code == 302
    assert TransferCase.objects.get().destination_id == "1001"


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("destination", "شعبه"), ("destination", "9999"), ("destination", "0801"), ("destination", ""),
        ("letter_date", "1405/13/1"), ("letter_date", "1499/01/01"), ("letter_number", " "), ("reason", "x"),
        ("letter_number", "۱" * 31), ("note", "ی" * 301),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_referral_is_said_beside_its_field_and_nothing_typed_is_lost(
    walk: Walk, name: str, typed: str
) -> None:
    data = command() | MOVE | {"note": "یادداشت متصدی"} | {name: typed}
    before = written()
    answer = as_(walk.clerk).post(reverse("refer", args=[walk.file.pk]), data)
    form = answer.context["form"]
    assert (answer.status_code, set(form.errors), written()) == (422, {name}, before)
    assert f'id="id_{name}_error"' in text(answer)
    kept = [data[field] for field in form.fields if field not in (name, "reason", "destination")]
    assert all(value in text(answer).translate(ASCII) for value in kept)
    assert data["command_id"] in text(answer)


def test_what_is_typed_for_one_file_is_not_kept_for_another(walk: Walk) -> None:
    files = (walk.file, make_file(walk.cast.origin, 7))
    urls = [reverse("refer", args=[file.pk]) for file in files]
    assert all(f'data-keep="{url}"' in text(as_(walk.clerk).get(url)) for url in urls)


def test_a_file_that_cannot_be_referred_says_why(walk: Walk) -> None:
    walk.to(State.DRAFT)
    url = reverse("refer", args=[walk.file.pk])
    assert as_(walk.clerk).get(url).context["reasons"]
    refused = as_(walk.clerk).post(url, command() | MOVE)
    assert (refused.status_code, TransferCase.objects.count()) == (409, 1)
    assert MOVE["letter_number"] in text(refused)
    assert as_(walk.officer).get(url).status_code == 403


def test_a_case_leads_to_its_file_and_the_file_to_its_case(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    pages = [reverse("case", args=[case.pk]), reverse("file", args=[walk.file.pk])]
    for here, there in (pages, pages[::-1]):
        assert f'href="{there}"' in text(as_(walk.clerk).get(here))
    assert case.tracking_number not in text(as_(walk.clerk).get(pages[1]))  # said with Persian digits


# --- tracking -----------------------------------------------------------------------------------------


def test_a_move_is_found_by_any_of_its_numbers_and_told_once(walk: Walk) -> None:
    walk.to(State.REGISTERED, Side.DESTINATION)
    case = fresh(walk.case)
    center = as_(walk.cast.reader(Role.CENTER_OPERATOR))
    for query in (case.tracking_number, case.national_code, case.pension_number, "۷۰۰۰۰ ۰۰۰۰۱"):
        (move,) = center.post(reverse("tracking"), {"q": query}).context["moves"]
        assert len(move.copies) == 2
    told = [event.label for event in move.events]
    assert len(told) == len(set(told)) == 10
    assert [event.at for event in move.events] == sorted(event.at for event in move.events)
    (own,) = as_(walk.staff).post(reverse("tracking"), {"q": case.pension_number}).context["moves"]
    assert [copy.case.side for copy in own.copies] == [Side.DESTINATION]
    came_with_it = [(row.state, row.by, row.place) for row in own.events[:2]]
    officers = (walk.officer, walk.head)
    states = (State.TECHNICALLY_APPROVED, State.HEAD_APPROVED)
    assert came_with_it == [(s, str(o), case.origin.name) for s, o in zip(states, officers, strict=True)]
    assert [row.at for row in own.events] == sorted(row.at for row in own.events)
    stranger = walk.cast.at(walk.cast.third, Role.CLERK)
    assert as_(stranger).post(reverse("tracking"), {"q": case.tracking_number}).context["moves"] == []


def test_a_persons_number_is_not_taken_from_an_address(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    client = as_(walk.clerk)
    assert client.get(reverse("tracking"), {"q": case.tracking_number}).context["moves"]
    for number in (case.national_code, case.pension_number, "حسینی"):
        answer = client.get(reverse("tracking"), {"q": number})
        assert (answer.context["moves"], answer.context["is_refused"], answer.context["query"]) == ([], True, "")


def test_a_returned_copy_shows_the_way_it_came(walk: Walk) -> None:
    case = walk.to(State.RETURNED, Side.DESTINATION)
    way = as_(walk.staff).get(reverse("case", args=[case.pk])).context["page"].way
    assert [stop.state for stop in way if stop.is_done][:6] == [
        "referral", "draft", "technically_approved", "head_approved", "sent", "received",
    ]  # fmt: skip


def test_a_closing_step_says_how_it_ended(walk: Walk) -> None:
    case = walk.to(State.CANCELLED)
    assert standing_of(case) in sentence_of(case, Action.CANCEL)


# --- help ---------------------------------------------------------------------------------------------


def test_help_tells_every_step_and_draws_every_state(cast: Cast) -> None:
    answer = as_(cast.at(cast.origin, Role.CLERK)).get(reverse("help"))
    told = [line for chapter in answer.context["chapters"] for line in chapter.lines]
    assert all(line.who and line.why for line in told)
    assert [line.sources for line in told if not line.sources] == [""]  # the referral; receiving begins at the center
    answer = as_(cast.at(cast.origin, Role.CLERK)).get(reverse("help_states"))
    origin, destination = [side["drawing"] for side in answer.context["sides"]]
    assert (len(origin.nodes), len(destination.nodes)) == (len(State), 5)
    assert "NaN" not in text(answer)


def test_help_names_who_may_tick_on_each_side() -> None:
    ticking = [line.who for chapter in chapters() for line in chapter.lines if line.why == WHY[Action.JUDGE][1]]
    officer, staff = (str(role.label) for role in (Role.TECHNICAL_OFFICER, Role.DESTINATION_STAFF))
    assert [[role in who for role in (officer, staff)] for who in ticking] == [[True, False], [True, True]]


@pytest.mark.parametrize("screen", SCREENS)
def test_the_screens_speak_english_too(cast: Cast, screen: str) -> None:
    client = as_(cast.at(cast.origin, SCREENS[screen][0]))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = client.get(reverse(screen))
    assert 'lang="en"' in text(answer) and "«" not in text(answer).split("<main")[1].split("</main>")[0]


# --- what a page costs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("screen", "role", "state"),
    [
        ("cartable", Role.CLERK, State.REFERRAL), ("cartable", Role.TECHNICAL_OFFICER, State.DRAFT),
        ("referral", Role.CLERK, State.DRAFT), ("case_list", Role.CLERK, State.DRAFT),
        ("send_list", Role.BRANCH_HEAD, State.TECHNICALLY_APPROVED), ("workload", Role.BRANCH_HEAD, State.DRAFT),
    ],
)  # fmt: skip
def test_a_list_costs_the_same_however_long_it_is(cast: Cast, screen: str, role: str, state: str) -> None:
    user, url = cast.at(cast.origin, role), reverse(screen)
    Walk(cast, make_file(cast.origin, 1)).to(state)
    once = queries(user, url)
    for number in (2, 3, 4):
        Walk(cast, make_file(cast.origin, number)).to(state)
    assert once == queries(user, url) <= MOST_QUERIES


def test_receiving_costs_the_same_however_much_waits(cast: Cast) -> None:
    user, url = cast.at(cast.destination, Role.DESTINATION_STAFF), reverse("receive_list")
    Walk(cast, make_file(cast.origin, 1)).to(State.SENT)
    once = queries(user, url)
    Walk(cast, make_file(cast.origin, 2)).to(State.SENT)
    assert once == queries(user, url) <= MOST_QUERIES


STANDING = [
    (Side.ORIGIN, state)
    for state in (State.REFERRAL, State.DRAFT, State.TECHNICALLY_APPROVED, State.SENT, State.RETURNED, State.CANCELLED)
] + [(Side.DESTINATION, state) for state in (State.RECEIVED, State.VERIFIED, State.RETURNED, State.REGISTERED)]


@pytest.mark.parametrize(("side", "state"), STANDING)
def test_a_case_costs_few_queries_for_everybody(walk: Walk, side: str, state: str) -> None:
    case = walk.to(state, side)
    for role in (Role.CLERK, Role.TECHNICAL_OFFICER, Role.BRANCH_HEAD, Role.DESTINATION_STAFF):
        user = walk.cast.at(case.branch, role)
        assert queries(user, reverse("case", args=[case.pk])) <= MOST_QUERIES, role
        assert queries(user, reverse("decrees", args=[case.pk])) <= MOST_QUERIES, role
    assert queries(walk.clerk, reverse("refer", args=[walk.file.pk])) <= MOST_QUERIES
