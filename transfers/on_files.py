"""What a pension file's page says and offers about moves."""

from collections import defaultdict
from collections.abc import Callable

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext as _

from branches import reminders
from branches.models import Correction, CustodyRequest, PensionFile, User
from branches.roles import Action, can
from branches.services import Link, Notice, Remarks
from transfers import custody, hurdles, snapshot
from transfers.discrepancies import OfCase
from transfers.models import Mark, TransferCase
from transfers.states import Side


def remember(file: PensionFile, by: User, correction: Correction) -> None:
    """The coming events of a file corrected here become its reminders, as those of one that came sealed do."""
    reminders.remember(file, snapshot.read_file(file)["coming_events"])


def links(file: PensionFile, user: User) -> list[Link]:
    """«ثبت ارجاع», with the reason where it is closed."""
    if not can(user, Action.REFER, file.branch):
        return []
    blocked = " ".join(hurdles.referral_hurdles(file))
    return [Link(_("Record the referral"), reverse("refer", args=[file.pk]), "primary", blocked)]


def notices(file: PensionFile, user: User) -> list[Notice]:
    """The last move of the file: under way, gone, or come here."""
    case = TransferCase.objects.filter(pension_file=file).select_related("origin", "destination").last()
    if case is None or (not case.is_open and file.status != "moved"):
        return _held_elsewhere(file)
    title = TITLES[case.side](case)
    link = Link(_("Open the case"), reverse("case", args=[case.pk]))
    return [Notice(title, f"{case.get_state_display()}. {_closed(file)}", "info", link), *_held_elsewhere(file)]


def _closed(file: PensionFile) -> str:
    """That the file is read-only, while a sealed move holds it."""
    if not file.is_frozen:
        return ""
    return _("Nothing here can be corrected until the file comes back from the move or belongs to the destination.")


def remarks(file: PensionFile) -> Remarks:
    """What the destination, or the own technical officer, found different on paper: beside the fields it is of."""
    marks = Prefetch("marks", Mark.objects.select_related("by"))
    rows = TransferCase.objects.open().filter(pension_file=file, side=Side.ORIGIN)
    case = rows.prefetch_related(marks, "contents", "discrepancies").first()
    if case is None:
        return {}
    found, asked = defaultdict(list), OfCase(case)
    for one in asked.all_open:
        if place := asked.place(one):
            found[place].append(one.remark)
    return found


def hurdles_of_closing(file: PensionFile) -> list[str]:
    """A file that is being moved is not closed: the move ends first, or is held by a life event."""
    case = TransferCase.objects.open().filter(pension_file=file).first()
    if case is None:
        return []
    sentence = _(
        "It is being moved (%(number)s): cancel or recall the referral first; if somebody has died, record the life "
        "event on the case."
    )
    return [sentence % {"number": case.tracking_number}]


def _held_elsewhere(file: PensionFile) -> list[Notice]:
    request = file.custody_requests.filter(settled_at=None).exclude(held_by="").first()
    if request is None:
        return []
    if request.held_by == custody.NOBODY:
        title = _("The center knows no branch that pays this pension.")
        return [Notice(title, _("Ask the center operator; until then its closing is not confirmed there."), "error")]
    if request.verb == CustodyRequest.Verb.CLOSE:
        title = _("Branch %(branch)s holds the payment of this pension.") % {"branch": request.held_by}
        return [Notice(title, _("The closing is not confirmed at the center: ask the center operator."), "error")]
    title = _("Branch %(branch)s holds the payment of this pension.") % {"branch": request.held_by}
    return [Notice(title, _("Ask the center operator; until then it is neither paid nor referred here."), "error")]


def _leaving(case: TransferCase) -> str:
    sentence = _("In transfer to %(branch)s") if case.is_open else _("Moved to %(branch)s")
    return sentence % {"branch": case.destination}


TITLES: dict[str, Callable[[TransferCase], str]] = {
    Side.ORIGIN: _leaving,
    Side.DESTINATION: lambda case: _("Came from %(branch)s") % {"branch": case.origin},
}
