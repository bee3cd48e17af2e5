"""The decoder's rules, each on the smallest transaction that shows it."""

import struct
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from solders.pubkey import Pubkey

from tests.payloads.chain import (
    ATA,
    JUPITER,
    PUMP,
    RAYDIUM,
    RENT,
    SPL,
    WSOL,
    Call,
    Chain,
    base58,
    close,
    create,
    mint_to,
    move,
    open_account,
    pay,
    vault,
    wallet,
)
from wallets.domain.decode import decode
from wallets.domain.ordering import order_key
from wallets.domain.parse import parse
from wallets.domain.values import Cost, Decoded, Leg, Swap, Transfer

YENNI, BOB = wallet("yenni"), wallet("bob")
POOL, AUTHORITY = vault("pool"), vault("authority")
POOL_SOL, POOL_COIN = vault("pool sol"), vault("pool coin")
COIN, OTHER = wallet("coin mint"), wallet("other mint")
YENNI_COIN, YENNI_SOL, YENNI_OTHER = vault("yenni coin"), vault("yenni sol"), vault("yenni other")
JITO = "96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5"
TROJAN = "9yMwSPk9mrXSN7yDHUuZurAh1sjbJsfpUqjZ7SvVtdco"
SOL = 10**9


def swap_call(source: str, dest: str, raw_in: int, raw_out: int, *, buy: bool = True) -> Call:
    """A Raydium swap of the pool's two coins by Yenni."""
    vault_in, vault_out = (POOL_SOL, POOL_COIN) if buy else (POOL_COIN, POOL_SOL)
    inner = (move(source, vault_in, YENNI, raw_in), move(vault_out, dest, AUTHORITY, raw_out))
    return Call(RAYDIUM, (SPL, POOL, AUTHORITY, source, dest, YENNI), b"\x09", inner)


def pool_rows(sol: tuple[int, int], coin: tuple[int, int]) -> list[Any]:
    return [(POOL_SOL, WSOL, AUTHORITY, *sol), (POOL_COIN, COIN, AUTHORITY, *coin)]


def lamport_costs(decoded: Decoded, owner: str = YENNI) -> list[tuple[str, str | None, int]]:
    return [(c.kind, c.to, c.lamports) for c in decoded.costs if c.owner == owner]


# Yenni buys 700 coins for 2 SOL through a wrapped account opened and closed on the way, opens an
# account for them, tips Jito and pays her bot.
BUY = Chain(
    signers=(YENNI,),
    calls=(
        create(YENNI, YENNI_SOL, RENT + 2 * SOL),
        open_account(YENNI_SOL, WSOL, YENNI),
        Call(ATA, (YENNI, YENNI_COIN), b"\x01", (create(YENNI, YENNI_COIN),)),
        open_account(YENNI_COIN, COIN, YENNI),
        swap_call(YENNI_SOL, YENNI_COIN, 2 * SOL, 700),
        close(YENNI_SOL, YENNI, YENNI),
        pay(YENNI, JITO, 1_000_000),
        pay(YENNI, TROJAN, 20_000_000),
    ),
    lamports={
        YENNI: (5 * SOL, 5 * SOL - 2 * SOL - RENT - 5000 - 21_000_000),
        YENNI_SOL: (0, 0),
        YENNI_COIN: (0, RENT),
        POOL_SOL: (90 * SOL, 92 * SOL),
        JITO: (9, 1_000_009),
        TROJAN: (9, 20_000_009),
    },
    tokens=[
        *pool_rows((80 * SOL, 82 * SOL), (10_000, 9_300)),
        (YENNI_COIN, COIN, YENNI, None, 700),
    ],
)


