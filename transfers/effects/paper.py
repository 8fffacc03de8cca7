"""What follows for the paper file, at the branch that records its way and at the one that hears of it."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from branches.roles import Action
from transfers.crossings import tell
from transfers.effects.shared import Effects
from transfers.models import PaperArrival, TransferCase, Verb
from transfers.states import State

if TYPE_CHECKING:
    from transfers.doing import Doing

SENT = ("paper_sent_on", "paper_method", "paper_sent_letter", "paper_sent_pages", "parcel_number")
ARRIVED = ("paper_arrived_on", "paper_letter_number", "paper_pages", "paper_condition", "paper_note")
ON_ITS_WAY = frozenset({State.HEAD_APPROVED, State.SENT, State.RECEIVED, State.VERIFIED, State.RETURNED})


def _said(row: Any, names: Iterable[str]) -> dict[str, Any]:
    """These columns as a message and the trail keep them: days in ISO."""
    values = {name: getattr(row, name) for name in names}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}


def _put(case: TransferCase, names: Iterable[str], given: dict[str, Any]) -> None:
    for name in names:
        column: Any = TransferCase._meta.get_field(name)
        setattr(case, name, column.to_python(given[name]))


def _keeps(names: Iterable[str]) -> Callable[["Doing"], None]:
    """What was recorded here, or said by the other branch, stands in the case and in its trail."""

    def keep(doing: "Doing") -> None:
        _put(doing.case, names, doing.input)
        doing.details = _said(doing.case, names)

    return keep


def _tell_dispatch(doing: "Doing") -> None:
    """With every envelope anew, in the name of who recorded it; a draft's follows with the seal."""
    case = doing.case
    if case.state not in ON_ITS_WAY or not case.paper_sent_on or _is_refused(case):
        return
    recorded = case.events.filter(action=Action.DISPATCH_PAPER).order_by("-sequence").first()
    is_later = recorded is not None and doing.action != Action.DISPATCH_PAPER
    by = {"by_name": recorded.by_name, "role": recorded.role} if recorded and is_later else {}
    tell(doing, Verb.ANSWER, "paper_sent", None, **_said(case, SENT), **by)


def _is_refused(case: TransferCase) -> bool:
    """Whether the center has refused the envelope: nobody will ever hear of it."""
    return case.crossings.filter(verb=Verb.DEPOSIT, envelope_id=case.envelope, state="refused").exists()


def _tell_arrival(doing: "Doing") -> None:
    """Also with every later envelope: the origin may have begun its next version before it heard of the last."""
    if doing.case.paper_arrived_on:
        tell(doing, Verb.ANSWER, "paper_arrived", **_said(doing.case, ARRIVED))


def _take_over(doing: "Doing") -> None:
    """A paper file that lay here before its envelope came: by tracking number, else by pension number."""
    case = doing.case
    of_case = Q(tracking_number=case.tracking_number) | Q(tracking_number="", pension_number=case.pension_number)
    rows = PaperArrival.objects.unmatched().filter(of_case, branch=case.branch).select_for_update(of=("self",))
    held = list(rows.order_by("-tracking_number", "-id"))
    if held:
        _put(case, ARRIVED, _said(held[0], ARRIVED))
        doing.details |= _said(case, ARRIVED)
        PaperArrival.objects.filter(pk__in=[row.pk for row in held]).update(case=case)


EFFECTS: Effects = {
    Action.DISPATCH_PAPER: (_keeps(SENT), _tell_dispatch),
    Action.APPROVE_HEAD: (_tell_dispatch,),
    Action.RECEIVE: (_take_over, _tell_arrival),
    Action.RECORD_PAPER: (_keeps(ARRIVED), _tell_arrival),
    "hear_paper_sent": (_keeps(SENT),),
    "hear_paper_arrived": (_keeps(ARRIVED),),
}
