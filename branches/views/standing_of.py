"""What a file's page says of its standing and offers to change."""

from django.urls import reverse
from django.utils.translation import gettext as _

from branches import standing
from branches.models import CustodyRequest, PensionFile, Status, User
from branches.roles import Action
from branches.services import Link, Notice
from pension_transfer.lib.months import Month
from pension_transfer.lib.templatetags.persian import fa, jalali


def links_of(file: PensionFile, user: User) -> list[Link]:
    """«تعلیق»، «برقراری مجدد»، «قطع», each with the reason where it is blocked."""
    return [
        Link(Action(action).label, reverse("file_standing", args=[file.pk, action]), KIND.get(action, "secondary"), why)
        for action, why in standing.steps_of(file, user).items()
    ]


KIND: dict[str, str] = {Action.CLOSE_FILE: "danger"}


def notices_of(file: PensionFile) -> list[Notice]:
    """Why and when a file was closed here, whether the center knows, and what was paid beyond."""
    if file.status != Status.TERMINATED or file.closed_on is None:
        return []
    about = {"cause": file.get_closing_cause_display(), "day": jalali(file.closed_on)}
    text = " ".join(filter(None, [paid_until(file), waiting_for_center(file), overpaid(file)]))
    tone = "warning" if standing.months_overpaid(file) else "info"
    return [Notice(_("Closed: %(cause)s, %(day)s") % about, text, tone)]


def paid_until(file: PensionFile) -> str:
    """The last month that is due."""
    if file.closed_on is None:
        return ""
    return _("The last month due is %(month)s.") % {"month": Month.of(file.closed_on).show()}


def waiting_for_center(file: PensionFile) -> str:
    """While the center has not heard of the closing; a conflict is told by itself."""
    asked = file.custody_requests.filter(settled_at=None, held_by="", verb=CustodyRequest.Verb.CLOSE)
    return _("The center has not heard of it yet; it is told by itself.") if asked.exists() else ""


def overpaid(file: PensionFile) -> str:
    """For how many months too much was paid."""
    months = standing.months_overpaid(file)
    sentence = _("After that %(n)s months were paid that were not due (amount unknown); they are to be claimed back.")
    return sentence % {"n": fa(months)} if months else ""
