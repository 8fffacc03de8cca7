"""Who and what a branch holds."""

from branches.models.intake import ImportBatch, ImportFinding
from branches.models.organisation import Administration, Branch
from branches.models.payroll import Payment, PayrollCutoff, PayrollRun
from branches.models.pension import (
    ClosingCause,
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
from branches.models.records import Correction, CustodyRequest
from branches.models.reminders import Event, Reminder
from branches.models.staff import Appointment, StandInRecord, User

__all__ = [
    "Administration",
    "Appointment",
    "Branch",
    "ClosingCause",
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
    "PayrollCutoff",
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
