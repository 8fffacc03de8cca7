"""What stands in the way: why a step is closed, in sentences that say what to do."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import Branch, PensionFile, Status, User
from branches.roles import Action, acting_roles, represented
from central import contract
from pension_transfer.lib.errors import NotAllowed, NotNow
from pension_transfer.lib.persian import listed
from pension_transfer.lib.templatetags.persian import fa
from transfers import attachments, comparison, completeness, follow_ups, last_pay, presentation, snapshot, work
from transfers.effects import list_missing
from transfers.labels import SECTION_NAMES
from transfers.models import Part, TransferCase
from transfers.payroll_warnings import month_stands
from transfers.refusals import REFUSED_BY_CENTER, refused_by_center
from transfers.states import MOVES, TURN_ROLES, WITHIN, Side, State, find_step


def served_elsewhere(branch: Branch) -> str:
    """Why nothing is done here for a branch of another site."""
    sentence = _("Branch %(branch)s is served by site %(site)s: make the change there.")
    return sentence % {"branch": branch.pk, "site": branch.site or "?"}


def at_the_center(case: TransferCase) -> str:
    """What keeps the last step of this case from having reached the center; empty when nothing does."""
    crossing = max(case.crossings.all(), key=lambda row: row.created_at, default=None)
    if not crossing or crossing.state == "done" or (crossing.state == "refused" and crossing.decided_there):
        return ""
    if crossing.state == "refused":
        code, _space, detail = crossing.reason.partition(" ")
        return refused_by_center(code, detail) if code != "withdrawn" else ""
    return _("This step waits for the center and will be done by itself.")


def what_happened(case: TransferCase, seen: int | None = None) -> str:
    """What others did since a page was shown, or the last step of a person and what followed by itself."""
    events = list(case.events.order_by("sequence"))
    by_hand = [event.sequence for event in events if event.by_name]
    first = (by_hand or [case.trail_length])[-1] if seen is None else seen + 1
    since = [event for event in events if event.sequence >= first]
    done = listed(f"{action_label(e.action)} ({e.by_name or _('by itself')})" for e in since)
    now = _("This case is now: %(state)s.") % {"state": case.get_state_display()}
    return f"{now} {_('Meanwhile: %(done)s.') % {'done': done}}" if done else now


def about_the_hold(case: TransferCase) -> str:
    """Why a step does not fit a case that is held, or is not; what happened to it last."""
    return str(REFUSED_BY_CENTER["held"]) if case.is_held else what_happened(case)


def action_label(action: str) -> str:
    """An action's name for people; steps that come by themselves have theirs in the table of states."""
    if action in Action.values:
        return str(Action(action).label)
    return next((str(step.label) for step in MOVES + WITHIN if step.action == action), action)


# --- before a referral ----------------------------------------------------------------------------------


def referral_hurdles(file: PensionFile) -> list[str]:
    """Why this file cannot be referred; empty when it can."""
    found = []
    if file.status not in {Status.ACTIVE, Status.SUSPENDED}:
        found.append(
            _("Only an active or suspended file can be referred; this one is: %(status)s.")
            % {"status": file.get_status_display()}
        )
    requests = file.custody_requests.filter(settled_at=None)
    if request := requests.first():
        found.append(
            _("Branch %(branch)s holds the payment of this pension.") % {"branch": request.held_by}
            if request.held_by
            else _("The center has not confirmed yet that this branch pays this pension.")
        )
    if case := TransferCase.objects.open().filter(pension_file=file, side="origin").first():
        found.append(_("It has an open referral: %(number)s.") % {"number": case.tracking_number})
    return found


def refuse_referral(file: PensionFile) -> None:
    """NotNow when the file cannot be referred."""
    if found := referral_hurdles(file):
        raise NotNow(" ".join(found), "blocked")


# --- before a step of a case ------------------------------------------------------------------------------


def _judged(case: TransferCase, by: User) -> list[str]:
    left = Counter(str(SECTION_NAMES[field.section]) for field in comparison.open_fields(case))
    if not left:
        return [] if case.content else [_("The clerk has to complete the draft first.")]
    names = listed(f"{name} ({fa(number)})" for name, number in left.items())
    return [_("Not yet compared with the paper file: %(sections)s.") % {"sections": names}]


def _assembled(case: TransferCase, by: User) -> list[str]:
    return [] if case.is_assembled else [_("The clerk has to complete the draft first.")]


def _complete(case: TransferCase, by: User) -> list[str]:
    return [*completeness.sentences(case.missing, case.drafted), *_unanswered(case)]


def _read_anew(case: TransferCase, by: User) -> list[str]:
    """What is missing and doubtful is listed by every correction; the door looks itself."""
    list_missing(case)
    return []


def _unanswered(case: TransferCase) -> list[str]:
    count = len(completeness.open_warnings(case))
    return [_("Acknowledge the warnings first (%(count)s).") % {"count": fa(count)}] if count else []


def _warned(case: TransferCase, by: User) -> list[str]:
    return [] if completeness.open_warnings(case) else [_("No warning is open.")]


