"""Pool arithmetic and fees: worked on paper, by published examples, and what always holds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.domain.fees import VENUES, Fee, fee_of, fee_on, is_curve, is_published
from market.domain.pools import Pool, pool_at

SOL = 10**9
CURVE = (1_073_000_000_000_000, 30 * SOL)


def test_a_pool_pays_less_than_its_price_for_much() -> None:
    """1,000 coins against 100 SOL; 1,000 more coins get half of it, at the price it were all."""
    pool = Pool(1_000, 100 * SOL)
    assert (pool.mark(1_000), pool.sell(1_000)) == (100 * SOL, 50 * SOL)
    assert (pool.mark(1), pool.sell(1)) == (10**8, 99_900_099)


def test_a_fee_on_the_input_is_taken_off_what_goes_in() -> None:
    """1 % of 1,000 stays away: 990 of 1,990 coins' worth of 100 SOL; and 990 SOL of 1,090."""
    pool = Pool(1_000, 100 * SOL, Fee((100,)))
    assert pool.sell(1_000) == 100 * SOL * 990 // 1_990
    assert pool.buy(1_000 * SOL) == 1_000 * 990 // 1_090


def test_raydium_v4_as_recorded() -> None:
    """0.4 SOL into 57.9 SOL against 564 trillion, and 42,094 lamports out of 0.041 SOL."""
    pool = pool_at("Raydium AMM v4", 564_373_421_680_837, 57_916_123_652)
    assert pool.buy(400_000_000) == 3_861_519_639_304
    assert pool_at("Raydium AMM v4", 2_225_434_282_242, 44_981_865_630).fee.points == (25,)


def test_a_sale_on_a_pump_curve_on_paper() -> None:
    """34.6 trillion raw into a curve at 31 SOL: one SOL comes out of it, less 0.95 % and 0.30 %."""
    curve = pool_at("pump.fun", 1_038_387_096_774_194, 31 * SOL)
    gross = 34_612_903_225_806 * 31 * SOL // CURVE[0]
    assert gross == 999_999_999
    assert curve.sell(34_612_903_225_806) == gross - 9_500_000 - 3_000_000


def test_a_purchase_on_a_fresh_pump_curve_as_recorded() -> None:
    """One SOL beside its fee bought 34,612,903,225,806 raw of a fresh curve for 1,000,000,000.

    Told by its lamports the program rounds the price up by one: 33,496 raw, a lamport's worth,
    fewer.
    """
    curve = pool_at("pump.fun", *CURVE, at=datetime(2024, 9, 29, tzinfo=UTC))
    assert curve.fee.points == (100,)
    assert curve.buy(1_010_000_000) == 34_612_903_225_806 - 33_496
    assert curve.mark(33_496) == 0
    assert curve.mark(33_496 + 3_000) == 1


def test_a_pump_curve_sells_out_and_is_then_closed() -> None:
    """793.1 of its 1,073 million tokens are for sale; 85 SOL and their fee buy all of them."""
    curve = pool_at("pump.fun", *CURVE)
    assert curve.for_sale_raw == 793_100_000_000_000
    assert curve.buy(86 * SOL) < curve.for_sale_raw == curve.buy(87 * SOL) == curve.buy(10**15)
    assert pool_at("pump.fun", 279_900_000_000_000, 115_005_359_056).for_sale_raw == 0


def test_price_over_spot_and_round_trip_as_published() -> None:
    """A buy of 5 SOL on a fresh curve costs 17.9 % over spot; there and back keeps 79 / 81."""
    curve = pool_at("pump.fun", *CURVE)
    bought = curve.buy(5 * SOL)
    assert round(5 * SOL / curve.mark(bought) - 1, 3) == 0.179
    net = 5 * SOL * 10_000 // 10_125
    after = pool_at("pump.fun", CURVE[0] - bought, CURVE[1] + net)
    assert round(1 - after.sell(bought) / (5 * SOL), 4) == round(2 / 81, 4)


@pytest.mark.parametrize(
    ("cap_sol", "points"),
    [
        (419, (2, 93, 30)),
        (420, (20, 5, 95)),
        (1_470, (20, 5, 90)),
        (4_420, (20, 5, 75)),
        (9_819, (20, 5, 75)),
        (54_030, (20, 5, 28)),
        (98_240, (20, 5, 5)),
        (10**6, (20, 5, 5)),
    ],
)
def test_pumpswap_takes_less_the_more_a_coin_is_worth(
    cap_sol: int, points: tuple[int, ...]
) -> None:
    """A billion tokens of six decimals: a pool of 10^15 raw holds the whole supply."""
    assert pool_at("PumpSwap", 10**15, cap_sol * SOL).fee.points == points
    assert fee_of("PumpSwap", cap_lamports=cap_sol * SOL).points == points


