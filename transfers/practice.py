"""Tasks of a training site, for each role: to be done on invented files, ticked when they are done."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from branches.models import User
from branches.roles import Action, Role
from transfers.models import Command, TransferEvent


@dataclass(frozen=True)
class Task:
    """Something to do, where, and the action in the trail that tells it is done (empty: only to be read)."""

    text: Any
    url_name: str
    action: str = ""


READ = Task(_("Look up where a file is by its tracking number."), "tracking")
TASKS: dict[str, tuple[Task, ...]] = {
    Role.CLERK: (
        Task(_("Refer a pension file to another branch."), "referral", Action.REFER),
        Task(_("Correct what a referral lacks, then complete the draft."), "cartable", Action.ASSEMBLE),
        Task(_("Attach a scan to a draft."), "case_list", Action.ATTACH),
        Task(_("Record how the paper file left."), "case_list", Action.DISPATCH_PAPER),
        Task(_("Reopen a file that was returned and send it on again."), "cartable", Action.REOPEN),
    ),
    Role.TECHNICAL_OFFICER: (
        Task(_("Compare a draft with the paper file, field by field."), "cartable", Action.JUDGE),
        Task(_("Approve a draft in which everything matches."), "cartable", Action.APPROVE_TECHNICAL),
        Task(_("Send a draft back to the clerk, with the reason."), "cartable", Action.SEND_BACK),
        Task(_("Answer a question of the destination."), "cartable", Action.ANSWER_QUESTION),
        Task(_("Activate a pension file that was registered here."), "cartable", Action.ACTIVATE),
    ),
    Role.BRANCH_HEAD: (
        Task(_("Send two approved cases to the center at once."), "send_list", Action.APPROVE_HEAD),
        Task(_("Take back what the destination has not received yet."), "case_list", Action.RECALL),
        Task(_("Give a case to another person of the same office."), "workload", Action.REASSIGN),
    ),
    Role.DESTINATION_STAFF: (
        Task(_("Receive a file from the center."), "receive_list", Action.RECEIVE),
        Task(_("Show the decrees received from the center."), "cartable", Action.SHOW_DECREES),
        Task(_("Ask the origin about a field."), "cartable", Action.ASK_QUESTION),
        Task(_("Return a file in which something is wrong."), "cartable", Action.RETURN_TO_ORIGIN),
        Task(_("Confirm the comparison, then the registration."), "cartable", Action.REGISTER),
    ),
    Role.PROVINCE_SUPERVISOR: (
        Task(_("Find the branch with the oldest overdue case."), "overdue"),
        Task(_("Give a case to another person of the same office."), "workload", Action.REASSIGN),
    ),
    Role.CENTER_OPERATOR: (Task(_("Read whether every part of the system is in order."), "health"), READ),
    Role.AUDITOR: (Task(_("Read what the nightly check of the rules found."), "reconcile"), READ),
}
TASKS[Role.INSURANCE_DEPUTY] = TASKS[Role.BRANCH_HEAD]


@dataclass(frozen=True)
class Done:
    """A task and whether this person has done it; `is_done` is None where nothing tells."""

    task: Task
    is_done: bool | None


def tasks_of(user: User) -> list[Done]:
    """The tasks of this person's roles, with what the trail says."""
    roles = dict.fromkeys(appointment.role for appointment in user.current_appointments)
    tasks = list(dict.fromkeys(task for role in roles for task in TASKS[role]))
    wanted = {task.action for task in tasks if task.action}
    done = set(Command.objects.filter(by=user, action__in=wanted).values_list("action", flat=True))
    done |= set(TransferEvent.objects.filter(by=user, action__in=wanted).values_list("action", flat=True))
    return [Done(task, task.action in done if task.action else None) for task in tasks]
