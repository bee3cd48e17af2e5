"""Helius webhooks: their REST surface, their keeping, and who is told of what."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx

from sandbox.deliveries import Deliveries
from sandbox.faults import Faults
from sandbox.history import address
from sandbox.meter import WEBHOOK_EDIT
from sandbox.record import Record
from sandbox.store import BALANCE_CHANGED, REFERENCED, Store, touched

Json = dict[str, Any]
MOST_ADDRESSES = 100_000
WALLET = "SandboxWa11et1111111111111111111111111111111"


class RefusedError(Exception):
    """A webhook request that makes no sense; becomes HTTP 400."""


@dataclass(slots=True)
class Hook:
    """One webhook as it is kept."""

    ident: str
    url: str
    kinds: list[str]
    addresses: list[str]
    kind: str
    auth: str | None = None
    status: str = "all"
    encoding: str = "json"
    active: bool = True
    wallet: str = WALLET
    watched: set[str] = field(default_factory=set)

    def shown(self) -> Json:
        """Give the hook as the REST surface shows it."""
        return {
            "webhookID": self.ident, "wallet": self.wallet, "webhookURL": self.url,
            "transactionTypes": self.kinds, "accountAddresses": self.addresses,
            "webhookType": self.kind, "authHeader": self.auth, "txnStatus": self.status,
            "encoding": self.encoding, "active": self.active,
        }  # fmt: skip

    def wants(self, record: Record, keys: dict[str, int]) -> bool:
        """Say whether a transaction is to be delivered to this hook."""
        if not self.active or (self.status == "success" and record.failure is not None):
            return False
        if self.status == "failed" and record.failure is None:
            return False
        return any(
            key in self.watched for key, how in keys.items()
            if how & (REFERENCED | BALANCE_CHANGED)
        )  # fmt: skip


def read_hook(ident: str, body: object) -> Hook:
    """Check a create or replace body."""
    if not isinstance(body, dict):
        raise RefusedError("body must be an object")
    url, addresses = body.get("webhookURL"), body.get("accountAddresses")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise RefusedError("webhookURL must be an http(s) URL")
    if not isinstance(addresses, list) or len(addresses) > MOST_ADDRESSES:
        raise RefusedError(f"accountAddresses must be a list of at most {MOST_ADDRESSES}")
    kinds = body.get("transactionTypes", ["ANY"])
    if not isinstance(kinds, list) or body.get("webhookType", "raw") != "raw":
        raise RefusedError("only raw webhooks are delivered here")
    if body.get("txnStatus", "all") not in ("all", "success", "failed"):
        raise RefusedError("txnStatus is not known")
    auth = body.get("authHeader")
    known = [address(key) for key in addresses]
    return Hook(
        ident, url, [str(kind) for kind in kinds], known, str(body.get("webhookType", "raw")),
        None if auth is None else str(auth), str(body.get("txnStatus", "all")),
        str(body.get("encoding", "json")), bool(body.get("active", True)), WALLET, set(known),
    )  # fmt: skip


class Webhooks:
    """Keeps hooks in the store and hands what they watch to the deliveries."""

    def __init__(
        self, store: Store, faults: Faults, client: httpx.AsyncClient | None = None
    ) -> None:
        self.store = store
        self.credits = faults.credits
        self.hooks: dict[str, Hook] = {}
        for ident, body in store.rows("SELECT id, body FROM hook"):
            self.hooks[ident] = read_hook(ident, json.loads(body))
        self.deliveries = Deliveries(self.hooks, faults, client)

    def watched(self) -> set[str]:
        """Give every address that some hook watches."""
        return set().union(*(hook.watched for hook in self.hooks.values()))

    def _keep(self, hook: Hook) -> Hook:
        self.credits.charge(WEBHOOK_EDIT)
        self.hooks[hook.ident] = hook
        self.store.write(
            "INSERT OR REPLACE INTO hook VALUES (?, ?)", (hook.ident, json.dumps(hook.shown()))
        )
        return hook

    def create(self, body: object) -> Hook:
        """Create a hook; calling twice makes two, as the vendor does."""
        return self._keep(read_hook(str(uuid.uuid4()), body))

    def replace(self, ident: str, body: object) -> Hook | None:
        """Replace all fields of a hook."""
        return self._keep(read_hook(ident, body)) if ident in self.hooks else None

    def toggle(self, ident: str, body: object) -> Hook | None:
        """Switch a hook on or off."""
        if not isinstance(body, dict) or not isinstance(body.get("active"), bool):
            raise RefusedError("active must be true or false")
        hook = self.hooks.get(ident)
        if hook is None:
            return None
        hook.active = body["active"]
        return self._keep(hook)

    def delete(self, ident: str) -> bool:
        """Delete a hook."""
        if self.hooks.pop(ident, None) is None:
            return False
        self.credits.charge(WEBHOOK_EDIT)
        self.store.write("DELETE FROM hook WHERE id = ?", (ident,))
        return True

    def publish(self, records: Iterable[Record]) -> None:
        """Queue transactions for every hook that watches one of their accounts."""
        if not self.hooks:
            return
        for record in records:
            keys = touched(record)
            for hook in self.hooks.values():
                if hook.wants(record, keys):
                    self.deliveries.put(hook.ident, record)
