"""Curves and pools by their accounts: reserves, the price they make, and where they are."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from aura.core.errors import Garbled
from aura.core.solana import USDC, WSOL
from market.domain.readings import PoolReading
from market.providers.chain_pools import curve_of, parse_curves, parse_pools, pool_of
from market.providers.layouts import SPL, SPL_2022, read_pool
from market.providers.rpc import Account
from tests.market.accounts import (
    ALICE,
    BOB,
    COIN,
    CURVE,
    HALF_SOLD,
    NOW,
    POOL,
    PUMP,
    PUMP_SWAP,
    RAYDIUM_CPMM,
    RAYDIUM_V4,
    VAULT_A,
    VAULT_B,
    curve,
    holding,
    mint,
    pump_swap,
    raydium_cpmm,
    raydium_v4,
)


def test_a_curve_tells_price_by_virtual_and_reserves_by_real_coins() -> None:
    accounts = {COIN: mint(SPL_2022), CURVE: curve()}
    assert list(parse_curves("helius", accounts, {CURVE: COIN}, NOW)) == [
        PoolReading(
            source="chain",
            mint=COIN,
            read_at=NOW,
            pool=CURVE,
            venue="pump.fun",
            quote_mint=WSOL,
            price_quote=Decimal("7.35402265038976320E-8"),
            base=Decimal(400_000_000),
            quote=Decimal(20),
            progress=HALF_SOLD,
        )
    ]


@pytest.mark.parametrize(
    ("given", "progress"),
    [
        (curve(base=793_100_000_000_000, quote=0), Decimal(0)),
        (curve(base=0, quote=85 * 10**9, complete=True), Decimal(1)),
        (curve(base=793_100_000_000_001), None),
        (curve(mayhem=True), None),
        (curve(money=USDC), None),
        (curve(length=83), HALF_SOLD),
        (curve(length=49), HALF_SOLD),
    ],
    ids=["fresh", "full", "more than it sells", "mayhem", "USDC", "of 2025", "of 2024"],
)
def test_how_much_of_a_curve_is_sold(given: Account, progress: Decimal | None) -> None:
    (told,) = parse_curves("helius", {COIN: mint(), CURVE: given}, {CURVE: COIN}, NOW)
    assert told.progress == progress
    assert told.price_quote is not None


def test_a_curve_in_dollars_counts_in_their_decimals() -> None:
    given = curve(money=USDC, quote=4_000 * 10**6)
    (told,) = parse_curves("helius", {COIN: mint(), CURVE: given}, {CURVE: COIN}, NOW)
    assert (told.quote_mint, told.quote) == (USDC, Decimal(4_000))


def test_a_curve_that_has_moved_on_is_left_out() -> None:
    gone = curve(base=0, quote=0, complete=True)
    told = parse_curves("helius", {COIN: mint(), CURVE: gone}, {CURVE: COIN, BOB: COIN}, NOW)
    assert (len(told), told.odd) == (0, 0)


def test_money_sent_to_where_a_curve_may_be_is_no_curve() -> None:
    paid = Account("1" * 32, b"")
    told = parse_curves("helius", {COIN: mint(), CURVE: paid}, {CURVE: COIN}, NOW)
    assert (len(told), told.odd) == (0, 0)


@pytest.mark.parametrize(
    "given",
    [
        Account(PUMP, curve().data[:48]),
        Account(PUMP, bytes(151)),
        curve(money=BOB),
    ],
    ids=["short", "other account", "other money"],
)
def test_an_odd_curve_is_counted(given: Account) -> None:
    accounts = {COIN: mint(), CURVE: given, VAULT_A: curve()}
    told = parse_curves("helius", accounts, {CURVE: COIN, VAULT_A: COIN}, NOW)
    assert ([one.pool for one in told], told.odd) == ([VAULT_A], 1)


def read_one(pool: Account, **others: Account) -> PoolReading:
    known = read_pool(pool)
    assert known is not None
    (told,) = parse_pools("helius", {POOL: known}, others, NOW)
    return told


def vaults(base: Account, quote: Account, **more: Account) -> dict[str, Account]:
    return {VAULT_A: base, VAULT_B: quote, **more}


def test_a_pumpswap_pool_prices_with_what_was_lent_to_it() -> None:
    held = vaults(holding(COIN, POOL, 200 * 10**12), holding(WSOL, POOL, 80 * 10**9))
    told = read_one(pump_swap(virtual=20 * 10**9), **held, **{COIN: mint()})
    assert told == PoolReading(
        source="chain",
        mint=COIN,
        read_at=NOW,
        pool=POOL,
        venue="PumpSwap",
        quote_mint=WSOL,
        price_quote=Decimal("0.0000005"),
        base=Decimal(200_000_000),
        quote=Decimal(80),
    )
    less = read_one(pump_swap(virtual=-20 * 10**9), **held, **{COIN: mint()})
    assert less.price_quote == Decimal("0.0000003")
    old = read_one(pump_swap(virtual=20 * 10**9, length=211), **held, **{COIN: mint()})
    assert old.price_quote == Decimal("0.0000004")


def test_a_pool_in_dollars_and_one_in_another_coin() -> None:
    held = vaults(holding(COIN, POOL, 10**6), holding(USDC, POOL, 3 * 10**6))
    told = read_one(pump_swap(USDC), **held, **{COIN: mint()})
    assert (told.quote_mint, told.quote, told.price_quote) == (USDC, Decimal(3), Decimal(3))
    held = vaults(holding(COIN, POOL, 10**6), holding(BOB, POOL, 3 * 10**2))
    told = read_one(pump_swap(BOB), **held, **{COIN: mint(), BOB: mint(decimals=2)})
    assert (told.quote_mint, told.quote, told.price_quote) == (BOB, Decimal(3), Decimal(3))


def test_a_raydium_pool_leaves_out_what_it_owes() -> None:
    held = vaults(holding(COIN, ALICE, 103 * 10**6), holding(WSOL, ALICE, 5 * 10**9 + 500))
    assert read_one(raydium_v4(), **held) == PoolReading(
        source="chain",
        mint=COIN,
        read_at=NOW,
        pool=POOL,
        venue="Raydium AMM v4",
        quote_mint=WSOL,
        price_quote=Decimal("0.05"),
        base=Decimal(100),
        quote=Decimal(5),
        opened_at=datetime.fromtimestamp(1_760_000_000, UTC),
    )


def test_a_pool_made_the_other_way_round_is_told_with_money_as_the_quote() -> None:
    held = vaults(holding(WSOL, ALICE, 5 * 10**9 + 3_000_000), holding(COIN, ALICE, 100_000_500))
    told = read_one(raydium_v4(base=WSOL, quote=COIN), **held)
    assert (told.mint, told.quote_mint) == (COIN, WSOL)
    assert (told.base, told.quote, told.price_quote) == (
        Decimal(100), Decimal(5), Decimal("0.05"),
    )  # fmt: skip


def test_a_cpmm_pool_leaves_out_the_fees_that_wait_in_its_vaults() -> None:
    held = vaults(
        holding(WSOL, ALICE, 5 * 10**9 + 7), holding(COIN, ALICE, 100 * 10**6 + 70, SPL_2022)
    )
    told = read_one(raydium_cpmm(), **held)
    assert (told.venue, told.mint, told.quote_mint) == ("Raydium CPMM", COIN, WSOL)
    assert (told.base, told.quote, told.price_quote) == (
        Decimal(100), Decimal(5), Decimal("0.05"),
    )  # fmt: skip
    assert told.opened_at == datetime.fromtimestamp(1_760_000_000, UTC)


@pytest.mark.parametrize(
    "account",
    [
        Account(ALICE, pump_swap().data),
        Account(PUMP_SWAP, pump_swap().data[:202]),
        Account(PUMP_SWAP, bytes(300)),
        Account(RAYDIUM_V4, bytes(752)),
        Account(RAYDIUM_V4, raydium_v4().data[:751]),
        Account(RAYDIUM_CPMM, raydium_cpmm().data[:412]),
        Account(RAYDIUM_CPMM, bytes(637)),
    ],
)
def test_what_is_no_pool_we_read_is_left_out(account: Account) -> None:
    assert read_pool(account) is None


@pytest.mark.parametrize(
    "others",
    [
        {},
        vaults(holding(COIN, POOL, 1), Account(SPL, b"")),
        vaults(holding(BOB, POOL, 1), holding(WSOL, POOL, 1)),
        vaults(holding(COIN, POOL, 1), holding(WSOL, POOL, 1)),
        vaults(holding(COIN, POOL, 1), holding(WSOL, POOL, 1), **{COIN: mint(decimals=19)}),
        vaults(holding(COIN, POOL, 1), Account(ALICE, holding(WSOL, POOL, 1).data)),
    ],
    ids=["no vaults", "no vault", "other coin", "no mint", "impossible mint", "other program"],
)
def test_a_pool_without_its_vaults_is_odd_and_costs_the_others_nothing(
    others: dict[str, Account],
) -> None:
    odd = read_pool(pump_swap())
    assert odd is not None
    good = replace(odd, base_vault=ALICE, quote_vault=BOB, base_decimals=6)
    held = {ALICE: holding(COIN, POOL, 10**6), BOB: holding(WSOL, POOL, 10**9)}
    told = parse_pools("helius", {POOL: odd, CURVE: good}, others | held, NOW)
    assert ([one.pool for one in told], told.odd) == ([CURVE], 1)
    with pytest.raises(Garbled, match="none of 1 is readable"):
        parse_pools("helius", {POOL: odd}, others, NOW)


def test_an_empty_pool_has_no_price_and_no_reserves() -> None:
    held = vaults(holding(COIN, POOL, 0), holding(WSOL, POOL, 0))
    told = read_one(pump_swap(), **held, **{COIN: mint()})
    assert (told.price_quote, told.base, told.quote, told.liquidity_usd) == (None,) * 4


@pytest.mark.recorded
def test_addresses_are_those_of_recorded_transactions(recorded: Path) -> None:
    seen = {"curve": 0, "pool": 0, "PUMP": 0, "PUMP_SWAP": 0}
    for path in sorted((recorded / "transactions").glob("*.json")):
        text = path.read_text()
        told = json.loads(text)
        meta = told.get("meta") if isinstance(told, dict) else None
        if not isinstance(meta, dict):
            continue
        rows = (meta.get("preTokenBalances") or []) + (meta.get("postTokenBalances") or [])
        mints = {row["mint"] for row in rows} - {WSOL}
        seen["PUMP"] += PUMP in text
        seen["PUMP_SWAP"] += PUMP_SWAP in text
        seen["curve"] += PUMP in text and any(curve_of(mint) in text for mint in mints)
        seen["pool"] += PUMP_SWAP in text and any(pool_of(mint, WSOL) in text for mint in mints)
    # Two trade in pools that anybody made, not those that curves move to.
    assert seen == {"PUMP": 21, "curve": 21, "PUMP_SWAP": 8, "pool": 6}
