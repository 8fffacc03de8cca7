"""What the bell counts, what leaves the pages by e-mail and text message, and that nobody is told twice."""

import datetime as dt
from collections.abc import Iterator
from smtplib import SMTPRecipientsRefused, SMTPSenderRefused, SMTPServerDisconnected
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone

from branches.models import User
from branches.notice_kinds import Kind, Way, every_kind
from branches.roles import Action, Role
from pension_transfer.lib import calendar
from tests.cast import Cast, Walk, make_file, press
from tests.pages import ASCII, as_, goes_to, queries
from tests.transfers.asking import answer, ask
from transfers import notices, telling, texting
from transfers.models import StuckItem, Telling, TransferCase
from transfers.states import Side, State
from transfers.views.context import MENU

pytestmark = pytest.mark.django_db(databases="__all__")
WHY = {"reason": "مدرک ناقص است"}


def now(user: User) -> User:
    return User.objects.get(pk=user.pk)


def told(user: User) -> dict[str, int]:
    return notices.counts(now(user), every_kind(), now(user).notices_seen_at)


def bell(user: User) -> int:
    return int(as_(user).get(reverse("help")).context["news"] + 0)  # it is read where it is printed


def read(user: User) -> None:
    client = as_(user)
    until = client.get(reverse("notices")).context["until"]
    assert goes_to(client.post(reverse("notices"), {"until": until.isoformat()})) == reverse("notices")


# --- the bell -----------------------------------------------------------------------------------------------