def _as_in_the_file(case: TransferCase, by: User) -> list[str]:
    """Content that changed behind the approval's back lapses it (D5): workflow acts on the code."""
    if snapshot.content_hash(snapshot.compose(case, case.file)) == case.content_hash:
        return []
    raise NotNow(_("The pension file has changed since; the clerk has to complete the draft again."), "content_changed")


def _not_another_part(part: str) -> Callable[[TransferCase, User], list[str]]:
    def hurdle(case: TransferCase, by: User) -> list[str]:
        taken = next((held for held in case.parts.all() if held.user_id == by.pk and held.name != part), None)
        return (
            [_("You %(part)s in this move; a colleague must take this step.") % {"part": taken.get_name_display()}]
            if taken
            else []
        )

    return hurdle


def _paper_came(case: TransferCase, by: User) -> list[str]:
    return [] if case.paper_arrived_on else [_("Record the arrival of the paper file first.")]


def _decrees_shown(case: TransferCase, by: User) -> list[str]:
    return [] if case.decrees_shown_at else [_("All decrees received must be shown first.")]


def _none_differs(case: TransferCase, by: User) -> list[str]:
    return [str(TO_BE_CORRECTED[case.side])] if comparison.must_be_corrected(case) else []


TO_BE_CORRECTED: dict[str, Any] = {
    Side.ORIGIN: gettext_lazy("A difference must be corrected in the file: send the draft back to the clerk."),
    Side.DESTINATION: gettext_lazy("A discrepancy must be corrected by the origin: return the case."),
}


def _no_open_question(case: TransferCase, by: User) -> list[str]:
    """Nothing is confirmed while a doubt stands; a return is not barred by it."""
    return [
        str(OPEN_QUESTION[question.is_answered])
        % {"field": presentation.about(case.content, question.path), "branch": case.origin}
        for question in case.asked
        if question.is_open
    ]


OPEN_QUESTION: dict[bool, Any] = {
    False: gettext_lazy("The question about «%(field)s» is open: it is the turn of %(branch)s to answer it."),
    True: gettext_lazy("The question about «%(field)s» is answered: read the answer and close the question."),
}


def _some_question(is_answered: bool | None = None) -> Callable[[TransferCase, User], list[str]]:
    def hurdle(case: TransferCase, by: User) -> list[str]:
        held = [question for question in case.asked if question.is_open]
        if any(is_answered in (None, question.is_answered) for question in held):
            return []
        return [_("No question waits for this any more; read under «Questions» what became of it.")]

    return hurdle


def _own_before_approval(case: TransferCase, by: User) -> list[str]:
    """A clerk cancels only what he drafted, before any approval; head and deputy may later, too."""
    roles = acting_roles(by, Action.CANCEL, case.branch)
    if set(roles) != {"clerk"}:
        return []
    own = any(part.user_id == by.pk and part.name == Part.Name.DRAFTER for part in case.parts.all())
    if own and case.state in {State.REFERRAL, State.DRAFT}:
        return []
    return [_("A clerk cancels only an own referral before approval; ask the branch head.")]


def _can_be_written(case: TransferCase, by: User) -> list[str]:
    """Tried and undone: once the center has moved the payment there is no way back (I4)."""
    try:
        with transaction.atomic():
            differing = snapshot.differences(case.content, snapshot.write_file(case.content, case.branch.current))
            transaction.set_rollback(True)
    except (ValidationError, DataError, IntegrityError):  # a row in use, or a database away, is no such fault
        differing = [""]
    sentence = _("What was received cannot be written here as it was sealed: return the case to the origin.")
    return [sentence] if differing else []


def _seal_holds(case: TransferCase, by: User) -> list[str]:
    """This branch's own copy of the content, too, is what was sealed (DESIGN 7)."""
    row = case.contents.get(version=case.version)
    return [] if contract.seal_of(row.body.encode()) == row.seal else [str(REFUSED_BY_CENTER["seal_broken"])]


def _no_open_intention(case: TransferCase, by: User) -> list[str]:
    crossing = next((row for row in case.crossings.all() if row.state == "open" and row.decided_there), None)
    if not crossing:
        return []
    sentence = _("%(action)s by %(name)s waits for the center and will be finished by itself.")
    return [sentence % {"action": action_label(crossing.action), "name": crossing.by}]


def _has_attachments(case: TransferCase, by: User) -> list[str]:
    return [] if attachments.of_case(case) else [_("There is no attachment to remove.")]


def _attachments_are_here(case: TransferCase, by: User) -> list[str]:
    waiting = attachments.on_their_way(case)
    sentence = _("Attachments are on their way from the center (%(count)s); they come by themselves.")
    return [sentence % {"count": fa(len(waiting))}] if waiting else []


def _attachments_hold(case: TransferCase, by: User) -> list[str]:
    """What lies here is what was sealed, byte by byte (I4)."""
    broken = attachments.differences(case) or attachments.broken(case)
    return [_("An attachment is not what was sealed. Tell the center operator.")] if broken else []


