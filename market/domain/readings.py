"""What sources tell about tokens and pools at a moment: everything may be unknown, nothing is 0.

Amounts in USD and shares are Decimal; a share or change is a fraction (0.35 is 35 %). None means
that the source does not tell: it never stands for zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

Span = Literal["5m", "15m", "1h", "6h", "24h"]
SPANS: Final[dict[Span, timedelta]] = {
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
}


@dataclass(frozen=True, slots=True)
class Activity:
    """What happened to a token within one span before a reading.

    `buys` and `sells` count trades, `buyers` and `sellers` distinct wallets. `organic_…` are the
    source's own figures without bots. `change` is of the price, `holder_change` of the holders.
    """

    volume_usd: Decimal | None = None
    buy_usd: Decimal | None = None
    sell_usd: Decimal | None = None
    organic_buy_usd: Decimal | None = None
    organic_sell_usd: Decimal | None = None
    buys: int | None = None
    sells: int | None = None
    buyers: int | None = None
    sellers: int | None = None
    change: Decimal | None = None
    holder_change: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PoolReading:
    """One pool as one source saw it. `base` and `quote` are reserves in whole coins.

    `venue` is named as decoded trades name it (`market.domain.venues`). `price_quote` is quote
    coins for one base coin. For a bonding curve `base` and `quote` are what it really holds for
    sale and has taken in, not the virtual reserves, and `progress` is the share already sold.
    """

    source: str
    mint: str
    read_at: datetime
    pool: str
    venue: str
    quote_mint: str
    price_usd: Decimal | None = None
    price_quote: Decimal | None = None
    liquidity_usd: Decimal | None = None
    base: Decimal | None = None
    quote: Decimal | None = None
    market_cap_usd: Decimal | None = None
    fdv_usd: Decimal | None = None
    opened_at: datetime | None = None
    progress: Decimal | None = None
    activity: Mapping[Span, Activity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TokenReading:
    """A token over all its pools as one source saw it; `supply` in whole coins.

    `safety` is what the same answer said about the token's danger, where it did.
    """

    source: str
    mint: str
    read_at: datetime
    price_usd: Decimal | None = None
    liquidity_usd: Decimal | None = None
    market_cap_usd: Decimal | None = None
    supply: Decimal | None = None
    decimals: int | None = None
    holders: int | None = None
    opened_at: datetime | None = None
    graduated_at: datetime | None = None
    launchpad: str = ""
    curve_progress: Decimal | None = None
    activity: Mapping[Span, Activity] = field(default_factory=dict)
    safety: "SafetyReading | None" = None


@dataclass(frozen=True, slots=True)
class SafetyReading:
    """What one source says about the danger of a token.

    `can_mint` and `can_freeze`: somebody still may. `top10_share` leaves pools out.
    `transfer_fee` is the highest set, of now and to come. `score` is the source's own, 0 to 100,
    higher is riskier: an opinion, shown as that. `risks` are its words.
    """

    source: str
    mint: str
    read_at: datetime
    can_mint: bool | None = None
    can_freeze: bool | None = None
    top10_share: Decimal | None = None
    dev_share: Decimal | None = None
    bundled_share: Decimal | None = None
    insider_share: Decimal | None = None
    lp_locked_share: Decimal | None = None
    transfer_fee: Decimal | None = None
    holders: int | None = None
    creator: str = ""
    score: Decimal | None = None
    rugged: bool | None = None
    risks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be done with a source's data: kept on our side, given on to others."""

    may_store: bool
    may_redistribute: bool


# Terms as read in 2026: Birdeye 10.2.1 and 10.2.3 forbid keeping and giving on without written
# consent; DexScreener allows use but no resale; what is on the chain is everybody's.
TERMS: Final[Mapping[str, Terms]] = {
    "chain": Terms(may_store=True, may_redistribute=True),
    "trades": Terms(may_store=True, may_redistribute=True),
    "dexscreener": Terms(may_store=True, may_redistribute=False),
    "jupiter": Terms(may_store=True, may_redistribute=False),
    "rugcheck": Terms(may_store=True, may_redistribute=False),
    "birdeye": Terms(may_store=False, may_redistribute=False),
}