def test_buy_with_all_costs_apart() -> None:
    decoded = decode(parse(BUY.json()))
    assert decoded.swaps == (Swap(YENNI, WSOL, 2 * SOL, COIN, 700, "Raydium AMM v4", RAYDIUM),)
    assert decoded.legs == (Leg(YENNI, RAYDIUM, "Raydium AMM v4", POOL, WSOL, 2 * SOL, COIN, 700),)
    assert lamport_costs(decoded) == [
        ("network", None, 5000),
        ("tip", JITO, 1_000_000),
        ("platform", TROJAN, 20_000_000),
        ("rent", YENNI_COIN, RENT),
    ]
    assert (decoded.transfers, decoded.ambiguous, decoded.disagreements) == ((), (), ())
    assert (decoded.tip_lamports, decoded.fee_payer) == (1_000_000, YENNI)


@pytest.mark.parametrize("version", ["legacy", 0, 1])
def test_encodings_and_versions_mean_the_same(version: Any) -> None:
    chain = replace(BUY, version=version)
    plain, packed = parse(chain.json()), parse(chain.base64())
    assert (plain.version, packed.version) == (version, version)
    assert decode(packed) == decode(plain)
    assert plain.moves == packed.moves
    assert replace(decode(plain), version=0) == decode(parse(BUY.json()))


def test_base58_encoded_transaction_is_read() -> None:
    from base64 import b64decode

    payload = BUY.base64()
    text = base58(b64decode(payload["transaction"][0]))
    assert parse(payload | {"transaction": [text, "base58"]}) == parse(payload)
    assert parse(payload | {"transaction": text}) == parse(payload)


def test_parsed_instructions_mean_the_same_as_raw_ones() -> None:
    payload = BUY.json()
    keys = payload["transaction"]["message"]["accountKeys"]
    signers = len(payload["transaction"]["signatures"])
    payload["transaction"]["message"]["accountKeys"] = [
        {"pubkey": key, "signer": at < signers, "writable": True, "source": "transaction"}
        for at, key in enumerate(keys)
    ]
    raw = parse(BUY.json())
    parsed = {
        "pay": lambda m: (
            "transfer",
            {"source": m.source, "destination": m.dest, "lamports": m.amount},
        ),
        "create": lambda m: (
            "createAccount",
            {"source": m.source, "newAccount": m.dest, "lamports": m.amount, "space": 165},
        ),
        "open": lambda m: (
            "initializeAccount3",
            {"account": m.dest, "mint": m.mint, "owner": m.authority},
        ),
        "close": lambda m: ("closeAccount", {"account": m.source, "destination": m.dest}),
        "token": lambda m: (
            "transfer",
            {
                "source": m.source,
                "destination": m.dest,
                "authority": m.authority,
                "amount": str(m.amount),
            },
        ),
    }
    by_place = {move.at: move for move in raw.moves}

    def named(item: dict[str, Any], at: int) -> dict[str, Any]:
        found: dict[str, Any] = {"programId": keys[item["programIdIndex"]]}
        found["stackHeight"] = item.get("stackHeight")
        if at in by_place:
            kind, info = parsed[by_place[at].kind](by_place[at])
            return found | {"program": "x", "parsed": {"type": kind, "info": info}}
        accounts = [keys[place] for place in item["accounts"]]
        return found | {"accounts": accounts, "data": item["data"]}

    at = 0
    inner = {g["index"]: g["instructions"] for g in payload["meta"]["innerInstructions"]}
    outer = payload["transaction"]["message"]["instructions"]
    for index, item in enumerate(list(outer)):
        outer[index] = named(item, at)
        at += 1
        for place, below in enumerate(list(inner.get(index, ()))):
            inner[index][place] = named(below, at)
            at += 1
    assert decode(parse(payload)) == decode(parse(BUY.json()))


def test_failed_transaction_costs_its_fee_only() -> None:
    chain = replace(
        BUY,
        err={"InstructionError": [4, {"Custom": 30}]},
        lamports={YENNI: (5 * SOL, 5 * SOL - 5000)},
        tokens=(),
    )
    decoded = decode(parse(chain.json()))
    assert decoded.failed
    assert (decoded.swaps, decoded.legs, decoded.transfers) == ((), (), ())
    assert decoded.costs == (Cost(YENNI, "network", None, 5000),)
    assert decoded.tip_lamports == 0


