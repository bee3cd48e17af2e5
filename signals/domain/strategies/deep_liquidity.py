"""Deep liquidity: liquidity units grow, or a curve's quote, while the price holds."""

from typing import Final

from signals.domain.case import Case
from signals.domain.features import Figures
from signals.domain.squash import ramp
from signals.domain.verdicts import Verdict

NAME: Final = "deep_liquidity"
TITLE: Final = "Deep liquidity"
REQUIRED: Final = ("liquidity_growth_1h", "change_1h", "listed_for")
OPTIONAL: Final = ("liquidity_growth_6h",)


def discovers(figures: Figures) -> float | None:
    """List by depth."""
    return figures["depth"]


def judge(figures: Figures) -> Verdict:
    """Judge one window; spec section 2, Deep liquidity."""
    rules = figures.rules.deep_liquidity
    case = Case(NAME, figures, REQUIRED)
    if case.missing:
        return case.idle()
    case.one_of(("liquidity_growth_1h", rules.growth_1h), ("liquidity_growth_6h", rules.growth_6h))
    case.at_least("change_1h", rules.change_1h)
    case.at_least("listed_for", rules.age_s)
    return case.verdict(
        max(
            ramp(figures["liquidity_growth_1h"], (rules.growth_1h, rules.strong_growth)),
            ramp(figures["liquidity_growth_6h"], (rules.growth_6h, rules.strong_growth)),
        )
    )
