"""Made-up tokens with a whole day behind them: what a scan looks at, the same for everyone."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from market.domain.readings import SPANS, Activity, Span
from market.domain.snapshots import Safety, Snapshot
from market.queries import BucketRow

AT: Final = datetime(2026, 11, 22, 12, 1, tzinfo=UTC)
STEP: Final = 300
BUCKETS: Final = 288
# As in a usual scan: so many in ten are refused by a gate, so many in a hundred are bought hard.
REFUSED_IN_TEN: Final = 3
RUSHED_IN_HUNDRED: Final = 5
# Days are shared by tokens, so that ten thousand of them do not fill the memory.
DAYS: Final = 100
_SEED: Final = 7
_SAFETY: Final[dict[str, Any]] = {
    "can_mint": False, "can_freeze": False, "top10_share": Decimal("0.2"),
    "dev_share": Decimal("0.01"), "bundled_share": Decimal("0.04"),
    "insider_share": Decimal("0.02"), "lp_locked_share": Decimal(1),
    "wash_share": Decimal("0.05"), "transfer_fee": Decimal(0), "rugged": False,
}  # fmt: skip


def days() -> list[list[BucketRow]]:
    """Make the days tokens have behind them, each bucket whole."""
    dice = Random(_SEED)  # noqa: S311  # not for secrets
    return [list(_day(dice)) for _ in range(DAYS)]


def _day(dice: Random) -> Iterator[BucketRow]:
    last = int(AT.timestamp()) // STEP * STEP
    price = 10 ** dice.uniform(-6, 0)
    for back in range(BUCKETS - 1, -1, -1):
        before, price = price, price * dice.uniform(0.99, 1.01)
        volume, share = dice.uniform(600, 1_400), dice.uniform(0.4, 0.6)
        high, low = max(before, price) * 1.002, min(before, price) * 0.998
        yield BucketRow(
            last - STEP * back, before, high, low, price, volume, 10, 9, 8, 8,
            volume * share, volume * (1 - share), 60_000.0, 1_000.0, 1_000 - back, "pool",
        )  # fmt: skip


def snapshots(count: int, made: Sequence[Sequence[BucketRow]], at: datetime = AT) -> list[Snapshot]:
    """Make so many tokens at a moment, each at the end of its day."""
    dice = Random(_SEED + count)  # noqa: S311  # not for secrets
    return [_snapshot(place, made[place % DAYS][-1], dice, at) for place in range(count)]


def _snapshot(place: int, last: BucketRow, dice: Random, at: datetime) -> Snapshot:
    is_rushed = dice.randrange(100) < RUSHED_IN_HUNDRED
    liquidity = 4_000 if dice.randrange(10) < REFUSED_IN_TEN else 60_000
    price = Decimal(repr(last.close_usd))
    activity: dict[Span, Activity] = {
        span: _activity(1_000.0 * (length / timedelta(minutes=5)), rushed=is_rushed, dice=dice)
        for span, length in SPANS.items()
    }
    told = {f"{span} {one.name}": "dexscreener" for span in activity for one in fields(Activity)}
    return Snapshot(
        mint=f"{place:0>44}", at=at, read_at=at - timedelta(seconds=5), price_usd=price,
        prices={"dexscreener": price, "jupiter": price}, is_verified=True, pool=f"pool {place}",
        venue="PumpSwap", liquidity_usd=Decimal(liquidity), base=Decimal(1_000_000),
        quote=Decimal(1), units=Decimal(1_000), market_cap_usd=Decimal(500_000), holders=1_010,
        opened_at=at - timedelta(days=2), activity=activity,
        safety=Safety(**_SAFETY, sources=dict.fromkeys(_SAFETY, "rugcheck")),
        sources=told | {"price_usd": "dexscreener", "units": "chain", "holders": "jupiter"},
    )  # fmt: skip


def _activity(usual_usd: float, *, rushed: bool, dice: Random) -> Activity:
    volume = usual_usd * dice.uniform(0.8, 1.2) * (12 if rushed else 1)
    buys = round(volume / 100)
    return Activity(
        volume_usd=_usd(volume), buy_usd=_usd(volume * 0.6), sell_usd=_usd(volume * 0.4),
        buys=buys, sells=buys * 2 // 3, buyers=buys, sellers=buys * 2 // 3,
        change=_usd(dice.uniform(0.0, 0.2) if rushed else dice.uniform(-0.02, 0.02)),
    )  # fmt: skip


def _usd(value: float) -> Decimal:
    return Decimal(repr(value))
