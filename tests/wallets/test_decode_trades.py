"""The decoder's rules on what is a trade, each on the smallest transaction that shows it."""

from typing import Any

import pytest

from tests.payloads.chain import (
    JUPITER,
    PUMP,
    RAYDIUM,
    RENT,
    SPL,
    WSOL,
    Call,
    Chain,
    mint_to,
    move,
    pay,
    vault,
    wallet,
)
from tests.payloads.trades import (
    AUTHORITY,
    BOB,
    COIN,
    OTHER,
    POOL,
    POOL_COIN,
    POOL_SOL,
    SOL,
    YENNI,
    YENNI_COIN,
    YENNI_OTHER,
    YENNI_SOL,
    curve_buy,
    curve_event,
    lamport_costs,
    pool_rows,
    swap_call,
)
from wallets.domain.decode import decode
from wallets.domain.parse import parse
from wallets.domain.values import Cost, Swap, Transfer


def two_coins(calls: Any, sol: int, other: int = 40) -> Chain:
    """Yenni gives 700 of one coin for another; her SOL changes by `sol` besides the fee."""
    return Chain(
        signers=(YENNI,),
        calls=calls,
        lamports={
            YENNI: (5 * SOL, 5 * SOL + sol - 5000),
            YENNI_COIN: (RENT, RENT),
            YENNI_OTHER: (RENT, RENT),
        },
        tokens=[
            (POOL_COIN, COIN, AUTHORITY, 10_000, 10_700),
            (vault("pool other"), OTHER, AUTHORITY, 5_000, 5_000 - other),
            (YENNI_COIN, COIN, YENNI, 700, 0),
            (YENNI_OTHER, OTHER, YENNI, 0, other),
        ],
    )


def coin_for_other(other: int = 40) -> Call:
    inner = (
        move(YENNI_COIN, POOL_COIN, YENNI, 700),
        move(vault("pool other"), YENNI_OTHER, AUTHORITY, other),
    )
    return Call(RAYDIUM, (SPL, POOL, AUTHORITY, YENNI), b"\x09", inner)


def test_sol_beside_two_coins_is_cost_unless_a_pool_took_it() -> None:
    decoded = decode(parse(two_coins((coin_for_other(),), -7777).json()))
    assert decoded.swaps == (Swap(YENNI, COIN, 700, OTHER, 40, "Raydium AMM v4", RAYDIUM),)
    assert lamport_costs(decoded) == [("network", None, 5000), ("other", None, 7777)]


def test_two_purchases_in_one_transaction_are_two_swaps() -> None:
    second, second_sol, second_other = vault("second"), vault("second sol"), vault("second other")
    keeper = vault("second authority")
    chain = Chain(
        signers=(YENNI,),
        calls=(
            swap_call(YENNI_SOL, YENNI_COIN, 2 * SOL, 700),
            Call(
                RAYDIUM,
                (SPL, second, keeper, YENNI),
                b"\x09",
                (
                    move(YENNI_SOL, second_sol, YENNI, SOL),
                    move(second_other, YENNI_OTHER, keeper, 40),
                ),
            ),
        ),
        lamports={YENNI: (SOL, SOL - 5000), YENNI_SOL: (RENT + 4 * SOL, RENT + SOL)},
        tokens=[
            *pool_rows((80 * SOL, 82 * SOL), (10_000, 9_300)),
            (second_sol, WSOL, keeper, SOL, 2 * SOL),
            (second_other, OTHER, keeper, 5_000, 4_960),
            (YENNI_SOL, WSOL, YENNI, 4 * SOL, SOL),
            (YENNI_COIN, COIN, YENNI, 0, 700),
            (YENNI_OTHER, OTHER, YENNI, 0, 40),
        ],
    )
    decoded = decode(parse(chain.json()))
    assert decoded.swaps == (
        Swap(YENNI, WSOL, 2 * SOL, COIN, 700, "Raydium AMM v4", RAYDIUM),
        Swap(YENNI, WSOL, SOL, OTHER, 40, "Raydium AMM v4", RAYDIUM),
    )
    assert decoded.ambiguous == ()


