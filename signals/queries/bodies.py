"""What the record says of a row: everything about it that must never change.

An entry is written from these, and `verify_record` makes them again from the rows.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from signals.domain.chain import canonical, digest
from signals.domain.grading import HORIZONS
from signals.models import Control, Grade, Signal, inflate


def when(at: datetime | None) -> str | None:
    """Write a moment in UTC to the microsecond; None stays."""
    return None if at is None else at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def exactly(number: Decimal | None) -> str | None:
    """Write a decimal in full, without trailing zeros; None stays."""
    return None if number is None else format(number.normalize(), "f")


def signal_body(signal: Signal, strategies: Iterable[str]) -> dict[str, Any]:
    """Say what was published; `strategies` are those the signal had then."""
    return {
        "world": signal.world,
        "signal": signal.pk,
        "mint": signal.mint,
        "direction": signal.direction,
        "called": signal.kind,
        "opened_at": when(signal.opened_at),
        "published_at": when(signal.published_at),
        "score": signal.score,
        "quality": signal.quality,
        "risk": signal.risk,
        "tier": signal.tier,
        "is_shadow": signal.is_shadow,
        "is_watch": signal.is_watch,
        "strategies": sorted(strategies),
        "rules": signal.rules,
        "grading": signal.grading,
        "liquidity_usd": exactly(signal.liquidity_usd),
        "assessment": digest(signal.assessment),
        "window": signal.window_hash,
        "kept": _kept(signal),
    }


def _kept(signal: Signal) -> str | None:
    """Return the hash of what is kept of the window; None when nothing is."""
    if not signal.window:
        return None
    try:
        return digest(inflate(bytes(signal.window)))
    except ValueError as error:
        return str(error)


def control_body(control: Control) -> dict[str, Any]:
    """Say which token was drawn beside a signal."""
    return {
        "world": control.signal.world,
        "control": control.pk,
        "signal": control.signal_id,
        "mint": control.mint,
        "drawn_at": when(control.drawn_at),
        "bucket": control.bucket,
    }


def outcome_body(grades: Iterable[Grade]) -> dict[str, Any]:
    """Say how a signal or a control ended, at every size; `grades` are all of one of them."""
    ordered = sorted(grades, key=lambda grade: grade.size_usd)
    first = ordered[0]
    return {
        "world": signal_of(first).world,
        "signal": first.signal_id,
        "control": first.control_id,
        "grading": first.grading,
        "grades": {str(grade.size_usd): _grade(grade) for grade in ordered},
    }


def signal_of(grade: Grade) -> Signal:
    """Return the signal a grade is of, or the one its control was drawn beside."""
    if grade.control is not None:
        return grade.control.signal
    if grade.signal is None:
        raise ValueError(f"grade {grade.pk} is of nothing")
    return grade.signal


def _grade(grade: Grade) -> dict[str, Any]:
    return {
        "outcome": grade.outcome,
        "reason": grade.reason,
        "entry_at": when(grade.entry_at),
        "entry_price_usd": exactly(grade.entry_price_usd),
        "outcome_at": when(grade.outcome_at),
        "returns": {name: exactly(getattr(grade, f"r_{name}")) for name in HORIZONS},
        "exit_return": exactly(grade.exit_return),
        "mfe": exactly(grade.mfe),
        "mae": exactly(grade.mae),
        # sources' terms let nobody pass their readings on: the public file has their hash
        "evidence": digest(canonical(grade.evidence)),
        "points": grade.points,
        "points_hash": grade.points_hash,
    }
