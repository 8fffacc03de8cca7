"""Everywhere a copy can stand, and who may do what there: DESIGN section 5, written down a second time by hand.

The tests of the door and of the API expect what stands here, so a change in branches.roles or transfers.states
is noticed. Words only: nothing is taken from those two tables.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from branches import services
from branches.models import Appointment, Branch, PensionFile, User
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen, Refusal
from tests.cast import LAST_PAID_TYPED, LIFE_EVENT, MOVE, PAPER, PAPER_SENT, Cast, Walk, appoint, owed, press
from tests.expect import fresh
from tests.scans import attach, picture, upload, uploads
from transfers import exchange
from transfers.models import TransferCase
from transfers.models.work import in_turn

OFFICES = "clerk technical_officer branch_head insurance_deputy destination_staff"
HEADS = "branch_head insurance_deputy"
EVERYBODY = f"{OFFICES} province_supervisor center_operator auditor"
MAY = {
    "view_files": EVERYBODY,
    "import_files": f"{HEADS} center_operator",
    "correct_file": "clerk",
    "suspend_file": f"technical_officer {HEADS}",
    "resume_file": f"technical_officer {HEADS}",
    "close_file": f"technical_officer {HEADS}",
    "settle_reminder": "clerk technical_officer",
    "run_payroll": "technical_officer branch_head insurance_deputy",
    "view_cases": EVERYBODY,
    "oversee": "branch_head insurance_deputy province_supervisor center_operator auditor",
    "see_overview": "branch_head province_supervisor center_operator auditor",
    "view_reconciliation": "center_operator auditor",
    "view_stuck": f"technical_officer {HEADS} center_operator auditor",
    "retry_stuck": f"technical_officer {HEADS} center_operator",
    "hand_over_stuck": f"technical_officer {HEADS} center_operator",
    "give_up_stuck": HEADS,
    "view_health": "branch_head province_supervisor center_operator auditor",
    "refer": "clerk",
    "edit_move": "clerk",
    "attach": "clerk",
    "detach": "clerk",
    "assemble": "clerk",
    "acknowledge": "clerk",
    "judge": "technical_officer destination_staff",
    "state_certificate": "technical_officer",
    "approve_technical": "technical_officer",
    "send_back": f"technical_officer {HEADS}",
    "approve_head": HEADS,
    "dispatch_paper": "clerk technical_officer",
    "recall": HEADS,
    "cancel": f"clerk {HEADS}",
    "reopen": "clerk technical_officer",
    "receive": "destination_staff",
    "show_decrees": "technical_officer destination_staff",
    "record_paper": "destination_staff",
    "verify": "destination_staff",
    "ask_question": "technical_officer destination_staff",
    "answer_question": "clerk technical_officer",
    "close_question": "technical_officer destination_staff",
    "return_to_origin": "technical_officer destination_staff",
    "register": "technical_officer destination_staff",
    "activate": f"technical_officer {HEADS}",
    "record_life_event": OFFICES,
    "release": f"technical_officer {HEADS}",
    "open_follow_up": f"technical_officer {HEADS}",
    "settle_follow_up": f"technical_officer {HEADS}",
    "withdraw_follow_up": f"technical_officer {HEADS}",
    "take": OFFICES,
    "put_back": OFFICES,
    "reassign": f"{HEADS} province_supervisor",
    "change_branches": "center_operator",
    "grant_stand_in": "branch_head province_supervisor",
    "end_stand_in": "branch_head province_supervisor",
}
ASKED = {"path": "principal.birth_date", "text": "تاریخ تولد خوانا نیست؛ کدام است؟", "due_on": "1450/01/05"}
FOLLOW_UP = {
    "matter": "late_payment", "month": "۱۴۰۵/۰۷", "amount": "۱۲٬۵۰۰٬۰۰۰", "settled_by": "",
    "note": "مابه‌التفاوت حکم پرداخت نشد",
}  # fmt: skip
SETTLEMENT = {"outcome": "paid", "settled_amount": "12,500,000 ریال", "letter_number": "۸۸/۴", "closing_note": ""}
WHY = {"reason": "مدرک ناقص است"}
INPUT: dict[str, dict[str, Any]] = {  # what each action asks for; the others ask for nothing
    "attach": {"path": ""},
    "detach": WHY | {"attachment": "of the case"},
    "edit_move": MOVE,
    "acknowledge": {"note": "با پرونده کاغذی مطابقت دارد"},
    "judge": {"path": "contact", "verdict": "match"},
    "state_certificate": {
        "last_paid_month": "1405/08",
        "arrears_amount": "۱٬۲۰۰٬۰۰۰",
        "arrears_note": "عیدی ۱۴۰۴",
        "reason": "فهرست پرداخت آبان",
    },
    "approve_technical": {"last_paid_month": LAST_PAID_TYPED},
    "send_back": WHY,
    "dispatch_paper": PAPER_SENT,
    "recall": WHY,
    "cancel": WHY,
    "receive": {"envelope_id": "of the move"},
    "record_paper": PAPER,
    "ask_question": ASKED,
    "answer_question": {"question": "the open one", "text": "تاریخ تولد با شناسنامه برابر است."},
    "close_question": {"question": "the open one"},
    "return_to_origin": {"code": "other", "note": "پرونده دیگری رسیده است"},
    "record_life_event": LIFE_EVENT,
    "release": WHY,
    "open_follow_up": FOLLOW_UP,
    "settle_follow_up": SETTLEMENT | {"follow_up": "the open one"},
    "withdraw_follow_up": {"follow_up": "the open one", "closing_note": "اشتباه بود"},
    "reassign": WHY | {"to": "who holds the office"},
}
FILES: dict[str, Callable[[], Any]] = {  # uploaded with it
    "attach": lambda: uploads(upload(picture(), "ب.jpg")),
    "answer_question": lambda: uploads(upload(picture("PNG"), "شناسنامه.png")),
}

# --- how a copy comes to stand there ---------------------------------------------------------------------


def _complete_referral(walk: Walk) -> TransferCase:
    return press("send_back", walk.to("draft"), walk.officer, **WHY)


def _warned_referral(walk: Walk) -> TransferCase:
    PensionFile.objects.filter(pk=walk.file.pk).update(postal_code="1036934567")
    walk.draft()
    return walk.case


def _warned_draft(walk: Walk) -> TransferCase:
    case = walk.to("draft")
    file = PensionFile.objects.get(pk=walk.file.pk)
    services.correct(file, "contact", None, walk.clerk, "نشانی تازه", {"postal_code": "1036934567"})
    return fresh(case)


def _compared_draft(walk: Walk) -> TransferCase:
    case = walk.to("technically_approved")
    case = press("send_back", case, walk.head, **WHY)
    return press("assemble", case, walk.clerk)


def _refused_deposit(walk: Walk) -> TransferCase:
    case = walk.to("technically_approved")
    Branch.objects.filter(pk=walk.cast.destination.pk).update(is_active=False)
    exchange.publish_directory()
    walk.send()
    Branch.objects.update(is_active=True)
    exchange.publish_directory()
    return fresh(case)


def _with_a_scan(walk: Walk, at: Callable[[Walk], TransferCase]) -> TransferCase:
    return attach(at(walk), walk.clerk)


def _active(walk: Walk) -> None:
    walk.to("registered", "destination")
    walk.activate()


def _compared(walk: Walk) -> TransferCase:
    walk.to("received", "destination")
    walk.compare()
    return fresh(walk.copy)


def _next_version_waits(walk: Walk) -> TransferCase:
    copy = walk.to("returned", "destination")
    case = press("reopen", fresh(walk.case), walk.clerk)
    walk.case = press("assemble", case, walk.clerk)
    walk.technical()
    walk.send()
    return fresh(copy)


def _given_up(walk: Walk) -> TransferCase:
    copy = walk.to("returned", "destination")
    press("cancel", fresh(walk.case), walk.head, **WHY)
    return fresh(copy)


def _asked(side: str, state: str) -> Callable[[Walk], TransferCase]:
    """A copy at which the destination's question waits for its answer."""

    def reach(walk: Walk) -> TransferCase:
        press("ask_question", walk.to(state, "destination"), walk.staff, **ASKED)
        return TransferCase.objects.get(side=side)

    return reach


