"""Recent listings: a new pool or a curve nearly full, bought by many and held by few."""

from typing import Final

from signals.domain.case import Case, told
from signals.domain.features import Figures
from signals.domain.squash import ramp
from signals.domain.verdicts import Verdict

NAME: Final = "recent_listings"
TITLE: Final = "Recent listings"
REQUIRED: Final = ("listed_for", "buyers_1h")
OPTIONAL: Final = (
    "buyers_10m",
    "curve_progress",
    "first_slots_share",
    "bundled_share",
    "dev_share",
)


def discovers(figures: Figures) -> float | None:
    """List the hour's listings, the newest first."""
    listed = figures["listed_for"]
    recent = listed is not None and listed <= figures.rules.recent_listings.listed_s
    return -listed if recent and listed is not None else None


def judge(figures: Figures) -> Verdict:
    """Judge one window; spec section 2, Recent listings."""
    rules = figures.rules.recent_listings
    case = Case(NAME, figures, REQUIRED)
    if case.missing:
        return case.idle()
    if figures.window.is_curve:
        case.at_most("listed_for", rules.curve_s)
        case.at_least("curve_progress", rules.curve_progress)
    else:
        case.at_most("listed_for", rules.listed_s)
    case.one_of(("buyers_10m", rules.buyers_10m), ("buyers_1h", rules.buyers_1h))
    case.at_most("first_slots_share", rules.first_slots_share, must=False)
    case.at_most("bundled_share", rules.bundled_share, must=False)
    case.at_most("dev_share", rules.dev_share, must=False)
    case.note(f"base rate: {told(rules.base_rate, 'share')} of launches graduate")
    return case.verdict(ramp(figures["buyers_1h"], (rules.buyers_10m, rules.strong_buyers)))
