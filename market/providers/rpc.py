"""Accounts of the chain by JSON-RPC: from Helius with a key, else from any Solana node."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings

from aura.core.errors import Garbled
from aura.core.rpc import Rpc

# https://solana.com/docs/rpc/http/getmultipleaccounts: up to 100 accounts
ACCOUNTS_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Account:
    """An account's data and the program that owns it."""

    owner: str
    data: bytes = field(repr=False)


class Node:
    """The endpoint that answers about accounts; methods raise ProviderError."""

    def __init__(self) -> None:
        key = settings.HELIUS_API_KEY
        self._rpc = (
            Rpc("helius", settings.HELIUS_RPC_URL, {"api-key": key})
            if key
            else Rpc("solana-rpc", settings.SOLANA_RPC_URL)
        )
        self.vendor = self._rpc.vendor

    def accounts(self, keys: Sequence[str]) -> dict[str, Account]:
        """Return those accounts that exist and can be read, by 100 a call."""
        found: dict[str, Account] = {}
        for start in range(0, len(keys), ACCOUNTS_AT_ONCE):
            some = keys[start : start + ACCOUNTS_AT_ONCE]
            found |= parse_accounts(self.vendor, self._get_multiple_accounts(some), some)
        return found

    def largest(self, mint: str) -> dict[str, int]:
        """Return the raw amounts of the mint's twenty largest token accounts."""
        return parse_largest(self.vendor, self._get_token_largest_accounts(mint))

    # https://solana.com/docs/rpc/http/getmultipleaccounts
    def _get_multiple_accounts(self, keys: Sequence[str]) -> Any:
        options = {"encoding": "base64", "commitment": settings.COMMITMENT}
        return self._rpc.call("getMultipleAccounts", [list(keys), options])

    # https://solana.com/docs/rpc/http/gettokenlargestaccounts
    def _get_token_largest_accounts(self, mint: str) -> Any:
        return self._rpc.call(
            "getTokenLargestAccounts", [mint, {"commitment": settings.COMMITMENT}]
        )


def parse_accounts(vendor: str, result: Any, keys: Sequence[str]) -> dict[str, Account]:
    """Read accounts by key, in the order asked; null is one that does not exist."""
    values = result.get("value") if isinstance(result, dict) else None
    if not isinstance(values, list) or len(values) != len(keys):
        raise Garbled(vendor, f"getMultipleAccounts answered no list of {len(keys)}")
    read = {key: _account(value) for key, value in zip(keys, values, strict=True)}
    return {key: account for key, account in read.items() if account is not None}


def _account(value: Any) -> Account | None:
    """Read an account; one in another encoding is as good as none."""
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, list) or len(data) != 2 or data[1] != "base64":
        return None
    owner = value.get("owner")
    try:
        return Account(owner, base64.b64decode(data[0], validate=True)) if owner else None
    except (binascii.Error, TypeError, ValueError):
        return None


def parse_largest(vendor: str, result: Any) -> dict[str, int]:
    """Read the amounts of the largest token accounts, which come as text."""
    values = result.get("value") if isinstance(result, dict) else None
    if not isinstance(values, list):
        raise Garbled(vendor, "getTokenLargestAccounts answered no list")
    found: dict[str, int] = {}
    for value in values:
        amount = value.get("amount") if isinstance(value, dict) else None
        key = value.get("address") if isinstance(value, dict) else None
        if not isinstance(amount, str) or not amount.isascii() or not amount.isdigit():
            raise Garbled(vendor, "getTokenLargestAccounts answered no amount")
        if not isinstance(key, str) or len(amount) > 20:
            raise Garbled(vendor, "getTokenLargestAccounts answered no account")
        found[key] = int(amount)
    return found
