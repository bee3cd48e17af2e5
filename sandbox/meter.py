"""What the vendor's calls cost, and what is left of the month's credits.

Prices: https://www.helius.dev/docs/billing/credits
"""

from __future__ import annotations

from typing import Any

WEBHOOK_EDIT = 100
WEBHOOK_EVENT = 1
# Two credits for every started tenth of a megabyte of WebSocket data.
STREAM_BYTES, STREAM_PRICE = 100_000, 2
GTFA_PAGE, GTFA_PRICE = 100, 10
MESSAGE = "max usage reached"
CODE = -32429


class Credits:
    """Credits left, None for no limit; what is spent is counted either way."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.spent = 0

    @property
    def gone(self) -> bool:
        """Whether nothing is answered or delivered any more."""
        return self.left is not None and self.left <= 0

    def top_up(self, total: int | None) -> None:
        """Set what is left."""
        self.left = total

    def charge(self, price: int) -> None:
        """Take a price; the last call may cost more than was left."""
        self.spent += price
        if self.left is not None:
            self.left = max(0, self.left - price)

    def take(self, wanted: int) -> int:
        """Charge for as many webhook events as can be paid and give their number."""
        paid = wanted if self.left is None else min(wanted, self.left // WEBHOOK_EVENT)
        self.charge(paid * WEBHOOK_EVENT)
        return paid


def price(method: str, params: list[Any], result: object) -> int:
    """Give the credits of one successful call; full history costs by the rows it returned."""
    if method != "getTransactionsForAddress":
        return 1
    config = params[1] if len(params) > 1 and isinstance(params[1], dict) else {}
    if config.get("transactionDetails") != "full" or not isinstance(result, dict):
        return GTFA_PRICE
    return GTFA_PRICE * max(1, -(-len(result["data"]) // GTFA_PAGE))


def refusal() -> dict[str, Any]:
    """Give the JSON-RPC body that goes with HTTP 429 once the credits are gone."""
    return {"jsonrpc": "2.0", "error": {"code": CODE, "message": MESSAGE}, "id": None}
