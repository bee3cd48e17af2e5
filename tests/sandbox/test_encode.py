"""All encodings of a transaction tell the same story, and they look like the recorded real ones."""

from __future__ import annotations

import json
import os
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from solders.transaction import VersionedTransaction

from sandbox.addresses import PUMP, PUMPSWAP, RAYDIUM, ata, pda, raw
from sandbox.encode import base58, logs, render
from sandbox.engine import Engine
from sandbox.parsed import ui_amount
from sandbox.record import Record

Ran = tuple[Engine, list[Record]]
Json = dict[str, Any]


def recorded(prefix: str) -> Json:
    folder = Path(os.environ.get("AURA_DATA") or Path(__file__).parents[3] / "shared" / "data")
    found = sorted((folder / "transactions").glob(prefix + "*.json"))
    if not found:
        pytest.skip(f"no recorded transactions in {folder}; set AURA_DATA to the data folder")
    loaded: Json = json.loads(found[0].read_text())
    return loaded


def test_all_versions_and_both_kinds_of_v0_occur(ran: Ran) -> None:
    kinds = {(r.version, bool(r.lookups)) for r in ran[1]}
    assert kinds == {(-1, False), (0, False), (0, True), (1, False)}
    assert 0.01 < sum(r.failure is not None for r in ran[1]) / len(ran[1]) < 0.08


def test_base64_decodes_to_the_same_message(ran: Ran) -> None:
    signed = 0
    for record in ran[1]:
        data, encoding = render(record, "base64")["transaction"]
        raw = b64decode(data)
        tx = VersionedTransaction.from_bytes(raw)
        assert encoding == "base64"
        assert bytes(tx) == raw
        assert len(raw) <= (4096 if record.version == 1 else 1232)
        assert [str(s) for s in tx.signatures] == record.signatures
        assert [str(key) for key in tx.message.account_keys] == record.keys
        assert [
            (i.program_id_index, bytes(i.accounts), bytes(i.data)) for i in tx.message.instructions
        ] == [(step.program, step.accounts, step.data) for step in record.steps]
        signed += all(tx.verify_with_results())
    # Mints and the migrator sign with keys that nobody has.
    assert signed > 0.95 * len(ran[1])


def test_json_and_json_parsed_name_the_same_accounts_and_amounts(ran: Ran) -> None:
    for record in ran[1][:200]:
        plain, parsed = render(record, "json"), render(record, "jsonParsed")
        order = plain["transaction"]["message"]["accountKeys"] + [
            *plain["meta"]["loadedAddresses"]["writable"],
            *plain["meta"]["loadedAddresses"]["readonly"],
        ]
        rows = parsed["transaction"]["message"]["accountKeys"]
        assert [row["pubkey"] for row in rows] == order
        assert "loadedAddresses" not in parsed["meta"]
        for name in (
            "preBalances",
            "postBalances",
            "preTokenBalances",
            "fee",
            "err",
            "logMessages",
        ):
            assert plain["meta"][name] == parsed["meta"][name]
        for mine, theirs in zip(
            plain["transaction"]["message"]["instructions"],
            parsed["transaction"]["message"]["instructions"], strict=True,
        ):  # fmt: skip
            assert order[mine["programIdIndex"]] == theirs["programId"]
            assert ("parsed" in theirs) != ("data" in theirs)
        assert [row["writable"] for row in rows if row["signer"]] == [True] * record.header[0]


def test_v1_carries_its_budget_in_the_message(ran: Ran) -> None:
    record = next(r for r in ran[1] if r.version == 1 and r.budget.priority_lamports)
    message = render(record)["transaction"]["message"]
    assert message["transactionConfig"] == {
        "computeUnitLimit": record.budget.unit_limit, "heapSize": None,
        "loadedAccountsDataSizeLimit": None, "priorityFee": record.budget.priority_lamports,
    }  # fmt: skip
    assert "addressTableLookups" not in message
    assert record.fee == 5000 * len(record.signatures) + record.budget.priority_lamports
    assert not any(key.startswith("ComputeBudget") for key in record.keys)


def test_failed_transaction_keeps_only_its_fee(ran: Ran) -> None:
    record = next(r for r in ran[1] if r.failure is not None)
    shown = render(record)
    place, code = record.failure or (0, 0)
    assert shown["meta"]["err"] == {"InstructionError": [place, {"Custom": code}]}
    assert shown["meta"]["status"] == {"Err": shown["meta"]["err"]}
    assert [b - a for a, b in zip(record.pre, record.post, strict=True)] == [
        -record.fee, *[0] * (len(record.pre) - 1)
    ]  # fmt: skip
    assert record.pre_tokens == record.post_tokens
    assert max((g["index"] for g in shown["meta"]["innerInstructions"]), default=0) < place
    assert logs(record)[-1].endswith(f"failed: custom program error: {code:#x}")


def test_base58_of_any_length() -> None:
    assert base58(b"") == ""
    assert base58(b"\x00\x00\x01") == "112"
    assert base58(b"\xff" * 40) == base58_slowly(b"\xff" * 40)


def base58_slowly(data: bytes) -> str:
    letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = letters[rest] + text
    return text


def test_ui_amounts_as_the_rpc_writes_them() -> None:
    assert ui_amount(0, 6) == {
        "amount": "0", "decimals": 6, "uiAmount": None, "uiAmountString": "0"
    }  # fmt: skip
    assert ui_amount(1_230_000, 6)["uiAmountString"] == "1.23"
    assert ui_amount(5, 9)["uiAmountString"] == "0.000000005"
    assert ui_amount(10**15, 6)["uiAmountString"] == "1000000000"


