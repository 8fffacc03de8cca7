"""The clock of a case: due dates, how they run out, who sees what is overdue; one answer on every page."""

import datetime as dt
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from branches.models import Appointment, User
from branches.roles import Action, Role
from pension_transfer.lib import calendar
from tests.cast import Cast, Walk, appoint, make_file, press
from tests.expect import fresh
from tests.oracle import clocks_agree
from tests.pages import as_, queries
from transfers import clock, exchange
from transfers.clock import LIMITS, SHOWN_AFTER, Standing, clock_of
from transfers.due import due_of
from transfers.effects import hand_over_turn
from transfers.models import TransferCase
from transfers.states import TURNS, Side, State, Turn
from transfers.views import cartable

pytestmark = pytest.mark.django_db(databases="__all__")
WEDNESDAY = calendar.parse_date("1405/09/04")
SATURDAY = calendar.parse_date("1405/09/07")


def waited(case: TransferCase, days: int, until: dt.date | None = None) -> TransferCase:
    """The same case, its turn `days` working days older than `until` (today), as if it had waited."""
    day = calendar.add_working_days(calendar.next_working_day(until or calendar.today()), -days)
    case.turn_since = timezone.make_aware(dt.datetime.combine(day, dt.time(9)))
    case.due_on = clock.due_on(case)
    TransferCase.objects.filter(pk=case.pk).update(turn_since=case.turn_since, due_on=case.due_on)
    return fresh(case)


def late_by(case: TransferCase, days: int) -> TransferCase:
    """The same case, overdue by so many working days today."""
    return waited(case, days + LIMITS[case.side, case.state, case.turn])


# --- limits -------------------------------------------------------------------------------------------------


def test_every_state_that_somebody_waits_in_has_a_limit() -> None:
    assert {(side, state, turn) for (side, state), turn in TURNS.items()} <= set(LIMITS)


@pytest.mark.parametrize(
    ("side", "state", "limit"),
    [
        (Side.ORIGIN, State.REFERRAL, 2), (Side.ORIGIN, State.DRAFT, 2), (Side.ORIGIN, State.TECHNICALLY_APPROVED, 1),
        (Side.ORIGIN, State.RETURNED, 3), (Side.DESTINATION, State.RECEIVED, 5), (Side.DESTINATION, State.VERIFIED, 2),
        (Side.DESTINATION, State.REGISTERED, 2),
    ],
)  # fmt: skip
def test_a_turn_has_its_working_days(walk: Walk, side: str, state: str, limit: int) -> None:
    case = walk.to(state, side)
    assert calendar.working_days_between(calendar.day_of(case.turn_since), case.due_on) == limit
    assert clocks_agree() == []


@pytest.mark.parametrize(
    ("side", "state", "limit"),
    [(Side.ORIGIN, State.SENT, 3), (Side.ORIGIN, State.RECEIVED, 5), (Side.DESTINATION, State.RETURNED, 3)],
)
def test_a_clock_stops_while_the_other_branch_must_act(walk: Walk, side: str, state: str, limit: int) -> None:
    case = walk.to(state, side)
    assert case.due_on is None
    case = waited(case, limit, WEDNESDAY)
    seen = clock_of(case, WEDNESDAY)
    assert (seen.standing, seen.due_on, seen.late, seen.left) == (Standing.STOPPED, WEDNESDAY, 0, 0)
    assert clock_of(case, SATURDAY).late == 1 and clock_of(case, SATURDAY).standing == Standing.STOPPED


def test_a_closed_case_has_no_clock(walk: Walk) -> None:
    case = walk.to(State.CANCELLED)
    assert (case.due_on, clock_of(case).standing, due_of(case).words) == (None, Standing.CLOSED, "")
    with pytest.raises(IntegrityError), transaction.atomic():
        TransferCase.objects.filter(pk=case.pk).update(due_on=WEDNESDAY)


def test_a_step_that_leaves_the_turn_begins_a_new_clock(walk: Walk) -> None:
    """Comparing took its five days; confirming has two more, though it is the same person's turn."""
    walk.to(State.RECEIVED, Side.DESTINATION)
    walk.compare()
    late_by(walk.copy, 4)
    walk.verify()
    assert walk.copy.due_on == calendar.add_working_days(calendar.today(), 2)


