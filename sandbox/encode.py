"""Turns a Record into the result objects of the RPC: `json`, `jsonParsed` and `base64`."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from sandbox.addresses import COMPUTE, SYSTEM
from sandbox.keyring import ALPHABET
from sandbox.parsed import parse, ui_amount
from sandbox.record import Record, Step, TokenRow
from sandbox.wire import transaction_bytes

Json = dict[str, Any]
ENCODINGS = ("json", "jsonParsed", "base64", "base58")
CHUNK = 58**10
ERROR_NAMES = {6001: "SlippageToleranceExceeded", 6002: "TooMuchSolRequired",
               6004: "ExceededSlippage", 30: "exceeds desired slippage limit"}  # fmt: skip


def base58(data: bytes) -> str:
    """Encode bytes of any length."""
    number = int.from_bytes(data, "big")
    letters: list[str] = []
    while number:
        number, part = divmod(number, CHUNK)
        for _ in range(10):
            if not part and not number:
                break
            part, rest = divmod(part, 58)
            letters.append(ALPHABET[rest])
    zeros = len(data) - len(data.lstrip(b"\x00"))
    return "1" * zeros + "".join(reversed(letters))


def version_name(record: Record) -> str | int:
    """Give the version as JSON has it: "legacy", 0 or 1."""
    return "legacy" if record.version < 0 else record.version


def error(record: Record) -> Json | None:
    """Give `meta.err`."""
    if record.failure is None:
        return None
    return {"InstructionError": [record.failure[0], {"Custom": record.failure[1]}]}


def _plain(step: Step, height: int) -> Json:
    return {"accounts": list(step.accounts), "data": base58(step.data),
            "programIdIndex": step.program, "stackHeight": height}  # fmt: skip


def _readable(step: Step, height: int, order: list[str]) -> Json:
    program = order[step.program]
    keys = [order[number] for number in step.accounts]
    found = parse(program, keys, step.data)
    if found is None:
        return {"accounts": keys, "data": base58(step.data), "programId": program,
                "stackHeight": height}  # fmt: skip
    return {"parsed": found[1], "program": found[0], "programId": program, "stackHeight": height}


def _inner(step: Step, height: int = 2) -> list[tuple[Step, int]]:
    found: list[tuple[Step, int]] = []
    for part in step.body:
        if not isinstance(part, str):
            found.append((part, height))
            found += _inner(part, height + 1)
    return found


def units(step: Step) -> int:
    """Give the compute units of an instruction with its inner calls."""
    return step.units + sum(units(part) for part in step.body if not isinstance(part, str))


def executed(record: Record) -> list[Step]:
    """Give the instructions that ran, the failing one included."""
    return record.steps if record.failure is None else record.steps[: record.failure[0] + 1]


def _log(step: Step, order: list[str], depth: int, left: list[int], lines: list[str]) -> None:
    program = order[step.program]
    lines.append(f"Program {program} invoke [{depth}]")
    start = left[0]
    for part in step.body:
        if isinstance(part, str):
            lines.append(part)
        else:
            _log(part, order, depth + 1, left, lines)
    left[0] -= step.units
    if program not in (SYSTEM, COMPUTE):
        lines.append(f"Program {program} consumed {start - left[0]} of {start} compute units")
    lines.append(f"Program {program} success")


def logs(record: Record) -> list[str]:
    """Give the log lines of a transaction."""
    lines: list[str] = []
    order = record.all_keys
    left = [record.budget.unit_limit]
    for number, step in enumerate(executed(record)):
        if record.failure is None or number < record.failure[0]:
            _log(step, order, 1, left, lines)
            continue
        program, code = order[step.program], record.failure[1]
        lines.append(f"Program {program} invoke [1]")
        lines += [part for part in step.body if isinstance(part, str)][:1]
        lines.append(f"Program log: Error: {ERROR_NAMES[code]}")
        lines.append(f"Program {program} consumed {step.units} of {left[0]} compute units")
        lines.append(f"Program {program} failed: custom program error: {code:#x}")
    return lines


def _tokens(rows: list[TokenRow]) -> list[Json]:
    return [
        {"accountIndex": number, "mint": mint, "owner": owner, "programId": program,
         "uiTokenAmount": ui_amount(raw, decimals)}
        for number, mint, owner, program, raw, decimals in rows
    ]  # fmt: skip


def meta(record: Record, encoding: str) -> Json:
    """Give the `meta` object; only `jsonParsed` leaves `loadedAddresses` out."""
    failed = record.failure
    order = record.all_keys
    inner = []
    for number, step in enumerate(executed(record)):
        calls = [] if failed is not None and number == failed[0] else _inner(step)
        if calls:
            parsed = encoding == "jsonParsed"
            shown = [_readable(s, h, order) if parsed else _plain(s, h) for s, h in calls]
            inner.append({"index": number, "instructions": shown})
    spent = sum(
        step.units if failed is not None and number == failed[0] else units(step)
        for number, step in enumerate(executed(record))
    )
    problem = error(record)
    result: Json = {
        "computeUnitsConsumed": spent, "costUnits": spent + 720 * len(record.signatures) + 2_600,
        "err": problem, "fee": record.fee, "innerInstructions": inner,
        "logMessages": logs(record), "postBalances": record.post,
        "postTokenBalances": _tokens(record.post_tokens), "preBalances": record.pre,
        "preTokenBalances": _tokens(record.pre_tokens), "rewards": [],
        "status": {"Ok": None} if problem is None else {"Err": problem},
    }  # fmt: skip
    if encoding != "jsonParsed":
        result["loadedAddresses"] = {
            "writable": record.loaded_writable, "readonly": record.loaded_readonly,
        }  # fmt: skip
    return result


def _lookups(record: Record) -> list[Json]:
    return [
        {"accountKey": one.table, "readonlyIndexes": list(one.readonly),
         "writableIndexes": list(one.writable)}
        for one in record.lookups
    ]  # fmt: skip


def _accounts(record: Record) -> list[Json]:
    signers, fixed_signers, fixed = record.header
    total = len(record.keys)
    rows = [
        {"pubkey": key, "signer": number < signers, "source": "transaction",
         "writable": number < signers - fixed_signers or signers <= number < total - fixed}
        for number, key in enumerate(record.keys)
    ]  # fmt: skip
    for keys, writable in ((record.loaded_writable, True), (record.loaded_readonly, False)):
        rows += [{"pubkey": key, "signer": False, "source": "lookupTable", "writable": writable}
                 for key in keys]  # fmt: skip
    return rows


def transaction(record: Record, encoding: str) -> Any:
    """Give the `transaction` member in an encoding."""
    if encoding == "base64":
        return [b64encode(transaction_bytes(record)).decode(), "base64"]
    if encoding == "base58":
        return [base58(transaction_bytes(record)), "base58"]
    order = record.all_keys
    message: Json
    if encoding == "jsonParsed":
        message = {
            "accountKeys": _accounts(record), "recentBlockhash": record.blockhash,
            "instructions": [_readable(step, 1, order) for step in record.steps],
        }  # fmt: skip
    else:
        signers, fixed_signers, fixed = record.header
        message = {
            "accountKeys": record.keys,
            "header": {"numReadonlySignedAccounts": fixed_signers,
                       "numReadonlyUnsignedAccounts": fixed, "numRequiredSignatures": signers},
            "instructions": [_plain(step, 1) for step in record.steps],
            "recentBlockhash": record.blockhash,
        }  # fmt: skip
    if record.version == 0:
        message["addressTableLookups"] = _lookups(record)
    if record.version == 1:
        message["transactionConfig"] = {
            "computeUnitLimit": record.budget.unit_limit, "heapSize": None,
            "loadedAccountsDataSizeLimit": None,
            "priorityFee": record.budget.priority_lamports or None,
        }  # fmt: skip
    return {"message": message, "signatures": record.signatures}


def render(record: Record, encoding: str = "json") -> Json:
    """Give one `getTransaction` result."""
    return {
        "blockTime": record.time, "meta": meta(record, encoding), "slot": record.slot,
        "transaction": transaction(record, encoding), "version": version_name(record),
    }  # fmt: skip


def raw_webhook_item(record: Record) -> Json:
    """Give one item of a raw webhook's body: the `json` encoding and the index in the block."""
    return {**render(record), "indexWithinBlock": record.index}
