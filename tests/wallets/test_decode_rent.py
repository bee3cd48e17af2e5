"""What a new account was given: rent of its size, or principal beside it."""

import struct
from typing import Any

import pytest

from tests.payloads.chain import SYSTEM, Call, Chain, vault, wallet
from tests.payloads.trades import SOL, YENNI, lamport_costs
from wallets.domain.decode import decode
from wallets.domain.parse import parse
from wallets.domain.programs import SPL_2022, STAKE

STAKED, ESCROW, ESCROW_PROGRAM = vault("stake"), vault("escrow"), vault("escrow program")
# 200 bytes and 128 of bookkeeping, at 6,960 lamports each
STAKE_RENT = 2_282_880


def create_sized(account: str, lamports: int, space: int) -> Call:
    return Call(SYSTEM, (YENNI, account), struct.pack("<IQQ", 0, lamports, space) + bytes(32))


def run(calls: Any, account: str, given: int, *, before: int = 0, after: int | None = None) -> Any:
    chain = Chain(
        signers=(YENNI,),
        calls=calls,
        lamports={
            YENNI: (9 * SOL, 9 * SOL - given - 5000),
            account: (before, given if after is None else after),
        },
    )
    decoded = decode(parse(chain.json()))
    assert decoded.swaps == ()
    return lamport_costs(decoded)[1:]


def test_stake_is_principal_beside_its_rent() -> None:
    given = 3 * SOL + STAKE_RENT
    assert run((create_sized(STAKED, given, 200),), STAKED, given) == [
        ("other", STAKED, 3 * SOL),
        ("rent", STAKED, STAKE_RENT),
    ]


def test_stake_made_from_a_seed_is_too() -> None:
    given = 3 * SOL + STAKE_RENT
    seed = b"stake:0"
    data = struct.pack("<I32sQ", 3, bytes(32), len(seed)) + seed + struct.pack("<QQ", given, 200)
    call = Call(SYSTEM, (YENNI, STAKED), data + bytes(32))
    assert run((call,), STAKED, given) == [
        ("other", STAKED, 3 * SOL),
        ("rent", STAKED, STAKE_RENT),
    ]


def test_parsed_stake_is_too() -> None:
    given = 3 * SOL + STAKE_RENT
    chain = Chain(
        signers=(YENNI,),
        calls=(create_sized(STAKED, given, 200),),
        lamports={YENNI: (9 * SOL, 9 * SOL - given - 5000), STAKED: (0, given)},
    )
    payload = chain.json()
    message = payload["transaction"]["message"]
    message["accountKeys"] = [
        {"pubkey": name, "signer": name == YENNI, "writable": True}
        for name in message["accountKeys"]
    ]
    info = {"source": YENNI, "newAccount": STAKED, "lamports": given, "owner": STAKE, "space": 200}
    message["instructions"] = [
        {
            "programId": SYSTEM,
            "program": "system",
            "parsed": {"type": "createAccount", "info": info},
        }
    ]
    assert lamport_costs(decode(parse(payload)))[1:] == [
        ("other", STAKED, 3 * SOL),
        ("rent", STAKED, STAKE_RENT),
    ]


@pytest.mark.parametrize("lamports", [STAKE_RENT, STAKE_RENT - 616_640, 1])
def test_account_with_no_more_than_its_rent_is_all_rent(lamports: int) -> None:
    """Rent has become cheaper: an account's own lamports count, not what a byte once cost."""
    assert run((create_sized(STAKED, lamports, 200),), STAKED, lamports) == [
        ("rent", STAKED, lamports)
    ]


def test_account_paid_before_it_was_given_space_is_rent_first() -> None:
    """A program's account made in steps: paid, then allocated; the dearest rent is 1,030,080."""
    allocate = Call(SYSTEM, (ESCROW,), struct.pack("<IQ", 8, 20))
    steps = (
        Call(SYSTEM, (YENNI, ESCROW), struct.pack("<IQ", 2, 1_000_000)),
        Call(SYSTEM, (YENNI, ESCROW), struct.pack("<IQ", 2, 50_000)),
        allocate,
    )
    assert run((Call(ESCROW_PROGRAM, (YENNI,), b"\x01", steps),), ESCROW, 1_050_000) == [
        ("other", ESCROW, 19_920),
        ("rent", ESCROW, 1_030_080),
    ]


def test_principal_the_account_did_not_keep_is_not_told_twice() -> None:
    """What went on into a program's hands within the transaction is left to the rest."""
    given = 3 * SOL + STAKE_RENT
    costs = run((create_sized(STAKED, given, 200),), STAKED, given, after=STAKE_RENT + SOL)
    assert costs == [("other", STAKED, SOL), ("rent", STAKED, STAKE_RENT), ("other", None, 2 * SOL)]


def test_stake_taken_back_whole_is_rent_and_principal() -> None:
    held = 3 * SOL + STAKE_RENT
    withdraw = Call(STAKE, (STAKED, YENNI, wallet("authority")), struct.pack("<IQ", 4, held))
    assert run((withdraw,), STAKED, -held, before=held, after=0) == [
        ("rent", STAKED, -STAKE_RENT),
        ("other", STAKED, -3 * SOL),
    ]


def test_account_another_program_empties_is_all_rent() -> None:
    closing = Call(ESCROW_PROGRAM, (ESCROW, YENNI), b"\x02")
    held = STAKE_RENT + SOL
    assert run((closing,), ESCROW, -held, before=held, after=0) == [("rent", ESCROW, -held)]


def test_mint_given_the_rent_of_its_later_size_holds_no_principal() -> None:
    """A Token-2022 mint is made small and grows with its metadata: all of it stays rent."""
    given = 5_000_000
    calls = (create_sized(ESCROW, given, 170), Call(SPL_2022, (ESCROW,), b"\x14\x06" + bytes(33)))
    assert run(calls, ESCROW, given) == [("rent", ESCROW, given)]
