"""Copyability: what a follower would have made of a wallet's positions, in whole lamports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from aura.core.solana import LAMPORTS_PER_SOL
from wallets.domain.statistics.fees import WHOLE, points_of
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
    """A recorded swap of the wallet's pool after the delay: token against lamports."""

    signature: str
    venue: str
    raw: int
    lamports: int


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
    sells the share of his tokens that the wallet sold of its own, at the last one all. None when
    one trade has no fill: the position is not measurable.
    """
    stake = sum(step.lamports for step in steps if step.is_buy)
    filled = [(step, step.fill) for step in steps if step.fill is not None]
    if stake <= 0 or len(filled) < len(steps):
        return None
    paid = got = held = theirs = 0
    left, stake_left = size_lamports, stake
    for place, (step, fill) in enumerate(filled):
        points = points_of(fill.venue)
        if step.is_buy:
            put = left * step.lamports // stake_left if stake_left else 0
            left, stake_left = left - put, stake_left - step.lamports
            held += put * WHOLE // (WHOLE + points) * fill.raw // fill.lamports
            theirs += step.raw
            paid += put + step.costs_lamports
        else:
            is_all = place == len(filled) - 1 or step.raw >= theirs
            sold = held if is_all else held * step.raw // theirs
            held, theirs = held - sold, max(0, theirs - step.raw)
            got += sold * fill.lamports // fill.raw * (WHOLE - points) // WHOLE
            got -= step.costs_lamports
    return Followed(paid, got)


def copyability(followed: Sequence[Followed | None]) -> Figure:
    """Return result over stake of the measurable positions; `coverage` is their share."""
    measured = [one for one in followed if one is not None]
    share = len(measured) / len(followed) if followed else None
    if not measured:
        reason = (
            f"none of {len(followed)} closed positions measurable: no swap of the pool is recorded "
            "within a minute after the delay, or the price of SOL is unknown"
            if followed
            else NONE_CLOSED
        )
        return missing("copyability", reason, coverage=share)
    gains = [one.gain_lamports for one in measured]
    stakes = [one.paid_lamports for one in measured]
    interval = paired_ratio_interval(
        _sample(gains), _sample(stakes), sum(g * p for g, p in zip(gains, stakes, strict=True))
    )
    return made(
        "copyability", sum(gains) / sum(stakes), len(measured), interval, coverage=share,
        note="impact not included",
    )  # fmt: skip


def _sample(values: Sequence[int]) -> Sample:
    return Sample(len(values), sum(values), sum(v * v for v in values))
