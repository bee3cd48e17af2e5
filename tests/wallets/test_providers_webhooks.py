"""The webhook is kept with as few paid changes as can be."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from aura.core import quota
from aura.core.errors import Denied, Garbled
from tests.vendor import Asked, Vendor, serving
from wallets.providers import listeners, webhook_registry
from wallets.providers.helius_webhooks import MOST_ADDRESSES, HeliusWebhooks

URL = "https://aura.example/hooks/1"
SECRET = "hook-secret-0123456789"
ONE, TWO = frozenset({"A1"}), frozenset({"A1", "B2"})


class Hooks:
    """The vendor's webhooks, as it keeps them."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.tells_secret = True

    def add(self, name: str, **changes: Any) -> None:
        row = {
            "webhookID": name,
            "wallet": "W",
            "webhookURL": URL,
            "transactionTypes": ["ANY"],
            "accountAddresses": ["A1"],
            "webhookType": "raw",
            "authHeader": SECRET,
            "active": True,
        }
        self.rows[name] = row | changes

    def __call__(self, asked: Asked) -> Any:
        path = asked.path.partition("?")[0].removeprefix("/v0/webhooks").strip("/")
        if asked.method == "GET":
            shown = [dict(row) for row in self.rows.values()]
            return shown if self.tells_secret else [r | {"authHeader": "ho****89"} for r in shown]
        if asked.method == "POST":
            self.add(f"new-{len(self.rows)}", **asked.json)
            return list(self.rows.values())[-1]
        if asked.method == "DELETE":
            return {} if self.rows.pop(path, None) else (404, b"{}")
        self.rows[path] |= asked.json
        return self.rows[path]


@pytest.fixture
def hooks() -> Hooks:
    return Hooks()


@pytest.fixture
def vendor(settings: Settings, hooks: Hooks) -> Iterator[Vendor]:
    settings.QUOTAS = {"helius": (10**9, 1e6)}
    settings.HELIUS_API_KEY = "helius-key-0123456789"
    with serving() as vendor:
        vendor.answer = hooks
        settings.HELIUS_API_URL = vendor.url
        yield vendor


def changes(vendor: Vendor) -> list[str]:
    return [asked.method for asked in vendor.asked if asked.method != "GET"]


def test_creates_one_and_then_leaves_it_alone(
    vendor: Vendor, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs: list[int] = []
    monkeypatch.setattr(quota, "spend", lambda v, cost, **_: costs.append(cost))
    registry = HeliusWebhooks()
    created = registry.ensure(URL, SECRET, TWO, None)
    assert created == "new-0"
    assert vendor.asked[-1].json == {
        "webhookURL": URL,
        "transactionTypes": ["ANY"],
        "accountAddresses": ["A1", "B2"],
        "webhookType": "raw",
        "authHeader": SECRET,
    }
    assert registry.ensure(URL, SECRET, TWO, created) == created
    assert registry.ensure(URL, SECRET, TWO, None) == created, "known by its address as well"
    assert changes(vendor) == ["POST"]
    assert costs == [1, 100, 1, 1]


@pytest.mark.parametrize(
    "difference",
    [
        {"accountAddresses": ["A1", "B2"]},
        {"accountAddresses": None},
        {"webhookURL": "https://aura.example/hooks/old"},
        {"webhookType": "enhanced"},
        {"transactionTypes": ["SWAP"]},
        {"authHeader": "another"},
    ],
)
def test_replaces_what_differs_whole(
    vendor: Vendor, hooks: Hooks, difference: dict[str, Any]
) -> None:
    hooks.add("mine", **difference)
    assert HeliusWebhooks().ensure(URL, SECRET, ONE, "mine") == "mine"
    assert changes(vendor) == ["PUT"]
    hooks_now = hooks.rows["mine"]
    assert (hooks_now["accountAddresses"], hooks_now["authHeader"]) == (["A1"], SECRET)


def test_order_of_addresses_and_a_masked_secret_are_no_difference(
    vendor: Vendor, hooks: Hooks
) -> None:
    hooks.tells_secret = False
    hooks.add("mine", accountAddresses=["B2", "A1"])
    HeliusWebhooks().ensure(URL, SECRET, TWO, "mine")
    assert changes(vendor) == []


def test_switches_on_what_the_vendor_switched_off(vendor: Vendor, hooks: Hooks) -> None:
    hooks.add("mine", active=False)
    HeliusWebhooks().ensure(URL, SECRET, ONE, "mine")
    assert changes(vendor) == ["PATCH"]
    assert hooks.rows["mine"]["active"] is True


def test_deletes_extra_ones_of_ours_and_nobody_elses(vendor: Vendor, hooks: Hooks) -> None:
    hooks.add("a-dead", active=False)
    hooks.add("b-live")
    hooks.add("other", webhookURL="https://elsewhere.example/")
    assert HeliusWebhooks().ensure(URL, SECRET, ONE, None) == "b-live"
    assert sorted(hooks.rows) == ["b-live", "other"]


def test_watching_nobody_needs_no_webhook(vendor: Vendor, hooks: Hooks) -> None:
    hooks.add("mine")
    assert HeliusWebhooks().ensure(URL, SECRET, frozenset(), "mine") == ""
    assert hooks.rows == {}
    assert HeliusWebhooks().ensure(URL, SECRET, frozenset(), None) == ""
    assert changes(vendor) == ["DELETE"]


def test_refuses_more_than_a_webhook_holds(vendor: Vendor) -> None:
    many = frozenset(str(i) for i in range(MOST_ADDRESSES + 1))
    with pytest.raises(Denied, match="95,000"):
        HeliusWebhooks().ensure(URL, SECRET, many, None)
    assert vendor.asked == []


@pytest.mark.parametrize("reply", [b"{}", b"[1]", b'[{"webhookID": "", "webhookURL": "x"}]'])
def test_a_list_of_another_shape_changes_nothing(vendor: Vendor, reply: bytes) -> None:
    vendor.answer = None
    vendor.replies = [(200, reply)]
    with pytest.raises(Garbled):
        HeliusWebhooks().ensure(URL, SECRET, ONE, None)
    assert changes(vendor) == []


def test_no_registry_where_nobody_can_reach_us(settings: Settings) -> None:
    settings.LIVE_SOURCES = ["webhook"]
    settings.HELIUS_API_KEY, settings.WEBHOOK_SECRET = "helius-key-0123456789", SECRET
    settings.SANDBOX_URL, settings.PUBLIC_URL = "", "https://aura.example"
    assert webhook_registry() is not None
    for public in ("http://aura.example", "https://localhost", "https://127.0.0.1:8000"):
        settings.PUBLIC_URL = public
        assert webhook_registry() is None
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    assert webhook_registry() is not None
    settings.WEBHOOK_SECRET = ""
    assert webhook_registry() is None


def test_listeners_are_those_the_settings_and_the_key_allow(settings: Settings) -> None:
    settings.LIVE_SOURCES = ["webhook", "logs", "transactions"]
    settings.HELIUS_API_KEY = "helius-key-0123456789"
    assert [type(x).__name__ for x in listeners()] == ["HeliusStream", "SolanaLogs"]
    settings.HELIUS_API_KEY = ""
    assert [x.vendor for x in listeners()] == ["solana-rpc"]
    settings.LIVE_SOURCES = []
    assert listeners() == []
    settings.LIVE_SOURCES = ["telepathy"]
    with pytest.raises(Denied, match="AURA_LIVE_SOURCES names telepathy"):
        listeners()
