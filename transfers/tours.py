"""The tour of a first visit, for each role: what waits where, what the next press is, whom to ask."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from branches.models import User
from branches.roles import Role

LONGEST = 6  # stops; of somebody with several offices those of the first come first


@dataclass(frozen=True)
class Stop:
    """One stop of a tour: a page, and what it is for."""

    title: Any
    text: Any
    url_name: str


QUEUE = Stop(
    _("The work queue"),
    _("Here stands what waits for you, the oldest due first. Open the first row and press its one large button."),
    "cartable",
)
READING = Stop(
    _("The work queue"),
    _("Here stands what is under way in the branches you look after, the oldest first."),
    "cartable",
)
TRACKING = Stop(
    _("Where a file is"),
    _("Type a tracking number, a pension number or a national code: you see where the file is and whose turn it is."),
    "tracking",
)
NOTICES = Stop(
    _("The bell"),
    _("It counts what is new since your last look. You choose what it tells you, and whether an e-mail comes too."),
    "notices",
)
HELP = Stop(
    _("Help where you stand"),
    _("The question under the heading of a page tells who does the step, what the directive says and what follows."),
    "help",
)
OVERDUE = Stop(
    _("What is overdue"), _("What has waited too long stands here, with whose turn it is. Begin at the top."), "overdue"
)
TOURS: dict[str, tuple[Stop, ...]] = {
    Role.CLERK: (
        QUEUE,
        Stop(
            _("Record a referral"),
            _("Find the pension file, choose the destination branch and type the letter. What is missing is listed."),
            "referral",
        ),
        TRACKING, NOTICES, HELP,
    ),
    Role.TECHNICAL_OFFICER: (
        QUEUE,
        Stop(
            _("Compare, then approve"),
            _("Compare every field with the paper; then the approval opens. At the destination you activate the file."),
            "case_list",
        ),
        TRACKING, NOTICES, HELP,
    ),
    Role.BRANCH_HEAD: (
        QUEUE,
        Stop(
            _("Send to the center"),
            _("What is approved stands here. Tick it and send it; until it is received you can take it back."),
            "send_list",
        ),
        OVERDUE, TRACKING, NOTICES, HELP,
    ),
    Role.DESTINATION_STAFF: (
        QUEUE,
        Stop(
            _("Receive from the center"),
            _("What was sent to your branch waits here. Receive it, show the decrees, compare them with the paper."),
            "receive_list",
        ),
        TRACKING, NOTICES, HELP,
    ),
    Role.PROVINCE_SUPERVISOR: (
        OVERDUE,
        Stop(
            _("Who has how much"), _("You give work to another person of the same office, with a reason."), "workload"
        ),
        TRACKING, HELP,
    ),
    Role.CENTER_OPERATOR: (
        Stop(
            _("What is stuck"), _("What could not be carried over by itself stands here with the reason."), "stuck_list"
        ),
        Stop(_("The health of the system"), _("Databases, workers and backups tell how they are."), "health"),
        TRACKING, HELP,
    ),
    Role.AUDITOR: (
        READING,
        Stop(_("Do the rules hold?"), _("Every night the rules that must never be broken are checked."), "reconcile"),
        TRACKING, HELP,
    ),
}  # fmt: skip
TOURS[Role.INSURANCE_DEPUTY] = TOURS[Role.BRANCH_HEAD]


def stops_of(user: User) -> list[Stop]:
    """The tour of this person; empty for somebody without an office."""
    roles = dict.fromkeys(appointment.role for appointment in user.current_appointments)
    return list(dict.fromkeys(stop for role in roles for stop in TOURS[role]))[:LONGEST]


def is_new(user: User) -> bool:
    """Whether the tour is still offered."""
    return user.toured_at is None and bool(user.current_appointments)
