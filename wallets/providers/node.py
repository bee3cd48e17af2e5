"""The standard methods every Solana node has, whoever runs it."""

from typing import Any

from django.conf import settings

from aura.core.errors import Garbled
from wallets.domain.sources import Payload
from wallets.providers.rpc import NO_BLOCK, Rpc


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
