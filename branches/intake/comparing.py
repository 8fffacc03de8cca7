"""What a branch already holds of the files at hand, and in what it differs from the export."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from branches.intake.checking import Content, Values
from branches.models import Branch, Decree, DecreeLine, Deduction, Dependent, PensionFile

PERSON = ("national_code", "first_name", "last_name", "father_name", "birth_date", "birth_year", "sex")
FILE_FIELDS = (
    *PERSON, "kind", "status", "insurance_number", "id_number", "death_date", "established_on", "iban", "mobile",
    "postal_code", "address", "last_paid_month", "service_main_days", "service_bonus_days", "paper_pages",
)  # fmt: skip
DEPENDENT_FIELDS = (
    *PERSON, "relationship", "share_percent", "entitlement_basis", "entitled_from", "entitled_until", "iban",
)  # fmt: skip
DECREE_FIELDS = (
    "number", "kind", "issued_on", "effective_on", "issuing_branch", "previous_number", "amount_before",
    "amount_after", "description",
)  # fmt: skip
LINE_FIELDS = ("order", "title", "group", "amount")
UNSORTABLE = {"share_percent", "lines"}  # alike in value, not always in writing
DEDUCTION_FIELDS = ("kind", "creditor", "monthly_amount", "remaining_amount", "ends_on")


def held(branch: Branch, numbers: Iterable[str]) -> dict[str, Content]:
    """The content of the branch's files among `numbers`, by pension number; voided decrees do not count."""
    rows = PensionFile.objects.filter(branch=branch, pension_number__in=list(numbers))
    files = {row.pop("id"): row for row in rows.values("id", "pension_number", *FILE_FIELDS)}
    if not files:
        return {}
    dependents = _by(Dependent.objects.filter(file__in=files), "file_id", DEPENDENT_FIELDS)
    deductions = _by(Deduction.objects.filter(file__in=files), "file_id", DEDUCTION_FIELDS)
    decrees = _by(Decree.objects.filter(file__in=files, is_valid=True), "file_id", ("id", *DECREE_FIELDS))
    lines = _by(DecreeLine.objects.filter(decree__file__in=files, decree__is_valid=True), "decree_id", LINE_FIELDS)
    for decree in (decree for of_file in decrees.values() for decree in of_file):
        decree["lines"] = lines.get(decree.pop("id"), [])
    return {
        file.pop("pension_number"): Content(file, dependents.get(pk, []), decrees.get(pk, []), deductions.get(pk, []))
        for pk, file in files.items()
    }


def _by(rows: "QuerySet[Any]", owner: str, fields: Iterable[str]) -> dict[int, list[Values]]:
    grouped: dict[int, list[Values]] = {}
    for row in rows.order_by("pk").values(owner, *fields):
        grouped.setdefault(row.pop(owner), []).append(row)
    return grouped


def differences(old: Content, new: Content) -> list[str]:
    """Names of the file's fields and of the parts in which the two differ; empty when they are alike."""
    fields = [name for name in FILE_FIELDS if old.file[name] != new.file[name]]
    parts = [name for name in Content._fields[1:] if _sorted(getattr(old, name)) != _sorted(getattr(new, name))]
    return fields + parts


def _sorted(rows: list[Values]) -> list[Any]:
    """Rows in an order of their own: that of the export does not count."""
    return sorted(rows, key=lambda row: [str(row[name]) for name in sorted(row) if name not in UNSORTABLE])
