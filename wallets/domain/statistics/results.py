"""What positions earned: realised, unrealised, and the ratios between gains, losses and cost."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from wallets.domain.statistics.figure import Figure, made, missing
from wallets.domain.statistics.intervals import (
    Sample,
    independent_ratio_interval,
    mean_interval,
    paired_ratio_interval,
    split_ratio_interval,
)
from wallets.domain.statistics.rates import NONE_CLOSED
from wallets.domain.statistics.tally import Tally

NO_LOSS: Final = "no losing position in the window"


@dataclass(frozen=True, slots=True)
class Quote:
    """What selling an amount would fetch now, impact and fees taken off, and who says so."""

    lamports: int
    source: str


# Asked with a mint and raw units; None where no pool or quote is known.
PriceFunction = Callable[[str, int], Quote | None]


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of one token with known cost, and what it is worth by some price, if any."""

    mint: str
    raw: int
    cost_lamports: int
    quote: Quote | None


def realised(found: Tally) -> Figure:
    """Return the result of what was sold, in lamports."""
    return made("realised", found.realised_lamports, found.pieces, coverage=found.coverage)


def realised_usd(found: Tally) -> Figure:
    """Return the same in USD, or how many pieces lack a price."""
    if found.unpriced:
        reason = f"{found.unpriced} of {found.pieces} pieces sold lack a price of SOL"
        return missing("realised_usd", reason, found.pieces, coverage=found.coverage)
    return made("realised_usd", found.realised_usd, found.pieces, coverage=found.coverage)


def unrealised(holdings: Sequence[Held], *, rule_id: str = "unrealised") -> Figure:
    """Return worth less cost of what is held; `coverage` is the share of cost with a price."""
    priced = [(held, held.quote) for held in holdings if held.quote is not None]
    whole = sum(held.cost_lamports for held in holdings)
    covered = sum(held.cost_lamports for held, _ in priced)
    share = covered / whole if whole else None
    lacking = len(holdings) - len(priced)
    reason = f"no price known for {lacking} of {len(holdings)} tokens held"
    if holdings and not priced:
        return missing(rule_id, reason, len(holdings), coverage=share)
    gain = sum(quote.lamports - held.cost_lamports for held, quote in priced)
    return made(rule_id, gain, len(priced), coverage=share, note=reason if lacking else "")


def profit_factor(found: Tally) -> Figure:
    """Return the sum of gains over the sum of losses."""
    if reason := _no_ratio(found):
        return missing("profit_factor", reason, found.closed, coverage=found.coverage)
    return made(
        "profit_factor", found.gain_lamports / found.loss_lamports, found.closed,
        split_ratio_interval(found.gains, found.shortfalls), coverage=found.coverage,
    )  # fmt: skip


def payoff_ratio(found: Tally) -> Figure:
    """Return the mean gain of winners over the mean loss of losers."""
    reason = _no_ratio(found) or ("" if found.wins else "no winning position in the window")
    if reason:
        return missing("payoff_ratio", reason, found.closed, coverage=found.coverage)
    won = Sample(found.wins, found.gain_lamports, found.gain_squares)
    lost = Sample(found.losses, found.loss_lamports, found.loss_squares)
    return made(
        "payoff_ratio", won.mean / lost.mean, found.closed,
        independent_ratio_interval(won, lost), coverage=found.coverage,
    )  # fmt: skip


def expectancy(found: Tally) -> Figure:
    """Return the mean result of a closed position, in lamports."""
    if not found.closed:
        return missing("expectancy", NONE_CLOSED, coverage=found.coverage)
    # a position gains or loses, never both: the squares of results are the sum of both squares
    results = Sample(found.closed, found.net_lamports, found.gain_squares + found.loss_squares)
    mean = nearest(found.net_lamports, found.closed)
    interval = mean_interval(results)
    rounded = interval and (round(interval[0]), round(interval[1]))
    return made("expectancy", mean, found.closed, rounded, coverage=found.coverage)


def nearest(total: int, n: int) -> int:
    """Divide integers to the nearest one, a half upwards, without floats."""
    return (2 * total + n) // (2 * n)


def roi(found: Tally, still_open: Iterable[tuple[int, int]] = ()) -> Figure:
    """Return result over cost of the positions opened in the window.

    `still_open` holds cost and result (realised and executable) of the open ones among them whose
    holdings have an executable price.
    """
    n, cost, gain = found.settled, found.settled_cost_lamports, found.settled_gain_lamports
    costs, gains, products = (
        found.settled_cost_squares, found.settled_gain_squares, found.settled_products,
    )  # fmt: skip
    for paid, result in still_open:
        n, cost, gain = n + 1, cost + paid, gain + result
        costs, gains = costs + paid * paid, gains + result * result
        products += paid * result
    share = cost / found.opened_cost_lamports if found.opened_cost_lamports else None
    if not cost:
        reason = (
            "no position opened in the window has an end or an executable price"
            if found.opened
            else "no position opened in the window"
        )
        return missing("roi", reason, n, coverage=share)
    interval = paired_ratio_interval(Sample(n, gain, gains), Sample(n, cost, costs), products)
    note = f"{found.opened - n} of {found.opened} positions are open or lack basis and do not count"
    return made(
        "roi", gain / cost, n, interval, coverage=share, note=note if found.opened > n else ""
    )


def _no_ratio(found: Tally) -> str:
    if not found.closed:
        return NONE_CLOSED
    return "" if found.loss_lamports else NO_LOSS
