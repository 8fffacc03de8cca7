"""The figures of a period as tables with their drawings."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pension_transfer.lib import charts
from pension_transfer.lib.calendar import jalali
from pension_transfer.lib.charts import Bar, Series, share
from pension_transfer.lib.months import Month
from pension_transfer.lib.persian import listed
from pension_transfer.lib.templatetags.persian import fa, grouped, percent
from transfers.clock import LIMITS
from transfers.lateness import Party
from transfers.models import Code
from transfers.overviews.figures import Figures, Histogram, percentile
from transfers.overviews.tables import Table, table
from transfers.states import TURNS, Side, State
from transfers.summing import STAYS, stay_key

FLOW: dict[str, Any] = {
    "opened": gettext_lazy("Opened"),
    "sent": gettext_lazy("Sent"),
    "registered": gettext_lazy("Registered"),
    "received": gettext_lazy("Received"),
    "activated": gettext_lazy("Activated"),
    "returned": gettext_lazy("Returned"),
    "cancelled": gettext_lazy("Cancelled"),
}
LINES = ("opened", "sent", "registered")
DEFINED: dict[str, Any] = {
    Party.ORIGIN: gettext_lazy(
        "Completing, approving, sending, correcting what was returned, answering a question: done after the due date "
        "that the origin was shown. Days on which the other branch had to act do not count."
    ),
    Party.DESTINATION: gettext_lazy(
        "Receiving, comparing, registering, activating: done after the due date that the destination was shown. Days "
        "on which a question waited for the origin's answer do not count."
    ),
    Party.TECHNICAL: gettext_lazy(
        "Pressed in time, but carried out after the due date, because the center or the line did not answer; and what "
        "waited for the center by itself. No branch is counted late for it."
    ),
}
PARTIES: dict[str, Any] = {
    Party.ORIGIN: gettext_lazy("Late by the origin"),
    Party.DESTINATION: gettext_lazy("Late by the destination"),
    Party.TECHNICAL: gettext_lazy("Technical delay"),
}


def drawn(figures: Figures) -> list[Table]:
    """Every table of a period, in the order of the page."""
    return [fair(figures), flow(figures), stays(figures), reasons(figures)]


def flow(figures: Figures) -> Table:
    """What was opened, sent, registered, day by day or month by month."""
    is_monthly = any(isinstance(day, Month) for day in figures.flow)
    title = _("Flow by month") if is_monthly else _("Flow by day")
    rows = [[_named(day), *(counted[key] for key in FLOW)] for day, counted in figures.flow.items()]
    labels = [fa(_short(day)) for day in figures.flow]
    series = [Series(str(FLOW[key]), [counted[key] for counted in figures.flow.values()]) for key in LINES]
    told = listed((f"{FLOW[key]}: {grouped(figures.totals[key])}" for key in LINES), "؛")
    draw = charts.lines if is_monthly else charts.columns  # a line from day to day would tell of what was not counted
    chart = draw(title, told, labels, series)
    note = _("Each step is counted on the day it was taken, at the branch that took it.")
    return table("flow", title, note, [_("Month") if is_monthly else _("Day"), *FLOW.values()], rows, chart)


def _named(day: dt.date | Month) -> str:
    return day.show() if isinstance(day, Month) else jalali(day)


def _short(day: dt.date | Month) -> str:
    return f"{day // 100}/{day % 100:02}" if isinstance(day, Month) else jalali(day)[5:]


def stays(figures: Figures) -> Table:
    """How long moves stood in each state: the middle one, and that within which nine of ten had left it."""
    held = {place: figures.stays[key] for place in STAYS if (key := stay_key(*place)) in figures.stays}
    rows = [[_state(*place), h.total(), *_middle(h), _limit(*place)] for place, h in held.items()]
    title = _("Time in each state")
    bars = [_box(place, *_middle(h)) for place, h in held.items()]
    note = _(
        "Working days from entering a state to leaving it, of the stays that ended in the period. Dark: half of them "
        "were no longer; light: nine of ten were no longer; the stroke is the time limit."
    )
    labels = [_("State"), _("Stays"), _("Median"), _("Nine of ten within"), _("Time limit")]
    return table("stays", title, note, labels, rows, charts.bars(title, str(note), bars) if bars else None)


def _box(place: tuple[str, str], median: int, most: int) -> Bar:
    said = _("median %(median)s, nine in ten %(most)s") % {"median": fa(median), "most": fa(most)}
    return Bar(_state(*place), median, said, reach=most, mark=_limit(*place))


def _state(side: str, state: str) -> str:
    return f"{State(state).label} ({Side(side).label})"


def _middle(histogram: Histogram) -> tuple[int, int]:
    return percentile(histogram, 50), percentile(histogram, 90)


def _limit(side: str, state: str) -> int:
    return LIMITS[side, state, TURNS[side, state]]


def fair(figures: Figures) -> Table:
    """How many steps were late, and by whom: each classified once, when it was taken."""
    title = _("Who was late")
    rows, bars = [], []
    for party in Party:
        histogram = figures.late.get(party, Histogram())
        late = Histogram({days: n for days, n in histogram.items() if days})
        part = share(late.total(), steps := histogram.total())
        rows.append([str(PARTIES[party]), late.total(), steps, part, percentile(late, 50) if late else None])
        said = _("%(n)s of %(of)s (%(share)s)") % {
            "n": grouped(late.total()),
            "of": grouped(steps),
            "share": percent(part),
        }
        bars.append(Bar(str(PARTIES[party]), late.total(), said, tone="stop" if party != Party.TECHNICAL else "way"))
    note = _("Each step is judged once, on the day it is taken, by the due date that the office itself was shown.")
    labels = [_("Late by whom"), _("Late steps"), _("All steps"), _("Share in percent"), _("Median working days late")]
    return table("late", title, note, labels, rows, charts.bars(title, str(note), bars))


def reasons(figures: Figures) -> Table:
    """Why files went back."""
    title, returned = _("Reasons for a return"), figures.totals["returned"]
    names = dict(Code.choices)
    rows = [[str(names.get(code, code)), n, share(n, returned)] for code, n in figures.reasons.most_common()]
    bars = [Bar(name, n, grouped(n), tone="wait") for name, n, _share in rows]
    note = _("In how many returns a reason was given; a return can have several.")
    labels = [_("Reason"), _("Returns"), _("Share in percent")]
    return table("reasons", title, note, labels, rows, charts.bars(title, str(note), bars) if bars else None)
