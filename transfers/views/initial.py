"""What stands in the form of a step before anything is typed."""

from typing import Any

from branches.roles import Action
from branches.sections import CERTIFICATE
from transfers.models import PaperCondition, PaperMethod

INITIAL: dict[str, Any] = {
    Action.EDIT_MOVE: lambda page: {
        "destination": (page.story.suggestion or page.case.destination).pk,
        "reason": page.case.reason, "note": page.case.note,
        "letter_number": page.case.letter_number, "letter_date": page.case.letter_date,
    },
    Action.STATE_CERTIFICATE: lambda page: {name: getattr(page.case.file, name) for name in CERTIFICATE},
    Action.ATTACH: lambda page: {"path": page.preset.get("path", "") if page.preset else ""},
    Action.DETACH: lambda page: {"attachment": page.preset.get("attachment") if page.preset else None},
    Action.ASK_QUESTION: lambda page: {"path": page.preset.get("field", "")} if page.preset else {},
    Action.APPROVE_HEAD: lambda page: {"content_hash": page.case.content_hash},
    Action.RECORD_PAPER: lambda page: {
        "paper_arrived_on": page.case.paper_arrived_on, "paper_pages": page.case.paper_pages,
        "paper_letter_number": page.case.paper_letter_number, "paper_note": page.case.paper_note,
        "paper_condition": page.case.paper_condition or PaperCondition.GOOD,
    },
    Action.DISPATCH_PAPER: lambda page: {
        "paper_sent_on": page.case.paper_sent_on, "paper_sent_letter": page.case.paper_sent_letter,
        "paper_method": page.case.paper_method or PaperMethod.REGISTERED_MAIL,
        "paper_sent_pages": page.case.paper_sent_pages or page.case.content.get("file", {}).get("paper_pages"),
        "parcel_number": page.case.parcel_number,
    },
}  # fmt: skip
