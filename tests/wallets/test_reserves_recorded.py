"""Reserves of recorded transactions: each swap replayed on them gives what the chain gave."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from market.domain.fees import Fee
from market.domain.pools import Pool, pool_at
from tests.wallets.test_decode_recorded import FOLDER, INDEX
from wallets.domain.decode import decode
from wallets.domain.parse import parse
from wallets.domain.programs import PUMP, PUMP_SWAP, RAYDIUM_CPMM, RAYDIUM_V4, WSOL
from wallets.domain.values import Leg

pytestmark = pytest.mark.recorded

CONSTANT_PRODUCT = (PUMP, PUMP_SWAP, RAYDIUM_V4, RAYDIUM_CPMM)


def legs() -> list[tuple[str, datetime | None, Leg]]:
    found = []
    for entry in INDEX:
        payload: dict[str, Any] = json.loads((FOLDER / f"{entry['signature']}.json").read_text())
        tx = parse(payload)
        at = None if tx.block_time is None else datetime.fromtimestamp(tx.block_time, UTC)
        found += [(entry["signature"], at, leg) for leg in decode(tx).legs]
    return found


def before(leg: Leg, at: datetime | None) -> Pool:
    """The pool as it stood before its leg, money and coin told apart by SOL or by the way."""
    assert leg.reserves is not None
    of_in, of_out = leg.reserves.of_in - leg.raw_in, leg.reserves.of_out + leg.raw_out
    base, quote = (of_in, of_out) if leg.mint_out == WSOL else (of_out, of_in)
    return pool_at(leg.venue, base, quote, at=at, told_points=leg.reserves.fee_points)


def price_of(pool: Pool, raw: int, *, rounds_up: int) -> int:
    """What so many tokens cost before fees: rounded up by one more than needed, or as needed."""
    if rounds_up:
        return pool.quote_raw * raw // (pool.base_raw - raw) + 1
    return -(-pool.quote_raw * raw // (pool.base_raw - raw))


def differs(leg: Leg, at: datetime | None) -> int:
    """By how much of what came out, or of what a buyer paid, the replay differs."""
    pool = before(leg, at)
    is_buy = leg.mint_out != WSOL
    if leg.program in (RAYDIUM_V4, RAYDIUM_CPMM):
        return (pool.buy if is_buy else pool.sell)(leg.raw_in) - leg.raw_out
    # pump.fun's legs are before fees; PumpSwap's have the liquidity's part of the fee inside
    kept = Fee((2,) if pool.fee.points[0] == 2 else (20,)) if leg.program == PUMP_SWAP else Fee(())
    if is_buy:
        cost = price_of(pool, leg.raw_out, rounds_up=pool.fee.spare_raw)
        return cost + kept.on(cost) - leg.raw_in
    return replace(pool, fee=replace(kept, side="on top")).sell(leg.raw_in) - leg.raw_out


# Every swap that differs by more than a unit, by the start of its signature, with the reason.
EXPLAINED = {
    "2m5nWLnD": "pump.fun's own agent buys, at 14 % less than the curve's price and without a fee",
    "53fG8Sh9": "the same agent, at 15 % less",
    "5si5yrFv": "a CPMM pool's fee of 0.755 % is kept as 0.76 %",
}


def test_every_swap_replayed_gives_what_the_chain_gave() -> None:
    """57 swaps tell reserves: 52 come out exactly, two within one lamport, three are explained.

    Three more are of PumpSwap pools that count in the coin.
    """
    counted: Counter[tuple[str, str]] = Counter()
    off: dict[str, int] = {}
    for signature, at, leg in legs():
        if leg.program not in CONSTANT_PRODUCT:
            assert leg.reserves is None
            continue
        if leg.reserves is None:
            counted[leg.venue, "not told"] += 1
            continue
        difference = differs(leg, at)
        kind = "exact" if not difference else "one off" if abs(difference) == 1 else "off"
        counted[leg.venue, kind] += 1
        if kind == "off":
            off[signature[:8]] = difference
    assert counted == {
        ("pump.fun", "exact"): 25,
        ("pump.fun", "one off"): 1,
        ("pump.fun", "off"): 2,
        ("Raydium AMM v4", "exact"): 21,
        ("PumpSwap", "exact"): 5,
        ("PumpSwap", "one off"): 1,
        ("PumpSwap", "not told"): 3,
        ("Raydium CPMM", "exact"): 1,
        ("Raydium CPMM", "off"): 1,
    }
    assert set(off) == set(EXPLAINED)
    # the rounded fee gives less, not more, and less than a hundredth of a per cent of it
    assert off["5si5yrFv"] == -146


def test_told_fees_of_recorded_pools() -> None:
    """Where an event tells another fee than the table: no creator yet, another market value."""
    told = {
        signature[:8]: leg.reserves.fee_points
        for signature, _, leg in legs()
        if leg.reserves is not None and leg.reserves.fee_points is not None
    }
    assert told == {"2RoRJxat": 95, "3f8wSLzx": 110, "5si5yrFv": 76}
