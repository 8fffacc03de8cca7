"""How: the one door through which a case changes. Pages, API and commands are three handles on it.

Order: see and lock -> may -> when -> input -> (decided in the center first?) -> move -> effects -> event -> command.
"""

import logging
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from branches.models import Branch, PensionFile, User
from branches.roles import Action, acting_roles
from pension_transfer.lib.busy import again
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen, Refusal, Waiting
from pension_transfer.lib.failpoints import fail_point
from transfers import crossings, deliveries, effects, exchange, follow_ups, hurdles, lateness, refusals, trail
from transfers.doing import Doing
from transfers.inputs import take_input
from transfers.models import Command, Crossing, Heard, TransferCase, Verb
from transfers.states import MOVING, TURN_ROLES, Side, Step, find_step
from transfers.transactions import site

COMPLETES = frozenset({Action.ACKNOWLEDGE})  # steps after which the draft completes itself, if nothing else is missing
log = logging.getLogger(__name__)
QUIET = {Action.JUDGE}  # too many for the trail; a mark keeps its own who and when
# Called with the move's id when the center has taken a step: the other branch may be on this very site.
on_crossed: list[Callable[[uuid.UUID], Any]] = []


# --- the door -----------------------------------------------------------------------------------------


def perform(
    action: str,
    case_id: int,
    *,
    by: User,
    command_id: uuid.UUID,
    seen: int | None = None,
    data: Any = None,
    files: Any = None,
) -> TransferCase:
    """Take the step `action` on a case for `by`; the case as it then is.

    `seen` is the trail's length on the page that was pressed; `data` is the raw input of the action's form,
    `files` what was uploaded with it.
    Raises NotSeen, NotAllowed, NotNow, BadInput; Waiting when the center must decide and does not answer.
    """
    if done := _repeated(command_id, by, action, case=case_id):
        return done
    try:
        case, crossing = _begin(action, case_id, by, command_id, seen, data, files)
    except (NotNow, BadInput) as refusal:
        if done := _repeated(command_id, by, action, case=case_id):  # carried out while this one waited for the lock
            return done
        asked = _asked(command_id, by)
        if asked and (asked.state, asked.action, asked.case_id) == ("open", action, case_id):
            return _settled(asked.known_case, asked)  # its answer was lost: it is finished now, not refused
        _hear_the_first_answer(asked)
        if refusal.code == "content_changed":
            advance("lapse", case_id, trail.signature(None, "", ""), {"reason": refusal.message})
        raise
    return _settled(case, crossing)


def _settled(case: TransferCase, crossing: Crossing | None) -> TransferCase:
    """The case as it is after the center was asked."""
    _settle_all(case, crossing)
    return TransferCase.objects.get(pk=case.pk)


def _begin(
    action: str, case_id: int, by: User, command_id: uuid.UUID, seen: int | None, data: Any, files: Any
) -> tuple[TransferCase, Crossing | None]:
    with site():
        case = _lock(case_id, by)
        step, role = _may(action, case, by)
        _fresh(case, seen)
        if reasons := hurdles.of(action, case, by):
            raise NotNow(" ".join(str(reason) for reason in reasons), "blocked")
        given = take_input(action, data, case, files)
        return case, _decide_here_or_there(step, case, by, role, given, command_id)


def open_case(file_id: int, *, by: User, command_id: uuid.UUID, data: Any = None) -> TransferCase:
    """Record a referral (directive, part 1): a new case, completed at once when nothing is missing."""
    about = {"case__pension_file": file_id}
    if done := _repeated(command_id, by, Action.REFER, **about):
        return done
    with site():
        file = PensionFile.objects.visible_to(by).select_for_update(of=("self",)).filter(pk=file_id).first()
        if file is None:
            raise NotSeen(_("There is no such pension file in your branch."), "no_file")
        if done := _repeated(command_id, by, Action.REFER, **about):  # carried out while this one waited for the lock
            return done
        role = _role(Action.REFER, file.branch, by)
        hurdles.refuse_referral(file)
        given = take_input(Action.REFER, data)
        case = effects.new_case(file, given)
        doing = Doing(case, Action.REFER, by, role, given, trail.signature(by, role, file.branch_id))
        _carry_out(doing, move=False, command_id=command_id)
        assemble_if_complete(case, by, role)
    return case