PART_OF: dict[str, Part.Name] = {
    Action.ATTACH: Part.Name.DRAFTER,
    Action.DETACH: Part.Name.DRAFTER,
    Action.ACKNOWLEDGE: Part.Name.DRAFTER,
    Action.REFER: Part.Name.DRAFTER,
    Action.EDIT_MOVE: Part.Name.DRAFTER,
    Action.ASSEMBLE: Part.Name.DRAFTER,
    Action.CORRECT_FILE: Part.Name.DRAFTER,
    Action.APPROVE_TECHNICAL: Part.Name.TECHNICAL_APPROVER,
    Action.APPROVE_HEAD: Part.Name.HEAD_APPROVER,
    Action.REGISTER: Part.Name.REGISTRAR,
    Action.ACTIVATE: Part.Name.ACTIVATOR,
}


def _two_parts(action: str, case: TransferCase, by: User) -> list[str]:
    """A stand-in lends no second pair of eyes: neither for an absent person who has taken another part in this move,
    nor to a person in whose name a stand-in has (DESIGN 5, I8)."""
    part = PART_OF.get(action)
    absent = represented(by, _role(action, case, by), case.branch_id) if part else None
    names = {person.username: str(person) for person in (by, absent) if person}
    own = [row.name for row in case.parts.all() if absent and row.user_id == absent.pk]
    lent = [
        (PART_OF[event.action], event.details["for_username"])
        for event in case.events.all()
        if event.action in PART_OF and event.details.get("for_username") in names
    ]
    taken = [(name, absent.username) for name in own if absent] + lent
    return [_of_another_part(name, names[whose]) for name, whose in taken if part and name != part][:1]


def _of_another_part(name: str, whose: str) -> str:
    sentence = _("In the name of %(name)s another part was taken in this move (%(part)s); a colleague must take this.")
    return sentence % {"name": whose, "part": Part.Name(name).label}


def _role(action: str, case: TransferCase, by: User) -> str:
    """The role in which this person would take the step now."""
    step, roles = find_step(action, case.side, case.state), acting_roles(by, action, case.branch)
    if step and step.whose_turn:
        roles = [role for role in roles if role in TURN_ROLES.get(case.turn, ())]
    return roles[0] if roles else ""


def refuse_two_parts(action: str, case: TransferCase, by: User) -> None:
    """NotAllowed where a stand-in would take a second part in somebody's name."""
    if found := _two_parts(action, case, by):
        raise NotAllowed(found[0], "four_eyes")


HURDLES: dict[str, list[Callable[[TransferCase, User], list[str]]]] = {
    Action.EDIT_MOVE: [_not_another_part(Part.Name.DRAFTER)],
    Action.ATTACH: [_not_another_part(Part.Name.DRAFTER)],
    Action.DETACH: [_not_another_part(Part.Name.DRAFTER), _has_attachments],
    Action.ASSEMBLE: [_read_anew, _complete],
    Action.ACKNOWLEDGE: [_read_anew, _not_another_part(Part.Name.DRAFTER), _warned],
    Action.APPROVE_TECHNICAL: [
        _assembled,
        _not_another_part(Part.Name.TECHNICAL_APPROVER),
        _as_in_the_file,
        last_pay.suspension_unstated,
        _judged,
        _none_differs,
    ],
    Action.APPROVE_HEAD: [_not_another_part(Part.Name.HEAD_APPROVER), month_stands, _as_in_the_file],
    Action.CANCEL: [_own_before_approval],
    Action.ANSWER_QUESTION: [_some_question(is_answered=False)],
    Action.CLOSE_QUESTION: [_some_question()],
    Action.VERIFY: [
        _paper_came,
        _decrees_shown,
        _judged,
        _none_differs,
        _attachments_are_here,
        _attachments_hold,
        _no_open_question,
    ],
    Action.REGISTER: [
        completeness.within_one_branch,
        _not_another_part(Part.Name.REGISTRAR),
        _no_open_question,
        _judged,
        _none_differs,
        _attachments_are_here,
        _attachments_hold,
        _seal_holds,
        _can_be_written,
    ],
    Action.ACTIVATE: [_not_another_part(Part.Name.ACTIVATOR)],
    **work.HURDLES,
    **follow_ups.HURDLES,
}


# What reads or writes the whole file is asked at the door only; a correction lapses the approval at once anyway.
AT_THE_DOOR = frozenset({_read_anew, month_stands, _as_in_the_file, _attachments_hold, _seal_holds, _can_be_written})


def of(action: str, case: TransferCase, by: User, at_the_door: bool = True) -> list[Any]:
    """Everything that stands in the way of `action` now; empty when it is open."""
    work.refuse_others(action, case, by)
    checks = [_no_open_intention, *HURDLES.get(action, [])]
    checks = [check for check in checks if at_the_door or check not in AT_THE_DOOR]
    return [*_two_parts(action, case, by), *(reason for check in checks for reason in check(case, by))]
