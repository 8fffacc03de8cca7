"""Questions on their pages and through the API."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.urls import reverse

from branches.models import User
from branches.roles import Action, Role
from pension_transfer.lib import calendar
from tests.cast import PAPER, Walk, judge_all, make_file, press
from tests.expect import fresh
from tests.pages import as_, command, goes_to, push, queries, text
from tests.transfers.asking import SAYS, WITHDRAWN, ask, close, say
from tests.transfers.standings import ASKED
from transfers import sync
from transfers.models import Crossing, Question, TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")


# --- pages --------------------------------------------------------------------------------------------


def _card(user: User, case: TransferCase) -> Any:
    return as_(user).get(reverse("case", args=[case.pk])).context["page"]


def _ask_url(page: Any) -> str:
    """Where the page offers to ask a question."""
    step = page.steps.get(Action.ASK_QUESTION)
    return step.url if step and step.asks else ""


def test_a_question_is_asked_from_a_field(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    url = reverse("case_step", args=[copy.pk, Action.ASK_QUESTION])
    for user in (walk.staff, walk.other_officer):
        assert _ask_url(_card(user, copy)) == url
    page = as_(walk.staff).get(url, {"field": "principal.birth_date"})
    form = page.context["page"].step.form
    assert (form["path"].value(), page.status_code) == ("principal.birth_date", 200)
    assert 'value="principal.birth_date" selected' in text(page)
    assert as_(walk.staff).get(url, {"field": "no.such\0"}).status_code == 200
    assert _ask_url(_card(walk.cast.at(walk.cast.destination, Role.BRANCH_HEAD), copy)) == ""
    assert as_(walk.cast.at(walk.cast.third, Role.DESTINATION_STAFF)).get(url).status_code == 404
    assert push(walk.cast.at(walk.cast.destination, Role.CLERK), Action.ASK_QUESTION, copy, **ASKED).status_code == 403
    assert goes_to(push(walk.staff, Action.ASK_QUESTION, copy, **ASKED)) == reverse("case", args=[copy.pk])
    assert Question.objects.count() == 2


def test_a_question_stands_in_the_cartable_of_the_officer_and_is_answered_in_its_place(walk: Walk) -> None:
    question, origin = ask(walk), walk.case
    assert as_(walk.clerk).get(reverse("cartable")).context["rows"] == []
    (row,) = as_(walk.officer).get(reverse("cartable")).context["rows"]
    assert (row.step.action, row.case.open_questions) == (Action.ANSWER_QUESTION, 1)
    assert row.url == reverse("case", args=[origin.pk]) + "#questions"
    for user in (walk.officer, walk.clerk):
        page = _card(user, origin)
        (asked,) = page.open_questions
        assert (asked.step.action, page.main, _ask_url(page)) == (Action.ANSWER_QUESTION, None, "")
    assert _card(walk.head, origin).open_questions[0].step is None
    data = {"question": str(question.key), "text": "", "anchor": "questions"}
    empty = push(walk.officer, Action.ANSWER_QUESTION, fresh(origin), **data)
    assert empty.status_code == 422 and f'id="answer_question{asked.row.pk}_text_error"' in text(empty)
    done = push(walk.officer, Action.ANSWER_QUESTION, fresh(origin), **(data | {"text": SAYS}))
    assert goes_to(done) == reverse("case", args=[origin.pk]) + "#questions"
    (row,) = as_(walk.staff).get(reverse("cartable")).context["rows"]
    assert row.step.action == Action.CLOSE_QUESTION
    assert SAYS in text(as_(walk.staff).get(reverse("case", args=[walk.copy.pk])))
    push(walk.staff, Action.CLOSE_QUESTION, fresh(walk.copy), question=str(question.key))
    for user, case in ((walk.staff, walk.copy), (walk.officer, origin)):
        page = _card(user, case)
        assert (page.open_questions, [asked.row.how for asked in page.past_questions]) == ([], ["settled"])


def test_the_comparison_goes_on_while_a_question_waits(walk: Walk) -> None:
    ask(walk)
    assert _card(walk.staff, walk.copy).main.action == Action.SHOW_DECREES
    press(Action.SHOW_DECREES, fresh(walk.copy), walk.staff)
    press(Action.RECORD_PAPER, fresh(walk.copy), walk.staff, **PAPER)
    judge_all(fresh(walk.copy), walk.staff)
    assert _card(walk.staff, walk.copy).main is None


def test_an_answer_that_came_too_late_gives_back_what_was_typed(walk: Walk) -> None:
    question, seen = ask(walk), fresh(walk.case)
    close(walk, question)
    page = push(walk.officer, Action.ANSWER_QUESTION, seen, question=str(question.key), text="پاسخ دیررس من")
    assert page.status_code == 409 and "پاسخ دیررس من" in text(page)
    other = ask(walk)
    data = command() | {"question": str(question.key), "text": "پاسخ دیررس من"}
    page = as_(walk.officer).post(reverse("case_step", args=[seen.pk, Action.ANSWER_QUESTION]), data)
    assert page.status_code == 422 and "پاسخ دیررس من" in text(page) and other.is_open
    data |= {"question": "nothing", "command_id": str(uuid.uuid4())}
    page = as_(walk.officer).post(reverse("case_step", args=[seen.pk, Action.ANSWER_QUESTION]), data)
    assert page.status_code == 422 and page.context["page"].notice


def test_an_answer_the_center_did_not_take_is_shown_with_its_reason(walk: Walk) -> None:
    question = ask(walk)
    crossing = Crossing.objects.create(
        key=uuid.uuid4(), verb="answer", kind="answer", action=Action.ANSWER_QUESTION, branch=walk.cast.origin,
        case=walk.case, envelope_id=fresh(walk.case).envelope, by=walk.officer, role=Role.TECHNICAL_OFFICER,
        input={"question": str(question.key), "text": "پاسخ دیررس من"},
        body={"question": str(question.key), "text": "پاسخ دیررس من"}, decided_there=True,
    )  # fmt: skip
    assert say(walk, "question_closed", "1001", str(question.key), **WITHDRAWN) == ""
    assert sync.sync().refused == [f"{crossing}: already_question_closed"]
    (asked,) = _card(walk.clerk, walk.case).past_questions
    assert asked.lost and asked.lost_text == "پاسخ دیررس من"


def test_an_overdue_question_is_marked(walk: Walk) -> None:
    question = ask(walk)
    assert not question.is_overdue and _card(walk.staff, walk.copy).questions[0].chip[0] == "waiting"
    Question.objects.update(due_on=calendar.today() - dt.timedelta(1))
    assert _card(walk.staff, walk.copy).questions[0].chip[0] == "late"


def test_lists_count_questions_without_a_query_for_each(walk: Walk) -> None:
    ask(walk)
    screens = {"cartable": walk.officer, "case_list": walk.staff}
    cost = {name: queries(user, reverse(name)) for name, user in screens.items()}
    for number in (2, 3, 4):
        other = Walk(walk.cast, make_file(walk.cast.origin, number))
        ask(other), ask(other, path="")
    assert {name: queries(user, reverse(name)) for name, user in screens.items()} == cost
    rows = as_(walk.staff).get(reverse("case_list")).context["rows"]
    assert sorted(case.open_questions for case, *_rest in rows) == [1, 2, 2, 2]
    url = reverse("case", args=[walk.copy.pk])
    once = queries(walk.staff, url)
    ask(walk, path="contact.iban"), ask(walk, path="")
    assert queries(walk.staff, url) == once


# --- the API ------------------------------------------------------------------------------------------


def test_the_api_asks_answers_closes_and_shows(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)

    def post(user: User, case: TransferCase, action: str, **data: Any) -> Any:
        url, body = f"/api/cases/{case.pk}/steps/{action}/", command(data=data)
        return as_(user).post(url, body, "application/json")

    (shown,) = post(walk.staff, copy, "ask_question", **ASKED).json()["questions"]
    assert (shown["path"], shown["due_on"], shown["is_overdue"], shown["how"]) == (
        ASKED["path"], calendar.parse_date(ASKED["due_on"]).isoformat(), False, "",
    )  # fmt: skip
    assert post(walk.clerk, walk.case, "answer_question", question="x", text=SAYS).status_code == 422
    assert post(walk.head, walk.case, "answer_question", question=shown["key"], text=SAYS).status_code == 403
    (shown,) = post(walk.clerk, walk.case, "answer_question", question=shown["key"], text=SAYS).json()["questions"]
    assert (shown["answer"], shown["answered_by"]) == (SAYS, str(walk.clerk))
    (shown,) = post(walk.staff, copy, "close_question", question=shown["key"]).json()["questions"]
    assert shown["how"] == "settled"
    assert post(walk.clerk, walk.case, "answer_question", question=shown["key"], text=SAYS).status_code == 409
    (same,) = as_(walk.clerk).get(f"/api/cases/{walk.case.pk}/").json()["questions"]
    assert {name for name in same if same[name] != shown[name]} == set()
    assert as_(walk.cast.at(walk.cast.third, Role.CLERK)).get(f"/api/cases/{walk.case.pk}/").status_code == 404
