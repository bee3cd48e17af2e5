"""The decoder over recorded transactions: exact, and agreeing with independent readings."""

import json
import os
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from wallets.domain.decode import decode
from wallets.domain.lines import decoded_json
from wallets.domain.parse import parse
from wallets.domain.programs import WSOL
from wallets.domain.scene import Scene
from wallets.domain.values import Decoded, Transaction

DATA = Path(os.environ.get("AURA_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FOLDER = DATA / "transactions"

pytestmark = pytest.mark.recorded

ROUTE = (
    "the other decoder tells the wallet's net over a route of several pools; ours tells each pool "
    "as a leg and the net as the swap, which is compared instead"
)
# Every expected swap that is no leg of ours, by the start of its signature, with the reason.
EXPLAINED = {
    "51SfoFAgv3nxEaajLFPC": ROUTE,
    "rNMFZpBmbr6R8g4hStbC": ROUTE,
    "3p36wGRa191szhME5kRb": ROUTE,
    "2bhr1FWqeL28zH1BJR1h": ROUTE,
}


def _listed(name: str) -> list[dict[str, Any]]:
    path = FOLDER / name
    # one case that the suite skips, saying why, instead of none that nobody notices
    return json.loads(path.read_text()) if path.is_file() else [{"signature": "no recorded data"}]


INDEX = _listed("index.json")
EXPECTED = _listed("expected_swaps.json")


@cache
def _payload(signature: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads((FOLDER / f"{signature}.json").read_text())
    return payload


def _sol(decoded: Decoded, owner: str) -> int:
    given = sum(s.raw_in for s in decoded.swaps if s.owner == owner and s.mint_in == WSOL)
    gained = sum(s.raw_out for s in decoded.swaps if s.owner == owner and s.mint_out == WSOL)
    return gained - given - sum(c.lamports for c in decoded.costs if c.owner == owner)


def _tokens(decoded: Decoded, owner: str) -> dict[str, int]:
    net: Counter[str] = Counter()
    for swap in decoded.swaps:
        if swap.owner == owner:
            net[swap.mint_in] -= swap.raw_in
            net[swap.mint_out] += swap.raw_out
    for transfer in decoded.transfers:
        if transfer.owner == owner:
            net[transfer.mint] += transfer.raw
    return {mint: raw for mint, raw in net.items() if raw and mint != WSOL}


def _own_sol(tx: Transaction, owner: str) -> int:
    """The change of lamports and wrapped SOL, straight from the balances."""
    total = 0
    if owner in tx.keys:
        place = tx.keys.index(owner)
        total = tx.post_lamports[place] - tx.pre_lamports[place]
    for account in tx.token_accounts:
        if account.mint == WSOL:
            total += (account.post or 0) if account.post_owner == owner else 0
            total -= (account.pre or 0) if account.pre_owner == owner else 0
    return total


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["signature"][:12])
def test_recorded_transaction_is_read_exactly(entry: dict[str, Any]) -> None:
    tx = parse(_payload(entry["signature"]))
    decoded = decode(tx)
    payer = entry["fee_payer"]
    assert (decoded.signature, decoded.fee_payer) == (entry["signature"], payer)
    assert (decoded.failed, decoded.fee_lamports) == (entry["failed"], entry["fee"])
    # the two Yellowstone-shaped files tell no version of their own; their messages are v0
    assert decoded.version == (0 if entry["version"] == "?" else entry["version"])
    assert Scene(tx).lamport_change(payer) == entry["fee_payer_lamport_delta"]
    assert _tokens(decoded, payer) == {
        mint: int(delta["raw"])
        for mint, delta in entry["fee_payer_token_deltas"].items()
        if int(delta["raw"]) and mint != WSOL
    }
    assert decoded.ambiguous == ()
    assert decoded.disagreements == ()


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["signature"][:12])
def test_swaps_and_costs_are_every_owners_sol_to_the_lamport(entry: dict[str, Any]) -> None:
    tx = parse(_payload(entry["signature"]))
    decoded = decode(tx)
    for owner in tx.signers:
        assert _sol(decoded, owner) == _own_sol(tx, owner), owner
    for owner in tx.keys:
        assert _sol(decode(tx, [owner]), owner) == _own_sol(tx, owner), owner


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["signature"][:12])
def test_every_envelope_means_the_same(entry: dict[str, Any]) -> None:
    payload = _payload(entry["signature"])
    plain = parse(payload)
    inside = {"transaction": payload["transaction"], "meta": payload["meta"]}
    if "version" in payload:
        inside["version"] = payload["version"]
    notified = parse(
        {
            "jsonrpc": "2.0",
            "method": "transactionNotification",
            "params": {
                "subscription": 1,
                "result": {
                    "transaction": inside,
                    "signature": entry["signature"],
                    "slot": 7,
                    "transactionIndex": 3,
                },
            },
        }
    )
    assert (notified.slot, notified.tx_index, notified.block_time) == (7, 3, None)
    assert decode(notified).swaps == decode(plain).swaps
    assert parse({"jsonrpc": "2.0", "id": 1, "result": payload}) == plain
    assert parse(payload | {"indexWithinBlock": 12}).tx_index == 12


