"""What can be found, in words: the invariant that does not hold, what is wrong, and what to do (DESIGN section 8)."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

ALTERED = _(
    "It was changed past the product. Change nothing, keep both databases as they are, and compare with the last "
    "backup; the center operator decides."
)
RETELL = _(
    "Run sync_center --retell on every site, then reconcile again; if it is still there, restore what is missing from "
    "the last backup; the center operator decides."
)
SYNC = _("Run sync_center, then reconcile again; if it is still there, tell the center operator.")
CLEAR = _("Stop paying at both branches until the center operator has settled who pays.")
CHECK = _("Look at the pension file and its cases; the center operator and the branch settle who pays.")
LOOK = _("Look at the case with the head of its branch; tell the maintainers of the product.")


@dataclass(frozen=True)
class Fault:
    """One kind of problem."""

    invariant: str
    what: Any
    todo: Any


FAULTS: dict[str, Fault] = {
    # I1: nothing sealed changes or disappears
    "guard_aside": Fault("I1", _("A guard of the database is missing or put aside."), _(
        "Look for who put it aside and what was changed meanwhile; then let the owner of the tables set it back."
    )),
    "seal_broken": Fault("I1", _("The content at the center is not that of its seal or of its envelope."), ALTERED),
    "signature_broken": Fault("I1", _("The envelope does not bear the signature of the site that sent it."), ALTERED),
    "key_unknown": Fault("I1", _("The envelope is signed with a key that is not known, or was retired before."), _(
        "Run sync_center on the site that sent it, which registers its key; if it is still there, let the site recall "
        "the case and send it again."
    )),
    "copy_broken": Fault("I1", _("The branch's copy of the sealed content is not that of its seal."), ALTERED),
    "envelope_gone": Fault("I1", _("The envelope of a sealed content is no longer at the center."), RETELL),
    "receipt_alone": Fault("I1", _("A receipt speaks of an envelope that is not at the center."), RETELL),
    # I2: one live envelope, one open move
    "two_live": Fault("I2", _("The move has more than one live envelope."), ALTERED),
    "two_moves": Fault("I2", _("The pension has more than one open move."), ALTERED),
    "live_unseated": Fault("I2", _("The envelope is on its way, and the seat does not name its move."), ALTERED),
    "move_unknown": Fault("I2", _("The seat is held by a move of which the center has no envelope."), ALTERED),
    "move_over": Fault("I2", _("The seat is held by a move that is over."), SYNC),
    "move_closed_here": Fault("I2", _("The seat is held by a move whose case is closed at its branch."), SYNC),
    "case_unseated": Fault("I2", _("The case is on its way, and the seat does not name its move."), SYNC),
    # I3: received by the addressee, once
    "not_addressed": Fault("I3", _("A receipt was given by a branch that may not give it."), ALTERED),
    "said_twice": Fault("I3", _("A receipt was given more than once, or two that exclude each other."), ALTERED),
    "out_of_order": Fault("I3", _("A receipt was given before the one that must precede it."), ALTERED),
    "queued_wrongly": Fault(
        "I3", _("The envelope stands in the queue though it was taken or withdrawn, or is missing there."), ALTERED
    ),
    # I4: registered as sealed
    "copy_differs": Fault("I4", _("The branch's copy of the content has another seal than the center's."), ALTERED),
    "file_differs": Fault("I4", _("The registered file differs from what was sealed."), _(
        "Do not activate it. Compare the file with the received decrees; the center operator decides."
    )),
    # I5: never two payers
    "months_overlap": Fault("I5", _("Two custodies of the pension have a month in common."), CLEAR),
    "custody_disagrees": Fault("I5", _("The seat and the open custody name different branches."), CLEAR),
    "custody_alone": Fault("I5", _("There is custody of a pension that has no seat."), CLEAR),
    "two_files": Fault("I5", _("Two branches hold the pension's file as active or suspended."), CLEAR),
    "paid_elsewhere": Fault("I5", _("The file is active or suspended, and another branch holds the payment."), CLEAR),
    "paid_unheld": Fault(
        "I5", _("A month was recorded as paid here that is not this branch's by custody."), CLEAR
    ),
    "thawed": Fault(
        "I5", _("The file is not frozen though its sealed content is on its way, or is frozen though it is not."), CHECK
    ),
    # I6: never nowhere
    "seat_empty": Fault("I6", _("The seat names neither a payer nor an open move nor a closure."), CHECK),
    "months_missing": Fault("I6", _("Between two custodies there are months in which nobody pays."), CHECK),
    "paid_nowhere": Fault("I6", _("The file is active or suspended, and no branch holds the payment."), CHECK),
    "no_file": Fault("I6", _("The branch that holds the payment has no pension file that it could pay."), CHECK),
    "registered_alone": Fault("I6", _("The file is registered and not active, and no open case says why."), CHECK),
    # I7: rows belong where they say
    "other_branch": Fault("I7", _("The case does not belong to the branch of its side."), ALTERED),
    "other_file": Fault("I7", _("The case belongs to another branch or pension than its pension file."), ALTERED),
    "other_actor": Fault("I7", _("An event of the trail names a branch that has no part in the case."), ALTERED),
    # I8: four eyes
    "two_parts": Fault("I8", _("One person took two parts of the move that must be different persons'."), _(
        "A head who has no part in the move checks the case against the paper file and reports to the province."
    )),
    "part_missing": Fault("I8", _("The trail names a person for a part that is not recorded."), ALTERED),
    # I9: the trail
    "chain_broken": Fault("I9", _("The trail has a gap, or an event that was changed afterwards."), ALTERED),
    "state_untold": Fault("I9", _("The trail does not lead to the state of the case."), ALTERED),
    # I10: nothing waits unseen
    "nobodys_turn": Fault("I10", _("The case is open, and its turn is not the one that its state gives."), LOOK),
    "closed_open": Fault("I10", _("The case is closed in a state that is none of the ends, or open in one."), LOOK),
    "not_asked": Fault("I10", _("The case waits for the center, which was never asked."), LOOK),
    "unheard": Fault("I10", _("The other branch has answered, and the case has not heard it."), SYNC),
    "taken_and_lost": Fault("I10", _("The envelope was taken by this branch, which has no case of it."), SYNC),
    "crossing_late": Fault("I10", _("A step has been waiting for the center for more than a day."), SYNC),
    "request_late": Fault("I10", _("A custody request has been waiting for the center for more than a day."), SYNC),
    "frozen_alone": Fault("I10", _("The file is frozen by a move that is not open at this branch."), CHECK),
}  # fmt: skip
INVARIANTS = tuple(f"I{number}" for number in range(1, 11))


@dataclass(frozen=True)
class Problem:
    """A fault of certain rows. One that `waits` is none yet: a step under way explains it (DESIGN D3, 11.1)."""

    code: str
    keys: tuple[tuple[str, str], ...]
    waits: bool = False

    @property
    def invariant(self) -> str:
        return FAULTS[self.code].invariant

    def as_json(self) -> dict[str, Any]:
        """With the sentences in the language of whoever asks."""
        return in_words({"code": self.code, "keys": dict(self.keys)})

    def __str__(self) -> str:
        fault, keys = FAULTS[self.code], " ".join(f"{name}={value}" for name, value in self.keys)
        return f"{fault.invariant} {keys}: {fault.what} {fault.todo}"


def found(code: str, waits: bool = False, **keys: Any) -> Problem:
    """A problem with its keys: those that are empty are left out."""
    return Problem(code, tuple((name, str(value)) for name, value in keys.items() if value not in (None, "")), waits)


def in_words(row: dict[str, Any]) -> dict[str, Any]:
    """A kept problem (code, keys) with its invariant and its sentences."""
    fault = FAULTS[row["code"]]
    said = {"invariant": fault.invariant, "what": str(fault.what), "todo": str(fault.todo)}
    return {"invariant": fault.invariant, "code": row["code"], "keys": row["keys"], **said}
