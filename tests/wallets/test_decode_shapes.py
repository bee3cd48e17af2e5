"""The decoder's rules on encodings, costs and rent, each on the smallest transaction."""

from dataclasses import replace
from typing import Any

import pytest

from tests.payloads.chain import (
    RAYDIUM,
    RENT,
    WSOL,
    Chain,
    base58,
    close,
    create,
    move,
    open_account,
    pay,
    vault,
)
from tests.payloads.trades import (
    BOB,
    BUY,
    COIN,
    JITO,
    POOL,
    POOL_SOL,
    SOL,
    TROJAN,
    YENNI,
    YENNI_COIN,
    YENNI_SOL,
    lamport_costs,
    pool_rows,
    swap_call,
)
from wallets.domain.decode import decode
from wallets.domain.ordering import order_key
from wallets.domain.parse import parse
from wallets.domain.values import Cost, Leg, Swap, Transfer


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
