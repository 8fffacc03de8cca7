"""Attachments: laid on a case at the door, sealed with its draft, delivered over the center."""

import json
import uuid

import pytest
from django.conf import settings
from django.urls import reverse

from branches.models import PensionFile
from branches.roles import Action
from central import contract
from central.models import Blob, Envelope
from pension_transfer.lib.errors import BadInput, NotNow
from tests import oracle
from tests.cast import LAST_PAID_TYPED, Walk, judge_all, make_file, press
from tests.expect import fresh, refused, run_sql, tamper
from tests.pages import as_
from tests.scans import STEPS, attach, carry_on, pdf, picture, upload, uploads
from transfers import snapshot, sync, workflow
from transfers.attachments import of_case
from transfers.models import Attachment, Scan, ScanBytes, TransferEvent
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__")


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
    press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month=LAST_PAID_TYPED)  # marks of fields hold
    with refused(NotNow, "state"):
        attach(case, walk.clerk, upload(picture()))


# --- sealed and delivered ---------------------------------------------------------------------------------------


def test_what_was_attached_is_sealed_delivered_and_registered(walk: Walk) -> None:
    walk.to(State.DRAFT)
    attach(walk.case, walk.clerk, upload(name="ب.pdf"), path="principal")
    attach(walk.case, walk.clerk, upload(picture(), "الف.jpg"))
    carry_on(walk, "activate")
    content = json.loads(Envelope.objects.get().body)
    assert (content["schema"], contract.faults(content)) == ("envelope-3", [])
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
    monkeypatch.setattr(snapshot, "CERTIFICATE", ("last_paid_month",))
    walk.to(State.SENT)
    monkeypatch.undo()
    for step in STEPS[2:]:
        getattr(walk, step)()
    assert walk.copy.content["schema"] == "envelope-1"
    assert oracle.problems() + oracle.unfinished() == []
