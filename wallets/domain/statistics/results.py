"""What positions earned: realised, unrealised, and the ratios between gains, losses and cost."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from market.domain.pools import Pool
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
class SeenPool:
    """A pool of a token against lamports as its last recorded swap left it."""

    address: str
    venue: str
    pool: Pool
    signature: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """What an amount is worth now, and who says so.

    `source` is a pool's address, a vendor, or the transaction whose price marks it. `seen` is the
    pool an executable price was reckoned from: fee and impact are taken off.
    """

    lamports: int
    source: str
    seen: SeenPool | None = None


# Asked with a mint and raw units; None where no pool or quote is known.
PriceFunction = Callable[[str, int], Quote | None]


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of one token with known cost, and what it is worth by some price, if any.

    `unknown_raw` more units are held without a known cost. Of `exit_lamports`, what selling all
    of them together would fetch, `quote` is the share of the known ones by quantity.
    """

    mint: str
    raw: int
    cost_lamports: int
    quote: Quote | None
    unknown_raw: int = 0
    exit_lamports: int | None = None

    def priced(self, price: PriceFunction) -> "Held":
        """Return it at a price of the whole holding; the unknown units' share is floored."""
        whole = price(self.mint, self.raw + self.unknown_raw)
        if whole is None:
            return replace(self, quote=None, exit_lamports=None)
        share = known_share(whole.lamports, self.raw, self.unknown_raw)
        return replace(self, quote=replace(whole, lamports=share), exit_lamports=whole.lamports)


def known_share(lamports: int, raw: int, unknown_raw: int) -> int:
    """Return what of a whole holding's worth is the units' of known cost: they take the rest."""
    whole = raw + unknown_raw
    return lamports - (lamports * unknown_raw // whole if whole else 0)


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
    """Return worth less cost of what is held; `coverage` is the share of cost with a price.

    The note tells what lacks one, and when the pools were last seen.
    """
    priced = [(held, held.quote) for held in holdings if held.quote is not None]
    whole = sum(held.cost_lamports for held in holdings)
    covered = sum(held.cost_lamports for held, _ in priced)
    share = covered / whole if whole else None
    lacking = len(holdings) - len(priced)
    reason = f"no price known for {lacking} of {len(holdings)} tokens held"
    if holdings and not priced:
        return missing(rule_id, reason, len(holdings), coverage=share)
    gain = sum(quote.lamports - held.cost_lamports for held, quote in priced)
    notes = [reason] if lacking else []
    times = [quote.seen.at for _, quote in priced if quote.seen is not None]
    if times:
        first, last = (f"{at.astimezone(UTC):%F %H:%M}" for at in (min(times), max(times)))
        told = f"at {first}" if first == last else f"from {first} to {last}"
        notes.append(f"reserves as last seen {told} UTC")
    return made(rule_id, gain, len(priced), coverage=share, note="; ".join(notes))


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
