"""Helius as a source of transactions: its RPC sees what happens to token accounts too."""

from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings

from aura.core.errors import Garbled
from aura.core.rpc import Rpc
from wallets.domain.sources import Page, Payload, Place
from wallets.providers.node import Node, parse_transaction, transaction_options

# https://www.helius.dev/docs/billing/credits: 10 credits per 100 full transactions, at least 10
_CREDITS_A_HUNDRED: Final = 10
_PAGE: Final = 100
# https://www.helius.dev/docs/billing/rate-limits: a batch of getTransaction holds up to 100
_BATCH: Final = 100
_LONGEST_PAGE: Final = 1000


class Helius(Node):
    """Reads complete histories by getTransactionsForAddress."""

    vendor = "helius"
    is_complete = True

    def __init__(self) -> None:
        key = {"api-key": settings.HELIUS_API_KEY}
        super().__init__(Rpc(self.vendor, settings.HELIUS_RPC_URL, key))

    def page_since(self, address: str, *, slot: int, cursor: str | None) -> Page:
        """Return full transactions from `slot` on (that slot included), oldest first."""
        return self._transactions_for(address, "asc", _PAGE, cursor, {"slot": {"gte": slot}})

    def page_latest(
        self, address: str, *, cursor: str | None, limit: int, before: Place | None = None
    ) -> Page:
        """Return up to `limit` (at most 1,000) full transactions, newest first.

        With `before` they begin with its slot: the vendor's filter knows slots alone.
        """
        filters = {} if before is None else {"slot": {"lte": before.slot}}
        return self._transactions_for(address, "desc", min(limit, _LONGEST_PAGE), cursor, filters)

    def transactions(self, signatures: Sequence[str]) -> list[Payload | None]:
        """Return one transaction a signature, in their order, by batches of 100."""
        found: list[Payload | None] = []
        for start in range(0, len(signatures), _BATCH):
            found += self._get_transactions(signatures[start : start + _BATCH])
        return found

    # https://www.helius.dev/docs/rpc/gettransactionsforaddress
    def _transactions_for(
        self, address: str, order: str, limit: int, cursor: str | None, filters: dict[str, Any]
    ) -> Page:
        options: dict[str, Any] = {
            "transactionDetails": "full",
            "sortOrder": order,
            "limit": limit,
            "encoding": "json",
            "commitment": settings.COMMITMENT,
            "maxSupportedTransactionVersion": 1,
            "filters": {"status": "any", "tokenAccounts": "balanceChanged", **filters},
        }
        if cursor is not None:
            options["paginationToken"] = cursor
        cost = _CREDITS_A_HUNDRED * max(1, -(-limit // 100))
        result = self._rpc.call("getTransactionsForAddress", [address, options], cost=cost)
        return parse_page(self.vendor, result, cursor)

    # https://www.helius.dev/docs/api-reference/rpc/http/gettransaction
    def _get_transactions(self, signatures: Sequence[str]) -> list[Payload | None]:
        many = [[signature, transaction_options()] for signature in signatures]
        results = self._rpc.batch("getTransaction", many, cost=len(many))
        return [parse_transaction(self.vendor, result) for result in results]


def parse_page(vendor: str, result: Any, cursor: str | None) -> Page:
    """Read a result of getTransactionsForAddress; `cursor` is the one it was asked with.

    Raises Garbled for another shape, and for a cursor that does not move, which would be read
    for ever. What an item says is for the decoder to judge.
    """
    items = result.get("data") if isinstance(result, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Garbled(vendor, "getTransactionsForAddress answered no list of transactions")
    following = result.get("paginationToken")
    if following is not None and (not isinstance(following, str) or following == cursor):
        raise Garbled(vendor, "getTransactionsForAddress gave no usable paginationToken")
    return Page(tuple(items), (following or None) if items else None)
