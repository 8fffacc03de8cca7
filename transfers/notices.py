"""What a person has to hear of, computed from where the cases stand now: nothing is stored for each notice.

So nobody is told of what has passed to another office meanwhile, and no notice can be lost. What came after a person's
last look is new. Each case is told of once, under the first kind that fits.
"""

import datetime as dt
from typing import Any

from django.db.models import Case, Count, DateTimeField, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Greatest

from branches.models import User
from branches.notice_kinds import Kind
from branches.roles import Action
from pension_transfer.lib import calendar
from transfers.models import Question, StuckItem, TransferCase, TransferEvent, with_nobody
from transfers.states import State
from transfers.turns import has_turns

BACK = (Action.SEND_BACK, Action.RECALL, "lapse", "mark_returned")  # steps that bring a case back to an office
BEGINNING = dt.datetime(2000, 1, 1, tzinfo=dt.timezone.utc)  # for who has never looked


def cases(user: User, after: dt.datetime | None) -> Any:
    """What waits for this person since then and no colleague has taken, with its `kind` of notice and when it came
    (`told_at`)."""
    mine = TransferCase.objects.turn_of(user).filter(with_nobody() | Q(taken_by=user))
    if after:  # told by `told_at` already; said once more so that of a long queue only these rows are looked into
        mine = mine.filter(Q(turn_since__gt=after) | Q(due_on=calendar.today()))
    kind = Case(
        When(_is_back(), then=Value(Kind.RETURNED)),
        When(_is_answered(), then=Value(Kind.ANSWER)),
        When(due_on=calendar.today(), then=Value(Kind.DUE)),
        default=Value(Kind.TURN),
    )
    today = Greatest(F("turn_since"), Value(calendar.beginning_of(calendar.today())))
    at = Case(When(kind=Kind.DUE, then=today), default=F("turn_since"), output_field=DateTimeField())
    return mine.annotate(kind=kind).annotate(told_at=at)


def _is_back() -> Q:
    last = TransferEvent.objects.filter(case=OuterRef("pk"), sequence=OuterRef("trail_length"), action__in=BACK)
    return Q(state=State.RETURNED) | Q(Exists(last))


def _is_answered() -> Q:
    answered = Question.objects.filter(case=OuterRef("pk"), closed_at=None, answered_at__isnull=False)
    return Q(Exists(answered))


def stuck(user: User) -> Any:
    """What sync has set aside and handed to an office of this person."""
    rows = StuckItem.objects.visible_to(user).waiting().filter(handed_to__in=sorted(user.roles))
    return rows.annotate(told_at=F("set_aside_at"))


def new(rows: Any, after: dt.datetime | None, until: dt.datetime | None = None) -> Any:
    """Those that came after a moment, up to another one."""
    found = rows.filter(told_at__gt=after or BEGINNING)
    return found.filter(told_at__lte=until) if until else found


def counts(user: User, kinds: list[str], after: dt.datetime | None, until: dt.datetime | None = None) -> dict[str, int]:
    """How many notices of each of these kinds came in that time: one query for the cases, one for what is stuck."""
    found: dict[str, int] = {}
    if has_turns(user) and {*kinds} - {Kind.STUCK}:
        rows = new(cases(user, after).filter(kind__in=kinds), after, until).order_by().values("kind")
        found = {row["kind"]: row["n"] for row in rows.annotate(n=Count("pk"))}
    if Kind.STUCK in kinds:
        found[Kind.STUCK] = new(stuck(user), after, until).count()
    return {str(kind): found[kind] for kind in Kind if found.get(kind)}


def to_count(user: User) -> dict[str, Any]:
    """For the bell: the rows to be counted on every page, of the kinds that it tells this person."""
    kinds = user.told_by_bell
    counted: dict[str, Any] = {}
    if has_turns(user) and {*kinds} - {Kind.STUCK}:
        counted["news"] = new(cases(user, user.notices_seen_at).filter(kind__in=kinds), user.notices_seen_at)
    if Kind.STUCK in kinds:
        counted["news_stuck"] = new(stuck(user), user.notices_seen_at)
    return counted
