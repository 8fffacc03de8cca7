"""The parts of a pension file that a branch corrects, each as one: its rows and the columns that may change.

The pension number and the branch are never corrected: they name the pension in the center.
"""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from branches.models import Decree, Deduction, Dependent, PensionFile


@dataclass(frozen=True)
class Section:
    """A part of a file; `has_rows` where rows may be added and taken away."""

    label: Any
    model: type[models.Model]
    fields: tuple[str, ...]
    has_rows: bool = False


PERSON = ("national_code", "first_name", "last_name", "father_name", "birth_date", "birth_year", "sex")
PRINCIPAL = (*PERSON, "id_number", "death_date")
PENSION = (
    "kind",
    "insurance_number",
    "established_on",
    "service_main_days",
    "service_bonus_days",
    "paper_pages",
)
CERTIFICATE = (
    "last_paid_month",
    "arrears_amount",
    "arrears_note",
    "overpaid_amount",
    "overpaid_note",
    "suspended_since",
    "suspension_reason",
)
CONTACT = ("iban", "mobile", "postal_code", "address")
DEPENDENT = (
    *PERSON,
    "relationship",
    "share_percent",
    "entitlement_basis",
    "entitled_from",
    "entitled_until",
    "iban",
)
DEDUCTION = ("kind", "creditor", "monthly_amount", "remaining_amount", "ends_on")
DECREE = (
    "number",
    "kind",
    "issued_on",
    "effective_on",
    "issuing_branch",
    "previous_number",
    "amount_before",
    "amount_after",
    "description",
)

SECTIONS = {
    "principal": Section(_("Principal"), PensionFile, PRINCIPAL),
    "pension": Section(_("Pension"), PensionFile, PENSION),
    "certificate": Section(_("Last pay certificate"), PensionFile, CERTIFICATE),
    "contact": Section(_("Bank account and address"), PensionFile, CONTACT),
    "dependent": Section(_("Dependent"), Dependent, DEPENDENT, has_rows=True),
    "deduction": Section(_("Deduction"), Deduction, DEDUCTION, has_rows=True),
    "decree": Section(_("Decree"), Decree, DECREE, has_rows=True),
}


# What is no correction of a paper's value and stands in the history, too: see branches/standing.py.
STANDING = Section(_("Standing of the file"), PensionFile, ("status", "closing_cause", "closed_on", "death_date"))
TOLD = SECTIONS | {"standing": STANDING}


def section_label(name: str) -> str:
    """A section's name for a reader."""
    return str(TOLD[name].label) if name in TOLD else name
