"""Coming entitlement events, and the reminders of the branch that holds the file."""

import copy
import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from branches import coming, reminders, services
from branches.models import PensionFile, Reminder, User
from branches.roles import Role
from pension_transfer.lib import calendar
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen
from tests.branches.test_checks import SON, clean
from tests.cast import Cast, Walk, make_file
from tests.pages import as_, command, queries, text
from transfers import snapshot
from transfers.states import Side, State

databases = pytest.mark.django_db(databases="__all__")
Content = dict[str, Any]


def events(content: Content, kind: str) -> list[str]:
    return [event["on"] for event in coming.events(content) if event["kind"] == kind]


def with_son(**changes: Any) -> Content:
    content = copy.deepcopy(clean())
    content["dependents"][1] |= changes
    return content


def day(text: str) -> str:
    return calendar.parse_date(text).isoformat()


# --- the days ------------------------------------------------------------------------------------------------


def test_a_son_reaches_20_unless_another_end_or_basis_is_known() -> None:
    assert events(clean(), "son_reaches_20") == [calendar.add_years(dt.date(2010, 6, 1), 20).isoformat()]
    for changes in (
        {"entitled_until": "2027-01-01"}, {"entitlement_basis": "دانشجو"}, {"relationship": "daughter"},
        {"entitlement_basis": "از‌کارافتاده"}, {"birth_date": None},
    ):  # fmt: skip
        assert events(with_son(**changes), "son_reaches_20") == []


def test_an_entitlement_and_a_deduction_end() -> None:
    content = with_son(entitled_until="2027-01-01")
    content["deductions"] = [
        {"kind": "loan", "creditor": "بانک رفاه", "ends_on": "2027-02-02"},
        {"kind": "other", "creditor": "", "ends_on": None},
    ]
    assert events(content, "entitlement_ends") == ["2027-01-01"]
    assert events(content, "deduction_ends") == ["2027-02-02"]


@pytest.mark.parametrize(
    ("month", "review"),
    [(140508, "1406/06/31"), (140505, "1405/06/31"), (140506, "1406/06/31")],
)
def test_study_is_reviewed_before_the_next_school_year(month: int, review: str) -> None:
    content = with_son(entitlement_basis="در حال تحصیل")
    content["last_pay_certificate"]["last_paid_month"] = month
    assert events(content, "study_review") == [day(review)]


def test_disability_is_reviewed_every_year_from_its_beginning() -> None:
    content = with_son(entitlement_basis="ازکارافتاده کلی", entitled_from=day("1394/09/15"))
    assert events(content, "disability_review") == [day("1405/09/15")]
    content["dependents"][1]["entitled_from"] = None
    assert events(content, "disability_review") == [calendar.add_years(dt.date(2015, 4, 21), 12).isoformat()]
    content["dependents"][1]["entitled_until"] = day("1405/12/01")
    assert events(content, "disability_review") == []


def test_what_is_long_past_is_left_out_whatever_the_day() -> None:
    """A year before the last paid month, not before today: a content says the same on every day."""
    assert events(with_son(entitled_until=day("1404/08/30")), "entitlement_ends") == []
    assert events(with_son(entitled_until=day("1404/09/01")), "entitlement_ends") == [day("1404/09/01")]
    content = clean()
    content["last_pay_certificate"]["last_paid_month"] = None
    assert coming.events(content) == []


# --- becoming reminders --------------------------------------------------------------------------------------


@databases
def test_the_destination_is_reminded_of_what_was_sealed(walk: Walk) -> None:
    copy_ = walk.to(State.REGISTERED, Side.DESTINATION)
    sealed = [(e["on"], e["kind"], e["national_code"]) for e in copy_.content["coming_events"]]
    held = [(row.on.isoformat(), row.kind, row.national_code) for row in copy_.file.reminders.all()]
    assert held == sealed and [kind for _on, kind, _code in held] == ["son_reaches_20"]
    reminders.remember(copy_.file, copy_.content["coming_events"])
    assert copy_.file.reminders.count() == 1


@databases
def test_a_correction_mends_the_reminders_and_keeps_what_was_settled(walk: Walk) -> None:
    services.correct(walk.file, "principal", None, walk.clerk, "x", {"father_name": "غلام"}, command_id=uuid.uuid4())
    (first,) = Reminder.objects.all()
    reminders.settle_reminder(first.pk, walk.clerk, "مدارک خواسته شد", command_id=uuid.uuid4())
    son = walk.file.dependents.get(relationship="son")
    file, until = PensionFile.objects.get(), {"entitled_until": dt.date(2027, 1, 1)}
    services.correct(file, "dependent", son.pk, walk.clerk, "x", until, command_id=uuid.uuid4())
    kinds = Reminder.objects.values_list("kind", "done_by")
    assert set(kinds) == {("son_reaches_20", walk.clerk.pk), ("entitlement_ends", None)}
    services.correct(file, "dependent", son.pk, walk.clerk, "x", {"entitled_until": None}, command_id=uuid.uuid4())
    assert list(Reminder.objects.values_list("kind", flat=True)) == ["son_reaches_20"]


# --- settling ------------------------------------------------------------------------------------------------


def remind(file: PensionFile, days: int = 0, **more: Any) -> Reminder:
    on = calendar.today() + dt.timedelta(days=days)
    return Reminder.objects.create(file=file, on=on, kind="entitlement_ends", national_code=SON, name="حسینی", **more)


