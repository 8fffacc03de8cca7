"""A branch's copies of moves, and what belongs to them."""

from transfers.models.attachments import Attachment, MediaType, Scan, ScanBytes
from transfers.models.branch_change import BranchChange
from transfers.models.case import Content, PaperCondition, PaperMethod, Part, TrackingSerial, TransferCase
from transfers.models.comparison import Code, Discrepancy, Mark, Severity, Verdict
from transfers.models.digest import Digest
from transfers.models.follow_ups import SETTLES, FollowUp, HeardUntil, Matter, Outcome, Queue
from transfers.models.holding import LifeEvent
from transfers.models.job import Job, JobItem
from transfers.models.notices import Telling
from transfers.models.paper import PaperArrival
from transfers.models.public_tracking import VainTry
from transfers.models.questions import Question, with_open_questions
from transfers.models.reconcile import ReconcileRun
from transfers.models.saved_filter import SavedFilter
from transfers.models.stuck import StuckItem, SyncWorker
from transfers.models.summary import Figure, Summary, SummedDay
from transfers.models.trail import Command, Crossing, Heard, TransferEvent, Verb
from transfers.models.warning import Acknowledgement
from transfers.models.work import with_nobody, with_taker

__all__ = [
    "SETTLES",
    "Acknowledgement",
    "Attachment",
    "BranchChange",
    "Code",
    "Command",
    "Content",
    "Crossing",
    "Digest",
    "Discrepancy",
    "Figure",
    "FollowUp",
    "Heard",
    "HeardUntil",
    "Job",
    "JobItem",
    "LifeEvent",
    "Mark",
    "Matter",
    "MediaType",
    "Outcome",
    "PaperArrival",
    "PaperCondition",
    "PaperMethod",
    "Part",
    "Question",
    "Queue",
    "ReconcileRun",
    "SavedFilter",
    "Scan",
    "ScanBytes",
    "Severity",
    "StuckItem",
    "Summary",
    "SummedDay",
    "SyncWorker",
    "Telling",
    "TrackingSerial",
    "TransferCase",
    "TransferEvent",
    "VainTry",
    "Verb",
    "Verdict",
    "with_nobody",
    "with_open_questions",
    "with_taker",
]
