"""Attachments as pages print them: on a case, and on the pension file that they belong to."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from branches.models import PensionFile, User
from pension_transfer.lib.persian import is_persian
from pension_transfer.lib.templatetags.persian import fa
from transfers import attachments, snapshot
from transfers.attachments import ANSWER, ROWS, of_case
from transfers.models import Attachment, TransferCase
from transfers.places import place_of, places
from transfers.scans import MB


@dataclass(frozen=True)
class Shown:
    """An attachment as a page prints it; `url` is empty while its bytes are on their way."""

    pk: int
    name: str
    kind: str
    size: str
    pages: str
    place: str
    by: str
    at: dt.datetime
    url: str
    remove_url: str = ""

    @property
    def download_url(self) -> str:
        return f"{self.url}?download=1"


def shown(row: Attachment, places: dict[str, str], may_remove: bool = False) -> Shown:
    """One attachment in words; `places` are those of its case's content."""
    address = reverse("case_step", args=[row.case_id, "detach"]) + f"?attachment={row.pk}"
    return Shown(
        pk=row.pk,
        name=row.name,
        kind=str(row.get_media_type_display()),
        size=size_in_words(row.size),
        pages=fa(row.scan.pages) if row.scan and row.scan.pages else "",
        place=place_of(row.path, places),
        by=str(row.by or ""),
        at=row.at,
        url=reverse("case_attachment", args=[row.case_id, row.pk]) if row.scan_id else "",
        remove_url=address if may_remove else "",
    )


def size_in_words(size: int) -> str:
    """«۳۴۰ کیلوبایت», «۲٫۴ مگابایت»."""
    if size < MB:
        return _("%(size)s KB") % {"size": fa(max(1, round(size / 1024)))}
    number = f"{size / MB:.1f}".removesuffix(".0")
    return _("%(size)s MB") % {"size": fa(number.replace(".", "٫") if is_persian() else number)}


def of_page(case: TransferCase, may_remove: bool) -> list[Shown]:
    """Those of the case's content, each with its place."""
    rows = of_case(case)
    known = places(case.content) if rows else {}
    return [shown(row, known, may_remove) for row in rows]


def of_answers(case: TransferCase) -> dict[str, list[Shown]]:
    """Those of answers, by the question's key."""
    place = _("The answer")
    return {key: [shown(row, {row.path: place}) for row in rows] for key, rows in attachments.of_answers(case).items()}


def of_version(case: TransferCase, content: dict[str, Any]) -> list[Shown]:
    """Those that an earlier version was sealed with, removed since or not."""
    sealed = {(row["sha256"], row.get("path", "")) for row in content["attachments"]}
    rows = {(row.sha256, row.path): row for row in ROWS.filter(case=case)}
    known = places(content) if sealed else {}
    return [shown(row, known) for key, row in rows.items() if key in sealed]


def of_file(file: PensionFile, user: User) -> list[Shown]:
    """Those that belong to a pension file: what its moves brought here or took along, each once."""
    held = ROWS.filter(case__pension_file=file, removed_at=None).exclude(scan=None).exclude(path__startswith=ANSWER)
    rows = {(row.sha256, row.path): row for row in held}
    known = places(snapshot.read_file(file)) if rows else {}
    return [shown(row, known) for row in rows.values()]
