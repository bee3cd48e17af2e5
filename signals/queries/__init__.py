"""What pages ask of the signals app."""

from signals.queries.board import (
    GROUPS,
    Group,
    cases_of,
    retired_strategies,
    scoreboard_of,
)
from signals.queries.listing import (
    LiveSignal,
    live,
    open_signals,
    scan_log,
    signals_with_all,
    track_record,
)

__all__ = [
    "GROUPS",
    "Group",
    "LiveSignal",
    "cases_of",
    "live",
    "open_signals",
    "retired_strategies",
    "scan_log",
    "scoreboard_of",
    "signals_with_all",
    "track_record",
]