def test_what_no_pool_explains_is_ambiguous_and_no_trade() -> None:
    third = wallet("third mint")
    chain = two_coins((Call(JUPITER, (YENNI, YENNI_COIN, YENNI_OTHER)),), 0)
    chain.tokens = [*chain.tokens, (vault("yenni third"), third, YENNI, 0, 5)]
    decoded = decode(parse(chain.json()))
    assert decoded.swaps == ()
    assert [a.owner for a in decoded.ambiguous] == [YENNI]
    assert decoded.ambiguous[0].reason == ("1 mints down and 2 up, not explained by 0 pool legs")
    assert {(t.mint, t.raw, t.kind) for t in decoded.transfers} == {
        (COIN, -700, "send"),
        (OTHER, 40, "receive"),
        (third, 5, "receive"),
    }


def test_shares_minted_by_a_pool_are_liquidity_not_a_trade() -> None:
    shares, held = wallet("share mint"), vault("yenni shares")
    add = Call(
        RAYDIUM,
        (SPL, POOL, AUTHORITY, YENNI),
        b"\x03",
        (
            move(YENNI_COIN, POOL_COIN, YENNI, 700),
            move(YENNI_SOL, POOL_SOL, YENNI, SOL),
            mint_to(shares, held, AUTHORITY, 99),
        ),
    )
    chain = Chain(
        signers=(YENNI,),
        calls=(add,),
        lamports={YENNI: (SOL, SOL - 5000), YENNI_SOL: (RENT + SOL, RENT)},
        tokens=[
            *pool_rows((80 * SOL, 81 * SOL), (10_000, 10_700)),
            (YENNI_SOL, WSOL, YENNI, SOL, 0),
            (YENNI_COIN, COIN, YENNI, 700, 0),
            (held, shares, YENNI, 0, 99),
        ],
    )
    decoded = decode(parse(chain.json()))
    assert (decoded.swaps, decoded.legs) == ((), ())
    assert decoded.transfers == (
        Transfer(YENNI, COIN, -700, "liquidity"),
        Transfer(YENNI, shares, 99, "liquidity"),
    )
    assert lamport_costs(decoded) == [("network", None, 5000), ("other", None, SOL)]


def test_coins_swapped_for_sol_between_two_signers_are_a_trade_of_each() -> None:
    bobs, bobs_sol = vault("bob coin"), vault("bob sol")
    order_engine = "61DFfeTKM7trxYcPQCM78bJ794ddZprZpAwAnLiwTpYH"
    fill = Call(
        order_engine,
        (YENNI, BOB),
        b"\x01",
        (move(YENNI_COIN, bobs, YENNI, 700), move(bobs_sol, YENNI_SOL, BOB, 3 * SOL)),
    )
    chain = Chain(
        signers=(YENNI, BOB),
        calls=(fill,),
        lamports={
            YENNI: (SOL, SOL - 5000),
            YENNI_SOL: (RENT, RENT + 3 * SOL),
            bobs_sol: (RENT + 9 * SOL, RENT + 6 * SOL),
        },
        tokens=[
            (YENNI_COIN, COIN, YENNI, 700, 0),
            (bobs, COIN, BOB, 0, 700),
            (YENNI_SOL, WSOL, YENNI, 0, 3 * SOL),
            (bobs_sol, WSOL, BOB, 9 * SOL, 6 * SOL),
        ],
    )
    decoded = decode(parse(chain.json()))
    assert decoded.swaps == (
        Swap(YENNI, COIN, 700, WSOL, 3 * SOL, "Jupiter order engine", order_engine),
        Swap(BOB, WSOL, 3 * SOL, COIN, 700, "Jupiter order engine", order_engine),
    )
    assert decoded.costs == (Cost(YENNI, "network", None, 5000),)