def test_what_leaves_state_and_turn_leaves_the_clock(walk: Walk) -> None:
    case = late_by(walk.to(State.DRAFT), 4)
    again = press(Action.ASSEMBLE, case, walk.clerk)
    assert (again.state, again.turn_since, again.due_on) == (State.DRAFT, case.turn_since, case.due_on)


@pytest.mark.parametrize("passed", [1, 4, 5, 9])
def test_a_stopped_clock_goes_on_where_it_stood(walk: Walk, monkeypatch: pytest.MonkeyPatch, passed: int) -> None:
    """A turn handed over and back within a state wins no time but the last day; the next state has its whole limit."""
    case = waited(walk.to(State.RECEIVED, Side.DESTINATION), passed)
    before, tomorrow = case.due_on, calendar.add_working_days(calendar.today(), 1)
    monkeypatch.setattr(TransferCase, "whose_turn", lambda case: Turn.OTHER_BRANCH)
    hand_over_turn(case)
    assert case.due_on is None and clock.other_due_on(case) > calendar.today()
    monkeypatch.undo()
    hand_over_turn(case)
    assert case.due_on == max(before, tomorrow)
    hand_over_turn(case, moved=True)
    assert case.due_on == calendar.add_working_days(calendar.today(), 5)


def test_a_refusal_of_the_center_is_the_heads_turn_with_a_date(walk: Walk) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    walk.cast.destination.is_active = False
    walk.cast.destination.save()
    exchange.publish_directory()
    case = press(Action.APPROVE_HEAD, walk.case, walk.head)
    assert (case.state, case.turn) == (State.HEAD_APPROVED, Turn.HEAD)
    assert case.due_on == calendar.add_working_days(calendar.today(), 1) and clocks_agree() == []


# --- running out ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "standing", "left", "late"),
    [
        ("1405/09/03", Standing.DUE_SOON, 1, 0),
        ("1405/09/02", Standing.IN_TIME, 2, 0),
        ("1405/09/04", Standing.DUE_SOON, 0, 0),
        ("1405/09/05", Standing.OVERDUE, 0, 1),  # Thursday and Friday, days off: as late as on Saturday
        ("1405/09/06", Standing.OVERDUE, 0, 1),
        ("1405/09/07", Standing.OVERDUE, 0, 1),
        ("1405/09/10", Standing.OVERDUE, 0, 4),
    ],
)
def test_a_case_due_on_wednesday(walk: Walk, day: str, standing: str, left: int, late: int) -> None:
    case = waited(walk.to(State.DRAFT), 2, WEDNESDAY)
    assert case.due_on == WEDNESDAY
    on = calendar.parse_date(day)
    seen = clock_of(case, on)
    assert (seen.standing, seen.left, seen.late) == (standing, left, late)
    found = {
        Standing.OVERDUE: TransferCase.objects.filter(clock.is_overdue(on)).exists(),
        Standing.DUE_SOON: TransferCase.objects.filter(clock.is_due_soon(on)).exists(),
    }
    assert found == {name: name == standing for name in found}


@pytest.mark.parametrize("more_than", [0, 3, 6])
def test_lists_and_cases_count_the_same_days(walk: Walk, more_than: int) -> None:
    """`is_overdue` in SQL and `late` of a case, over a month with days off."""
    case = waited(walk.to(State.DRAFT), 2, WEDNESDAY)
    for n in range(30):
        day = WEDNESDAY + dt.timedelta(days=n)
        found = TransferCase.objects.filter(clock.is_overdue(day, more_than)).exists()
        assert found is (clock_of(case, day).late > more_than), day


