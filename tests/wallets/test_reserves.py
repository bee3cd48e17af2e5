"""What a pool prices by after a swap: from events written by hand, and of a simulated market."""

import struct
from dataclasses import replace
from typing import Any

import pytest

from sandbox.truth import pool_truth
from tests.make import address
from tests.wallets.conftest import Market
from wallets.actions import rebuild, record_transactions
from wallets.domain.curve import CurveTrade
from wallets.domain.programs import (
    LAUNCHLAB,
    METEORA_DLMM,
    PUMP,
    PUMP_SWAP,
    RAYDIUM_CPMM,
    RAYDIUM_V4,
    WSOL,
)
from wallets.domain.reserves import reserves_after, reserves_of_curve
from wallets.domain.values import Leg, Reserves
from wallets.domain.venues import event_start
from wallets.models import Holding, PoolLeg, Wallet
from wallets.queries.figures import priced_held
from wallets.queries.pools import seen_pools

SOL = 10**9
COIN = address("a coin")
ACCOUNT = bytes(32)


def leg(program: str, venue: str, raw_in: int, raw_out: int, *, buys: bool = True) -> Leg:
    mints = (WSOL, COIN) if buys else (COIN, WSOL)
    return Leg(None, program, venue, "pool", mints[0], raw_in, mints[1], raw_out)


def u64(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}Q", *numbers)


def ray_log(kind: int, direction: int, coin: int, pc: int) -> bytes:
    return bytes([kind]) + u64(1, 1, direction, 1, coin, pc, 1)


def test_raydium_v4_by_its_direction() -> None:
    """Coin 90 SOL, pc 1,000: 10 SOL of the coin in, 99 of the pc out, and the other way round."""
    buy, sale = leg(RAYDIUM_V4, "Raydium AMM v4", 10, 99), leg(RAYDIUM_V4, "", 99, 10, buys=False)
    assert reserves_after(buy, [ray_log(3, 2, 90, 1_000)]) == Reserves(100, 901)
    assert reserves_after(sale, [ray_log(4, 1, 90, 1_000)]) == Reserves(1_099, 80)


def pump_swap(
    *,
    is_buy: bool,
    base: int,
    quote: int,
    virtual: int | None = None,
    points: tuple[int, int, int] = (20, 5, 95),
) -> bytes:
    """A BuyEvent or SellEvent up to the virtual reserve, without it where it is None."""
    numbers = [1, 1, 1, 1, base, quote, 1, points[0], 1, points[1], 1, 1, 1]
    event = event_start("BuyEvent" if is_buy else "SellEvent") + bytes(8) + u64(*numbers)
    event += ACCOUNT * 7 + u64(points[2], 1)
    if is_buy:
        event += b"\x01" + u64(1, 1, 1, 1, 1) + struct.pack("<I", 6) + b"buy_v2"
    if virtual is None:
        return event
    return event + u64(1, 1, 1, 1) + virtual.to_bytes(16, "little", signed=True) + b"\x00"


@pytest.mark.parametrize(
    ("virtual", "effective"), [(None, 0), (0, 0), (5 * SOL, 5 * SOL), (-SOL, -SOL)]
)
def test_pumpswap_prices_by_its_vault_and_a_signed_virtual_reserve(
    virtual: int | None, effective: int
) -> None:
    """A vault of 100 SOL; fees that wait to be paid out lie in it and are taken off again."""
    base, quote = 10**14, 100 * SOL
    bought = leg(PUMP_SWAP, "PumpSwap", SOL, 10**11)
    event = pump_swap(is_buy=True, base=base, quote=quote, virtual=virtual)
    assert reserves_after(bought, [event]) == Reserves(quote + effective + SOL, base - 10**11)
    sold = leg(PUMP_SWAP, "PumpSwap", 10**11, SOL, buys=False)
    event = pump_swap(is_buy=False, base=base, quote=quote, virtual=virtual)
    assert reserves_after(sold, [event]) == Reserves(base + 10**11, quote + effective - SOL)


