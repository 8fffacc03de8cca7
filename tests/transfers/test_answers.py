"""Scans on answers: sent with the answer, kept until the center has it, delivered before anything is confirmed."""

import uuid
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from branches.models import User
from branches.roles import Action, Role
from central import services
from central.models import Blob, Receipt
from central.rules import Refused
from pension_transfer.lib.errors import BadInput, NotNow
from tests import oracle
from tests.cast import Walk, press
from tests.expect import fresh, refused, run_sql, tamper, written
from tests.pages import as_, command, goes_to, push, queries, text
from tests.scans import pdf, picture, upload, uploads
from tests.transfers.standings import ASKED
from transfers import scans, snapshot, sync, timeline, trail, workflow
from transfers.attachment_rows import of_file
from transfers.attachments import of_answers, of_case
from transfers.models import Attachment, Question, Scan, TransferCase, TransferEvent
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
SAYS = "برابر با شناسنامه است."
TWO = ("شناسنامه.pdf", "حکم.jpg")


def ask(walk: Walk, **changes: Any) -> Question:
    if walk.copy is None:
        walk.to(State.RECEIVED, Side.DESTINATION)
    press(Action.ASK_QUESTION, fresh(walk.copy), walk.staff, **(ASKED | changes))
    return Question.objects.filter(case=walk.copy).latest("id")


def answer(walk: Walk, question: Question, *files: Any, by: User | None = None, said: str = SAYS) -> TransferCase:
    """One press; by itself with two files."""
    data, by = {"question": str(question.key), "text": said}, by or walk.officer
    sent = uploads(*(files or two()))
    return workflow.perform(Action.ANSWER_QUESTION, walk.case.pk, by=by, command_id=uuid.uuid4(), data=data, files=sent)


def two() -> tuple[Any, ...]:
    return upload(pdf(3), TWO[0]), upload(picture(), TWO[1])


def close(walk: Walk, question: Question) -> None:
    press(Action.CLOSE_QUESTION, fresh(walk.copy), walk.staff, question=str(question.key))


def forget(walk: Walk) -> None:
    """As if the destination were another site: the scans were never seen there."""
    tamper("default", "transfers_attachment", "UPDATE transfers_attachment SET scan_id = NULL")
    tamper("default", "transfers_scan", "DELETE FROM transfers_scan")
    tamper("default", "transfers_scanbytes", "DELETE FROM transfers_scanbytes")


def shown(user: User, case: TransferCase) -> list[Any]:
    """The files under the first answer of the card «پرسش‌ها»."""
    page = as_(user).get(reverse("case", args=[case.pk])).context["page"]
    return list(page.questions[0].attachments)


def blobs_placed() -> int:
    return Blob.objects.count()


# --- through the door -----------------------------------------------------------------------------------


def test_an_answer_takes_its_files_over_and_both_branches_have_them(walk: Walk) -> None:
    question = ask(walk)
    sealed = fresh(walk.case).content_hash
    answer(walk, question)
    path = f"answer.{question.key}"
    for case, by in ((walk.case, walk.officer), (walk.copy, None)):
        rows = of_answers(case)[str(question.key)]
        assert [(row.name, row.path, row.by, row.scan_id) for row in rows] == [
            (name, path, by, row.sha256) for name, row in zip(TWO, rows, strict=True)
        ]
        assert of_case(case) == []
    told = Receipt.objects.get(kind="answer").body["attachments"]
    assert [(row["name"], row["media_type"], row["path"]) for row in told] == [
        (TWO[0], "application/pdf", path), (TWO[1], "image/jpeg", path),
    ]  # fmt: skip
    assert {row["sha256"] for row in told} == set(Blob.objects.values_list("pk", flat=True))
    assert (fresh(walk.case).content_hash, blobs_placed()) == (sealed, 2)
    assert oracle.problems() + oracle.unfinished() == []


def test_an_answer_needs_no_files(walk: Walk) -> None:
    question = ask(walk)
    press(Action.ANSWER_QUESTION, fresh(walk.case), walk.officer, question=str(question.key), text=SAYS)
    assert (Attachment.objects.count(), blobs_placed()) == (0, 0)
    assert "attachments" not in Receipt.objects.get(kind="answer").body


def test_both_trails_name_the_files(walk: Walk) -> None:
    answer(walk, ask(walk))
    for case, action in ((walk.case, "answer_question"), (walk.copy, "hear_answer")):
        event = TransferEvent.objects.get(case=case, action=action)
        assert event.details["attached"] == list(TWO)
        assert event.details["sha256"] == list(Scan.objects.order_by("-pages").values_list("pk", flat=True))[::-1]
        assert trail.first_break(fresh(case)) is None
        told = [row.note for row in timeline.of_case(fresh(case)) if TWO[0] in row.note]
        assert len(told) == 1 and TWO[1] in told[0]


