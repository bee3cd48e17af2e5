"""How any figure becomes a number between 0 and 1."""

import math
from typing import Final

# Digits after the point that every stored figure keeps: libraries of mathematics differ beyond.
DIGITS: Final = 6


def ramp(value: float | None, span: tuple[float, float]) -> float:
    """Rise evenly from 0 at the span's start to 1 at its end; not known is 0."""
    if value is None:
        return 0.0
    low, high = span
    return min(1.0, max(0.0, (value - low) / (high - low)))


def log_ramp(value: float | None, span: tuple[float, float]) -> float:
    """Rise by factors: each doubling within the span counts the same."""
    if value is None or value <= 0:
        return 0.0
    low, high = span
    return ramp(math.log(value), (math.log(low), math.log(high)))
