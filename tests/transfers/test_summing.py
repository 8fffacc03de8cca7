"""What the overviews count: the summary equals the trail, whatever happened; who was late is told once and fairly."""

import datetime as dt
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from branches.roles import Action
from pension_transfer.lib import calendar
from pension_transfer.lib.errors import Waiting
from pension_transfer.lib.months import Month, Months
from tests.cast import Cast, Walk, make_file, press
from tests.expect import fresh
from tests.transfers.asking import answer, ask, close
from tests.transfers.summed import directly, stored
from transfers import clock, exchange, summing, sync
from transfers.lateness import Party, told
from transfers.lateness import Waiting as Waited
from transfers.models import Crossing, Figure, Summary, TransferCase, TransferEvent
from transfers.overviews import find_place
from transfers.overviews.figures import of_period
from transfers.states import Side, State, Turn
from transfers.watch import Worker

pytestmark = pytest.mark.django_db(databases="__all__")
DAY = dt.date(2026, 11, 23)  # a Monday, 1405/09/02
PAID = 140508


class Days:
    """The product's clock, put on by hand: working days pass when they are told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = timezone.make_aware(dt.datetime.combine(DAY, dt.time(10)))
        monkeypatch.setattr(timezone, "now", lambda: self.at)

    @property
    def today(self) -> dt.date:
        return calendar.day_of(self.at)

    def go(self, working_days: int) -> None:
        day = calendar.add_working_days(self.today, working_days)
        self.at += day - self.today


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Days:
    settings.PAYROLL_CUTOFF_DAY = 29
    return Days(monkeypatch)


class Slow(Walk):
    """Days pass before every step."""

    def __init__(self, cast: Cast, number: int, days: Days, passes: int = 0):
        super().__init__(cast, make_file(cast.origin, number, last_paid_month=PAID))
        self.technical = partial(super().technical, "1405/08")  # type: ignore[method-assign]
        for name in ("technical", "send", "receive", "verify", "register", "give_back", "cancel"):
            setattr(self, name, self._later(getattr(self, name), days, passes))

    @staticmethod
    def _later(step: Any, days: Days, passes: int) -> Any:
        def later() -> None:
            days.go(passes)
            step()

        return later


@pytest.fixture
def walk(cast: Cast, days: Days) -> Slow:
    return Slow(cast, 1, days)


def summed(figure: str, place: str = "") -> dict[tuple[str, int], int]:
    found: Counter[tuple[str, int]] = Counter()
    for row in Summary.objects.filter(figure=figure, place=place):
        found[row.key, row.days] += row.n
    return dict(found)


# --- the summary is the trail --------------------------------------------------------------------------------


def test_the_summary_equals_the_trail(cast: Cast, days: Days) -> None:
    """Several moves on many days, back and forth; summed day by day, and all at once."""
    for number, (side, state, passes) in enumerate(
        [(Side.DESTINATION, State.REGISTERED, 1), (Side.ORIGIN, State.RETURNED, 2), (Side.ORIGIN, State.CANCELLED, 4)],
        1,
    ):
        walk = Slow(cast, number, days, passes)
        walk.to(state, side)
        if state == State.REGISTERED:
            days.go(3)
            walk.activate()
        summing.catch_up()
    step_by_step = stored()
    assert step_by_step == directly()
    assert sum(n for (place, _day, figure, *_rest), n in step_by_step.items() if (place, figure) == ("", "flow")) > 10
    Summary.objects.all().delete()
    summing.renew_all()
    assert stored() == step_by_step


# --- who was late ----------------------------------------------------------------------------------------------


def late() -> dict[tuple[str, int], int]:
    rows = TransferEvent.objects.exclude(party="")
    return dict(Counter(rows.values_list("party", "days_late")))


def test_a_step_in_time_is_late_by_nobody(cast: Cast, days: Days) -> None:
    Slow(cast, 1, days, 1).to(State.REGISTERED, Side.DESTINATION)
    assert {n for (_party, n) in late()} == {0}


def test_what_waits_at_the_center_is_the_destination_s_to_fetch(walk: Slow, days: Days) -> None:
    walk.to(State.SENT)
    before = late()
    days.go(clock.LIMITS[Side.ORIGIN, State.SENT, "other_branch"] + 2)
    walk.receive()
    assert {key: n for key, n in late().items() if key not in before} == {(Party.DESTINATION, 2): 1}
    summing.catch_up()
    assert summed(Figure.LATE, "1001") == {(Party.DESTINATION, 2): 1}
    assert (Party.DESTINATION, 2) not in summed(Figure.LATE, "0801")


def test_the_origin_is_late_with_its_own_draft(walk: Slow, days: Days) -> None:
    walk.to(State.DRAFT)
    days.go(5)
    walk.technical()
    assert (Party.ORIGIN, 3) in late()


def test_a_line_that_was_down_is_nobody_s_fault(walk: Slow, days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pressed in time, answered days later: the center or the line, at the branch that waited."""
    walk.to(State.VERIFIED, Side.DESTINATION)
    walk.copy = fresh(walk.copy)
    with monkeypatch.context() as patch:
        patch.setattr(exchange, "ask", _away)
        with pytest.raises(Waiting):
            press(Action.REGISTER, walk.copy, walk.staff)
    Crossing.objects.filter(state="open").update(created_at=days.at)
    days.go(6)
    sync.sync()
    assert fresh(walk.copy).state == State.REGISTERED
    event = walk.copy.events.get(action="register")
    assert (event.party, event.days_late) == (Party.TECHNICAL, 4)