def test_sale_that_closes_its_account_gets_rent_back_not_proceeds() -> None:
    chain = Chain(
        signers=(YENNI,),
        calls=(
            create(YENNI, YENNI_SOL),
            open_account(YENNI_SOL, WSOL, YENNI),
            swap_call(YENNI_COIN, YENNI_SOL, 700, 3 * SOL, buy=False),
            close(YENNI_SOL, YENNI, YENNI),
            close(YENNI_COIN, YENNI, YENNI),
        ),
        # the old account was made when rent was dearer: its own lamports count
        lamports={
            YENNI: (SOL, SOL + 3 * SOL + 2_039_280 - 5000),
            YENNI_SOL: (0, 0),
            YENNI_COIN: (2_039_280, 0),
            POOL_SOL: (90 * SOL, 87 * SOL),
        },
        tokens=[
            *pool_rows((80 * SOL, 77 * SOL), (10_000, 10_700)),
            (YENNI_COIN, COIN, YENNI, 700, None),
        ],
    )
    decoded = decode(parse(chain.json()))
    assert decoded.swaps == (Swap(YENNI, COIN, 700, WSOL, 3 * SOL, "Raydium AMM v4", RAYDIUM),)
    assert lamport_costs(decoded) == [("network", None, 5000), ("rent", YENNI_COIN, -2_039_280)]


def test_account_closed_to_another_gives_him_the_rent() -> None:
    chain = Chain(
        signers=(YENNI, BOB),
        calls=(close(YENNI_COIN, BOB, YENNI),),
        lamports={YENNI: (SOL, SOL - 5000), BOB: (SOL, SOL + RENT), YENNI_COIN: (RENT, 0)},
        tokens=[(YENNI_COIN, COIN, YENNI, 0, None)],
    )
    decoded = decode(parse(chain.json()))
    assert lamport_costs(decoded) == [("network", None, 5000)]
    assert lamport_costs(decoded, BOB) == [("rent", YENNI_COIN, -RENT)]


def test_account_opened_for_another_is_the_payers_rent() -> None:
    bobs = vault("bob coin")
    chain = Chain(
        signers=(YENNI,),
        calls=(
            create(YENNI, bobs),
            open_account(bobs, COIN, BOB),
            move(YENNI_COIN, bobs, YENNI, 250),
        ),
        lamports={YENNI: (SOL, SOL - RENT - 5000), bobs: (0, RENT), YENNI_COIN: (RENT, RENT)},
        tokens=[(YENNI_COIN, COIN, YENNI, 700, 450), (bobs, COIN, BOB, None, 250)],
    )
    decoded = decode(parse(chain.json()), [YENNI, BOB])
    assert lamport_costs(decoded) == [("network", None, 5000), ("rent", bobs, RENT)]
    assert decoded.transfers == (
        Transfer(YENNI, COIN, -250, "send"),
        Transfer(BOB, COIN, 250, "receive"),
    )
    assert decoded.swaps == ()


def test_wrapped_account_kept_open_is_one_bucket_with_sol() -> None:
    chain = Chain(
        signers=(YENNI,),
        calls=(
            create(YENNI, YENNI_SOL, RENT + 3 * SOL),
            open_account(YENNI_SOL, WSOL, YENNI),
            swap_call(YENNI_SOL, YENNI_COIN, 2 * SOL, 700),
        ),
        lamports={
            YENNI: (5 * SOL, 2 * SOL - RENT - 5000),
            YENNI_SOL: (0, RENT + SOL),
            YENNI_COIN: (RENT, RENT),
        },
        tokens=[
            *pool_rows((80 * SOL, 82 * SOL), (10_000, 9_300)),
            (YENNI_SOL, WSOL, YENNI, None, SOL),
            (YENNI_COIN, COIN, YENNI, 0, 700),
        ],
    )
    decoded = decode(parse(chain.json()))
    assert decoded.swaps == (Swap(YENNI, WSOL, 2 * SOL, COIN, 700, "Raydium AMM v4", RAYDIUM),)
    assert lamport_costs(decoded) == [("network", None, 5000), ("rent", YENNI_SOL, RENT)]


