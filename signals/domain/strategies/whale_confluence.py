"""Whale confluence: several qualified entities buy within half an hour, or one keeps adding."""

from typing import Final

from signals.domain.case import Case
from signals.domain.features import Figures
from signals.domain.squash import ramp
from signals.domain.verdicts import Verdict

NAME: Final = "whale_confluence"
TITLE: Final = "Whale confluence"
REQUIRED: Final = ("whale_entities", "whale_adding")
OPTIONAL: Final = ("whale_usd", "whale_sold", "whale_insiders")


def discovers(figures: Figures) -> float | None:
    """List by what qualified entities bought within half an hour."""
    return figures["whale_usd"] or None


def judge(figures: Figures) -> Verdict:
    """Judge one window; spec section 2, Whale confluence."""
    rules = figures.rules.whale_confluence
    case = Case(NAME, figures, REQUIRED)
    if case.missing:
        return case.idle()
    if figures["whale_adding"]:
        case.at_least("whale_adding", 1)
    else:
        case.at_least("whale_entities", rules.entities)
        case.at_least("whale_usd", rules.total_usd)
        case.at_most("whale_sold", rules.sold_share)
        case.at_most("whale_insiders", 0)
    return case.verdict(ramp(figures["whale_usd"], (rules.total_usd, rules.strong_usd)))
