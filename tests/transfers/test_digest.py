"""The daily digest: one e-mail for whom something waits, none for the others, never two a day, never a name."""

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from branches.models import User
from branches.roles import Role
from pension_transfer.lib import calendar
from tests.cast import Cast, Walk, make_file
from tests.pages import ASCII, as_, command, goes_to
from tests.transfers.test_clock import WEDNESDAY, late_by, waited
from transfers import digest
from transfers.models import Digest
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__")
FRIDAY = calendar.parse_date("1405/09/06")


@pytest.fixture(autouse=True)
def addresses(cast: Cast) -> None:
    """Everybody has an address."""
    for user in User.objects.all():
        user.email = f"{user.username}@example.org"
        user.save()


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> dt.date:
    """Some working day that the command believes to be today."""
    day = calendar.next_working_day(calendar.today())
    monkeypatch.setattr("transfers.management.commands.send_digest.today", lambda: day)
    return day


def receivers() -> list[str]:
    return sorted(to.partition("@")[0] for letter in mail.outbox for to in letter.to)


def letter_to(user: User, day: dt.date = WEDNESDAY) -> EmailMessage:
    letter = digest.write_to(User.objects.get(pk=user.pk), day)
    assert letter is not None
    return letter


# --- who gets one -----------------------------------------------------------------------------------------


def test_only_those_whose_turn_it_is_are_written_to(walk: Walk) -> None:
    assert str(digest.send_all(WEDNESDAY)).startswith("sent 0, ") and mail.outbox == []
    waited(walk.to(State.DRAFT), 1, WEDNESDAY)
    digest.send_all(WEDNESDAY)
    assert receivers() == ["technical_officer_0801"]


def test_whoever_looks_after_the_work_hears_of_what_is_overdue(walk: Walk) -> None:
    waited(walk.to(State.DRAFT), 2 + 4, WEDNESDAY)
    digest.send_all(WEDNESDAY)
    heads = ["branch_head_0801", "insurance_deputy_0801"]
    assert receivers() == sorted(["technical_officer_0801", *heads, "province"])


def test_nobody_is_written_to_twice_a_day(walk: Walk) -> None:
    waited(walk.to(State.DRAFT), 1, WEDNESDAY)
    assert [digest.send_all(WEDNESDAY).sent for _time in range(3)] == [1, 0, 0]
    assert len(mail.outbox) == 1
    assert digest.send_all(calendar.add_working_days(WEDNESDAY, 1)).sent == 1
    (user, day) = Digest.objects.values_list("user", "day").earliest("pk")
    with pytest.raises(IntegrityError), transaction.atomic():
        Digest.objects.create(user_id=user, day=day)


def test_without_an_address_or_the_wish_there_is_none(walk: Walk) -> None:
    waited(walk.to(State.DRAFT), 1, WEDNESDAY)
    officers = User.objects.filter(pk=walk.officer.pk)
    officers.update(email="")
    report = digest.send_all(WEDNESDAY)
    assert (report.sent, report.without_address) == (0, 1)
    officers.update(email="o@example.org", wants_digest=False)
    assert digest.send_all(WEDNESDAY).sent == 0
    officers.update(wants_digest=True, is_active=False)
    assert digest.send_all(WEDNESDAY).sent == 0
    officers.update(is_active=True)
    assert digest.send_all(WEDNESDAY).sent == 1


