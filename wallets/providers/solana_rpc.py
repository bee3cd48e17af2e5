"""Any Solana node as a source of transactions: standard methods, no key, a partial view.

`getSignaturesForAddress` finds only transactions that name the address itself, so what reaches
its token accounts alone is missed.
"""

import itertools
import time
from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings

from aura.core.errors import Denied, Garbled, RateLimited, Unavailable
from aura.core.rpc import Rpc
from wallets.domain.sources import Page, Payload, Place
from wallets.providers.node import Node, parse_transaction, transaction_options

_LISTED: Final = 1000
_LISTINGS: Final = 50
_PAGE: Final = 50
# Public nodes count every item of a batch as a call.
_BATCH: Final = 10
_SERVED_LATE: Final = (0.5, 1.5)

sleep = time.sleep


class SolanaRpc(Node):
    """Reads histories by getSignaturesForAddress and getTransaction."""

    vendor = "solana-rpc"
    is_complete = False

    def __init__(self) -> None:
        super().__init__(Rpc(self.vendor, settings.SOLANA_RPC_URL))
        self._takes_batches = True
        self._listing: tuple[str, int, list[str]] = ("", 0, [])

    def page_since(self, address: str, *, slot: int, cursor: str | None) -> Page:
        """Return full transactions from `slot` on (that slot included), oldest first.

        The cursor is the last signature returned. A node lists newest first, so the whole list
        back to `slot` is read once and kept for the pages that follow. Raises Denied when it is
        longer than 50,000, Unavailable when a listed transaction is not served.
        """
        waiting = self._still_to_read(address, slot, cursor)
        if waiting is None:
            waiting = self._list_since(address, slot, cursor)
        page, rest = waiting[:_PAGE], waiting[_PAGE:]
        found = self._insist(page)
        self._listing = (address, slot, [*page[-1:], *rest])
        if None in found:
            raise Unavailable(self.vendor, "a listed transaction is not served yet")
        items = tuple(item for item in found if item is not None)
        return Page(items, page[-1] if rest else None)

    def page_latest(
        self, address: str, *, cursor: str | None, limit: int, before: Place | None = None
    ) -> Page:
        """Return up to `limit` (at most 1,000) full transactions, newest first.

        With `before` they begin after its signature. What the node lists but no longer keeps is
        left out.
        """
        limit = min(limit, _LISTED)
        start = cursor or (before and before.signature)
        listed = self._signatures_for(address, {"limit": limit, "before": start})
        found = self._insist([signature for signature, _ in listed])
        items = tuple(item for item in found if item is not None)
        return Page(items, listed[-1][0] if len(listed) == limit else None)

    def transactions(self, signatures: Sequence[str]) -> list[Payload | None]:
        """Return one transaction a signature, in their order; one by one where batches fail."""
        found: list[Payload | None] = []
        for start in range(0, len(signatures), _BATCH):
            found += self._get_transactions(signatures[start : start + _BATCH])
        return found

    def _still_to_read(self, address: str, slot: int, cursor: str | None) -> list[str] | None:
        known_address, known_slot, left = self._listing
        if cursor is None or (address, slot) != (known_address, known_slot) or left[:1] != [cursor]:
            return None
        return left[1:]

    def _list_since(self, address: str, slot: int, until: str | None) -> list[str]:
        """Return the signatures from `slot` on and after `until`, oldest first."""
        newest_first: list[str] = []
        before: str | None = None
        for _ in range(_LISTINGS):
            options = {"limit": _LISTED, "before": before, "until": until}
            listed = self._signatures_for(address, options)
            newest_first += [signature for signature, at in listed if at >= slot]
            if len(listed) < _LISTED or listed[-1][1] < slot:
                return newest_first[::-1]
            before = listed[-1][0]
        raise Denied(self.vendor, f"more than {_LISTED * _LISTINGS:,} transactions to catch up on")

    # https://solana.com/docs/rpc/http/getsignaturesforaddress
    def _signatures_for(self, address: str, options: dict[str, Any]) -> list[tuple[str, int]]:
        given = {name: value for name, value in options.items() if value is not None}
        given["commitment"] = settings.COMMITMENT
        result = self._rpc.call("getSignaturesForAddress", [address, given])
        return parse_signatures(self.vendor, result)

    def _insist(self, signatures: Sequence[str]) -> list[Payload | None]:
        """Fetch transactions, asking again for those a node behind the others does not have."""
        found = self.transactions(signatures)
        for pause in _SERVED_LATE:
            missing = [i for i, item in enumerate(found) if item is None]
            if not missing:
                break
            sleep(pause)
            again = self.transactions([signatures[i] for i in missing])
            for i, item in zip(missing, again, strict=True):
                found[i] = item
        return found

    # https://solana.com/docs/rpc/http/gettransaction
    def _get_transactions(self, signatures: Sequence[str]) -> list[Payload | None]:
        many = [[signature, transaction_options()] for signature in signatures]
        results: list[Any]
        if self._takes_batches and len(many) > 1:
            size = len(many)
            try:
                results = self._rpc.batch("getTransaction", many, cost=size, calls=size)
                return [parse_transaction(self.vendor, result) for result in results]
            except (Denied, Garbled, RateLimited):
                self._takes_batches = False
        results = [self._rpc.call("getTransaction", params) for params in many]
        return [parse_transaction(self.vendor, result) for result in results]


def parse_signatures(vendor: str, result: Any) -> list[tuple[str, int]]:
    """Read a result of getSignaturesForAddress: (signature, slot), newest first."""
    rows = result if isinstance(result, list) else None
    if rows is None or not all(
        isinstance(row, dict)
        and isinstance(row.get("signature"), str)
        and isinstance(row.get("slot"), int)
        for row in rows
    ):
        raise Garbled(vendor, "getSignaturesForAddress answered no list of signatures")
    if any(older["slot"] > newer["slot"] for newer, older in itertools.pairwise(rows)):
        raise Garbled(vendor, "getSignaturesForAddress answered out of order")
    return [(row["signature"], row["slot"]) for row in rows]
