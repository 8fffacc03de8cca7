"""What follows the origin's steps."""

import uuid
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from branches.models import PensionFile, Status
from branches.roles import Action
from central import contract
from transfers import (
    attachments,
    comparison,
    completeness,
    last_pay,
    payroll_warnings,
    snapshot,
    tracking,
    trail,
    versions,
)
from transfers.crossings import tell
from transfers.effects.shared import Effects, close, freeze, keep_discrepancies, note, same_branch, take_part, thaw
from transfers.models import Content, Part, TransferCase, Verb
from transfers.states import Side, State

if TYPE_CHECKING:
    from transfers.doing import Doing


def new_case(file: PensionFile, given: dict[str, Any]) -> TransferCase:
    """The origin's copy of a new move; saved by the step that follows."""
    if given["destination"] == file.branch:
        raise same_branch()
    return TransferCase(
        side=Side.ORIGIN,
        branch=file.branch,
        origin=file.branch,
        pension_file=file,
        pension_number=file.pension_number,
        national_code=file.national_code,
        person_name=file.full_name,
        tracking_number=tracking.next_number(file.branch),
        **given,
    )


def _refer(doing: "Doing") -> None:
    doing.case.save()
    take_part(doing.case, doing.person, Part.Name.DRAFTER)
    attachments.carry(doing.case, doing.case.file)
    doing.details = {"destination": doing.case.destination_id}


def _edit_move(doing: "Doing") -> None:
    take_part(doing.case, doing.person, Part.Name.DRAFTER)
    for name, value in doing.input.items():
        setattr(doing.case, name, value)
    if doing.case.destination_id == doing.case.origin_id:
        raise same_branch()
    store_draft_if_complete(doing.case)


def list_missing(case: TransferCase) -> dict[str, Any]:
    """Read the file anew; the case keeps what keeps it from being complete, and what is doubtful."""
    content = snapshot.compose(case, case.file)
    case.missing, case.warnings = completeness.find(content, case.branch_id)
    case.missing += completeness.of_the_address(case)
    case.payable_from = payroll_warnings.payable_from(case.file.status, case.file.last_paid_month)
    case.__dict__["drafted"] = content
    return content


def is_complete(case: TransferCase) -> bool:
    """Nothing is missing, and somebody answers for every warning."""
    return not case.missing and not completeness.open_warnings(case)


def store_draft_if_complete(case: TransferCase) -> None:
    """The content changed: the draft is written anew, or the case keeps what is missing."""
    content = list_missing(case)
    case.is_assembled = is_complete(case) and case.state == State.DRAFT
    if is_complete(case):
        _store_draft(case, content)


def _store_draft(case: TransferCase, content: dict[str, Any]) -> None:
    case.content_hash = snapshot.content_hash(content)
    case.national_code = content["principal"]["national_code"]
    case.person_name = f"{content['principal']['first_name']} {content['principal']['last_name']}"
    case.__dict__.pop("content", None)
    body = contract.canonical(content).decode()
    Content.objects.update_or_create(
        case=case, version=case.version, defaults={"body": body, "content_hash": case.content_hash}
    )


def _assemble(doing: "Doing") -> None:
    take_part(doing.case, doing.person, Part.Name.DRAFTER)
    store_draft_if_complete(doing.case)


def _approve_technical(doing: "Doing") -> None:
    """Directive, part 1. The last paid month is stated with the approval (last pay certificate)."""
    take_part(doing.case, doing.person, Part.Name.TECHNICAL_APPROVER)
    doing.case.last_paid_month = doing.input["last_paid_month"]
    doing.details = {"last_paid_month": doing.case.last_paid_month} | comparison.result(doing.case)


def _tell_what_changed(doing: "Doing") -> None:
    """Who approved is shown what is no longer as it was approved (D5)."""
    case = doing.case
    doing.details = versions.as_told(case.content, snapshot.compose(case, case.file))


def _to_the_clerk(doing: "Doing") -> None:
    doing.case.is_assembled = False
    list_missing(doing.case)


