"""What people do about what is stuck: have it tried again, hand it over, give it up where nothing is lost by it."""

import uuid
from collections.abc import Callable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import User
from branches.roles import Action, Role, acting_roles
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen
from pension_transfer.lib.turns import if_free
from transfers import crossings, exchange, hurdles, refusals, trail, transactions, tries
from transfers.models import Command, Crossing, Heard, StuckItem, Verb

Kind = StuckItem.Kind
WHY: dict[str, Any] = {
    "deadlock": gettext_lazy("Other work on the same file came in between each time. Have it tried again."),
    "contended": gettext_lazy("Somebody at the center holds what it needs. It goes on by itself when that ends."),
    "seal_broken": gettext_lazy("What came from the center is not what was sealed. Tell the center operator."),
    "unknown_schema": gettext_lazy(
        "It was written by a newer version of the product. It is done once this one has been renewed."
    ),
    "unknown_key": gettext_lazy(
        "It is signed with a key that the center does not know, or does not accept any more. The center operator has "
        "the keys of the site that sent it looked at; once the key is known, it goes on by itself."
    ),
    "unknown_origin": gettext_lazy("The branch that sent it is not known here. The center operator adds it."),
}
OTHERWISE = gettext_lazy(
    "The product could not carry it out or could not read it. Have it tried again; if that does not help, hand it over "
    "to the center operator with what stands under it."
)
# Nobody waits for these: what they tell is told by the paper file as well.
WITHOUT_LOSS = frozenset({"hear_paper_sent", "hear_paper_arrived"})
# Told to the center, and closed here as refused in a way that leaves the case somebody's turn.
CLOSED_HERE = frozenset({"paper_sent", "paper_arrived", "question", "follow_up"})


def why(item: StuckItem) -> str:
    """The reason in a clerk's words."""
    if item.code in refusals.REFUSED_BY_CENTER and item.code not in WHY:
        return refusals.refused_by_center(item.code)
    return str(WHY.get(item.code, OTHERWISE))


def what(item: StuckItem) -> str:
    """What could not be done, as people call it."""
    label = hurdles.action_label(item.action)
    return str(item.get_kind_display()) if label == item.action else label


def may_be_given_up(item: StuckItem) -> bool:
    """Whether giving it up loses no pension and leaves no case without anybody's turn."""
    if item.kind in (Kind.RECEIPT, Kind.FOLLOW_UP):
        return item.action in WITHOUT_LOSS
    crossing = _crossing_of(item)
    return crossing is not None and _closes_here(crossing)


def _closes_here(crossing: Crossing) -> bool:
    return crossing.decided_there or crossing.verb == Verb.DEPOSIT or crossing.kind in CLOSED_HERE


def _crossing_of(item: StuckItem) -> Crossing | None:
    return Crossing.objects.filter(pk=item.ref, state="open").first() if item.kind == Kind.CROSSING else None


# --- the three presses ------------------------------------------------------------------------------------


def retry(item_id: int, *, by: User, command_id: uuid.UUID) -> StuckItem:
    """Have it tried with the next round of sync."""
    now = {"next_try_at": timezone.now(), "set_aside_at": None}
    return _press(Action.RETRY_STUCK, item_id, by, command_id, lambda item: _change(item, by=by, **now))


def hand_over(item_id: int, *, by: User, command_id: uuid.UUID, to: str, reason: str) -> StuckItem:
    """Make it the affair of another role; BadInput for one that has nothing to do with it."""
    if to not in StuckItem.HANDED_TO:
        raise BadInput(_("Choose who continues."), "to", {"to": [_("Choose who continues.")]})
    return _press(
        Action.HAND_OVER_STUCK, item_id, by, command_id, lambda item: _change(item, by=by, handed_to=to, reason=reason)
    )


def give_up(item_id: int, *, by: User, command_id: uuid.UUID, reason: str) -> StuckItem:
    """It is not going to be done. NotNow where something would be lost, or the center has done it already."""
    item = _find(item_id, by, Action.GIVE_UP_STUCK)
    crossing = _crossing_of(item)
    if crossing and _closes_here(crossing) and not _is_done(command_id, by):
        _refuse_if_done_there(crossing)
    number = crossing.case.pension_number if crossing and crossing.case else str(crossing and crossing.envelope_id)
    with if_free(f"sync {number}") as is_free:
        if not is_free:
            raise NotNow(_("It is being tried this very moment. Look again in a minute."), "in_hand")
        return _press(Action.GIVE_UP_STUCK, item_id, by, command_id, lambda item: _give_up(item, by, reason))


def _refuse_if_done_there(crossing: Crossing) -> None:
    """NotNow where the center has taken the step, or cannot be asked: then it is only tried again."""
    try:
        is_done = exchange.has_taken(crossing)
    except exchange.Unreachable as lost:
        sentence = _("The center cannot be reached, so nobody knows whether it has done this. Try again later.")
        raise NotNow(sentence, "center") from lost
    if is_done:
        raise NotNow(_("The center has done this already, so it must be finished here: have it tried again."), "done")


def _press(
    action: Action, item_id: int, by: User, command_id: uuid.UUID, act: Callable[[StuckItem], None]
) -> StuckItem:
    """See, may, when, act, command: one transaction; a repeat changes nothing (D3)."""
    item = _find(item_id, by, action)
    if _is_done(command_id, by):
        return item
    with transactions.site():
        locked = StuckItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
        if locked.closed_at:
            raise NotNow(_("It is stuck no longer: it was done, or a colleague gave it up."), "closed")
        act(locked)
        Command.objects.create(pk=command_id, action=action, by=by, case=locked.case)
    return StuckItem.objects.get(pk=item.pk)


def _find(item_id: int, by: User, action: Action) -> StuckItem:
    item = StuckItem.objects.visible_to(by).select_related("branch").filter(pk=item_id).first()
    if item is None:
        raise NotSeen(_("There is nothing of this kind in your branch."), "no_item")
    if not acting_roles(by, action, item.branch):
        raise NotAllowed(_("Your role does not include this step; ask the colleague whose step it is."), "role")
    return item


def _is_done(command_id: uuid.UUID, by: User) -> bool:
    return Command.objects.filter(pk=command_id, by=by).exists()


def _change(item: StuckItem, **changed: Any) -> None:
    for name, value in changed.items():
        setattr(item, name, value)
    item.save()


def _give_up(item: StuckItem, by: User, reason: str) -> None:
    if not may_be_given_up(item):
        raise NotNow(
            _("This cannot be given up: a branch or a pension waits for it. Have it tried again, or hand it over."),
            "needed",
        )
    if crossing := _crossing_of(item):
        crossings.refuse(crossing, "given_up")
    elif item.case_id:
        Heard.objects.get_or_create(pk=uuid.UUID(item.ref.split()[0]), defaults={"case_id": item.case_id})
    if item.case_id:
        _tell_the_trail(item, by, reason)
    tries.close(item, StuckItem.Outcome.GIVEN_UP, by=by, reason=reason)


def _tell_the_trail(item: StuckItem, by: User, reason: str) -> None:
    case = crossings.lock_case(item.case_id or 0)
    role = acting_roles(by, Action.GIVE_UP_STUCK, case.branch)[0]
    case.trail_length += 1
    case.save()
    said = {"given_up": item.action}
    who = trail.signature(by, role, case.branch_id)
    trail.write(case, Action.GIVE_UP_STUCK, case.state, said, note=reason, **who)


HANDS: list[tuple[str, Any]] = [(role, Role(role).label) for role in StuckItem.HANDED_TO]
