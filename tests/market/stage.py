"""Sources on a stage: they say what the test puts in their mouths, and fail when told to."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from aura.core.solana import WSOL
from market.domain.combine import Combined
from market.domain.readings import Activity, PoolReading, SafetyReading, TokenReading
from market.domain.snapshots import Snapshot
from market.domain.sources import Listed, Told

NOW = datetime(2026, 11, 22, 12, 1, 40, tzinfo=UTC)
D = Decimal


def snapshot(mint: str = "M1", at: datetime = NOW, usd: str | None = "1", **told: Any) -> Snapshot:
    price = None if usd is None else D(usd)
    prices = {} if price is None else {"dexscreener": price}
    return Snapshot(
        mint=mint, at=at, read_at=at - timedelta(seconds=4), price_usd=price, prices=prices,
        is_verified=False, **told,
    )  # fmt: skip


def kept(*snapshots: Snapshot) -> list[Combined]:
    return [Combined(one, one) for one in snapshots]


def pool(mint: str = "M1", at: datetime = NOW, **told: Any) -> PoolReading:
    told = {
        "source": "dexscreener", "pool": f"pool {mint}", "venue": "PumpSwap",
        "quote_mint": str(WSOL), "price_usd": D("0.5"), "price_quote": D("0.0025"),
        "liquidity_usd": D(40_000), "base": D(40_000), "quote": D(100),
    } | told  # fmt: skip
    return PoolReading(mint=mint, read_at=at, **told)


class Stage:
    """What the sources say, by kind; each is called with the mints it is asked about."""

    pools: ClassVar[Callable[[Sequence[str]], Any]]
    tokens: ClassVar[Callable[[Sequence[str]], Any]]
    safety: ClassVar[Callable[[Sequence[str]], Any]]
    lists: ClassVar[Callable[[], Any]]
    asked: ClassVar[list[tuple[str, list[str]]]]

    @classmethod
    def set(cls, now: datetime) -> None:
        """Have every source know every mint, as it would on a good day."""
        cls.asked = []
        cls.pools = lambda mints: [pool(mint, now, activity=ACTIVITY) for mint in mints]
        cls.tokens = lambda mints: [
            TokenReading("jupiter", mint, now, price_usd=D("0.51"), holders=90, decimals=6)
            for mint in mints
        ]
        cls.safety = lambda mints: [
            SafetyReading("rugcheck", mint, now, top10_share=D("0.2"), score=D(11))
            for mint in mints
        ]
        cls.lists = lambda: [Listed(f"M{i}", "boosts") for i in range(5)]


ACTIVITY = {
    "5m": Activity(volume_usd=D(600), buys=8, sells=5, change=D("0.04")),
    "1h": Activity(volume_usd=D(7_000), buys=80, sells=60, change=D("0.1")),
}


class Pools:
    source = vendor = "dexscreener"
    at_once = 2

    def pairs_of(self, mints: Sequence[str]) -> Told[PoolReading]:
        Stage.asked.append(("pools", list(mints)))
        return Told(tuple(Stage.pools(mints)))


class Tokens:
    source = vendor = "jupiter"
    at_once = 100

    def tokens_of(self, mints: Sequence[str]) -> Told[TokenReading]:
        Stage.asked.append(("tokens", list(mints)))
        return Told(tuple(Stage.tokens(mints)), odd=1)


class Unkept(Tokens):
    source = vendor = "birdeye"

    def tokens_of(self, mints: Sequence[str]) -> Told[TokenReading]:
        told = super().tokens_of(mints)
        return Told(tuple(replace(one, source="birdeye") for one in told))


class Safety:
    source = vendor = "rugcheck"
    at_once = 1

    def safety_of(self, mints: Sequence[str]) -> Told[SafetyReading]:
        Stage.asked.append(("safety", list(mints)))
        return Told(tuple(Stage.safety(mints)))


class Lists:
    source = vendor = "dexscreener"

    def discovered(self) -> Told[Listed]:
        Stage.asked.append(("lists", []))
        return Told(tuple(Stage.lists()))