@databases
@pytest.mark.parametrize("role", [Role.CLERK, Role.TECHNICAL_OFFICER])
def test_it_is_settled_once_with_a_note_and_a_repeat_changes_nothing(walk: Walk, role: str) -> None:
    by, reminder, number = walk.cast.at(walk.cast.origin, role), remind(walk.file), uuid.uuid4()
    with pytest.raises(BadInput):
        reminders.settle_reminder(reminder.pk, by, "  ", command_id=number)
    done = [reminders.settle_reminder(reminder.pk, by, "انجام شد", command_id=number) for _ in range(2)]
    assert (done[1].done_by, done[1].note, done[0].done_at == done[1].done_at) == (by, "انجام شد", True)
    with pytest.raises(NotNow):
        reminders.settle_reminder(reminder.pk, by, "باز هم", command_id=uuid.uuid4())


@databases
def test_who_may_not_is_told_so_and_others_do_not_see_it(walk: Walk) -> None:
    reminder = remind(walk.file)
    for role in (Role.BRANCH_HEAD, Role.DESTINATION_STAFF):
        with pytest.raises(NotAllowed):
            reminders.settle_reminder(reminder.pk, walk.cast.at(walk.cast.origin, role), "x", command_id=uuid.uuid4())
    for stranger in (walk.cast.at(walk.cast.third, Role.CLERK), walk.cast.reader("outsider")):
        with pytest.raises(NotSeen):
            reminders.settle_reminder(reminder.pk, stranger, "x", command_id=uuid.uuid4())
    assert not Reminder.objects.exclude(done_at=None).exists()


@databases
def test_the_database_knows_no_settling_by_nobody(walk: Walk) -> None:
    reminder = remind(walk.file)
    for values in ({"done_at": timezone.now()}, {"done_at": timezone.now(), "done_by": walk.clerk}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Reminder.objects.filter(pk=reminder.pk).update(**values)


# --- pages ---------------------------------------------------------------------------------------------------

LIST = "reminder_list"


def listed(user: User, **query: str) -> list[int]:
    return [row.reminder.pk for row in as_(user).get(reverse(LIST), query).context["rows"]]


@databases
def test_the_list_narrows_by_days_and_shows_own_files_only(walk: Walk) -> None:
    due, soon, later, far = (remind(walk.file, days).pk for days in (-3, 30, 90, 400))
    remind(make_file(walk.cast.destination, 2))
    remind(make_file(walk.cast.origin, 3, status="moved"))
    assert listed(walk.clerk) == [due]
    assert listed(walk.clerk, within="30") == [due, soon]
    assert listed(walk.officer, within="90") == [due, soon, later]
    assert listed(walk.head, within="all") == [due, soon, later, far]
    assert listed(walk.clerk, within="nonsense") == [due]
    assert listed(walk.cast.reader(Role.AUDITOR), within="done") == []
    assert listed(walk.cast.reader("outsider"), within="all") == []
    assert listed(walk.cast.at(walk.cast.third, Role.CLERK), within="all") == []


@databases
def test_settling_by_page(walk: Walk) -> None:
    reminder = remind(walk.file, -1)
    url = reverse("reminder_settle", args=[reminder.pk])
    assert as_(walk.clerk).get(url).status_code == 200
    assert as_(walk.head).get(url).status_code == 403
    assert as_(walk.cast.at(walk.cast.third, Role.CLERK)).get(url).status_code == 404
    assert as_(walk.clerk).post(url, command(note=" ")).status_code == 422
    data = command(note="با بیمه‌شده تماس گرفته شد")
    assert [as_(walk.clerk).post(url, data).status_code for _ in range(2)] == [302, 302]
    late = as_(walk.officer).post(url, command(note="من هم نوشتم"))
    assert late.status_code == 409 and "من هم نوشتم" in text(late)
    assert listed(walk.clerk, within="done") == [reminder.pk]
    page = text(as_(walk.head).get(reverse("file", args=[walk.file.pk])))
    assert 'id="reminders"' in page and "با بیمه‌شده تماس گرفته شد" in page


@databases
def test_the_cartable_counts_what_has_come_for_those_who_settle(walk: Walk) -> None:
    for days in (-1, 0, 5):
        remind(walk.file, days)
    remind(make_file(walk.cast.destination, 2))
    due = {role: as_(walk.cast.at(walk.cast.origin, role)).get(reverse("cartable")).context["due"] for role in Role if
           ("0801", role) in walk.cast.people}  # fmt: skip
    assert {role for role, number in due.items() if number == 2} == {Role.CLERK, Role.TECHNICAL_OFFICER}
    assert set(due.values()) == {0, 2}
    assert as_(walk.cast.reader("outsider")).get(reverse("cartable")).context["due"] == 0


@databases
def test_a_page_costs_the_same_for_one_and_for_many(cast: Cast) -> None:
    clerk, file = cast.at(cast.origin, Role.CLERK), make_file(cast.origin)
    remind(file)
    few = queries(clerk, reverse(LIST)), queries(clerk, reverse("file", args=[file.pk]))
    for days in range(1, 40):
        remind(file, -days)
    assert (queries(clerk, reverse(LIST)), queries(clerk, reverse("file", args=[file.pk]))) == few
    page = as_(clerk).get(reverse(LIST)).context["page"]
    assert page.next_url and as_(clerk).get(reverse(LIST) + page.next_url).status_code == 200
    broken = as_(clerk).get(reverse(LIST), {"after": "Wzld", "within": "all"})
    assert broken.status_code == 200


@databases
def test_what_a_file_says_does_not_hang_on_the_day(walk: Walk) -> None:
    first = snapshot.read_file(walk.file)
    assert first["coming_events"] == snapshot.read_file(walk.file)["coming_events"]