def test_fault_41_one_failure_stops_nobody_else_and_is_tried_again(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    waited(walk.to(State.DRAFT), 2 + 1, WEDNESDAY)
    deliver = EmailMessage.send

    def broken(letter: EmailMessage, *args: Any) -> int:
        if letter.to == ["technical_officer_0801@example.org"]:
            raise OSError("the server hung up")
        return deliver(letter, *args)

    monkeypatch.setattr(EmailMessage, "send", broken)
    report = digest.send_all(WEDNESDAY)
    assert (report.sent, report.failed) == (2, 1)
    assert receivers() == ["branch_head_0801", "insurance_deputy_0801"]
    monkeypatch.undo()
    report = digest.send_all(WEDNESDAY)
    assert (report.sent, report.failed, report.sent_before) == (1, 0, 2)


def test_old_days_are_forgotten(walk: Walk) -> None:
    Digest.objects.create(user=walk.officer, day=WEDNESDAY - dt.timedelta(days=91))
    Digest.objects.create(user=walk.officer, day=WEDNESDAY - dt.timedelta(days=90))
    digest.send_all(WEDNESDAY)
    assert Digest.objects.count() == 1


# --- what it says -------------------------------------------------------------------------------------------


def test_it_names_numbers_and_links_and_no_person(walk: Walk, settings: Any) -> None:
    settings.SITE_URL = "https://transfer.example.org"
    case = waited(walk.to(State.DRAFT), 2 + 5, WEDNESDAY)
    for user in (walk.officer, walk.head, walk.cast.reader(Role.PROVINCE_SUPERVISOR)):
        letter = letter_to(user)
        said = f"{letter.subject} {letter.body}".translate(ASCII)
        assert case.tracking_number in said
        assert f"https://transfer.example.org{reverse('case', args=[case.pk])}" in said
        for personal in (case.person_name, walk.file.last_name, case.national_code, case.pension_number):
            assert personal not in said


def test_it_lists_the_ten_oldest(cast: Cast) -> None:
    cases = [Walk(cast, make_file(cast.origin, number)).to(State.DRAFT) for number in range(1, 13)]
    waiting = [waited(case, number % 7, WEDNESDAY) for number, case in enumerate(cases)]
    body = str(letter_to(cast.at(cast.origin, Role.TECHNICAL_OFFICER)).body).translate(ASCII)
    in_order = sorted(waiting, key=lambda case: (case.due_on, case.turn_since, case.pk))
    listed = sorted(waiting, key=lambda case: body.find(case.tracking_number))
    assert [case.pk for case in listed if case.tracking_number in body] == [case.pk for case in in_order[:10]]


def test_it_costs_the_same_however_much_waits(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for number in range(1, 5):
        late_by(Walk(cast, make_file(cast.origin, number)).to(State.TECHNICALLY_APPROVED), 5)
    with django_assert_max_num_queries(10):
        letter_to(cast.at(cast.origin, Role.BRANCH_HEAD), calendar.today())


# --- the command ----------------------------------------------------------------------------------------------


def test_the_command_sends_once(walk: Walk, today: dt.date, capsys: pytest.CaptureFixture[str]) -> None:
    waited(walk.to(State.DRAFT), 1, today)
    call_command("send_digest")
    call_command("send_digest")
    first, second = capsys.readouterr().out.splitlines()
    assert "sent 1," in first and "sent 0," in second and receivers() == ["technical_officer_0801"]


def test_a_dry_run_prints_and_sends_nothing(walk: Walk, today: dt.date, capsys: pytest.CaptureFixture[str]) -> None:
    case = waited(walk.to(State.DRAFT), 1, today)
    call_command("send_digest", dry_run=True)
    assert case.tracking_number in capsys.readouterr().out.translate(ASCII)
    assert mail.outbox == [] and not Digest.objects.exists()


def test_nothing_is_sent_on_a_day_off(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transfers.management.commands.send_digest.today", lambda: FRIDAY)
    waited(walk.to(State.DRAFT), 5, FRIDAY)
    call_command("send_digest")
    assert mail.outbox == []


def test_the_command_says_what_failed(walk: Walk, today: dt.date, monkeypatch: pytest.MonkeyPatch) -> None:
    waited(walk.to(State.DRAFT), 1, today)
    monkeypatch.setattr(EmailMessage, "send", lambda *args: 1 / 0)
    with pytest.raises(CommandError):
        call_command("send_digest")


def test_links_that_lead_nowhere_are_not_sent(settings: Any) -> None:
    settings.SITE_URL = ""
    with pytest.raises(CommandError, match="SITE_URL"):
        call_command("send_digest")


# --- one's own choice --------------------------------------------------------------------------------------------


def test_everybody_chooses_for_themselves(cast: Cast) -> None:
    clerk, url = cast.at(cast.origin, Role.CLERK), reverse("digest_choice")
    assert as_(clerk).get(reverse("password_change")).context["digest_form"]["wants_digest"].value() is True
    assert goes_to(as_(clerk).post(url, command())) == reverse("password_change")
    assert not User.objects.get(pk=clerk.pk).wants_digest
    goes_to(as_(clerk).post(url, command(wants_digest="on")))
    assert User.objects.get(pk=clerk.pk).wants_digest
    assert User.objects.filter(wants_digest=False).count() == 0
    assert as_(clerk).get(url).status_code == 405
    assert goes_to(Client().post(url, command())).startswith(reverse("sign_in"))
