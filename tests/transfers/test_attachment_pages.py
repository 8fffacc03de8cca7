"""Attachments on the pages and in the API: attached, refused, opened by who may."""

import io
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from branches.roles import Role
from tests.cast import Walk
from tests.expect import fresh, written
from tests.pages import as_, command, goes_to, push, text
from tests.scans import attach, carry_on, pdf, picture, upload
from transfers import scans
from transfers.attachments import of_case
from transfers.models import Attachment
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__")


# --- pages ------------------------------------------------------------------------------------------------------


def post(walk: Walk, *files: Any, **data: Any) -> Any:
    url = reverse("case_step", args=[walk.case.pk, "attach"])
    return as_(walk.clerk).post(url, command(anchor="attachments", back="case") | data | {"scans": list(files)})


def test_scans_are_attached_on_the_page_of_the_case_and_opened_there(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    page = text(as_(walk.clerk).get(reverse("case", args=[case.pk])))
    assert 'enctype="multipart/form-data"' in page and 'name="scans"' in page
    content = pdf(3)
    answer = post(walk, upload(content, "حکم نخست.pdf"), upload(picture(), "شناسنامه.jpg"), path="principal")
    assert goes_to(answer) == reverse("case", args=[case.pk]) + "#attachments"
    rows = as_(walk.officer).get(reverse("case", args=[case.pk])).context["page"].attachments
    assert [(row.name, row.by, bool(row.remove_url)) for row in rows] == [
        ("حکم نخست.pdf", str(walk.clerk), False), ("شناسنامه.jpg", str(walk.clerk), False),
    ]  # fmt: skip
    opened = as_(walk.officer).get(rows[0].url)
    assert b"".join(opened.streaming_content) == content


def test_a_refused_scan_comes_back_with_its_reason_and_the_place_that_was_chosen(walk: Walk) -> None:
    walk.to(State.DRAFT)
    before = written()
    answer = post(walk, upload(b"<html>", "حکم.pdf"), path="principal.birth_date")
    assert (answer.status_code, written()) == (422, before)
    form = answer.context["page"].attach.form
    assert len(form.errors["scans"]) == 1 and "حکم.pdf" in form.errors["scans"][0]
    assert '<option value="principal.birth_date" selected>' in text(answer)


def test_a_page_that_has_grown_old_still_takes_a_scan(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    attach(case, walk.clerk)
    assert post(walk, upload(picture(), "ب.jpg")).status_code == 302
    assert Attachment.objects.count() == 2


def test_a_body_over_the_limit_is_answered_with_a_page(walk: Walk) -> None:
    """Whatever its length: cut behind the limit while it is read, so that neither memory nor disk is filled."""
    walk.to(State.DRAFT)
    before, long = written(), io.BytesIO(b"%PDF-1.7\n" + b"x" * (3 * scans.MAX_SIZE))
    long.name = "دراز.pdf"
    answer = post(walk, long)
    assert (answer.status_code, written()) == (422, before)
    assert "دراز.pdf" in answer.context["page"].attach.form.errors["scans"][0]


def test_too_many_files_at_once_are_answered_with_a_page(walk: Walk) -> None:
    walk.to(State.DRAFT)
    before = written()
    answer = post(walk, *(upload(pdf(mark=str(number)), f"{number}.pdf") for number in range(12)))
    assert (answer.status_code, written()) == (422, before)
    flood = post(walk, *(upload(b"x", f"{number}.pdf") for number in range(150)))
    assert (flood.status_code, written()) == (400, before)


def test_removing_asks_why_on_a_page_of_its_own(walk: Walk) -> None:
    case = attach(walk.to(State.DRAFT), walk.clerk)
    row = as_(walk.clerk).get(reverse("case", args=[case.pk])).context["page"].attachments[0]
    asked = as_(walk.clerk).get(row.remove_url)
    assert f'<option value="{row.pk}" selected>' in text(asked)
    answer = push(walk.clerk, "detach", fresh(case), attachment=row.pk, reason="", back="step")
    assert answer.status_code == 422
    answer = push(walk.clerk, "detach", fresh(case), attachment=row.pk, reason="برگ دیگری است")
    assert goes_to(answer) == reverse("case", args=[case.pk]) and of_case(case) == []


def test_only_who_sees_the_case_opens_its_scans(walk: Walk) -> None:
    walk.to(State.DRAFT)
    attach(walk.case, walk.clerk)
    url = reverse("case_attachment", args=[walk.case.pk, of_case(walk.case)[0].pk])
    carry_on(walk, "receive")
    theirs = reverse("case_attachment", args=[walk.copy.pk, of_case(walk.copy)[0].pk])
    for role in (Role.CLERK, Role.TECHNICAL_OFFICER, Role.BRANCH_HEAD):
        assert as_(walk.cast.at(walk.cast.origin, role)).get(url).status_code == 200
        assert as_(walk.cast.at(walk.cast.third, role)).get(url).status_code == 404
        assert as_(walk.cast.at(walk.cast.destination, role)).get(url).status_code == 404
        assert as_(walk.cast.at(walk.cast.destination, role)).get(theirs).status_code == 200
    assert as_(walk.cast.reader("outsider")).get(url).status_code == 404
    assert as_(walk.cast.reader(Role.AUDITOR)).get(url).status_code == 200
    assert goes_to(Client().get(url)).startswith(reverse("sign_in"))
    crossed = reverse("case_attachment", args=[walk.copy.pk, of_case(walk.case)[0].pk])
    assert as_(walk.staff).get(crossed).status_code == 404


def test_what_is_opened_runs_nothing(walk: Walk) -> None:
    case = attach(walk.to(State.DRAFT), walk.clerk, upload(name="حکم ۱.pdf"))
    row = of_case(case)[0]
    url = reverse("case_attachment", args=[case.pk, row.pk])
    answer = as_(walk.clerk).get(url)
    head = answer.headers
    assert (head["Content-Type"], head["Content-Length"]) == ("application/pdf", str(row.size))
    assert (head["X-Content-Type-Options"], head["Cache-Control"]) == ("nosniff", "private, no-store")
    assert head["Content-Security-Policy"].startswith("default-src 'none'")
    assert head["Content-Disposition"].startswith("inline; filename*=utf-8''%D8%AD")
    saved = as_(walk.clerk).get(url, {"download": 1})
    assert saved.headers["Content-Disposition"].startswith("attachment;")
    known = as_(walk.clerk).get(url, headers={"If-None-Match": head["ETag"]})
    assert known.status_code == 304
    assert as_(walk.clerk).post(url).status_code == 405


def test_no_list_reads_the_bytes_and_more_scans_cost_no_more(walk: Walk) -> None:
    case = attach(walk.to(State.DRAFT), walk.clerk)
    urls = [reverse("case", args=[case.pk]), reverse("file", args=[walk.file.pk]), f"/api/cases/{case.pk}/"]
    client, costs = as_(walk.clerk), []
    for files in ([], [upload(pdf(mark=str(i)), f"{i}.pdf") for i in range(5)]):
        attach(case, walk.clerk, *files) if files else None
        for url in urls:
            with CaptureQueriesContext(connections["default"]) as asked:
                assert client.get(url).status_code == 200
            assert not [query["sql"] for query in asked if "scanbytes" in query["sql"]]
            costs.append(len(asked))
    assert costs[:3] == costs[3:]


# --- API ----------------------------------------------------------------------------------------------------------


def test_the_api_takes_scans_as_a_form(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    client, step = as_(walk.clerk), f"/api/cases/{case.pk}/steps/attach/"
    body = command(seen=case.trail_length, path="principal")
    answers = [client.post(step, body | {"scans": [upload(), upload(picture(), "ب.jpg")]}) for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    rows = answers[0].json()["attachments"]
    assert [(row["name"], row["pages"], row["path"]) for row in rows] == [
        ("حکم.pdf", 2, "principal"), ("ب.jpg", None, "principal"),
    ]  # fmt: skip
    assert client.get(rows[0]["url"]).status_code == 200
    removed = client.post(
        f"/api/cases/{case.pk}/steps/detach/",
        command(data={"attachment": rows[0]["id"], "reason": "ناخوانا"}),
        "application/json",
    )
    assert removed.status_code == 200 and len(removed.json()["attachments"]) == 1


def test_the_api_says_what_is_wrong_with_a_scan(walk: Walk) -> None:
    case, before = walk.to(State.DRAFT), written()
    client, step = as_(walk.clerk), f"/api/cases/{case.pk}/steps/attach/"
    long = io.BytesIO(b"%PDF-1.7\n" + b"x" * (2 * scans.MAX_SIZE))
    long.name = "x.pdf"
    for file in (upload(b"<html>"), long):
        answer = client.post(step, command() | {"scans": [file]})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["scans"])
    flood = client.post(step, command() | {"scans": [upload(b"x", f"{number}.pdf") for number in range(150)]})
    assert (flood.status_code, set(flood.json())) == (400, {"code", "message", "errors"})
    assert client.post(step, command(), "application/json").status_code == 422
    assert written() == before
