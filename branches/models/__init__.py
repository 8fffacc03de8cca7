"""Who and what a branch holds."""

from branches.models.intake import ImportBatch, ImportFinding
from branches.models.organisation import Administration, Branch
from branches.models.payroll import Payment, PayrollRun
from branches.models.pension import (
    Correction,
    CustodyRequest,
    Decree,
    DecreeKind,
    DecreeLine,
    Deduction,
    DeductionKind,
    Dependent,
    Kind,
    LineGroup,
    PensionFile,
    Person,
    Relationship,
    Sex,
    Status,
)
from branches.models.reminders import Event, Reminder
from branches.models.staff import Appointment, StandInRecord, User

__all__ = [
    "Administration",
    "Appointment",
    "Branch",
    "Correction",
    "CustodyRequest",
    "Decree",
    "DecreeKind",
    "DecreeLine",
    "Deduction",
    "DeductionKind",
    "Dependent",
    "Event",
    "ImportBatch",
    "ImportFinding",
    "Kind",
    "LineGroup",
    "Payment",
    "PayrollRun",
    "PensionFile",
    "Person",
    "Relationship",
    "Reminder",
    "Sex",
    "StandInRecord",
    "Status",
    "User",
]