def program_calls(shown: Json, program: str) -> list[Json]:
    """Give the calls of a program, outer and inner, with their keys resolved."""
    message = shown["transaction"]["message"]
    loaded = shown["meta"].get("loadedAddresses") or {"writable": [], "readonly": []}
    order = message["accountKeys"] + loaded["writable"] + loaded["readonly"]
    calls = list(message["instructions"])
    for group in shown["meta"]["innerInstructions"]:
        calls += group["instructions"]
    return [call for call in calls if order[call["programIdIndex"]] == program]


def test_events_have_the_sizes_seen_on_chain_in_october_2026(ran: Ran) -> None:
    sizes: dict[str, set[int]] = {"bddb7fd34ee661ee": set(), "3e2f370aa503dc2a": set()}
    for record in ran[1]:
        for group in render(record)["meta"]["innerInstructions"]:
            for call in group["instructions"]:
                data = base58_bytes(call["data"])
                if data[:8].hex() == "e445a52e51cb9a1d" and data[8:16].hex() in sizes:
                    sizes[data[8:16].hex()].add(len(data) - 8)
    # A sale's TradeEvent names its instruction with one letter more.
    assert sizes == {"bddb7fd34ee661ee": {382, 383}, "3e2f370aa503dc2a": {441}}


def base58_bytes(text: str) -> bytes:
    letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number = 0
    for letter in text:
        number = number * 58 + letters.index(letter)
    body = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes(len(text) - len(text.lstrip("1"))) + body


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("prefix", "program"),
    [("5bvyp1nob5", PUMPSWAP), ("2XgzfkWeDe", RAYDIUM), ("JBnrBbgqh9", PUMP)],
)
def test_same_members_and_kinds_as_a_recorded_transaction(
    ran: Ran, prefix: str, program: str
) -> None:
    real = recorded(prefix)
    record = next(
        r for r in ran[1]
        if r.version == 0 and r.failure is None
        and program in {r.all_keys[s.program] for s in r.steps}
    )  # fmt: skip
    ours = render(record)
    assert set(ours) == set(real)
    assert set(real["meta"]) - set(ours["meta"]) <= {"returnData"}
    assert set(ours["meta"]) - set(real["meta"]) <= {"costUnits"}
    assert set(ours["transaction"]["message"]) == set(real["transaction"]["message"])
    same_kinds(ours, real, "")
    assert program_calls(ours, program)
    assert program_calls(real, program)


def same_kinds(ours: object, real: object, path: str) -> None:
    if isinstance(ours, dict) and isinstance(real, dict):
        for name in ours.keys() & real.keys():
            same_kinds(ours[name], real[name], f"{path}.{name}")
    elif isinstance(ours, list) and isinstance(real, list):
        if ours and real:
            same_kinds(ours[0], real[0], path + "[]")
    elif ours is not None and real is not None:
        assert type(ours) is type(real), path


@pytest.mark.recorded
def test_pumpswap_accounts_stand_where_they_stand_in_the_recorded_swap(ran: Ran) -> None:
    real = recorded("5bvyp1nob5")
    message = real["transaction"]["message"]
    call = next(
        c
        for c in message["instructions"]
        if message["accountKeys"][c["programIdIndex"]] == PUMPSWAP
    )
    theirs = [message["accountKeys"][n] for n in call["accounts"]]
    record = next(
        r for r in ran[1] if r.version == -1 and r.failure is None
        and any(r.all_keys[s.program] == PUMPSWAP and len(s.accounts) == 24 for s in r.steps)
    )  # fmt: skip
    step = next(s for s in record.steps if record.all_keys[s.program] == PUMPSWAP)
    ours = [record.all_keys[n] for n in step.accounts]
    # The recorded pool has SOL as its base, so mints and token programs are the other way round.
    fixed = [2, 13, 14, 15, 16, 19, 21, 22]
    assert [ours[n] for n in fixed] == [theirs[n] for n in fixed]


@pytest.mark.recorded
def test_curve_accounts_stand_where_they_stand_in_the_recorded_buy(ran: Ran) -> None:
    real = recorded("2o5PQ87fxa")
    tx = VersionedTransaction.from_bytes(b64decode(real["transaction"][0]))
    loaded = real["meta"]["loadedAddresses"]
    keys = [str(key) for key in tx.message.account_keys]
    keys += loaded["writable"] + loaded["readonly"]
    call = tx.message.instructions[-1]
    theirs = [keys[n] for n in bytes(call.accounts)]
    record = next(
        r for r in ran[1] if r.failure is None
        and any(r.all_keys[s.program] == PUMP and len(s.accounts) == 18 for s in r.steps)
    )  # fmt: skip
    step = next(s for s in record.steps if len(s.accounts) == 18)
    ours = [record.all_keys[n] for n in step.accounts]
    assert len(ours) == len(theirs)
    assert step.data[:8] == bytes(call.data)[:8]
    fixed = [0, 7, 8, 10, 11, 12, 14, 15]
    assert [ours[n] for n in fixed] == [theirs[n] for n in fixed]
    for row in (ours, theirs):
        assert row[3] == pda(PUMP, b"bonding-curve", raw(row[2]))
        assert row[4] == ata(row[3], row[2], row[8])
        assert row[5] == ata(row[6], row[2], row[8])
        assert row[13] == pda(PUMP, b"user_volume_accumulator", raw(row[6]))
        assert row[16] == pda(PUMP, b"bonding-curve-v2", raw(row[2]))
