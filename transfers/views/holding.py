"""The notice of a life event above a held case: what happened, who says so, what is possible until the release."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pension_transfer.lib.persian import listed
from pension_transfer.lib.templatetags.persian import fa, jalali, jalali_time
from transfers.models import LifeEvent, TransferCase
from transfers.states import steps_from

HINTS: dict[str, Any] = {  # DESIGN 11.12
    LifeEvent.DEATH: gettext_lazy(
        "Payment ends with the month of the death, at the branch that pays. The survivors' pension is a new file; "
        "it does not move with this case."
    ),
}


@dataclass(frozen=True)
class Hold:
    """A hold in sentences."""

    title: str
    who: str
    note: str
    possible: str
    hint: Any


def hold_of(case: TransferCase) -> Hold:
    """The hold of a case that is held."""
    said = {"event": case.get_held_event_display(), "day": jalali(case.held_on)}
    return Hold(
        title=_("The case is held: %(event)s on %(day)s") % said,
        who=_who(case),
        note=case.held_note,
        possible=_possible(case),
        hint=HINTS.get(case.held_event, ""),
    )


def _who(case: TransferCase) -> str:
    places = {branch.pk: branch.name for branch in (case.origin, case.destination)}
    told = {
        "name": case.held_by_name, "branch": places.get(case.held_branch_code, fa(case.held_branch_code)),
        "moment": jalali_time(case.held_since),
    }  # fmt: skip
    who = _("Recorded by %(name)s at %(branch)s, %(moment)s.") % told
    return f"{who} {_('The other branch sees it too.') if case.hold_number else _('It is known in this branch only.')}"


def _possible(case: TransferCase) -> str:
    """What may be done here while it is held, by its names on the buttons."""
    steps = [step for step in steps_from(case.side, case.state) if step.fits(True) and not step.by_itself]
    if not steps:
        return _("Until then nothing is to be done here: %(branch)s releases it.") % {"branch": case.other_branch}
    names = listed(dict.fromkeys(str(step.label) for step in steps))
    return _("Until it is released only this is possible here: %(steps)s.") % {"steps": names}
