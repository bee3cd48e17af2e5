"""Windows made by hand: an ordinary token, and for each strategy a day on which its rule holds."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from signals.domain.windows import Bucket, Danger, Flow, Spread, TokenWindow, Whale

END = 1_762_700_400  # the last bucket's end
AT = END + 60
MINT = "Mint1111111111111111111111111111111111111111"
SAFE = Danger(
    can_mint=False,
    can_freeze=False,
    top10_share=0.20,
    dev_share=0.01,
    bundled_share=0.04,
    insider_share=0.02,
    lp_locked_share=1.0,
    wash_share=0.05,
    transfer_fee=0.0,
    rugged=False,
)


def bucket(back: int, **changes: Any) -> Bucket:
    """One of a quiet day's buckets: `back` 0 ended last; volume 900 to 1,100 in turns."""
    ordinary = Bucket(
        at=END - 300 * back,
        open_usd=0.01,
        high_usd=0.0101,
        low_usd=0.0099,
        close_usd=0.01,
        volume_usd=1_000.0 + 50.0 * (back % 5 - 2),
        buys=10,
        sells=10 + back % 3 - 1,
        buyers=8,
        sellers=8,
        buy_usd=510.0,
        sell_usd=490.0 + 10.0 * (back % 3 - 1),
        liquidity_usd=60_000.0,
        units=1_000.0,
        holders=1_000,
    )
    return replace(ordinary, **changes)


def day(n: int = 288, shape: Callable[[int], dict[str, Any]] | None = None) -> tuple[Bucket, ...]:
    """The buckets of a day, oldest first; `shape` changes those it names by how far back."""
    return tuple(bucket(back, **(shape(back) if shape else {})) for back in range(n - 1, -1, -1))


def window(**changes: Any) -> TokenWindow:
    """An ordinary token, fully known, two days old, on which no strategy fires."""
    ordinary = TokenWindow(
        mint=MINT,
        at=AT,
        read_at=AT - 20,
        price_usd=0.01,
        prices={"dexscreener": 0.01, "jupiter": 0.01},
        is_verified=True,
        venue="raydium",
        pool="pool",
        liquidity_usd=60_000.0,
        base=1_000_000.0,
        quote=1.0,
        quote_usd=30_000.0,
        units=1_000.0,
        market_cap_usd=500_000.0,
        holders=1_010,
        opened_at=AT - 172_800,
        flows={
            "5m": flow(1_000.0, 10, 10, 0.0),
            "1h": flow(12_000.0, 110, 110, 0.01),
            "6h": flow(72_000.0, 700, 700, 0.01),
            "24h": flow(288_000.0, 2_900, 2_900, 0.02, holder_change=0.02),
        },
        organic={"5m": Flow(volume_usd=900.0), "1h": Flow(volume_usd=10_800.0)},
        own={
            "5m": Flow(buyers=8, sellers=8),
            "15m": Flow(buyers=20, sellers=20),
            "1h": Flow(buyers=60, sellers=60),
        },
        buckets=day(),
        rank_1h=0.5,
        biggest_buyer_usd=200.0,
        danger=SAFE,
        danger_before=SAFE,
        sources={"price_usd": "dexscreener", "whales": "trades"},
    )
    return replace(ordinary, **changes)


def flow(volume: float, buys: int, sells: int, change: float, **changes: Any) -> Flow:
    return Flow(
        volume_usd=volume,
        buy_usd=volume / 2,
        sell_usd=volume / 2,
        buys=buys,
        sells=sells,
        change=change,
        **changes,
    )


def _with(base: TokenWindow, changes: dict[str, Any], **fields: Any) -> TokenWindow:
    return replace(base, **(fields | changes))


def high_volume(**changes: Any) -> TokenWindow:
    """Nine thousand dollars in five minutes where a thousand is usual."""
    base = window()
    return _with(
        base,
        changes,
        flows=dict(base.flows) | {"5m": flow(9_000.0, 90, 40, 0.08)},
        organic={"5m": Flow(volume_usd=8_000.0), "1h": Flow(volume_usd=18_000.0)},
        own={"5m": Flow(buyers=40, sellers=20), "1h": Flow(buyers=140, sellers=80)},
        biggest_buyer_usd=1_500.0,
    )


def top_gainers(**changes: Any) -> TokenWindow:
    """Up 40 % in the hour on three times the usual volume."""
    base = window()
    return _with(
        base,
        changes,
        price_usd=0.014,
        rank_1h=0.97,
        flows=dict(base.flows) | {"1h": flow(36_000.0, 300, 120, 0.40)},
        organic={"1h": Flow(volume_usd=36_000.0)},
        own={"1h": Flow(buyers=150, sellers=70)},
    )


