"""What a source says about danger as plain JSON, and whether two answers say the same."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from market.domain.readings import SafetyReading

# A share that has moved less than this has not changed.
STEP: Final = Decimal("0.01")
SHARES: Final = (
    "top10_share", "dev_share", "bundled_share", "insider_share", "lp_locked_share",
    "transfer_fee",
)  # fmt: skip
# About the reading, or moving with every trade.
_LEFT_OUT: Final = frozenset({"source", "mint", "read_at", "score", "holders"})


def fields_of(reading: SafetyReading) -> dict[str, Any]:
    """Return what a reading tells as plain JSON, shares as text, without what it leaves out."""
    told: dict[str, Any] = {}
    for one in fields(reading):
        value = getattr(reading, one.name)
        if one.name not in _LEFT_OUT and value is not None and value != "" and value != ():
            told[one.name] = str(value) if isinstance(value, Decimal) else value
    if "risks" in told:
        told["risks"] = list(told["risks"])
    return told


def reading_of(
    source: str, mint: str, told: Mapping[str, Any], *, read_at: datetime, score: Decimal | None
) -> SafetyReading:
    """Return the reading that `fields_of` wrote."""
    values: dict[str, Any] = {
        name: Decimal(value) if name in SHARES else tuple(value) if name == "risks" else value
        for name, value in told.items()
    }
    return SafetyReading(source=source, mint=mint, read_at=read_at, score=score, **values)


def is_same(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether two answers say the same, but for shares that moved a little."""
    if before.keys() != now.keys():
        return False
    moved = (abs(Decimal(before[n]) - Decimal(now[n])) for n in SHARES if n in now)
    return all(step < STEP for step in moved) and all(
        before[name] == now[name] for name in now.keys() - set(SHARES)
    )
