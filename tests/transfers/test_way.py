"""The chain of a case: where it stands, how long each step took, what came back; and the kinds of its timeline."""

import datetime as dt
import re
from collections.abc import Sequence

import pytest
import time_machine
from django.urls import reverse

from branches.roles import Action
from pension_transfer.lib.templatetags.persian import fa
from tests.cast import PAPER, PAPER_SENT, Walk, press
from tests.expect import fresh
from tests.pages import as_, text
from tests.transfers.asking import ask, close
from transfers import timeline
from transfers.models import TransferCase
from transfers.states import WITHIN, Side, State
from transfers.timeline import KINDS, Kind
from transfers.trail import utc
from transfers.views.tracking import move_of
from transfers.views.way import WAY, Stop, loops_of, spans_of, way_of

pytestmark = pytest.mark.django_db(databases="__all__")
# Working days of 1405: a Saturday in Azar and the days after it; Thursday and Friday are off.
SATURDAY = dt.datetime(2026, 11, 28, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=3, minutes=30)))


def now(day: int) -> time_machine.travel:
    """So many days after that Saturday, at nine in Tehran."""
    return time_machine.travel(SATURDAY + dt.timedelta(days=day), tick=False)


def as_on(case: TransferCase, *days: int, sealed: Sequence[int] = ()) -> TransferCase:
    """The case as if it had changed its state on these days, and its approvals had been given on those."""
    found = TransferCase.objects.prefetch_related("events").get(pk=case.pk)
    moved = [event for event in found.events.all() if event.from_state != event.to_state]
    for event, day in zip(moved, days, strict=True):
        event.at = SATURDAY + dt.timedelta(days=day)
    given = [one for event in found.events.all() for one in event.details.get("approvals", [])]
    for approval, day in zip(given, sealed, strict=True):
        approval["at"] = utc(SATURDAY + dt.timedelta(days=day))
    return found


def by_state(stops: list[Stop]) -> dict[str, Stop]:
    return {stop.state: stop for stop in stops}


def took(case: TransferCase) -> dict[str, int]:
    """Working days by state, of the present version."""
    found: dict[str, int] = {}
    for span in spans_of(case):
        if span.version == case.version:
            found[span.state] = found.get(span.state, 0) + span.days
    return found


def test_each_step_took_its_working_days_and_the_present_one_goes_on(walk: Walk) -> None:
    case = as_on(walk.to(State.SENT), 0, 0, 2, 3, 3)
    with now(11):  # Wednesday of the week after: six working days, a weekend between
        assert took(case) == {
            State.REFERRAL: 0, State.DRAFT: 2, State.TECHNICALLY_APPROVED: 1, State.HEAD_APPROVED: 0, State.SENT: 6,
        }  # fmt: skip
        stops = by_state(way_of(case))
    assert [state for state, stop in stops.items() if stop.is_done] == list(WAY[:4])
    (here,) = (stop for stop in stops.values() if stop.is_current)
    assert here.state == State.SENT and fa(6) in here.took
    assert [state for state, stop in stops.items() if stop.is_next] == [State.RECEIVED]
    assert fa(2) in stops[State.DRAFT].took and stops[State.VERIFIED].took == ""
    assert [*stops] == [*WAY, "active"]


def test_the_destination_knows_of_the_steps_before_what_came_sealed(walk: Walk) -> None:
    copy = as_on(walk.to(State.RECEIVED, Side.DESTINATION), 4, sealed=[0, 1])
    with now(4):
        assert took(copy) == {State.TECHNICALLY_APPROVED: 1, State.SENT: 3, State.RECEIVED: 0}
        assert [stop.state for stop in way_of(copy) if stop.is_done] == list(WAY[:5])


RETURNED = {Side.ORIGIN: ((0, 0, 0, 0, 0, 2, 4), ()), Side.DESTINATION: ((2, 4), (0, 0))}
AGAIN = {Side.ORIGIN: ((4, 4, 4, 4, 7), ()), Side.DESTINATION: ((7,), (4, 4))}


