"""What follows the destination's steps."""

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import PensionFile
from branches.roles import Action
from pension_transfer.lib.errors import NotNow
from transfers import attachments, comparison, last_pay, payroll_warnings, snapshot
from transfers.crossings import said_of_move, sealed_content, tell
from transfers.effects.holding import free
from transfers.effects.shared import Effects, close, keep_discrepancies, note, take_own_part
from transfers.models import Content, Part, Severity, Verb

if TYPE_CHECKING:
    from transfers.doing import Doing


def _receive(doing: "Doing") -> None:
    case, envelope = doing.case, doing.answer
    content = sealed_content(envelope)
    case.version, case.envelope_id = envelope.version, envelope.pk
    case.content_hash, case.last_paid_month = snapshot.content_hash(content), envelope.last_paid_month
    case.payable_from = payroll_warnings.payable_from(content["file"]["status"], envelope.last_paid_month)
    case.decrees_shown_at = case.closed_at = None
    case.sent_at = envelope.deposited_at
    free(case)
    for name, value in said_of_move(content).items():
        setattr(case, name, value)
    if not case.trail_length:
        case.save()
    # What the origin was asked to correct is looked at again, even where it comes back unchanged.
    case.marks.filter(severity=Severity.MUST_BE_CORRECTED).delete()
    Content.objects.create(
        case=case, version=envelope.version, body=envelope.body, content_hash=case.content_hash,
        envelope_id=envelope.pk, seal=envelope.seal, sealed_at=envelope.deposited_at,
    )  # fmt: skip
    attachments.take_over(case, content)
    doing.details = {"seal": envelope.seal, "approvals": content["approvals"]}


def _show_decrees(doing: "Doing") -> None:
    doing.case.decrees_shown_at = timezone.now()


def _verify(doing: "Doing") -> None:
    doing.details = {} if doing.again else comparison.result(doing.case)  # whose marks may be lost
    tell(doing, Verb.ANSWER, "verified")


def _return_to_origin(doing: "Doing") -> None:
    note(doing)
    keep_discrepancies(doing, doing.answer.body)


def _register(doing: "Doing") -> None:
    """Enrol principal and dependents as sealed (directive, part 2); refused when one field differs (I4)."""
    case = doing.case
    content = case.content
    take_own_part(doing, Part.Name.REGISTRAR)
    file = snapshot.write_file(content, case.branch.current)
    if differing := snapshot.differences(content, file) + attachments.differences(case):
        raise NotNow(_("What was written differs from what was sealed: %(parts)s.") % {"parts": differing}, "i4")
    file.custody_requests.filter(settled_at=None).update(settled_at=timezone.now(), held_by="")
    case.pension_file, case.receipt_number = file, f"{case.tracking_number}-{case.version}"
    doing.details = {"receipt_number": case.receipt_number}


def _activate(doing: "Doing") -> None:
    """«فعال سازی پرونده مستمری»: the file is as it was at the origin, active or suspended."""
    take_own_part(doing, Part.Name.ACTIVATOR)
    doing.details = _arrears(doing)
    status = doing.case.content["file"]["status"]
    PensionFile.objects.filter(pk=doing.case.file.pk).update(status=status)
    doing.case.activated_at = doing.at
    close(doing.case)
    tell(doing, Verb.ANSWER, "activated", **doing.details)


def _arrears(doing: "Doing") -> dict[str, Any]:
    """Those of today; carried out again, those that were told."""
    if doing.again:
        return last_pay.heard(doing.input)
    return dict(last_pay.as_told(last_pay.arrears_of(doing.case)))


def _mark_cancelled(doing: "Doing") -> None:
    doing.note = doing.input.get("note", "")
    close(doing.case)


EFFECTS: Effects = {
    Action.RECEIVE: (_receive,),
    Action.SHOW_DECREES: (_show_decrees,),
    Action.VERIFY: (_verify,),
    Action.RETURN_TO_ORIGIN: (_return_to_origin,),
    Action.REGISTER: (_register,),
    Action.ACTIVATE: (_activate,),
    "mark_cancelled": (_mark_cancelled,),
}