def test_sol_sent_between_wallets_is_no_trade() -> None:
    chain = Chain(
        signers=(YENNI,),
        calls=(pay(YENNI, BOB, SOL),),
        lamports={YENNI: (5 * SOL, 4 * SOL - 5000), BOB: (0, SOL)},
    )
    decoded = decode(parse(chain.json()), [YENNI, BOB])
    assert lamport_costs(decoded) == [("network", None, 5000), ("other", BOB, SOL)]
    assert lamport_costs(decoded, BOB) == [("other", YENNI, -SOL)]
    assert (decoded.swaps, decoded.transfers) == ((), ())


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


def curve_event(*, quote_mint: str | None = None, tail: bytes = b"") -> bytes:
    """A TradeEvent of 700 coins for 2 SOL, in the oldest layout or one with a quote mint."""
    zero = bytes(32)
    payload = sha256(b"event:TradeEvent").digest()[:8]
    payload += bytes(Pubkey.from_string(COIN)) + struct.pack("<QQ?", 2 * SOL, 700, True)
    payload += bytes(Pubkey.from_string(YENNI)) + struct.pack("<q4Q", 1, 2, 3, 4, 5)
    if quote_mint is not None:
        payload += zero + bytes(16) + zero + bytes(16) + b"\0" + bytes(32)
        payload += struct.pack("<I", 3) + b"buy" + bytes(33)
        payload += struct.pack("<I", 1) + bytes(34)
        payload += bytes(Pubkey.from_string(quote_mint)) + struct.pack("<3Q", 55, 6, 7)
    return payload + tail


def curve_buy(event: bytes, *, logged: bool = False) -> Chain:
    """Yenni buys on a curve: 2 SOL, 19,000,000 lamports of fees, her volume account's rent."""
    mint = bytes(Pubkey.from_string(COIN))
    curve = str(Pubkey.find_program_address([b"bonding-curve", mint], Pubkey.from_string(PUMP))[0])
    fees, volume = vault("creator vault"), vault("volume")
    inner = [
        create(YENNI, volume, 1_844_400),
        move(POOL_COIN, YENNI_COIN, curve, 700),
        pay(YENNI, curve, 2 * SOL),
        pay(YENNI, fees, 19_000_000),
    ]
    if not logged:
        call = bytes.fromhex("e445a52e51cb9a1d") + event
        inner.append(Call(PUMP, (vault("event authority"),), call))
    from base64 import b64encode

    logs = [
        f"Program {PUMP} invoke [1]",
        "Program data: " + b64encode(event).decode(),
        f"Program {PUMP} success",
    ]
    accounts = (vault("global"), fees, COIN, curve, POOL_COIN, YENNI_COIN, YENNI)
    discriminator = bytes.fromhex("66063d1201daebea")
    return Chain(
        signers=(YENNI,),
        calls=(Call(PUMP, accounts, discriminator + bytes(16), inner),),
        lamports={
            YENNI: (5 * SOL, 3 * SOL - 19_000_000 - 1_844_400 - 5000),
            curve: (SOL, 3 * SOL),
            volume: (0, 1_844_400),
            fees: (0, 19_000_000),
        },
        tokens=[(POOL_COIN, COIN, curve, 9000, 8300), (YENNI_COIN, COIN, YENNI, 0, 700)],
        logs=logs if logged else (),
    )


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


def test_order_puts_known_places_first_then_signatures() -> None:
    keys = [
        order_key(7, None, "b"),
        order_key(7, 3, "z"),
        order_key(8, 0, "a"),
        order_key(7, None, "a"),
        order_key(7, 0, "y"),
    ]
    assert sorted(keys) == [
        order_key(7, 0, "y"),
        order_key(7, 3, "z"),
        order_key(7, None, "a"),
        order_key(7, None, "b"),
        order_key(8, 0, "a"),
    ]
