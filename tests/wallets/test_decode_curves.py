"""Curves and pools of no recorded transaction: Moonit, boop.fun, Heaven, DBC, LaunchLab.

The transactions are written by hand from the account orders and events the programs publish.
"""

from dataclasses import replace
from typing import Any

import pytest

from tests.payloads.chain import JUPITER, WSOL, Call, Chain, move, pay, vault, wallet
from tests.payloads.trades import COIN, SOL, YENNI, YENNI_COIN, lamport_costs
from tests.payloads.venues import BOUGHT, event, key, swap, told, u64
from wallets.domain.decode import decode
from wallets.domain.parse import parse
from wallets.domain.programs import (
    BOOP,
    HEAVEN,
    LAUNCHLAB,
    METEORA_DBC,
    MOONIT,
    PROGRAMS,
    SANCTUM_INFINITY,
)
from wallets.domain.values import Leg, Swap

CURVE, COINS, FEES, CONFIG = vault("curve"), vault("curve coins"), wallet("dex fees"), vault("cfg")
SOL_VAULT, KEEPER = vault("curve sol"), vault("curve keeper")
PAID, FEE = 2 * SOL, 20_000_000


def moonit_event(raw: int, *, buy: bool) -> bytes:
    amounts = u64(raw, PAID, FEE // 2, FEE // 2, 0)
    return event("TradeEvent", amounts, key(CURVE), key(WSOL), key(YENNI), bytes([not buy]), b"\0")


def boop_event(raw: int, *, buy: bool) -> bytes:
    name, taken, given = ("TokenBoughtEvent", PAID, raw) if buy else ("TokenSoldEvent", raw, PAID)
    return event(name, key(COIN), u64(taken, given, FEE), key(YENNI), key(YENNI))


def curve_swap(program: str, *, buy: bool, paid_by_program: bool, said: int = BOUGHT) -> Chain:
    """A trade of 700 coins for 2 SOL; the fee goes beside the curve, as SOL too.

    A program pays out of an account it owns without an instruction, out of another by a transfer.
    """
    moonit = program == MOONIT
    holder, owner = (CURVE, CURVE) if moonit else (SOL_VAULT, KEEPER)
    accounts = (
        [YENNI, YENNI_COIN, CURVE, COINS, FEES, vault("helio"), COIN, CONFIG]
        if moonit
        else [COIN, CURVE, FEES, COINS, SOL_VAULT, YENNI_COIN, YENNI, CONFIG, KEEPER]
    )
    said_event = (moonit_event if moonit else boop_event)(said, buy=buy)
    if buy:
        moves = [
            pay(YENNI, holder, PAID),
            pay(YENNI, FEES, FEE),
            move(COINS, YENNI_COIN, owner, BOUGHT),
        ]
    else:
        moves = [move(YENNI_COIN, COINS, YENNI, BOUGHT)]
        moves += [] if paid_by_program else [pay(holder, YENNI, PAID), pay(YENNI, FEES, FEE)]
    sign = 1 if buy else -1
    own = -PAID - FEE if buy else PAID - FEE
    return Chain(
        signers=(YENNI,),
        calls=(Call(program, accounts, b"\x09", [*moves, *told(program, said_event)]),),
        lamports={
            YENNI: (9 * SOL, 9 * SOL + own - 5000),
            holder: (8 * SOL, 8 * SOL + sign * PAID - (FEE if paid_by_program else 0)),
            FEES: (SOL, SOL + FEE),
        },
        tokens=[
            (COINS, COIN, owner, 10_000, 10_000 - sign * BOUGHT),
            (YENNI_COIN, COIN, YENNI, 1_000, 1_000 + sign * BOUGHT),
        ],
    )


@pytest.mark.parametrize("program", [MOONIT, BOOP])
@pytest.mark.parametrize("routed", [False, True])
def test_curve_that_takes_sol_itself_has_a_leg(program: str, routed: bool) -> None:
    name = PROGRAMS[program].name
    chain = curve_swap(program, buy=True, paid_by_program=False)
    if routed:
        chain = replace(chain, calls=(Call(JUPITER, (YENNI,), b"\x01", chain.calls),))
    decoded = decode(parse(chain.json()))
    assert decoded.legs == (Leg(YENNI, program, name, CURVE, WSOL, PAID, COIN, BOUGHT),)
    assert decoded.swaps == (Swap(YENNI, WSOL, PAID + FEE, COIN, BOUGHT, name, program),)
    assert lamport_costs(decoded) == [("network", None, 5000)]
    assert (decoded.compared, decoded.disagreements, decoded.ambiguous) == (1, (), ())


@pytest.mark.parametrize("program", [MOONIT, BOOP])
@pytest.mark.parametrize("paid_by_program", [False, True])
def test_curve_pays_sol_out_with_or_without_a_transfer(program: str, paid_by_program: bool) -> None:
    name = PROGRAMS[program].name
    decoded = decode(parse(curve_swap(program, buy=False, paid_by_program=paid_by_program).json()))
    out = PAID + (FEE if paid_by_program else 0)
    assert decoded.legs == (Leg(YENNI, program, name, CURVE, COIN, BOUGHT, WSOL, out),)
    assert decoded.swaps == (Swap(YENNI, COIN, BOUGHT, WSOL, PAID - FEE, name, program),)
    assert lamport_costs(decoded) == [("network", None, 5000)]
    assert (decoded.compared, decoded.disagreements) == (1, ())


@pytest.mark.parametrize("program", [MOONIT, BOOP])
def test_curves_event_of_other_coins_disagrees(program: str) -> None:
    for buy, told_text, moved in (
        (True, "- for 701", f"{PAID} for 700"),
        (False, "701 for -", f"700 for {PAID}"),
    ):
        chain = curve_swap(program, buy=buy, paid_by_program=False, said=701)
        decoded = decode(parse(chain.json()))
        name = PROGRAMS[program].name
        assert decoded.disagreements == (f"{name}: event of {told_text}, {moved} moved",)


def test_two_sales_paid_without_transfers_cannot_be_told_apart() -> None:
    """The account's change is of both: no leg is invented, the owner's own swap stands."""
    chain = curve_swap(MOONIT, buy=False, paid_by_program=True)
    call = chain.calls[0]
    halves = [
        replace(call, inner=[move(YENNI_COIN, COINS, YENNI, raw)]) for raw in (300, BOUGHT - 300)
    ]
    decoded = decode(parse(replace(chain, calls=halves).json()))
    assert decoded.legs == ()
    assert [(s.mint_in, s.raw_in, s.raw_out) for s in decoded.swaps] == [(COIN, BOUGHT, PAID - FEE)]


@pytest.mark.parametrize("program", [HEAVEN, METEORA_DBC, LAUNCHLAB])
@pytest.mark.parametrize("buy", [True, False])
def test_curve_of_wrapped_sol_has_a_leg(program: str, buy: bool) -> None:
    decoded = decode(parse(swap(program, buy=buy).json()))
    sides: Any = (WSOL, PAID, COIN, BOUGHT) if buy else (COIN, BOUGHT, WSOL, PAID)
    pool = vault("pool")
    name = PROGRAMS[program].name
    assert decoded.legs == (Leg(YENNI, program, name, pool, *sides),)
    assert decoded.swaps == (Swap(YENNI, *sides, name, program),)
    assert (decoded.compared, decoded.disagreements) == (0, ())


def test_pool_of_many_staked_mints_has_a_leg_without_an_address() -> None:
    """Sanctum Infinity's IDL names no pool account: the leg's is unknown, its coins are not."""
    decoded = decode(parse(swap(SANCTUM_INFINITY).json()))
    sides = (WSOL, PAID, COIN, BOUGHT)
    assert decoded.legs == (Leg(YENNI, SANCTUM_INFINITY, "Sanctum Infinity", None, *sides),)
    assert decoded.swaps == (Swap(YENNI, *sides, "Sanctum Infinity", SANCTUM_INFINITY),)