def _approve_head(doing: "Doing") -> None:
    """Seal: from here on nobody changes the content, and the file is frozen (directive part 1; D5)."""
    case = doing.case
    take_part(case, doing.person, Part.Name.HEAD_APPROVER)
    case.envelope_id = uuid.uuid4()
    content = snapshot.compose(case, case.file)
    content["move"]["sealed_at"] = trail.utc(timezone.now())
    content["approvals"] = _approvals(doing)
    body = contract.canonical(content)
    Content.objects.filter(case=case, version=case.version).update(
        body=body.decode(),
        seal=contract.seal_of(body),
        envelope_id=case.envelope_id,
        sealed_at=timezone.now(),
    )
    freeze(case, case.transfer_id)
    tell(doing, Verb.DEPOSIT)
    doing.details = {"seal": contract.seal_of(body)}


def _approvals(doing: "Doing") -> list[dict[str, Any]]:
    technical = doing.case.events.filter(action=Action.APPROVE_TECHNICAL).order_by("-sequence")[0]
    head = {
        "by": doing.person.username,
        "name": str(doing.by),
        "role": doing.role,
        "at": trail.utc(timezone.now()),
    }
    officer = {
        "by": technical.by.username if technical.by else "",
        "name": technical.by_name,
        "role": technical.role,
        "at": trail.utc(technical.at),
    }
    same = {"branch": doing.case.branch_id, "content_hash": doing.case.content_hash}
    return [{"step": "technical", **officer, **same}, {"step": "head", **head, **same}]


def _next_version(doing: "Doing") -> None:
    """Back at the origin: the file thaws and the next version begins with the clerk."""
    thaw(doing)
    doing.case.version += 1
    doing.case.is_assembled = False
    list_missing(doing.case)


def _recall(doing: "Doing") -> None:
    note(doing)
    told = doing.case.crossings.filter(decided_there=False, envelope_id=doing.case.envelope)
    told.exclude(state="done").update(state="refused", reason="withdrawn", settled_at=timezone.now())
    doing.case.envelope_id = doing.case.sent_at = None
    _next_version(doing)


def _cancel(doing: "Doing") -> None:
    note(doing)
    thaw(doing)
    close(doing.case)
    sent = doing.case.events.filter(action="mark_sent").order_by("-sequence").first()
    if sent:
        content = doing.case.contents.get(version=sent.version)
        tell(doing, Verb.ANSWER, "cancelled", content.envelope_id, note=doing.note)


def _mark_sent(doing: "Doing") -> None:
    doing.case.sent_at = timezone.now()


def _mark_returned(doing: "Doing") -> None:
    """The origin sees what was wrong; the file thaws at once."""
    thaw(doing)
    body = doing.input
    doing.note = body.get("note", "")
    keep_discrepancies(doing, body)


def _mark_registered(doing: "Doing") -> None:
    PensionFile.objects.filter(pk=doing.case.file.pk).update(status=Status.MOVED, frozen_by=None)
    doing.case.receipt_number = doing.input.get("receipt_number", "")


def _mark_activated(doing: "Doing") -> None:
    doing.case.activated_at = timezone.now()
    doing.details = dict(last_pay.heard(doing.input))
    close(doing.case)


EFFECTS: Effects = {
    Action.REFER: (_refer,),
    Action.EDIT_MOVE: (_edit_move,),
    Action.ASSEMBLE: (_assemble,),
    Action.APPROVE_TECHNICAL: (_approve_technical,),
    Action.SEND_BACK: (note, _to_the_clerk),
    "lapse": (note, _tell_what_changed, _to_the_clerk),
    Action.APPROVE_HEAD: (_approve_head,),
    Action.RECALL: (_recall,),
    Action.CANCEL: (_cancel,),
    "mark_sent": (_mark_sent,),
    "mark_returned": (_mark_returned,),
    "mark_registered": (_mark_registered,),
    "mark_activated": (_mark_activated,),
    Action.REOPEN: (_next_version,),
}
