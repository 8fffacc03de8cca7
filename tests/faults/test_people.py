"""People who press at an unlucky moment: nothing is approved unseen, done without the right, or waits for mail."""

import datetime as dt
import socket
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from branches.models import Appointment, User
from branches.roles import Action, Role
from central.models import Envelope
from pension_transfer.lib.calendar import today
from tests import oracle
from tests.cast import LAST_PAID_TYPED, MOVE, Cast, Walk, judge_all, make_file, press
from tests.cuts import Killed
from tests.expect import fresh, written
from tests.faults.test_races import race
from tests.pages import as_, command
from tests.transfers.test_stand_ins import in_place_of
from transfers import digest, sync, workflow
from transfers.models import TransferCase
from transfers.states import State, Turn

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def test_fault_15_nothing_is_approved_that_the_officer_has_not_seen(cast: Cast) -> None:
    """The clerk's edit and the officer's approval at one moment: one is refused, or the approval has lapsed."""
    for number in range(1, 9):
        walk = Walk(cast, make_file(cast.origin, number))
        case = judge_all(walk.to(State.DRAFT), walk.officer)
        seen = case.trail_length

        def take(action: str, by: Any, data: Any, case: TransferCase = case, seen: int = seen) -> TransferCase:
            return workflow.perform(action, case.pk, by=by, command_id=uuid.uuid4(), seen=seen, data=data)

        answers = race(
            lambda take=take, walk=walk: take(Action.EDIT_MOVE, walk.clerk, MOVE | {"note": "یادداشت تازه"}),
            lambda take=take, walk=walk: take(
                Action.APPROVE_TECHNICAL, walk.officer, {"last_paid_month": LAST_PAID_TYPED}
            ),
        )
        edited, approved = (isinstance(answer, TransferCase) for answer in answers)
        assert edited != approved, answers
        assert {answer.code for answer in answers if not isinstance(answer, TransferCase)} <= {"stale", "state", "busy"}
        assert fresh(case).state == (State.TECHNICALLY_APPROVED if approved else State.DRAFT)
        assert (fresh(case).note == "یادداشت تازه") is edited
    assert oracle.problems() == []


@pytest.mark.parametrize("how", ["taken away", "ended"])
def test_fault_22_a_role_that_ended_between_page_and_press_does_nothing(cast: Cast, how: str) -> None:
    walk = Walk(cast)
    case = walk.to(State.TECHNICALLY_APPROVED)
    url = reverse("case_step", args=[case.pk, Action.APPROVE_HEAD])
    deputy = cast.at(cast.third, Role.BRANCH_HEAD)
    client = as_(in_place_of(walk.head, deputy, Role.BRANCH_HEAD, cast.origin))
    assert client.get(reverse("case", args=[case.pk])).context["page"].main.button.is_open
    place = Appointment.objects.filter(user=deputy, branch=cast.origin)
    if how == "ended":
        place.update(until=today() - dt.timedelta(days=1), since=today() - dt.timedelta(days=9))
    else:
        place.delete()
    before = written()
    answer = client.post(url, command(seen=case.trail_length, content_hash=case.content_hash))
    assert (answer.status_code in {403, 404}, written()) == (True, before)
    assert fresh(case).state == State.TECHNICALLY_APPROVED


@pytest.mark.parametrize("point", ["intended", "asked", "finished"])
def test_fault_29_a_bulk_sending_cut_in_the_middle_goes_on_when_it_is_pressed_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Killed at the third of five rows; the browser repeats the whole form."""
    walks = [Walk(cast, make_file(cast.origin, number)) for number in range(1, 6)]
    cases = [walk.to(State.TECHNICALLY_APPROVED) for walk in walks]
    hashes = {f"hash-{case.pk}": case.content_hash for case in cases}
    client, form = as_(walks[0].head), command(case=[case.pk for case in cases]) | hashes
    _cut_at_the_third(monkeypatch, point, lambda: client.post(reverse("send_list"), form))
    assert {fresh(case).state for case in cases[3:]} == {State.TECHNICALLY_APPROVED}
    assert client.post(reverse("send_list"), form).status_code == 200
    sync.sync()
    assert [fresh(case).state for case in cases] == [State.SENT] * 5
    assert Envelope.objects.count() == 5
    assert [case.events.filter(action=Action.APPROVE_HEAD).count() for case in cases] == [1] * 5
    assert oracle.problems() + oracle.unfinished() == []


def _cut_at_the_third(monkeypatch: pytest.MonkeyPatch, point: str, post: Any) -> None:
    met: list[str] = []

    def third(name: str) -> None:
        met.append(name)
        if met.count(point) == 3:
            raise Killed

    with monkeypatch.context() as armed, pytest.raises(Killed):
        armed.setattr(workflow, "fail_point", third)
        post()


# --- mail ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def silent_mail(settings: Any) -> Iterator[None]:
    """A mail server that takes the call and never speaks."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.getsockname()
        settings.EMAIL_TIMEOUT, settings.EMAIL_USE_TLS = 0.5, False
        yield


def _overdue(walk: Walk) -> TransferCase:
    case = walk.to(State.TECHNICALLY_APPROVED)
    assert case.turn == Turn.HEAD
    TransferCase.objects.filter(pk=case.pk).update(due_on=today() - dt.timedelta(days=5))
    return fresh(case)


def test_fault_41_steps_do_not_wait_for_mail_and_it_is_sent_later(
    cast: Cast, silent_mail: None, settings: Any, mailoutbox: Any
) -> None:
    User.objects.update(email="somebody@example.org")
    walk, begun = Walk(cast), time.monotonic()
    walk.to(State.SENT)
    spent = time.monotonic() - begun
    day, other = dt.date(2026, 11, 25), _overdue(Walk(cast, make_file(cast.origin, 2)))
    report = digest.send_all(day)
    assert report.failed > 0 and report.sent == 0 and spent < 20
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert digest.send_all(day).sent == report.failed and len(mail.outbox) == report.failed
    assert press(Action.APPROVE_HEAD, other, walk.head).state == State.SENT
