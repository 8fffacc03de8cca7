"""The origin's way to the seal, again: referral, draft and approvals, as the sealed content itself tells them."""

import uuid
from typing import Any

from django.utils.translation import gettext as _

from branches.models import Branch, PensionFile
from branches.roles import Action
from central.models import Envelope
from pension_transfer.lib.errors import NotNow
from transfers import attachments, crossings, payroll_warnings, snapshot, trail, workflow
from transfers.doing import Doing
from transfers.models import Content, Crossing, Part, TrackingSerial, TransferCase, Verb
from transfers.rebuild import people
from transfers.states import Side, State

NOTHING = "nothing"  # no effects: what follows is written here, from the sealed content
# From each state the next step towards the seal.
WAY: dict[str, str] = {
    State.RETURNED: Action.REOPEN,
    State.HEAD_APPROVED: Action.RECALL,  # a seal of which the center never heard
    State.SENT: Action.RECALL,
    State.REFERRAL: Action.ASSEMBLE,
    State.DRAFT: Action.APPROVE_TECHNICAL,
}
GIVES_WAY = (State.REFERRAL, State.DRAFT, State.TECHNICALLY_APPROVED, State.RETURNED)


def seal_again(envelope: Envelope) -> list[str] | None:
    """Bring the origin's case to this envelope; what is lost with it, or None where it is known here.

    In the caller's transaction. NotNow with the code "lost" where this database has something else in its place.
    """
    case = _locked(envelope)
    if case and case.contents.filter(envelope_id=envelope.pk).exists():
        return None
    content = crossings.sealed_content(envelope)
    branch = Branch.objects.get(pk=envelope.origin)
    lost: list[str] = []
    file = _file(content, branch.current, lost)
    case = case or _referred(envelope, content, file, lost)
    _refuse_another_seal(case, envelope)
    _walk(case, content)
    _put_seal(case, envelope, content)
    _step(case, Action.APPROVE_HEAD, people.approver(content, "head"), Part.Name.HEAD_APPROVER)
    _note_deposit(case, envelope)
    case.sent_at = envelope.deposited_at
    _step(case, "mark_sent", {"at": trail.utc(envelope.deposited_at)})
    return lost


# --- the file ---------------------------------------------------------------------------------------------


def _file(content: dict[str, Any], branch: Branch, lost: list[str]) -> PensionFile:
    """The branch's file as it was sealed: corrections made since the backup, and the file itself, come back."""
    number = content["file"]["pension_number"]
    file = PensionFile.objects.select_for_update(of=("self",)).filter(branch=branch, pension_number=number).first()
    if file is None:
        lost.append(_("the history of its pension file, which came back from the sealed content"))
    elif not snapshot.differences(content, file):
        return file
    file = snapshot.write_file(content, branch)
    file.status = content["file"]["status"]
    file.save()
    return file


# --- the case ---------------------------------------------------------------------------------------------


def _locked(envelope: Envelope) -> TransferCase | None:
    found = TransferCase.objects.filter(transfer_id=envelope.move, side=Side.ORIGIN, branch=envelope.origin).first()
    return crossings.lock_case(found.pk) if found else None


def _refuse_another_seal(case: TransferCase, envelope: Envelope) -> None:
    if case.contents.filter(version=envelope.version).exclude(seal="").exists():
        sentence = _(
            "version %(version)s was sealed here once more after the restore. Let the head recall it, then tell the "
            "center operator: the center has another content of it."
        )
        raise NotNow(sentence % {"version": envelope.version}, "lost")


