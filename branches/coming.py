"""Coming entitlement events: the days on which something of a file changes, computed from its content alone.

No definition looks at today, so that an approval never lapses because days pass: a review is the first one after the
last paid month, and what lies more than a year before that month is left out. A decree has no end in this data (a
suspension or termination is a decree of its own), so there is no event of that kind.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import jdatetime

from branches.checks import AGE_OF_SONS, DISABILITY, STUDY, Content, Row, birthday_at, loses_at_20, speaks_of
from branches.models import Event
from pension_transfer.lib.calendar import add_years
from pension_transfer.lib.months import Month, is_month

END_OF_SUMMER = (6, 31)  # an assumption: papers of study are asked for before the school year, 31 Shahrivar
KEPT_MONTHS = 12
Day = dt.date | None


def events(content: Content) -> list[dict[str, Any]]:
    """Each as {on, kind, national_code, name}; in no particular order. None without a last paid month."""
    month = content["last_pay_certificate"]["last_paid_month"]
    if not month or not is_month(month):
        return []
    month = Month(month)
    since = (month + 1 - KEPT_MONTHS).first_day
    found = [*_of_dependents(content, month), *_of_deductions(content)]
    return [_event(*event) for event in found if event[0] >= since]


def _event(on: dt.date, kind: str, national_code: str, name: str) -> dict[str, Any]:
    return {"on": on.isoformat(), "kind": str(kind), "national_code": national_code, "name": name}


Event4 = tuple[dt.date, str, str, str]


def _of_dependents(content: Content, month: Month) -> Iterator[Event4]:
    for row in content["dependents"]:
        for kind, day_of in DAYS.items():
            day = day_of(row, content, month)
            if day and not _is_over(row, kind, day):
                yield day, kind, row["national_code"], f"{row['first_name']} {row['last_name']}"


def _of_deductions(content: Content) -> Iterator[Event4]:
    person = content["principal"]
    for row in content["deductions"]:
        if row["ends_on"]:
            name = row["creditor"] or f"{person['first_name']} {person['last_name']}"
            yield dt.date.fromisoformat(row["ends_on"]), Event.DEDUCTION_ENDS, person["national_code"], name


def _is_over(row: Row, kind: str, day: dt.date) -> bool:
    """Nothing is reviewed after the entitlement has ended."""
    return kind != Event.ENTITLEMENT_ENDS and bool(row["entitled_until"]) and row["entitled_until"] < day.isoformat()


# --- the days ---------------------------------------------------------------------------------------------


def _twentieth_birthday(row: Row, content: Content, month: Month) -> Day:
    return birthday_at(row, AGE_OF_SONS) if loses_at_20(row) else None


def _end(row: Row, content: Content, month: Month) -> Day:
    return dt.date.fromisoformat(row["entitled_until"]) if row["entitled_until"] else None


def _study_review(row: Row, content: Content, month: Month) -> Day:
    """The first 31 Shahrivar after the last paid month."""
    if not speaks_of(row, STUDY):
        return None
    next_month = month + 1
    year = next_month // 100 + (next_month % 100 > END_OF_SUMMER[0])
    return jdatetime.date(year, *END_OF_SUMMER).togregorian()


def _disability_review(row: Row, content: Content, month: Month) -> Day:
    """Every year on the day the entitlement began, or the pension; the first after the last paid month."""
    if not speaks_of(row, DISABILITY):
        return None
    began = dt.date.fromisoformat(row["entitled_from"] or content["file"]["established_on"])
    with suppress(ValueError):  # a day that the calendar does not know
        after = (month + 1).first_day
        years = max(after.year - began.year, 1)
        days = (add_years(began, count) for count in range(max(years - 1, 1), years + 2))
        return next(day for day in days if day >= after)
    return None


DAYS: dict[str, Callable[[Row, Content, Month], Day]] = {
    Event.SON_REACHES_20: _twentieth_birthday,
    Event.ENTITLEMENT_ENDS: _end,
    Event.STUDY_REVIEW: _study_review,
    Event.DISABILITY_REVIEW: _disability_review,
}
