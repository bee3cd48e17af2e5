"""The published rules figures are made by: one table for pages, the API and the voice alike.

A rule whose arithmetic changes gets the next version, so that an old figure still says what made
it.
"""

from dataclasses import dataclass
from typing import Final, Literal

Unit = Literal["share", "ratio", "lamports", "usd", "seconds", "style", "reason"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How a figure comes about; `interval` says what its low and high are."""

    id: str
    version: int
    title: str
    unit: Unit
    text: str
    interval: str = "none: an exact sum of what is recorded, not a sample"

    @property
    def key(self) -> str:
        """Id and version in one word, as stored and sent."""
        return f"{self.id}@{self.version}"


_WILSON: Final = "Wilson score, 95 %"
_LOG: Final = "95 %, delta method on the logarithm; rough for few positions and heavy tails"

_TABLE: Final = (
    Rule(
        "win_rate", 1, "Win rate", "share",
        "Closed positions with full basis that earned more than zero after all costs, over closed "
        "positions with full basis, by closing time in the window. Zero is not a win.", _WILSON,
    ),
    Rule(
        "win_rate_strict", 1, "Strict win rate", "share",
        "The same wins over closed positions plus positions still open on tokens that died in the "
        "window: not selling losers does not help.", _WILSON,
    ),
    Rule(
        "win_rate_adjusted", 1, "Adjusted win rate", "share",
        "The win rate without positions that prove nothing: dust, wash trades, own transfers and "
        "bundled launches, as far as each is known; how many were left out and why is told.",
        _WILSON,
    ),
    Rule(
        "win_rate_shrunk", 1, "Win rate, drawn to the population", "share",
        "(wins + a) / (closed + a + b). a and b are the Beta distribution of the true rates of all "
        "recorded wallets in the window, fitted by moments (Kleinman 1973), a + b from 1 to 1,000; "
        "3 and 7 where fewer than 20 wallets are known.",
        "posterior mean ± 1.96 posterior standard deviations",
    ),
    Rule(
        "profit_factor", 1, "Profit factor", "ratio",
        "Sum of gains over sum of losses of the closed positions with full basis.", _LOG,
    ),
    Rule(
        "expectancy", 1, "Expectancy", "lamports",
        "Mean result of a closed position with full basis, to the nearest lamport.",
        "mean ± 1.96 standard errors; rough for few positions",
    ),
    Rule(
        "payoff_ratio", 1, "Payoff ratio", "ratio",
        "Mean gain of the winning over mean loss of the losing closed positions.", _LOG,
    ),
    Rule(
        "realised", 1, "Realised", "lamports",
        "Proceeds less cost, by FIFO lots, of every piece sold in the window whose cost and "
        "proceeds are known, costs of trading included.",
    ),
    Rule(
        "realised_usd", 1, "Realised in USD", "usd",
        "The same pieces with cost and proceeds each at the price of SOL of their own minute. None "
        "as long as one piece lacks a price: a part would pass for the whole.",
    ),
    Rule(
        "unrealised", 2, "Unrealised", "lamports",
        "What selling all that is held would fetch, fee and impact off, in the deepest pool of the "
        "token against SOL that traded within a day of its last recorded swap, less its cost. The "
        "reserves are those the pool's last recorded swap left, however long ago: only swaps of "
        "recorded wallets are seen. Pools against dollars and with concentrated liquidity tell "
        "none. Units of unknown cost would be sold along and have their share by quantity, which "
        "is left out. Network fees of the sale are not foreseen.",
    ),
    Rule(
        "unrealised_mark", 2, "Unrealised at the mark", "lamports",
        "What is held at the price of the last recorded trade of its token, less its cost. No sale "
        "of that size need be possible at that price. A dead token, or one never recorded at a "
        "price, stands at what selling it would fetch.",
    ),
    Rule(
        "roi", 2, "ROI", "ratio",
        "Result over cost of the positions opened in the window. An open one counts when what it "
        "holds has an executable price, reckoned as for unrealised; coverage is the share of cost "
        "that counts.",
        "ratio of sums ± 1.96 standard errors of its residuals",
    ),
    Rule(
        "hold_time", 1, "Hold time", "seconds",
        "Median time from opening to closing of the closed positions with full basis.",
        "order statistics about 95 % of samples have their median between",
    ),
    Rule(
        "style", 1, "Style", "style",
        "By the median hold time: flipper under 5 minutes, scalper under an hour, day trader under "
        "24 hours, swing trader under 7 days, else holder.",
        "the styles of the ends of the median's interval",
    ),
    Rule(
        "coverage", 1, "Coverage", "share",
        "Sold quantity with known basis over sold quantity, sales weighed by what they fetched. "
        "Ranks are hidden below 90 %.",
    ),
    Rule(
        "copyability", 2, "Copyability", "ratio",
        "What a follower would have made of the closed positions with full basis, over what he put "
        "in: the size is shared out over the wallet's buys, every buy and sale goes to the "
        "reserves that the first swap of that pool recorded from the delay on, within a minute, "
        "left behind, with impact, the venue's fee and the same network costs as the wallet's own. "
        "What his earlier fills moved is not carried on to later reserves, which errs against "
        "him. A position with a fill whose pool tells no reserves (concentrated liquidity) is not "
        "measurable.",
        "ratio of sums ± 1.96 standard errors of its residuals",
    ),
    Rule(
        "equity", 1, "Equity curve", "lamports",
        "Realised result by UTC day of the sale, added up from the window's beginning.",
    ),
    Rule(
        "max_drawdown", 1, "Maximum drawdown", "lamports",
        "The deepest fall of the equity curve from an earlier height, by days' ends; the curve "
        "starts at zero.",
    ),
    Rule(
        "dust", 1, "Dust", "reason",
        "All that the position bought was worth less than $20, each buy at its own price.",
    ),
    Rule(
        "wash_w1", 2, "Wash: matched pairs", "reason",
        "Three pairs or more within 24 hours of a buy followed by a sale of the same token within "
        "750 slots, amounts less than 1 % apart, a loss of at most the fees (venue's fee included) "
        "and 1 %, a gain of at most 1 %. Known for the wallet itself, not yet for its relatives.",
    ),
    Rule(
        "wash_w3", 1, "Wash: zero-net transaction", "reason",
        "One transaction in which the same pool was bought from and sold to.",
    ),
    Rule(
        "dead", 2, "Dead token", "reason",
        "No trade of the token is recorded for 24 hours, or less than $1,000 lie in its pool, or "
        "selling all that is held would fetch less than 5 % of its cost, as far as each is known. "
        "Only trades of recorded wallets are seen: others may still trade it. What lies in a "
        "launch curve is not judged: every one begins empty.",
    ),
)  # fmt: skip

RULES: Final[dict[str, Rule]] = {rule.id: rule for rule in _TABLE}
