"""Suspending, resuming and closing a file: who may, when, and what is kept."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from branches import standing
from branches.models import CustodyRequest, PensionFile, Status, User
from branches.payroll import next_payroll
from branches.roles import Action, Role
from pension_transfer.lib import calendar
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow
from pension_transfer.lib.months import Month
from pension_transfer.lib.templatetags.persian import fa
from tests.branches.correcting import correct_mobile, typed
from tests.cast import Cast, make_file
from tests.pages import as_, text

pytestmark = pytest.mark.django_db(databases="__all__")
DAY = calendar.parse_date("1405/06/31")
SUSPENDED_FROM = {"since": "۱۴۰۵/۰۵", "reason": "گواهی حیات نرسیده است"}
CLOSED = {"cause": "death", "on": "۱۴۰۵/۰۶/۳۱", "reason": "گواهی فوت ۱۲/۳"}


@pytest.fixture
def officer(cast: Cast) -> User:
    return cast.at(cast.origin, Role.TECHNICAL_OFFICER)


def url(file: PensionFile, action: str) -> str:
    return reverse("file_standing", args=[file.pk, action])


def press(by: User, file: PensionFile, action: str, data: dict[str, Any]) -> Any:
    file.refresh_from_db()
    return as_(by).post(url(file, action), typed(file, data))


def test_a_file_is_suspended_and_resumed_with_its_history(officer: User, file: PensionFile) -> None:
    assert as_(officer).get(url(file, Action.SUSPEND_FILE)).status_code == 200
    assert press(officer, file, Action.SUSPEND_FILE, SUSPENDED_FROM).status_code == 302
    file.refresh_from_db()
    assert (file.status, file.content_version) == (Status.SUSPENDED, 2)
    record = file.corrections.get()
    assert (record.section, record.by, record.reason) == ("standing", officer, "گواهی حیات نرسیده است")
    reason = SUSPENDED_FROM["reason"]
    assert record.before == {"status": "active", "suspended_since": None, "suspension_reason": ""}
    assert record.after == {"status": "suspended", "suspended_since": 140505, "suspension_reason": reason}
    page = text(as_(officer).get(reverse("file", args=[file.pk])))
    assert "مرداد ۱۴۰۵" in page and url(file, Action.RESUME_FILE) in page
    assert press(officer, file, Action.RESUME_FILE, {"reason": "گواهی رسید"}).status_code == 302
    file.refresh_from_db()
    assert file.status == Status.ACTIVE and not file.custody_requests.exists()


@pytest.mark.parametrize("role", [Role.TECHNICAL_OFFICER, Role.BRANCH_HEAD, Role.INSURANCE_DEPUTY])
def test_who_may(cast: Cast, file: PensionFile, role: str) -> None:
    by = cast.at(cast.origin, role)
    assert press(by, file, Action.CLOSE_FILE, CLOSED).status_code == 302
    file.refresh_from_db()
    assert (file.status, file.closing_cause, file.closed_on, file.death_date) == ("terminated", "death", DAY, DAY)


def test_nobody_else(cast: Cast, clerk: User, file: PensionFile) -> None:
    people = [clerk, cast.at(cast.origin, Role.DESTINATION_STAFF), cast.reader(Role.AUDITOR)]
    people += [cast.at(cast.destination, Role.BRANCH_HEAD), cast.reader("outsider")]
    for action, data in ((Action.SUSPEND_FILE, SUSPENDED_FROM), (Action.CLOSE_FILE, CLOSED)):
        assert [press(by, file, action, data).status_code for by in people] == [403, 403, 403, 404, 404]
        assert all(url(file, action) not in text(as_(by).get(reverse("file", args=[file.pk]))) for by in people)
        assert as_(clerk).get(url(file, action)).status_code == 403
    with pytest.raises(NotAllowed):
        standing.close(file, people[3], "death", DAY, "x")
    file.refresh_from_db()
    assert (file.status, file.corrections.count()) == ("active", 0)


def test_pressing_twice_closes_once(officer: User, file: PensionFile) -> None:
    data = typed(file, CLOSED)
    assert [as_(officer).post(url(file, Action.CLOSE_FILE), data).status_code for _ in range(2)] == [302, 302]
    assert (file.corrections.count(), file.custody_requests.count()) == (1, 1)
    assert as_(officer).post(url(file, Action.CLOSE_FILE), typed(file, CLOSED)).status_code == 409
    assert as_(officer).get(url(file, Action.CLOSE_FILE)).status_code == 409
    assert as_(officer).post(url(file, "burn_file"), typed(file, CLOSED)).status_code == 404


def test_a_command_is_of_one_file_and_person(cast: Cast, officer: User, file: PensionFile) -> None:
    key = uuid.uuid4()
    standing.suspend(file, officer, "x", Month(140505), command_id=key)
    with pytest.raises(NotNow) as refusal:
        standing.close(make_file(cast.origin, 2), officer, "death", DAY, "x", command_id=key)
    assert refusal.value.code == "reused"


@pytest.mark.parametrize(
    ("action", "data", "field"),
    [
        (Action.CLOSE_FILE, CLOSED | {"on": "1450/01/01"}, "on"),
        (Action.CLOSE_FILE, CLOSED | {"on": "1390/01/01"}, "on"),
        (Action.CLOSE_FILE, CLOSED | {"on": "۳۱ شهریور"}, "on"),
        (Action.CLOSE_FILE, CLOSED | {"cause": ""}, "cause"),
        (Action.CLOSE_FILE, CLOSED | {"cause": "murder"}, "cause"),
        (Action.CLOSE_FILE, CLOSED | {"reason": " "}, "reason"),
        (Action.SUSPEND_FILE, SUSPENDED_FROM | {"since": "1390/01"}, "since"),
        (Action.SUSPEND_FILE, SUSPENDED_FROM | {"since": "1405/13"}, "since"),
        (Action.SUSPEND_FILE, SUSPENDED_FROM | {"since": "1450/01"}, "since"),
    ],
)
def test_bad_input_stands_beside_its_field(
    officer: User, file: PensionFile, action: str, data: dict[str, Any], field: str
) -> None:
    answer = press(officer, file, action, data)
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {field})
    file.refresh_from_db()
    assert (file.status, file.corrections.exists(), CustodyRequest.objects.exists()) == ("active", False, False)


def test_the_next_payroll_can_still_be_held(officer: User, file: PensionFile) -> None:
    month = next_payroll(calendar.today())
    with pytest.raises(BadInput):
        standing.suspend(file, officer, "x", month + 1)
    standing.suspend(file, officer, "x", month)


def test_a_frozen_a_closed_and_a_changed_file(clerk: User, officer: User, file: PensionFile) -> None:
    data = typed(file, CLOSED)
    correct_mobile(file, clerk, "09120000000")
    answer = as_(officer).post(url(file, Action.CLOSE_FILE), data)
    assert answer.status_code == 409 and "گواهی فوت" in text(answer)
    PensionFile.objects.filter(pk=file.pk).update(frozen_by=uuid.uuid4())
    assert press(officer, file, Action.CLOSE_FILE, CLOSED).status_code == 409
    assert url(file, Action.CLOSE_FILE) not in text(as_(officer).get(reverse("file", args=[file.pk])))
    assert as_(officer).get(url(file, Action.CLOSE_FILE)).status_code == 409
    PensionFile.objects.filter(pk=file.pk).update(frozen_by=None, status="moved")
    assert press(officer, file, Action.CLOSE_FILE, CLOSED).status_code == 409
    with pytest.raises(NotNow):
        standing.resume(PensionFile.objects.get(pk=file.pk), officer, "x")
    assert file.corrections.count() == 1


def test_a_survivors_file_keeps_the_principals_death(cast: Cast, officer: User) -> None:
    died = calendar.parse_date("1400/01/02")
    file = make_file(cast.origin, 2, kind="survivors", death_date=died)
    standing.close(file, officer, "death", DAY, "فوت آخرین بازمانده")
    file.refresh_from_db()
    assert (file.death_date, file.closed_on) == (died, DAY)


def test_an_end_of_entitlement_is_nobodys_death(officer: User, file: PensionFile) -> None:
    standing.close(file, officer, "entitlement_ended", DAY, "اشتغال")
    file.refresh_from_db()
    assert (file.death_date, file.closing_cause) == (None, "entitlement_ended")


@pytest.mark.parametrize(("paid", "months"), [(140605, 11), (140507, 1), (140506, 0), (140412, 0), (None, 0)])
def test_what_was_paid_beyond_is_told(officer: User, file: PensionFile, paid: int | None, months: int) -> None:
    PensionFile.objects.filter(pk=file.pk).update(last_paid_month=paid)
    answer = press(officer, file, Action.CLOSE_FILE, CLOSED)
    file.refresh_from_db()
    assert standing.months_overpaid(file) == months
    (notice,) = as_(officer).get(answer.url).context["notices"]
    assert (notice.tone, f"{fa(months)} ماه" in notice.text) == (("warning", True) if months else ("info", False))


def test_the_database_keeps_why_and_when_together(file: PensionFile) -> None:
    for half in ({"closed_on": DAY}, {"closing_cause": "death"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PensionFile.objects.filter(pk=file.pk).update(**half)
