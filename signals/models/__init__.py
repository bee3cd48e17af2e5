"""Rows of the scanner: scans, signals, and the record of how they ended."""

from signals.models.record import Control, Grade, RecordEntry, StrategyState
from signals.models.scan import Scan, inflate, pack, unpack
from signals.models.screens import Screen
from signals.models.signal import Announcement, Component, Signal

__all__ = [
    "Announcement",
    "Component",
    "Control",
    "Grade",
    "RecordEntry",
    "Scan",
    "Screen",
    "Signal",
    "StrategyState",
    "inflate",
    "pack",
    "unpack",
]
