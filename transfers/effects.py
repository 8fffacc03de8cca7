"""What follows a step, in the branch's own database and in the step's own transaction."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import PensionFile, Status, User
from branches.roles import Action
from central import contract
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow
from transfers import completeness, presentation, snapshot, tracking, trail
from transfers.crossings import said_of_move, sealed_content, tell
from transfers.models import Content, Discrepancy, Part, Tick, TransferCase, Verb
from transfers.states import Side, State

if TYPE_CHECKING:
    from transfers.workflow import Doing


# --- small things that several steps share --------------------------------------------------------------


def take_part(case: TransferCase, user: User, name: str) -> None:
    """Note who took a part; NotAllowed for a second, different part in the same move (I8)."""
    part, _new = Part.objects.get_or_create(case=case, user=user, defaults={"name": name})
    if part.name != name:
        raise NotAllowed(_("You have taken another part in this move; a colleague must take this step."), "four_eyes")


def hand_over_turn(case: TransferCase) -> None:
    """Whose turn it is now, and since when."""
    turn = case.whose_turn()
    if turn != case.turn:
        case.turn, case.turn_since = turn, timezone.now()


def _freeze(case: TransferCase, by: uuid.UUID | None) -> None:
    PensionFile.objects.filter(pk=case.file.pk).update(frozen_by=by)


def _thaw(doing: "Doing") -> None:
    _freeze(doing.case, None)


def _close(case: TransferCase) -> None:
    case.closed_at = timezone.now()


def _note(doing: "Doing") -> None:
    doing.note = doing.input.get("reason", "") or doing.input.get("note", "")


def _same_branch() -> BadInput:
    sentence = _("The destination must be another branch.")
    return BadInput(sentence, "same_branch", {"destination": [sentence]})


# --- origin -------------------------------------------------------------------------------------------


def new_case(file: PensionFile, given: dict[str, Any]) -> TransferCase:
    """The origin's copy of a new move; saved by the step that follows."""
    if given["destination"] == file.branch:
        raise _same_branch()
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
    doing.details = {"destination": doing.case.destination_id}


def _edit_move(doing: "Doing") -> None:
    take_part(doing.case, doing.person, Part.Name.DRAFTER)
    for name, value in doing.input.items():
        setattr(doing.case, name, value)
    if doing.case.destination_id == doing.case.origin_id:
        raise _same_branch()
    _store_draft_if_complete(doing.case)


def list_missing(case: TransferCase) -> dict[str, Any]:
    """Read the file anew; the case keeps what keeps it from being complete."""
    content = snapshot.compose(case, case.file)
    case.missing = completeness.faults(content)
    return content


def _store_draft_if_complete(case: TransferCase) -> None:
    content = list_missing(case)
    case.is_assembled = not case.missing and case.state == State.DRAFT
    if not case.missing:
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
    _store_draft_if_complete(doing.case)


def _tick(doing: "Doing") -> None:
    section, case = doing.input["section"], doing.case
    if not doing.input["ticked"]:
        Tick.objects.filter(case=case, section=section).delete()
        return
    now = {
        "section_hash": snapshot.section_hashes(case.content)[section],
        "by": doing.by,
        "at": timezone.now(),
    }
    Tick.objects.update_or_create(case=case, section=section, defaults=now)


def _approve_technical(doing: "Doing") -> None:
    """Directive, part 1. The last paid month is stated with the approval (last pay certificate)."""
    take_part(doing.case, doing.person, Part.Name.TECHNICAL_APPROVER)
    doing.case.last_paid_month = doing.input["last_paid_month"]
    doing.details = {"last_paid_month": doing.case.last_paid_month}


def _to_the_clerk(doing: "Doing") -> None:
    doing.case.is_assembled = False


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
    _freeze(case, case.transfer_id)
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
    _thaw(doing)
    doing.case.version += 1
    doing.case.is_assembled = False


def _recall(doing: "Doing") -> None:
    _note(doing)
    deposits = doing.case.crossings.filter(verb=Verb.DEPOSIT, envelope_id=doing.case.envelope)
    deposits.exclude(state="done").update(state="refused", reason="withdrawn", settled_at=timezone.now())
    doing.case.envelope_id = None
    _next_version(doing)


def _cancel(doing: "Doing") -> None:
    _note(doing)
    _thaw(doing)
    _close(doing.case)
    sent = doing.case.events.filter(action="mark_sent").order_by("-sequence").first()
    if sent:
        content = doing.case.contents.get(version=sent.version)
        tell(doing, Verb.ANSWER, "cancelled", content.envelope_id, note=doing.note)


def _mark_returned(doing: "Doing") -> None:
    """The origin sees what was wrong; the file thaws at once."""
    _thaw(doing)
    body = doing.input
    doing.note = body.get("note", "")
    doing.details = {name: body[name] for name in ("code", "suggested_branch") if body.get(name)}
    rows = [
        Discrepancy(case=doing.case, version=doing.case.version, at=timezone.now(), **row)
        for row in body.get("discrepancies", [])
    ]
    Discrepancy.objects.bulk_create(rows)


def _mark_registered(doing: "Doing") -> None:
    PensionFile.objects.filter(pk=doing.case.file.pk).update(status=Status.MOVED, frozen_by=None)
    doing.case.receipt_number = doing.input.get("receipt_number", "")


