"""Token-2022 transfer fees: what arrived is what counts, what the mint held back is told."""

import pytest

from tests.payloads.chain import WSOL, Call, Chain, move, vault
from tests.payloads.trades import (
    AUTHORITY,
    BOB,
    COIN,
    POOL,
    POOL_COIN,
    POOL_SOL,
    SOL,
    YENNI,
    YENNI_COIN,
    YENNI_SOL,
    pool_rows,
)
from tests.payloads.venues import PAID, SPL_2022, event, logged, swap, transfer_2022, u64
from wallets.domain.decode import decode
from wallets.domain.parse import parse
from wallets.domain.programs import RAYDIUM_CLMM, RAYDIUM_CPMM, WHIRLPOOL
from wallets.domain.values import Transfer

# A mint that keeps 4 %: of 700 coins 28 stay with it.
SENT, FEE = 700, 28
ARRIVED = SENT - FEE
TOLD = pytest.mark.parametrize("told", [None, FEE], ids=["plain", "with fee"])


def buy(told: int | None, *logs: str) -> Chain:
    """Yenni buys: 700 coins leave the pool, 672 reach her."""
    sides = (
        move(YENNI_SOL, POOL_SOL, YENNI, PAID),
        transfer_2022(POOL_COIN, COIN, YENNI_COIN, AUTHORITY, SENT, told),
    )
    rows = [
        *pool_rows((80 * SOL, 80 * SOL + PAID), (10_000, 10_000 - SENT)),
        (YENNI_SOL, WSOL, YENNI, 5 * SOL, 5 * SOL - PAID),
        (YENNI_COIN, COIN, YENNI, 1_000, 1_000 + ARRIVED),
    ]
    return swap(RAYDIUM_CPMM, sides=sides, rows=rows, logs=logs)


def sell(program: str, told: int | None, *logs: str) -> Chain:
    """Yenni sells: 700 coins leave her, 672 reach the pool."""
    sides = (
        transfer_2022(YENNI_COIN, COIN, POOL_COIN, YENNI, SENT, told),
        move(POOL_SOL, YENNI_SOL, AUTHORITY, PAID),
    )
    rows = [
        *pool_rows((80 * SOL, 80 * SOL - PAID), (10_000, 10_000 + ARRIVED)),
        (YENNI_SOL, WSOL, YENNI, 5 * SOL, 5 * SOL + PAID),
        (YENNI_COIN, COIN, YENNI, 1_000, 1_000 - SENT),
    ]
    return swap(program, buy=False, sides=sides, rows=rows, logs=logs)


@TOLD
def test_fee_is_on_the_movement_whether_told_or_not(told: int | None) -> None:
    for chain in (buy(told), sell(RAYDIUM_CPMM, told)):
        moves = [m for m in parse(chain.json()).moves if m.mint == COIN]
        assert [(m.amount, m.fee) for m in moves] == [(SENT, FEE)]


@TOLD
def test_buyer_has_what_arrived_and_the_pool_gave_all_of_it(told: int | None) -> None:
    said = event("SwapEvent", bytes(32), u64(9, 9, PAID, SENT, 0, FEE), b"\x01")
    decoded = decode(parse(buy(told, *logged(RAYDIUM_CPMM, said)).json()))
    assert [(s.raw_in, s.raw_out) for s in decoded.swaps] == [(PAID, ARRIVED)]
    assert [(leg.raw_in, leg.raw_out) for leg in decoded.legs] == [(PAID, SENT)]
    assert (decoded.compared, decoded.disagreements) == (1, ())


@TOLD
def test_seller_parted_with_all_of_it_and_the_pool_took_what_arrived(told: int | None) -> None:
    said = event("SwapEvent", bytes(32), u64(9, 9, ARRIVED, PAID, FEE, 0), b"\x01")
    decoded = decode(parse(sell(RAYDIUM_CPMM, told, *logged(RAYDIUM_CPMM, said)).json()))
    assert [(s.raw_in, s.raw_out) for s in decoded.swaps] == [(SENT, PAID)]
    assert [(leg.raw_in, leg.raw_out) for leg in decoded.legs] == [(ARRIVED, PAID)]
    assert (decoded.compared, decoded.disagreements) == (1, ())


