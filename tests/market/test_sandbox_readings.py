"""Every source of market data against the sandbox, which speaks as the vendors do."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_django import Settings

from aura.core import http
from aura.core.errors import ProviderError
from aura.core.shapes import differences
from market.domain.readings import PoolReading
from market.domain.venues import kind_of
from market.providers.birdeye_tokens import BirdeyeSecurity, BirdeyeTokens
from market.providers.chain import ChainHolders, ChainTokens
from market.providers.chain_pools import ChainPools
from market.providers.checks import checks
from market.providers.dexscreener import DexScreener
from market.providers.jupiter import Jupiter
from market.providers.rugcheck import RugCheck

ROOT = Path(__file__).resolve().parent.parent.parent
BIRDEYE = "market.providers.birdeye_tokens"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
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
    for _ in range(600):
        assert process.poll() is None, "the sandbox ended"
        try:
            http.request("sandbox", "POST", url, "/health", none_for={405})
        except ProviderError:
            time.sleep(0.1)
        else:
            return url
    raise AssertionError("the sandbox did not answer in a minute")


@pytest.fixture(autouse=True)
def vendors(sandbox: str, settings: Settings) -> None:
    settings.HELIUS_API_KEY = settings.BIRDEYE_API_KEY = settings.JUPITER_API_KEY = "sandbox-key"
    settings.HELIUS_RPC_URL = f"{sandbox}/rpc/"
    settings.DEXSCREENER_URL = f"{sandbox}/dexscreener"
    settings.JUPITER_URL = f"{sandbox}/jupiter"
    settings.RUGCHECK_URL = f"{sandbox}/rugcheck/v1"
    settings.BIRDEYE_URL = f"{sandbox}/birdeye"
    settings.QUOTAS = dict.fromkeys(settings.QUOTAS, (10**9, 1e6))
    settings.MARKET_SOURCES = settings.MARKET_SOURCES | {
        "tokens": [f"{BIRDEYE}.BirdeyeTokens"],
        "safety": [f"{BIRDEYE}.BirdeyeSecurity"],
    }


@pytest.fixture
def mints() -> list[str]:
    return list(dict.fromkeys(one.mint for one in Jupiter().discovered()))


def deepest(pools: Sequence[PoolReading]) -> dict[str, PoolReading]:
    return {one.pool: one for one in pools}


def test_every_endpoint_is_as_our_parsers_expect() -> None:
    found = checks()
    assert len(found) == 21
    assert {c.name: d for c in found if (d := differences(c.call(), c.shape))} == {}


def test_discovery_names_enough_for_a_scan(mints: list[str]) -> None:
    told = [DexScreener().discovered(), Jupiter().discovered(), BirdeyeTokens().discovered()]
    assert [one.odd for one in told] == [0, 0, 0]
    assert len({one.mint for some in told for one in some}) >= 100


def test_vendor_and_chain_tell_the_same_pools(mints: list[str]) -> None:
    asked = mints[:25]
    vendor, own = DexScreener().pairs_of(asked), ChainPools().pairs_of(asked)
    assert vendor.odd == own.odd == 0
    assert {one.mint for one in vendor} == set(asked)
    theirs, ours = deepest(vendor), deepest(own)
    both = theirs.keys() & ours.keys()
    assert len(both) >= len(asked) // 2
    prices = [
        (one.price_quote, other.price_quote)
        for one, other in ((theirs[pool], ours[pool]) for pool in both)
    ]
    near = [a for a, b in prices if a and b and abs(a - b) <= Decimal("0.05") * min(a, b)]
    assert len(near) >= 0.9 * len(both), prices
    assert {theirs[pool].venue == ours[pool].venue for pool in both} == {True}
    curves = [ours[pool] for pool in both if kind_of(ours[pool].venue) == "curve"]
    assert all(one.progress is not None for one in curves)


def test_tokens_are_told_by_all_three(mints: list[str]) -> None:
    asked = mints[:50]
    jupiter, chain = Jupiter().tokens_of(asked), ChainTokens().tokens_of(asked)
    birdeye = BirdeyeTokens().tokens_of(asked)
    assert [one.odd for one in (jupiter, chain, birdeye)] == [0, 0, 0]
    assert {one.mint for one in jupiter} == {one.mint for one in chain} == set(asked)
    assert {one.mint for one in birdeye} <= set(asked)
    assert len(birdeye) >= len(asked) // 2
    assert all(one.price_usd and one.safety for one in jupiter)
    judged = {one.mint: one.safety for one in chain}
    for one in jupiter:
        own = judged[one.mint]
        assert one.safety is not None
        assert own is not None
        assert (one.safety.can_mint, one.safety.can_freeze) == (own.can_mint, own.can_freeze)
    overview = BirdeyeTokens().overview_of(asked[0])
    assert overview is not None
    assert overview.price_usd is not None


def test_judges_agree_on_the_largest_holders(mints: list[str]) -> None:
    asked = [one.mint for one in DexScreener().pairs_of(mints[:10])][:1]
    (rugcheck,), (chain,) = RugCheck().safety_of(asked), ChainHolders().safety_of(asked)
    assert rugcheck.top10_share is not None
    assert chain.top10_share is not None
    assert abs(rugcheck.top10_share - chain.top10_share) < Decimal("0.02")
    (birdeye,) = BirdeyeSecurity().safety_of(asked)
    assert birdeye.top10_share is not None
