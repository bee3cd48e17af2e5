"""Several sources' readings become one snapshot: who is believed, and what never gets in."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aura.core import exact
from aura.core.solana import USDC, WSOL
from market.domain.combine import Combined, Readings, combined
from market.domain.readings import SPANS, Activity, PoolReading, SafetyReading, TokenReading
from market.domain.snapshots import Snapshot, read, written

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORDER = ("dexscreener", "jupiter", "rugcheck", "birdeye")
D = Decimal


def pool(source: str = "dexscreener", ago: int = 10, **told: Any) -> PoolReading:
    told = {"pool": "P1", "venue": "PumpSwap", "quote_mint": str(WSOL)} | told
    return PoolReading(source=source, mint="M", read_at=AT - timedelta(seconds=ago), **told)


def token(source: str = "jupiter", ago: int = 5, **told: Any) -> TokenReading:
    return TokenReading(source=source, mint="M", read_at=AT - timedelta(seconds=ago), **told)


def safety(source: str = "rugcheck", ago: int = 300, **told: Any) -> SafetyReading:
    return SafetyReading(source=source, mint="M", read_at=AT - timedelta(seconds=ago), **told)


def put(*readings: Any, quotes: dict[str, Decimal] | None = None) -> Combined | None:
    kinds = Readings(
        [r for r in readings if isinstance(r, PoolReading)],
        [r for r in readings if isinstance(r, TokenReading)],
        [r for r in readings if isinstance(r, SafetyReading)],
    )
    return combined("M", kinds, at=AT, order=ORDER, quotes_usd=quotes)


def snap(*readings: Any, quotes: dict[str, Decimal] | None = None) -> Snapshot:
    made = put(*readings, quotes=quotes)
    assert made is not None
    return made.snapshot


@pytest.mark.parametrize(
    ("prices", "expected", "verified"),
    [
        ({"dexscreener": "100"}, "100", False),
        ({"dexscreener": "100", "jupiter": "105"}, "100", True),
        ({"dexscreener": "105", "jupiter": "100"}, "105", True),
        ({"dexscreener": "100", "jupiter": "105.01"}, "100", False),
        ({"dexscreener": "900", "jupiter": "100", "birdeye": "101"}, "100", True),
        ({"jupiter": "100", "trades": "130"}, "130", False),
        ({"dexscreener": "100", "chain": "99"}, "99", True),
    ],
)
def test_the_most_trusted_price_another_agrees_with_is_taken(
    prices: dict[str, str], expected: str, verified: bool
) -> None:
    made = snap(*(token(source, price_usd=D(usd)) for source, usd in prices.items()))
    assert (made.price_usd, made.is_verified) == (D(expected), verified)
    assert made.prices == {source: D(usd) for source, usd in prices.items()}
    assert made.sources["price_usd"] == next(s for s, usd in prices.items() if usd == expected)


def test_fields_come_from_whoever_is_trusted_most_and_says_so() -> None:
    made = snap(
        pool(
            price_usd=D("0.02"), liquidity_usd=D(40_000), market_cap_usd=D(2_000_000),
            opened_at=AT - timedelta(hours=3), ago=40,
            activity={"5m": Activity(volume_usd=D(900), buys=12, sells=7, change=D("0.1"))},
        ),
        pool("chain", base=D(1_000_000), quote=D(100), price_quote=D("0.0001"), ago=30),
        token(
            price_usd=D("0.0201"), liquidity_usd=D(90_000), market_cap_usd=D(2_100_000),
            holders=512, opened_at=AT - timedelta(hours=2), supply=D(10**8),
            activity={"5m": Activity(volume_usd=D(1_000), buyers=9, sellers=4)},
        ),
        safety(top10_share=D("0.31"), can_mint=True, holders=500),
        safety("chain", can_mint=False),
        quotes={str(WSOL): D(200)},
    )  # fmt: skip
    assert made.prices == {"chain": D("0.02"), "dexscreener": D("0.02"), "jupiter": D("0.0201")}
    assert (made.liquidity_usd, made.base, made.quote) == (D(40_000), D(1_000_000), D(100))
    assert made.units == D(10_000)
    assert (made.market_cap_usd, made.holders) == (D(2_000_000), 512)
    assert made.opened_at == AT - timedelta(hours=3)
    assert made.read_at == AT - timedelta(seconds=40)
    assert made.activity == {
        "5m": Activity(volume_usd=D(900), buys=12, sells=7, buyers=9, sellers=4, change=D("0.1"))
    }
    assert (made.safety.can_mint, made.safety.top10_share) == (False, D("0.31"))
    assert made.safety.sources == {"can_mint": "chain", "top10_share": "rugcheck"}
    assert made.sources == {
        "price_usd": "chain", "liquidity_usd": "dexscreener", "base": "chain", "quote": "chain",
        "units": "chain", "market_cap_usd": "dexscreener", "holders": "jupiter",
        "opened_at": "dexscreener", "5m volume_usd": "dexscreener", "5m buys": "dexscreener",
        "5m sells": "dexscreener", "5m change": "dexscreener", "5m buyers": "jupiter",
        "5m sellers": "jupiter",
    }  # fmt: skip


def test_counts_that_make_a_ratio_come_from_one_source() -> None:
    half = pool(price_usd=D(1), activity={"1h": Activity(buys=80)})
    whole = token(activity={"1h": Activity(buys=60, sells=30)})
    assert snap(half, whole).activity["1h"] == Activity(buys=60, sells=30)
    assert snap(half).activity["1h"] == Activity(buys=80)


def test_the_deepest_pool_counts_and_unknown_depth_is_not_zero_depth() -> None:
    shallow = pool(pool="P1", price_usd=D(9), liquidity_usd=D(10))
    deep = pool(pool="P2", price_usd=D(10), liquidity_usd=D(50_000), venue="Raydium CLMM",
                base=D(3), quote=D(4))  # fmt: skip
    silent = pool(pool="P3", price_usd=D(11), liquidity_usd=D(0))
    made = snap(shallow, deep, silent)
    assert (made.pool, made.price_usd, made.liquidity_usd) == ("P2", D(10), D(50_000))
    assert made.units is None, "a concentrated pool's reserves tell no units"
    assert snap(silent).liquidity_usd is None
    held = pool(pool="P4", base=D(1), quote=D(1_000), price_usd=D(12))
    assert snap(shallow, held, quotes={str(WSOL): D(200)}).pool == "P4"
    assert snap(held).units == D(1_000).sqrt()


@pytest.mark.parametrize("venue", ["pump.fun", "Raydium CLMM", "Orca Whirlpool", "someone's"])
def test_units_are_told_of_constant_product_pools_alone(venue: str) -> None:
    made = snap(pool(venue=venue, base=D(100), quote=D(4), price_usd=D(1)))
    assert (made.units, made.base, made.quote) == (None, D(100), D(4))


def test_a_price_in_dollars_follows_from_a_price_in_a_coin_of_known_price() -> None:
    in_sol = pool("chain", price_quote=D("0.5"))
    in_usdc = pool("chain", price_quote=D("0.5"), quote_mint=str(USDC), pool="P2")
    assert snap(in_sol, quotes={str(WSOL): D(200)}).price_usd == D(100)
    assert snap(in_usdc, quotes={str(USDC): D(1)}).price_usd == D("0.5")
    assert snap(in_sol).price_usd is None, "SOL's price is not known"


def test_market_value_follows_from_supply_where_nobody_tells_it() -> None:
    made = snap(token(price_usd=D("0.5"), supply=D(1_000)))
    assert (made.market_cap_usd, made.sources["market_cap_usd"]) == (D(500), "jupiter")
    assert snap(token(supply=D(1_000)), pool()).market_cap_usd is None


def test_who_says_rugged_is_believed() -> None:
    told = snap(token(price_usd=D(1)), safety("chain", rugged=False), safety(rugged=True)).safety
    assert (told.rugged, told.sources["rugged"]) == (True, "rugcheck")
    audit = SafetyReading("jupiter", "M", AT, can_freeze=True)
    told = snap(token(price_usd=D(1), safety=audit)).safety
    assert (told.can_freeze, told.sources) == (True, {"can_freeze": "jupiter"})


def test_what_may_not_be_kept_is_in_the_snapshot_alone() -> None:
    made = put(
        pool(price_usd=D(10), liquidity_usd=D(30_000)),
        token("birdeye", price_usd=D("10.1"), holders=77, safety=safety("birdeye", dev_share=D(0))),
        token("nobody's", holders=5),
    )
    assert made is not None
    assert made.kept is not None
    assert (made.snapshot.is_verified, made.snapshot.holders) == (True, 77)
    assert made.snapshot.safety.dev_share == 0
    assert (made.kept.is_verified, made.kept.holders) == (False, None)
    assert made.kept.prices == {"dexscreener": D(10)}
    assert "birdeye" not in exact.dumps(written(made.kept))
    only = put(token("birdeye", price_usd=D(10)))
    assert only is not None
    assert only.kept is None
    whole = put(pool(price_usd=D(10)))
    assert whole is not None
    assert whole.kept is whole.snapshot


def test_without_price_or_pool_there_is_no_snapshot() -> None:
    assert put() is None
    assert put(safety(can_mint=True)) is None
    assert put(token(holders=5, price_usd=D("NaN"))) is None


STRANGE = [
    D("NaN"), D("sNaN"), D("Infinity"), D("-Infinity"), D(-1), D("1e400"), D("-0"), D("1e-400"),
    5.0, True, None,
]  # fmt: skip


@pytest.mark.parametrize("strange", STRANGE, ids=repr)
def test_no_strange_number_gets_in(strange: Any) -> None:
    activity = {
        span: Activity(volume_usd=strange, buys=strange, sells=strange, change=strange)
        for span in SPANS
    }
    made = snap(
        pool(price_usd=D(1), base=strange, quote=strange, liquidity_usd=strange,
             market_cap_usd=strange, price_quote=strange, activity=activity),
        pool(pool="P2", price_usd=strange, price_quote=strange),
        token(price_usd=strange, supply=strange, holders=strange, curve_progress=strange,
              market_cap_usd=strange),
        safety(top10_share=strange, can_mint=strange),
        quotes={str(WSOL): D(200)},
    )  # fmt: skip
    assert (made.price_usd, made.prices) == (D(1), {"dexscreener": D(1)})
    assert (made.liquidity_usd, made.base, made.units) == (None, None, None)
    for value in every_number(made):
        assert value.is_finite()
        assert -1 <= value < D(10) ** 15
    assert read(written(made)) == made


def test_an_absurd_price_of_one_source_moves_nobody_elses() -> None:
    made = snap(token(price_usd=D(10) ** 10), token("dexscreener", price_usd=D("0.001")))
    assert made.prices == {"dexscreener": D("0.001")}


def every_number(made: Snapshot) -> list[Decimal]:
    numbers = [made.price_usd, made.liquidity_usd, made.base, made.quote, made.units]
    numbers += [made.market_cap_usd, made.curve_progress, *made.prices.values()]
    for told in made.activity.values():
        numbers += [getattr(told, name) for name in told.__dataclass_fields__]
    return [D(n) for n in numbers if n is not None]


SOURCES = ["chain", "trades", "dexscreener", "jupiter", "birdeye", "unheard of"]
AMOUNTS = st.none() | st.decimals(allow_nan=True, allow_infinity=True) | st.decimals(0, 10**6)
COUNTS = st.none() | st.integers(-5, 10**6)
TIMES = st.integers(-400, 60).map(lambda s: AT + timedelta(seconds=s))
ACTIVITIES = st.dictionaries(
    st.sampled_from(list(SPANS)),
    st.builds(Activity, volume_usd=AMOUNTS, buys=COUNTS, sells=COUNTS, change=AMOUNTS),
    max_size=2,
)
POOLS = st.builds(
    PoolReading, source=st.sampled_from(SOURCES), mint=st.just("M"), read_at=TIMES,
    pool=st.sampled_from(["P1", "P2", "P3", ""]), venue=st.sampled_from(["PumpSwap", "pump.fun"]),
    quote_mint=st.sampled_from([str(WSOL), "other"]), price_usd=AMOUNTS, price_quote=AMOUNTS,
    liquidity_usd=AMOUNTS, base=AMOUNTS, quote=AMOUNTS, activity=ACTIVITIES,
)  # fmt: skip
TOKENS = st.builds(
    TokenReading, source=st.sampled_from(SOURCES), mint=st.just("M"), read_at=TIMES,
    price_usd=AMOUNTS, liquidity_usd=AMOUNTS, supply=AMOUNTS, holders=COUNTS, activity=ACTIVITIES,
)  # fmt: skip
SAFETIES = st.builds(
    SafetyReading, source=st.sampled_from(SOURCES), mint=st.just("M"), read_at=TIMES,
    can_mint=st.none() | st.booleans(), top10_share=AMOUNTS, rugged=st.none() | st.booleans(),
)  # fmt: skip
TOLD = st.lists(POOLS | TOKENS | SAFETIES, max_size=8)


@given(told=TOLD, at=st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_order_of_arrival_decides_nothing(told: list[Any], at: Any) -> None:
    shuffled = list(told)
    at.shuffle(shuffled)
    quotes = {str(WSOL): D(200)}
    assert repr(put(*shuffled, quotes=quotes)) == repr(put(*told, quotes=quotes))
    twice = put(*told, *told, quotes=quotes)
    assert repr(twice) == repr(put(*told, quotes=quotes)), "told twice is told once"


@given(told=TOLD)
@settings(max_examples=60, deadline=None)
def test_nothing_later_and_nothing_absurd_is_in_a_snapshot(told: list[Any]) -> None:
    made = put(*told, quotes={str(WSOL): D(200)})
    past = put(*(one for one in told if one.read_at <= AT), quotes={str(WSOL): D(200)})
    assert repr(made) == repr(past), "what is read later changes nothing"
    if made is None:
        return
    assert made.snapshot.read_at <= AT
    assert all(value.is_finite() for value in every_number(made.snapshot))
    assert made.snapshot.price_usd is None or made.snapshot.price_usd in set(
        made.snapshot.prices.values()
    )
    told_by = {one.source for one in told}
    assert set(made.snapshot.sources.values()) <= told_by
    assert read(written(made.snapshot)) == made.snapshot
    if made.kept is not None:
        kept_by = {*made.kept.sources.values(), *made.kept.safety.sources.values()}
        assert not kept_by & {"birdeye", "unheard of"}


def test_two_agree_only_where_two_agree() -> None:
    for prices in itertools.product(["1", "1.04", "1.2"], repeat=3):
        made = snap(*(token(s, price_usd=D(p)) for s, p in zip(SOURCES, prices, strict=False)))
        close = [
            abs(D(a) - D(b)) <= D("0.05") * min(D(a), D(b))
            for a, b in itertools.combinations(prices, 2)
        ]
        assert made.is_verified == any(close)
