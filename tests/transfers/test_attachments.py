"""Attachments: taken in by content, sealed with the draft, delivered over the center, opened by who may."""

import io
import json
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from branches.models import PensionFile
from branches.roles import Action, Role
from central import contract
from central.models import Blob, Envelope
from pension_transfer.lib.errors import BadInput, NotNow
from tests import oracle
from tests.cast import Walk, judge_all, make_file, press
from tests.expect import fresh, kept_out, refused, run_sql, tamper, written
from tests.pages import as_, command, goes_to, push, text
from tests.scans import archive, attach, pdf, picture, upload, uploads
from transfers import scans, snapshot, sync, workflow
from transfers.attachments import of_case
from transfers.models import Attachment, Scan, ScanBytes, TransferEvent
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__")
STEPS = ("technical", "send", "receive", "compare", "verify", "register", "activate")


def carry_on(walk: Walk, until: str) -> None:
    """The rest of the way, the step `until` included."""
    for step in STEPS[: STEPS.index(until) + 1]:
        getattr(walk, step)()


def codes_of(*files: Any) -> list[str]:
    found = []
    for file in files:
        with pytest.raises(BadInput) as caught:
            scans.check(file)
        found.append(caught.value.code.removeprefix("scan."))
    return found


# --- what a file is ---------------------------------------------------------------------------------------


def big(extra: int) -> TemporaryUploadedFile:
    """A PDF of 20 megabytes and `extra` bytes, on disk as an upload of that size is."""
    file = TemporaryUploadedFile("بزرگ.pdf", "application/pdf", 0, None)
    made = pdf(1)
    cut = made.rindex(b"startxref")
    file.write(made[:cut] + b"%" + b"\n" * (scans.MAX_SIZE + extra - len(made) - 1) + made[cut:])
    file.seek(0)
    return file


WRONG: dict[str, tuple[bytes, str, str]] = {
    "a page named as a PDF": (b"<!DOCTYPE html><script>alert(1)</script>", "x.pdf", "not_a_scan"),
    "a program named as a picture": (b"MZ\x90\x00" + b"\0" * 500, "x.jpg", "not_a_scan"),
    "a page before a PDF": (b"<html>" + pdf(), "x.pdf", "not_a_scan"),
    "a PNG named as a PDF": (picture("PNG"), "x.pdf", "not_as_named"),
    "a PDF named as a JPEG": (pdf(), "x.jpeg", "not_as_named"),
    "nothing": (b"", "x.pdf", "empty"),
    "half a PDF": (pdf()[:300], "x.pdf", "damaged"),
    "only the mark of a PDF": (b"%PDF-1.7\n%%EOF", "x.pdf", "damaged"),
    "half a JPEG": (picture(size=(600, 800))[:-300], "x.jpg", "damaged"),
    "half a PNG": (picture("PNG")[:-20], "x.png", "damaged"),
    "a PNG with a wrong byte": (picture("PNG").replace(b"IDAT", b"IDAT\1", 1), "x.png", "damaged"),
    "a PDF with a password": (pdf(password="x"), "x.pdf", "encrypted"),
    "a PDF without a page": (pdf(0), "x.pdf", "no_pages"),
    "a PDF and an archive": (pdf() + archive(), "x.pdf", "two_kinds"),
    "a JPEG and an archive": (picture() + archive(), "x.jpg", "two_kinds"),
    "a JPEG and a page": (picture() + b"<script>alert(1)</script>", "x.jpg", "two_kinds"),
    "a PNG and a page": (picture("PNG") + b"<script>alert(1)</script>", "x.png", "two_kinds"),
    "a JPEG that is a PDF, too": (picture(comment=b"%PDF-1.7 " + pdf()), "x.jpg", "two_kinds"),
    "an archive that ends as a PDF": (pdf() + archive(pdf()[pdf().rindex(b"startxref") :]), "x.pdf", "two_kinds"),
    "a bomb": (picture("PNG", (9000, 8000), optimize=True), "x.png", "too_large_inside"),
    "a bigger bomb": (picture("PNG", (20000, 10000), optimize=True), "x.png", "too_large_inside"),
}