@pytest.mark.parametrize("side", Side)
def test_a_return_is_a_loop_with_its_times_and_the_next_version_begins_anew(walk: Walk, side: Side) -> None:
    walk.to(State.RETURNED)
    days, sealed = RETURNED[side]
    returned = as_on(walk.case if side == Side.ORIGIN else walk.copy, *days, sealed=sealed)
    (beside,) = (stop for stop in way_of(returned) if stop.is_beside)
    assert beside.is_current and way_of(returned).index(beside) == WAY.index(State.RECEIVED) + 1
    assert loops_of(returned) == []
    walk.case = press(Action.ASSEMBLE, press(Action.REOPEN, fresh(walk.case), walk.clerk), walk.clerk)
    walk.technical(), walk.send(), walk.receive()
    more, sealed_again = AGAIN[side]
    case = as_on(walk.case if side == Side.ORIGIN else walk.copy, *days, *more, sealed=[*sealed, *sealed_again])
    (loop,) = loops_of(case)
    last = loop.stops[-1]
    assert (loop.number, last.state, last.is_beside) == (1, State.RETURNED, True)
    past = by_state(loop.stops)
    assert fa(2) in past[State.SENT].took and fa(2) in past[State.RECEIVED].took
    stops = by_state(way_of(case))
    assert fa(1) in stops[State.SENT].took and State.RETURNED not in stops


def test_a_recall_is_a_loop_too(walk: Walk) -> None:
    case = press(Action.RECALL, walk.to(State.SENT), walk.head, reason="اشتباه در مقصد")
    (loop,) = loops_of(fresh(case))
    assert [stop.state for stop in loop.stops][-2:] == [State.SENT, State.RETURNED]
    assert loop.stops[-1].label != State.RETURNED.label


def test_a_finished_move_is_done_at_every_stop(finished: Walk) -> None:
    for case in (finished.case, finished.copy):
        stops = way_of(case)
        assert [stop.is_done for stop in stops] == [True] * 8 + [False]
        assert stops[-1].is_current and not any(stop.is_next for stop in stops)


def test_a_cancelled_move_ends_where_it_left_the_way(walk: Walk) -> None:
    stops = way_of(walk.to(State.CANCELLED))
    (here,) = (stop for stop in stops if stop.is_current)
    assert here.is_beside and stops.index(here) == WAY.index(State.DRAFT) + 1


def test_of_a_move_of_two_copies_the_origins_tells_the_chain(finished: Walk) -> None:
    move = move_of([finished.copy, finished.case])
    assert move.teller == finished.case
    assert move_of([finished.copy]).teller == finished.copy


# --- the kinds of the timeline ------------------------------------------------------------------------------


def everything(walk: Walk) -> list[timeline.Row]:
    """A move in which something of each kind happened."""
    walk.to(State.RECEIVED, Side.DESTINATION)
    press(Action.DISPATCH_PAPER, fresh(walk.case), walk.officer, **PAPER_SENT)
    close(walk, ask(walk))
    press(Action.SHOW_DECREES, fresh(walk.copy), walk.staff)
    press(Action.RECORD_PAPER, fresh(walk.copy), walk.staff, **PAPER)
    return timeline.of_move([fresh(walk.case), fresh(walk.copy)])


def test_one_timeline_has_all_four_kinds_in_their_order(walk: Walk) -> None:
    rows = everything(walk)
    assert {row.kind for row in rows} == {Kind.ELECTRONIC, Kind.PAPER, Kind.QUESTIONS}
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    assert [row.kind for row in rows if row.kind == Kind.PAPER] == [Kind.PAPER] * 2


def test_activation_and_follow_ups_are_of_the_payment(finished: Walk) -> None:
    for case in (finished.case, finished.copy):
        assert timeline.of_case(case)[-1].kind == Kind.PAYMENT


def test_every_action_of_a_kind_is_one_that_a_trail_can_have() -> None:
    assert KINDS.keys() <= {step.action for step in WITHIN}


def test_a_reader_picks_a_kind_without_a_script(walk: Walk) -> None:
    everything(walk)
    case = fresh(walk.copy)
    for shown in (
        text(as_(walk.staff).get(reverse("case", args=[case.pk]))),
        text(as_(walk.staff).get(reverse("tracking"), {"q": case.tracking_number})),
    ):
        offered = re.findall(r'type="radio" name="kind-\w+" value="(\w*)"', shown)
        assert offered == ["", Kind.ELECTRONIC, Kind.PAPER, Kind.QUESTIONS]
        assert set(re.findall(r'data-kind="(\w+)"', shown)) == set(offered) - {""}
