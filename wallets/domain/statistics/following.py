"""Copyability: what a follower would have made of a wallet's positions, in whole lamports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from aura.core.solana import LAMPORTS_PER_SOL
from market.domain.pools import Pool
from wallets.domain.statistics.figure import Figure, made, missing
from wallets.domain.statistics.intervals import Sample, paired_ratio_interval
from wallets.domain.statistics.rates import NONE_CLOSED

DELAYS: Final = (5, 15, 60)
SIZES_USD: Final = (100, 500, 2_000)
# The case shown where there is room for one.
USUAL_DELAY: Final = 15
USUAL_SIZE: Final = 500
# A swap later than that after the delay says nothing of the price then.
FILLED_WITHIN: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Fill:
    """The first recorded swap of the wallet's pool after the delay, and the pool it left behind.

    `pool` is a token against lamports; None: the venue tells no reserves.
    """

    signature: str
    venue: str
    pool: Pool | None


@dataclass(frozen=True, slots=True)
class Step:
    """One of the wallet's trades in a position, and the swap a follower is filled at, if any."""

    is_buy: bool
    raw: int
    lamports: int
    costs_lamports: int
    fill: Fill | None


@dataclass(frozen=True, slots=True)
class Followed:
    """What a follower put in and took out of one position, all costs included."""

    paid_lamports: int
    got_lamports: int

    @property
    def gain_lamports(self) -> int:
        """What it came to."""
        return self.got_lamports - self.paid_lamports


def size_in_lamports(usd: int, sol_usd: Decimal) -> int:
    """Turn a size in dollars into lamports at a price of SOL, floored."""
    return int(usd * LAMPORTS_PER_SOL / sol_usd)


def follow(steps: Sequence[Step], size_lamports: int) -> Followed | None:
    """Follow one closed position's trades, in chain order, with so many lamports.

    The size is shared out over the buys as the wallet's own lamports were; at a sale the follower
    sells the share of his tokens that the wallet sold of its own, at the last one all. Each time
    he trades with the pool as the swap he is filled after left it. None when one trade has no such
    pool, it has not as many tokens as he would buy, or it is a complete curve, which takes none
    back: the position is not measurable.
    """
    stake = sum(step.lamports for step in steps if step.is_buy)
    pools = [step.fill.pool for step in steps if step.fill is not None and step.fill.pool]
    if stake <= 0 or len(pools) < len(steps):
        return None
    paid = got = held = theirs = 0
    left, stake_left = size_lamports, stake
    for place, (step, pool) in enumerate(zip(steps, pools, strict=True)):
        if step.is_buy:
            put = left * step.lamports // stake_left if stake_left else 0
            left, stake_left = left - put, stake_left - step.lamports
            bought = pool.buy(put)
            if bought >= pool.for_sale_raw:
                return None
            held += bought
            theirs += step.raw
            paid += put + step.costs_lamports
        else:
            is_all = place == len(steps) - 1 or step.raw >= theirs
            sold = held if is_all else held * step.raw // theirs
            held, theirs = held - sold, max(0, theirs - step.raw)
            if not pool.for_sale_raw:
                return None
            got += pool.sell(sold) - step.costs_lamports
    return Followed(paid, got)


def copyability(followed: Sequence[Followed | None]) -> Figure:
    """Return result over stake of the measurable positions; `coverage` is their share."""
    measured = [one for one in followed if one is not None]
    share = len(measured) / len(followed) if followed else None
    if not measured:
        reason = (
            f"none of {len(followed)} closed positions measurable: no swap that tells the pool's "
            "reserves is recorded within a minute after the delay, or the price of SOL is unknown"
            if followed
            else NONE_CLOSED
        )
        return missing("copyability", reason, coverage=share)
    gains = [one.gain_lamports for one in measured]
    stakes = [one.paid_lamports for one in measured]
    interval = paired_ratio_interval(
        _sample(gains), _sample(stakes), sum(g * p for g, p in zip(gains, stakes, strict=True))
    )
    return made("copyability", sum(gains) / sum(stakes), len(measured), interval, coverage=share)


def _sample(values: Sequence[int]) -> Sample:
    return Sample(len(values), sum(values), sum(v * v for v in values))
