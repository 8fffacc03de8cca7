"""Where a file is, for the pensioner without an account: plain words, branches and months, nothing of the person.

Whoever knows the tracking number and the last four digits of the national code is told. It is looked up for the whole
site, past row security, which knows persons with an office only (decision 0017); what leaves this module are the
values of `Progress`, so that a page can print nothing else.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import Branch
from pension_transfer.lib import calendar
from pension_transfer.lib.fences import as_site
from pension_transfer.lib.months import Month
from pension_transfer.lib.templatetags.persian import jalali, jalali_month
from transfers.clock import LIMITS, clock_of
from transfers.models import TransferCase
from transfers.states import TURNS, Side, State

ACTIVE, HELD, GONE = "active", "held", "gone"
COLUMNS = (
    "id", "side", "state", "turn", "turn_since", "due_on", "days_left", "closed_at", "activated_at", "held_since",
    "payable_from", "tracking_number",
)  # fmt: skip
PLACES = ("origin", "destination", "origin__succeeded_by", "destination__succeeded_by")

# --- what is said ---------------------------------------------------------------------------------------

PREPARED = (State.REFERRAL, State.DRAFT, State.TECHNICALLY_APPROVED)
ON_ITS_WAY = (State.HEAD_APPROVED, State.SENT)
WHERE: dict[str, Any] = {
    **dict.fromkeys(PREPARED, gettext_lazy("Your file is at %(origin)s, where it is being made ready for the move.")),
    **dict.fromkeys(
        ON_ITS_WAY, gettext_lazy("Your file has been sent and waits for %(destination)s to take it up.")
    ),
    State.RECEIVED: gettext_lazy("%(destination)s has your file and compares it with the paper file."),
    State.VERIFIED: gettext_lazy("%(destination)s has compared your file with the paper file."),
    State.REGISTERED: gettext_lazy("%(destination)s has registered your file."),
    ACTIVE: gettext_lazy("The move is finished: your file is at %(destination)s."),
    State.RETURNED: gettext_lazy("Your file is at %(origin)s again, because something in it has to be corrected."),
    State.CANCELLED: gettext_lazy("The move does not take place. Your file stays at %(origin)s."),
    HELD: gettext_lazy("The move stands still until a matter of the file has been settled."),
    GONE: gettext_lazy("Your file went back to %(origin)s."),
}  # fmt: skip
NEXT: dict[str, Any] = {
    **dict.fromkeys(PREPARED, gettext_lazy("It is then approved and sent to %(destination)s.")),
    **dict.fromkeys(ON_ITS_WAY, gettext_lazy("%(destination)s then compares it with the paper file.")),
    State.RECEIVED: gettext_lazy("%(destination)s then registers it."),
    State.VERIFIED: gettext_lazy("%(destination)s then registers it."),
    State.REGISTERED: gettext_lazy("%(destination)s then begins to pay your pension."),
    ACTIVE: gettext_lazy("You need not do anything more."),
    State.RETURNED: gettext_lazy("%(origin)s corrects it and sends it to %(destination)s again."),
    State.CANCELLED: gettext_lazy("You need not do anything. If you still want to move, ask there."),
    **dict.fromkeys((HELD, GONE), gettext_lazy("Please ask the branch that is named below.")),
}
# The steps as a pensioner counts them, and the states in which each is under way.
STEPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (gettext_lazy("Made ready"), (*PREPARED, State.RETURNED, State.CANCELLED)),
    (gettext_lazy("Sent to the new branch"), ON_ITS_WAY),
    (gettext_lazy("Compared with the paper file"), (State.RECEIVED,)),
    (gettext_lazy("Registered at the new branch"), (State.VERIFIED,)),
    (gettext_lazy("Paid by the new branch"), (State.REGISTERED,)),
)
ORDER = (*PREPARED, *ON_ITS_WAY, State.RECEIVED, State.VERIFIED, State.REGISTERED)
SEALED = (*ON_ITS_WAY, State.RECEIVED, State.VERIFIED, State.REGISTERED, ACTIVE)  # where the months are settled


@dataclass(frozen=True)
class Place:
    """A branch as a stranger may know it."""

    name: str
    city: str


@dataclass(frozen=True)
class Step:
    """A step as a pensioner counts them."""

    label: Any
    is_done: bool
    is_current: bool


@dataclass(frozen=True)
class Progress:
    """Everything that the public page knows of a move.

    `stage`: its state; or active; or held; or gone, where this site has only the copy of a destination that lost it.
    """

    tracking_number: str
    stage: str
    state: str
    origin: Place
    destination: Place
    due_on: dt.date | None  # of the present step; None where nothing is awaited
    is_late: bool
    finished_by: dt.date | None
    payable_from: Month | None  # the first month that the destination pays, once it is settled

    @property
    def where(self) -> str:
        return str(WHERE[self.stage]) % self._names

    @property
    def next(self) -> str:
        return str(NEXT[self.stage]) % self._names

    @property
    def when(self) -> str:
        """By when about the present step is due and the whole is finished; nothing of what has ended or stands."""
        if self.due_on is None or self.finished_by is None:
            return ""
        whole = _("The whole move is finished by about %(day)s.") % {"day": jalali(self.finished_by)}
        late = _("The present step takes longer than planned.")
        step = _("The present step takes until about %(day)s.") % {"day": jalali(self.due_on)}
        return f"{late if self.is_late else step} {whole}"

    @property
    def payment(self) -> str:
        """From which month on and by which branch the pension is paid."""
        if self.stage in (HELD, GONE):
            return ""
        if self.stage not in SEALED:
            return _("%(origin)s goes on paying your pension as before.") % self._names
        if self.payable_from is None:
            return _("Ask %(destination)s from which month on it pays.") % self._names
        months = {"last": jalali_month(self.payable_from - 1), "first": jalali_month(self.payable_from)}
        return _("Up to and including %(last)s %(origin)s pays, from %(first)s on %(destination)s.") % (
            self._names | months
        )

    @property
    def promise(self) -> str:
        """What calms whoever waits: said while the months of the destination are not being paid yet."""
        is_on_its_way = self.stage in SEALED and self.stage != ACTIVE and self.payable_from
        return _("If the move takes longer, the months in between are paid afterwards.") if is_on_its_way else ""

    @property
    def ask(self) -> Place:
        """The branch to ask."""
        is_there = self.stage in (State.RECEIVED, State.VERIFIED, State.REGISTERED, ACTIVE)
        return self.destination if is_there else self.origin

    @property
    def steps(self) -> list[Step]:
        """The whole way; of a move that does not take place none."""
        if self.state == State.CANCELLED:
            return []
        here, is_over = (
            next(i for i, (_label, states) in enumerate(STEPS) if self.state in states),
            self.stage == ACTIVE,
        )
        return [Step(label, i < here or is_over, i == here and not is_over) for i, (label, _s) in enumerate(STEPS)]

    @property
    def _names(self) -> dict[str, str]:
        return {"origin": self.origin.name, "destination": self.destination.name}


# --- how it is found ------------------------------------------------------------------------------------


def find(number: str, ending: str, day: dt.date | None = None) -> Progress | None:
    """The move under a tracking number (13 digits), if the person's national code ends in `ending` (4 digits).

    None where there is no such number and where the ending is another: nobody can tell the two apart.
    """
    with as_site():
        rows = TransferCase.objects.filter(tracking_number=number, national_code__endswith=ending)
        names = [f"{place}__{name}" for place in PLACES for name in ("name", "city")]
        copies = list(rows.select_related(*PLACES).only(*COLUMNS, *names))
    return _progress(max(copies, key=_knows), day or calendar.today()) if copies else None


def _knows(case: TransferCase) -> tuple[bool, bool, int]:
    """The origin's copy knows the whole way; without it the destination's that is open, or was last."""
    return case.side == Side.ORIGIN, case.is_open, case.pk


def _progress(case: TransferCase, day: dt.date) -> Progress:
    stage = _stage(case)
    is_awaited = case.is_open and stage != HELD
    clock = clock_of(case, day)
    return Progress(
        tracking_number=case.tracking_number,
        stage=stage,
        state=case.state,
        origin=_place(case.origin),
        destination=_place(case.destination),
        due_on=clock.due_on if is_awaited else None,
        is_late=bool(clock.late),
        finished_by=_finished_by(case.state, clock.due_on, day) if is_awaited else None,
        payable_from=Month(case.payable_from) if case.payable_from else None,
    )


def _stage(case: TransferCase) -> str:
    if case.activated_at:
        return ACTIVE
    if case.is_open:
        return HELD if case.is_held else case.state
    return GONE if case.side == Side.DESTINATION else case.state


def _place(branch: Branch) -> Place:
    """The branch that stands in its place today, where it was closed."""
    today = branch.succeeded_by or branch
    return Place(today.name, today.city)


def _finished_by(state: str, due: dt.date | None, day: dt.date) -> dt.date:
    """If every step that is left takes as long as it may; a step that is late already ends today."""
    left = ORDER[ORDER.index(state) + 1 :] if state in ORDER else ORDER[1:]
    limit: Callable[[str], int] = lambda stop: LIMITS[Side.ORIGIN, stop, TURNS[Side.ORIGIN, stop]]  # noqa: E731
    return calendar.add_working_days(max(due or day, day), sum(limit(stop) for stop in left))
