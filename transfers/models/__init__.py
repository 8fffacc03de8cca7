"""A branch's copies of moves, and what belongs to them."""

from transfers.models.case import Content, Part, TrackingSerial, TransferCase
from transfers.models.comparison import Code, Discrepancy, Severity, Tick
from transfers.models.trail import Command, Crossing, TransferEvent, Verb

__all__ = [
    "Code",
    "Command",
    "Content",
    "Crossing",
    "Discrepancy",
    "Part",
    "Severity",
    "Tick",
    "TrackingSerial",
    "TransferCase",
    "TransferEvent",
    "Verb",
]
