"""Notices that leave the pages: by e-mail and text message, to those who chose them, never twice about the same.

A row of `Telling` says up to which moment its person has been told. A round takes the rows that are due, one after the
other: it commits "being told until now", sends one message with the numbers, and commits "told until now". Cut in
between, the message may have left: it counts as sent. Only a failure after which certainly nothing left is tried again,
and not where the receiver's server refuses for good: the next notice asks it anew.
"""

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from smtplib import SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from branches.models import Appointment, User
from branches.notice_kinds import Kind, Way
from pension_transfer.lib.calendar import is_working_day, today
from pension_transfer.lib.failpoints import fail_point
from pension_transfer.lib.templatetags.persian import fa
from transfers import notices
from transfers.models import Telling
from transfers.texting import NotSent, Undeliverable, backend

SETTLED = dt.timedelta(minutes=1)  # what began to be written this long ago is visible by now
PAUSE = dt.timedelta(minutes=15)  # at least, between two messages to one person
FIRST, LONGEST = dt.timedelta(minutes=1), dt.timedelta(hours=1)  # until the next try
LOST = dt.timedelta(minutes=10)  # whoever has been sending for longer was killed
BATCH = 200  # rows in one round
log = logging.getLogger(__name__)


@dataclass
class Report:
    """What one round did, in numbers of persons and ways."""

    sent: int = 0
    nothing_new: int = 0
    undeliverable: int = 0  # refused for good; the next notice is tried
    failed: int = 0
    perhaps_sent: int = 0  # cut while it was being sent; not sent again

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in vars(self).items())


def choose(user: User, kinds: dict[str, list[str]]) -> None:
    """Store what each way tells this person of; a way that begins to tell begins now."""
    with transaction.atomic():
        for way in Way:
            setattr(user, f"told_by_{way}", kinds[way])
        user.save(update_fields=[f"told_by_{way}" for way in Way])
        for way in (Way.EMAIL, Way.SMS):
            if kinds[way]:
                Telling.objects.get_or_create(user=user, way=way)
            else:
                Telling.objects.filter(user=user, way=way).delete()


# --- a round ---------------------------------------------------------------------------------------------


def tell_all() -> Report:
    """Tell everybody who is due. Safe to repeat, and for several at once; on days off nobody is disturbed."""
    report = Report()
    if not is_working_day(today()):
        return report
    rows = Telling.objects.filter(next_at__lte=timezone.now()).order_by("next_at", "pk")
    for pk in list(rows.values_list("pk", flat=True)[:BATCH]):
        outcome = tell(pk)
        if outcome:
            setattr(report, outcome, getattr(report, outcome) + 1)
        if outcome == "failed":  # a server that is away is away for all; the rest is tried in the next round
            break
    return report


def tell(pk: int) -> str:
    """One person by one way; what became of it, as `Report` names it, or nothing where another is at it."""
    begun = _begin(pk)
    if isinstance(begun, str):
        return begun
    row, text = begun
    fail_point("telling")
    try:
        SENDERS[row.way](row.user, text)
    except NotSent as reason:
        return _try_later(row, reason)
    except Undeliverable as reason:
        log.warning("what is sent to user %s by %s is refused for good: %s", row.user_id, row.way, reason)
        _told(row)
        return "undeliverable"
    except Exception:
        log.exception("whether user %s was told by %s is not known; it is not repeated", row.user_id, row.way)
    _told(row)
    return "sent"


@transaction.atomic
def _begin(pk: int) -> "str | tuple[Telling, str]":
    now = timezone.now()
    rows = Telling.objects.select_for_update(skip_locked=True, of=("self",)).select_related("user")
    row = rows.filter(pk=pk, next_at__lte=now).first()
    if row is None:
        return ""
    if row.telling_until and row.begun_at:
        return _leave_off(row) if row.begun_at < now - LOST else ""
    until = max(row.told_until, now - SETTLED)
    text = message(row, until)
    if not text or until == row.told_until:
        Telling.objects.filter(pk=pk).update(told_until=until, next_at=now + PAUSE, tries=0)
        return "nothing_new"
    Telling.objects.filter(pk=pk).update(telling_until=until, begun_at=now)
    row.telling_until = until
    return row, text


def _leave_off(row: Telling) -> str:
    """Somebody was cut while sending: rather none than two."""
    _told(row)
    log.warning("a message to user %s by %s was cut while it was being sent; it is not repeated", row.user_id, row.way)
    return "perhaps_sent"


def _told(row: Telling) -> None:
    done = {"told_until": row.telling_until, "telling_until": None, "begun_at": None, "tries": 0}
    Telling.objects.filter(pk=row.pk).update(**done, next_at=timezone.now() + PAUSE)


def _try_later(row: Telling, reason: NotSent) -> str:
    log.warning("user %s was not told by %s: %s", row.user_id, row.way, reason)
    wait = min(FIRST * 2 ** min(row.tries, 10), LONGEST)
    again = {"telling_until": None, "begun_at": None, "tries": min(row.tries + 1, 1000)}
    Telling.objects.filter(pk=row.pk).update(**again, next_at=timezone.now() + wait)
    return "failed"


# --- what is said, and how it leaves -----------------------------------------------------------------------


def message(row: Telling, until: dt.datetime) -> str:
    """Numbers and an address, never a person; empty where nothing is to be said."""
    user, kinds = row.user, getattr(row.user, f"told_by_{row.way}")
    if not user.is_active or not ADDRESSES[row.way](user) or not Appointment.objects.current().filter(user=user):
        return ""
    found = notices.counts(user, kinds, row.told_until, until)
    with translation.override(settings.LANGUAGE_CODE):
        lines = [f"{Kind(kind).label}: {fa(number)}" for kind, number in found.items()]
        return "\n".join([*lines, f"{settings.SITE_URL}{reverse('notices')}"]) if lines else ""


def _email(user: User, text: str) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("Notices of the transfer of pension files")
    connection = get_connection()
    try:
        connection.open()
    except Exception as away:  # nothing was said to the server yet
        raise NotSent(type(away).__name__) from away
    try:
        EmailMessage(subject, text, to=[user.email], connection=connection).send()
    except SMTPRecipientsRefused as refused:
        is_final = all(code >= 500 for code, _said in refused.recipients.values())
        raise (Undeliverable if is_final else NotSent)(type(refused).__name__) from refused
    except SMTPResponseException as refused:  # by the server, for everybody
        raise NotSent(type(refused).__name__) from refused
    finally:
        connection.close()


def _sms(user: User, text: str) -> None:
    backend().send(user.mobile, text)


SENDERS: dict[str, Callable[[User, str], None]] = {Way.EMAIL: _email, Way.SMS: _sms}
ADDRESSES: dict[str, Callable[[User], str]] = {Way.EMAIL: lambda user: user.email, Way.SMS: lambda user: user.mobile}
