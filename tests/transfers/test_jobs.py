"""Group jobs: many rows with one press, a result for each, in the name and with the rights of who pressed."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from branches.models import Appointment, User
from branches.roles import Action, Role
from pension_transfer.lib.errors import BadInput, NotNow
from tests.cast import Cast, Walk, appoint, make_file, press
from tests.expect import fresh
from tests.pages import as_, command, goes_to, queries, text
from transfers import exchange, jobs, sync, workflow
from transfers.models import Job, JobItem, TransferCase, TransferEvent
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
WHY = {"reason": "تقسیم کار"}
HX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _two_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "AT_ONCE", 1)


def walked(cast: Cast, state: str, *numbers: int) -> list[TransferCase]:
    return [Walk(cast, make_file(cast.origin, number)).to(state) for number in numbers]


def shown(cases: list[TransferCase]) -> dict[str, Any]:
    """A form of the send list with these rows ticked."""
    return command(case=[case.pk for case in cases]) | {f"hash-{case.pk}": case.content_hash for case in cases}


def ordered(cases: list[TransferCase], by: User, action: str = Action.TAKE, **given: Any) -> Job:
    rows = [jobs.Row(case.branch_id, case.tracking_number, case.pk) for case in cases]
    return jobs.order(action, rows, by=by, form=uuid.uuid4(), given=given)[0]


def outcomes(job: Job) -> list[tuple[str, str]]:
    return list(job.items.order_by("pk").values_list("state", "code"))


def carry_out(job: Job) -> None:
    while jobs.advance(job.items.all()):
        pass


# --- sending ------------------------------------------------------------------------------------------------


def test_many_are_sent_by_the_page_that_asks_and_a_changed_one_is_refused_alone(cast: Cast) -> None:
    cases = walked(cast, State.TECHNICALLY_APPROVED, 1, 2)
    head = cast.at(cast.origin, Role.BRANCH_HEAD)
    form = shown(cases) | {f"hash-{cases[1].pk}": "f" * 64}
    client, url = as_(head), reverse("send_list")
    page = goes_to(client.post(url, form))
    assert goes_to(client.post(url, form)) == page and Job.objects.count() == 1  # the same form again
    assert {fresh(case).state for case in cases} == {State.TECHNICALLY_APPROVED}
    assert "progress" in text(client.get(page)) and client.get(url).context["jobs_under_way"] == 1
    assert client.post(f"{page}advance/", {"on": "job"}, **HX).headers["HX-Refresh"] == "true"
    answer = client.get(page)
    assert {row.item.case: row.item.state for row in answer.context["rows"]} == {cases[0]: "done", cases[1]: "refused"}
    assert [fresh(case).state for case in cases] == [State.SENT, State.TECHNICALLY_APPROVED]
    sheets = client.get(answer.context["print_url"]).context
    assert [sheet.case for sheet in sheets["sheets"]] == [cases[0]]
    colleague = as_(cast.at(cast.origin, Role.CLERK))
    assert colleague.get(answer.context["print_url"]).status_code == 422
    assert client.get(url).context["jobs_under_way"] == 0
    assert [row.item.case for row in client.get(page, {"state": "refused"}).context["rows"]] == [cases[1]]


def test_other_rows_ticked_in_the_same_form_are_another_job(cast: Cast) -> None:
    cases = walked(cast, State.DRAFT, 1, 2, 3)
    form, head = shown(cases), as_(cast.at(cast.origin, Role.BRANCH_HEAD))
    asked = [form | {"case": [case.pk for case in rows]} for rows in (cases[:2], cases[1:])]
    assert len({goes_to(head.post(reverse("send_list"), one)) for one in asked}) == 2


# --- receiving ----------------------------------------------------------------------------------------------


def test_everything_that_waits_is_received_and_what_the_center_keeps_is_finished_by_sync(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked(cast, State.SENT, 1, 2)
    staff = as_(cast.at(cast.destination, Role.DESTINATION_STAFF))
    page = goes_to(staff.post(reverse("receive_list"), command(all="1")))
    job = Job.objects.get()
    assert jobs.advance(job.items.all())

    def away(crossing: Any) -> None:
        raise exchange.Unreachable("away")

    with monkeypatch.context() as patch:
        patch.setattr(exchange, "ask", away)
        assert jobs.advance(job.items.all())
    assert outcomes(job) == [("done", ""), ("kept", "center")]
    assert Job.objects.get().is_finished and "kept" in text(staff.get(page))
    sync.sync()
    assert TransferCase.objects.filter(side=Side.DESTINATION, state=State.RECEIVED).count() == 2


def test_what_a_colleague_has_received_meanwhile_is_received(cast: Cast) -> None:
    walk = Walk(cast, make_file(cast.origin, 1))
    walk.to(State.SENT)
    as_(walk.staff).post(reverse("receive_list"), command(all="1"))  # one is no job: done at once
    row = jobs.Row(cast.destination.pk, walk.case.tracking_number, envelope_id=fresh(walk.case).envelope)
    (job,) = jobs.order(Action.RECEIVE, [row], by=walk.staff, form=uuid.uuid4())
    carry_out(job)
    assert outcomes(job) == [("done", "")]
    assert job.items.get().case == TransferCase.objects.get(side=Side.DESTINATION)


def test_nothing_waits_or_the_center_is_away(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    staff = as_(cast.at(cast.destination, Role.DESTINATION_STAFF))
    assert [one.tone for one in staff.post(reverse("receive_list"), command(all="1")).context["outcomes"]] == ["info"]

    def away(codes: Any) -> Any:
        raise exchange.Unreachable("away")

    monkeypatch.setattr(exchange, "waiting", away)
    answer = staff.post(reverse("receive_list"), command(all="1"))
    assert answer.context["is_unreachable"] and not Job.objects.exists()
    assert [one.tone for one in answer.context["outcomes"]] == ["warning"] and not answer.context["nothing"]


# --- reassigning --------------------------------------------------------------------------------------------


def test_many_are_reassigned_with_what_was_typed_for_all(cast: Cast) -> None:
    cases = walked(cast, State.DRAFT, 1, 2)
    second = appoint("second", Role.TECHNICAL_OFFICER, branch=cast.origin)
    seen = {f"seen-{case.pk}": case.trail_length for case in cases}
    form = command(action="reassign", case=[case.pk for case in cases], to=second.username, **seen, **WHY)
    press(Action.TAKE, cases[1], cast.at(cast.origin, Role.TECHNICAL_OFFICER))  # meanwhile
    head = as_(cast.at(cast.origin, Role.BRANCH_HEAD))
    page = goes_to(head.post(reverse("workload"), form))
    assert goes_to(head.post(f"{page}advance/")) == page  # without htmx
    assert outcomes(Job.objects.get()) == [("done", ""), ("refused", "stale")]
    assert fresh(cases[0]).taker == second


# --- whose it is, and what they may -------------------------------------------------------------------------


def test_a_job_is_its_persons_own(cast: Cast) -> None:
    officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    job = ordered(walked(cast, State.DRAFT, 1), officer)
    page = reverse("job", args=[job.pk])
    assert [row.job for row in as_(officer).get(reverse("job_list")).context["rows"]] == [job]
    for stranger in (cast.at(cast.origin, Role.CLERK), cast.reader(Role.AUDITOR), cast.reader("outsider")):
        client = as_(stranger)
        assert client.get(page).status_code == client.post(f"{page}advance/").status_code == 404
        assert client.get(reverse("job_list")).context["rows"] == []
        assert client.get(reverse("job_bar"), **HX).content == b""
        assert client.get(reverse("print_sheets"), {"job": str(job.pk)}).status_code == 422
    assert "job-progress-bar" in text(as_(officer).get(reverse("job_bar"), **HX))
    assert goes_to(as_(officer).get(reverse("job_bar"))) == reverse("job_list")


def test_it_may_what_its_person_may_when_it_is_carried_out(cast: Cast) -> None:
    cases = walked(cast, State.DRAFT, 1, 2, 3)
    second = appoint("second", Role.TECHNICAL_OFFICER, branch=cast.origin)
    job = ordered(cases, second)
    assert jobs.advance(job.items.all())
    Appointment.objects.filter(user=second).update(ended_at=timezone.now())
    assert jobs.advance(job.items.all())
    User.objects.filter(pk=second.pk).update(is_active=False)
    carry_out(job)
    assert outcomes(job) == [("done", ""), ("refused", "no_case"), ("refused", "account")]
    assert as_(cast.at(cast.third, Role.CLERK)).get(reverse("case", args=[cases[0].pk])).status_code == 404
    assert TransferEvent.objects.filter(action=Action.TAKE).count() == 1


# --- what goes wrong ------------------------------------------------------------------------------------------


def test_a_case_in_somebodys_hand_is_tried_again_and_told_at_last(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*args: Any, **given: Any) -> Any:
        raise NotNow("in hand", "busy")

    job = ordered(walked(cast, State.DRAFT, 1), cast.at(cast.origin, Role.TECHNICAL_OFFICER))
    monkeypatch.setattr(workflow, "perform", busy)
    monkeypatch.setattr(jobs, "PAUSE", dt.timedelta(hours=1))  # however slow this machine is
    for n in range(jobs.TRIES):
        assert outcomes(job) == [("open", "")], n
        JobItem.objects.update(leased_until=None)
        assert jobs.advance(job.items.all()) and not jobs.advance(job.items.all())
    assert outcomes(job) == [("refused", "busy")] and Job.objects.get().is_finished


def test_a_fault_of_the_program_stops_one_item_only(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = walked(cast, State.DRAFT, 1, 2)
    job, perform = ordered([first, second], cast.at(cast.origin, Role.TECHNICAL_OFFICER)), workflow.perform

    def breaks(action: str, case_id: int, **given: Any) -> Any:
        return perform(action, case_id, **given) if case_id == second.pk else [][0]

    monkeypatch.setattr(workflow, "perform", breaks)
    carry_out(job)
    assert outcomes(job) == [("refused", "fault"), ("done", "")]
    assert [record.exc_info is not None for record in caplog.records if record.name == "transfers.jobs"] == [True]


def test_the_same_form_of_two_people_is_two_jobs(cast: Cast) -> None:
    """And each carries on its own only."""
    (case,), form = walked(cast, State.DRAFT, 1), uuid.uuid4()
    people = [cast.at(cast.origin, Role.TECHNICAL_OFFICER), cast.at(cast.origin, Role.BRANCH_HEAD)]
    row = jobs.Row(case.branch_id, case.tracking_number, case.pk)
    first, second = (jobs.order(Action.TAKE, [row], by=person, form=form)[0] for person in people)
    assert first != second and (first.by, second.by) == (*people,)
    assert goes_to(as_(people[1]).post(reverse("job_advance", args=[second.pk]))) == reverse("job", args=[second.pk])
    assert outcomes(first) == [("open", "")] and outcomes(second)[0][0] == "refused"


def test_an_item_in_hand_is_nobody_elses_until_its_lease_is_over_and_ends_once(cast: Cast) -> None:
    job = ordered(walked(cast, State.DRAFT, 1), cast.at(cast.origin, Role.TECHNICAL_OFFICER))
    slow = jobs._take(job.items.all())
    assert slow and not jobs.advance(JobItem.objects.all())
    JobItem.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    assert jobs.advance(JobItem.objects.all()) and outcomes(job) == [("done", "")]
    jobs._end(slow, jobs.Ended(JobItem.State.REFUSED, "late"))  # whoever was thought dead comes after all
    assert outcomes(job) == [("done", "")]


def test_an_item_whose_process_ended_each_time_is_given_up_after_its_last_try(cast: Cast) -> None:
    officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    last, spent = (ordered([case], officer) for case in walked(cast, State.DRAFT, 1, 2))
    for job, tries in ((last, jobs.TRIES - 1), (spent, jobs.TRIES)):
        job.items.update(tries=tries)
        carry_out(job)
    assert (outcomes(last), outcomes(spent)) == ([("done", "")], [("refused", "broke_off")])
    assert not TransferCase.objects.get(pk=spent.items.get().case_id).taken_by_id


def test_too_many_rows_are_refused_at_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST", 1)
    rows = [jobs.Row("0801", "0" * 13, n) for n in (1, 2)]
    with pytest.raises(BadInput):
        jobs.order(Action.TAKE, rows, by=cast.at(cast.origin, Role.CLERK), form=uuid.uuid4())


# --- printing, and what the pages cost --------------------------------------------------------------------------


def test_ticked_sheets_are_printed_on_one_page_and_the_others_are_named(cast: Cast) -> None:
    (sent,), (draft,) = walked(cast, State.SENT, 1), walked(cast, State.DRAFT, 2)
    clerk, url = as_(cast.at(cast.origin, Role.CLERK)), reverse("print_sheets")
    asked = {"case": [sent.pk, draft.pk, "x", "9" * 30, "-1"]}
    page = clerk.get(url, asked)
    assert [sheet.case for sheet in page.context["sheets"]] == [sent] and page.context["unready"] == [draft]
    assert text(page).count('class="transfer-sheet"') == 1
    assert not as_(cast.at(cast.third, Role.CLERK)).get(url, asked).context["sheets"]
    for wrong in ({}, {"case": "x"}, {"job": "x"}, {"case": list(range(101))}):
        assert clerk.get(url, wrong).status_code == 422


def test_the_pages_cost_the_same_however_many_there_are(cast: Cast) -> None:
    cases = walked(cast, State.SENT, 1, 2, 3)
    clerk = cast.at(cast.origin, Role.CLERK)
    urls = [reverse("job_list"), f"{reverse('print_sheets')}?case={cases[0].pk}"]
    one, many = ordered(cases[:1], clerk), ordered(cases, clerk)
    carry_out(one)
    carry_out(many)
    cost = [queries(clerk, reverse("job", args=[job.pk])) for job in (one, many)]
    assert cost[0] == cost[1] <= 18
    once = queries(clerk, urls[0])
    ordered(cases[1:], clerk)
    assert queries(clerk, urls[0]) == once <= 18
    print_url = reverse("print_sheets")
    few, all_of_them = (f"{print_url}?" + "&".join(f"case={c.pk}" for c in rows) for rows in (cases[:1], cases))
    assert queries(clerk, few) == queries(clerk, all_of_them) <= 18
