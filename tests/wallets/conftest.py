"""A piece of the simulated market: its transactions as vendors send them, and its true ledger."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.chain import Chain
from sandbox.encode import raw_webhook_item, render
from sandbox.record import unpack
from sandbox.truth import all_wallets, wallet_truth


@dataclass
class Market:
    """An hour of market, made once for all tests."""

    chain: Chain = field(default_factory=lambda: Chain(seed=11, speed=1, hours=1, folder=None))
    payloads: list[Any] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        rows = self.chain.store.rows("SELECT body FROM tx ORDER BY slot, place", ())
        self.records = [unpack(body) for (body,) in rows]
        self.payloads = [raw_webhook_item(record) for record in self.records]
        self.addresses = [wallet["address"] for wallet in all_wallets(self.chain)]

    def encoded(self, encoding: str) -> list[Any]:
        """The same transactions as getTransaction gives them in another encoding."""
        return [render(record, encoding) for record in self.records]

    def truth(self, address: str) -> Any:
        """What the sandbox itself knows of a wallet."""
        return wallet_truth(self.chain, address)


@pytest.fixture(scope="session")
def market() -> Market:
    """An hour of market with seed 11."""
    return Market()
