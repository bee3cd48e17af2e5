"""The adapters and `check_vendors` against the sandbox, which speaks as the vendors do."""

import io
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from aura.core import clock, http
from aura.core.errors import ProviderError
from market.providers.birdeye import Birdeye
from market.providers.dexscreener import DexScreener
from wallets.providers.helius import Helius
from wallets.providers.helius_webhooks import HeliusWebhooks
from wallets.providers.solana_rpc import SolanaRpc

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "sandbox", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--seed", "7", "--speed", "1", "--hours", "1"],
        cwd=ROOT,
        env={**os.environ, "AURA_WORLD": "sandbox"},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield _answering(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _answering(url: str, process: "subprocess.Popen[bytes]") -> str:
    for _ in range(300):
        assert process.poll() is None, "the sandbox ended"
        try:
            http.request("sandbox", "POST", url, "/health", none_for={405})
        except ProviderError:
            time.sleep(0.1)
        else:
            return url
    raise AssertionError("the sandbox did not answer in 30 s")


@pytest.fixture
def whale(sandbox: str, settings: Settings) -> str:
    settings.SANDBOX_URL = settings.HELIUS_API_URL = sandbox
    settings.HELIUS_API_KEY = settings.BIRDEYE_API_KEY = "sandbox-key"
    settings.HELIUS_RPC_URL = f"{sandbox}/rpc/"
    settings.HELIUS_WS_URL = f"{sandbox}/ws/".replace("http", "ws", 1)
    settings.SOLANA_RPC_URL = f"{sandbox}/public-rpc"
    settings.DEXSCREENER_URL = f"{sandbox}/dexscreener"
    settings.BIRDEYE_URL = f"{sandbox}/birdeye"
    settings.JUPITER_URL, settings.RUGCHECK_URL = f"{sandbox}/jupiter", f"{sandbox}/rugcheck/v1"
    settings.QUOTAS = dict.fromkeys(settings.QUOTAS, (10**9, 1000.0))
    rows = http.request_text("sandbox", "GET", sandbox, "/wallets.csv").splitlines()
    return rows[1].split(",")[0]


@pytest.mark.django_db
def test_every_endpoint_is_as_our_parsers_expect(whale: str) -> None:
    out = io.StringIO()
    call_command("check_vendors", address=whale, stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[-1] == "all 27 endpoints are as expected"
    assert len([line for line in lines if re.search(r"  ok +\d+ ms$", line)]) == 27


@pytest.mark.django_db
def test_a_wrong_key_is_told_endpoint_by_endpoint(whale: str, settings: Settings) -> None:
    settings.HELIUS_API_KEY = "not-the-key"
    out = io.StringIO()
    with pytest.raises(CommandError, match="10 of 27 endpoints are not as expected"):
        call_command("check_vendors", address=whale, stdout=out)
    assert "helius getTransaction " in out.getvalue()
    assert "not-the-key" not in out.getvalue()


def test_both_directions_and_both_sources_tell_the_same(whale: str) -> None:
    def named(items: object) -> list[str]:
        return [item["transaction"]["signatures"][0] for item in items]  # type: ignore[attr-defined]

    helius = Helius()
    latest = helius.page_latest(whale, cursor=None, limit=10)
    assert 0 < len(latest.items) <= 10
    oldest_slot = latest.items[-1]["slot"]
    since = helius.page_since(whale, slot=oldest_slot, cursor=None)
    assert set(named(latest.items)) <= set(named(since.items))
    assert [i["slot"] for i in since.items] == sorted(i["slot"] for i in since.items)
    assert helius.transactions(named(latest.items))[0] is not None
    assert helius.block_time(oldest_slot) == latest.items[-1]["blockTime"]
    assert named(latest.items)[-1] in (helius.block_signatures(oldest_slot) or [])
    plain = SolanaRpc().page_since(whale, slot=oldest_slot, cursor=None)
    again = helius.page_since(whale, slot=oldest_slot, cursor=None)
    assert set(named(plain.items)) <= set(named(again.items))


def test_one_webhook_is_kept(whale: str) -> None:
    registry, url = HeliusWebhooks(), "http://127.0.0.1:9/hooks/x"
    first = registry.ensure(url, "hook-secret-0123", frozenset({whale}), None)
    assert registry.ensure(url, "hook-secret-0123", frozenset({whale}), first) == first
    assert [w.id for w in registry._list()] == [first]
    assert registry.ensure(url, "hook-secret-0123", frozenset(), first) == ""
    assert registry._list() == []


def test_the_market_has_a_price_now_and_before(whale: str) -> None:
    quote = DexScreener().sol_quote(clock.now())
    assert quote is not None
    past = Birdeye().history(clock.now() - timedelta(minutes=30), clock.now())
    assert 25 <= len(past) <= 31
    assert Decimal("0.9") < past[-1].usd / quote.usd < Decimal("1.1")