@pytest.mark.parametrize(("content", "name", "code"), WRONG.values(), ids=WRONG)
def test_what_is_no_scan_is_refused_and_nothing_is_stored(walk: Walk, content: bytes, name: str, code: str) -> None:
    walk.to(State.DRAFT)
    with refused(BadInput, "invalid") as caught:
        attach(walk.case, walk.clerk, upload(content, name))
    assert name in caught.value.errors["scans"][0]
    assert codes_of(upload(content, name)) == [code]


@pytest.mark.parametrize(("extra", "code"), [(0, ""), (1, "too_big")])
def test_twenty_megabytes_are_the_limit(walk: Walk, extra: int, code: str) -> None:
    walk.to(State.DRAFT)
    with big(extra) as file:
        if code:
            assert codes_of(file) == [code]
            with refused(BadInput, "invalid"):
                attach(walk.case, walk.clerk, file)
            return
        attach(walk.case, walk.clerk, file)
        assert sum(map(len, scans.blobs.pieces(ScanBytes, "default", Scan.objects.get().pk))) == scans.MAX_SIZE


GOOD = {
    "PDF": (pdf(3), "نامه.pdf", "application/pdf", 3),
    "JPEG": (picture(), "نامه.JPG", "image/jpeg", None),
    "PNG": (picture("PNG"), "نامه.png", "image/png", None),
    "padded JPEG": (picture() + b"\0\0", "نامه.jpeg", "image/jpeg", None),
    "padded PDF": (pdf() + b"\r\n", "x", "application/pdf", 2),
}


@pytest.mark.parametrize(("content", "name", "kind", "pages"), GOOD.values(), ids=GOOD)
def test_a_scan_is_kept_as_what_it_is(walk: Walk, content: bytes, name: str, kind: str, pages: int | None) -> None:
    walk.to(State.DRAFT)
    attach(walk.case, walk.clerk, upload(content, name, "text/html"))
    scan = Scan.objects.get()
    assert (scan.media_type, scan.pages, scan.size) == (kind, pages, len(content))
    assert b"".join(scans.blobs.pieces(ScanBytes, "default", scan.pk)) == content


NAMES = {
    "../../etc/passwd": "passwd.pdf",
    "C:\\scan\\حکم ۱.PDF": "حکم ۱.pdf",
    "حكم\u202egpj.exe": "حکمgpj.exe.pdf",
    "a\x00\n\tb\u200f.pdf": "ab.pdf",
    "می\u200cشود.pdf": "می\u200cشود.pdf",
    "": "scan.pdf",
    "..": "scan.pdf",
    ".pdf": "pdf.pdf",
    'x<y>:"|?*.pdf': "x-y------.pdf",
    "ی" * 300 + ".pdf": "ی" * 116 + ".pdf",
    "\ud800x": "x.pdf",
}


@pytest.mark.parametrize(("name", "wanted"), NAMES.items())
def test_a_name_is_only_a_name(name: str, wanted: str) -> None:
    assert scans.clean_name(name, scans.MediaType.PDF) == wanted


# --- at the door --------------------------------------------------------------------------------------------


def test_the_same_bytes_are_stored_once_and_lie_where_they_are_attached(walk: Walk) -> None:
    walk.to(State.DRAFT)
    attach(walk.case, walk.clerk, upload(name="الف.pdf"))
    attach(walk.case, walk.clerk, upload(name="ب.pdf"), path="principal.birth_date")
    attach(walk.case, walk.clerk, upload(name="پ.pdf"), path="decrees.1/94")
    assert (Scan.objects.count(), ScanBytes.objects.count(), Attachment.objects.count()) == (1, 1, 3)


def test_the_same_file_twice_on_one_place_is_refused_and_told_where_it_is(walk: Walk) -> None:
    walk.to(State.DRAFT)
    attach(walk.case, walk.clerk, upload(name="الف.pdf"))
    for files in ((upload(name="ب.pdf"),), (upload(picture(), "پ.jpg"), upload(picture(), "ت.jpg"))):
        with refused(BadInput, "invalid") as caught:
            attach(walk.case, walk.clerk, *files)
        assert any(name in caught.value.errors["scans"][0] for name in ("الف.pdf", "پ.jpg"))


