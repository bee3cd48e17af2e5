"""Transactions of several traders: whose leg, whose swap, whose cost."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.payloads.chain import (
    ATA,
    JUPITER,
    RENT,
    WSOL,
    Call,
    Chain,
    create,
    move,
    open_account,
    pay,
    vault,
    wallet,
)
from tests.payloads.trades import (
    AUTHORITY,
    BOB,
    COIN,
    JITO,
    OTHER,
    POOL_COIN,
    POOL_SOL,
    SOL,
    YENNI,
    YENNI_COIN,
    YENNI_SOL,
    pool_rows,
)
from tests.payloads.venues import accounts_of, event, key, told, u64
from wallets.domain.decode import decode
from wallets.domain.parse import parse
from wallets.domain.programs import METEORA_DLMM, PUMP
from wallets.domain.values import Cost, Decoded, Swap, Transaction

BOB_COIN, BOB_SOL, PAYER = vault("bob coin"), vault("bob sol"), wallet("bundler")
SHARED, SHARED_SOL, SHARED_COIN = vault("jupiter"), vault("jupiter sol"), vault("jupiter coin")


def buy(sol: str, coin: str, owner: str, raw_in: int, raw_out: int) -> Call:
    inner = (move(sol, POOL_SOL, owner, raw_in), move(POOL_COIN, coin, AUTHORITY, raw_out))
    return Call(METEORA_DLMM, accounts_of(METEORA_DLMM, owner), b"\x09", inner)


def two_buyers(*calls: Call, signers: tuple[str, ...] = (YENNI, BOB)) -> Chain:
    """Yenni buys 700 coins for 2 SOL, Bob 300 for 1 SOL; the first signer pays the fee."""
    lamports = dict.fromkeys((YENNI, BOB, *signers), (9 * SOL, 9 * SOL))
    lamports[signers[0]] = (9 * SOL, 9 * SOL - 10_000)
    return Chain(
        signers=signers,
        calls=calls
        or (
            buy(YENNI_SOL, YENNI_COIN, YENNI, 2 * SOL, 700),
            buy(BOB_SOL, BOB_COIN, BOB, SOL, 300),
        ),
        fee=10_000,
        lamports=lamports
        | {YENNI_SOL: (RENT + 5 * SOL, RENT + 3 * SOL), BOB_SOL: (RENT + 5 * SOL, RENT + 4 * SOL)},
        tokens=[
            *pool_rows((80 * SOL, 83 * SOL), (10_000, 9_000)),
            (YENNI_SOL, WSOL, YENNI, 5 * SOL, 3 * SOL),
            (BOB_SOL, WSOL, BOB, 5 * SOL, 4 * SOL),
            (YENNI_COIN, COIN, YENNI, 0, 700),
            (BOB_COIN, COIN, BOB, 0, 300),
        ],
    )


DLMM = ("Meteora DLMM", METEORA_DLMM)
SWAPS = (
    Swap(YENNI, WSOL, 2 * SOL, COIN, 700, *DLMM),
    Swap(BOB, WSOL, SOL, COIN, 300, *DLMM),
)


def sol_is_exact(tx: Transaction, owners: Iterable[str]) -> None:
    """For every owner: swaps and costs are the change of his SOL, wrapped and not."""
    for owner in owners:
        told_sol = explained(decode(tx, [owner]), owner)
        own = sum(
            (a.post or 0) * (a.post_owner == owner) - (a.pre or 0) * (a.pre_owner == owner)
            for a in tx.token_accounts
            if a.mint == WSOL
        )
        if owner in tx.keys:
            place = tx.keys.index(owner)
            own += tx.post_lamports[place] - tx.pre_lamports[place]
        assert told_sol == own, owner


def explained(decoded: Decoded, owner: str) -> int:
    given = sum(s.raw_in for s in decoded.swaps if s.owner == owner and s.mint_in == WSOL)
    gained = sum(s.raw_out for s in decoded.swaps if s.owner == owner and s.mint_out == WSOL)
    return gained - given - sum(c.lamports for c in decoded.costs if c.owner == owner)


@pytest.mark.parametrize("signers", [(YENNI, BOB), (BOB, YENNI), (PAYER, YENNI, BOB)])
def test_two_signers_who_each_swap_have_their_own(signers: tuple[str, ...]) -> None:
    tx = parse(two_buyers(signers=signers).json())
    decoded = decode(tx)
    assert [(leg.owner, leg.raw_in, leg.raw_out) for leg in decoded.legs] == [
        (YENNI, 2 * SOL, 700),
        (BOB, SOL, 300),
    ]
    assert set(decoded.swaps) == set(SWAPS)
    assert decoded.costs == (Cost(signers[0], "network", None, 10_000),)
    assert decoded.ambiguous == ()
    sol_is_exact(tx, tx.keys)


def shared(owner: str, sol: str, coin: str, raw_in: int, raw_out: int) -> Call:
    """A route through the router's own accounts: the pool never sees the trader."""
    inner = (
        move(sol, SHARED_SOL, owner, raw_in),
        buy(SHARED_SOL, SHARED_COIN, SHARED, raw_in, raw_out),
        move(SHARED_COIN, coin, SHARED, raw_out),
    )
    return Call(JUPITER, (vault("program authority"), owner, sol, coin), b"\x01", inner)


