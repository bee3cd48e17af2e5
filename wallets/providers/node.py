"""The standard methods every Solana node has, whoever runs it."""

from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings

from aura.core.errors import Garbled
from aura.core.rpc import NO_BLOCK, Rpc
from wallets.domain.sources import Payload, SignatureStatus

# https://solana.com/docs/rpc/http/getsignaturestatuses: up to 256 signatures a call
STATUSES_AT_ONCE: Final = 256


def transaction_options() -> dict[str, Any]:
    """Return the options every getTransaction call sends; without the version v1 is an error."""
    return {
        "encoding": "json",
        "commitment": settings.COMMITMENT,
        "maxSupportedTransactionVersion": 1,
    }


class Node:
    """A source's answers that every node gives, over one endpoint; all raise ProviderError."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    # https://solana.com/docs/rpc/http/getsignaturestatuses
    def statuses(self, signatures: Sequence[str]) -> list[SignatureStatus | None]:
        """Return what became of each signature, searching the whole history, by 256 a call."""
        found: list[SignatureStatus | None] = []
        for start in range(0, len(signatures), STATUSES_AT_ONCE):
            some = list(signatures[start : start + STATUSES_AT_ONCE])
            options = {"searchTransactionHistory": True}
            answer = self._rpc.call("getSignatureStatuses", [some, options])
            found += parse_statuses(self._rpc.vendor, answer, len(some))
        return found

    # https://solana.com/docs/rpc/http/getslot
    def final_slot(self) -> int:
        """Return the newest final slot."""
        return self._slot("getSlot", [{"commitment": "finalized"}])

    # https://solana.com/docs/rpc/http/getfirstavailableblock
    def first_slot(self) -> int:
        """Return the oldest slot the node still keeps."""
        return self._slot("getFirstAvailableBlock", [])

    # https://solana.com/docs/rpc/http/getblocktime
    def block_time(self, slot: int) -> int | None:
        """Return the slot's estimated time in unix seconds; None when it has none."""
        seconds = self._rpc.call("getBlockTime", [slot], none_for=NO_BLOCK)
        if seconds is None or (isinstance(seconds, int) and not isinstance(seconds, bool)):
            return seconds
        raise Garbled(self._rpc.vendor, "getBlockTime answered no number of seconds")

    # https://solana.com/docs/rpc/http/getblock
    def block_signatures(self, slot: int) -> list[str] | None:
        """Return the signatures of a slot's block in its order; None when there is no block."""
        options = {
            "transactionDetails": "signatures",
            "rewards": False,
            "commitment": settings.COMMITMENT,
            "maxSupportedTransactionVersion": 1,
        }
        block = self._rpc.call("getBlock", [slot, options], none_for=NO_BLOCK)
        if block is None:
            return None
        signatures = block.get("signatures") if isinstance(block, dict) else None
        if not isinstance(signatures, list) or not all(isinstance(s, str) for s in signatures):
            raise Garbled(self._rpc.vendor, "getBlock answered no list of signatures")
        return signatures

    def _slot(self, method: str, params: list[Any]) -> int:
        slot = self._rpc.call(method, params)
        if not isinstance(slot, int) or isinstance(slot, bool):
            raise Garbled(self._rpc.vendor, f"{method} answered no slot")
        return slot


def parse_transaction(vendor: str, result: Any) -> Payload | None:
    """Read a result of getTransaction; None for a signature unknown at this commitment."""
    if result is None or isinstance(result, dict):
        return result
    raise Garbled(vendor, "getTransaction answered no transaction")


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
