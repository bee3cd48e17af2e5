"""The score: six parts squashed and weighted to 100, less penalties up to 40; spec section 2."""

from collections.abc import Iterable

from signals.domain.features import Figures
from signals.domain.gates import unknown_safety
from signals.domain.squash import log_ramp, ramp
from signals.domain.verdicts import Score


def score(figures: Figures) -> Score:
    """Score a token that passed the gates; a part whose inputs are missing is 0."""
    gained, lost = parts(figures), penalties(figures)
    total = max(0.0, sum(gained.values()) - sum(lost.values()))
    return Score(round(total, 2), gained, lost)


def parts(figures: Figures) -> dict[str, float]:
    """Return the points of each part, each at most its weight."""
    rules = figures.rules.score
    points = {
        "volume": rules.volume * ramp(figures["volume_z_5m"], rules.volume_z),
        "price": rules.price
        * max(
            ramp(figures["change_5m"], rules.price_5m),
            ramp(figures["change_1h"], rules.price_1h),
        ),
        "pressure": rules.pressure
        * _mean(
            ramp(ratio, rules.pressure_ratio)
            for name in ("pressure_5m", "pressure_1h")
            if (ratio := figures[name]) is not None
        ),
        "buyers": rules.buyers
        * max(
            ramp(figures["buyers_5m"], rules.buyers_5m),
            ramp(figures["buyers_1h"], rules.buyers_1h),
        ),
        "liquidity": rules.liquidity
        * max(
            log_ramp(
                figures["depth"],
                rules.curve_usd if figures.window.is_curve else rules.liquidity_usd,
            ),
            ramp(figures["liquidity_growth_1h"], rules.liquidity_growth),
        ),
        "smart": rules.smart
        * _mean(
            [
                ramp(figures["whale_entities"], rules.smart_entities),
                log_ramp(figures["whale_usd"], rules.smart_usd),
            ]
        ),
    }
    return {name: round(value, 2) for name, value in points.items()}


def penalties(figures: Figures) -> dict[str, float]:
    """Return the points each penalty takes off, as positive numbers; all of them are 40."""
    rules, window = figures.rules.score, figures.window
    danger = window.danger
    taken = {
        "concentration": rules.concentration
        * max(
            ramp(danger.top10_share, rules.top10),
            ramp(danger.dev_share, rules.dev),
            ramp(danger.bundled_share, rules.bundled),
        ),
        "wash": rules.wash * ramp(danger.wash_share, rules.wash_share),
        "late": rules.late
        * max(
            ramp(figures["change_1h"], rules.late_1h),
            ramp(figures["change_5m"], rules.late_5m),
        ),
        "unverified": rules.unverified_price * (not window.is_verified)
        + rules.unverified_safety * len(unknown_safety(danger)),
    }
    return {name: round(value, 2) for name, value in taken.items()}


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return sum(known) / len(known) if known else 0.0
