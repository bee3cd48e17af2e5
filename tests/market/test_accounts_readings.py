"""Accounts of mints and holders, byte by byte, and how a node tells accounts."""

import base64
import struct
from decimal import Decimal
from typing import Any

import pytest
from solders.pubkey import Pubkey

from aura.core.errors import Garbled
from market.domain.readings import SafetyReading, TokenReading
from market.providers.chain import parse_mints, top_share
from market.providers.layouts import (
    SPL,
    SPL_2022,
    Mint,
    read_holding,
    read_mint,
    read_owner,
)
from market.providers.rpc import Account, parse_accounts, parse_largest
from tests.market.accounts import (
    ALICE,
    BOB,
    COIN,
    CURVE,
    DELEGATE,
    NOW,
    PUMP,
    extension,
    fee_bytes,
    holding,
    mint,
    mint_bytes,
    raw,
)


def test_a_plain_mint_without_authorities() -> None:
    assert read_mint(mint()) == Mint(10**15, 6, False, False, Decimal(0), ())
    told = read_mint(mint(authority=ALICE, freezer=BOB, supply=5, decimals=9))
    assert told == Mint(5, 9, True, True, Decimal(0), ())


@pytest.mark.parametrize(
    ("extensions", "fee", "risks"),
    [
        (b"", "0", ()),
        (extension(18, raw(ALICE) * 2), "0", ()),
        (fee_bytes(100, 0), "0.01", ()),
        (fee_bytes(0, 700, ALICE), "0.07", ("transfer fee can be changed",)),
        (extension(6, b"\x02"), "0", ("new accounts are frozen",)),
        (extension(6, b"\x01"), "0", ()),
        (extension(9, b""), "0", ("cannot be transferred",)),
        (extension(12, raw(DELEGATE)), "0", ("somebody can take tokens from any holder",)),
        (extension(12, bytes(32)), "0", ()),
        (extension(14, bytes(32) + raw(BOB)), "0", ("another program decides on transfers",)),
        (extension(14, raw(ALICE) + bytes(32)), "0", ()),
        (extension(26, raw(ALICE) + b"\0"), "0", ("transfers can be paused",)),
        (
            extension(18, raw(ALICE) * 2) + fee_bytes(50, 25) + extension(12, raw(DELEGATE)),
            "0.005",
            ("somebody can take tokens from any holder",),
        ),
        (extension(0, b"") + extension(12, raw(DELEGATE)), "0", ()),
        (struct.pack("<HH", 1, 60_000) + bytes(40), "0", ()),
        (b"\x0c\x00", "0", ()),
    ],
)
def test_extensions_tell_what_somebody_may_do(
    extensions: bytes, fee: str, risks: tuple[str, ...]
) -> None:
    told = read_mint(mint(SPL_2022, extensions=extensions))
    assert told == Mint(10**15, 6, False, False, Decimal(fee), risks)


@pytest.mark.parametrize(
    "account",
    [
        Account(ALICE, mint_bytes()),
        Account(SPL, mint_bytes()[:81]),
        Account(SPL, b""),
        Account(SPL, mint_bytes()[:45] + b"\0" + mint_bytes()[46:]),
        holding(COIN, ALICE, 5),
        Account(SPL_2022, holding(COIN, ALICE, 5).data + b"\x02" + extension(7, b"")),
    ],
    ids=["other program", "short", "empty", "not initialised", "a holding", "a new holding"],
)
def test_what_is_no_mint_is_not_read_as_one(account: Account) -> None:
    assert read_mint(account) is None


def test_mints_become_tokens_with_their_safety() -> None:
    accounts = {COIN: mint(supply=5 * 10**6), ALICE: Account(SPL, b"junk"), BOB: mint(supply=0)}
    told = parse_mints("helius", accounts, NOW)
    safety = SafetyReading(
        "chain", COIN, NOW, can_mint=False, can_freeze=False, transfer_fee=Decimal(0)
    )
    assert told[0] == TokenReading("chain", COIN, NOW, supply=Decimal(5), decimals=6, safety=safety)
    assert (told[1].mint, told[1].supply, told.odd) == (BOB, None, 1)
    with pytest.raises(Garbled):
        parse_mints("helius", {ALICE: Account(SPL, b"junk")}, NOW)


SUPPLY = Mint(1_000, 0, False, False, Decimal(0), ())


def test_pools_lost_and_venues_coins_are_no_holders() -> None:
    amounts = {
        "a": (ALICE, 100), "b": (ALICE, 20), "c": (CURVE, 400), "d": (BOB, 50),
        "e": ("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1", 200),
        "f": ("1nc1nerator11111111111111111111111111111111", 60),
        "g": ("HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC", 70),
    }  # fmt: skip
    accounts = {key: holding(COIN, owner, amount) for key, (owner, amount) in amounts.items()}
    owners = {key: read_owner(account) for key, account in accounts.items()}
    wallets = {CURVE: Account(PUMP, b""), ALICE: Account("1" * 32, b"")}
    assert top_share(COIN, SUPPLY, accounts, owners, wallets) == Decimal("0.17")


def test_ten_owners_are_the_largest_ten() -> None:
    keys = [str(Pubkey.from_bytes(bytes([n]) * 32)) for n in range(100, 112)]
    accounts = {key: holding(COIN, key, n) for n, key in enumerate(keys, start=1)}
    owners = {key: key for key in keys}
    assert top_share(COIN, SUPPLY, accounts, owners, {}) == Decimal("0.075")
    assert top_share(COIN, SUPPLY, {}, {}, {}) is None
    burnt = Mint(0, 0, False, False, Decimal(0), ())
    assert top_share(COIN, burnt, accounts, owners, {}) is None


def test_a_holding_of_another_coin_or_program_is_none() -> None:
    assert read_holding(holding(COIN, ALICE, 7), COIN) == 7
    assert read_holding(holding(COIN, ALICE, 7), BOB) is None
    assert read_holding(Account(ALICE, holding(COIN, ALICE, 7).data), COIN) is None
    assert read_owner(Account(SPL, b"short")) == ""


def encoded(account: Account) -> dict[str, Any]:
    return {"owner": account.owner, "data": [base64.b64encode(account.data).decode(), "base64"]}


def test_accounts_come_in_the_order_asked() -> None:
    bad = {"owner": SPL, "data": ["%%%", "base64"]}
    other = {"owner": SPL, "data": ["1", "base58"]}
    value = [encoded(mint()), None, bad, "x", {"owner": None, "data": ["", "base64"]}, other]
    assert parse_accounts("helius", {"value": value}, ["a", "b", "c", "d", "e", "f"]) == {
        "a": mint()
    }


@pytest.mark.parametrize("result", [None, [], {}, {"value": None}, {"value": []}, "x"], ids=repr)
def test_accounts_of_another_shape_are_garbled(result: Any) -> None:
    with pytest.raises(Garbled):
        parse_accounts("helius", result, ["a"])
    if result != {"value": []}:
        with pytest.raises(Garbled):
            parse_largest("helius", result)


@pytest.mark.parametrize("bad", [None, 5, "-1", "1.5", "x", "", "9" * 21, "٣"], ids=repr)
def test_an_amount_is_a_whole_number_in_words(bad: Any) -> None:
    good = {"address": "a", "amount": "18446744073709551615"}
    assert parse_largest("helius", {"value": [good]}) == {"a": 2**64 - 1}
    with pytest.raises(Garbled):
        parse_largest("helius", {"value": [good, {"address": "b", "amount": bad}]})
