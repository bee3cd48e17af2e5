"""Several sources' readings of one token put together: each field from whom we trust most.

What the chain and our own trades say goes first, then the sources in the order asked for. The
result is decided by the set of readings alone, never by the order they came in, and no reading
made after the moment counts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from market.domain.activity import ToldActivity, merged_activity
from market.domain.depth import MergedPool, merged_pools
from market.domain.figures import price, several, share
from market.domain.readings import TERMS, PoolReading, SafetyReading, TokenReading
from market.domain.snapshots import AGREE_WITHIN, Safety, Snapshot
from market.domain.sound import Known, amount, first, flag, moment

# Before any source of somebody else's.
OWN: Final = ("trades", "chain")

R = TypeVar("R", PoolReading, TokenReading, SafetyReading)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Combined:
    """A token's snapshot, and the same made of sources alone whose data may be kept.

    `kept` is the snapshot itself where every source allows it, None where none does.
    """

    snapshot: Snapshot
    kept: Snapshot | None


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe first: our own trades and the chain, then sources in an order."""

    order: Sequence[str]

    def rank(self, source: str) -> tuple[int, str]:
        """Return a source's place; unknown ones come last, by name."""
        ranks = (*OWN, *self.order)
        return (ranks.index(source) if source in ranks else len(ranks)), source


@dataclass(frozen=True, slots=True)
class Readings:
    """Everything sources told about one token."""

    pools: Sequence[PoolReading] = ()
    tokens: Sequence[TokenReading] = ()
    safety: Sequence[SafetyReading] = ()

    def storable(self) -> "Readings":
        """Leave out what may not be kept."""
        return Readings(_storable(self.pools), _storable(self.tokens), _storable(self.safety))

    def until(self, at: datetime, trust: "Trust") -> "Readings":
        """Leave out what was read later or has been read anew, and sort by trust.

        What an answer about the token said of its danger counts beside the safety readings.
        """
        beside = [one.safety for one in self.tokens if one.safety is not None]
        return Readings(
            _latest(self.pools, at, trust, lambda one: (one.source, one.pool)),
            _latest(self.tokens, at, trust, lambda one: one.source),
            _latest([*self.safety, *beside], at, trust, lambda one: one.source),
        )

    def __len__(self) -> int:
        return len(self.pools) + len(self.tokens) + len(self.safety)


def may_store(source: str) -> bool:
    """Whether what a source tells may be kept; a source without terms of its own: no."""
    return source in TERMS and TERMS[source].may_store


def combined(
    mint: str,
    readings: Readings,
    *,
    at: datetime,
    order: Sequence[str] = (),
    quotes_usd: Mapping[str, Decimal] | None = None,
) -> Combined | None:
    """Make a token's snapshot of a moment; None when no reading tells a price or a pool.

    `order` are the sources after our own, the most trusted first. `quotes_usd` is what one coin of
    a quote mint costs, for pools that tell only their price in it.
    """
    trust = Trust(order)
    told, quotes = readings.until(at, trust), quotes_usd or {}
    snapshot = _snapshot(mint, told, at, trust, quotes)
    if snapshot is None:
        return None
    storable = told.storable()
    if len(storable) == len(told):
        return Combined(snapshot, snapshot)
    return Combined(snapshot, _snapshot(mint, storable, at, trust, quotes))


def merged_safety(readings: Sequence[SafetyReading]) -> Safety:
    """Put what sources, in the order of trust, say about the danger of a token together.

    One that says the token was rugged is believed against all others.
    """
    found: dict[str, Known[Any]] = {}
    for name, believe in _SAFETY.items():
        for one in readings:
            if (value := believe(getattr(one, name))) is not None:
                found.setdefault(name, Known(value, one.source, one.read_at))
    for one in readings:
        if one.rugged is True and found["rugged"].value is not True:
            found["rugged"] = Known(True, one.source, one.read_at)  # noqa: FBT003  # the value
    values = {name: known.value for name, known in found.items()}
    return Safety(
        sources={name: known.source for name, known in found.items()},
        read_at=min((known.read_at for known in found.values()), default=None),
        **values,
    )


_SAFETY: Final[Mapping[str, Callable[[object], Any]]] = {
    **dict.fromkeys(("can_mint", "can_freeze", "rugged"), flag),
    **dict.fromkeys(("top10_share", "dev_share", "bundled_share", "insider_share"), share),
    **dict.fromkeys(("lp_locked_share", "transfer_fee"), share),
}


def agree(one: Decimal, other: Decimal) -> bool:
    """Whether two prices are within five per cent of the lower one."""
    return abs(one - other) <= AGREE_WITHIN * min(one, other)


def _storable(readings: Iterable[R]) -> list[R]:
    return [one for one in readings if may_store(one.source)]


def _latest(
    readings: Iterable[R], at: datetime, trust: Trust, same: Callable[[R], object]
) -> list[R]:
    """Return the latest of the readings that are the same but for their time, by trust.

    Of two told for the same moment it is always the same one, whichever came first.
    """
    groups: dict[object, list[R]] = defaultdict(list)
    for one in readings:
        if one.read_at <= at:
            groups[same(one)].append(one)
    latest = [
        told[0] if len(told) == 1 else max(told, key=lambda one: (one.read_at, repr(one)))
        for told in groups.values()
    ]
    return sorted(latest, key=lambda one: (trust.rank(one.source), same(one)))


@dataclass(slots=True)
class _Draft:
    """A snapshot in the making: values, who told each, and when price and depth were read."""

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    read: list[datetime] = field(default_factory=list)

    def take(self, name: str, told: Known[Any] | None) -> bool:
        """Put a value in unless it is there or nobody tells it; say whether it was put in."""
        if told is None or self.values.get(name) is not None:
            return False
        self.values[name], self.sources[name] = told.value, told.source
        return True