@pytest.mark.parametrize(
    "expected", EXPECTED, ids=lambda entry: f"{entry['signature'][:12]}-{entry.get('raw_in')}"
)
def test_expected_swap_is_a_leg_or_explained(expected: dict[str, Any]) -> None:
    tx = parse(_payload(expected["signature"]))
    decoded = decode(tx)
    wanted = (
        expected["wallet"] or decoded.fee_payer,
        expected["mint_in"],
        int(expected["raw_in"]),
        expected["mint_out"],
        int(expected["raw_out"]),
    )
    legs = {(leg.owner, leg.mint_in, leg.raw_in, leg.mint_out, leg.raw_out) for leg in decoded.legs}
    if expected["signature"][:20] in EXPLAINED:
        assert wanted not in legs, "the explanation is no longer needed"
        swaps = {(s.owner, s.mint_in, s.raw_in, s.mint_out, s.raw_out) for s in decoded.swaps}
        assert wanted in swaps
    else:
        assert wanted in legs


def test_explanations_are_of_recorded_transactions() -> None:
    assert set(EXPLAINED) <= {entry["signature"][:20] for entry in EXPECTED}


def test_legs_of_all_recorded_transactions_by_venue() -> None:
    counted = Counter(
        leg.venue for entry in INDEX for leg in decode(parse(_payload(entry["signature"]))).legs
    )
    assert counted == {
        "pump.fun": 28,
        "Raydium AMM v4": 21,
        "Raydium CLMM": 11,
        "BisonFi": 10,
        "PumpSwap": 9,
        "AlphaQ": 6,
        "Meteora DLMM": 6,
        "Orca Whirlpool": 6,
        "GoonFi V2": 4,
        "HumidiFi": 3,
        "Manifest": 3,
        "TesseraV": 3,
        "1DEX": 2,
        "Meteora DAMM v1": 2,
        "Meteora DAMM v2": 2,
        "Phoenix": 2,
        "Raydium CPMM": 2,
        "Stabble": 2,
        "Aldrin": 1,
        "Aldrin V2": 1,
        "Aquifer": 1,
        "Byreal": 1,
        "FluxBeam": 1,
        "GooseFX GAMMA": 1,
        "Mercurial": 1,
        "Orca v2": 1,
        "Raydium stable": 1,
        "SolFi": 1,
    }


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["signature"][:12])
def test_printed_line_holds_every_amount_as_text(entry: dict[str, Any]) -> None:
    decoded = decode(parse(_payload(entry["signature"])))
    line = json.loads(json.dumps(decoded_json(decoded)))
    assert list(line) == [
        "signature",
        "failed",
        "version",
        "fee_lamports",
        "tip_lamports",
        "swaps",
        "legs",
        "costs",
    ]
    assert line["fee_lamports"] == str(entry["fee"])
    assert [(s["owner"], s["raw_in"], s["raw_out"]) for s in line["swaps"]] == [
        (s.owner, str(s.raw_in), str(s.raw_out)) for s in decoded.swaps
    ]
    assert [(c["owner"], c["kind"], c["lamports"]) for c in line["costs"]] == [
        (c.owner, c.kind, str(c.lamports)) for c in decoded.costs
    ]
    if decoded.failed:
        assert (line["swaps"], line["legs"], line["tip_lamports"]) == ([], [], "0")
