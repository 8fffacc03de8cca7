"""The versions of a case: when each was sealed or received, by whom, and how it ended; and what lapsed between."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from branches.models import User
from branches.roles import Action
from pension_transfer.lib.templatetags.persian import fa
from transfers import timeline, versions
from transfers.models import TransferCase, TransferEvent
from transfers.states import State

SEALS = frozenset({Action.APPROVE_HEAD, Action.RECEIVE})
ENDS = frozenset({"mark_returned", Action.RETURN_TO_ORIGIN, Action.RECALL})
APPROVED, LAPSED = Action.APPROVE_TECHNICAL, "lapse"


@dataclass(frozen=True)
class Version:
    """One version, and the rows of the trail that tell what became of it."""

    number: int
    sealed: list[timeline.Row]
    ended: list[timeline.Row]
    is_current: bool


def of_case(case: TransferCase) -> list[Version]:
    """Every version of which this copy holds the content, the newest first."""
    numbers = sorted({row.version for row in case.contents.all()}, reverse=True)
    return [_version(case, number) for number in numbers]


def _version(case: TransferCase, number: int) -> Version:
    events = [event for event in case.events.all() if timeline.version_of(event) == number]
    sealed = [row for event in events if event.action in SEALS for row in timeline.rows_of(case, event)]
    ended = [row for event in events if event.action in ENDS for row in timeline.rows_of(case, event)]
    return Version(number, sealed[-2:], ended, number == case.version)  # at the destination, the head's approval too


def before(case: TransferCase, number: int) -> Version | None:
    """The version sealed last before this one."""
    return next((held for held in of_case(case) if held.number < number and held.sealed), None)


def hidden(case: TransferCase, number: int) -> frozenset[str]:
    """The sections of a version not yet to be seen: the directive shows the decrees received by a step of its own."""
    return frozenset() if case.may_show_decrees or number != case.version else frozenset({"decrees"})


def differences(case: TransferCase, older: int, newer: int) -> list[versions.Group]:
    """What differs between two versions of which this copy holds the content."""
    concealed = hidden(case, older) | hidden(case, newer)
    return versions.differences(case.content_of(older), case.content_of(newer), concealed)


# --- an approval that lapsed ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lapse:
    """An approval that no longer stands, and what changed since it was given."""

    approval: TransferEvent
    event: TransferEvent
    lines: list[versions.Line]
    more: int


def lapse_of(case: TransferCase) -> Lapse | None:
    """The last approval, where it lapsed and was not given anew."""
    approval, event = lapsed(case.events.all()) if case.state in {State.REFERRAL, State.DRAFT} else (None, None)
    if not approval or not event:
        return None
    words, told = versions.in_words(case.content), event.details.get("changes", [])
    lines = [_line(change, words) for change in told]
    return Lapse(approval, event, lines, event.details.get("changed", 0) - len(lines))


def _line(change: dict[str, Any], words: dict[str, str]) -> versions.Line:
    label = words.get(change["path"]) or versions.words_of_missing(change["path"])
    return versions.Line(label, fa(change["before"]), fa(change["after"]))


def lapsed(events: Iterable[TransferEvent]) -> tuple[TransferEvent | None, TransferEvent | None]:
    """The last technical approval of a trail, and its lapse."""
    approval = lapse = None
    for event in sorted(events, key=lambda event: event.sequence):
        if event.action == APPROVED:
            approval, lapse = event, None
        elif event.action == LAPSED:
            lapse = event
    return approval, lapse


def note_lapses(cases: list[TransferCase], user: User) -> None:
    """Each case of a list says whether an approval of this person lapsed: `is_lapsed`. One query."""
    drawn_up = [case for case in cases if case.is_open and case.state in {State.REFERRAL, State.DRAFT}]
    told = TransferEvent.objects.filter(case__in=drawn_up, action__in=[APPROVED, LAPSED])
    by_case: dict[int, list[TransferEvent]] = {}
    for event in told if drawn_up else ():
        by_case.setdefault(event.case_id, []).append(event)
    for case in cases:
        approval, lapse = lapsed(by_case.get(case.pk, []))
        case.is_lapsed = bool(  # type: ignore[attr-defined] # lists print it
            approval and lapse and approval.by_id == user.pk
        )