def _answered(walk: Walk) -> TransferCase:
    case = _asked("origin", "received")(walk)
    press("answer_question", case, walk.clerk, **given("answer_question", case))
    return fresh(walk.copy)


def _held_at(side: str, state: str) -> Callable[[Walk], TransferCase]:
    """Held by the head of this side's branch; both copies know it."""

    def reach(walk: Walk) -> TransferCase:
        case = REACHED_OTHERWISE.get((side, state), _at(side, state))(walk)
        return press("record_life_event", case, walk.cast.at(case.branch, "branch_head"), **LIFE_EVENT)

    return reach


TAKERS = {
    ("origin", "referral"): "clerk", ("origin", "draft"): "technical_officer",
    ("origin", "technically_approved"): "branch_head", ("origin", "head_approved"): "branch_head",
    ("origin", "received"): "technical_officer", ("origin", "verified"): "technical_officer",
    ("origin", "returned"): "clerk", ("destination", "received"): "destination_staff",
    ("destination", "verified"): "destination_staff", ("destination", "registered"): "technical_officer",
}  # fmt: skip


def _taken_at(side: str, state: str) -> Callable[[Walk], TransferCase]:
    """One of two of the same office has taken it."""

    def reach(walk: Walk) -> TransferCase:
        asked = side == "origin" and state in ("received", "verified")
        case = (_asked(side, state) if asked else REACHED_OTHERWISE.get((side, state), _at(side, state)))(walk)
        role = TAKERS[side, state]
        appoint("colleague", role, branch=case.branch)
        return press("take", case, walk.cast.at(case.branch, role))

    return reach