def _mark_activated(doing: "Doing") -> None:
    doing.case.activated_at = timezone.now()
    _close(doing.case)


# --- destination ----------------------------------------------------------------------------------------


def _receive(doing: "Doing") -> None:
    case, envelope = doing.case, doing.answer
    content = sealed_content(envelope)
    case.version, case.envelope_id = envelope.version, envelope.pk
    case.content_hash, case.last_paid_month = snapshot.content_hash(content), envelope.last_paid_month
    case.decrees_shown_at = case.closed_at = None
    for name, value in said_of_move(content).items():
        setattr(case, name, value)
    if not case.trail_length:
        case.save()
    Content.objects.create(
        case=case, version=envelope.version, body=envelope.body, content_hash=case.content_hash,
        envelope_id=envelope.pk, seal=envelope.seal, sealed_at=envelope.deposited_at,
    )  # fmt: skip
    doing.details = {"seal": envelope.seal, "approvals": content["approvals"]}


def _show_decrees(doing: "Doing") -> None:
    doing.case.decrees_shown_at = timezone.now()


def _record_paper(doing: "Doing") -> None:
    for name, value in doing.input.items():
        setattr(doing.case, name, value)
    doing.details = {"pages": doing.case.paper_pages, "letter_number": doing.case.paper_letter_number}


def _note_discrepancy(doing: "Doing") -> None:
    given = doing.input
    sent = presentation.value_sent(doing.case.content, given["section"], given["field"])
    Discrepancy.objects.create(
        case=doing.case, version=doing.case.version, by_name=str(doing.by), at=timezone.now(), sent_value=sent, **given
    )
    doing.note = given["note"]
    doing.details = {name: given[name] for name in ("section", "field", "code", "severity")}


def _drop_discrepancy(doing: "Doing") -> None:
    dropped = doing.case.discrepancies.filter(pk=doing.input["discrepancy"], version=doing.case.version)
    doing.details = {"dropped": list(dropped.values_list("section", "field"))}
    if not doing.details["dropped"]:
        raise NotNow(_("This discrepancy is no longer there; a colleague has dropped it."), "gone")
    dropped.delete()


def _verify(doing: "Doing") -> None:
    tell(doing, Verb.ANSWER, "verified")


def _return_to_origin(doing: "Doing") -> None:
    _note(doing)
    doing.details = {name: doing.input.get(name) for name in ("code", "suggested_branch") if doing.input.get(name)}


def _register(doing: "Doing") -> None:
    """Enrol principal and dependents as sealed (directive, part 2); refused when one field differs (I4)."""
    case = doing.case
    content = case.content
    take_part(case, doing.person, Part.Name.REGISTRAR)
    file = snapshot.write_file(content, case.branch)
    if differing := snapshot.differences(content, file):
        raise NotNow(_("What was written differs from what was sealed: %(parts)s.") % {"parts": differing}, "i4")
    file.custody_requests.filter(settled_at=None).update(settled_at=timezone.now(), held_by="")
    case.pension_file, case.receipt_number = file, f"{case.tracking_number}-{case.version}"
    doing.details = {"receipt_number": case.receipt_number}


def _activate(doing: "Doing") -> None:
    """«فعال سازی پرونده مستمری»: the file is as it was at the origin, active or suspended."""
    take_part(doing.case, doing.person, Part.Name.ACTIVATOR)
    status = doing.case.content["file"]["status"]
    PensionFile.objects.filter(pk=doing.case.file.pk).update(status=status)
    doing.case.activated_at = timezone.now()
    _close(doing.case)
    tell(doing, Verb.ANSWER, "activated")


def _mark_cancelled(doing: "Doing") -> None:
    doing.note = doing.input.get("note", "")
    _close(doing.case)


EFFECTS: dict[str, tuple[Callable[["Doing"], None], ...]] = {
    Action.REFER: (_refer,),
    Action.EDIT_MOVE: (_edit_move,),
    Action.ASSEMBLE: (_assemble,),
    Action.TICK: (_tick,),
    Action.APPROVE_TECHNICAL: (_approve_technical,),
    Action.SEND_BACK: (_note, _to_the_clerk),
    "lapse": (_note, _to_the_clerk),
    Action.APPROVE_HEAD: (_approve_head,),
    Action.RECALL: (_recall,),
    Action.CANCEL: (_cancel,),
    "mark_returned": (_mark_returned,),
    "mark_registered": (_mark_registered,),
    "mark_activated": (_mark_activated,),
    Action.REOPEN: (_next_version,),
    Action.RECEIVE: (_receive,),
    Action.SHOW_DECREES: (_show_decrees,),
    Action.RECORD_PAPER: (_record_paper,),
    Action.NOTE_DISCREPANCY: (_note_discrepancy,),
    Action.DROP_DISCREPANCY: (_drop_discrepancy,),
    Action.VERIFY: (_verify,),
    Action.RETURN_TO_ORIGIN: (_return_to_origin,),
    Action.REGISTER: (_register,),
    Action.ACTIVATE: (_activate,),
    "mark_cancelled": (_mark_cancelled,),
}


def follow(doing: "Doing") -> None:
    """Everything that follows the step, in order."""
    for effect in EFFECTS.get(doing.action, ()):
        effect(doing)