def deep_liquidity(**changes: Any) -> TokenWindow:
    """A third more units than an hour ago."""
    return _with(window(), changes, units=1_330.0)


def micro_caps(**changes: Any) -> TokenWindow:
    """A token of $400,000 with 6 % more holders in the hour."""
    base = window()
    return _with(
        base,
        changes,
        market_cap_usd=400_000.0,
        holders=1_060,
        own={"1h": Flow(buyers=140, sellers=80)},
    )


def recent_listings(**changes: Any) -> TokenWindow:
    """Twenty minutes old, with 60 buyers in ten minutes."""
    base = window()
    young = day(4, lambda back: {"buyers": 30, "buys": 45, "sells": 12})
    return _with(
        base,
        changes,
        opened_at=AT - 1_200,
        buckets=young,
        own={"5m": Flow(buyers=30, sellers=10), "1h": Flow(buyers=90, sellers=30)},
        first_slots_share=0.12,
    )


def price_momentum(**changes: Any) -> TokenWindow:
    """The last close is 5 % over every close of the day, on three times the usual volume."""
    base = window()
    return _with(
        base,
        changes,
        price_usd=0.0107,
        flows=dict(base.flows) | {"5m": flow(3_200.0, 40, 20, 0.06)},
        organic={"5m": Flow(volume_usd=3_000.0)},
        buckets=day(
            288, lambda back: {"close_usd": 0.0105, "high_usd": 0.0106} if back == 0 else {}
        ),
    )


def whale(name: str, usd: float = 1_500.0, **changes: Any) -> Whale:
    return replace(
        Whale(
            entity=name,
            wallets=(f"wallet {name}",),
            buys=((AT - 600, usd),),
            bought_30m_usd=usd,
            median_buy_usd=800.0,
            sold_share=0.0,
            grown=0.2,
        ),
        **changes,
    )


def whale_confluence(**changes: Any) -> TokenWindow:
    """Three entities buy for $4,500 within half an hour."""
    return _with(window(), changes, whales=tuple(whale(name) for name in "abc"))


def _fall(back: int) -> dict[str, Any]:
    """A high of 0.03 six hours ago, a first low of 0.010, a rebound, a second low of 0.0112."""
    if back > 72:
        return {"close_usd": 0.02, "high_usd": 0.0202, "low_usd": 0.0198}
    if back == 72:
        return {"close_usd": 0.029, "high_usd": 0.03, "low_usd": 0.02, "volume_usd": 20_000.0}
    if back > 20:
        return {"close_usd": 0.015, "high_usd": 0.0155, "low_usd": 0.0145}
    lows = {12: 0.0100, 11: 0.0115, 10: 0.0120, 6: 0.0112}
    low = lows.get(back, 0.0122)
    sold = {12: 3_000.0, 11: 1_500.0, 10: 700.0}.get(back, 490.0)
    return {
        "close_usd": low * 1.02,
        "high_usd": low * 1.03,
        "low_usd": low,
        "sell_usd": sold,
        "sells": int(sold / 49),
    }


def dip_reversal(**changes: Any) -> TokenWindow:
    """57 % below the high, liquidity kept, selling tired, a higher second low."""
    base = window()
    return _with(
        base,
        changes,
        price_usd=0.0130,
        buckets=day(288, _fall),
        own={"15m": Flow(buyers=40, sellers=25), "1h": Flow(buyers=100, sellers=90)},
    )


def curve(**changes: Any) -> TokenWindow:
    """A launch curve 25 minutes old, two thirds full."""
    return _with(
        recent_listings(),
        changes,
        is_curve=True,
        venue="pump.fun",
        liquidity_usd=None,
        units=None,
        quote_usd=9_000.0,
        curve_progress=0.66,
    )


def with_flow(base: TokenWindow, span: str, kind: str = "flows", **changes: Any) -> TokenWindow:
    """The same window with some fields of one flow changed."""
    flows = dict(getattr(base, kind))
    flows[span] = replace(flows.get(span, Flow()), **changes)
    return replace(base, **{kind: flows})


def with_buckets(base: TokenWindow, shape: Callable[[int, Bucket], dict[str, Any]]) -> TokenWindow:
    """The same window with its buckets changed by how far back they ended."""
    changed = [replace(row, **shape((END - row.at) // 300, row)) for row in base.buckets]
    return replace(base, buckets=tuple(changed))


def cohort(**medians: float) -> dict[str, Spread]:
    return {name: Spread(value, value / 4, 20) for name, value in medians.items()}


FIRING = {
    "high_volume": high_volume,
    "top_gainers": top_gainers,
    "deep_liquidity": deep_liquidity,
    "micro_caps": micro_caps,
    "recent_listings": recent_listings,
    "price_momentum": price_momentum,
    "whale_confluence": whale_confluence,
    "dip_reversal": dip_reversal,
}