def _held_there_after_return(walk: Walk) -> TransferCase:
    copy = walk.to("returned", "destination")
    press("record_life_event", fresh(walk.case), walk.head, **LIFE_EVENT)
    return fresh(copy)


REACHED_OTHERWISE = {("origin", "head_approved"): _refused_deposit}


def _at(side: str, state: str) -> Callable[[Walk], TransferCase]:
    return lambda walk: walk.to(state, side)


def _followed_up_at(side: str) -> Callable[[Walk], TransferCase]:
    """A follow-up that this side has opened and has to settle."""

    def reach(walk: Walk) -> TransferCase:
        case = _active_at(side)(walk)
        officer = walk.cast.at(case.branch, "technical_officer")
        return press("open_follow_up", case, officer, **(FOLLOW_UP | {"settled_by": side}))

    return reach


def _active_at(side: str) -> Callable[[Walk], TransferCase]:
    return lambda walk: _active(walk) or TransferCase.objects.get(side=side)


# --- who may do what there --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """A place to stand: side, state, how to get there, and the actions open to each office of that branch."""

    name: str
    side: str
    state: str
    reach: Callable[[Walk], TransferCase]
    open_to: dict[str, str]

    def open_actions(self, role: str) -> set[str]:
        return {
            action for roles, actions in self.open_to.items() if role in roles.split() for action in actions.split()
        }


def _origin(
    name: str, state: str, reach: Callable[[Walk], TransferCase] | None = None, turn: str = "", **open_to: str
) -> Standing:
    return Standing(name, "origin", state, reach or _at("origin", state), _by_office(open_to, turn) | ANYBODY)


def _there(
    name: str, state: str, reach: Callable[[Walk], TransferCase] | None = None, turn: str = "", **open_to: str
) -> Standing:
    return Standing(name, "destination", state, reach or _at("destination", state), _by_office(open_to, turn) | ANYBODY)


def _over(name: str, side: str, state: str, reach: Callable[[Walk], TransferCase], **open_to: str) -> Standing:
    """Where this branch has nothing more to hold."""
    return Standing(name, side, state, reach, _by_office(open_to))


