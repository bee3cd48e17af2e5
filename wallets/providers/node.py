"""The standard methods every Solana node has, whoever runs it."""

from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings

from aura.core.errors import Garbled
from wallets.domain.sources import Payload, SignatureStatus
from wallets.providers.rpc import NO_BLOCK, Rpc

# https://solana.com/docs/rpc/http/getsignaturestatuses: up to 256 signatures a call
STATUSES_AT_ONCE: Final = 256


def transaction_options() -> dict[str, Any]:
    """Return the options every getTransaction call sends; without the version v1 is an error."""
    return {
        "encoding": "json",
        "commitment": settings.COMMITMENT,
        "maxSupportedTransactionVersion": 1,
    }


# https://solana.com/docs/rpc/http/getblocktime
def block_time(rpc: Rpc, slot: int) -> int | None:
    """Ask for a slot's time: unix seconds, None where the node has none."""
    seconds = rpc.call("getBlockTime", [slot], none_for=NO_BLOCK)
    if seconds is None or (isinstance(seconds, int) and not isinstance(seconds, bool)):
        return seconds
    raise Garbled(rpc.vendor, "getBlockTime answered no number of seconds")


# https://solana.com/docs/rpc/http/getblock
def block_signatures(rpc: Rpc, slot: int) -> list[str] | None:
    """Ask for the signatures of a slot's block, in its order; None where there is no block."""
    options = {
        "transactionDetails": "signatures",
        "rewards": False,
        "commitment": settings.COMMITMENT,
        "maxSupportedTransactionVersion": 1,
    }
    block = rpc.call("getBlock", [slot, options], none_for=NO_BLOCK)
    if block is None:
        return None
    signatures = block.get("signatures") if isinstance(block, dict) else None
    if not isinstance(signatures, list) or not all(isinstance(s, str) for s in signatures):
        raise Garbled(rpc.vendor, "getBlock answered no list of signatures")
    return signatures


def parse_transaction(vendor: str, result: Any) -> Payload | None:
    """Read a result of getTransaction; None for a signature unknown at this commitment."""
    if result is None or isinstance(result, dict):
        return result
    raise Garbled(vendor, "getTransaction answered no transaction")


# https://solana.com/docs/rpc/http/getsignaturestatuses
def statuses(rpc: Rpc, signatures: Sequence[str]) -> list[SignatureStatus | None]:
    """Ask what became of signatures, searching the node's whole history."""
    found: list[SignatureStatus | None] = []
    for start in range(0, len(signatures), STATUSES_AT_ONCE):
        some = list(signatures[start : start + STATUSES_AT_ONCE])
        answer = rpc.call("getSignatureStatuses", [some, {"searchTransactionHistory": True}])
        found += parse_statuses(rpc.vendor, answer, len(some))
    return found


def parse_statuses(vendor: str, answer: Any, count: int) -> list[SignatureStatus | None]:
    """Read a result of getSignatureStatuses for so many signatures."""
    values = answer.get("value") if isinstance(answer, dict) else None
    if not isinstance(values, list) or len(values) != count:
        raise Garbled(vendor, f"getSignatureStatuses answered no list of {count}")
    return [None if value is None else _status(vendor, value) for value in values]


def _status(vendor: str, value: Any) -> SignatureStatus:
    slot = value.get("slot") if isinstance(value, dict) else None
    if not isinstance(slot, int) or isinstance(slot, bool):
        raise Garbled(vendor, "getSignatureStatuses answered no status")
    # A node of before commitment names tells finality by the absence of confirmations.
    said = value.get("confirmationStatus")
    is_final = said == "finalized" or (said is None and value.get("confirmations") is None)
    return SignatureStatus(slot, value.get("err") is not None, is_final)


# https://solana.com/docs/rpc/http/getslot
def final_slot(rpc: Rpc) -> int:
    """Ask for the newest final slot."""
    return _slot_of(rpc, "getSlot", [{"commitment": "finalized"}])


# https://solana.com/docs/rpc/http/getfirstavailableblock
def first_slot(rpc: Rpc) -> int:
    """Ask for the oldest slot the node still keeps."""
    return _slot_of(rpc, "getFirstAvailableBlock", [])


def _slot_of(rpc: Rpc, method: str, params: list[Any]) -> int:
    slot = rpc.call(method, params)
    if not isinstance(slot, int) or isinstance(slot, bool):
        raise Garbled(rpc.vendor, f"{method} answered no slot")
    return slot