def test_a_change_of_the_calendar_is_followed(walk: Walk, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    case = waited(walk.to(State.DRAFT), 2, SATURDAY)
    settings.THURSDAY_IS_OFF = False
    call_command("renew_due_dates")
    assert fresh(case).due_on == calendar.parse_date("1405/09/05") != case.due_on
    call_command("renew_due_dates")
    assert capsys.readouterr().out.split() == ["1", "due", "dates", "changed", "0", "due", "dates", "changed"]


# --- my turn -------------------------------------------------------------------------------------------------------


def three(cast: Cast, late: tuple[int, ...] = (0, 5, 1)) -> list[TransferCase]:
    """Drafts at the origin, overdue by so many working days."""
    cases = [Walk(cast, make_file(cast.origin, number)).to(State.DRAFT) for number, _days in enumerate(late, 1)]
    return [late_by(case, days) for case, days in zip(cases, late, strict=True)]


def test_the_cartable_begins_with_what_is_oldest_due(cast: Cast) -> None:
    soon, oldest, late = three(cast)
    officer = as_(cast.at(cast.origin, Role.TECHNICAL_OFFICER))
    page = officer.get(reverse("cartable"))
    assert [row.case.pk for row in page.context["rows"]] == [oldest.pk, late.pk, soon.pk]
    assert [row.due.is_late for row in page.context["rows"]] == [True, True, False]
    assert {count["due"]: count["n"] for count in page.context["due_counts"]} == {"late": 2, "soon": 1}
    for due, expected in {"late": [oldest.pk, late.pk], "soon": [soon.pk]}.items():
        chosen = officer.get(reverse("cartable"), {"due": due})
        assert [row.case.pk for row in chosen.context["rows"]] == expected
        listed = officer.get(reverse("case_list"), {"due": due})
        assert {case.pk for case in listed.context["page"].items} == set(expected)
    assert len(officer.get(reverse("cartable"), {"due": "no such"}).context["rows"]) == 3


def test_what_is_due_first_comes_before_what_waits_longest(cast: Cast) -> None:
    compared = Walk(cast, make_file(cast.origin, 1)).to(State.VERIFIED, Side.DESTINATION)
    received = Walk(cast, make_file(cast.origin, 2)).to(State.RECEIVED, Side.DESTINATION)
    waited(compared, 5), waited(received, 6)
    staff = as_(cast.at(cast.destination, Role.DESTINATION_STAFF))
    rows = staff.get(reverse("cartable")).context["rows"]
    assert [row.case.pk for row in rows] == [compared.pk, received.pk]
    in_order = TransferCase.objects.turn_of(cast.at(cast.destination, Role.DESTINATION_STAFF))
    assert [case.pk for case in in_order] == [compared.pk, received.pk]


def test_pages_of_the_cartable_follow_each_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = three(cast, (0, 3, 1, 3))
    whole = cartable.page_of
    monkeypatch.setattr(cartable, "page_of", lambda rows, request, by: whole(rows, request, by, size=1))
    officer, url, seen = as_(cast.at(cast.origin, Role.TECHNICAL_OFFICER)), reverse("cartable"), []
    while url:
        page = officer.get(url).context["page"]
        seen += [case.pk for case in page.items]
        url = page.next_url and reverse("cartable") + page.next_url
    assert seen == [case.pk for case in sorted(cases, key=lambda case: (case.due_on, case.turn_since, case.pk))]


def test_every_page_gives_one_answer(walk: Walk) -> None:
    case = late_by(walk.to(State.DRAFT), 2)
    officer = as_(walk.officer)
    (row,) = officer.get(reverse("cartable")).context["rows"]
    ((_case, _turn, listed),) = officer.get(reverse("case_list")).context["rows"]
    page = officer.get(reverse("case", args=[case.pk])).context["page"]
    (move,) = officer.get(reverse("tracking"), {"q": case.tracking_number}).context["moves"]
    assert row.due == listed == page.due == move.copies[0].due == due_of(case)
    assert row.due.is_late


# --- looked after by others -------------------------------------------------------------------------------------------


def overseen(user: User) -> list[int]:
    return [row.case.pk for row in as_(user).get(reverse("overdue")).context["rows"]]


def test_what_is_overdue_goes_up_step_by_step(cast: Cast) -> None:
    cases = three(cast, (0, 1, 3, 4, 6, 7))
    for who, more_than in [
        (cast.at(cast.origin, Role.BRANCH_HEAD), 0),
        (cast.at(cast.origin, Role.INSURANCE_DEPUTY), 0),
        (cast.reader(Role.PROVINCE_SUPERVISOR), SHOWN_AFTER["province"]),
        (cast.reader(Role.CENTER_OPERATOR), SHOWN_AFTER["country"]),
        (cast.reader(Role.AUDITOR), SHOWN_AFTER["country"]),
    ]:
        expected = [case.pk for case in cases if clock_of(case).late > more_than]
        assert overseen(who) == expected[::-1], who


def test_others_do_not_see_what_is_overdue(cast: Cast) -> None:
    three(cast, (9,))
    for role in (Role.CLERK, Role.TECHNICAL_OFFICER, Role.DESTINATION_STAFF):
        assert as_(cast.at(cast.origin, role)).get(reverse("overdue")).status_code == 403
    assert as_(cast.reader("outsider")).get(reverse("overdue")).status_code == 403
    assert overseen(cast.at(cast.destination, Role.BRANCH_HEAD)) == []
    elsewhere = appoint("fars", Role.PROVINCE_SUPERVISOR, administration=cast.destination.administration)
    assert overseen(elsewhere) == []


def test_the_other_branchs_delay_is_not_this_ones(walk: Walk) -> None:
    waited(walk.to(State.SENT), 9)
    assert overseen(walk.head) == []


def test_what_is_overdue_is_counted_where_it_is(cast: Cast) -> None:
    three(cast, (9, 8))
    for role, code in {Role.PROVINCE_SUPERVISOR: "0801", Role.AUDITOR: "23"}.items():
        page = as_(cast.reader(role)).get(reverse("overdue"))
        assert [(group["code"], group["n"]) for group in page.context["groups"]] == [(code, 2)]
        narrowed = as_(cast.reader(role)).get(reverse("overdue") + page.context["groups"][0]["url"])
        assert narrowed.context["is_narrowed"] and len(narrowed.context["rows"]) == 2
    head = cast.at(cast.origin, Role.BRANCH_HEAD)
    (group,) = as_(head).get(reverse("overdue")).context["groups"]
    assert (group["code"], group["n"]) == (Turn.TECHNICAL_OFFICER, 2)
    assert as_(head).get(reverse("overdue"), {"turn": "\x00"}).status_code == 200
    desks = as_(head).get(reverse("cartable")).context["desks"]
    assert [(desk["is_current"], desk["url"]) for desk in desks] == [
        (True, reverse("cartable")),
        (False, reverse("overdue")),
    ]


def test_an_office_that_ended_oversees_nothing(cast: Cast) -> None:
    three(cast, (9,))
    head = cast.at(cast.origin, Role.BRANCH_HEAD)
    Appointment.objects.filter(user=head).update(until=calendar.today() - dt.timedelta(days=1))
    assert as_(head).get(reverse("overdue")).status_code == 403


@pytest.mark.parametrize("role", [Role.BRANCH_HEAD, Role.PROVINCE_SUPERVISOR, Role.AUDITOR])
def test_the_overdue_cost_the_same_however_many(cast: Cast, role: str) -> None:
    user = cast.people.get(("0801", role)) or cast.reader(role)
    three(cast, (9,))
    once = queries(user, reverse("overdue"))
    for number in (2, 3):
        late_by(Walk(cast, make_file(cast.origin, number)).to(State.DRAFT), 9)
    assert once == queries(user, reverse("overdue")) <= 15


# --- the API ------------------------------------------------------------------------------------------


def test_the_api_says_how_late(cast: Cast) -> None:
    soon, oldest, late = three(cast)
    officer = as_(cast.at(cast.origin, Role.TECHNICAL_OFFICER))

    def found(**asked: str) -> dict[int, int]:
        rows = officer.get("/api/cases/", asked).json()["results"]
        assert all(row["due_on"] for row in rows)
        return {row["id"]: row["overdue"] for row in rows}

    assert found() == {soon.pk: 0, oldest.pk: 5, late.pk: 1}
    assert found(overdue="true") == {oldest.pk: 5, late.pk: 1}
    assert found(overdue="false") == {soon.pk: 0}
    assert officer.get("/api/cases/", {"overdue": "perhaps"}).status_code == 422