def receive(envelope_id: uuid.UUID, *, branch: Branch, by: User, command_id: uuid.UUID) -> TransferCase:
    """«دریافت از مرکز»: take an envelope addressed to `branch`; a later version comes into the same copy."""
    if done := _repeated(command_id, by, Action.RECEIVE, case__contents__envelope_id=envelope_id):
        return done
    _hear_the_first_answer(_asked(command_id, by))
    with site():
        role = _role(Action.RECEIVE, Branch.objects.get(pk=branch.pk), by)
        crossing = _intend_taking(envelope_id, branch, by, role, command_id)
    settle(crossing)
    held = TransferCase.objects.filter(side=Side.DESTINATION, branch=branch)
    case = held.get(contents__envelope_id=envelope_id)
    _settle_told(case)
    deliveries.fetch_while_waiting(case)
    return case


def advance(
    action: str,
    case_id: int,
    who: dict[str, Any],
    given: dict[str, Any],
    of: uuid.UUID | None = None,
    key: uuid.UUID | None = None,
) -> TransferCase | None:
    """Take a step that comes by itself; None when the case is already past it, or past the envelope `of`.

    `key` names the message that brings it: one that was heard before changes nothing.
    """
    return again(lambda: _advance_alone(action, case_id, who, given, of, key))


def _advance_alone(*step: Any) -> TransferCase | None:
    with site():
        return _advance(*step)


def _advance(
    action: str,
    case_id: int,
    who: dict[str, Any],
    given: dict[str, Any],
    of: uuid.UUID | None = None,
    key: uuid.UUID | None = None,
) -> TransferCase | None:
    case = crossings.lock_case(case_id)
    if of and of != case.envelope_id:  # a receipt of another than the current envelope moves nothing (DESIGN 11.4)
        return None
    if of and crossings.is_asking(case):  # what the center answers to this branch comes before what others said there
        return None
    step = find_step(action, case.side, case.state)
    if not step or not step.by_itself or not step.fits_age(case.is_open) or not _is_news(case, key):
        return None
    _carry_out(Doing(case, action, None, who.get("role", ""), given, who), move=step.target is not None)
    return case


def _is_news(case: TransferCase, key: uuid.UUID | None) -> bool:
    """Whether a message comes for the first time; from now on it has been heard."""
    return key is None or Heard.objects.get_or_create(pk=key, defaults={"case": case})[1]


def assemble_if_complete(case: TransferCase, by: User, role: str = "") -> bool:
    """The draft completes itself when the content passes every check; otherwise the case keeps what is missing or
    to be acknowledged, and it is the clerk's turn."""
    effects.list_missing(case)
    if is_complete := effects.is_complete(case):
        role = role or _role(Action.ASSEMBLE, case.branch, by)
        doing = Doing(case, Action.ASSEMBLE, by, role, {}, trail.signature(by, role, case.branch_id))
        _carry_out(doing)
    else:
        case.is_assembled = False
        effects.hand_over_turn(case)
        case.save()
    return is_complete


def lapse(case: TransferCase, reason: str) -> None:
    """The approval ends by itself: what was approved is no longer what the file says (D5)."""
    _carry_out(Doing(case, "lapse", None, "", {"reason": reason}, trail.signature(None, "", case.branch_id)))


# --- see, may, when -----------------------------------------------------------------------------------


def _repeated(command_id: uuid.UUID, by: User, action: str, **of: Any) -> TransferCase | None:
    """The case of a command carried out before; a repeat changes nothing and hears the first answer (D3).

    `of` is what the press is about: NotNow when the command was about something else.
    """
    done = Command.objects.filter(pk=command_id, by=by).first()
    if done and not Command.objects.filter(pk=command_id, action=action, **of).exists():
        raise NotNow(_("This form was already used for another step. Reload the page and press again."), "reused")
    return done.case if done else None


def _asked(command_id: uuid.UUID, by: User) -> Crossing | None:
    """What this very command asked of the center before."""
    return Crossing.objects.filter(pk=command_id, by=by).first()


