"""JSON-RPC: envelope, batches, keys and the method table."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from sandbox import meter
from sandbox.accounts import Accounts
from sandbox.addresses import rent
from sandbox.chain import Chain
from sandbox.engine import FIRST_SLOT
from sandbox.history import History, options, whole
from sandbox.rpc_errors import RpcError, bad_params

Json = dict[str, Any]
Method = Callable[[list[Any]], Any]
VERSION = {"solana-core": "3.1.4", "feature-set": 3_640_012_085}
GTFA = "getTransactionsForAddress"
# Batch limits: https://www.helius.dev/docs/billing/rate-limits
MOST_IN_BATCH = 10
BATCH_LIMITS = {"getTransaction": 100, GTFA: 1}
SINGLE_CALL_LIMIT = 100


class Rpc:
    """Answers request bodies. History is read in a thread, state on the event loop."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.credits = chain.faults.credits
        history, accounts = History(chain), Accounts(chain)
        self.history = history
        self.threaded: dict[str, Method] = {
            "getTransaction": history.get_transaction,
            "getSignaturesForAddress": history.get_signatures_for_address,
            "getSignatureStatuses": history.get_signature_statuses,
            "getBlock": history.get_block,
            "getFirstAvailableBlock": history.get_first_available_block,
            GTFA: history.get_transactions_for_address,
        }
        self.direct: dict[str, Method] = {
            "getAccountInfo": accounts.get_account_info,
            "getMultipleAccounts": accounts.get_multiple_accounts,
            "getBalance": accounts.get_balance,
            "getTokenSupply": accounts.get_token_supply,
            "getTokenLargestAccounts": accounts.get_token_largest_accounts,
            "getTokenAccountsByOwner": accounts.get_token_accounts_by_owner,
            "getTokenAccountBalance": accounts.get_token_account_balance,
            "getBlockTime": self._block_time,
            "getSlot": self._slot,
            "getBlockHeight": lambda params: self._slot(params) - FIRST_SLOT,
            "getLatestBlockhash": self._blockhash,
            "getMinimumBalanceForRentExemption": self._rent,
            "getHealth": lambda _params: "ok",
            "getVersion": lambda _params: VERSION,
        }

    def _slot(self, params: list[Any]) -> int:
        commitment = options(params, 0).get("commitment", "finalized")
        if commitment not in ("processed", "confirmed", "finalized"):
            raise bad_params(f"Invalid params: unknown variant `{commitment}`")
        return self.chain.finalized() if commitment == "finalized" else self.chain.tip()

    def _block_time(self, params: list[Any]) -> int:
        slot = whole(params[0] if params else None, "slot", 0, 2**62)
        if slot > self.chain.tip():
            raise RpcError(-32004, f"Block not available for slot {slot}")
        return self.history.block_time(slot)

    def _blockhash(self, params: list[Any]) -> Json:
        slot = self._slot(params)
        found = self.chain.store.rows("SELECT signature FROM tx ORDER BY id DESC LIMIT 1")
        record = self.chain.store.record(found[0][0]) if found else None
        value = {"blockhash": record.blockhash if record else "1" * 32,
                 "lastValidBlockHeight": slot - FIRST_SLOT + 150}  # fmt: skip
        return {"context": {"slot": slot, "apiVersion": VERSION["solana-core"]}, "value": value}

    def _rent(self, params: list[Any]) -> int:
        return rent(whole(params[0] if params else None, "length", 0, 10 * 1024 * 1024))

    async def _call(self, request: object, *, public: bool) -> Json:
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            return _failure(None, RpcError(-32600, "Invalid request"))
        ident, name = request.get("id"), request["method"]
        params = request.get("params") or []
        try:
            if not isinstance(params, list):
                raise bad_params("Invalid params: expected an array.")
            if not public and self.credits.gone:
                raise RpcError(meter.CODE, meter.MESSAGE)
            if name in self.direct:
                result = self.direct[name](params)
            elif name in self.threaded and not (public and name == GTFA):
                result = await asyncio.to_thread(self.threaded[name], params)
            else:
                raise RpcError(-32601, "Method not found")
        except RpcError as fault:
            return _failure(ident, fault)
        if not public:
            self.credits.charge(meter.price(name, params, result))
        return {"jsonrpc": "2.0", "result": result, "id": ident}

    async def answer(self, body: bytes, *, public: bool) -> tuple[int, object]:
        """Give the HTTP status and the answer to a request body, single or batch."""
        if not public and self.credits.gone:
            return 429, meter.refusal()
        try:
            request = json.loads(body)
        except ValueError:
            return 400, _failure(None, RpcError(-32700, "Parse error"))
        if not isinstance(request, list):
            return 200, await self._call(request, public=public)
        fault = _batch_fault(request)
        if fault is not None:
            return 400, _failure(None, fault)
        return 200, [await self._call(one, public=public) for one in request]


def _batch_fault(requests: list[Any]) -> RpcError | None:
    if not requests:
        return RpcError(-32600, "Invalid request: empty batch")
    names = [one.get("method") for one in requests if isinstance(one, dict)]
    if len(requests) > 1 and GTFA in names:
        return RpcError(-32600, f"{GTFA} does not support batch requests")
    historical = {"getTransaction", "getSignaturesForAddress", "getSignatureStatuses", "getBlock"}
    for name in historical & {str(one) for one in names}:
        if names.count(name) > BATCH_LIMITS.get(name, MOST_IN_BATCH):
            return RpcError(-32600, f"Batch size too large for {name}")
    if len(requests) > SINGLE_CALL_LIMIT:
        return RpcError(-32600, f"Batch size too large: at most {SINGLE_CALL_LIMIT}")
    return None


def _failure(ident: object, fault: RpcError) -> Json:
    return {"jsonrpc": "2.0", "error": {"code": fault.code, "message": fault.message}, "id": ident}


def denied() -> Json:
    """Give the body that goes with HTTP 401."""
    return _failure(None, RpcError(-32001, "invalid api key provided"))
