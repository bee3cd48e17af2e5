"""What a strategy may look at: one token at one moment and the day before it, never later.

Plain numbers, so that a stored window gives the same verdict again to the last digit: USD as
floats, times as whole Unix seconds, shares and changes as fractions. None is not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Flow:
    """What happened within one span before the moment; the fields of `market`'s Activity."""

    volume_usd: float | None = None
    buy_usd: float | None = None
    sell_usd: float | None = None
    organic_buy_usd: float | None = None
    organic_sell_usd: float | None = None
    buys: int | None = None
    sells: int | None = None
    buyers: int | None = None
    sellers: int | None = None
    change: float | None = None
    holder_change: float | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """Five minutes of the token that ended at `at`; `pool` is the one whose `units` these are."""

    at: int
    open_usd: float | None = None
    high_usd: float | None = None
    low_usd: float | None = None
    close_usd: float | None = None
    volume_usd: float | None = None
    buys: int | None = None
    sells: int | None = None
    buyers: int | None = None
    sellers: int | None = None
    buy_usd: float | None = None
    sell_usd: float | None = None
    liquidity_usd: float | None = None
    units: float | None = None
    holders: int | None = None
    pool: str = ""


@dataclass(frozen=True, slots=True)
class Whale:
    """A qualified entity in this token: several wallets of one owner are one entity.

    `buys` are (time, USD) of its purchases in the last six hours, `bought_30m_usd` net of nothing.
    `sold_share` is the share of what it held that it sold within 30 minutes, `grown` how much its
    position grew since before the first of these buys (0.5 is +50 %). `is_insider`: developer,
    bundler or insider of this token.
    """

    entity: str
    wallets: tuple[str, ...]
    buys: tuple[tuple[int, float], ...]
    bought_30m_usd: float
    median_buy_usd: float | None
    sold_share: float
    grown: float | None
    is_insider: bool = False


@dataclass(frozen=True, slots=True)
class Danger:
    """The token's safety as `market`'s Safety tells it."""

    can_mint: bool | None = None
    can_freeze: bool | None = None
    top10_share: float | None = None
    dev_share: float | None = None
    bundled_share: float | None = None
    insider_share: float | None = None
    lp_locked_share: float | None = None
    wash_share: float | None = None
    transfer_fee: float | None = None
    rugged: bool | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and median absolute deviation of a figure over a number of tokens or buckets."""

    median: float
    mad: float
    n: int


@dataclass(frozen=True, slots=True)
class TokenWindow:
    """Everything a strategy sees.

    `buckets` are those of the 24 hours before `at`, oldest first, the running one left out.
    `flows` are as the sources tell; `own` the same spans counted from recorded trades, and
    `organic` those without wallets flagged bot, wash or bundler of this token: both empty where no
    trades are known. `cohort` gives the spread of a figure among tokens of like age and liquidity,
    by the figure's name such as "volume_5m". `rank_1h` is the share of the universe whose price
    rose less within the hour. `first_slots_share` is the share of supply bought in the first ten
    slots, `biggest_buyer_usd` the largest buyer's purchases in 5 minutes. `danger_before` is the
    token's safety as first told within the 24 hours. `sources` names who told each field, the
    activity's as "SPAN FIELD", the danger's by the bare field; the key "whales" is there whenever
    qualified wallets were looked at, whether or not one of them is in the token.
    """

    mint: str
    at: int
    read_at: int
    price_usd: float | None
    prices: Mapping[str, float]
    is_verified: bool
    venue: str = ""
    is_curve: bool = False
    pool: str = ""
    liquidity_usd: float | None = None
    base: float | None = None
    quote: float | None = None
    quote_usd: float | None = None
    units: float | None = None
    market_cap_usd: float | None = None
    holders: int | None = None
    opened_at: int | None = None
    graduated_at: int | None = None
    curve_progress: float | None = None
    flows: Mapping[str, Flow] = field(default_factory=dict)
    own: Mapping[str, Flow] = field(default_factory=dict)
    organic: Mapping[str, Flow] = field(default_factory=dict)
    buckets: tuple[Bucket, ...] = ()
    cohort: Mapping[str, Spread] = field(default_factory=dict)
    rank_1h: float | None = None
    whales: tuple[Whale, ...] = ()
    biggest_buyer_usd: float | None = None
    first_slots_share: float | None = None
    danger: Danger = field(default_factory=Danger)
    danger_before: Danger | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