def _hear_the_first_answer(asked: Crossing | None) -> None:
    """NotNow as the center said it, when it has refused."""
    if asked and asked.state == "refused":
        code, _space, detail = asked.reason.partition(" ")
        raise NotNow(refusals.refused_by_center(code, detail), code)


def _lock(case_id: int, by: User) -> TransferCase:
    if not TransferCase.objects.visible_to(by).filter(pk=case_id).exists():
        raise NotSeen(_("There is no such case in your branch."), "no_case")
    return crossings.lock_case(case_id)


def _role(action: str, branch: Branch, by: User) -> str:
    """`branch` as it was read in this transaction: where it is served may have been decided just now."""
    if branch.is_elsewhere:
        raise NotNow(hurdles.served_elsewhere(branch), "elsewhere")
    roles = acting_roles(by, action, branch)
    if not roles:
        raise NotAllowed(_("Your role does not include this step; ask the colleague whose step it is."), "role")
    return roles[0]


def _may(action: str, case: TransferCase, by: User) -> tuple[Step, str]:
    if action not in Action.values:
        raise NotSeen(_("There is no such step."), "no_action")
    role = _role(action, case.branch, by)
    step = find_step(action, case.side, case.state)
    if step is None or not step.fits_age(case.is_open):
        is_early = step is not None and step.after_closing
        raise NotNow(follow_ups.TOO_EARLY if is_early else hurdles.what_happened(case), "state")
    if not step.fits(case.is_held):
        raise NotNow(hurdles.about_the_hold(case), "held" if case.is_held else "not_held")
    if step.whose_turn:
        role = _role_in_turn(case, by, action)
    return step, role


def _role_in_turn(case: TransferCase, by: User, action: str) -> str:
    turn = TURN_ROLES.get(case.turn, frozenset())
    roles = [role for role in acting_roles(by, action, case.branch) if role in turn]
    if not roles:
        raise NotNow(hurdles.what_happened(case), "turn")
    return roles[0]


def _fresh(case: TransferCase, seen: int | None) -> None:
    if seen is not None and seen != case.trail_length:
        raise NotNow(hurdles.what_happened(case, seen), "stale")


# --- carrying out -------------------------------------------------------------------------------------


def _decide_here_or_there(
    step: Step, case: TransferCase, by: User, role: str, given: dict[str, Any], command_id: uuid.UUID
) -> Crossing | None:
    doing = Doing(case, step.action, by, role, given, trail.signature(by, role, case.branch_id))
    if crossings.is_decided_there(step, case):
        return crossings.intend(doing, command_id)
    _carry_out(doing, move=step.target is not None, command_id=command_id)
    if step.action in COMPLETES:
        assemble_if_complete(case, by, role)
    return None


def _carry_out(doing: Doing, *, move: bool = True, command_id: uuid.UUID | None = None) -> None:
    """Move, effects, turn, event, command: all in the caller's transaction."""
    case, before = doing.case, doing.case.state if doing.case.trail_length else ""
    waited = None if doing.again else lateness.before(case)
    if move:
        getattr(case, doing.action)()
    effects.follow(doing)
    if doing.action not in QUIET:
        case.trail_length += 1
    effects.hand_over_turn(case, moved=case.state != before)
    case.save()
    if doing.action not in QUIET:
        late = lateness.told(waited, case, doing.acted_at)
        trail.write(case, doing.action, before, **doing.who, **late, note=doing.note, details=doing.told)
    if command_id:
        Command.objects.create(pk=command_id, action=doing.action, by=doing.person, case=case)


def carry_out_again(doing: Doing, key: uuid.UUID | None = None) -> None:
    """A step that was taken here before a restore; in the caller's transaction, asking nobody (transfers.rebuild).

    `key` is the command's, so that a form pressed then and sent again hears that it is done.
    """
    step = find_step(doing.action, doing.case.side, doing.case.state) if doing.case.trail_length else None
    _carry_out(doing, move=bool(step and step.target), command_id=key if doing.by else None)


# --- crossing to the center ---------------------------------------------------------------------------


def _intend_taking(envelope_id: uuid.UUID, branch: Branch, by: User, role: str, command_id: uuid.UUID) -> Crossing:
    begun = Crossing.objects.filter(envelope_id=envelope_id, branch=branch, verb="take", state="open").first()
    return begun or crossings.intend_taking(envelope_id, branch, by, role, command_id)