def test_a_fee_the_table_does_not_have_is_told() -> None:
    """A coin worth 1,000 SOL pays 1.20 %; one whose event says 1.15 % pays that."""
    bought = leg(PUMP_SWAP, "PumpSwap", SOL, 10**11)
    told = [
        reserves_after(
            bought, [pump_swap(is_buy=True, base=10**14, quote=100 * SOL, points=points)]
        )
        for points in ((20, 5, 95), (20, 5, 90), (25, 5, 0))
    ]
    assert [one and one.fee_points for one in told] == [None, 115, 30]


def test_a_pumpswap_pool_that_counts_in_the_coin_tells_none() -> None:
    """Its base is SOL: who buys the coin sells SOL there, and the fee is taken in the coin."""
    event = pump_swap(is_buy=False, base=100 * SOL, quote=10**14)
    assert reserves_after(leg(PUMP_SWAP, "PumpSwap", SOL, 10**11), [event]) is None


def cpmm(vault_in: int, vault_out: int, fees: tuple[int, int, bool] | None = None) -> bytes:
    event = event_start("SwapEvent") + ACCOUNT
    event += u64(vault_in, vault_out, 10**6, 2 * 10**6, 0, 0) + b"\x01"
    return event if fees is None else event + ACCOUNT * 2 + u64(*fees[:2]) + bytes([fees[2]])


def test_cpmm_with_the_fees_newer_events_tell() -> None:
    """0.25 % is as the table has it; with 1 % for the creator on what comes out, 1.25 %."""
    bought = leg(RAYDIUM_CPMM, "Raydium CPMM", 10**6, 2 * 10**6)
    after = (SOL + 10**6, 10**10 - 2 * 10**6)
    told = [None, (2_500, 0, False), (2_500, 20_202, False), (2_500, 10_000, True)]
    assert [reserves_after(bought, [cpmm(SOL, 10**10, fees)]) for fees in told] == [
        Reserves(*after),
        Reserves(*after),
        Reserves(*after, 125),
        Reserves(*after, 125),
    ]