WRONG: dict[str, tuple[Any, ...]] = {
    "one that is no scan": (upload(b"<html>", "x.pdf"),),
    "one among good ones": (*two(), upload(b"MZ", "y.png")),
    "more than five": tuple(upload(pdf(mark=str(number)), f"{number}.pdf") for number in range(6)),
    "the same twice": (upload(name="x.pdf"), upload(name="y.pdf")),
}


@pytest.mark.parametrize("files", WRONG.values(), ids=WRONG)
def test_a_file_that_is_refused_is_told_beside_its_field_and_nothing_is_stored(
    walk: Walk, files: tuple[Any, ...]
) -> None:
    question = ask(walk)
    with refused(BadInput, "invalid") as caught:
        answer(walk, question, *files)
    assert set(caught.value.errors) == {"scans"} and len(caught.value.errors["scans"]) == 1


def test_five_files_are_taken_and_may_lie_on_several_answers(walk: Walk) -> None:
    questions = [ask(walk), ask(walk, path="")]
    for question in questions:
        answer(walk, question, *(upload(pdf(mark=str(number)), f"{number}.pdf") for number in range(5)))
    assert [len(rows) for rows in of_answers(walk.copy).values()] == [5, 5]
    assert (Scan.objects.count(), blobs_placed()) == (5, 5)


def test_the_same_press_again_attaches_once(walk: Walk) -> None:
    question, key = ask(walk), uuid.uuid4()
    data = {"question": str(question.key), "text": SAYS}
    for _twice in range(2):
        press_again = {"by": walk.clerk, "command_id": key, "data": data, "files": uploads(*two())}
        workflow.perform(Action.ANSWER_QUESTION, walk.case.pk, **press_again)
    before = written()
    assert Attachment.objects.count() == 4
    sync.sync()
    assert written() == before


# --- what the center does not take ------------------------------------------------------------------------


def test_what_a_refused_answer_leaves_behind_shows_nowhere(walk: Walk) -> None:
    """The question was withdrawn at the center a moment before."""
    question = ask(walk)
    body = {"question": str(question.key), "how": "withdrawn", "by_name": "x", "at": trail.utc(question.asked_at)}
    services.answer(services.Answer(fresh(walk.case).envelope, "question_closed", "1001", uuid.uuid4(), body))
    with pytest.raises(NotNow) as caught:
        answer(walk, question)
    assert caught.value.code == "already_question_closed"
    sync.sync()
    assert Attachment.objects.count() == 0
    for user, case in ((walk.officer, walk.case), (walk.staff, walk.copy)):
        url = reverse("case", args=[case.pk])
        assert shown(user, case) == [] and TWO[0] not in text(as_(user).get(url))
        assert TWO[0] not in as_(user).get(f"/api/cases/{case.pk}/").content.decode()
    assert oracle.problems() == []


def test_an_answer_that_names_what_the_center_has_not_got_is_refused(walk: Walk) -> None:
    question = ask(walk)
    body = {"question": str(question.key), "text": SAYS, "by_name": "x", "at": trail.utc(question.asked_at)}
    body |= {"attachments": [{"sha256": "0" * 64, "name": "x.pdf"}]}
    with pytest.raises(Refused) as caught:
        services.answer(services.Answer(fresh(walk.case).envelope, "answer", "0801", uuid.uuid4(), body))
    assert (caught.value.code, Receipt.objects.filter(kind="answer").count()) == ("blob_missing", 0)


def test_bytes_altered_before_they_are_placed_are_refused_and_the_text_comes_back(walk: Walk) -> None:
    question = ask(walk)
    scan = upload(pdf(4), "x.pdf")
    scans.take_in(scan)
    run_sql("default", "ALTER TABLE transfers_scanbytes DROP CONSTRAINT transfers_scanbytes_is_its_hash")
    tamper("default", "transfers_scanbytes", "UPDATE transfers_scanbytes SET bytes = bytes || 'x'::bytea")
    with pytest.raises(NotNow) as caught:
        answer(walk, question, scan)
    assert (caught.value.code, blobs_placed(), Attachment.objects.count()) == ("blob_broken", 0, 0)
    (asked,) = as_(walk.officer).get(reverse("case", args=[walk.case.pk])).context["page"].questions
    assert (bool(asked.lost), asked.lost_text, asked.row.is_answered) == (True, SAYS, False)
    answer(walk, question)
    assert oracle.problems() + oracle.unfinished() == []