def test_only_those_hear_whose_turn_it_is_and_only_until_they_looked(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    people = [walk.clerk, walk.officer, walk.head, walk.staff, walk.cast.reader(Role.AUDITOR)]
    assert [bell(user) for user in people] == [0, 1, 0, 0, 0] and told(walk.officer) == {Kind.TURN: 1}
    page = as_(walk.officer).get(reverse("notices"))
    assert [notice.row.case.pk for notice in page.context["notices"]] == [case.pk]
    read(walk.officer)
    assert bell(walk.officer) == 0 and as_(walk.officer).get(reverse("notices")).context["notices"] == []
    walk.technical()  # the turn has gone on: nothing is told any more, to the head it is new
    assert [bell(user) for user in people] == [0, 0, 1, 0, 0]


def test_what_comes_while_one_reads_is_still_new(walk: Walk) -> None:
    walk.to(State.DRAFT)
    client = as_(walk.officer)
    until = client.get(reverse("notices")).context["until"]
    Walk(walk.cast, make_file(walk.cast.origin, 2)).to(State.DRAFT)
    client.post(reverse("notices"), {"until": until.isoformat()})
    assert bell(walk.officer) == 1
    later = timezone.now() + dt.timedelta(days=9)
    client.post(reverse("notices"), {"until": later.isoformat()})
    assert now(walk.officer).notices_seen_at <= timezone.now()
    client.post(reverse("notices"), {"until": until.isoformat()})  # an old page: what was read stays read
    assert bell(walk.officer) == 0
    for wrong in ("", "yesterday", "2026-13-45T00:00", "2026-01-01T00:00"):
        assert client.post(reverse("notices"), {"until": wrong}).status_code == 422


def test_each_case_is_told_once_under_the_kind_that_fits(cast: Cast) -> None:
    back, answered, due, returned = (Walk(cast, make_file(cast.origin, n)) for n in range(1, 5))
    press(Action.SEND_BACK, back.to(State.DRAFT), back.officer, **WHY)
    assert told(back.clerk) == {Kind.RETURNED: 1}
    answered.to(State.RECEIVED, Side.DESTINATION)
    answer(answered, ask(answered))
    assert told(answered.staff) == {Kind.ANSWER: 1}
    case = due.to(State.DRAFT)
    TransferCase.objects.filter(pk=case.pk).update(due_on=calendar.today())
    assert told(due.officer) == {Kind.DUE: 1}
    today = calendar.beginning_of(calendar.today())  # read when it came, days ago; the day it is due is news again
    TransferCase.objects.filter(pk=case.pk).update(turn_since=today - dt.timedelta(days=3))
    User.objects.filter(pk=due.officer.pk).update(notices_seen_at=today - dt.timedelta(hours=1))
    assert told(due.officer) == {Kind.DUE: 1}
    returned.to(State.RETURNED)
    assert told(returned.clerk) == {Kind.RETURNED: 2}


def test_what_a_colleague_took_is_no_news(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    deputy = walk.cast.at(walk.cast.origin, Role.INSURANCE_DEPUTY)
    assert bell(deputy) == bell(walk.head) == 1
    read(walk.head)
    press(Action.TAKE, case, walk.head)
    assert (bell(deputy), bell(walk.head)) == (0, 0)  # to the colleague it is over, to oneself nothing new


def test_stuck_items_are_told_to_the_office_they_were_handed_to(walk: Walk) -> None:
    tried = {"code": "KeyError", "why": "KeyError", "tries": 5, "last_at": timezone.now()}
    StuckItem.objects.create(kind="receipt", ref="x", branch=walk.cast.origin, set_aside_at=timezone.now(), **tried)
    assert [bell(user) for user in (walk.officer, walk.head, walk.other_officer)] == [1, 0, 0]
    assert told(walk.officer) == {Kind.STUCK: 1} and told(walk.other_officer) == {}  # without row security, too
    assert len(as_(walk.officer).get(reverse("notices")).context["stuck"]) == 1
    read(walk.officer)
    assert bell(walk.officer) == 0


def test_the_bell_costs_no_query_and_the_page_few(walk: Walk) -> None:
    walk.to(State.DRAFT)
    page, once = reverse("notices"), queries(walk.officer, reverse("notices"))
    User.objects.filter(pk=walk.officer.pk).update(told_by_bell=[])
    without = queries(walk.officer, reverse("help"))
    User.objects.filter(pk=walk.officer.pk).update(told_by_bell=every_kind())
    assert queries(walk.officer, reverse("help")) == without
    for number in range(2, 5):
        Walk(walk.cast, make_file(walk.cast.origin, number)).to(State.DRAFT)
    assert queries(walk.officer, page) == once <= 18
    assert any(item.url_name == "notices" for _path, items in MENU for item in items)


# --- choices --------------------------------------------------------------------------------------------------


def chosen(**given: Any) -> dict[str, Any]:
    return {"bell": ["turn"], "mobile": ""} | given


def test_everybody_chooses_for_themselves(walk: Walk) -> None:
    walk.to(State.DRAFT)
    client, url = as_(walk.officer), reverse("notice_choices")
    assert client.post(url, chosen(sms=["turn"])).status_code == 422  # no number
    assert client.post(url, chosen(email=["turn"])).status_code == 422  # no address
    assert client.post(url, chosen(bell=["everything"])).status_code == 422
    assert client.post(url, chosen(mobile="123")).status_code == 422
    assert goes_to(client.post(url, chosen(bell=["due"], sms=["turn"], mobile="۰۹۱۲۱۲۳۴۵۶۷"))) == url
    user = now(walk.officer)
    assert (user.told_by_bell, user.told_by_sms, user.told_by_email) == (["due"], ["turn"], [])
    assert user.mobile == "09121234567" and [row.way for row in Telling.objects.filter(user=user)] == [Way.SMS]
    assert bell(user) == 0 and User.objects.exclude(told_by_sms=[]).count() == 1
    client.post(url, chosen(bell=[], mobile="09121234567"))
    assert not Telling.objects.exists() and client.get(reverse("notices")).context["is_off"]


# --- what leaves the pages --------------------------------------------------------------------------------------


class Gateway:
    """Keeps what was sent; fails as it is told."""

    sent: list[tuple[str, str]] = []
    fails: list[Exception] = []

    def send(self, number: str, said: str) -> None:
        if self.fails:
            raise self.fails.pop()
        self.sent.append((number, said))


@pytest.fixture
def gateway(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Gateway]]:
    settings.SMS_BACKEND = f"{__name__}.Gateway"
    monkeypatch.setattr("transfers.telling.backend", Gateway)
    monkeypatch.setattr("transfers.telling.is_working_day", lambda day: True)
    Gateway.sent, Gateway.fails = [], []
    yield Gateway


def listening(user: User, *ways: str) -> User:
    """Somebody who chose to be told of everything, an hour ago."""
    User.objects.filter(pk=user.pk).update(mobile="09121234567", email="o@example.org")
    user = now(user)
    telling.choose(user, {way: every_kind() if way in ways else [] for way in Way})
    hour = timezone.now() - dt.timedelta(hours=1)
    Telling.objects.filter(user=user).update(told_until=hour, next_at=hour)
    return user


def settled(case: TransferCase) -> TransferCase:
    """As if it had come two minutes ago."""
    TransferCase.objects.filter(pk=case.pk).update(turn_since=timezone.now() - dt.timedelta(minutes=2))
    return case


def again() -> telling.Report:
    """The next round, long after the pause."""
    Telling.objects.update(next_at=timezone.now() - dt.timedelta(seconds=1))
    return telling.tell_all()


def test_a_message_has_numbers_and_no_person_and_comes_once(walk: Walk, gateway: type[Gateway]) -> None:
    user = listening(walk.officer, Way.SMS, Way.EMAIL)
    case = settled(walk.to(State.DRAFT))
    assert telling.tell_all().sent == 2 and len(gateway.sent) == len(mail.outbox) == 1
    said = (gateway.sent[0][1] + str(mail.outbox[0].body)).translate(ASCII)
    for personal in (case.person_name, case.national_code, case.pension_number, case.tracking_number, user.mobile):
        assert personal not in said
    assert said.count(f"{Kind.TURN.label}: 1") == 2 and reverse("notices") in said
    assert (again().sent, again().sent) == (0, 0) and len(gateway.sent) == len(mail.outbox) == 1
    settled(Walk(walk.cast, make_file(walk.cast.origin, 2)).to(State.DRAFT))
    Telling.objects.update(told_until=timezone.now() - dt.timedelta(minutes=3))
    assert str(telling.tell_all()).startswith("sent 0")  # within the pause nobody is written to
    assert again().sent == 2


def test_what_came_up_to_the_moment_is_told_and_what_came_after_it_by_the_next_message(
    walk: Walk, gateway: type[Gateway]
) -> None:
    user, moment = listening(walk.officer, Way.SMS), walk.to(State.DRAFT).turn_since
    least = dt.timedelta(microseconds=1)
    told_by = [notices.counts(user, every_kind(), None, until) for until in (moment - least, moment)]
    assert told_by == [{}, {Kind.TURN: 1}] and notices.counts(user, every_kind(), moment) == {}
    assert telling.tell_all().nothing_new == 1 and gateway.sent == []  # it is perhaps still being written
    with time_machine.travel(timezone.now() + telling.SETTLED):
        assert again().sent == 1 and again().sent == 0 and len(gateway.sent) == 1


def test_what_went_to_another_office_meanwhile_is_not_told(walk: Walk, gateway: type[Gateway]) -> None:
    listening(walk.officer, Way.SMS)
    settled(walk.to(State.DRAFT))
    walk.technical()
    assert telling.tell_all().nothing_new == 1 and gateway.sent == []


def test_who_has_left_is_not_written_to_and_nobody_on_a_day_off(
    walk: Walk, gateway: type[Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    listening(walk.officer, Way.SMS)
    settled(walk.to(State.DRAFT))
    with monkeypatch.context() as patch:
        patch.setattr("transfers.telling.is_working_day", lambda day: False)
        assert telling.tell_all() == telling.Report()
    officers = User.objects.filter(pk=walk.officer.pk)
    officers.update(is_active=False)
    assert telling.tell_all().nothing_new == 1
    officers.update(is_active=True, told_by_sms=[Kind.DUE], told_by_bell=every_kind())
    Telling.objects.update(told_until=timezone.now() - dt.timedelta(minutes=3))
    assert again().nothing_new == 1 and gateway.sent == []  # the way tells what was chosen for it, not for the bell


def test_what_did_not_leave_is_tried_again_and_what_may_have_left_is_not(walk: Walk, gateway: type[Gateway]) -> None:
    listening(walk.officer, Way.SMS)
    settled(walk.to(State.DRAFT))
    gateway.fails = [texting.NotSent("busy")]
    assert telling.tell_all().failed == 1 and telling.tell_all() == telling.Report()  # not at once
    assert again().sent == 1 and len(gateway.sent) == 1
    Telling.objects.update(told_until=timezone.now() - dt.timedelta(minutes=3))
    gateway.fails = [TimeoutError("no answer")]
    assert again().sent == 1 and again().sent == 0 and len(gateway.sent) == 1


def test_an_e_mail_that_the_server_may_have_taken_is_not_repeated(
    walk: Walk, gateway: type[Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    listening(walk.officer, Way.EMAIL)
    settled(walk.to(State.DRAFT))
    tried: list[int] = []

    def lost(letter: EmailMessage) -> int:
        tried.append(1)
        raise SMTPServerDisconnected("after DATA")

    monkeypatch.setattr(EmailMessage, "send", lost)
    assert telling.tell_all().sent == 1 and again().sent == 0 and len(tried) == 1


@pytest.mark.parametrize(
    ("refused", "outcome", "tried"),
    [
        (SMTPRecipientsRefused({"o@example.org": (550, b"no such user")}), "undeliverable", 1),
        (SMTPRecipientsRefused({"o@example.org": (450, b"mailbox busy")}), "failed", 2),
        (SMTPSenderRefused(550, b"not from you", "us@example.org"), "failed", 2),  # the fault is ours
    ],
)
def test_a_receiver_refused_for_good_is_not_tried_again_and_keeps_nobody_waiting(
    walk: Walk, gateway: type[Gateway], monkeypatch: pytest.MonkeyPatch, refused: Exception, outcome: str, tried: int
) -> None:
    listening(walk.officer, Way.SMS, Way.EMAIL)
    Telling.objects.filter(way=Way.EMAIL).update(next_at=timezone.now() - dt.timedelta(hours=2))  # its turn is first
    settled(walk.to(State.DRAFT))
    asked: list[int] = []

    def refuse(letter: EmailMessage) -> int:
        asked.append(1)
        raise refused

    monkeypatch.setattr(EmailMessage, "send", refuse)
    report = telling.tell_all()
    assert getattr(report, outcome) == 1 and report.sent == len(gateway.sent) == (outcome == "undeliverable")
    again()
    assert len(asked) == tried


def test_whoever_was_killed_while_sending_is_not_followed_by_a_second_message(
    walk: Walk, gateway: type[Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    listening(walk.officer, Way.SMS)
    settled(walk.to(State.DRAFT))

    class Killed(BaseException):
        pass

    def kill(name: str) -> None:
        raise Killed

    monkeypatch.setattr("transfers.telling.fail_point", kill)
    with pytest.raises(Killed):
        telling.tell_all()
    monkeypatch.undo()
    monkeypatch.setattr("transfers.telling.is_working_day", lambda day: True)
    assert telling.tell_all() == telling.Report()  # perhaps it is still being sent
    Telling.objects.update(begun_at=timezone.now() - telling.LOST - dt.timedelta(seconds=1))
    assert telling.tell_all().perhaps_sent == 1
    assert again().sent == 0 and gateway.sent == []


def test_a_gateway_that_is_not_there_loses_no_message(
    walk: Walk, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening(walk.officer, Way.SMS)
    settled(walk.to(State.DRAFT))
    settings.SMS_BACKEND = "transfers.texting.Nowhere"
    monkeypatch.setattr("transfers.telling.is_working_day", lambda day: True)
    assert telling.tell_all().failed == 1
    assert Telling.objects.get().telling_until is None


def test_without_a_gateway_the_log_says_so_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "transfers.texting"):
        texting.backend().send("09121234567", "۳ پرونده")
    assert "not sent" in caplog.text and "0912" not in caplog.text and "پرونده" not in caplog.text
