"""Who may: every action, and the roles that may do it. Nothing else decides about persons.

Sources: the directive 1393/10/27, parts 1 and 2, names the officers of each button; the rest is
settled in docs/decisions/0002-who-may.md.
"""

from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from branches.models import Appointment, User

Rows = TypeVar("Rows", bound="models.QuerySet[Any]")


class Role(models.TextChoices):
    CLERK = "clerk", _("Clerk")
    TECHNICAL_OFFICER = "technical_officer", _("Technical pensions officer")
    BRANCH_HEAD = "branch_head", _("Branch head")
    INSURANCE_DEPUTY = "insurance_deputy", _("Insurance deputy")
    DESTINATION_STAFF = "destination_staff", _("Destination staff")
    PROVINCE_SUPERVISOR = "province_supervisor", _("Province supervisor")
    CENTER_OPERATOR = "center_operator", _("Center operator")
    AUDITOR = "auditor", _("Auditor")


class Scope(models.TextChoices):
    BRANCH = "branch", _("one branch")
    PROVINCE = "province", _("the branches of one administration")
    COUNTRY = "country", _("every branch")


SCOPE = dict.fromkeys(Role, Scope.BRANCH) | {
    Role.PROVINCE_SUPERVISOR: Scope.PROVINCE,
    Role.CENTER_OPERATOR: Scope.COUNTRY,
    Role.AUDITOR: Scope.COUNTRY,
}


class Action(models.TextChoices):
    # a branch's own files
    VIEW_FILES = "view_files", _("See pension files")
    IMPORT_FILES = "import_files", _("Take in the old system's export")
    CORRECT_FILE = "correct_file", _("Correct a pension file")
    SUSPEND_FILE = "suspend_file", _("Suspend a pension file")
    RESUME_FILE = "resume_file", _("Resume a pension file")
    CLOSE_FILE = "close_file", _("Close a pension file")
    SETTLE_REMINDER = "settle_reminder", _("Settle a reminder")
    RUN_PAYROLL = "run_payroll", _("Record a payroll as paid")
    # a move, in the order of the directive
    VIEW_CASES = "view_cases", _("See transfer cases")
    OVERSEE = "oversee", _("See what is overdue, whoever has it")
    SEE_OVERVIEW = "see_overview", _("See the overviews")
    VIEW_RECONCILIATION = "view_reconciliation", _("See whether the invariants hold")
    VIEW_STUCK = "view_stuck", _("See what is stuck on its way to or from the center")
    RETRY_STUCK = "retry_stuck", _("Have what is stuck tried again")
    HAND_OVER_STUCK = "hand_over_stuck", _("Hand over what is stuck")
    GIVE_UP_STUCK = "give_up_stuck", _("Give up what is stuck")
    VIEW_HEALTH = "view_health", _("See whether the system is in order")
    REFER = "refer", _("Record the referral")
    EDIT_MOVE = "edit_move", _("Edit the referral")
    ATTACH = "attach", _("Attach scans")
    DETACH = "detach", _("Remove an attachment")
    ASSEMBLE = "assemble", _("Complete the draft")
    ACKNOWLEDGE = "acknowledge", _("Acknowledge the warnings")
    JUDGE = "judge", _("Compare with the paper file")
    STATE_CERTIFICATE = "state_certificate", _("Issue the last pay certificate")
    APPROVE_TECHNICAL = "approve_technical", _("Approve as technical officer")
    SEND_BACK = "send_back", _("Send back")
    APPROVE_HEAD = "approve_head", _("Send the data to the center")
    DISPATCH_PAPER = "dispatch_paper", _("Record the dispatch of the paper file")
    RECALL = "recall", _("Recall")
    CANCEL = "cancel", _("Cancel")
    REOPEN = "reopen", _("Reopen")
    RECEIVE = "receive", _("Receive from the center")
    SHOW_DECREES = "show_decrees", _("Show the decrees received from the center")
    RECORD_PAPER = "record_paper", _("Record the arrival of the paper file")
    VERIFY = "verify", _("Confirm the comparison")
    ASK_QUESTION = "ask_question", _("Ask the origin")
    ANSWER_QUESTION = "answer_question", _("Answer a question")
    CLOSE_QUESTION = "close_question", _("Close a question")
    RETURN_TO_ORIGIN = "return_to_origin", _("Return to origin")
    REGISTER = "register", _("Confirm the registration of the data")
    ACTIVATE = "activate", _("Activate the pension file")
    RECORD_LIFE_EVENT = "record_life_event", _("Record a life event and hold the case")
    RELEASE = "release", _("Release the held case")
    OPEN_FOLLOW_UP = "open_follow_up", _("Open a follow-up after the transfer")
    SETTLE_FOLLOW_UP = "settle_follow_up", _("Settle a follow-up")
    WITHDRAW_FOLLOW_UP = "withdraw_follow_up", _("Withdraw a follow-up")
    TAKE = "take", _("Take the case")
    PUT_BACK = "put_back", _("Put the case back")
    REASSIGN = "reassign", _("Reassign the case")
    # which branches there are
    CHANGE_BRANCHES = "change_branches", _("Close, merge or renumber a branch")
    # who stands in for whom
    GRANT_STAND_IN = "grant_stand_in", _("Grant a stand-in")
    END_STAND_IN = "end_stand_in", _("End a stand-in early")


_BRANCH = frozenset(role for role in Role if SCOPE[role] == Scope.BRANCH)
_HEADS = frozenset({Role.BRANCH_HEAD, Role.INSURANCE_DEPUTY})
_OFFICER = frozenset({Role.TECHNICAL_OFFICER})
_CLERK = frozenset({Role.CLERK})
_STAFF = frozenset({Role.DESTINATION_STAFF})

