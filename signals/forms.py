"""What the signals' pages read from their address; nonsense is left out."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from signals.domain.strategies import STRATEGIES
from signals.queries.board import GROUPS, Group
from signals.queries.pages import SignalChoice
from signals.queries.pages_screener import RANGES, STATES, USUAL_SORT, ScreenChoice

TIERS: Final = (1, 2, 3)
KINDS: Final = ("alert", "watch")
DIRECTIONS: Final = ("long", "exit")
_MOST: Final = Decimal(10) ** 12
_LONGEST: Final = 40


def read_choice(sent: Mapping[str, str]) -> SignalChoice:
    """Read `strategy`, `tier`, `kind`, `direction` and `least` (USD of liquidity)."""
    strategy, tier = sent.get("strategy", ""), sent.get("tier", "")
    kind, direction = sent.get("kind", ""), sent.get("direction", "")
    least = _number(sent.get("least", ""))
    return SignalChoice(
        strategy=strategy if strategy in STRATEGIES else "",
        tier=int(tier) if tier in map(str, TIERS) else None,
        kind=kind if kind in KINDS else "",
        direction=direction if direction in DIRECTIONS else "",
        least_usd=int(least) if least is not None and least > 0 else 0,
    )


def read_group(sent: Mapping[str, str]) -> Group:
    """Read `group`: which signals the scoreboard counts."""
    asked = sent.get("group", "")
    return next((group for group in GROUPS if group == asked), "alert")


def read_screen(sent: Mapping[str, str]) -> ScreenChoice:
    """Read bounds (`liquidity_min` …), `verified`, `venue`, `gate`, `strategy`, `state`, `sort`."""
    bounds = {}
    for name in RANGES:
        low, high = (_number(sent.get(f"{name}_{end}", "")) for end in ("min", "max"))
        if low is not None or high is not None:
            bounds[name] = (low, high)
    strategy, sort = sent.get("strategy", ""), sent.get("sort", "")
    state = sent.get("state", "")
    asked = strategy if strategy in STRATEGIES else ""
    return ScreenChoice(
        bounds=bounds,
        is_verified=sent.get("verified") == "1",
        venue=_word(sent.get("venue", "")),
        gate=_word(sent.get("gate", "")),
        strategy=asked,
        state=(state if state in STATES else "fires") if asked else "",
        sort=sort if sort.removeprefix("-") in RANGES else USUAL_SORT,
    )


def _word(text: str) -> str:
    tidy = text.strip()
    return tidy if tidy.isprintable() and len(tidy) <= _LONGEST else ""


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip()[:24])
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) <= _MOST else None
