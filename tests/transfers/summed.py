"""The figures of the overviews, counted the slow way: case by case, one event of the trail after the other."""

import datetime as dt
from collections import Counter
from typing import Any

from pension_transfer.lib import calendar
from transfers import summing
from transfers.models import Discrepancy, Figure, Summary, TransferCase


def directly() -> Counter[Any]:
    """The same, read from the trail case by case, one event after the other."""
    found: Counter[Any] = Counter()
    for case in TransferCase.objects.select_related("branch"):
        began: dt.datetime | None = None
        for event in case.events.order_by("sequence"):
            day, moved = calendar.day_of(event.at), event.from_state != event.to_state
            say = [(case.branch, Figure.FLOW, summing.FLOWS.get((case.side, event.action)), 0)]
            if began and (moved or event.action == "activate") and (case.side, event.from_state) in summing.STAYS:
                long = calendar.working_days_between(calendar.day_of(began), day)
                say.append((case.branch, Figure.STAY, f"{case.side}.{event.from_state}", long))
            if event.party:
                who = {"origin": case.origin, "destination": case.destination}.get(event.party, case.branch)
                say.append((who, Figure.LATE, event.party, event.days_late))
            if event.action == "return_to_origin":
                of = Discrepancy.objects.filter(case=case, version=event.version, severity="must_be_corrected")
                codes = {*of.values_list("code", flat=True), event.details.get("code")} - {None}
                say += [(case.branch, Figure.REASON, code, 0) for code in codes]
            began = event.at if moved else began
            for branch, figure, key, n in say:
                for place in (branch.pk, branch.administration_id, "") if key else ():
                    found[place, day, figure, key, n] += 1
    return found


def stored() -> Counter[Any]:
    return Counter({(s.place, s.day, s.figure, s.key, s.days): s.n for s in Summary.objects.all()})