def test_fees_have_dates() -> None:
    ascend = datetime(2025, 9, 1, 20, tzinfo=UTC)
    before = ascend - timedelta(seconds=1)
    assert [fee_of("pump.fun", at=at).points for at in (before, ascend, None)] == [
        (95, 5),
        (95, 30),
        (95, 30),
    ]
    assert fee_of("PumpSwap", at=before, cap_lamports=SOL).points == (20, 5, 5)
    assert fee_of("pump.fun", at=datetime(2024, 1, 1, tzinfo=UTC)).points == (100,)


def test_a_told_fee_counts_before_the_table() -> None:
    told = fee_of("PumpSwap", cap_lamports=SOL, told_points=30)
    assert (told.points, told.side) == ((30,), "on top")
    assert is_published("PumpSwap", (20, 5, 95), 1_000 * SOL)
    assert not is_published("PumpSwap", (20, 5, 95), 2_000 * SOL)
    assert not is_published("PumpSwap", (25, 5), 1_000 * SOL)


def test_an_unknown_venue_takes_one_per_cent_and_an_unknown_value_the_dearest() -> None:
    assert (fee_of("Nowhere").points, fee_of("Nowhere").side) == ((100,), "input")
    assert fee_of("PumpSwap").total == 125
    assert fee_on(1_000_000, "PumpSwap") == 12_500
    assert [is_curve(venue) for venue in ("pump.fun", "PumpSwap", "Nowhere")] == [
        True,
        False,
        False,
    ]


def test_an_empty_pool_gives_nothing() -> None:
    for pool in (Pool(0, 0), Pool(5, 0)):
        assert (pool.mark(5), pool.sell(5)) == (0, 0)
    assert Pool(0, 5).buy(5) == 0


def test_every_tariff_begins_somewhere_and_says_who_says_so() -> None:
    for venue in VENUES.values():
        starts = [tariff.since for tariff in venue.tariffs]
        assert starts == sorted(starts)
        assert starts[0] == datetime.min.replace(tzinfo=UTC)
        for tariff in venue.tariffs:
            assert tariff.source
            assert tariff.tiers[0][0] == 0
            assert [floor for floor, _ in tariff.tiers] == sorted(
                floor for floor, _ in tariff.tiers
            )


amounts = st.integers(0, 2**64 - 1)
reserves = st.integers(1, 2**64 - 1)
fees = st.builds(
    Fee,
    st.lists(st.integers(0, 300), max_size=3).map(tuple),
    st.sampled_from(["input", "quote", "on top"]),
    st.integers(0, 1),
)
pools = st.builds(Pool, reserves, reserves, fees)


@given(pools, amounts)
def test_a_sale_never_brings_more_than_the_mark_or_the_pool(pool: Pool, raw: int) -> None:
    assert 0 <= pool.sell(raw) <= min(pool.mark(raw), pool.quote_raw)


@given(pools, amounts)
def test_a_purchase_never_gets_more_than_it_is_worth_or_there_is(pool: Pool, quote: int) -> None:
    bought = pool.buy(quote)
    assert 0 <= bought < pool.base_raw or bought == 0
    assert pool.mark(bought) <= quote


@given(pools, amounts, amounts)
def test_more_goes_in_and_more_comes_out_at_no_better_a_price(
    pool: Pool, some: int, more: int
) -> None:
    # parts of a fee are rounded up one by one: at most three units
    some, more = sorted((some, more))
    assert pool.buy(some) <= pool.buy(more)
    assert pool.sell(some) <= pool.sell(more)


@given(pools, st.integers(1, 2**64 - 1))
def test_there_and_back_loses_at_least_the_fees(pool: Pool, quote: int) -> None:
    """Whoever sells at once what he bought gets back no more than he paid, less both fees."""
    bought = pool.buy(quote)
    paid = _goes_in(pool, quote)
    after = Pool(pool.base_raw - bought, pool.quote_raw + paid, pool.fee)
    back = after.sell(bought)
    assert back <= paid <= quote
    if pool.fee.side != "input":
        assert back <= max(0, paid - pool.fee.on(back))


def _goes_in(pool: Pool, quote: int) -> int:
    """What of a buyer's money the reserves keep: a fee on the input stays in them too."""
    if pool.fee.side == "input":
        return quote
    if pool.fee.side == "quote":
        return max(0, quote - pool.fee.on(quote))
    low, high = 0, quote
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle + pool.fee.on(middle) <= quote else (low, middle - 1)
    return low


@given(st.builds(Fee, st.lists(st.integers(0, 300), max_size=3).map(tuple)), amounts)
def test_a_fee_is_its_share_and_less_than_a_unit_a_part_more(fee: Fee, amount: int) -> None:
    exact: Any = amount * fee.total
    assert exact <= fee.on(amount) * 10_000 < exact + 10_000 * max(1, len(fee.points))
