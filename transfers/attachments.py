"""Attachments of a case: what is sealed of them, and how they come and go."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from branches.models import PensionFile, User
from pension_transfer.lib import blobs
from transfers.models import Attachment, MediaType, Scan, ScanBytes, TransferCase
from transfers.scans import Checked, keep

ANSWER = "answer."  # what lies on an answer goes with the answer, not with the envelope
SEALED = ("sha256", "name", "media_type", "size", "path")


ROWS = Attachment.objects.select_related("by", "scan").order_by("id")


def of_case(case: TransferCase) -> list[Attachment]:
    """Those that belong to the case's content now, never their bytes; a page reads them with its case (ROWS)."""
    return [row for row in _held(case) if not row.path.startswith(ANSWER)]


def of_answers(case: TransferCase) -> dict[str, list[Attachment]]:
    """Those that came with answers, by the question's key; of every version, as the questions are."""
    found: dict[str, list[Attachment]] = defaultdict(list)
    for row in _held(case):
        if row.path.startswith(ANSWER):
            found[row.path.removeprefix(ANSWER)].append(row)
    return found


def _held(case: TransferCase) -> list[Attachment]:
    held = case.attachments.all() if _is_read(case) else ROWS.filter(case=case.pk)
    return [row for row in held if row.removed_at is None]


def _is_read(case: TransferCase) -> bool:
    return "attachments" in getattr(case, "_prefetched_objects_cache", {})


def sealed_form(case: TransferCase) -> list[dict[str, Any]]:
    """The attachments as they are sealed: by hash, in an order that is the same at every branch."""
    rows = [{name: getattr(row, name) for name in SEALED} for row in of_case(case)]
    return sorted(rows, key=lambda row: (row["path"], row["sha256"]))


def differences(case: TransferCase) -> list[str]:
    """["attachments"] where what lies on the case is not what was sealed with its content (I4)."""
    sealed = [row for row in case.content["attachments"] if "media_type" in row]  # envelope-1 never had any
    return [] if sealed_form(case) == sealed else ["attachments"]


def broken(case: TransferCase) -> set[str]:
    """The hashes of those whose bytes, as they lie in this branch's database, are no longer theirs."""
    return blobs.broken(ScanBytes, "default", {row.sha256 for row in _held(case)})


def on_their_way(case: TransferCase) -> list[Attachment]:
    """Those whose bytes have not come from the center yet, sealed or of an answer."""
    return [row for row in _held(case) if row.scan_id is None]


# --- coming and going -------------------------------------------------------------------------------------


def attach(case: TransferCase, checked: Checked, path: str, by: User) -> Attachment:
    """Keep a checked upload and lay it on a place of the case."""
    scan = keep(checked)
    return Attachment.objects.create(
        case=case, scan=scan, sha256=scan.pk, name=checked.name, media_type=scan.media_type, size=scan.size,
        path=path, by=by,
    )  # fmt: skip


def keep_for_answer(key: str, files: Iterable[Checked]) -> list[dict[str, Any]]:
    """Keep what comes with an answer to the question `key`, in the form in which it is told: by hash.

    It lies nowhere until the center has taken the answer.
    """
    return [_told(keep(checked), checked.name, ANSWER + key) for checked in files]


def _told(scan: Scan, name: str, path: str) -> dict[str, Any]:
    return {"sha256": scan.pk, "name": name, "media_type": scan.media_type, "size": scan.size, "path": path}


def lay_on_answer(case: TransferCase, key: str, told: Iterable[dict[str, Any]], by: User | None) -> None:
    """Lay what was told of an answer on the question `key`, whatever place it names; what is here is tied at once."""
    rows = [{name: row[name] for name in SEALED} | {"path": ANSWER + key} for row in told]
    kinds = [MediaType(row.pop("media_type")) for row in rows]  # ValueError: another site may say anything
    laid = [Attachment(case=case, by=by, media_type=kind, **row) for kind, row in zip(kinds, rows, strict=True)]
    Attachment.objects.bulk_create(laid)
    link({row.sha256 for row in laid})


def remove(rows: Iterable[Attachment]) -> None:
    """Take attachments off the case; versions that were sealed with them still show them."""
    Attachment.objects.filter(pk__in=[row.pk for row in rows]).update(removed_at=timezone.now())


def carry(case: TransferCase, file: PensionFile) -> None:
    """What the file's last move brought or left here goes on with the next one: no scan is made twice."""
    last = TransferCase.objects.filter(pension_file=file).exclude(pk=case.pk).order_by("-id").first()
    rows = [row for row in of_case(last) if row.scan_id] if last else []
    facts = [{name: getattr(row, name) for name in SEALED} for row in rows]
    Attachment.objects.bulk_create(Attachment(case=case, scan_id=row["sha256"], **row) for row in facts)


def take_over(case: TransferCase, content: dict[str, Any]) -> None:
    """The attachments of a content that was received; what the version before had beside them is taken off."""
    wanted = {_key(row): row for row in content["attachments"] if "media_type" in row}
    held = {_key(vars(row)): row for row in of_case(case)}
    remove(row for key, row in held.items() if key not in wanted)
    fresh = [Attachment(case=case, **row) for key, row in wanted.items() if key not in held]
    Attachment.objects.bulk_create(fresh)
    link({row["sha256"] for row in content["attachments"]})


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in SEALED)


def link(hashes: Iterable[str]) -> None:
    """Tie what was announced to the scans that are here by now."""
    waiting = Attachment.objects.filter(scan=None, sha256__in=list(hashes))
    for sha256 in Scan.objects.filter(pk__in=waiting.values("sha256")).values_list("pk", flat=True):
        waiting.filter(sha256=sha256).update(scan=sha256)


def kind_of(sha256: str) -> MediaType:
    """What an announced attachment was said to be."""
    return MediaType(Attachment.objects.filter(sha256=sha256).values_list("media_type", flat=True)[0])


def waits_for(sha256: str) -> TransferCase:
    """The case that has waited longest for the bytes of a hash."""
    return Attachment.objects.filter(sha256=sha256, scan=None).select_related("case").order_by("id")[0].case


def missing(cases: Iterable[int] | None = None) -> list[str]:
    """The hashes whose bytes are still to come, of open cases or of these; the longest awaited first."""
    rows = Attachment.objects.filter(scan=None, removed_at=None)
    rows = rows.filter(case__closed_at=None) if cases is None else rows.filter(case__in=list(cases))
    return list(dict.fromkeys(rows.order_by("id").values_list("sha256", flat=True)))
