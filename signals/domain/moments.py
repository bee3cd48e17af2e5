"""What a token could be sold for at each moment: pool states of several pools put in one line.

A state counts for fifteen minutes. At each moment the deepest pool is the one that is traded in:
a token that leaves its launch curve is followed into its pool.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol

from market.domain.fees import fee_of
from market.domain.pools import Pool, pool_at
from market.domain.venues import kind_of

# Past this without a state a source was silent: nothing is known of the price any more.
SILENCE: Final = timedelta(minutes=15)

# Coins are counted in millionths, as launchpads do, and SOL in lamports, whatever the mint says:
# market values that decide a fee are reckoned with a billion coins of six decimals.
BASE_UNITS: Final = 10**6
QUOTE_UNITS: Final = 10**9
# A pump.fun curve prices by 30 SOL and 1,073,000,000 coins that were never put in:
# https://github.com/pump-fun/pump-public-docs docs/PUMP_PROGRAM_README.md
CURVE_QUOTE: Final = 30 * QUOTE_UNITS
CURVE_PRODUCT: Final = CURVE_QUOTE * 1_073_000_000 * BASE_UNITS
# Whose zero is a zero: anybody else's is a figure that is missing.
EXACT_SOURCES: Final = frozenset({"chain", "trades"})
_DOLLAR: Final = Decimal(2)
# No pool is worth more: whoever says so tells nothing.
_MOST_USD: Final = Decimal(10) ** 13


class Point(Protocol):
    """A pool's reserves at a moment as a source told them, in whole coins."""

    @property
    def at(self) -> datetime:
        """When it was read."""
        ...

    @property
    def pool(self) -> str:
        """Its address."""
        ...

    @property
    def venue(self) -> str:
        """Its venue, as `market.domain.venues` names it."""
        ...

    @property
    def base(self) -> Decimal | None:
        """Coins of the token."""
        ...

    @property
    def quote(self) -> Decimal | None:
        """Coins of the other side; of a launch curve the real ones."""
        ...

    @property
    def quote_usd(self) -> Decimal | None:
        """What one of those costs."""
        ...

    @property
    def source(self) -> str:
        """Who told it."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """The deepest pool at a moment: what it holds, and what selling into it brings.

    `told` names the pools somebody told of within the last fifteen minutes.
    """

    at: datetime
    point: Point
    market: Pool
    quote_usd: Decimal
    liquidity_usd: Decimal
    told: frozenset[str] = frozenset()

    def bought(self, usd: Decimal) -> int:
        """Return the millionths of a coin that so many dollars buy, fee and impact off."""
        if not self.liquidity_usd:
            return 0
        return self.market.buy(int(usd * QUOTE_UNITS / self.quote_usd))

    def worth(self, raw: int) -> Decimal:
        """Return the dollars that selling brings, fee and impact off."""
        if not self.liquidity_usd:
            return Decimal(0)
        return self.market.sell(raw) * self.quote_usd / QUOTE_UNITS


def in_order(points: Iterable[Point]) -> list[Point]:
    """Sort points by time, and those of one time in a way that leaves nothing to chance."""
    return sorted(points, key=lambda p: (p.at, p.pool, p.source, p.venue, *map(str, _amounts(p))))


def _amounts(point: Point) -> tuple[Decimal | None, ...]:
    return point.base, point.quote, point.quote_usd


def moments(points: Sequence[Point]) -> list[Moment]:
    """Return every moment at which a pool whose arithmetic is known was told of; `in_order`."""
    line: list[Moment] = []
    latest: dict[str, Moment] = {}
    for point in points:
        read = _read(point)
        if read is None:
            continue
        latest[point.pool] = read
        latest = fresh = {pool: one for pool, one in latest.items() if read.at - one.at <= SILENCE}
        deepest = max(fresh.values(), key=lambda one: (one.liquidity_usd, one.point.pool))
        here = replace(deepest, at=read.at, told=frozenset(fresh))
        if line and line[-1].at == here.at:
            line[-1] = here
        else:
            line.append(here)
    return line


def last_by(line: Sequence[Moment], at: datetime) -> Moment | None:
    """Return the latest moment at or before a time; None when it is over fifteen minutes old."""
    before = [moment for moment in line if moment.at <= at]
    return before[-1] if before and at - before[-1].at <= SILENCE else None


def _read(point: Point) -> Moment | None:
    """Make a state of what was told; None where that is not enough, or no such pool is known."""
    if point.quote is None or point.quote_usd is None:
        return None
    if point.quote < 0 or point.quote_usd <= 0:
        return None
    kind = kind_of(point.venue)
    market = _curve(point) if kind == "curve" else _pool(point) if kind == "product" else None
    liquidity = point.quote * point.quote_usd
    if market is None or liquidity > _MOST_USD:
        return None
    return Moment(point.at, point, market, point.quote_usd, liquidity)


def _curve(point: Point) -> Pool | None:
    """Return a pump.fun curve by the SOL it holds; an empty one has moved into its pool.

    Other launchpads choose their curve coin by coin: not known.
    """
    if point.venue != "pump.fun" or not point.quote:
        return None
    quote_raw = CURVE_QUOTE + int(point.quote * QUOTE_UNITS)
    return pool_at("pump.fun", CURVE_PRODUCT // quote_raw, quote_raw, at=point.at)


def _pool(point: Point) -> Pool | None:
    if not point.quote or point.quote_usd is None:
        return Pool(0, 0) if point.source in EXACT_SOURCES else None
    if point.base is None or point.base <= 0:
        return None
    base_raw, quote_raw = int(point.base * BASE_UNITS), int(point.quote * QUOTE_UNITS)
    if base_raw <= 0 or quote_raw <= 0:
        return None
    if point.quote_usd < _DOLLAR:
        # a dollar coin says no market value in SOL: the dearest tier
        return Pool(base_raw, quote_raw, fee_of(point.venue, at=point.at))
    return pool_at(point.venue, base_raw, quote_raw, at=point.at)
