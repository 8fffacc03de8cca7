"""Group jobs: one press on many cases, carried out item by item, whoever takes them up: the worker, or the page.

Each item is a step like any other: through the door, under its own command, in the name of who pressed, and only what
that person may at that moment. An item in hand is leased for a minute (FOR UPDATE SKIP LOCKED): when its process is
killed another one takes it up again, and the command says what had been done.
"""

import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import User
from branches.roles import Action
from pension_transfer.lib.errors import BadInput, Refusal, Waiting
from pension_transfer.lib.failpoints import fail_point
from pension_transfer.lib.templatetags.persian import fa
from transfers import workflow
from transfers.models import Job, JobItem, TransferCase
from transfers.models.job import LEASE, JobItemQuerySet, JobQuerySet
from transfers.states import Side

AT_ONCE = 5  # rows that are carried out while the person waits; more of them are a job
MOST = 500  # rows of one press
TRIES = 5  # times that an item is taken up; after them it is told as not done
PAUSE = dt.timedelta(seconds=2)  # before an item is tried again whose case somebody had in hand
SLICE = 5  # items that a page carries out each time it asks how far the job is
LONG = 1.0  # seconds after which it begins no other one
State = JobItem.State
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Row:
    """A row that was ticked: a case, or an envelope that waits; `given` is what the person saw of it."""

    branch: str
    number: str
    case_id: int | None = None
    envelope_id: uuid.UUID | None = None
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What it is within its job."""
        return str(self.envelope_id or self.case_id)


# --- ordering -------------------------------------------------------------------------------------------


def order(action: str, rows: Iterable[Row], *, by: User, form: uuid.UUID, given: Any = None) -> list[Job]:
    """The jobs of one press, one for each branch; the same form with the same rows again finds the same jobs.

    Whether the person may is asked for each item when it is carried out. BadInput for more rows than MOST.
    """
    found = sorted(rows, key=lambda row: row.branch)
    if len(found) > MOST:
        sentence = _("At most %(most)s cases can be ordered with one press; nothing was done. Tick fewer of them.")
        raise BadInput(sentence % {"most": fa(MOST)}, "too_many")
    groups = groupby(found, key=lambda row: row.branch)
    return [_order_one(action, branch, list(group), by, form, given or {}) for branch, group in groups]


@transaction.atomic
def _order_one(action: str, branch: str, rows: list[Row], by: User, form: uuid.UUID, given: dict[str, Any]) -> Job:
    key = uuid.uuid5(form, " ".join([str(by.pk), action, branch, *sorted(row.key for row in rows)]))
    told = {"action": action, "by": by, "branch_id": branch, "given": given}
    job, is_new = Job.objects.get_or_create(pk=key, defaults=told)
    if is_new:
        JobItem.objects.bulk_create(_item(job, row) for row in rows)
    return job


def _item(job: Job, row: Row) -> JobItem:
    what = {"case_id": row.case_id, "envelope_id": row.envelope_id, "number": row.number, "given": row.given}
    return JobItem(job=job, command_id=uuid.uuid5(job.pk, row.key), **what)


# --- carrying out ---------------------------------------------------------------------------------------


def work() -> Iterator[None]:
    """Every item that is free, of everybody, one after the other: the worker's part."""
    while advance(JobItem.objects.all()):
        yield


def work_a_while(ordered: JobQuerySet) -> None:
    """A slice of these jobs, for a page that asks how far they are; without a worker it is what carries them on."""
    until = time.monotonic() + LONG
    for _turn in range(SLICE):
        if not advance(JobItem.objects.filter(job__in=ordered)) or time.monotonic() > until:
            return


def advance(items: JobItemQuerySet) -> bool:
    """Carry out the next item that nobody has in hand; whether there was one."""
    item = _take(items)
    if item is None:
        return False
    fail_point("job_item_taken")
    ended = _carry_out(item)
    fail_point("job_item_carried_out")
    _end(item, ended)
    return True


def _take(items: JobItemQuerySet) -> JobItem | None:
    with transaction.atomic():
        free = items.free().select_related("job__by", "job__branch")
        item = free.select_for_update(skip_locked=True, of=("self",)).first()
        if item:
            item.tries, item.leased_until = item.tries + 1, timezone.now() + LEASE
            item.save(update_fields=["tries", "leased_until"])
    return item


@dataclass(frozen=True)
class Ended:
    """How one try ended; an item that is open still is tried again."""

    state: str
    code: str = ""
    reason: str = ""
    case: TransferCase | None = None


def _carry_out(item: JobItem) -> Ended:
    is_last = item.tries >= TRIES
    if item.tries > TRIES:  # its process ended each time
        return Ended(State.REFUSED, "broke_off", _("The program broke off here again and again; tell your support."))
    if not item.job.by.is_active:
        return Ended(State.REFUSED, "account", _("The account of who ordered this was closed; nothing was done."))
    try:
        return Ended(State.DONE, case=STEPS.get(item.job.action, _press)(item))
    except Waiting as kept:
        return Ended(State.KEPT, kept.code, str(kept.message))
    except Refusal as refusal:
        return Ended(
            State.OPEN if refusal.code == "busy" and not is_last else State.REFUSED, refusal.code, say(refusal)
        )
    except (OperationalError, InterfaceError):  # the database is away: the lease runs out, and it is tried again
        raise
    except Exception:
        log.exception("item %s of a group job broke off", item.pk)
        return Ended(State.REFUSED, "fault", _("A fault of the program; nothing was done. Try this case by itself."))


def say(refusal: Refusal) -> str:
    """Why, in a line: what is wrong with the fields, or else the sentence itself."""
    sentences = [str(text) for texts in refusal.errors.values() for text in texts]
    return (" ".join(sentences) or str(refusal.message))[:400]


def _end(item: JobItem, ended: Ended) -> None:
    """Write how it ended; with the last one the job is finished. In one transaction, so that none stays half ended."""
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=item.job_id)
        rows = JobItem.objects.filter(pk=item.pk, state=State.OPEN)
        if ended.state == State.OPEN:
            rows.update(leased_until=timezone.now() + PAUSE)
            return
        known = {"case": ended.case} if ended.case else {}
        rows.update(
            state=ended.state, code=ended.code[:40], reason=ended.reason, ended_at=timezone.now(), **known
        )  # fmt: skip
        if not job.items.filter(state=State.OPEN).exists():
            Job.objects.filter(pk=job.pk, finished_at=None).update(finished_at=timezone.now())


# --- the steps ------------------------------------------------------------------------------------------


def _press(item: JobItem) -> TransferCase:
    """A step of a case, as from its page."""
    given = item.typed
    seen = given.pop("seen", None)
    action, by = item.job.action, item.job.by
    return workflow.perform(action, item.case_id or 0, by=by, command_id=item.command_id, seen=seen, data=given)


def _receive(item: JobItem) -> TransferCase:
    """«دریافت از مرکز»; what a colleague has received meanwhile is received."""
    job, envelope_id = item.job, item.envelope_id or uuid.UUID(int=0)
    held = TransferCase.objects.visible_to(job.by).filter(side=Side.DESTINATION, branch=job.branch)
    before = held.filter(contents__envelope_id=envelope_id).first()
    return before or workflow.receive(envelope_id, branch=job.branch, by=job.by, command_id=item.command_id)


STEPS: dict[str, Callable[[JobItem], TransferCase]] = {Action.RECEIVE: _receive}  # the others are presses on a case
