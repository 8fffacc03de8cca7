"""Questions without returning: asked, answered, closed; what they bar, whose turn they make it, and their quarrels."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from branches.models import User
from branches.roles import Action
from central import services
from central.models import Receipt
from pension_transfer.lib import calendar
from pension_transfer.lib.errors import BadInput, NotNow
from pension_transfer.lib.persian import to_ascii_digits
from tests import oracle
from tests.cast import Walk, make_file, press
from tests.expect import fresh, kept_out, refused, written
from tests.pages import as_, push, text
from tests.transfers.asking import SAID, SAYS, WITHDRAWN, answer, ask, both, close, say
from tests.transfers.standings import ASKED, given
from transfers import presentation, sync, timeline, trail, workflow
from transfers.fields import fields_of
from transfers.inputs.questions import AskForm, usual_due_date
from transfers.models import Crossing, Question, TransferCase, TransferEvent
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")


# --- asked, answered, closed --------------------------------------------------------------------------


def test_a_question_goes_over_is_answered_and_closes(walk: Walk) -> None:
    question = ask(walk)
    here, there = both(question)
    assert {(q.path, q.text, q.due_on, q.asked_by, q.asked_at) for q in (here, there)} == {
        (ASKED["path"], ASKED["text"], calendar.parse_date(ASKED["due_on"]), str(walk.staff), here.asked_at)
    }
    answer(walk, question, walk.clerk)
    assert [(q.answer, q.answered_by, q.is_open) for q in both(question)] == [(SAYS, str(walk.clerk), True)] * 2
    close(walk, question, walk.other_officer)
    assert [(q.how, q.closed_by) for q in both(question)] == [("settled", str(walk.other_officer))] * 2
    assert len({(q.answered_at, q.closed_at) for q in both(question)}) == 1
    kinds = Receipt.objects.filter(body__question=str(question.key)).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["question", "answer", "question_closed"]
    assert oracle.problems() + oracle.unfinished() == []


def test_a_question_may_be_about_the_whole_case_and_is_withdrawn_unanswered(walk: Walk) -> None:
    question = ask(walk, path="")
    close(walk, question)
    assert [(q.how, q.answer) for q in both(question)] == [("withdrawn", "")] * 2
    assert oracle.problems() + oracle.unfinished() == []


def test_both_trails_and_the_merged_one_tell_it_with_its_text(walk: Walk) -> None:
    question = ask(walk, text="چرا؟ " * 100)
    answer(walk, question)
    close(walk, question)
    for case, actions in (
        (walk.copy, ["ask_question", "hear_answer", "close_question"]),
        (walk.case, ["hear_question", "answer_question", "hear_question_closed"]),
    ):
        events = list(TransferEvent.objects.filter(case=case, action__in=actions))
        assert [event.action for event in events] == actions
        assert events[0].note.startswith("چرا؟ چرا؟") and len(events[0].note) == 400
        assert (events[1].note, events[1].by_name) == (SAYS, str(walk.officer))
        assert {event.details["path"] for event in events} == {ASKED["path"]}
        assert trail.first_break(fresh(case)) is None
    rows = timeline.of_move([fresh(walk.case), fresh(walk.copy)])
    assert len([row for row in rows if SAYS in row.note.translate(str.maketrans("٫", "."))]) == 1


def test_every_field_has_a_name_with_its_content_and_without(walk: Walk) -> None:
    content = walk.to(State.RECEIVED, Side.DESTINATION).content
    labels = presentation.path_labels(content)
    assert labels == {field.path: presentation.path_label(content, field.path) for field in fields_of(content)}
    for field in fields_of(content):
        bare = to_ascii_digits(presentation.bare_label(field.path))
        assert bare.split("، ")[0] == labels[field.path].split("، ")[0]
        assert bare.split("، ")[-1] == to_ascii_digits(labels[field.path].split("، ")[-1]), field.path


def test_the_usual_due_date_is_three_working_days_on(walk: Walk) -> None:
    due = usual_due_date()
    days = [calendar.today() + dt.timedelta(n) for n in range(1, (due - calendar.today()).days + 1)]
    assert due > calendar.today() and len([day for day in days if day.weekday() != 4]) >= 3
    assert AskForm().get_initial_for_field(AskForm().fields["due_on"], "due_on") == due


# --- what is asked for --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"text": ""}, {"text"}),
        ({"text": "x" * 501}, {"text"}),
        ({"due_on": ""}, {"due_on"}),
        ({"due_on": "1405/13/01"}, {"due_on"}),
        ({"due_on": "today"}, {"due_on"}),
        ({"path": "principal.nothing"}, {"path"}),
        ({"path": "decrees.1/94.kind"}, {"path"}),  # not shown yet
        ({"path": "\0", "text": None, "due_on": [1]}, {"path", "text", "due_on"}),
    ],
)
def test_what_is_wrong_in_a_question_is_said_beside_its_field(walk: Walk, wrong: Any, names: set[str]) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    wrong = wrong | ({"due_on": calendar.jalali(calendar.today())} if wrong.get("due_on") == "today" else {})
    with refused(BadInput, "invalid") as caught:
        press(Action.ASK_QUESTION, copy, walk.staff, **(ASKED | wrong))
    assert set(caught.value.errors) == names


def test_a_decree_is_asked_about_once_the_decrees_were_shown(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    press(Action.SHOW_DECREES, walk.copy, walk.staff)
    assert ask(walk, path="decrees.1/94.kind").path == "decrees.1/94.kind"


@pytest.mark.parametrize("key", ["", "x", "6d9f4540-4fb0-4a49-b933-f61abedcde14", "another file's"])
def test_an_answer_to_no_such_question_is_refused(walk: Walk, key: str) -> None:
    if key == "another file's":
        other = Walk(walk.cast, make_file(walk.cast.origin, 2))
        key = str(ask(other).key)
    question = ask(walk)
    assert question.is_open
    with refused(BadInput, "invalid") as caught:
        press(Action.ANSWER_QUESTION, fresh(walk.case), walk.clerk, question=key, text=SAYS)
    assert set(caught.value.errors) == {"question"}


# --- what it bars, and whose turn it is ---------------------------------------------------------------


def _turns(walk: Walk) -> tuple[str, str]:
    return fresh(walk.case).turn, fresh(walk.copy).turn


def test_the_turn_passes_to_the_origin_until_all_are_answered(walk: Walk) -> None:
    questions = [ask(walk), ask(walk, path="contact.iban")]
    assert _turns(walk) == ("technical_officer", "other_branch")
    answer(walk, questions[0])
    assert _turns(walk) == ("technical_officer", "other_branch")
    answer(walk, questions[1])
    assert _turns(walk) == ("other_branch", "destination_staff")
    close(walk, questions[0])
    third = ask(walk, path="")
    assert _turns(walk) == ("technical_officer", "other_branch")
    close(walk, third)
    assert _turns(walk) == ("other_branch", "destination_staff")


def test_nothing_is_confirmed_or_registered_while_a_question_is_open(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    walk.compare()
    question = ask(walk)
    for then in (lambda: None, lambda: answer(walk, question)):
        then()
        with refused(NotNow, "blocked"):
            press(Action.VERIFY, fresh(walk.copy), walk.staff)
    close(walk, question)
    walk.verify()
    question = ask(walk)
    with refused(NotNow, "blocked"):
        press(Action.REGISTER, fresh(walk.copy), walk.staff)
    close(walk, question)
    walk.register()
    assert fresh(walk.case).state == State.REGISTERED


def test_the_hurdle_names_the_field_and_whose_turn_it_is(walk: Walk) -> None:
    question = ask(walk)
    for name in (str(walk.cast.origin), None):
        main = as_(walk.staff).get(reverse("case", args=[walk.copy.pk])).context["page"].steps[Action.VERIFY]
        assert "تاریخ تولد" in main.blocked and (name is None or name in main.blocked)
        answer(walk, question) if name else None


def test_a_return_is_not_barred_and_closes_what_is_open_at_both(walk: Walk) -> None:
    question, settled = ask(walk), ask(walk, path="")
    close(walk, settled)
    walk.give_back()
    assert [(q.how, q.closed_by) for q in both(question)] == [("returned", str(walk.staff))] * 2
    assert [q.how for q in both(settled)] == ["withdrawn"] * 2
    assert _turns(walk) == ("clerk", "other_branch") and oracle.problems() + oracle.unfinished() == []


# --- quarrels -----------------------------------------------------------------------------------------


def test_of_two_who_answer_the_first_counts(walk: Walk) -> None:
    question, stale = ask(walk), fresh(walk.case)
    second = ask(walk, path="")
    answer(walk, question)
    with refused(BadInput, "invalid"):
        answer(walk, question, walk.clerk, "دیگر")
    close(walk, second)
    with refused(NotNow, "blocked"):
        answer(walk, question, walk.clerk, "دیگر")
    page = push(walk.clerk, Action.ANSWER_QUESTION, stale, question=str(question.key), text="پاسخ دوم من")
    assert page.status_code == 409 and "پاسخ دوم من" in text(page)
    assert [q.answer for q in both(question)] == [SAYS] * 2


def test_the_center_decides_between_answering_and_closing(walk: Walk) -> None:
    """Each site has heard only its own: what came first at the center wins, and the other is told so."""
    question = ask(walk)
    key = str(question.key)
    assert say(walk, "question_closed", "1001", key, **WITHDRAWN) == ""
    with pytest.raises(NotNow) as caught:
        answer(walk, question)
    assert caught.value.code == "already_question_closed"
    assert Crossing.objects.filter(action="answer_question", state="refused").count() == 1
    sync.sync()
    assert [(q.how, q.answer) for q in both(question)] == [("withdrawn", "")] * 2


def test_a_question_answered_meanwhile_is_not_withdrawn_unread(walk: Walk) -> None:
    question, other = ask(walk), ask(walk, path="")
    assert say(walk, "answer", "0801", str(question.key), text=SAYS, **SAID) == ""
    with pytest.raises(NotNow) as caught:
        close(walk, question)
    assert caught.value.code == "already_answer"
    sync.sync()
    assert both(question)[0].answer == SAYS
    close(walk, question)
    assert (both(question)[0].how, both(other)[0].is_open) == ("settled", True)


def test_what_the_center_does_not_take(walk: Walk) -> None:
    key = str(ask(walk).key)
    unknown = str(uuid.uuid4())
    assert say(walk, "answer", "0801", unknown) == "out_of_order"
    assert say(walk, "question_closed", "1001", unknown) == "out_of_order"
    assert say(walk, "answer", "1001", key) == say(walk, "question_closed", "0801", key) == "not_addressed"
    assert say(walk, "question", "1001", key) == "already_question"
    assert say(walk, "question_closed", "1001", key) == ""
    assert say(walk, "question_closed", "1001", key) == say(walk, "answer", "0801", key) == "already_question_closed"
    assert say(walk, "question", "1001", unknown) == say(walk, "answer", "0801", unknown) == ""
    assert say(walk, "answer", "0801", unknown) == "already_answer"
    assert say(walk, "question_closed", "1001", unknown) == "already_answer"
    assert say(walk, "question_closed", "1001", unknown, seen=["answer"]) == ""
    envelope = fresh(walk.case).envelope
    with kept_out("23505", Receipt.objects.db):
        body = {"question": key}
        Receipt.objects.create(envelope_id=envelope, kind="question", by_branch="1001", body=body, key=uuid.uuid4())


def test_nothing_is_asked_or_answered_after_a_return(walk: Walk) -> None:
    question = ask(walk)
    walk.give_back()
    with refused(NotNow, "state"):
        press(Action.ASK_QUESTION, fresh(walk.copy), walk.staff, **ASKED)
    with refused(NotNow, "state"):
        answer(walk, question)
    assert say(walk, "question", "1001", str(uuid.uuid4())) == "already_returned"
    assert say(walk, "answer", "0801", str(question.key)) == "already_returned"


def test_the_same_press_again_changes_nothing(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    key = uuid.uuid4()

    def twice(action: str, case: TransferCase, by: User, data: Any) -> None:
        for _time in range(2):
            workflow.perform(action, case.pk, by=by, command_id=key, data=data)

    twice(Action.ASK_QUESTION, walk.copy, walk.staff, ASKED)
    question, key = Question.objects.get(case=walk.copy), uuid.uuid4()
    twice(Action.ANSWER_QUESTION, walk.case, walk.clerk, given("answer_question", walk.case))
    key = uuid.uuid4()
    twice(Action.CLOSE_QUESTION, walk.copy, walk.staff, {"question": str(question.key)})
    before = written()
    assert len(both(question)) == 2 and Receipt.objects.filter(body__question=str(question.key)).count() == 3
    assert sync.sync().marked == 0 and written() == before


def test_a_closing_heard_before_its_question_waits_for_it(walk: Walk) -> None:
    question = ask(walk)
    copy = fresh(walk.case)
    body = {"question": str(uuid.uuid4()), "how": "withdrawn", "by_name": "x", "at": trail.utc(question.asked_at)}
    key, who = uuid.uuid4(), trail.signature(None, "", "1001")
    with pytest.raises(NotNow) as caught:
        workflow.advance("hear_question_closed", copy.pk, who, body, copy.envelope_id, key)
    assert caught.value.code == "too_early"
    asked = body | {"path": "", "text": "چرا؟", "due_on": "2027-01-01"}
    workflow.advance("hear_question", copy.pk, who, asked, copy.envelope_id, uuid.uuid4())
    workflow.advance("hear_question_closed", copy.pk, who, body, copy.envelope_id, key)
    assert Question.objects.get(key=body["question"]).how == "withdrawn"
    length = fresh(copy).trail_length
    assert workflow.advance("hear_question_closed", copy.pk, who, body, copy.envelope_id, key) is None
    assert fresh(copy).trail_length == length


def test_what_the_center_refuses_to_take_is_nobodys_to_answer(walk: Walk) -> None:
    """The question waited for the center while a return went over before it."""
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    services.answer(services.Answer(copy.envelope, "returned", "1001", uuid.uuid4(), {}))
    press(Action.ASK_QUESTION, copy, walk.staff, **ASKED)
    (question,) = Question.objects.filter(case=copy)
    assert (question.how, fresh(copy).turn) == ("refused", "destination_staff")


# --- the database -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"answer": SAYS},
        {"answered_by": "x"},
        {"how": "withdrawn"},
        {"closed_by": "x"},
        {"how": "settled", "closed_at": dt.datetime(2026, 11, 25, tzinfo=dt.timezone.utc)},
        {"text": ""},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_the_database_keeps_a_question_whole(walk: Walk, wrong: Any) -> None:
    question = ask(walk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.filter(pk=question.pk).update(**wrong)


def test_a_question_stands_once_at_a_branch(walk: Walk) -> None:
    question = ask(walk)
    with kept_out("23505"):
        Question.objects.create(
            case=question.case, key=question.key, text="x", due_on=question.due_on, asked_by="x",
            asked_at=question.asked_at,
        )  # fmt: skip
