"""What a holding is worth at an executable price, and when its token is dead."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wallets.histories import U64, airdropped, bought, day, fold, received, sold
from wallets.domain.ledger.marks import Pool, Price, Quote, Unrealised, signs_of_death, unrealised

NOW = day(30)


def test_a_pool_pays_less_than_its_price_for_much() -> None:
    """1,000 coins against 100 SOL; 1,000 more coins get half of it, at the price it were all."""
    pool = Pool(1_000, 100 * 10**9)
    assert (pool.mark(1_000), pool.executable(1_000)) == (100 * 10**9, 50 * 10**9)
    assert (pool.mark(1), pool.executable(1)) == (10**8, 99_900_099)


def test_the_pools_fee_is_taken_off_what_goes_in() -> None:
    """1 % of 1,000 stays away: 990 of 1,990 coins' worth of 100 SOL."""
    assert Pool(1_000, 100 * 10**9, 10_000).executable(1_000) == 100 * 10**9 * 990 // 1_990


def test_a_price_has_no_impact() -> None:
    assert (Price(7, 3).mark(10), Price(7, 3).executable(10)) == (23, 23)


def test_an_empty_pool_gives_nothing() -> None:
    assert (Pool(0, 0).mark(5), Pool(0, 0).executable(5), Pool(5, 0).executable(5)) == (0, 0, 0)


def test_unrealised_is_executable_worth_less_the_cost_of_what_has_one() -> None:
    """10 bought at 600, 6 airdropped, 4 from a stranger: 20 units at 100 each."""
    book = fold(bought(10, 600), airdropped(6), received(4))
    assert unrealised(book.lots, Price(100, 1)) == Unrealised(
        raw=20,
        mark_lamports=2_000,
        executable_lamports=2_000,
        cost_lamports=600,
        unrealised_lamports=400,
        unknown_lamports=400,
        airdrop_lamports=600,
    )


def test_unrealised_after_impact_stands_beside_the_mark() -> None:
    held = unrealised(fold(bought(1_000, 60 * 10**9)).lots, Pool(1_000, 100 * 10**9))
    assert (held.mark_lamports, held.executable_lamports) == (100 * 10**9, 50 * 10**9)
    assert held.unrealised_lamports == -10 * 10**9


@pytest.mark.parametrize("quote", [Price(1, 1), Pool(1, 1)])
def test_nothing_held_is_worth_nothing(quote: Quote) -> None:
    assert unrealised([], quote) == Unrealised(0, 0, 0, 0, 0, 0, 0)


@given(st.integers(1, U64), st.integers(1, U64), st.integers(0, 10**18), st.integers(0, 10**6))
def test_a_sale_never_brings_more_than_the_mark_or_the_pool(
    raw: int, reserve: int, lamports: int, fee: int
) -> None:
    pool = Pool(reserve, lamports, fee)
    assert 0 <= pool.executable(raw) <= min(pool.mark(raw), lamports)


def test_what_is_realised_and_unrealised_is_all_that_was_earned() -> None:
    """Selling the rest at the price it was marked at changes the sum by nothing."""
    book = fold(bought(100, 10**9), sold(40, 10**9))
    quote = Price(3 * 10**9, 100)
    before = book.disposals[0].gain_lamports or 0
    promised = before + unrealised(book.lots, quote).unrealised_lamports
    book.apply(sold(60, quote.executable(60)))
    assert sum(d.gain_lamports or 0 for d in book.disposals) == promised


ALIVE: dict[str, Any] = {
    "now": NOW,
    "last_trade_at": NOW - timedelta(hours=23, minutes=59),
    "pool_usd": Decimal(1_000),
    "executable_lamports": 50,
    "cost_lamports": 1_000,
}


@pytest.mark.parametrize(
    ("told", "signs"),
    [
        ({}, ()),
        ({"last_trade_at": NOW - timedelta(hours=24)}, ("no trade",)),
        ({"pool_usd": Decimal("999.99")}, ("thin pool",)),
        ({"executable_lamports": 49}, ("no exit",)),
        ({"executable_lamports": 0}, ("no exit",)),
        ({"executable_lamports": 0, "cost_lamports": 0}, ()),
        ({"last_trade_at": None, "pool_usd": None, "executable_lamports": None}, ()),
        (
            {
                "last_trade_at": NOW - timedelta(days=9),
                "pool_usd": Decimal(0),
                "executable_lamports": 1,
            },
            ("no trade", "thin pool", "no exit"),
        ),
    ],
)
def test_when_a_token_is_dead(told: dict[str, Any], signs: tuple[str, ...]) -> None:
    """At 24 hours, under $1,000, under 5 % of the cost; what is not known tells nothing."""
    assert signs_of_death(**(ALIVE | told)) == signs
