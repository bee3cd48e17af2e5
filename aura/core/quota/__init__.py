"""One budget per vendor, shared by all processes: calls a second and credits a month, in Redis."""

from aura.core.quota.gauge import Level, levels, pressure, stretch
from aura.core.quota.notes import clear_exhausted, note_error, note_exhausted, note_fallback
from aura.core.quota.purposes import (
    BACKFILL,
    CEILINGS,
    LIVE,
    RATES,
    SWEEP,
    Purpose,
    purpose,
    spending_for,
)
from aura.core.quota.spending import charge, spend

__all__ = [
    "BACKFILL",
    "CEILINGS",
    "LIVE",
    "RATES",
    "SWEEP",
    "Level",
    "Purpose",
    "charge",
    "clear_exhausted",
    "levels",
    "note_error",
    "note_exhausted",
    "note_fallback",
    "pressure",
    "purpose",
    "spend",
    "spending_for",
    "stretch",
]
