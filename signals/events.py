"""News of the signals app, read by pages and by the apps above."""

from dataclasses import dataclass

from aura.core.events import fact


@fact
@dataclass(frozen=True, slots=True)
class SignalRaised:
    """Signals were raised; shadows among them are for the record alone."""

    signal_ids: list[int]


@fact
@dataclass(frozen=True, slots=True)
class SignalChanged:
    """Open signals changed: a strategy joined, the strength moved, or they are announced again."""

    signal_ids: list[int]


@fact
@dataclass(frozen=True, slots=True)
class SignalClosed:
    """Signals expired or were invalidated; `close_reason` of the row says why."""

    signal_ids: list[int]


@fact
@dataclass(frozen=True, slots=True)
class SignalGraded:
    """Grades of these signals moved on; those that are settled stand in the record."""

    signal_ids: list[int]
