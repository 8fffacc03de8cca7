"""Pension file <-> canonical content. What is sealed is read here, what is registered is written here (I4).

Amounts are Rial, months yyyymm, dates ISO Gregorian, shares text with four decimals.
"""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from branches import coming, reminders
from branches.models import Branch, Decree, DecreeLine, Deduction, Dependent, PensionFile, Status
from central.contract import CURRENT, canonical, seal_of
from transfers.attachments import sealed_form
from transfers.models import TransferCase

PERSON = ("national_code", "first_name", "last_name", "father_name", "birth_date", "birth_year", "sex")
FILE = (
    "pension_number", "kind", "status", "insurance_number", "established_on", "service_main_days",
    "service_bonus_days", "paper_pages",
)  # fmt: skip
PRINCIPAL = (*PERSON, "id_number", "death_date")
CONTACT = ("iban", "mobile", "postal_code", "address")
DEPENDENT = (
    *PERSON, "relationship", "share_percent", "entitlement_basis", "entitled_from", "entitled_until", "iban",
)  # fmt: skip
DECREE = (
    "number", "kind", "issued_on", "effective_on", "issuing_branch", "previous_number", "amount_before",
    "amount_after", "description",
)  # fmt: skip
LINE = ("order", "title", "group", "amount")
DEDUCTION = ("kind", "creditor", "monthly_amount", "remaining_amount", "ends_on")
CERTIFICATE = (
    "last_paid_month", "arrears_amount", "arrears_note", "overpaid_amount", "overpaid_note", "suspended_since",
    "suspension_reason",
)  # fmt: skip
MOVE = ("tracking_number", "reason", "letter_number", "letter_date", "note", "version")
# What is compared with the paper file, section by section, and the parts of the content each one covers.
SECTIONS: dict[str, tuple[str, ...]] = {
    "principal": ("file", "principal"),
    "contact": ("contact",),
    "dependents": ("dependents",),
    "decrees": ("decrees",),
    "deductions": ("deductions",),
    "last_pay_certificate": ("last_pay_certificate",),
}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return f"{value:.4f}" if isinstance(value, Decimal) else value


def _fields(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in names}


def values_of(row: Any, names: Iterable[str]) -> dict[str, Any]:
    """Columns of a row in the form in which they are sealed."""
    return _fields(row, names)


def _decree(decree: Decree) -> dict[str, Any]:
    return _fields(decree, DECREE) | {"lines": [_fields(line, LINE) for line in decree.lines.all()]}


def _in_order(rows: Iterable[dict[str, Any]], *first: str) -> list[dict[str, Any]]:
    """Rows in an order that is the same at every branch, whatever its database's collation."""
    return sorted(rows, key=lambda row: ([row[name] for name in first], canonical(row)))


def read_file(file: PensionFile) -> dict[str, Any]:
    """Everything a pension file holds, in the form in which it is sealed."""
    decrees = file.decrees.filter(is_valid=True).prefetch_related("lines")
    content = {
        "file": _fields(file, FILE),
        "principal": _fields(file, PRINCIPAL),
        "contact": _fields(file, CONTACT),
        "dependents": _in_order(
            (_fields(row, DEPENDENT) for row in file.dependents.all()), "birth_year", "national_code"
        ),
        "decrees": _in_order((_decree(row) for row in decrees), "effective_on", "number"),
        "deductions": _in_order((_fields(row, DEDUCTION) for row in file.deductions.all()), "kind", "creditor"),
        "last_pay_certificate": _fields(file, CERTIFICATE),
    }
    return content | {"coming_events": _in_order(coming.events(content), "on", "national_code", "kind")}


def compose(case: TransferCase, file: PensionFile) -> dict[str, Any]:
    """The content of a draft: the move and its file, before approvals."""
    move = _fields(case, MOVE) | {
        "transfer_id": str(case.transfer_id),
        "origin": case.origin_id,
        "destination": case.destination_id,
    }
    return {"schema": CURRENT, "move": move, "attachments": sealed_form(case)} | read_file(file)


def content_hash(content: dict[str, Any]) -> str:
    """What approvals bind to: the content without approvals, version and times (DESIGN 11.21)."""
    bare = {key: value for key, value in content.items() if key != "approvals"}
    bare["move"] = {k: v for k, v in content["move"].items() if k not in {"version", "sealed_at"}}
    return seal_of(canonical(bare))


# --- the way back -------------------------------------------------------------------------------------


def _typed(model: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {name: model._meta.get_field(name).to_python(value) for name, value in values.items()}


def write_file(content: dict[str, Any], branch: Branch) -> PensionFile:
    """Write the sealed content as a pension file of `branch`, registered and not yet active.

    A file that was here before is used again: its decrees that are not in the content are voided and kept. Of the last
    pay certificate, what an older contract does not know is nothing.
    """
    number = content["file"]["pension_number"]
    file = PensionFile.objects.filter(branch=branch, pension_number=number).first() or PensionFile(branch=branch)
    certificate = _fields(PensionFile(), CERTIFICATE) | content["last_pay_certificate"]
    values = content["file"] | content["principal"] | content["contact"] | certificate
    for name, value in _typed(PensionFile, values).items():
        setattr(file, name, value)
    file.status, file.frozen_by = Status.REGISTERED, None
    file.closing_cause, file.closed_on = "", None
    file.save()
    _write_people(file, content)
    _write_decrees(file, content["decrees"])
    reminders.remember(file, content["coming_events"])
    return file


def _write_people(file: PensionFile, content: dict[str, Any]) -> None:
    file.dependents.all().delete()
    file.deductions.all().delete()
    Dependent.objects.bulk_create(Dependent(file=file, **_typed(Dependent, row)) for row in content["dependents"])
    Deduction.objects.bulk_create(Deduction(file=file, **_typed(Deduction, row)) for row in content["deductions"])


def kept_decrees(held: Iterable[dict[str, Any]], wanted: Iterable[dict[str, Any]]) -> set[str]:
    """The numbers of the decrees held that are wanted as they are; the others held are voided."""
    by_number = {row["number"]: row for row in held}
    return {row["number"] for row in wanted if by_number.get(row["number"]) == row}


def _write_decrees(file: PensionFile, wanted: list[dict[str, Any]]) -> None:
    same = kept_decrees([_decree(d) for d in file.decrees.filter(is_valid=True).prefetch_related("lines")], wanted)
    file.decrees.filter(is_valid=True).exclude(number__in=same).update(is_valid=False)
    fresh = [row for row in wanted if row["number"] not in same]
    rows = [{k: v for k, v in row.items() if k != "lines"} for row in fresh]
    decrees = Decree.objects.bulk_create(Decree(file=file, **_typed(Decree, row)) for row in rows)
    lines = [(d, line) for d, row in zip(decrees, fresh, strict=True) for line in row["lines"]]
    DecreeLine.objects.bulk_create(DecreeLine(decree=d, **_typed(DecreeLine, line)) for d, line in lines)


def differences(sealed: dict[str, Any], file: PensionFile) -> list[str]:
    """The parts in which a registered file differs from what was sealed; empty when I4 holds."""
    held = read_file(file)
    held["file"]["status"] = sealed["file"]["status"]
    return [part for parts in SECTIONS.values() for part in parts if not _equal(held[part], sealed[part])]


def _equal(held: Any, sealed: Any) -> bool:
    """Rows are equal in whatever order an older version sealed them; a column that it did not know says nothing."""
    if isinstance(held, list):
        return sorted(map(canonical, held)) == sorted(map(canonical, sealed))
    return bool({name: held[name] for name in sealed} == sealed)