@pytest.mark.parametrize("signers", [(YENNI, BOB), (PAYER, BOB, YENNI)])
def test_routers_own_accounts_trade_for_the_signer_its_instruction_names(
    signers: tuple[str, ...],
) -> None:
    chain = two_buyers(
        shared(YENNI, YENNI_SOL, YENNI_COIN, 2 * SOL, 700),
        shared(BOB, BOB_SOL, BOB_COIN, SOL, 300),
        signers=signers,
    )
    chain.tokens = [*chain.tokens, (SHARED_SOL, WSOL, SHARED, 0, 0)]
    chain.tokens = [*chain.tokens, (SHARED_COIN, COIN, SHARED, 0, 0)]
    tx = parse(chain.json())
    decoded = decode(tx)
    assert [leg.owner for leg in decoded.legs] == [YENNI, BOB]
    assert set(decoded.swaps) == set(SWAPS)
    sol_is_exact(tx, tx.keys)


def test_bundler_pays_fee_tip_and_rent_and_trades_nothing() -> None:
    """A bundle bot's own wallet pays: the traders it moves have their swaps and no costs."""
    chain = two_buyers(
        Call(ATA, (PAYER, YENNI_COIN), b"\x01", (create(PAYER, YENNI_COIN),)),
        open_account(YENNI_COIN, COIN, YENNI),
        buy(YENNI_SOL, YENNI_COIN, YENNI, 2 * SOL, 700),
        buy(BOB_SOL, BOB_COIN, BOB, SOL, 300),
        pay(PAYER, JITO, 1_000_000),
        signers=(PAYER, YENNI, BOB),
    )
    chain.lamports[PAYER] = (9 * SOL, 9 * SOL - 10_000 - RENT - 1_000_000)
    chain.lamports |= {YENNI_COIN: (0, RENT), JITO: (9, 1_000_009)}
    chain.tokens = [row for row in chain.tokens if row[0] != YENNI_COIN]
    chain.tokens = [*chain.tokens, (YENNI_COIN, COIN, YENNI, None, 700)]
    tx = parse(chain.json())
    decoded = decode(tx)
    assert set(decoded.swaps) == set(SWAPS)
    assert decoded.costs == (
        Cost(PAYER, "network", None, 10_000),
        Cost(PAYER, "tip", JITO, 1_000_000),
        Cost(PAYER, "rent", YENNI_COIN, RENT),
    )
    assert decoded.fee_payer == PAYER
    sol_is_exact(tx, tx.keys)


def test_wallet_that_funds_another_in_its_trade_is_no_trader() -> None:
    """The bundler sends Bob the SOL he buys with: a cost of one, a receipt of the other."""
    chain = two_buyers(
        pay(PAYER, BOB, 3 * SOL),
        buy(BOB_SOL, BOB_COIN, BOB, SOL, 300),
        buy(YENNI_SOL, YENNI_COIN, YENNI, 2 * SOL, 700),
        signers=(PAYER, YENNI, BOB),
    )
    chain.lamports[PAYER] = (9 * SOL, 6 * SOL - 10_000)
    chain.lamports[BOB] = (0, 3 * SOL)
    tx = parse(chain.json())
    decoded = decode(tx)
    assert set(decoded.swaps) == set(SWAPS)
    assert decoded.costs == (
        Cost(PAYER, "network", None, 10_000),
        Cost(PAYER, "other", BOB, 3 * SOL),
        Cost(BOB, "other", PAYER, -3 * SOL),
    )
    sol_is_exact(tx, tx.keys)


