"""The directory of branches: what this site tells of its own and hears of the others, and what follows when a branch
was closed or another took its place (DESIGN 11.7, FAULTS 37).

The center decides; everything here is safe to repeat, and sync repeats it: a change that was cut is finished.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Administration, Appointment, Branch, PensionFile, Status
from branches.services import OPEN
from central.models import Directory
from central.succession import current
from pension_transfer.lib import site_key
from pension_transfer.lib.calendar import today
from pension_transfer.lib.months import Month
from transfers import completeness, exchange, snapshot, trail, workflow
from transfers.models import TransferCase, TransferEvent
from transfers.states import UNSEALED, Side, State

BATCH = 100  # pensions whose payment goes on in one transaction of the center
ALIVE = OPEN | {Status.REGISTERED}
HEARD = "hear_branch_change"


@dataclass
class Followed:
    """What one look at the directory changed here; `unmatched`: pensions paid by a closed branch, without a file."""

    branches: int = 0
    files: int = 0
    people: int = 0
    cases: int = 0
    payments: int = 0
    unmatched: list[str] = field(default_factory=list)


def share() -> Followed:
    """Hear the directory, tell it what is served here, and carry out what follows. Raises exchange.Unreachable."""
    done = Followed()
    rows = exchange.directory()
    done.branches = _learn(rows)
    exchange.publish_directory()
    _share_key()
    for old, new in _successions(rows):
        _succeed(old, new, done)
    for branch in _closed():
        done.cases += _tell_cases(branch)
        done.payments += _hand_on(branch, done)
    return done


def _share_key() -> None:
    """Again in each round: a restored center may have forgotten it. What needs a key that is out of order says so."""
    with suppress(site_key.BadKey):
        if key := site_key.read():
            exchange.publish_key(key)


# --- names --------------------------------------------------------------------------------------------


def _learn(rows: list[Directory]) -> int:
    """The branches of other sites as they are called now; of the own ones this site knows best. How many changed."""
    known = Branch.objects.in_bulk()
    heard = [row for row in rows if row.site or row.pk not in known]
    return sum(_learn_one(row, known.get(row.pk)) for row in heard)


def _learn_one(row: Directory, branch: Branch | None) -> bool:
    if branch and branch.is_elsewhere and row.site == settings.SITE:  # it moves here: served once it is taken in
        return False
    said: dict[str, Any] = {"site": row.site}
    if branch is None or row.site != settings.SITE:
        said |= {"name": row.name, "is_active": row.is_active}
    if branch and all(getattr(branch, name) == value for name, value in said.items()):
        return False
    branch = branch or Branch(code=row.pk, administration=_administration(row.pk), name_en=row.name)
    for name, value in said.items():
        setattr(branch, name, value)
    branch.save()
    return True


def _administration(code: str) -> Administration:
    """A branch's code begins with that of its administration."""
    number = code[:2]
    return Administration.objects.get_or_create(code=number, defaults={"name": number, "name_en": number})[0]


# --- one branch in the place of another -----------------------------------------------------------------


def _successions(rows: list[Directory]) -> Iterator[tuple[Branch, Branch]]:
    """The closed branches, each with the last of its line, as far as this is not known here yet."""
    after = {row.pk: row.succeeded_by for row in rows if row.succeeded_by}
    known = Branch.objects.in_bulk({*after, *after.values()})
    for code in after:
        last = current(code, after)
        if known[code].succeeded_by_id != last:
            yield known[code], known[last]


def _succeed(old: Branch, new: Branch, done: Followed) -> None:
    """Close `old`: who works for `new` works for it, too; on one site its people and its living files go along."""
    with transaction.atomic("default", durable=True):
        rows = Branch.objects.select_for_update().filter(pk__in=[old.pk, new.pk])
        held = {row.pk: row for row in rows.order_by("pk")}
        line = {old.pk, *held[old.pk].predecessors}
        Branch.objects.filter(pk__in=line).update(is_active=False, succeeded_by=new.pk, predecessors=[])
        Branch.objects.filter(pk=new.pk).update(predecessors=sorted(line.union(held[new.pk].predecessors)))
        if old.site == new.site and not old.is_elsewhere:
            done.people += _bring_people(old, new)
            done.files += _bring_files(old, new)