def _referred(envelope: Envelope, content: dict[str, Any], file: PensionFile, lost: list[str]) -> TransferCase:
    """The referral itself was lost. Another one of the same pension that is open here was given up before it."""
    opened = TransferCase.objects.open().filter(side=Side.ORIGIN, pension_number=envelope.pension_number)
    for other in opened.filter(state__in=GIVES_WAY):
        _step(crossings.lock_case(other.pk), Action.CANCEL, {}, like=Action.CANCEL)
    case = TransferCase(
        transfer_id=envelope.move, side=Side.ORIGIN, branch_id=envelope.origin, origin_id=envelope.origin,
        destination_id=envelope.destination, pension_file=file, pension_number=envelope.pension_number,
        tracking_number=envelope.tracking_number, **crossings.said_of_move(content),
    )  # fmt: skip
    case.save()
    attachments.take_over(case, content)
    _remember_serial(envelope.tracking_number)
    lost.append(_("who drafted it: the center knows who approved"))
    _step(case, Action.REFER, {"at": content["move"]["sealed_at"]})
    return case


def _remember_serial(tracking_number: str) -> None:
    """No number is given twice: branch, two digits of the year, six of the serial, a check digit."""
    branch, year, serial = tracking_number[:4], 1400 + int(tracking_number[4:6]), int(tracking_number[6:12])
    row, _new = TrackingSerial.objects.get_or_create(branch_id=branch, year=year)
    TrackingSerial.objects.filter(pk=row.pk, last__lt=serial).update(last=serial)


def _walk(case: TransferCase, content: dict[str, Any]) -> None:
    """To the technical approval, over whatever lies between."""
    while action := WAY.get(case.state):
        approval = people.approver(content, "technical") if action == Action.APPROVE_TECHNICAL else {}
        case.is_assembled = action in (Action.ASSEMBLE, Action.APPROVE_TECHNICAL)
        part = Part.Name.TECHNICAL_APPROVER if approval else ""
        _step(case, action, approval or {"at": content["move"]["sealed_at"]}, part)
    if case.state != State.TECHNICALLY_APPROVED:
        sentence = _("its case stands at «%(state)s» here, from where no step leads to what the center has")
        raise NotNow(sentence % {"state": case.get_state_display()}, "lost")


def _step(case: TransferCase, action: str, approval: dict[str, Any], part: str = "", like: str = NOTHING) -> None:
    """One step of the way, in the name that the approval has; where it has none, the branch's."""
    user = (
        people.find(case.branch_id, approval.get("by", ""), approval.get("name", "")) if approval.get("name") else None
    )
    if part:
        people.note_part(case, user, part)
    who = people.signature(user, approval.get("name", ""), approval.get("role", ""), case.branch_id, {})
    given = {"at": approval["at"]} if "at" in approval else {}
    workflow.carry_out_again(Doing(case, action, user, who["role"], given, who, again=True, like=like))


def _put_seal(case: TransferCase, envelope: Envelope, content: dict[str, Any]) -> None:
    """The very bytes that the center has; the file is frozen by them."""
    case.version, case.envelope_id = envelope.version, envelope.pk
    case.destination_id, case.last_paid_month = envelope.destination, envelope.last_paid_month
    case.content_hash = snapshot.content_hash(content)
    case.payable_from = payroll_warnings.payable_from(content["file"]["status"], envelope.last_paid_month)
    for name, value in crossings.said_of_move(content).items():
        setattr(case, name, value)
    Content.objects.update_or_create(case=case, version=envelope.version, defaults={
        "body": envelope.body, "content_hash": case.content_hash, "envelope_id": envelope.pk, "seal": envelope.seal,
        "sealed_at": envelope.deposited_at,
    })  # fmt: skip
    case.__dict__.pop("content", None)
    attachments.take_over(case, content)
    PensionFile.objects.filter(pk=case.file.pk).update(frozen_by=case.transfer_id)


def _note_deposit(case: TransferCase, envelope: Envelope) -> None:
    Crossing.objects.create(
        key=uuid.uuid4(), verb=Verb.DEPOSIT, action=Action.APPROVE_HEAD, branch_id=case.branch_id, case=case,
        envelope_id=envelope.pk, state="done", settled_at=envelope.deposited_at,
    )  # fmt: skip
