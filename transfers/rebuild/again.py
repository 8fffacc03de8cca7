"""One move, step by step, as the center remembers it: what this database does not know is carried out again.

Nothing is asked and nothing is told: the center decided long ago. Each step is in the trail, with the day on which it
was really taken, in the name of the person who took it, where that person is known here.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from branches.roles import Action
from central import looking_back
from central.models import Envelope, Receipt
from transfers import crossings, exchange, trail, transactions, workflow
from transfers.doing import Doing
from transfers.models import Crossing, TransferCase, Verb
from transfers.rebuild import origin, people
from transfers.states import Side, find_step

# What a branch says, as the step that it was, and the step whose effects follow where they are not its own.
STEPS: dict[str, tuple[str, str]] = {
    "received": (Action.RECEIVE, ""),
    "verified": (Action.VERIFY, ""),
    "registered": (Action.REGISTER, ""),
    "activated": (Action.ACTIVATE, ""),
    "returned": (Action.RETURN_TO_ORIGIN, ""),
    "withdrawn": (Action.RECALL, ""),
    "cancelled": (Action.CANCEL, ""),
    "paper_sent": (Action.DISPATCH_PAPER, ""),
    "paper_arrived": (Action.RECORD_PAPER, "hear_paper_arrived"),
    "question": (Action.ASK_QUESTION, "hear_question"),
    "answer": (Action.ANSWER_QUESTION, ""),
    "question_closed": (Action.CLOSE_QUESTION, ""),
    "held": (Action.RECORD_LIFE_EVENT, ""),
    "released": (Action.RELEASE, ""),
    "follow_up": (Action.OPEN_FOLLOW_UP, "hear_follow_up"),
    "follow_up_settled": (Action.SETTLE_FOLLOW_UP, ""),
    "follow_up_withdrawn": (Action.WITHDRAW_FOLLOW_UP, ""),
}
VERBS = {"received": Verb.TAKE, "withdrawn": Verb.WITHDRAW}
WHATEVER_VERSION = {"cancelled"}  # said of the last envelope that was sent


def ONLY_HERE() -> str:
    return _(
        "What only this site knew since the backup is gone: drafts and approvals that were not sent, marks of the "
        "comparison, corrections and imports of files, payrolls, appointments. Let the branches look."
    )


@dataclass
class Steps:
    """The replay of one move for the branches served here."""

    branches: set[str]
    hear: Callable[[TransferCase, Receipt], int]
    done: int = 0
    number: str = ""
    lost: list[str] = field(default_factory=list)

    def replay(self, move: UUID) -> None:
        """Every version in its order, and every word on it in its order. NotNow: the rest comes later, or is lost."""
        envelopes = exchange.look_up(lambda: looking_back.versions(move))
        said: dict[UUID, list[Receipt]] = defaultdict(list)
        for receipt in exchange.receipts_of(envelope.pk for envelope in envelopes):
            said[receipt.envelope_id].append(receipt)
        for envelope in envelopes:
            self.number = envelope.tracking_number
            if envelope.origin in self.branches:
                self._seal(envelope)
            for receipt in said[envelope.pk]:
                self._say(envelope, receipt)

    def _seal(self, envelope: Envelope) -> None:
        with transactions.site():
            notes = origin.seal_again(envelope)
        self.done += notes is not None
        self.lost += [f"{self.number}: {note}" for note in notes or []]

    def _say(self, envelope: Envelope, receipt: Receipt) -> None:
        """Its own branch takes the step again, the other one here hears it as always."""
        if receipt.by_branch in self.branches and not Crossing.objects.filter(pk=receipt.key).exists():
            with transactions.site():
                self.done += self._again(envelope, receipt)
        copies = TransferCase.objects.filter(envelope_id=envelope.pk, branch__in=self.branches)
        for case in copies.exclude(branch=receipt.by_branch):
            self.done += self.hear(case, receipt)

    def _again(self, envelope: Envelope, receipt: Receipt) -> int:
        action, like = STEPS[receipt.kind]
        user, who = people.said_by(receipt)
        crossing = _crossing(receipt, action, who)
        case, is_new = _case(envelope, receipt, crossing)
        crossing.case = None if is_new or receipt.kind == "received" else case
        crossing.save(force_insert=True)
        if case is None or not (is_new or _fits(case, action, receipt)):
            return 0
        given = receipt.body | {"at": receipt.body.get("at") or trail.utc(receipt.at)}
        answer = envelope if receipt.kind == "received" else receipt
        doing = Doing(case, action, user, who["role"], given, who, answer, again=True, like=like)
        workflow.carry_out_again(doing, receipt.key)
        self._name_what_is_lost(receipt, user)
        return 1

    def _name_what_is_lost(self, receipt: Receipt, user: Any) -> None:
        if receipt.kind in ("verified", "returned"):
            self.lost.append(f"{self.number}: " + _("the marks of the comparison field by field"))
        if user is None:
            sentence = _("%(name)s, who took a step, is not known here; the trail has the name only")
            self.lost.append(f"{self.number}: " + sentence % {"name": receipt.body.get("by_name") or "?"})


def _crossing(receipt: Receipt, action: str, who: dict[str, Any]) -> Crossing:
    """The trace that every step across has, settled long ago."""
    return Crossing(
        key=receipt.key, verb=VERBS.get(receipt.kind, Verb.ANSWER), kind=receipt.kind, action=action,
        branch_id=receipt.by_branch, envelope_id=receipt.envelope_id, by=who["by"], role=who["role"],
        body=receipt.body, state="done", settled_at=receipt.at,
        decided_there=action in crossings.DECIDED_THERE or receipt.kind == "received",
    )  # fmt: skip


def _case(envelope: Envelope, receipt: Receipt, crossing: Crossing) -> tuple[TransferCase | None, bool]:
    """The locked copy that said it, and whether it has to be made anew."""
    if receipt.kind == "received":
        return crossings.case_of(crossing, envelope)
    side = Side.ORIGIN if receipt.by_branch == envelope.origin else Side.DESTINATION
    found = TransferCase.objects.filter(transfer_id=envelope.move, branch=receipt.by_branch, side=side).first()
    return (crossings.lock_case(found.pk) if found else None), False


def _fits(case: TransferCase, action: str, receipt: Receipt) -> bool:
    """Whether the step is still to be taken from where the case stands; otherwise it was, in other words."""
    if receipt.kind == "received":
        if case.contents.filter(envelope_id=receipt.envelope_id).exists():
            return False
    elif receipt.kind not in WHATEVER_VERSION and not people.is_of(case, receipt.envelope_id):
        return False
    step = find_step(action, case.side, case.state)
    return step is not None and step.fits_age(case.is_open)
