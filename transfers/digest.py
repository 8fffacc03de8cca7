"""The daily digest: one e-mail a day to each person for whom something waits; silence when nothing does.

It names tracking numbers and steps, never persons. Computed from the same answer as the pages (transfers.clock).
"""

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Count
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from branches.models import Appointment, User
from pension_transfer.lib.templatetags.persian import fa, jalali
from transfers.clock import is_due_soon, is_overdue
from transfers.due import Due, due_of
from transfers.models import Digest, TransferCase
from transfers.models.case import TransferCaseQuerySet
from transfers.oversight import OVERVIEWS, groups_of, widest
from transfers.payroll_warnings import Outlook, PayrollWarning, is_at_risk, outlook
from transfers.views.pressable import next_step, turn_of

LISTED = 10  # cases in an e-mail, the oldest due first; the pages have the rest
PAGES = {"home_url": "cartable", "overdue_url": "overdue", "choice_url": "password_change"}
KEPT = dt.timedelta(days=90)  # for so long it is known who was written to
log = logging.getLogger(__name__)


@dataclass
class Report:
    """What became of a day's digests, in numbers of persons."""

    sent: int = 0
    nothing_waits: int = 0
    without_address: int = 0
    sent_before: int = 0
    failed: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in vars(self).items())


@dataclass(frozen=True)
class Line:
    """A case in the e-mail: its number, what is to be done or who has it, by when, where."""

    number: str
    said: str
    due: Due
    url: str
    payroll: str = ""


def readers(day: dt.date) -> Iterator[User]:
    """Everybody with an appointment on `day` who may sign in and has not switched the digest off."""
    appointed = Appointment.objects.current(day).values("user")
    return User.objects.filter(pk__in=appointed, is_active=True, wants_digest=True).order_by("pk").iterator()


def write_to(user: User, day: dt.date) -> EmailMessage | None:
    """The e-mail for this person, in the product's own language; None when nothing waits."""
    with translation.override(settings.LANGUAGE_CODE):
        about = contents(user, day)
        if not about["total"] and not about.get("overdue"):
            return None
        text = render_to_string("transfers/digest.txt", about)
        subject = subject_of(about)
    return EmailMessage(subject, text, to=[user.email])


def contents(user: User, day: dt.date) -> dict[str, Any]:
    """What the e-mail says: my turn, and what is overdue where this person looks after the work."""
    mine, theirs = TransferCase.objects.turn_of(user), TransferCase.objects.overseen_by(user, day)
    due = {"late": Count("pk", filter=is_overdue(day)), "soon": Count("pk", filter=is_due_soon(day))}
    ahead = outlook(day)
    due |= {"at_risk": Count("pk", filter=is_at_risk(ahead=ahead))}
    about = mine.order_by().aggregate(total=Count("pk"), **due) | {"lines": lines_of(mine, day, step_of, ahead)}
    if scope := widest(user):
        about |= {"overview": OVERVIEWS[scope], "groups": groups_of(theirs, OVERVIEWS[scope], day=day)}
        about |= {"overdue": theirs.count(), "overdue_lines": lines_of(theirs, day, turn_of, ahead)}
    return about | {"day": day, **{name: address_of(page) for name, page in PAGES.items()}}


def subject_of(about: dict[str, Any]) -> str:
    """My turn, or for those who have none what is overdue."""
    if about["total"]:
        sentence = _("Work queue %(day)s: %(total)s in turn, %(late)s overdue")
        return sentence % {"day": jalali(about["day"]), "total": fa(about["total"]), "late": fa(about["late"])}
    return f"{about['overview'].title} {jalali(about['day'])}: {fa(about['overdue'])}"


def lines_of(
    rows: TransferCaseQuerySet, day: dt.date, said: Callable[[TransferCase], str], ahead: Outlook
) -> list[Line]:
    """The first few; `said` is what stands beside the number."""
    cases = rows.select_related("branch", "origin", "destination")[:LISTED]
    return [line_of(case, day, said(case), ahead.warning_of(case)) for case in cases]


def line_of(case: TransferCase, day: dt.date, said: str, payroll: PayrollWarning | None) -> Line:
    url = address_of("case", case.pk)
    return Line(fa(case.tracking_number), said, due_of(case, day), url, payroll.sentence if payroll else "")


def step_of(case: TransferCase) -> str:
    """What this person has to do."""
    step = next_step(case)
    return str(step.label if step else turn_of(case))


def address_of(name: str, *args: int) -> str:
    """A page's whole address."""
    return f"{settings.SITE_URL}{reverse(name, args=args)}"


# --- sending --------------------------------------------------------------------------------------------


def send_all(day: dt.date) -> Report:
    """Write to everybody for `day`. Safe to repeat: nobody is written to twice; one failure stops nobody else."""
    report = Report()
    Digest.objects.filter(day__lt=day - KEPT).delete()
    for user in readers(day):
        outcome = _try(user, day)
        setattr(report, outcome, getattr(report, outcome) + 1)
    return report


def _try(user: User, day: dt.date) -> str:
    if not user.email:
        return "without_address"
    try:
        return send(user, day)
    except Exception:
        log.exception("the digest of user %s for %s was not sent", user.pk, day)
        return "failed"


@transaction.atomic
def send(user: User, day: dt.date) -> str:
    """Write to one person; what became of it, as `Report` names it. A failure leaves no trace, so it is tried again."""
    letter = write_to(user, day)
    if letter is None:
        return "nothing_waits"
    if not Digest.objects.get_or_create(user=user, day=day)[1]:
        return "sent_before"
    letter.send()
    return "sent"