@pytest.mark.parametrize("place", ["", "principal.birth_date", "answer.6d9f4540-4fb0-4a49-b933-f61abedcde14"])
def test_what_another_site_says_of_its_place_is_not_believed(walk: Walk, place: str) -> None:
    question, copy = ask(walk), fresh(walk.copy)
    body = {"question": str(question.key), "text": SAYS, "by_name": "x", "at": trail.utc(question.asked_at)}
    file = {"sha256": "0" * 64, "name": "x.pdf", "media_type": "application/pdf", "size": 3, "path": place}
    who = trail.signature(None, "", "0801")
    with pytest.raises(ValueError, match="text/html"):
        wrong = body | {"attachments": [file | {"media_type": "text/html"}]}
        workflow.advance("hear_answer", copy.pk, who, wrong, copy.envelope_id, uuid.uuid4())
    workflow.advance("hear_answer", copy.pk, who, body | {"attachments": [file]}, copy.envelope_id, uuid.uuid4())
    assert Attachment.objects.get().path == f"answer.{question.key}" and of_case(copy) == []


# --- delivered ---------------------------------------------------------------------------------------------


def test_nothing_is_confirmed_or_registered_until_the_files_of_answers_are_here(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    walk.compare()
    question = ask(walk)
    answer(walk, question)
    forget(walk)
    close(walk, question)
    assert [row.url for row in shown(walk.staff, walk.copy)] == ["", ""]
    url = reverse("case_attachment", args=[walk.copy.pk, shown(walk.staff, walk.copy)[0].pk])
    assert as_(walk.staff).get(url).status_code == 409
    with refused(NotNow, "blocked"):
        walk.verify()
    assert (sync.sync().attachments, sync.sync().attachments) == (2, 0)
    assert all(row.url for row in shown(walk.staff, walk.copy)) and as_(walk.staff).get(url).status_code == 200
    walk.verify()
    answer(walk, question := ask(walk), upload(pdf(5), "y.pdf"))
    close(walk, question)
    forget(walk)
    with refused(NotNow, "blocked"):
        walk.register()
    sync.sync()
    walk.register()
    assert oracle.problems() + oracle.unfinished() == []


def test_bytes_of_an_answer_altered_here_bar_the_way(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    walk.compare()
    question = ask(walk)
    answer(walk, question)
    close(walk, question)
    run_sql("default", "ALTER TABLE transfers_scanbytes DROP CONSTRAINT transfers_scanbytes_is_its_hash")
    tamper("default", "transfers_scanbytes", "UPDATE transfers_scanbytes SET bytes = bytes || 'x'::bytea")
    with refused(NotNow, "blocked"):
        walk.verify()


def test_bytes_altered_at_the_center_are_not_taken(walk: Walk) -> None:
    answer(walk, ask(walk))
    forget(walk)
    run_sql(settings.CENTER, "ALTER TABLE central_blob DROP CONSTRAINT central_blob_is_its_hash")
    tamper(settings.CENTER, "central_blob", "UPDATE central_blob SET bytes = bytes || 'x'::bytea")
    assert (sync.sync().attachments, Scan.objects.count()) == (0, 0)


def test_they_stay_with_their_question_through_versions_and_do_not_go_to_the_file(walk: Walk) -> None:
    question = ask(walk)
    answer(walk, question)
    walk.give_back()
    walk.case = press(Action.ASSEMBLE, press(Action.REOPEN, fresh(walk.case), walk.clerk), walk.clerk)
    for step in ("technical", "send", "receive", "compare", "verify", "register"):
        getattr(walk, step)()
    for user, case in ((walk.officer, walk.case), (walk.staff, walk.copy)):
        assert [row.name for row in shown(user, case)] == list(TWO)
        assert as_(user).get(shown(user, case)[0].url).status_code == 200
    assert fresh(walk.copy).version == 2 and fresh(walk.copy).content["attachments"] == []
    assert of_file(fresh(walk.copy).file, walk.staff) == []
    assert snapshot.compose(fresh(walk.case), fresh(walk.case).file)["attachments"] == []
    assert oracle.problems() + oracle.unfinished() == []


# --- pages -------------------------------------------------------------------------------------------------


def _post(walk: Walk, question: Question, *files: Any, **data: Any) -> Any:
    url = reverse("case_step", args=[walk.case.pk, Action.ANSWER_QUESTION])
    said = {"question": str(question.key), "text": SAYS, "anchor": "questions"} | data
    return as_(walk.officer).post(url, command(seen=fresh(walk.case).trail_length) | said | {"scans": list(files)})


def test_files_are_sent_from_the_card_and_opened_at_both_branches(walk: Walk) -> None:
    question = ask(walk)
    case = reverse("case", args=[walk.case.pk])
    page = text(as_(walk.officer).get(case))
    assert 'enctype="multipart/form-data"' in page and 'name="scans"' in page
    content = pdf(3)
    assert goes_to(_post(walk, question, upload(content, TWO[0]), upload(picture(), TWO[1]))) == f"{case}#questions"
    for user, copy in ((walk.clerk, walk.case), (walk.staff, walk.copy)):
        rows = shown(user, copy)
        assert [(row.name, bool(row.pages)) for row in rows] == [(TWO[0], True), (TWO[1], False)]
        page = text(as_(user).get(reverse("case", args=[copy.pk])))
        assert all(row.url in page and row.download_url in page for row in rows)
        assert b"".join(as_(user).get(rows[0].url).streaming_content) == content
        assert as_(user).get(rows[0].download_url).headers["Content-Disposition"].startswith("attachment;")


def test_an_answer_is_given_from_the_card_without_files(walk: Walk) -> None:
    question = ask(walk)
    goes_to(_post(walk, question))
    assert Question.objects.get(case=walk.copy).answer == SAYS and shown(walk.staff, walk.copy) == []
    other = ask(walk, path="")
    data = {"question": str(other.key), "text": SAYS}
    goes_to(push(walk.officer, Action.ANSWER_QUESTION, fresh(walk.case), **data))


def test_what_is_refused_comes_back_with_its_text_and_says_that_the_files_are_gone(walk: Walk) -> None:
    question = ask(walk)
    before = written()
    for files, data, told in (
        ((upload(b"<html>", "بد.pdf"),), {}, "بد.pdf"),
        (two(), {"text": ""}, ""),
        (two(), {"seen": "1"}, ""),
    ):
        page = _post(walk, question, *files, **data)
        (asked,) = page.context["page"].open_questions
        (sentence,) = asked.step.form.errors["scans"]
        assert (page.status_code in (409, 422), written()) == (True, before)
        assert told in sentence and data.get("text", SAYS) in text(page)
        assert f'id="answer_question{asked.row.pk}_scans_error"' in text(page)
    page = _post(walk, question, text="")
    assert set(page.context["page"].open_questions[0].step.form.errors) == {"text"}


def test_only_who_sees_the_case_opens_the_files_of_its_answers(walk: Walk) -> None:
    answer(walk, ask(walk))
    url, theirs = shown(walk.officer, walk.case)[0].url, shown(walk.staff, walk.copy)[0].url
    for role in (Role.CLERK, Role.TECHNICAL_OFFICER, Role.BRANCH_HEAD):
        assert as_(walk.cast.at(walk.cast.origin, role)).get(url).status_code == 200
        assert as_(walk.cast.at(walk.cast.third, role)).get(url).status_code == 404
        assert as_(walk.cast.at(walk.cast.third, role)).get(theirs).status_code == 404
        assert as_(walk.cast.at(walk.cast.destination, role)).get(url).status_code == 404
        assert as_(walk.cast.at(walk.cast.destination, role)).get(theirs).status_code == 200
    assert as_(walk.cast.reader("outsider")).get(theirs).status_code == 404
    crossed = reverse("case_attachment", args=[walk.copy.pk, of_answers(walk.case).popitem()[1][0].pk])
    assert as_(walk.staff).get(crossed).status_code == 404


def test_more_files_cost_no_more(walk: Walk) -> None:
    questions = [ask(walk), ask(walk, path=""), ask(walk, path="contact.iban")]
    answer(walk, questions[0])
    urls = [reverse("case", args=[walk.copy.pk]), f"/api/cases/{walk.copy.pk}/"]
    once = [queries(walk.staff, url) for url in urls]
    answer(walk, questions[1])
    answer(walk, questions[2])
    assert [queries(walk.staff, url) for url in urls] == once


# --- the API -------------------------------------------------------------------------------------------------


def test_the_api_takes_an_answer_with_files_as_a_form_and_shows_them(walk: Walk) -> None:
    question = ask(walk)
    client, step = as_(walk.clerk), f"/api/cases/{walk.case.pk}/steps/answer_question/"
    body = command(question=str(question.key), text=SAYS)
    wrong = client.post(step, body | {"scans": [upload(b"<html>")]})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["scans"])
    answers = [client.post(step, body | {"scans": list(two())}) for _twice in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    (row,) = answers[0].json()["questions"]
    path = f"answer.{question.key}"
    assert [(file["name"], file["pages"], file["path"]) for file in row["attachments"]] == [
        (TWO[0], 3, path), (TWO[1], None, path),
    ]  # fmt: skip
    (there,) = as_(walk.staff).get(f"/api/cases/{walk.copy.pk}/").json()["questions"]
    assert [file["sha256"] for file in there["attachments"]] == [file["sha256"] for file in row["attachments"]]
    assert as_(walk.staff).get(there["attachments"][0]["url"]).status_code == 200
    assert answers[0].json()["attachments"] == []
    outsider = as_(walk.cast.at(walk.cast.third, Role.CLERK))
    assert outsider.post(step, body | {"scans": list(two())}).status_code == 404
