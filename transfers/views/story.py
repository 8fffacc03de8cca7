"""How the version before somebody came about: what came back, what was corrected, what changed, what lapsed."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import reverse

from branches.models import Branch, User
from branches.roles import Action, can
from pension_transfer.lib.calendar import jalali
from pension_transfer.lib.persian import listed
from transfers import version_list, versions
from transfers.discrepancies import OfCase, ToCorrect
from transfers.models import TransferCase
from transfers.states import Side, State

# Where somebody has to approve or compare a version and is shown what changed since the one before.
LOOKED_AT = {
    (Side.ORIGIN, State.DRAFT), (Side.ORIGIN, State.TECHNICALLY_APPROVED), (Side.ORIGIN, State.HEAD_APPROVED),
    (Side.DESTINATION, State.RECEIVED), (Side.DESTINATION, State.VERIFIED),
}  # fmt: skip
REDIRECTED = frozenset({State.RETURNED, State.REFERRAL, State.DRAFT})


@dataclass(frozen=True)
class Corrected:
    """A discrepancy with the way to its field."""

    of: ToCorrect
    url: str


class Story:
    """What the page of a case tells of its versions to one person; each part is read when it is printed."""

    def __init__(self, case: TransferCase, user: User):
        self.case, self.user = case, user
        self._found = OfCase(case)

    # --- versions

    @cached_property
    def all(self) -> list[version_list.Version]:
        """Every version of which this branch holds the content, the newest first."""
        return version_list.of_case(self.case)

    @property
    def is_told(self) -> bool:
        """Whether there is more than the one version to tell of."""
        return any(not version.is_current for version in self.all)

    @cached_property
    def before(self) -> version_list.Version | None:
        """The version that this one is looked at beside."""
        if (self.case.side, self.case.state) not in LOOKED_AT or not self.case.content_of(self.case.version):
            return None
        return version_list.before(self.case, self.case.version)

    @cached_property
    def changes(self) -> list[versions.Group]:
        before = self.before
        return version_list.differences(self.case, before.number, self.case.version) if before else []

    @property
    def changed(self) -> int:
        """How many fields changed since the version before."""
        return versions.number_of(self.changes)

    @property
    def are_decrees_hidden(self) -> bool:
        return bool(version_list.hidden(self.case, self.case.version))

    # --- what came back

    @cached_property
    def to_correct(self) -> list[Corrected]:
        """What came back from the destination; for who corrects it, what the own officer found too."""
        found = [*self._found.returned, *(self._found.marked if self.corrects else [])]
        return [Corrected(one, self._found.url(one) if self.corrects else "") for one in found]

    @cached_property
    def corrects(self) -> bool:
        return can(self.user, Action.CORRECT_FILE, self.case.branch)

    @property
    def unchanged(self) -> str:
        """The fields that had to be corrected and are as they were sent."""
        is_reopened = self.case.state != State.RETURNED
        return listed((one.label for one in self._found.left), "؛") if is_reopened else ""

    # --- another destination

    @cached_property
    def suggestion(self) -> Branch | None:
        """The branch to which the destination says the file belongs, until the clerk has decided."""
        if self.case.side != Side.ORIGIN or self.case.state not in REDIRECTED:
            return None
        events = [e for e in self.case.events.all() if e.action in {"mark_returned", Action.EDIT_MOVE}]
        last = max(events, key=lambda event: event.sequence, default=None)
        code = last.details.get("suggested_branch") if last else ""
        found = Branch.objects.filter(pk=code, is_active=True).first() if code else None
        return found if found and found.pk not in {self.case.origin_id, self.case.destination_id} else None

    @property
    def redirection(self) -> dict[str, Any]:
        """The referral as it is, to the branch suggested: what one press sends."""
        case, there = self.case, self.suggestion
        day = jalali(case.letter_date) if case.letter_date else ""
        return {
            "destination": there.pk if there else "", "reason": case.reason, "letter_number": case.letter_number,
            "letter_date": day, "note": case.note,
        }  # fmt: skip

    # --- an approval that lapsed

    @cached_property
    def lapse(self) -> version_list.Lapse | None:
        return version_list.lapse_of(self.case) if self.case.side == Side.ORIGIN else None

    @property
    def is_own_lapse(self) -> bool:
        return bool(self.lapse and self.lapse.approval.by_id == self.user.pk)

    @property
    def compared_url(self) -> str:
        """This version beside the one before, on a page of its own."""
        before = self.before.number if self.before else 0
        return f"{reverse('case_version', args=[self.case.pk, self.case.version])}?against={before}"