def _bring_people(old: Branch, new: Branch) -> int:
    """Whoever held an office goes on in it at the successor, stand-ins for as long as they were to."""
    same = Appointment.objects.filter(user=OuterRef("user"), role=OuterRef("role"), branch=new, until=OuterRef("until"))
    here = Appointment.objects.filter(branch=old, ended_at=None).exclude(until__lt=today())
    open_ended = same.filter(until=None)
    there = here.exclude(Exists(same)).exclude(Exists(open_ended), until=None)
    moved = Appointment.objects.bulk_create(_goes_on(appointment, new) for appointment in there)
    here.update(ended_at=timezone.now())
    return len(moved)


def _goes_on(held: Appointment, new: Branch) -> Appointment:
    same = {name: getattr(held, name) for name in ("user", "role", "until", "stands_in_for")}
    return Appointment(branch=new, since=max(held.since, today()), **same)


def _bring_files(old: Branch, new: Branch) -> int:
    """Every file that the successor does not hold already; a living one takes the place of one that has moved away."""
    for number in _numbers_at_both(old, new):
        _change_places(number, old, new)
    there = PensionFile.objects.filter(branch=new, pension_number=OuterRef("pension_number"))
    return PensionFile.objects.filter(~Exists(there), branch=old).update(branch=new)


def _numbers_at_both(old: Branch, new: Branch) -> list[str]:
    """Alive at the one, over at the other."""
    over = PensionFile.objects.filter(branch=new, pension_number=OuterRef("pension_number")).exclude(status__in=ALIVE)
    rows = PensionFile.objects.filter(Exists(over), branch=old, status__in=ALIVE)
    return list(rows.values_list("pension_number", flat=True))


def _change_places(number: str, old: Branch, new: Branch) -> None:
    """A branch holds one file of a pension: the one that is over steps aside while the living one comes."""
    files = PensionFile.objects.filter(pension_number=number)
    aside = Branch.objects.exclude(pk__in=files.values("branch")).earliest("pk")
    for source, target in ((new, aside), (old, new), (aside, old)):
        files.filter(branch=source).update(branch=target)


# --- what follows, until it is done -----------------------------------------------------------------------


def _closed() -> QuerySet[Branch]:
    """Every branch that takes no part any more, with its successor if it has one."""
    return Branch.objects.filter(is_active=False).select_related("succeeded_by").order_by("pk")


def _tell_cases(closed: Branch) -> int:
    """Each open case that names the branch keeps in its trail what became of it, and is somebody's turn (I10)."""
    told = {"closed_branch": closed.pk, "successor": closed.succeeded_by_id or ""}
    heard = TransferEvent.objects.filter(case=OuterRef("pk"), action=HEARD, details__contains=told)
    cases = TransferCase.objects.open().filter(Q(origin=closed) | Q(destination=closed)).exclude(Exists(heard))
    who = trail.signature(None, "", closed.pk)
    done = 0
    for case in cases.filter(_concerned(closed)).order_by("pk"):
        done += bool(workflow.advance(HEARD, case.pk, who, told))
        _lapse_if_changed(case.pk, who)
    return done


def _concerned(closed: Branch) -> Q:
    """A branch that closed without a successor concerns only those who have not sealed what was to go there."""
    return Q() if closed.succeeded_by_id else Q(side=Side.ORIGIN, destination=closed, state__in=UNSEALED)


def _lapse_if_changed(case_id: int, who: dict[str, Any]) -> None:
    """An approval is an approval of content, and the destination is a part of it (D5)."""
    case = TransferCase.objects.get(pk=case_id)
    if case.state == State.TECHNICALLY_APPROVED and _is_other(case):
        workflow.advance("lapse", case_id, who, {"reason": _("The destination branch was closed.")})


def _is_other(case: TransferCase) -> bool:
    changed = snapshot.content_hash(snapshot.compose(case, case.file)) != case.content_hash
    return changed or bool(completeness.of_the_address(case))


def _hand_on(closed: Branch, done: Followed) -> int:
    """Payment goes on at the successor, each pension from the month after the last one paid (I5, I6)."""
    new, after, moved = closed.succeeded_by, "", 0
    while new and new.is_here and (numbers := exchange.still_held(closed.pk, after, BATCH)):
        months = _next_months(new, numbers)
        done.unmatched += sorted(set(numbers) - months.keys())
        moved += exchange.hand_on(months, new.pk) if months else 0
        after = numbers[-1]
    return moved


def _next_months(branch: Branch, numbers: list[str]) -> dict[str, int]:
    rows = PensionFile.objects.filter(branch=branch, pension_number__in=numbers, status__in=ALIVE)
    return {file.pension_number: _next_month(file) for file in rows}


def _next_month(file: PensionFile) -> Month:
    last = file.last_paid_month
    return Month(last) + 1 if last else Month.of(file.established_on)