def _held(side: str, state: str, **open_to: str) -> Standing:
    """Where a life event holds the case: who may release it, and what else is open meanwhile."""
    may = {name: f"release {open_to.pop(name, '')}" for name in ("officer", "heads")}
    return Standing(f"held {state} {side}", side, state, _held_at(side, state), _by_office(may | open_to))


def _taken(state: str, side: str, **open_to: str) -> Standing:
    """Taken by the first of the office whose turn it is; a colleague takes it over, or is given it."""
    may = _by_office(open_to) | {f" {HEADS} province_supervisor": "reassign"}
    return Standing(f"taken {state} {side}", side, state, _taken_at(side, state), may | ANYBODY)


ACTIVATORS = f"technical_officer {HEADS}"
ANYBODY = {OFFICES: "record_life_event"}


def _by_office(open_to: dict[str, str], turn: str = "") -> dict[str, str]:
    """`turn`: the offices whose turn it is, where nobody has taken the case."""
    offices = {"officer": "technical_officer", "heads": HEADS, "staff": "destination_staff"}
    found = {offices.get(office, office): actions for office, actions in open_to.items()}
    if turn:
        found |= {f" {turn} ": "take", f" {HEADS} province_supervisor": "reassign"}
    return found


_MARKING = "judge show_decrees ask_question return_to_origin"
_REFERRING = "edit_move attach cancel"
_DRAFTING = f"{_REFERRING} assemble dispatch_paper"
_APPROVING = "judge state_certificate send_back dispatch_paper"
_PAPER_LEAVES = {"clerk": "dispatch_paper", "officer": "dispatch_paper"}
_JUDGING = "judge ask_question return_to_origin register"
_ANSWERING = "answer_question dispatch_paper"
_DOUBTING = "judge ask_question close_question return_to_origin"
_FOLLOWING = {"officer": "open_follow_up", "heads": "open_follow_up"}
_SETTLING = dict.fromkeys(("officer", "heads"), "open_follow_up settle_follow_up withdraw_follow_up")
STANDINGS = [
    _origin("incomplete referral", "referral", turn="clerk", clerk=_REFERRING, heads="cancel"),
    _origin(
        "referral with a warning", "referral", _warned_referral,
        turn="clerk", clerk=f"{_REFERRING} acknowledge", heads="cancel",
    ),
    _origin(
        "complete referral", "referral", _complete_referral, turn="clerk",
        clerk=f"{_REFERRING} assemble", heads="cancel",
    ),
    _origin(
        "referral with a scan", "referral", lambda walk: _with_a_scan(walk, _complete_referral),
        turn="clerk", clerk=f"{_REFERRING} assemble detach", heads="cancel",
    ),
    _origin("draft", "draft", turn="technical_officer", clerk=_DRAFTING, officer=_APPROVING, heads="cancel"),
    _origin(
        "draft with a scan", "draft", lambda walk: _with_a_scan(walk, _at("origin", "draft")),
        turn="technical_officer", clerk=f"{_DRAFTING} detach", officer=_APPROVING, heads="cancel",
    ),
    _origin(
        "draft with a warning", "draft", _warned_draft, turn="clerk",
        clerk=f"{_REFERRING} acknowledge dispatch_paper", officer="dispatch_paper", heads="cancel",
    ),
    _origin(
        "compared draft", "draft", _compared_draft,
        turn="technical_officer", clerk=_DRAFTING, officer=f"{_APPROVING} approve_technical", heads="cancel",
    ),
    _origin(
        "draft after a return", "draft", lambda walk: press("reopen", walk.to("returned"), walk.officer),
        turn="clerk", clerk=_DRAFTING, officer="dispatch_paper", heads="cancel",
    ),
    _origin(
        "technically approved", "technically_approved", turn=HEADS, **_PAPER_LEAVES,
        heads="approve_head send_back cancel",
    ),
    _origin("refused by the center", "head_approved", _refused_deposit, turn=HEADS, **_PAPER_LEAVES, heads="recall"),
    _origin("sent", "sent", **_PAPER_LEAVES, heads="recall"),
    _origin("received", "received", **_PAPER_LEAVES),
    _origin("verified", "verified", **_PAPER_LEAVES),
    _origin(
        "asked", "received", _asked("origin", "received"), turn="technical_officer",
        clerk=_ANSWERING, officer=_ANSWERING,
    ),
    _origin(
        "asked after the comparison", "verified", _asked("origin", "verified"),
        turn="technical_officer", clerk=_ANSWERING, officer=_ANSWERING,
    ),
    _origin("registered", "registered"),
    _over("active", "origin", "registered", _active_at("origin"), **_FOLLOWING),
    _over("followed up", "origin", "registered", _followed_up_at("origin"), **_SETTLING),
    _origin(
        "returned", "returned",
        turn="clerk", clerk="reopen dispatch_paper", officer="reopen dispatch_paper", heads="cancel",
    ),
    _over("cancelled", "origin", "cancelled", _at("origin", "cancelled")),
    _there(
        "received there", "received", _at("destination", "received"),
        turn="destination_staff", staff=f"{_MARKING} record_paper", officer=_MARKING,
    ),
    _there(
        "compared there", "received", _compared, turn="destination_staff",
        staff=f"{_MARKING} record_paper verify", officer=_MARKING,
    ),
    _there(
        "verified there", "verified", _at("destination", "verified"), turn="destination_staff",
        staff=_JUDGING, officer=_JUDGING,
    ),
    _there(
        "asked there", "received", _asked("destination", "received"),
        staff=f"{_DOUBTING} show_decrees record_paper", officer=f"{_DOUBTING} show_decrees",
    ),
    _there("answered there", "received", _answered, turn="destination_staff",
           staff=f"{_DOUBTING} show_decrees record_paper",
           officer=f"{_DOUBTING} show_decrees"),
    _there(
        "asked there after the comparison", "verified", _asked("destination", "verified"),
        staff=_DOUBTING, officer=_DOUBTING,
    ),
    _there("registered there", "registered", turn=ACTIVATORS, officer="activate", heads="activate"),
    _over("active there", "destination", "registered", _active_at("destination"), **_FOLLOWING),
    _over("followed up there", "destination", "registered", _followed_up_at("destination"), **_SETTLING),
    _over("returned there", "destination", "returned", _at("destination", "returned"), staff="receive"),
    _over("next version waits", "destination", "returned", _next_version_waits, staff="receive"),
    _over("cancelled there", "destination", "cancelled", _given_up),
    _held("origin", "referral", clerk="cancel", heads="cancel"),
    _held("origin", "draft", clerk="cancel", heads="cancel"),
    _held("origin", "technically_approved", heads="cancel"),
    _held("origin", "head_approved", heads="recall"),
    _held("origin", "sent", heads="recall"),
    _held("origin", "received"),
    _held("origin", "verified"),
    _held("origin", "registered"),
    _held("origin", "returned", heads="cancel"),
    _held("destination", "received", officer="return_to_origin", staff="return_to_origin"),
    _held("destination", "verified", officer="return_to_origin", staff="return_to_origin"),
    _held("destination", "registered"),
    _over("held returned destination", "destination", "returned", _held_there_after_return),
    _taken("referral", "origin", clerk=f"{_REFERRING} put_back", heads="cancel"),
    _taken("draft", "origin", clerk=_DRAFTING, officer=f"{_APPROVING} put_back", heads="cancel"),
    _taken(
        "technically_approved", "origin", **_PAPER_LEAVES,
        branch_head="approve_head send_back cancel put_back", insurance_deputy="cancel take",
    ),
    _taken(
        "head_approved", "origin", **_PAPER_LEAVES, branch_head="recall put_back", insurance_deputy="recall take"
    ),
    _taken("received", "origin", clerk=_ANSWERING, officer=f"{_ANSWERING} put_back"),
    _taken("verified", "origin", clerk=_ANSWERING, officer=f"{_ANSWERING} put_back"),
    _taken(
        "returned", "origin",
        clerk="reopen dispatch_paper put_back", officer="reopen dispatch_paper", heads="cancel",
    ),
    _taken("received", "destination", staff=f"{_MARKING} record_paper put_back", officer=_MARKING),
    _taken("verified", "destination", staff=f"{_JUDGING} put_back", officer=_JUDGING),
    _taken("registered", "destination", officer="activate put_back", heads="activate take"),
]  # fmt: skip


