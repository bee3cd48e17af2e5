"""Serialised message and transaction bytes: legacy and v0 by hand, v1 through solders."""

from collections.abc import Sequence

from solders.hash import Hash
from solders.instruction import CompiledInstruction
from solders.message import MessageHeader, MessageV1, TransactionConfig, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from sandbox.addresses import raw
from sandbox.record import Budget, Lookup, Record, Step


def compact(number: int) -> bytes:
    """Encode a length as Solana's compact-u16."""
    if number < 0x80:
        return bytes((number,))
    if number < 0x4000:
        return bytes((number & 0x7F | 0x80, number >> 7))
    return bytes((number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14))


def message_v1(
    header: tuple[int, int, int], keys: Sequence[str], blockhash: str, budget: Budget,
    steps: Sequence[Step],
) -> MessageV1:  # fmt: skip
    """Build the v1 message object; compute limits travel inside it."""
    return MessageV1(
        MessageHeader(*header),
        TransactionConfig(
            priority_fee=budget.priority_lamports or None, compute_unit_limit=budget.unit_limit
        ),
        Hash.from_string(blockhash),
        [Pubkey(raw(key)) for key in keys],
        [CompiledInstruction(s.program, s.data, s.accounts) for s in steps],
    )


def message_bytes(
    version: int, header: tuple[int, int, int], keys: Sequence[str], blockhash: str,
    steps: Sequence[Step], lookups: Sequence[Lookup], budget: Budget,
) -> bytes:  # fmt: skip
    """Serialise the message; these are the bytes its signers sign."""
    if version == 1:
        return bytes(to_bytes_versioned(message_v1(header, keys, blockhash, budget, steps)))
    parts = [b"\x80" if version == 0 else b"", bytes(header), compact(len(keys))]
    parts += [raw(key) for key in keys]
    parts += [raw(blockhash), compact(len(steps))]
    for step in steps:
        parts += [
            bytes((step.program,)), compact(len(step.accounts)), step.accounts,
            compact(len(step.data)), step.data,
        ]  # fmt: skip
    if version == 0:
        parts.append(compact(len(lookups)))
        for lookup in lookups:
            parts += [
                raw(lookup.table), compact(len(lookup.writable)), lookup.writable,
                compact(len(lookup.readonly)), lookup.readonly,
            ]  # fmt: skip
    return b"".join(parts)


def transaction_bytes(record: Record) -> bytes:
    """Serialise the whole transaction as `encoding: base64` gives it."""
    if record.version == 1:
        message = message_v1(
            record.header, record.keys, record.blockhash, record.budget, record.steps
        )
        signatures = [Signature.from_string(text) for text in record.signatures]
        return bytes(VersionedTransaction.populate(message, signatures))
    body = message_bytes(
        record.version, record.header, record.keys, record.blockhash, record.steps,
        record.lookups, record.budget,
    )  # fmt: skip
    signed = b"".join(bytes(Signature.from_string(text)) for text in record.signatures)
    return compact(len(record.signatures)) + signed + body
