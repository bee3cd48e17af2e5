"""Pools as several sources tell them: one of each address, and which of them is the deepest."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from market.domain.figures import price, share
from market.domain.readings import PoolReading
from market.domain.sound import Known, amount, first, moment
from market.domain.venues import kind_of


@dataclass(frozen=True, slots=True)
class MergedPool:
    """One pool; `reserves` are base and quote of one source, `prices` in USD by source."""

    address: str
    venue: str
    quote_mint: str
    liquidity: Known[Decimal] | None
    reserves: Known[tuple[Decimal, Decimal]] | None
    opened_at: Known[datetime] | None
    progress: Known[Decimal] | None
    prices: Mapping[str, Known[Decimal]]
    worth_usd: Decimal

    @property
    def units(self) -> Decimal | None:
        """√(base·quote), which liquidity moves and price does not; None where that is not so."""
        if self.reserves is None or kind_of(self.venue) != "product":
            return None
        base, quote = self.reserves.value
        return (base * quote).sqrt()


def merged_pools(
    readings: Iterable[PoolReading], at: datetime, quotes_usd: Mapping[str, Decimal]
) -> list[MergedPool]:
    """Put readings, in the order of trust, together by pool; the deepest first."""
    by_address: dict[str, list[PoolReading]] = defaultdict(list)
    for one in readings:
        if one.pool:
            by_address[one.pool].append(one)
    merged = [_merged(told, at, quotes_usd) for told in by_address.values()]
    return sorted(merged, key=lambda pool: (-pool.worth_usd, not pool.prices, pool.address))


def usd_price(one: PoolReading, quotes_usd: Mapping[str, Decimal]) -> Decimal | None:
    """Return a pool's price in USD: as told, else by its price in a coin whose own is known."""
    if (told := price(one.price_usd)) is not None:
        return told
    quote_usd, in_quote = quotes_usd.get(one.quote_mint), price(one.price_quote)
    if quote_usd is None or in_quote is None:
        return None
    return price(in_quote * quote_usd)


def quote_usd(one: PoolReading, quotes_usd: Mapping[str, Decimal]) -> Decimal | None:
    """Return what one quote coin costs by a reading's own two prices, else as known."""
    in_usd, in_quote = price(one.price_usd), price(one.price_quote)
    if in_usd is None or in_quote is None:
        return quotes_usd.get(one.quote_mint)
    return price(in_usd / in_quote)


def reserves(one: PoolReading) -> tuple[Decimal, Decimal] | None:
    """Return what a pool holds of both coins where a reading tells both."""
    base, quote = amount(one.base), amount(one.quote)
    return None if base is None or quote is None else (base, quote)


def _merged(
    told: Sequence[PoolReading], at: datetime, quotes_usd: Mapping[str, Decimal]
) -> MergedPool:
    liquidity = first(told, lambda one: amount(one.liquidity_usd))
    prices: dict[str, Known[Decimal]] = {}
    for one in told:
        if (usd := usd_price(one, quotes_usd)) is not None:
            prices.setdefault(one.source, Known(usd, one.source, one.read_at))
    holds = first(told, reserves)
    by_quote = first(told, lambda one: quote_usd(one, quotes_usd))
    worth_usd = Decimal(0)
    if liquidity is not None:
        worth_usd = liquidity.value
    elif holds is not None and by_quote is not None:
        worth_usd = 2 * holds.value[1] * by_quote.value
    return MergedPool(
        address=told[0].pool,
        venue=next((one.venue for one in told if one.venue), ""),
        quote_mint=next((one.quote_mint for one in told if one.quote_mint), ""),
        liquidity=liquidity,
        reserves=holds,
        opened_at=first(told, lambda one: moment(one.opened_at, at)),
        progress=first(told, lambda one: share(one.progress)),
        prices=prices,
        worth_usd=worth_usd,
    )
