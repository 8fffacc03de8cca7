"""A group job whose process is killed: nothing is lost, nothing is done twice, and two workers share it."""

import datetime as dt
import uuid

import psycopg2
import pytest
from django.utils import timezone

from branches.roles import Action
from central.models import Envelope
from tests import oracle
from tests.cast import Cast, Walk, make_file
from tests.expect import fresh
from tests.processes import Site, database_url
from transfers import jobs, watch
from transfers.models import Job, JobItem, TransferEvent
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def _ordered(cast: Cast) -> tuple[Job, list[Walk]]:
    walks = [Walk(cast, make_file(cast.origin, number)) for number in (1, 2)]
    cases = [walk.to(State.TECHNICALLY_APPROVED) for walk in walks]
    rows = [jobs.Row("0801", c.tracking_number, c.pk, given={"content_hash": c.content_hash}) for c in cases]
    return jobs.order(Action.APPROVE_HEAD, rows, by=walks[0].head, form=uuid.uuid4())[0], walks


def _a_minute_later() -> None:
    JobItem.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))


def _standing(job: Job) -> list[str]:
    return list(job.items.order_by("pk").values_list("state", flat=True))


def test_a_job_that_is_killed_goes_on_and_does_nothing_twice(cast: Cast, running: Site) -> None:
    job, walks = _ordered(cast)
    assert running.order("work_jobs", fail="job_item_taken") == "killed"
    assert {fresh(walk.case).state for walk in walks} == {State.TECHNICALLY_APPROVED}
    assert jobs.advance(job.items.all()) and not jobs.advance(job.items.all())  # the other one; the first is leased
    assert _standing(job) == ["open", "done"]
    _a_minute_later()
    assert running.order("work_jobs", fail="job_item_carried_out") == "killed"
    assert (fresh(walks[0].case).state, _standing(job)) == (State.SENT, ["open", "done"])
    _a_minute_later()
    assert running.order("work_jobs") == "done"
    assert _standing(job) == ["done", "done"] and Job.objects.get(finished_at__isnull=False) == job
    assert TransferEvent.objects.filter(action=Action.APPROVE_HEAD, by=walks[0].head).count() == 2
    assert Envelope.objects.count() == 2
    assert oracle.problems() + oracle.unfinished() == []


def test_an_item_that_kills_its_process_each_time_is_told_and_the_others_go_on(cast: Cast, running: Site) -> None:
    job, walks = _ordered(cast)
    for _time in range(jobs.TRIES):
        _a_minute_later()
        assert running.order("work_jobs", fail="job_item_taken") == "killed"
        job.items.filter(pk=job.items.latest("pk").pk).update(leased_until=timezone.now() + dt.timedelta(hours=1))
    _a_minute_later()
    assert running.order("work_jobs") == "done"
    assert _standing(job) == ["refused", "done"]
    assert job.items.earliest("pk").code == "broke_off"
    assert [fresh(walk.case).state for walk in walks] == [State.TECHNICALLY_APPROVED, State.SENT]


def test_what_another_worker_takes_this_very_moment_is_left_to_it(cast: Cast) -> None:
    job, walks = _ordered(cast)
    first = job.items.earliest("pk")
    other = psycopg2.connect(database_url("default"))
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM transfers_jobitem WHERE id = %s FOR UPDATE", [first.pk])
        assert jobs.advance(job.items.all()) and not jobs.advance(job.items.all())
    finally:
        other.close()
    assert _standing(job) == ["open", "done"]
    assert [fresh(walk.case).state for walk in walks] == [State.TECHNICALLY_APPROVED, State.SENT]
    watch.Worker(1, print)._take_some()  # a round of the exchange worker
    assert _standing(job) == ["done", "done"]