def launch(*, is_buy: bool, taken: int, given: int, status: int = 0) -> bytes:
    """A LaunchLab trade on 30 SOL against 1,073 trillion of which a trillion is sold; 1.25 %."""
    quote_before, base_before = 28 * 10**6, 10**12
    net = taken - taken // 80 if is_buy else -(given + given // 79)
    moved = given if is_buy else -taken
    event = event_start("TradeEvent") + ACCOUNT
    event += u64(793 * 10**12, 1_073 * 10**12, 30 * SOL)
    event += u64(base_before, quote_before, base_before + moved, quote_before + net)
    fees = taken // 80 if is_buy else given // 79
    return (
        event + u64(taken, given, fees // 5, fees - fees // 5, 0, 0) + bytes([not is_buy, status])
    )


def test_launchlab_where_the_swap_shows_its_form() -> None:
    base, quote = 1_072 * 10**12, 30 * SOL + 28 * 10**6
    net = SOL - SOL // 80
    given = base * net // (quote + net)
    bought = leg(LAUNCHLAB, "Raydium LaunchLab", SOL, given)
    event = launch(is_buy=True, taken=SOL, given=given)
    assert reserves_after(bought, [event]) == Reserves(quote + net, base - given)
    # another form of curve would have given another amount
    other = launch(is_buy=True, taken=SOL, given=given + 2)
    assert reserves_after(replace(bought, raw_out=given + 2), [other]) is None
    # sold out by the trade: it waits for its migration
    assert reserves_after(bought, [launch(is_buy=True, taken=SOL, given=given, status=1)]) is None


def test_a_launchlab_sale() -> None:
    base, quote, taken = 1_072 * 10**12, 30 * SOL + 28 * 10**6, 10**11
    gross = quote * taken // (base + taken)
    # a fee of which what is left is 79 of 80
    given = next(g for g in range(gross - gross // 80 - 2, gross) if g + g // 79 == gross)
    sold = leg(LAUNCHLAB, "Raydium LaunchLab", taken, given, buys=False)
    event = launch(is_buy=False, taken=taken, given=given)
    found = reserves_after(sold, [event])
    assert found is not None
    assert found[:2] == (base + taken, quote - gross)


@pytest.mark.parametrize(
    "events",
    [
        [],
        [b""],
        [b"\x03"],
        [ray_log(5, 1, 90, 1_000)],
        [ray_log(3, 2, 90, 1_000)] * 2,
        [ray_log(3, 2, 0, 1_000)],
        [ray_log(3, 2, 90, 99)],
        [ray_log(3, 2, 2**64 - 1, 1_000)],
    ],
)
def test_nonsense_tells_nothing(events: list[bytes]) -> None:
    """No event, a short one, a liquidity log, two, an empty side, more given than there was."""
    assert reserves_after(leg(RAYDIUM_V4, "Raydium AMM v4", 10, 99), events) is None


def test_absurd_fees_and_reserves_tell_nothing() -> None:
    bought = leg(PUMP_SWAP, "PumpSwap", SOL, 10**11)
    for more in ({"points": (9_000, 1_000, 0)}, {"virtual": -(2**127)}, {"virtual": 2**127 - 1}):
        told: dict[str, Any] = {"is_buy": True, "base": 10**14, "quote": 100 * SOL} | more
        assert reserves_after(bought, [pump_swap(**told)]) is None
    trade = CurveTrade(COIN, WSOL, 1, 1, True, "user", 30 * SOL, 10**15, (95, 30))
    assert reserves_of_curve("pump.fun", trade) == Reserves(30 * SOL, 10**15)
    assert reserves_of_curve("pump.fun", replace(trade, points=(2**63, 0))) is None
    assert reserves_of_curve("pump.fun", replace(trade, virtual_quote=0)) is None
    assert reserves_of_curve("pump.fun", replace(trade, virtual_tokens=None)) is None
    assert reserves_of_curve("pump.fun", replace(trade, points=(95, 0), is_buy=False)) == Reserves(
        10**15, 30 * SOL, 95
    )


def test_concentrated_venues_tell_none() -> None:
    event = event_start("Swap") + bytes(200)
    assert reserves_after(leg(METEORA_DLMM, "Meteora DLMM", 10, 99), [event]) is None
    assert reserves_after(leg(PUMP, "pump.fun", 10, 99), [event]) is None


@pytest.mark.django_db
def test_an_hour_of_market_leaves_the_markets_own_reserves(market: Market) -> None:
    """Every holding would fetch to the lamport what the market itself would pay for it.

    Who drops tokens buys them first: without him not every swap would be seen.
    """
    world = market.chain.world
    owners = market.addresses
    Wallet.objects.bulk_create(Wallet(address=one) for one in (*owners, world.airdropper))
    for start in range(0, len(market.payloads), 200):
        record_transactions(market.payloads[start : start + 200], source="test")
    mints = sorted(set(PoolLeg.objects.exclude(token="").values_list("token", flat=True)))
    seen = seen_pools(mints)
    assert len(seen) > 40
    for mint, pool in seen.items():
        assert {
            "pool": pool.address, "base_raw": pool.pool.base_raw,
            "quote_lamports": pool.pool.quote_raw,
        } == pool_truth(world, mint)  # fmt: skip
    checked = 0
    for owner in owners:
        wallet = Wallet.objects.get(address=owner)
        for one in priced_held(wallet.pk):
            told = market.truth(owner)["unrealised"][one.mint]
            if one.quote is None:
                assert (
                    told is None
                    or not PoolLeg.objects.filter(pool=pool_truth(world, one.mint)["pool"]).exists()
                )
                continue
            assert one.exit_lamports is not None
            checked += 1
            assert told == {
                "exit_lamports": one.exit_lamports,
                "unknown_lamports": one.exit_lamports - one.quote.lamports,
                "unrealised_lamports": one.quote.lamports - one.cost_lamports,
            }
    assert checked > 100
    held = Holding.objects.filter(raw__gt=0, wallet__address__in=owners)
    assert checked > 0.9 * held.exclude(cost_lamports=0).count()
    assert rebuild(keep=False).agrees
