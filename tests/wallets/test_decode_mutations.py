"""Mutated transactions: each is refused with a reason, or settled to the lamport; none crashes."""

import copy
import json
import os
import random
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from tests.payloads.chain import base58
from tests.payloads.trades import BUY, YENNI, curve_buy, curve_event
from tests.payloads.venues import swap, transfer_2022
from tests.wallets.test_decode_curves import curve_swap
from tests.wallets.test_decode_opinions import SAID, hop, okx, route, routed
from tests.wallets.test_decode_traders import shared, two_buyers
from tests.wallets.test_decode_withheld import buy, sell
from wallets.domain.base58 import CHARACTERS, decode_base58
from wallets.domain.decode import decode
from wallets.domain.lines import decoded_json
from wallets.domain.parse import parse
from wallets.domain.programs import BOOP, JUPITER, MOONIT, OKX_V2, PHOENIX, RAYDIUM_CPMM, WSOL
from wallets.domain.values import Decoded, Transaction, Undecodable

DATA = Path(os.environ.get("AURA_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))

WEIRD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    255,
    2**63,
    2**64 - 1,
    2**64,
    -(2**63),
    10**30,
    1.5,
    float("nan"),
    float("-inf"),
    "",
    "x",
    "0",
    "-0",
    "NaN",
    "Infinity",
    "1e9",
    "0x10",
    " 7",
    "٣",
    "99999999999999999999999",
    WSOL,
    YENNI,
    "11111111111111111111111111111111",
    [],
    {},
    [[]],
    {"a": 1},
    [None],
    ["AQ==", "base64"],
    "\ud800",
)


def _place(payload: Any, rng: random.Random) -> tuple[Any, Any]:
    """Walk down from the top to some place: a container and one of its keys."""
    node = payload
    while True:
        keys = list(node) if isinstance(node, dict) else range(len(node))
        key = rng.choice(keys)
        inside = node[key]
        if not isinstance(inside, dict | list) or not inside or rng.random() < 0.12:
            return node, key
        node = inside


def _text(value: str, rng: random.Random) -> str:
    """Cut a text short, change a letter, or change a byte of what it encodes."""
    at = rng.randrange(len(value))
    action = rng.randrange(4)
    if action == 0:
        return value[:at]
    if action == 1:
        return value[:at] + rng.choice("1zA+/=é") + value[at + rng.randrange(3) :]
    return _byte(value, rng) if CHARACTERS.issuperset(value.rstrip("=")) else value[at:]


def _gently(payload: Any, rng: random.Random) -> None:
    """Change numbers, data and amounts to others of their kind: most still read as transactions."""
    for _ in range(rng.choice((1, 3, 9))):
        node, key = _place(payload, rng)
        value = node[key]
        if type(value) is int:
            node[key] = max(value + rng.choice((-5000, -1, 1, 2**20)), 0)
        elif isinstance(value, str) and value.isdigit():
            node[key] = str(rng.choice((0, 1, int(value) // 2, int(value) + 1, 2**64 - 1)))
        elif isinstance(value, str) and value.startswith("Program "):
            start, _, last = value.rpartition(" ")
            node[key] = f"{start} {_byte(last, rng)}" if last else start
        elif isinstance(value, str) and key == "data":
            node[key] = _byte(value, rng)
        elif isinstance(value, list) and len(value) > 1 and key in ("logMessages", "instructions"):
            at = rng.randrange(len(value) - 1)
            value[at], value[at + 1] = value[at + 1], value[at]


def _byte(value: str, rng: random.Random) -> str:
    """Change, take out or double one byte of what a text encodes."""
    try:
        raw = b64decode(value, validate=True) if value.endswith("=") else decode_base58(value)
    except (ValueError, TypeError):
        return value[1:]
    if not raw:
        return value * 2
    at = rng.randrange(len(raw))
    changed = bytes([rng.choice((0, 1, 9, 127, 255, rng.randrange(256)))])
    edited = raw[:at] + changed + raw[at + rng.randrange(3) :]
    return _base64(edited) if value.endswith("=") else base58(edited)


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode()


def _nested(value: Any, rng: random.Random) -> Any:
    for _ in range(rng.choice((1, 3, 40, 400))):
        value = {"transaction": value} if rng.random() < 0.5 else [value]
    return value


def _mutate(payload: Any, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        if not payload:
            return
        node, key = _place(payload, rng)
        value = node[key]
        action = rng.randrange(8)
        if action == 0:
            del node[key]
        elif action in (1, 2) and isinstance(value, str) and value:
            node[key] = _text(value, rng)
        elif action == 3 and isinstance(value, list) and value:
            value.insert(rng.randrange(len(value)), copy.deepcopy(rng.choice(value)))
        elif action == 4 and type(value) is int:
            node[key] = value + rng.choice((-1, 1, 7, -(2**20), 2**32))
        elif action == 5:
            other, name = _place(payload, rng)
            node[key], other[name] = copy.deepcopy(other[name]), copy.deepcopy(value)
        elif action == 6 and rng.random() < 0.2:
            node[key] = _nested(value, rng)
        else:
            node[key] = rng.choice(WEIRD)


def _seeds() -> list[str]:
    """All recorded transactions and the hand-written ones of every venue and shape."""
    chains = [
        BUY,
        curve_buy(curve_event()),
        curve_buy(curve_event(), logged=True),
        buy(None),
        sell(RAYDIUM_CPMM, 28),
        two_buyers(),
        two_buyers(shared(YENNI, YENNI, YENNI, 5, 7)),
        routed(JUPITER, hop(PHOENIX, 9, 8), route((1, 2), (3, 4))),
        routed(OKX_V2, okx(9, 8)),
        *[swap(program, events=(said(9, 90),)) for program, said, _ in SAID],
        *[
            curve_swap(program, buy=side, paid_by_program=not side)
            for program in (MOONIT, BOOP)
            for side in (True, False)
        ],
    ]
    chains[3].calls = [*chains[3].calls, transfer_2022(YENNI, WSOL, YENNI, YENNI, 5)]
    found = [json.dumps(chain.json()) for chain in chains]
    found += [json.dumps(chain.base64()) for chain in chains[:3]]
    folder = DATA / "transactions"
    if folder.is_dir():
        names = [entry["signature"] for entry in json.loads((folder / "index.json").read_text())]
        found += [(folder / f"{name}.json").read_text() for name in names]
    return found


def _settled(tx: Transaction, decoded: Decoded, owner: str) -> None:
    """Swaps and costs of an owner are the change of his lamports and wrapped SOL."""
    place = tx.keys.index(owner)
    own = tx.post_lamports[place] - tx.pre_lamports[place]
    for account in tx.token_accounts:
        if account.mint == WSOL:
            own += (account.post or 0) * (account.post_owner == owner)
            own -= (account.pre or 0) * (account.pre_owner == owner)
    told = -sum(cost.lamports for cost in decoded.costs if cost.owner == owner)
    for item in decoded.swaps:
        if item.owner == owner:
            told += item.raw_out * (item.mint_out == WSOL)
            told -= item.raw_in * (item.mint_in == WSOL)
    assert told == own


def _survives(rounds: int) -> tuple[int, int]:
    """Mutate known transactions; every one is refused, or settled to the lamport."""
    rng = random.Random(20261122)
    seeds = _seeds()
    read = refused = 0
    for _ in range(rounds):
        payload = json.loads(rng.choice(seeds))
        (_mutate if rng.random() < 0.5 else _gently)(payload, rng)
        try:
            tx = parse(payload)
        except Undecodable:
            refused += 1
            continue
        read += 1
        decoded = decode(tx)
        json.dumps(decoded_json(decoded))
        assert len(decoded.disagreements) <= decoded.compared
        for owner in tx.signers:
            _settled(tx, decoded, owner)
    return read, refused


def test_mutated_transactions_are_refused_or_exact() -> None:
    read, refused = _survives(2_000)
    assert read + refused == 2_000
    assert min(read, refused) > 700


@pytest.mark.slow
def test_many_mutated_transactions_are_refused_or_exact() -> None:
    """100,000 of them, on one core in about half a minute."""
    read, refused = _survives(100_000)
    assert read + refused == 100_000
    assert min(read, refused) > 35_000