def curve_call(owner: str, coin: str, tokens: int, lamports: int, fees: str) -> Call:
    """A purchase on a pump.fun curve, its event naming the user."""
    curve = vault("curve")
    said = event("TradeEvent", key(COIN), u64(lamports, tokens), b"\x01", key(owner), bytes(40))
    inner = [
        move(POOL_COIN, coin, curve, tokens),
        pay(owner, curve, lamports),
        pay(owner, fees, lamports // 100),
        *told(PUMP, said),
    ]
    accounts = (vault("global"), fees, COIN, curve, POOL_COIN, coin, owner)
    return Call(PUMP, accounts, bytes.fromhex("66063d1201daebea") + bytes(16), inner)


def test_bundled_launch_gives_every_buyer_his_own() -> None:
    """Three wallets sign one transaction and buy from one curve, one after the other."""
    fees = vault("fees")
    buyers = {YENNI: (700, 2 * SOL), BOB: (300, SOL), PAYER: (100, SOL // 2)}
    coins = {name: vault(f"{name[:9]} coin") for name in buyers}
    calls = [curve_call(name, coins[name], *amounts, fees) for name, amounts in buyers.items()]
    chain = Chain(
        signers=tuple(buyers),
        calls=calls,
        fee=15_000,
        lamports={
            name: (9 * SOL, 9 * SOL - paid - paid // 100 - (15_000 if name == YENNI else 0))
            for name, (_, paid) in buyers.items()
        }
        | {vault("curve"): (SOL, 4 * SOL + SOL // 2), fees: (SOL, SOL + 35_000_000)},
        tokens=[
            (POOL_COIN, COIN, vault("curve"), 9_000, 7_900),
            *[(coins[name], COIN, name, 0, raw) for name, (raw, _) in buyers.items()],
        ],
    )
    tx = parse(chain.json())
    decoded = decode(tx)
    assert [(leg.owner, leg.raw_in, leg.raw_out) for leg in decoded.legs] == [
        (name, paid, raw) for name, (raw, paid) in buyers.items()
    ]
    assert decoded.swaps == tuple(
        Swap(name, WSOL, paid + paid // 100, COIN, raw, "pump.fun", PUMP)
        for name, (raw, paid) in buyers.items()
    )
    assert decoded.costs == (Cost(YENNI, "network", None, 15_000),)
    assert (decoded.compared, decoded.disagreements) == (3, ())
    sol_is_exact(tx, tx.keys)


def test_fill_of_an_order_is_a_leg_of_who_placed_it() -> None:
    """A limit order: the keeper signs and pays, the order's vault sells, its owner receives.

    What the vault held left the owner when he placed the order, so he has no swap here.
    """
    keeper = wallet("keeper")
    order, order_coin = vault("order"), vault("order coin")
    limit = "j1o2qRpjcyUwEvwtcfhEQefh773ZgjxcVRry7LDqg5X"
    inner = (
        move(order_coin, POOL_COIN, order, 700),
        move(POOL_SOL, BOB_SOL, AUTHORITY, 2 * SOL),
    )
    swapped = Call(METEORA_DLMM, accounts_of(METEORA_DLMM, order), b"\x09", inner)
    chain = Chain(
        signers=(keeper,),
        calls=(Call(limit, (keeper, order, BOB, BOB_SOL), b"\x01", (swapped,)),),
        lamports={keeper: (SOL, SOL - 5000), BOB_SOL: (RENT, RENT + 2 * SOL)},
        tokens=[
            *pool_rows((80 * SOL, 78 * SOL), (10_000, 10_700)),
            (order_coin, COIN, order, 700, 0),
            (BOB_SOL, WSOL, BOB, 0, 2 * SOL),
        ],
    )
    tx = parse(chain.json())
    decoded = decode(tx)
    assert [(leg.owner, leg.raw_in, leg.raw_out) for leg in decoded.legs] == [(BOB, 700, 2 * SOL)]
    assert decoded.swaps == ()
    assert [(c.owner, c.kind, c.lamports) for c in decoded.costs] == [
        (keeper, "network", 5000),
        (BOB, "other", -2 * SOL),
    ]
    sol_is_exact(tx, tx.keys)


def test_legs_of_one_signer_do_not_explain_anothers_coins() -> None:
    """Bob's three mints change and only Yenni's leg is there: his stay ambiguous."""
    third = wallet("third mint")
    chain = two_buyers(
        buy(YENNI_SOL, YENNI_COIN, YENNI, 2 * SOL, 700), Call(vault("nameless"), (BOB,))
    )
    chain.tokens = [row for row in chain.tokens if row[0] not in (BOB_COIN, BOB_SOL)] + [
        (BOB_COIN, COIN, BOB, 300, 0),
        (vault("bob other"), OTHER, BOB, 0, 5),
        (vault("bob third"), third, BOB, 0, 5),
    ]
    chain = replace(chain, lamports={**chain.lamports, BOB_SOL: (0, 0)})
    decoded = decode(parse(chain.json()))
    assert decoded.swaps == SWAPS[:1]
    assert [a.owner for a in decoded.ambiguous] == [BOB]