@pytest.mark.parametrize(
    ("program", "dest", "is_cost"),
    [
        # a bot that calls the pool keeps what it takes besides
        ("caller", vault("fee vault"), True),
        # a pool nobody has named: its vaults have no key, its owner's wallet has one
        ("stranger", vault("nameless pool"), False),
        ("stranger", BOB, True),
    ],
)
def test_sol_paid_inside_an_unnamed_program(program: str, dest: str, is_cost: bool) -> None:
    unnamed = wallet("unnamed program")
    fee = pay(YENNI, dest, 10_000_000)
    trading = swap_call(YENNI_SOL, YENNI_COIN, 2 * SOL, 700)
    calls = (
        (Call(unnamed, (YENNI,), b"\x07", (fee, trading)),)
        if program == "caller"
        else (Call(unnamed, (YENNI,), b"\x07", (fee,)), trading)
    )
    chain = Chain(
        signers=(YENNI,),
        calls=calls,
        lamports={
            YENNI: (SOL, SOL - 10_000_000 - 5000),
            YENNI_SOL: (RENT + 2 * SOL, RENT),
            dest: (SOL, SOL + 10_000_000),
        },
        tokens=[
            *pool_rows((80 * SOL, 82 * SOL), (10_000, 9_300)),
            (YENNI_SOL, WSOL, YENNI, 2 * SOL, 0),
            (YENNI_COIN, COIN, YENNI, 0, 700),
        ],
    )
    decoded = decode(parse(chain.json()))
    paid = 2 * SOL if is_cost else 2 * SOL + 10_000_000
    assert [(s.mint_in, s.raw_in, s.raw_out) for s in decoded.swaps] == [(WSOL, paid, 700)]
    assert [c for c in lamport_costs(decoded) if c[0] == "other"] == (
        [("other", dest, 10_000_000)] if is_cost else []
    )


def test_coins_minted_for_nothing_are_received() -> None:
    bridge = Call(
        wallet("bridge program"), (YENNI,), b"\x01", (mint_to(COIN, YENNI_COIN, AUTHORITY, 700),)
    )
    chain = Chain(
        signers=(YENNI,),
        calls=(bridge,),
        lamports={YENNI: (SOL, SOL - 5000)},
        tokens=[(YENNI_COIN, COIN, YENNI, 0, 700)],
    )
    decoded = decode(parse(chain.json()))
    assert decoded.transfers == (Transfer(YENNI, COIN, 700, "receive"),)
    assert (decoded.swaps, lamport_costs(decoded)) == ((), [("network", None, 5000)])


def test_owner_of_a_keepers_order_is_decoded_without_signing() -> None:
    dca = "DCA265Vj8a9CEuX1eb1LWRnDT7uK6q1xMipnNyatn23M"
    order, order_coin, bobs = vault("order"), vault("order coin"), vault("bob coin")
    fill = Call(
        dca,
        (YENNI, order, bobs),
        b"\x01",
        (move(order_coin, bobs, order, 700),),
    )
    chain = Chain(
        signers=(YENNI,),
        calls=(fill,),
        lamports={YENNI: (SOL, SOL - 5000)},
        tokens=[(order_coin, COIN, order, 700, 0), (bobs, COIN, BOB, 0, 700)],
    )
    decoded = decode(parse(chain.json()))
    assert decoded.transfers == (Transfer(BOB, COIN, 700, "receive"),)


@pytest.mark.parametrize(
    ("event", "logged"),
    [
        (curve_event(), False),
        (curve_event(), True),
        (curve_event(tail=bytes(5)), False),
        (curve_event(quote_mint="11111111111111111111111111111111", tail=bytes(99)), False),
    ],
)
def test_curve_purchase_pays_its_venue_fees_in_the_swap(event: bytes, logged: bool) -> None:
    decoded = decode(parse(curve_buy(event, logged=logged).json()))
    assert decoded.swaps == (Swap(YENNI, WSOL, 2 * SOL + 19_000_000, COIN, 700, "pump.fun", PUMP),)
    assert [(leg.raw_in, leg.raw_out, leg.owner) for leg in decoded.legs] == [(2 * SOL, 700, YENNI)]
    assert lamport_costs(decoded) == [
        ("network", None, 5000),
        ("rent", vault("volume"), 1_844_400),
    ]


def test_curve_of_another_currency_names_it() -> None:
    decoded = decode(parse(curve_buy(curve_event(quote_mint=OTHER)).json()))
    assert [(leg.mint_in, leg.raw_in) for leg in decoded.legs] == [(OTHER, 55)]


def test_event_printed_by_another_program_is_not_believed() -> None:
    chain = curve_buy(curve_event(), logged=True)
    liar = wallet("liar")
    chain.logs = [line.replace(PUMP, liar) for line in chain.logs]
    assert decode(parse(chain.json())).legs == ()
