"""The transfer sheet that lies on the paper file: what is printed on it, and what its seal says when it comes back.

A sheet is valid when its seal is that of any version of its move, an older one being named as such (DESIGN 11.21).
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import segno
from django.db.models import F
from django.utils.translation import gettext as _

from branches.roles import Role
from central import contract
from central.models import Envelope
from pension_transfer.lib.errors import NotNow
from pension_transfer.lib.templatetags.persian import fa, in_fours
from transfers import exchange, scan
from transfers.models import Content, TransferCase
from transfers.states import State

SEALED = frozenset(
    {State.HEAD_APPROVED, State.SENT, State.RECEIVED, State.VERIFIED, State.REGISTERED, State.RETURNED}
)  # fmt: skip


# --- what is printed ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Approval:
    """An approval as it was sealed."""

    name: str
    role: str
    at: Any


@dataclass(frozen=True)
class Sheet:
    """What a sheet prints of a case and of its sealed content."""

    case: TransferCase
    row: Content
    content: dict[str, Any]

    @property
    def text(self) -> str:
        return scan.text_of(self.case.tracking_number, self.row.seal)

    @property
    def qr(self) -> str:
        return drawn(self.text)

    @property
    def number(self) -> str:
        return in_groups(self.case.tracking_number)

    @property
    def seal(self) -> str:
        return in_fours(scan.short(self.row.seal))

    @property
    def pages(self) -> int | None:
        """What the origin counted when the paper left, else what was sealed."""
        return self.case.paper_sent_pages or self.content["file"]["paper_pages"]

    @property
    def approvals(self) -> list[Approval]:
        roles = dict(Role.choices)
        return [
            Approval(row["name"], str(roles.get(row["role"], "")), contract.moment(row["at"]))
            for row in self.content["approvals"]
        ]


def in_groups(number: str) -> str:
    """A tracking number as it is read aloud: branch, year, serial and check digit."""
    return " ".join([number[:4], number[4:6], number[6:9], number[9:]])


def drawn(text: str) -> str:
    """A text as a QR code for the page; its size is left to the style sheet."""
    code: str = segno.make(text, error="m", micro=False).svg_inline(border=2, omitsize=True)
    return code


def is_ready(case: TransferCase) -> bool:
    """Whether the current version is sealed."""
    return case.state in SEALED


def of_case(case: TransferCase) -> Sheet:
    """The sheet of the current version; NotNow before it is sealed."""
    row = case.contents.filter(version=case.version).exclude(seal="").first() if is_ready(case) else None
    if row is None:
        raise NotNow(_("The transfer sheet can be printed once the head has sent the data to the center."), "unsealed")
    return Sheet(case, row, json.loads(row.body))


def of_cases(cases: list[TransferCase]) -> dict[int, Sheet]:
    """The sheets of those that are sealed, by the case's number: one query for all."""
    by_key = {case.pk: case for case in cases if is_ready(case)}
    rows = Content.objects.filter(case__in=by_key, version=F("case__version")).exclude(seal="")
    return {row.case_id: Sheet(by_key[row.case_id], row, json.loads(row.body)) for row in rows}


# --- what a sheet that comes back says ------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """What is said of a sheet's seal; tone as of an alert."""

    tone: str
    text: str


def check_case(case: TransferCase, printed: str) -> Verdict | None:
    """A sheet against a branch's copy; None for one without a seal."""
    held = case.contents.exclude(seal="").values_list("version", "seal")
    return _verdict(printed, case.transfer_id, case.version, dict(held)) if printed else None


def check_envelope(envelope: Envelope, printed: str) -> Verdict | None:
    """A sheet against an envelope that waits at the center; None for one without a seal."""
    return _verdict(printed, envelope.move, envelope.version, {envelope.version: envelope.seal}) if printed else None


def _verdict(printed: str, move: UUID, current: int, held: dict[int, str]) -> Verdict:
    """`held`: the seals known here by their versions; the center is asked for the others only when none is it."""
    version, is_reached = _version_of(printed, held), True
    if version is None:
        seals = _asked(move)
        version, is_reached = _version_of(printed, seals or {}), seals is not None
    if version == current:
        return Verdict("success", _("The seal of the sheet is the seal of the envelope."))
    if version is not None:
        numbers = {"printed": fa(version), "current": fa(current)}
        return Verdict(
            "warning", _("The sheet is of version %(printed)s; the current version is %(current)s.") % numbers
        )
    if not is_reached:
        return Verdict("warning", _("The seal of the sheet could not be checked: the center cannot be reached now."))
    return Verdict(
        "error", _("This sheet does not belong to this content: its seal is that of no version of the move.")
    )


def _version_of(printed: str, seals: dict[int, str]) -> int | None:
    return next((version for version, seal in seals.items() if scan.short(seal) == printed), None)


def _asked(move: UUID) -> dict[int, str] | None:
    """The seals of all versions that the center has; None while it cannot be reached."""
    try:
        return exchange.seals_of(move)
    except exchange.Unreachable:
        return None