def _snapshot(
    mint: str, told: Readings, at: datetime, trust: Trust, quotes: Mapping[str, Decimal]
) -> Snapshot | None:
    pools = merged_pools(told.pools, at, quotes)
    prices = _prices(pools, told.tokens, trust)
    if not prices and not pools:
        return None
    draft = _Draft()
    chosen, is_verified = _chosen(list(prices.values()))
    if chosen is not None:
        draft.take("price_usd", chosen)
        draft.read.append(chosen.read_at)
    if pools:
        _take_pool(draft, pools[0])
    _take_totals(draft, told, pools, at, trust)
    activity, named = merged_activity(_activities(told, pools, trust))
    oldest = draft.read or [one.read_at for one in told.pools]
    values: dict[str, Any] = {"price_usd": None} | draft.values
    return Snapshot(
        mint=mint,
        at=at,
        read_at=min(oldest),
        prices={source: known.value for source, known in prices.items()},
        price_times={source: known.read_at for source, known in prices.items()},
        is_verified=is_verified,
        activity=activity,
        safety=merged_safety(told.safety),
        sources=draft.sources | named,
        **values,
    )


def _prices(
    pools: Sequence[MergedPool], tokens: Iterable[TokenReading], trust: Trust
) -> dict[str, Known[Decimal]]:
    """Return a price a source, the most trusted first: of the token, else of its deepest pool."""
    found = {
        one.source: Known(usd, one.source, one.read_at)
        for one in tokens
        if (usd := price(one.price_usd)) is not None
    }
    for pool in pools:
        for source, known in pool.prices.items():
            found.setdefault(source, known)
    return {source: found[source] for source in sorted(found, key=trust.rank)}


def _chosen(prices: Sequence[Known[Decimal]]) -> tuple[Known[Decimal] | None, bool]:
    """Return the most trusted price another one agrees with, else the most trusted."""
    for one in prices:
        if any(one is not other and agree(one.value, other.value) for other in prices):
            return one, True
    return (prices[0] if prices else None), False


def _take_pool(draft: _Draft, pool: MergedPool) -> None:
    draft.values |= {"pool": pool.address, "venue": pool.venue, "quote_mint": pool.quote_mint}
    if pool.liquidity is not None:
        draft.take("liquidity_usd", pool.liquidity)
        draft.read.append(pool.liquidity.read_at)
    if pool.reserves is not None:
        source, at = pool.reserves.source, pool.reserves.read_at
        base, quote = pool.reserves.value
        draft.take("base", Known(base, source, at))
        draft.take("quote", Known(quote, source, at))
        draft.take("units", None if pool.units is None else Known(pool.units, source, at))
        draft.read.append(at)


def _take_totals(
    draft: _Draft, told: Readings, pools: Sequence[MergedPool], at: datetime, trust: Trust
) -> None:
    """Take what is said of the token as a whole; depth only where no pool tells its own."""
    tokens = told.tokens
    total = first(tokens, lambda one: amount(one.liquidity_usd))
    if total is not None and draft.take("liquidity_usd", total):
        draft.read.append(total.read_at)
    caps = [
        *(Known(cap, one.source, one.read_at) for one in tokens if (cap := _cap(one))),
        *(Known(cap, one.source, one.read_at) for one in told.pools if (cap := _cap(one))),
    ]
    draft.take("market_cap_usd", _most_trusted(caps, trust))
    _take_worth(draft, first(tokens, lambda one: amount(one.supply)))
    holders = [
        first(tokens, lambda one: several(one.holders)),
        first(told.safety, lambda one: several(one.holders)),
    ]
    draft.take("holders", _most_trusted(holders, trust))
    draft.take("graduated_at", first(tokens, lambda one: moment(one.graduated_at, at)))
    progress = [first(tokens, lambda one: share(one.curve_progress)), *(p.progress for p in pools)]
    draft.take("curve_progress", _most_trusted(progress, trust))
    opened = [first(tokens, lambda one: moment(one.opened_at, at))]
    opened += [pool.opened_at for pool in pools]
    known = [one for one in opened if one is not None]
    earliest = min(known, key=lambda one: (one.value, trust.rank(one.source)), default=None)
    draft.take("opened_at", earliest)


def _cap(one: TokenReading | PoolReading) -> Decimal | None:
    return amount(one.market_cap_usd)


def _most_trusted(known: Iterable[Known[T] | None], trust: Trust) -> Known[T] | None:
    there = [one for one in known if one is not None]
    return min(there, key=lambda one: trust.rank(one.source), default=None)


def _take_worth(draft: _Draft, supply: Known[Decimal] | None) -> None:
    """Work out the market value from the supply where no source tells it."""
    usd_each = draft.values.get("price_usd")
    if supply is None or usd_each is None:
        return
    if (cap := amount(supply.value * usd_each)) is not None:
        draft.take("market_cap_usd", replace(supply, value=cap))


def _activities(told: Readings, pools: Sequence[MergedPool], trust: Trust) -> list[ToldActivity]:
    """Return each source's figures, the most trusted first: of the token, else of a pool.

    Of a source's pools it is the deepest: counts of wallets cannot be added up over pools.
    """
    place = {pool.address: i for i, pool in enumerate(pools)}
    by_source = {one.source: one.activity for one in told.tokens if one.activity}
    for one in sorted(told.pools, key=lambda one: place.get(one.pool, len(place))):
        if one.activity:
            by_source.setdefault(one.source, one.activity)
    return [ToldActivity(source, by_source[source]) for source in sorted(by_source, key=trust.rank)]
