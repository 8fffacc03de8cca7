"""What an open case does when its pension file changes: the draft follows, an approval lapses (D5)."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from branches import standing
from branches.models import Correction, PensionFile, User
from branches.roles import Action
from pension_transfer.lib.months import Month
from transfers import effects, hurdles, workflow
from transfers.models import Part, TransferCase
from transfers.states import State


def follow_correction(file: PensionFile, by: User, correction: Correction) -> None:
    """The file was corrected, and by that `by` has drafted; who suspends or resumes it has not.

    Called inside the correction's transaction, with the file locked; NotAllowed refuses the correction.
    """
    for case in _open_moves([file.pk]):
        if correction.section == standing.SECTION:
            _follow(case, correction.reason)
        else:
            _follow_drafter(case, by, correction)


def _follow_drafter(case: TransferCase, by: User, correction: Correction) -> None:
    hurdles.refuse_two_parts(Action.CORRECT_FILE, case, by)
    effects.take_part(case, by, Part.Name.DRAFTER)
    if case.state == State.REFERRAL or (case.state == State.DRAFT and case.is_assembled):
        workflow.assemble_if_complete(case, by)
    else:
        _follow(case, correction.reason)


def follow_payroll(files: Iterable[Any], month: Month) -> None:
    """A month was paid (DESIGN 11.11). Called inside the payroll's transaction, with the files locked."""
    for case in _open_moves(files):
        _follow(case, _("The payroll of %(month)s was paid meanwhile.") % {"month": month.show()})


def _open_moves(files: Iterable[Any]) -> Iterable[TransferCase]:
    rows = TransferCase.objects.select_for_update().filter(pension_file__in=list(files), side="origin", closed_at=None)
    return rows.order_by("pk")


def _follow(case: TransferCase, reason: str) -> None:
    """Nobody has drafted: an approval lapses, a draft is written anew, an open one shows the clerk what is left."""
    if case.state == State.TECHNICALLY_APPROVED:
        workflow.lapse(case, reason)
    elif case.state == State.DRAFT and case.is_assembled:
        effects.store_draft_if_complete(case)
        effects.hand_over_turn(case)
        case.save()
    elif case.state in {State.REFERRAL, State.DRAFT}:
        effects.list_missing(case)
        case.save()