def _settle_all(case: TransferCase, first: Crossing | None) -> None:
    """Ask the center at once. What was decided here does not wait for its answer; sync repeats it.

    What the branch said before of this pension comes before; only a recall goes ahead of the envelope that it bars.
    """
    if first and first.verb == Verb.WITHDRAW:
        settle(first)
    _settle_told(case)
    if first and first.verb != Verb.WITHDRAW:
        settle(first)
        _settle_told(case)


def _settle_told(case: TransferCase) -> None:
    said = Crossing.objects.filter(case__branch=case.branch, case__pension_number=case.pension_number)
    for crossing in said.filter(state="open", decided_there=False).order_by("created_at"):
        try:
            settle(crossing)
        except Waiting:  # what was said later does not overtake it
            break
        except Refusal:  # the case says so, see hurdles.at_the_center
            continue
        except (RuntimeError, OperationalError, InterfaceError):
            raise
        except Exception:  # sync counts its tries, and sets it aside with the reason
            log.exception("not told: %s", crossing)
            break


def settle(crossing: Crossing) -> None:
    """Carry one crossing over and finish it here. Safe to repeat; Waiting when the center does not answer."""
    if crossings.comes_too_early(crossing):
        raise Waiting(_("This step waits for the center and will be done by itself."), "center")
    fail_point("intended")
    try:
        answer = exchange.ask(crossing)
    except exchange.Unreachable as lost:
        Crossing.objects.filter(pk=crossing.pk).update(attempts=crossing.attempts + 1)
        raise Waiting(
            _("The center cannot be reached. Your step is kept and will be done by itself."), "center"
        ) from lost
    except exchange.Refused as refused:
        if refused.code == "held" and not crossing.decided_there:  # said here, heard there once it is released
            raise Waiting(refusals.refused_by_center(refused.code), "held") from refused
        if refused.code == "unknown_key":  # kept: it is done once the center knows the key
            raise NotNow(refusals.refused_by_center(refused.code), refused.code) from refused
        refuse(crossing, f"{refused.code} {refused.detail}".strip())
        raise NotNow(refusals.refused_by_center(refused.code, refused.detail), refused.code) from refused
    fail_point("asked")
    for hear in again(lambda: _finish(crossing, answer)):
        hear()
    fail_point("finished")


def refuse(crossing: Crossing, reason: str) -> None:
    """Close a crossing as refused, in a transaction of its own."""

    def close() -> None:
        with site():
            crossings.refuse(crossing, reason)

    again(close)


def _finish(crossing: Crossing, answer: Any) -> list[Callable[[], Any]]:
    """What the center decided, carried out here in the name of the person who pressed; who has to hear of it."""
    with site():
        if crossing.case_id:  # the case before its crossing, as a recall does: no two wait for each other
            crossings.lock_case(crossing.case_id)
        crossing = Crossing.objects.select_for_update(of=("self",)).get(pk=crossing.pk)
        if crossing.state != "open":
            return []
        crossings.close_crossing(crossing, "done")
        case = _carry_out_decided(crossing, answer) if crossing.decided_there else crossing.known_case
        if crossing.verb == Verb.DEPOSIT:
            _advance("mark_sent", case.pk, trail.signature(None, "", crossing.branch_id), {})
        fail_point("finishing")
    return [partial(hear, case.transfer_id) for hear in on_crossed]


def _carry_out_decided(crossing: Crossing, answer: Any) -> TransferCase:
    who = trail.signature(crossing.by, crossing.role, crossing.branch_id, trail.place_of(crossing.body))
    case, is_new = crossings.case_of(crossing, answer)
    pressed_at = crossing.created_at
    doing = Doing(case, crossing.action, crossing.by, crossing.role, crossing.input, who, answer, pressed_at=pressed_at)
    if crossing.verb == Verb.TAKE and not is_new and case.contents.filter(envelope_id=answer.pk).exists():
        Command.objects.create(pk=crossing.key, action=crossing.action, by=doing.person, case=case)
        return case  # received before: receiving again changes nothing (I3)
    _carry_out(doing, move=doing.action in MOVING and not is_new, command_id=crossing.key)
    return case