@pytest.mark.parametrize(
    ("program", "said"),
    [
        # before the mint's fee, told beside it
        (WHIRLPOOL, event("Traded", bytes(32), b"\x01", bytes(32), u64(SENT, PAID, FEE, 0, 7, 1))),
        # after it
        (
            RAYDIUM_CLMM,
            event("SwapEvent", bytes(128), u64(ARRIVED, FEE, PAID, 0), b"\x01", bytes(36)),
        ),
    ],
)
def test_each_venues_way_of_telling_the_fee_agrees(program: str, said: bytes) -> None:
    decoded = decode(parse(sell(program, None, *logged(program, said)).json()))
    assert (decoded.compared, decoded.disagreements) == (1, ())


def test_buyer_of_coins_that_keep_a_fee_through_a_closed_account_of_the_router() -> None:
    """Each of two transfers loses its own fee; the account between them is gone afterwards."""
    between = vault("router coin")
    second_fee = 27
    inner = (
        move(YENNI_SOL, POOL_SOL, YENNI, PAID),
        transfer_2022(POOL_COIN, COIN, between, AUTHORITY, SENT),
        transfer_2022(between, COIN, YENNI_COIN, vault("router"), ARRIVED),
    )
    chain = buy(None)
    chain.calls = (Call(RAYDIUM_CPMM, chain.calls[0].accounts, b"\x09", inner),)
    chain.tokens = [*chain.tokens[:3], (YENNI_COIN, COIN, YENNI, 0, ARRIVED - second_fee)]
    tx = parse(chain.json())
    assert [m.fee for m in tx.moves] == [0, FEE, second_fee]
    assert [s.raw_out for s in decode(tx).swaps] == [ARRIVED - second_fee]


def test_several_transfers_into_one_account_share_what_it_lacks() -> None:
    sent = (500, 150, 51)
    calls = tuple(transfer_2022(vault(f"from {raw}"), COIN, YENNI_COIN, BOB, raw) for raw in sent)
    chain = Chain(
        signers=(BOB,),
        calls=calls,
        lamports={BOB: (SOL, SOL - 5000)},
        tokens=[
            *[(vault(f"from {raw}"), COIN, BOB, raw, 0) for raw in sent],
            (YENNI_COIN, COIN, YENNI, 5, 5 + sum(sent) - 30),
        ],
    )
    tx = parse(chain.json())
    assert [m.fee for m in tx.moves] == [21, 6, 3]
    assert decode(tx, [YENNI]).transfers == (Transfer(YENNI, COIN, sum(sent) - 30, "receive"),)


@pytest.mark.parametrize(
    ("program_fee", "post"),
    [
        # the account got more than was sent: something else paid in
        (None, 1_000 + SENT + 5),
        # all of it arrived
        (None, 1_000 + SENT),
        # it lacks more than was sent: something else took out
        (None, 200),
    ],
)
def test_gap_that_no_fee_explains_is_none(program_fee: int | None, post: int) -> None:
    chain = buy(program_fee)
    chain.tokens = [*chain.tokens[:3], (YENNI_COIN, COIN, YENNI, 1_000, post)]
    assert [m.fee for m in parse(chain.json()).moves] == [0, 0]


def test_plain_token_program_holds_nothing_back() -> None:
    chain = swap(RAYDIUM_CPMM)
    chain.tokens = [
        *chain.tokens[:3],
        (YENNI_COIN, COIN, YENNI, 1_000, 1_600),
    ]
    tx = parse(chain.json())
    assert [m.fee for m in tx.moves] == [0, 0]
    assert {item.program for item in tx.instructions}.isdisjoint({SPL_2022})
    assert POOL in tx.keys