# --- who asks ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    """Somebody with one office at one place (or none), and how the origin and the destination see them."""

    name: str
    role: str
    place: str  # origin, destination, third, or the provinces and the country
    user: User


REACH = {  # what each place reaches
    "origin": {"origin"}, "destination": {"destination"}, "third": {"third"}, "province of origin": {"origin"},
    "province of destination": {"destination", "third"}, "country": {"origin", "destination", "third"}, "": set(),
}  # fmt: skip


def people(cast: Cast) -> Iterator[Person]:
    """Every role at every place; an outsider, and a superuser without office."""
    for place in ("origin", "destination", "third"):
        for role in OFFICES.split():
            yield Person(f"{role} of {place}", role, place, cast.at(getattr(cast, place), role))
    yield Person("province of origin", "province_supervisor", "province of origin", cast.reader("province_supervisor"))
    there = User.objects.create(username="province_there")
    Appointment.objects.create(
        user=there,
        role="province_supervisor",
        administration=cast.destination.administration,
        since=dt.date(2020, 1, 1),
    )
    yield Person("province of destination", "province_supervisor", "province of destination", there)
    for role in ("center_operator", "auditor"):
        yield Person(role, role, "country", cast.reader(role))
    yield Person("outsider", "", "", cast.reader("outsider"))
    yield Person("superuser", "", "", User.objects.create(username="root", is_superuser=True, is_staff=True))