def test_a_case_has_a_limit_and_so_has_one_press(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    files = [upload(pdf(mark=str(number)), f"{number}.pdf") for number in range(31)]
    with refused(BadInput, "invalid"):
        attach(case, walk.clerk, *files[:11])
    for first in (0, 10, 20):
        attach(case, walk.clerk, *files[first : first + 10])
    with refused(BadInput, "invalid"):
        attach(case, walk.clerk, files[30])
    assert contract.faults(fresh(case).content) == []


@pytest.mark.parametrize("path", ["principal.nothing", "../x", "answer.1", "\x00", "x" * 5000])
def test_a_place_that_is_none_is_refused(walk: Walk, path: str) -> None:
    case = walk.to(State.DRAFT)
    with refused(BadInput, "invalid") as caught:
        attach(case, walk.clerk, path=path)
    assert set(caught.value.errors) == {"path"}


def test_a_press_without_a_file_is_refused(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    for files in (None, uploads(b"")):
        with refused(BadInput, "invalid"):
            workflow.perform("attach", case.pk, by=walk.clerk, command_id=uuid.uuid4(), files=files)


def test_the_same_command_twice_attaches_once(walk: Walk) -> None:
    case, key = walk.to(State.DRAFT), uuid.uuid4()
    for _twice in range(2):
        workflow.perform("attach", case.pk, by=walk.clerk, command_id=key, files=uploads())
    assert (Attachment.objects.count(), TransferEvent.objects.filter(action="attach").count()) == (1, 1)


def test_one_bad_file_keeps_the_others_out_too(walk: Walk) -> None:
    walk.to(State.DRAFT)
    with refused(BadInput, "invalid") as caught:
        attach(walk.case, walk.clerk, upload(), upload(b"x", "بد.pdf"), upload(b"", "تهی.pdf"))
    assert [name in line for name, line in zip(("بد", "تهی"), caught.value.errors["scans"], strict=True)] == [True] * 2


def test_what_was_removed_is_gone_from_the_draft_and_may_come_again(walk: Walk) -> None:
    walk.to(State.DRAFT)
    before = fresh(walk.case).content_hash
    case = attach(walk.case, walk.clerk)
    held = of_case(case)[0]
    assert fresh(case).content_hash != before
    press("detach", case, walk.clerk, attachment=str(held.pk), reason="برگ دیگری است")
    assert (fresh(case).content_hash, of_case(case)) == (before, [])
    with refused(NotNow, "blocked"):
        press("detach", case, walk.clerk, attachment=str(held.pk), reason="باز")
    attach(case, walk.clerk)
    with refused(BadInput, "invalid"):
        press("detach", case, walk.clerk, attachment=str(held.pk), reason="باز")
    event = TransferEvent.objects.get(action="detach")
    assert (event.note, event.details["detached"]) == ("برگ دیگری است", [held.name])


def test_an_attachment_of_another_case_is_not_removed_from_here(walk: Walk) -> None:
    other = Walk(walk.cast, make_file(walk.cast.origin, 2))
    theirs = of_case(attach(other.to(State.DRAFT), other.clerk))[0]
    case = attach(walk.to(State.DRAFT), walk.clerk)
    with refused(BadInput, "invalid"):
        press("detach", case, walk.clerk, attachment=str(theirs.pk), reason="باز")


def test_who_approves_may_not_attach_and_who_attached_may_not_approve(walk: Walk) -> None:
    case = judge_all(walk.to(State.DRAFT), walk.officer)
    attach(case, walk.clerk)
    assert fresh(case).is_assembled and fresh(case).state == State.DRAFT
    press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month="1405/08")  # marks of fields hold
    with refused(NotNow, "state"):
        attach(case, walk.clerk, upload(picture()))


# --- sealed and delivered ---------------------------------------------------------------------------------------


def test_what_was_attached_is_sealed_delivered_and_registered(walk: Walk) -> None:
    walk.to(State.DRAFT)
    attach(walk.case, walk.clerk, upload(name="ب.pdf"), path="principal")
    attach(walk.case, walk.clerk, upload(picture(), "الف.jpg"))
    carry_on(walk, "activate")
    content = json.loads(Envelope.objects.get().body)
    assert (content["schema"], contract.faults(content)) == ("envelope-2", [])
    assert [row["path"] for row in content["attachments"]] == ["", "principal"]
    assert {row["sha256"] for row in content["attachments"]} == set(Blob.objects.values_list("pk", flat=True))
    here = {(row.sha256, row.path, row.name, row.scan_id) for row in of_case(walk.copy)}
    assert here == {(row["sha256"], row["path"], row["name"], row["sha256"]) for row in content["attachments"]}
    assert oracle.problems() + oracle.unfinished() == []


def forget(walk: Walk) -> None:
    """As if the destination were another site: the scans were never seen there."""
    tamper("default", "transfers_attachment", "UPDATE transfers_attachment SET scan_id = NULL")
    tamper("default", "transfers_scan", "DELETE FROM transfers_scan")
    tamper("default", "transfers_scanbytes", "DELETE FROM transfers_scanbytes")


def test_what_is_on_its_way_bars_the_way_until_it_is_here(walk: Walk) -> None:
    walk.to(State.DRAFT)
    attach(walk.case, walk.clerk, upload(), upload(picture(), "ب.jpg"))
    carry_on(walk, "compare")
    forget(walk)
    page = as_(walk.staff).get(reverse("case", args=[walk.copy.pk])).context["page"]
    assert page.are_on_their_way and [row.url for row in page.attachments] == ["", ""]
    url = reverse("case_attachment", args=[walk.copy.pk, page.attachments[0].pk])
    assert as_(walk.staff).get(url).status_code == 409
    with refused(NotNow, "blocked"):
        walk.verify()
    report = sync.sync()
    assert (report.attachments, Scan.objects.count()) == (2, 2)
    assert set(Scan.objects.values_list("pages", flat=True)) == {2, None}
    walk.verify()
    walk.register()
    assert sync.sync().attachments == 0 and oracle.problems() == []


def test_receiving_fetches_at_once_what_the_center_has(walk: Walk) -> None:
    walk.to(State.DRAFT)
    attach(walk.case, walk.clerk)
    carry_on(walk, "send")
    forget(walk)
    walk.receive()
    assert [row.scan_id for row in of_case(walk.copy)] == [Scan.objects.get().pk]


def test_bytes_altered_at_the_center_are_not_taken_and_bar_the_way(walk: Walk) -> None:
    walk.to(State.DRAFT)
    attach(walk.case, walk.clerk)
    carry_on(walk, "compare")
    forget(walk)
    run_sql(settings.CENTER, "ALTER TABLE central_blob DROP CONSTRAINT central_blob_is_its_hash")
    tamper(settings.CENTER, "central_blob", "UPDATE central_blob SET bytes = bytes || 'x'::bytea")
    assert (sync.sync().attachments, Scan.objects.count()) == (0, 0)
    with refused(NotNow, "blocked"):
        walk.verify()


def test_bytes_altered_here_are_found_before_they_are_registered(walk: Walk) -> None:
    walk.to(State.DRAFT)
    attach(walk.case, walk.clerk)
    carry_on(walk, "verify")
    run_sql("default", "ALTER TABLE transfers_scanbytes DROP CONSTRAINT transfers_scanbytes_is_its_hash")
    tamper("default", "transfers_scanbytes", "UPDATE transfers_scanbytes SET bytes = bytes || 'x'::bytea")
    with refused(NotNow, "blocked"):
        walk.register()


def test_bytes_altered_at_the_origin_are_refused_by_the_center(walk: Walk) -> None:
    walk.to(State.DRAFT)
    attach(walk.case, walk.clerk)
    run_sql("default", "ALTER TABLE transfers_scanbytes DROP CONSTRAINT transfers_scanbytes_is_its_hash")
    tamper("default", "transfers_scanbytes", "UPDATE transfers_scanbytes SET bytes = bytes || 'x'::bytea")
    carry_on(walk, "send")
    case = fresh(walk.case)
    assert (case.state, case.turn) == (State.HEAD_APPROVED, "head")
    assert not Envelope.objects.exists() and not Blob.objects.exists()
    assert case.crossings.get().reason == "blob_broken"


def test_a_return_and_another_scan_come_as_the_next_version(walk: Walk) -> None:
    walk.to(State.DRAFT)
    attach(walk.case, walk.clerk)
    carry_on(walk, "receive")
    walk.give_back()
    case = press(Action.REOPEN, fresh(walk.case), walk.clerk)
    press("detach", case, walk.clerk, attachment=str(of_case(case)[0].pk), reason="ناخوانا")
    attach(case, walk.clerk, upload(picture(), "تازه.jpg"))
    walk.technical()
    walk.send()
    walk.receive()
    assert [row.name for row in of_case(walk.copy)] == ["تازه.jpg"]
    assert walk.copy.attachments.count() == 2  # the first version is still told of
    first = as_(walk.staff).get(reverse("case_version", args=[walk.copy.pk, 1])).context["attachments"]
    assert [row.name for row in first] == ["حکم.pdf"] and as_(walk.staff).get(first[0].url).status_code == 200
    for step in STEPS[3:6]:
        getattr(walk, step)()
    assert oracle.problems() + oracle.unfinished() == []


def test_the_scans_go_on_with_the_file_and_come_back_with_it(walk: Walk) -> None:
    """A to B and back to A: neither branch scans anything twice, and nothing is lost."""
    walk.to(State.DRAFT)
    attach(walk.case, walk.clerk, upload(name="الف.pdf"))
    carry_on(walk, "activate")
    back = Walk(walk.cast, PensionFile.objects.get(branch=walk.cast.destination))
    turned = {"origin": walk.cast.destination, "destination": walk.cast.origin}
    back.cast = type(walk.cast)(turned["origin"], turned["destination"], walk.cast.third, walk.cast.people)
    back = Walk(back.cast, back.file)
    back.draft()
    assert [row.name for row in of_case(back.case)] == ["الف.pdf"]
    attach(back.case, back.clerk, upload(picture(), "ب.jpg"))
    carry_on(back, "register")
    rows = as_(walk.clerk).get(reverse("file", args=[walk.file.pk])).context["attachments"]
    assert [row.name for row in rows] == ["الف.pdf", "ب.jpg"]
    assert all(as_(walk.clerk).get(row.url).status_code == 200 for row in rows)


def test_the_contract_before_attachments_is_still_taken(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an older site sealed: compared and registered as ever."""
    monkeypatch.setattr(snapshot, "CURRENT", "envelope-1")
    walk.to(State.SENT)
    monkeypatch.undo()
    for step in STEPS[2:]:
        getattr(walk, step)()
    assert walk.copy.content["schema"] == "envelope-1"
    assert oracle.problems() + oracle.unfinished() == []


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


# --- the database ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["transfers_scanbytes", "central_blob"])
def test_bytes_under_another_hash_are_refused_by_the_database(walk: Walk, table: str) -> None:
    alias = settings.CENTER if table == "central_blob" else "default"
    with kept_out("23514", alias):
        run_sql(alias, f"INSERT INTO {table} (sha256, bytes) VALUES ('{'0' * 64}', 'x')")


def test_an_attachment_is_tied_to_its_own_scan_and_lies_once_on_a_place(walk: Walk) -> None:
    case = attach(walk.to(State.DRAFT), walk.clerk)
    with kept_out("23514"):
        run_sql("default", f"UPDATE transfers_attachment SET sha256 = '{'0' * 64}'")
    row = of_case(case)[0]
    with kept_out("23505"):
        again = {name: getattr(row, name) for name in ("case_id", "sha256", "scan_id", "name", "media_type", "size")}
        Attachment.objects.create(**again)
