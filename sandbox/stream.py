"""The WebSocket surface: subscriptions and their notifications."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import count
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.accounts import Accounts
from sandbox.chain import Chain
from sandbox.encode import ENCODINGS, error, logs, render
from sandbox.history import address, options
from sandbox.record import Record
from sandbox.rpc_errors import RpcError, bad_params
from sandbox.sockets import Wire
from sandbox.store import BALANCE_CHANGED, REFERENCED, touched

Json = dict[str, Any]
Sender = Callable[[Record, dict[str, int]], Json | None]
SLOW_CLIENT = 2_048
MOST_SUBSCRIPTIONS = 1_000
MOST_ADDRESSES = 50_000

# A plain node does not know the extensions of a vendor.
HELIUS_ONLY = frozenset({"transactionSubscribe"})


class Connection:
    """One client: its subscriptions and a bounded queue of messages to it."""

    def __init__(self, hub: Stream, *, public: bool = False) -> None:
        self.hub = hub
        self.public = public
        self.senders: dict[int, Sender] = {}
        self.names: dict[int, str] = {}
        self.once: set[int] = set()
        self.queue: asyncio.Queue[str] = asyncio.Queue(SLOW_CLIENT)
        self.slow = False

    def put(self, message: Json) -> None:
        """Queue a message; a client too far behind is dropped."""
        if self.queue.full():
            self.slow = True
            return
        self.queue.put_nowait(json.dumps(message))

    def notify(self, number: int, result: object) -> None:
        """Queue a notification of a subscription."""
        params = {"result": result, "subscription": number}
        self.put({"jsonrpc": "2.0", "method": self.names[number], "params": params})

    def offer(self, record: Record, keys: dict[str, int]) -> None:
        """Give a transaction to every subscription that wants it."""
        for number, sender in list(self.senders.items()):
            result = sender(record, keys)
            if result is None:
                continue
            self.notify(number, result)
            if number in self.once:
                self.drop(number)

    def drop(self, number: int) -> bool:
        """End a subscription."""
        self.once.discard(number)
        self.names.pop(number, None)
        return self.senders.pop(number, None) is not None

    def answer(self, request: object) -> None:
        """Act on one client message."""
        if not isinstance(request, dict):
            self.put(_failure(None, RpcError(-32600, "Invalid request")))
            return
        ident, name = request.get("id"), str(request.get("method"))
        params = request.get("params") or []
        try:
            if not isinstance(params, list):
                raise bad_params("Invalid params: expected an array.")
            self._act(ident, name, params)
        except RpcError as fault:
            self.put(_failure(ident, fault))

    def _act(self, ident: object, name: str, params: list[Any]) -> None:
        if name.endswith("Unsubscribe"):
            gone = bool(params) and isinstance(params[0], int) and self.drop(params[0])
            if not gone:
                raise bad_params("Invalid subscription id.")
            self.put({"jsonrpc": "2.0", "result": True, "id": ident})
            return
        make = self.hub.makers.get(name)
        if make is None or (self.public and name in HELIUS_ONLY):
            raise RpcError(-32601, "Method not found")
        if len(self.senders) >= MOST_SUBSCRIPTIONS:
            raise RpcError(-32006, "Too many subscriptions")
        sender = make(params)
        number = next(self.hub.numbers)
        self.names[number] = name.replace("Subscribe", "Notification")
        self.senders[number] = sender
        self.put({"jsonrpc": "2.0", "result": number, "id": ident})
        if name == "signatureSubscribe":
            self.once.add(number)
            self._already(number, str(params[0]))

    def _already(self, number: int, signature: str) -> None:
        record = self.hub.chain.store.record(signature, self.hub.chain.tip())
        if record is not None:
            self.notify(number, self.hub.context({"err": error(record)}, record.slot))
            self.drop(number)


class Stream:
    """Makes subscriptions and hands every committed transaction to every connection."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.accounts = Accounts(chain)
        self.numbers = count(1)
        self.connections: set[Connection] = set()
        self.makers: dict[str, Callable[[list[Any]], Sender]] = {
            "logsSubscribe": self._logs,
            "transactionSubscribe": self._transactions,
            "signatureSubscribe": self._signature,
            "accountSubscribe": self._account,
            "slotSubscribe": self._slot,
        }

    def context(self, value: object, slot: int) -> Json:
        """Wrap a value with its slot."""
        return {"context": {"slot": slot}, "value": value}

    def publish(self, records: list[Record]) -> None:
        """Offer committed transactions to all connections."""
        if not self.connections:
            return
        for record in records:
            keys = touched(record)
            for connection in self.connections:
                connection.offer(record, keys)

    def _logs(self, params: list[Any]) -> Sender:
        chosen = params[0] if params else None
        mention: str | None = None
        if isinstance(chosen, dict):
            mentions = chosen.get("mentions")
            if not isinstance(mentions, list) or len(mentions) != 1:
                raise bad_params("Invalid Request: Only 1 address supported")
            mention = address(mentions[0])
        elif chosen not in ("all", "allWithVotes"):
            raise bad_params("Invalid params: expected a filter.")

        def send(record: Record, _keys: dict[str, int]) -> Json | None:
            if mention is not None and mention not in record.all_keys:
                return None
            value = {"signature": record.signature, "err": error(record), "logs": logs(record)}
            return self.context(value, record.slot)

        return send

    def _transactions(self, params: list[Any]) -> Sender:
        wanted, config = options(params, 0), options(params, 1)
        include, exclude, required = (
            {address(key) for key in wanted.get(name) or []}
            for name in ("accountInclude", "accountExclude", "accountRequired")
        )
        if len(include) > MOST_ADDRESSES:
            raise bad_params(f"accountInclude takes at most {MOST_ADDRESSES} addresses")
        highest = config.get("maxSupportedTransactionVersion")
        encoding = config.get("encoding", "json")
        details = config.get("transactionDetails", "full")
        if encoding not in ENCODINGS or details not in ("full", "signatures", "accounts", "none"):
            raise bad_params("Invalid params: encoding or transactionDetails.")
        scope = REFERENCED if wanted.get("tokenAccounts", "none") == "none" else 7
        if wanted.get("tokenAccounts") == "balanceChanged":
            scope = REFERENCED | BALANCE_CHANGED

        def send(record: Record, keys: dict[str, int]) -> Json | None:
            if record.failure is not None and not wanted.get("failed", False):
                return None
            if wanted.get("signature") not in (None, record.signature):
                return None
            named = {key for key, how in keys.items() if how & scope} | set(record.all_keys)
            if (include and not include & named) or exclude & named or not required <= named:
                return None
            if record.version >= 0 and (not isinstance(highest, int) or highest < record.version):
                return None
            return _notification(record, encoding, details)

        return send

    def _signature(self, params: list[Any]) -> Sender:
        if not params or not isinstance(params[0], str):
            raise bad_params("Invalid param: WrongSize")
        wanted = params[0]

        def send(record: Record, _keys: dict[str, int]) -> Json | None:
            if record.signature != wanted:
                return None
            return self.context({"err": error(record)}, record.slot)

        return send

    def _account(self, params: list[Any]) -> Sender:
        wanted, config = address(params[0] if params else None), options(params, 1)
        encoding = str(config.get("encoding", "base64"))

        def send(record: Record, _keys: dict[str, int]) -> Json | None:
            if wanted not in record.all_keys:
                return None
            return self.context(self.accounts.account(wanted, encoding), record.slot)

        return send

    def _slot(self, _params: list[Any]) -> Sender:
        last = 0

        def send(record: Record, _keys: dict[str, int]) -> Json | None:
            nonlocal last
            if record.slot <= last:
                return None
            last = record.slot
            return {"parent": last - 1, "root": last - 32, "slot": last}

        return send

    async def serve(self, socket: WebSocket, *, public: bool = False) -> None:
        """Talk to one client until it leaves or falls too far behind; `public` as a plain node."""
        await socket.accept()
        connection = Connection(self, public=public)
        self.connections.add(connection)
        wire = Wire(socket, self.chain.faults, metered=not public)
        writer = asyncio.create_task(_write(socket, wire, connection))
        try:
            while True:
                text = await socket.receive_text()
                try:
                    connection.answer(json.loads(text))
                except ValueError:
                    connection.put(_failure(None, RpcError(-32700, "Parse error")))
        except (WebSocketDisconnect, KeyError, RuntimeError):
            pass
        finally:
            self.connections.discard(connection)
            writer.cancel()
            wire.close()


async def _write(socket: WebSocket, wire: Wire, connection: Connection) -> None:
    while True:
        message = await connection.queue.get()
        if connection.slow:
            await socket.close(1008)
            return
        try:
            if not await wire.send(message):
                return
        except WebSocketDisconnect:
            return


def _notification(record: Record, encoding: str, details: str) -> Json:
    head: Json = {"signature": record.signature, "slot": record.slot,
                  "transactionIndex": record.index}  # fmt: skip
    if details in ("none", "signatures"):
        return head
    shown = render(record, "jsonParsed" if details == "accounts" else encoding)
    body: Json = {"transaction": shown["transaction"], "meta": shown["meta"],
                  "version": shown["version"]}  # fmt: skip
    if details == "accounts":
        message = shown["transaction"]["message"]
        body["transaction"] = {"accountKeys": message["accountKeys"],
                               "signatures": record.signatures}  # fmt: skip
    return {"transaction": body, **head}


def _failure(ident: object, fault: RpcError) -> Json:
    return {"jsonrpc": "2.0", "error": {"code": fault.code, "message": fault.message}, "id": ident}
