"""One metered call per configured endpoint of this app's vendors, with what our parsers expect."""

import asyncio
from collections.abc import Callable
from typing import Any

from django.conf import settings

from aura.core import http
from aura.core.errors import Garbled
from aura.core.rpc import Rpc
from aura.core.shapes import Check, Filled, OneOf, nullable, optional
from wallets.providers.helius_stream import subscription
from wallets.providers.node import transaction_options
from wallets.providers.sockets import probe

_INSTRUCTION = {"programIdIndex": int, "accounts": [int], "data": str}
_TOKEN_BALANCE = {
    "accountIndex": int,
    "mint": str,
    "owner": optional(str),
    "programId": optional(str),
    "uiTokenAmount": {"amount": str, "decimals": int},
}
_TRANSACTION = {
    "slot": int,
    "blockTime": nullable(int),
    "version": OneOf((str, int), missing=True),
    "transaction": {
        "signatures": [str],
        "message": {
            "accountKeys": [str],
            "header": {
                "numRequiredSignatures": int,
                "numReadonlySignedAccounts": int,
                "numReadonlyUnsignedAccounts": int,
            },
            "instructions": [_INSTRUCTION],
        },
    },
    "meta": {
        "err": OneOf((None, dict, str)),
        "fee": int,
        "preBalances": [int],
        "postBalances": [int],
        "preTokenBalances": optional([_TOKEN_BALANCE]),
        "postTokenBalances": optional([_TOKEN_BALANCE]),
        "innerInstructions": optional([{"index": int, "instructions": [_INSTRUCTION]}]),
        "logMessages": optional([str]),
        "loadedAddresses": optional({"writable": [str], "readonly": [str]}),
    },
}
_SIGNATURE = {
    "signature": str,
    "slot": int,
    "err": OneOf((None, dict, str)),
    "blockTime": nullable(int),
}
_WEBHOOK = {
    "webhookID": str,
    "webhookURL": str,
    "webhookType": str,
    "transactionTypes": [str],
    "accountAddresses": [str],
    "authHeader": optional(str),
    "active": OneOf((bool,), missing=True),
}


def checks(subject: str) -> list[Check]:
    """Return the checks of what is configured; `subject` is an address with recent transactions."""
    plain = Rpc("solana-rpc", settings.SOLANA_RPC_URL)
    found = _of_a_node(plain, subject)
    if settings.HELIUS_API_KEY:
        key = {"api-key": settings.HELIUS_API_KEY}
        rpc = Rpc("helius", settings.HELIUS_RPC_URL, key)
        found += [*_of_a_node(rpc, subject), _history(rpc, subject), _webhooks(key)]
        found.append(
            _socket("helius", "transactionSubscribe", key, subscription([subject])),
        )
        found.append(
            _socket("helius", "logsSubscribe", key, ({"mentions": [subject]}, _commitment()))
        )
    return found


def _commitment() -> dict[str, str]:
    return {"commitment": settings.COMMITMENT}


def _of_a_node(rpc: Rpc, subject: str) -> list[Check]:
    newest = _Newest(rpc, subject)

    def check(method: str, params: Callable[[], list[Any]], shape: Any) -> Check:
        return Check(f"{rpc.vendor} {method}", lambda: rpc.call(method, params()), shape)

    block = {
        "transactionDetails": "signatures",
        "rewards": False,
        "maxSupportedTransactionVersion": 1,
        **_commitment(),
    }
    return [
        check(
            "getSignaturesForAddress",
            lambda: [subject, {"limit": 3, **_commitment()}],
            Filled(_SIGNATURE),
        ),
        check(
            "getTransaction",
            lambda: [newest.row()["signature"], transaction_options()],
            _TRANSACTION,
        ),
        check("getBlockTime", lambda: [newest.row()["slot"]], nullable(int)),
        check("getBlock", lambda: [newest.row()["slot"], block], {"signatures": Filled(str)}),
    ]


class _Newest:
    """The subject's newest transaction, asked for once, for the calls that need one."""

    def __init__(self, rpc: Rpc, subject: str) -> None:
        self._rpc = rpc
        self._subject = subject
        self._row: dict[str, Any] | None = None

    def row(self) -> dict[str, Any]:
        if self._row is None:
            params = [self._subject, {"limit": 1, **_commitment()}]
            rows = self._rpc.call("getSignaturesForAddress", params)
            if not (isinstance(rows, list) and rows and isinstance(rows[0], dict)):
                raise Garbled(self._rpc.vendor, "no transaction to ask for")
            self._row = rows[0]
        return self._row


def _history(rpc: Rpc, subject: str) -> Check:
    options = {
        "transactionDetails": "full",
        "sortOrder": "desc",
        "limit": 3,
        "filters": {"status": "any", "tokenAccounts": "balanceChanged"},
        **transaction_options(),
    }
    return Check(
        "helius getTransactionsForAddress",
        lambda: rpc.call("getTransactionsForAddress", [subject, options], cost=10),
        {
            "data": Filled({**_TRANSACTION, "transactionIndex": int}),
            "paginationToken": optional(str),
        },
    )


def _webhooks(key: dict[str, str]) -> Check:
    def call() -> Any:
        return http.request_json(
            "helius", "GET", settings.HELIUS_API_URL, "/v0/webhooks", params=key
        )

    return Check("helius webhooks", call, [_WEBHOOK])


def _socket(vendor: str, method: str, key: dict[str, str], params: tuple[Any, ...]) -> Check:
    def call() -> Any:
        return asyncio.run(probe(vendor, settings.HELIUS_WS_URL, key, method, *params))

    return Check(f"{vendor} {method}", call, int)
