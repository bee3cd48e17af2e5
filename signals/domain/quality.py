"""Quality 0 to 100: how much is known and verified, how deep it trades, how widely it is held."""

from typing import Final

from signals.domain.features import Figures
from signals.domain.gates import SAFETY
from signals.domain.rules import TierRules
from signals.domain.squash import log_ramp, ramp

# The inputs a token is fully known by, beside its price and the safety inputs.
INPUTS: Final = (
    "volume_5m",
    "volume_1h",
    "organic_volume_5m",
    "volume_z_5m",
    "buyers_5m",
    "buyers_1h",
    "change_5m",
    "change_1h",
    "depth",
    "liquidity_growth_1h",
    "market_cap",
    "holders",
    "age",
    "whale_entities",
)


def quality(figures: Figures) -> float:
    """Return the weighted mean of the three parts; nothing known is 0."""
    rules = figures.rules.quality
    parts = (
        (rules.inputs, _inputs(figures)),
        (rules.depth, log_ramp(figures["depth"], rules.depth_usd)),
        (rules.spread, _spread(figures)),
    )
    return round(100 * sum(weight * part for weight, part in parts), 2)


def tier(score: float, quality_: float, rules: TierRules) -> int | None:
    """Return 1 to 3; None under a watch signal's score."""
    for number, (least_score, least_quality) in ((1, rules.first), (2, rules.second)):
        if score >= least_score and quality_ >= least_quality:
            return number
    return 3 if score >= rules.third else None


def _inputs(figures: Figures) -> float:
    """Return the share of inputs known; a stand-in or one source's price counts half."""
    half = figures.rules.quality.stand_in
    window = figures.window
    points = 0.0 if figures["price"] is None else 1.0 if window.is_verified else half
    for name in INPUTS:
        if figures[name] is not None:
            points += half if figures.used(name) else 1.0
    points += sum(getattr(window.danger, field) is not None for field in SAFETY)
    return points / (1 + len(INPUTS) + len(SAFETY))


def _spread(figures: Figures) -> float:
    rules, top10 = figures.rules.quality, figures["top10_share"]
    known = []
    if figures["holders"] is not None:
        known.append(log_ramp(figures["holders"], rules.holders))
    if top10 is not None:
        known.append(ramp(1 - top10, rules.held_by_others))
    return sum(known) / len(known) if known else 0.0