def expected(standing: Standing, person: Person, action: str) -> type[Refusal] | None:
    """What `person` hears at the door: the kind of refusal, or None when the step is taken."""
    if standing.side not in REACH[person.place]:
        return NotSeen
    if person.role not in MAY[action].split():
        return NotAllowed
    return None if action in standing.open_actions(person.role) else NotNow


def given(action: str, case: TransferCase) -> dict[str, Any]:
    """A valid input of the action for this case."""
    if action == "detach" and (attached := case.attachments.last()):
        return WHY | {"attachment": str(attached.pk)}
    if "question" in INPUT.get(action, {}) and (asked := case.questions.filter(closed_at=None).last()):
        return INPUT[action] | {"question": str(asked.key)}
    if "follow_up" in INPUT.get(action, {}) and (opened := case.follow_ups.filter(closed_at=None).last()):
        return INPUT[action] | {"follow_up": str(opened.key)}
    if action == "activate":
        return owed(case)
    if action == "take":
        return WHY  # asked for only where a colleague has taken it
    if action == "reassign":
        free = in_turn(case.turn, case.branch_id).exclude(pk=case.taken_by_id).last()
        return WHY | {"to": free.username if free else "nobody"}
    if action != "receive":
        return INPUT.get(action, {})
    origin = TransferCase.objects.get(transfer_id=case.transfer_id, side="origin")
    return {"envelope_id": str(origin.envelope_id or case.envelope_id or uuid.UUID(int=0))}


# A held copy answers alike at every state, a taken one too: a few of them are asked everything.
OF_MANY = {"held draft origin", "held sent origin", "held received destination", "taken draft origin"}
UNLIKE = [s for s in STANDINGS if not s.name.startswith(("held ", "taken ")) or s.name in OF_MANY]

__all__ = [
    "FILES",
    "INPUT",
    "MAY",
    "OFFICES",
    "REACH",
    "STANDINGS",
    "UNLIKE",
    "BadInput",
    "Person",
    "Standing",
    "expected",
    "given",
    "people",
]
