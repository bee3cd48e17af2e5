"""Every write of the signals app: one verb, one transaction."""

from signals.actions.grade import Subject, grade_subject, regraded, subjects_due
from signals.actions.record import append_entry, enter_signal
from signals.actions.retire import retire_failing
from signals.actions.scan import scan_market, skip_scan
from signals.actions.screens import delete_screen, save_screen

__all__ = [
    "Subject",
    "append_entry",
    "delete_screen",
    "enter_signal",
    "grade_subject",
    "regraded",
    "retire_failing",
    "save_screen",
    "scan_market",
    "skip_scan",
    "subjects_due",
]
