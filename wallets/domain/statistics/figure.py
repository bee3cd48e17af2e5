"""A figure: a number with what it is counted from, how sure it is, and the rule that made it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wallets.domain.statistics.rules import RULES, Rule

Value = int | float | Decimal | str


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; its unit and what `low` and `high` mean are told by its rule.

    `value` None comes with `missing_reason`. `n` counts the cases it is made of, `coverage` is the
    share of what should count that does, where that can fall short. `note` says what else a
    reader must know.
    """

    rule: Rule
    value: Value | None
    n: int
    low: Value | None = None
    high: Value | None = None
    coverage: float | None = None
    missing_reason: str = ""
    note: str = ""


def made(rule_id: str, value: Value, n: int, interval: Any = None, **more: Any) -> Figure:
    """Make a figure that has a value; `interval` is a pair or None."""
    low, high = interval or (None, None)
    return Figure(RULES[rule_id], value, n, low, high, **more)


def missing(rule_id: str, reason: str, n: int = 0, **more: Any) -> Figure:
    """Make a figure that has none, with the reason."""
    return Figure(RULES[rule_id], None, n, missing_reason=reason, **more)