MATRIX: dict[Action, frozenset[Role]] = {
    Action.VIEW_FILES: frozenset(Role),
    Action.IMPORT_FILES: _HEADS | {Role.CENTER_OPERATOR},
    Action.CORRECT_FILE: _CLERK,
    Action.SUSPEND_FILE: _OFFICER | _HEADS,
    Action.RESUME_FILE: _OFFICER | _HEADS,
    Action.CLOSE_FILE: _OFFICER | _HEADS,
    Action.SETTLE_REMINDER: _CLERK | _OFFICER,
    Action.RUN_PAYROLL: _OFFICER | _HEADS,
    Action.VIEW_CASES: frozenset(Role),
    Action.OVERSEE: _HEADS | {role for role in Role if SCOPE[role] != Scope.BRANCH},
    Action.SEE_OVERVIEW: frozenset({Role.BRANCH_HEAD} | {role for role in Role if SCOPE[role] != Scope.BRANCH}),
    Action.VIEW_RECONCILIATION: frozenset(role for role in Role if SCOPE[role] == Scope.COUNTRY),
    Action.VIEW_STUCK: _OFFICER | _HEADS | {Role.CENTER_OPERATOR, Role.AUDITOR},
    Action.RETRY_STUCK: _OFFICER | _HEADS | {Role.CENTER_OPERATOR},
    Action.HAND_OVER_STUCK: _OFFICER | _HEADS | {Role.CENTER_OPERATOR},
    Action.GIVE_UP_STUCK: _HEADS,
    Action.VIEW_HEALTH: frozenset({Role.BRANCH_HEAD} | {role for role in Role if SCOPE[role] != Scope.BRANCH}),
    Action.REFER: _CLERK,
    Action.EDIT_MOVE: _CLERK,
    Action.ATTACH: _CLERK,
    Action.DETACH: _CLERK,
    Action.ASSEMBLE: _CLERK,
    Action.ACKNOWLEDGE: _CLERK,
    Action.JUDGE: _OFFICER | _STAFF,
    Action.STATE_CERTIFICATE: _OFFICER,
    Action.APPROVE_TECHNICAL: _OFFICER,
    Action.SEND_BACK: _OFFICER | _HEADS,
    Action.APPROVE_HEAD: _HEADS,
    Action.DISPATCH_PAPER: _CLERK | _OFFICER,
    Action.RECALL: _HEADS,
    Action.CANCEL: _CLERK | _HEADS,
    Action.REOPEN: _CLERK | _OFFICER,
    Action.RECEIVE: _STAFF,
    Action.SHOW_DECREES: _STAFF | _OFFICER,
    Action.RECORD_PAPER: _STAFF,
    Action.VERIFY: _STAFF,
    Action.ASK_QUESTION: _STAFF | _OFFICER,
    Action.ANSWER_QUESTION: _CLERK | _OFFICER,
    Action.CLOSE_QUESTION: _STAFF | _OFFICER,
    Action.RETURN_TO_ORIGIN: _STAFF | _OFFICER,
    Action.REGISTER: _STAFF | _OFFICER,
    Action.ACTIVATE: _OFFICER | _HEADS,
    Action.RECORD_LIFE_EVENT: _BRANCH,
    Action.RELEASE: _OFFICER | _HEADS,
    Action.OPEN_FOLLOW_UP: _OFFICER | _HEADS,
    Action.SETTLE_FOLLOW_UP: _OFFICER | _HEADS,
    Action.WITHDRAW_FOLLOW_UP: _OFFICER | _HEADS,
    Action.TAKE: _BRANCH,
    Action.PUT_BACK: _BRANCH,
    Action.REASSIGN: _HEADS | {Role.PROVINCE_SUPERVISOR},
    Action.CHANGE_BRANCHES: frozenset({Role.CENTER_OPERATOR}),
    Action.GRANT_STAND_IN: frozenset({Role.BRANCH_HEAD, Role.PROVINCE_SUPERVISOR}),
    Action.END_STAND_IN: frozenset({Role.BRANCH_HEAD, Role.PROVINCE_SUPERVISOR}),
}
READING = frozenset(
    {
        Action.VIEW_FILES,
        Action.VIEW_CASES,
        Action.OVERSEE,
        Action.SEE_OVERVIEW,
        Action.VIEW_RECONCILIATION,
        Action.VIEW_STUCK,
        Action.VIEW_HEALTH,
    }
)


def acting_roles(user: "User", action: str, branch: Any) -> list[str]:
    """The roles in which `user` may do `action` for `branch` today, own offices first; empty when none."""
    return [a.role for a in user.current_appointments if a.covers(branch) and a.role in MATRIX[Action(action)]]


def represented(user: "User", role: str, branch_code: str) -> "User | None":
    """Whose stand-in `user` is when acting as `role` for a branch today; None in an own office."""
    offices = (a for a in user.current_appointments if a.role == role and branch_code in a.branch_codes)
    office = next(offices, None)
    return office.stands_in_for if office else None


def can(user: "User", action: str, branch: Any) -> bool:
    """Whether `user` may do `action` for `branch` today."""
    return bool(acting_roles(user, action, branch))


def scoped(rows: Rows, user: "User", action: str, path: str = "branch") -> Rows:
    """The rows of the branches for which `user` may do `action`; `path` leads to the branch (invariant I7)."""
    may = [a for a in user.current_appointments if a.role in MATRIX[Action(action)]]
    if any(a.scope == Scope.COUNTRY for a in may):
        return rows
    return rows.filter(_branches(may, path))


def _branches(may: "list[Appointment]", path: str) -> models.Q:
    """By their codes, a province's too: through a join no index of a long table would be of use."""
    return models.Q(**{f"{path}__in": sorted({code for appointment in may for code in appointment.branch_codes})})
