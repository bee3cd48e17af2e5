"""The companions that warn who holds a token: no gate stops them, and each stands alone."""

from collections.abc import Callable
from typing import Final

from signals.domain.case import Case, told
from signals.domain.features import Figures
from signals.domain.gates import unsafe
from signals.domain.squash import ramp
from signals.domain.verdicts import Verdict


def distribution(figures: Figures) -> Verdict:
    """Warn when two or more qualified entities sell half or more within 30 minutes."""
    rules = figures.rules.exits
    case = Case("distribution", figures, ("whale_sellers",))
    if case.missing:
        return case.idle()
    case.at_least("whale_sellers", rules.distribution_entities)
    most = 2.0 * rules.distribution_entities
    return case.verdict(ramp(figures["whale_sellers"], (rules.distribution_entities, most)))


def liquidity_drain(figures: Figures) -> Verdict:
    """Warn when a fifth of the liquidity units, or of a curve's quote, left within the hour."""
    rules = figures.rules.exits
    case = Case("liquidity_drain", figures, ("liquidity_growth_1h",))
    if case.missing:
        return case.idle()
    case.at_most("liquidity_growth_1h", rules.drain)
    growth = figures["liquidity_growth_1h"] or 0.0
    return case.verdict(ramp(-growth, (-rules.drain, 1.0)))


def dev_sell(figures: Figures) -> Verdict:
    """Warn when the developer sold a fifth of the bag within the day."""
    rules = figures.rules.exits
    case = Case("dev_sell", figures, ("dev_sold",))
    if case.missing:
        return case.idle()
    case.at_least("dev_sold", rules.dev_sold)
    return case.verdict(ramp(figures["dev_sold"], (rules.dev_sold, 1.0)))


def safety_regression(figures: Figures) -> Verdict:
    """Warn when a safety gate refuses that passed when the token's safety was first told."""
    window, rules = figures.window, figures.rules.gates
    case = Case("safety_regression", figures, ())
    if window.danger_before is None:
        return Verdict(
            case.strategy,
            "idle",
            reasons=("stands down: not known: the token's safety before",),
            missing=("danger_before",),
        )
    before = {one.gate for one in unsafe(window.danger_before, rules, is_curve=window.is_curve)}
    flipped = [
        one
        for one in unsafe(window.danger, rules, is_curve=window.is_curve)
        if one.gate not in before
    ]
    for one in flipped:
        case.note(one.reason)
    count = told(len(flipped), "count")
    case.need(holds=bool(flipped), reason=f"{count} safety gates refuse that passed before")
    return case.verdict(1.0)


COMPANIONS: Final[dict[str, Callable[[Figures], Verdict]]] = {
    "distribution": distribution,
    "liquidity_drain": liquidity_drain,
    "dev_sell": dev_sell,
    "safety_regression": safety_regression,
}