def _away(*_args: Any) -> Any:
    raise exchange.Unreachable("no line")


def test_an_approval_that_waits_for_the_center_is_the_technique_s(
    walk: Slow, days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(exchange, "ask", _away)
        walk.to(State.SENT)
    assert fresh(walk.case).state == State.HEAD_APPROVED
    days.go(3)
    sync.sync()
    event = walk.case.events.get(action="mark_sent")
    assert (event.party, event.days_late) == (Party.TECHNICAL, 2)


def test_who_pressed_late_is_late_by_that_much_however_long_the_line_was_down(days: Days) -> None:
    waited = Waited(State.VERIFIED, Turn.DESTINATION_STAFF, days.today)
    case = TransferCase(side=Side.DESTINATION, state=State.REGISTERED)
    days.go(2)
    pressed = days.at
    days.go(3)
    assert told(waited, case, pressed) == {"party": Party.DESTINATION, "days_late": 2}


def test_a_question_is_the_origin_s_to_answer(walk: Slow, days: Days) -> None:
    """While it waits for the answer, the destination's clock stands still; what is left of it is given back."""
    walk.to(State.RECEIVED, Side.DESTINATION)
    walk.compare()
    days.go(1)
    question = ask(walk, due_on="1405/12/01")
    days.go(6)
    answer(walk, question)
    assert (Party.ORIGIN, 4) in late()
    close(walk, question)
    days.go(4)
    walk.verify()
    event = walk.copy.events.get(action="verify")
    assert (event.party, event.days_late) == (Party.DESTINATION, 0)


# --- what it costs -----------------------------------------------------------------------------------------------


def test_neither_a_day_of_the_trail_nor_a_period_is_found_by_reading_everything(cast: Cast, days: Days) -> None:
    place = find_place(cast.reader("auditor"))
    rows = of_period(Summary.objects.filter(place=place.code), Months(Month(140001), Month(140509)))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    at = timezone.now()
    found = {
        "a period": rows.filter(figure=Figure.FLOW).explain(),
        "a day that is summed anew": Summary.objects.filter(day__range=(days.today, days.today)).explain(),
        "a day of the trail": TransferEvent.objects.filter(at__gte=at, at__lt=at).order_by().explain(),
    }
    assert [name for name, plan in found.items() if "Seq Scan" in plan] == []


def test_the_worker_sums_up_the_day(walk: Slow, days: Days) -> None:
    """Yesterday once more after midnight: what came late in the evening is in it."""
    walk.to(State.DRAFT)
    Worker(1, print)._sum_up()
    assert summed(Figure.FLOW) == {("opened", 0): 1}
    walk.technical()
    walk.send()
    days.go(1)
    Worker(1, print)._sum_up()
    assert summed(Figure.FLOW) == {("opened", 0): 1, ("sent", 0): 1} and stored() == directly()
