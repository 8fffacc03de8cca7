"""What the center says no with, in a person's words."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from transfers import follow_ups

REFUSED_BY_CENTER = {
    "withdrawn": gettext_lazy("The origin recalled it before it could be received."),
    "already_withdrawn": gettext_lazy("The origin recalled it before it could be received."),
    "already_received": gettext_lazy("The destination has already received it; only the destination can return it."),
    "already_returned": gettext_lazy("A colleague has already returned it to the origin."),
    "already_registered": gettext_lazy("A colleague has already registered it."),
    "seal_broken": gettext_lazy(
        "The seal does not hold: the content was altered on its way. Tell the center operator."
    ),
    "bad_signature": gettext_lazy(
        "The signature of this site is missing or wrong. Tell the center operator; once the key is in order, recall "
        "the case and send it again."
    ),
    "unknown_key": gettext_lazy(
        "It is signed with a key that the center does not know, or does not accept any more. It is kept."
    ),
    "destination_closed": gettext_lazy("The destination branch is closed. Recall the case and choose another branch."),
    "no_custody": gettext_lazy("The center knows another branch as the payer of this pension."),
    "paid_before_custody": gettext_lazy(
        "The last paid month lies before the months that this branch pays. Recall the case and correct the month."
    ),
    "other_move_open": gettext_lazy("Another move of this pension is open at the center."),
    "not_addressed": gettext_lazy("It is addressed to another branch."),
    "unknown": gettext_lazy("The center has no such envelope. Look at the list of what waits there."),
    "other_version_live": gettext_lazy("An earlier version of this move is still at the center. Recall it first."),
    "blob_missing": gettext_lazy(
        "An attachment has not reached the center. Send it again; if it lies on the case, recall the case first."
    ),
    "blob_broken": gettext_lazy(
        "An attachment was altered on the way. Scan the sheet anew; if it lies on the case, recall the case first."
    ),
    "already_question": gettext_lazy("This question has been asked already."),
    "already_answer": gettext_lazy("The question has been answered already. Reload the page and read the answer."),
    "already_question_closed": gettext_lazy(
        "The destination has already closed this question; nothing more is needed."
    ),
    "conflict": gettext_lazy("Another step was first at the center. Reload the page and look where the case stands."),
    "held": gettext_lazy("A life event holds this move. It goes on when one of the two branches has released it."),
    "already_held": gettext_lazy("The other branch has already recorded a life event for this move."),
    "not_held": gettext_lazy("The other branch has already released it."),
    "already_activated": gettext_lazy("The pension is already active at the destination."),
    "already_cancelled": gettext_lazy("The origin has given the move up."),
    "out_of_order": gettext_lazy("The center has not heard of the step before this one. Try again in a few minutes."),
    "given_up": gettext_lazy("It was given up after it could not be told to the center. Recall what was not sent."),
    **follow_ups.REFUSED_BY_CENTER,
}
NAMES_A_BRANCH = frozenset({"no_custody", "not_addressed"})


def refused_by_center(code: str, detail: str = "") -> str:
    """The center's no, in words; which branch is meant only where the sentence speaks of one."""
    if code not in REFUSED_BY_CENTER:
        return f"{_('The center refused this step.')} ({detail or code})"
    sentence = str(REFUSED_BY_CENTER[code])
    return f"{sentence} ({detail})" if detail and code in NAMES_A_BRANCH else sentence
