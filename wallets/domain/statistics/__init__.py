"""Figures with their uncertainty: pure functions from a wallet's positions, pieces and trades."""

from wallets.domain.statistics.figure import Figure
from wallets.domain.statistics.intervals import Prior, fit_prior, wilson
from wallets.domain.statistics.rules import RULES, Rule
from wallets.domain.statistics.tally import Piece, RoundTrip, Tally, tally
from wallets.domain.statistics.windows import Window

__all__ = [
    "RULES",
    "Figure",
    "Piece",
    "Prior",
    "RoundTrip",
    "Rule",
    "Tally",
    "Window",
    "fit_prior",
    "tally",
    "wilson",
]
