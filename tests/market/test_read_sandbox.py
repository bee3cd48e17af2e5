"""The whole run against a simulated market that speaks the vendors' formats."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pytest_django import Settings

from aura.core import clock, http
from aura.core.solana import WSOL
from market.models import Bucket, Candle, MarketRun, PoolPoint, SafetyReport, TokenState
from market.queries import states_of_run
from market.tasks import poll_sol_price, read_market
from sandbox.chain import Chain
from tests.sandbox.wired import Wired, served

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def running() -> Iterator[Wired]:
    chain = Chain(seed=11, speed=1, hours=2, folder=None)
    chain.clock.pause()
    with served(chain) as wired:
        yield wired


@pytest.fixture
def box(running: Wired, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wired]:
    settings.SOLANA_RPC_URL = f"{running.url}/public-rpc"
    settings.DEXSCREENER_URL = f"{running.url}/dexscreener"
    settings.JUPITER_URL = f"{running.url}/jupiter"
    settings.RUGCHECK_URL = f"{running.url}/rugcheck/v1"
    settings.HELIUS_RPC_URL = f"{running.url}/rpc/"
    settings.HELIUS_API_KEY = settings.JUPITER_API_KEY = "sandbox-key"
    settings.QUOTAS = dict.fromkeys(settings.QUOTAS, (10**9, 1e6))
    monkeypatch.setattr(http, "sleep", lambda _: None)
    moment = datetime.fromtimestamp(running.chain.clock.now_ms() / 1000, UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    yield running
    running.faults(off=True)


def run() -> MarketRun:
    assert poll_sol_price()
    return MarketRun.objects.get(pk=read_market())


def test_every_token_is_read_by_several_sources_that_agree(box: Wired) -> None:
    read = run()
    assert (read.state, read.reason, read.missing) == ("ran", "", [])
    assert read.tokens == read.universe >= 50
    states = states_of_run(read.pk).values()
    assert all(one.is_verified and one.liquidity_usd for one in states)
    assert {name for one in states for name in one.prices} == {"chain", "dexscreener", "jupiter"}
    pooled = [one for one in states if one.venue == "PumpSwap"]
    assert pooled
    assert all(one.units and one.sources["units"] == "chain" for one in pooled)
    held = PoolPoint.objects.filter(source="chain", base__gt=0, quote__gt=0, quote_usd__gt=0)
    assert held.count() > len(pooled)
    assert str(WSOL) not in {one.mint for one in states}
    assert not TokenState.objects.filter(kept__isnull=False).exists()


def counted() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in (Bucket, Candle, PoolPoint)}


@pytest.mark.parametrize("vendor", ["dexscreener", "jupiter", "rugcheck", "rpc", "*"])
@pytest.mark.parametrize("fault", ["server_error", "rate_limited", "malformed", "truncated"])
def test_vendors_that_break_are_missing_and_the_others_go_on(
    box: Wired, monkeypatch: pytest.MonkeyPatch, vendor: str, fault: str
) -> None:
    good = run()
    before, rows = states_of_run(good.pk), counted()
    asked = {"rpc": "chain"}.get(vendor, vendor)
    box.faults(http={vendor: {fault: 1}}, ranges={"retry_after_seconds": [1, 1]})
    later = clock.now() + timedelta(minutes=20)
    monkeypatch.setattr(clock, "now", lambda: later)
    poll_sol_price()
    read = MarketRun.objects.get(pk=read_market())
    if vendor == "*":
        assert (read.state, read.reason) == ("failed", "no source told anything")
        assert (states_of_run(good.pk), counted()) == (before, rows), "no price has changed"
        return
    assert (read.state, read.tokens) == ("ran", good.tokens)
    assert {name.split()[0] for name in read.missing} == {asked}
    states = states_of_run(read.pk)
    assert len(states) == good.tokens
    assert all(asked not in one.prices for one in states.values())
    assert all(one.price_usd for one in states.values())


@pytest.mark.parametrize("vendor", ["dexscreener", "jupiter", "rugcheck", "*"])
@pytest.mark.parametrize("fault", ["zero_liquidity", "nan", "renamed", "silence"])
def test_vendors_that_talk_nonsense_change_no_price(box: Wired, vendor: str, fault: str) -> None:
    good = states_of_run(run().pk)
    SafetyReport.objects.all().delete()
    box.faults(http={vendor: {fault: 1}})
    read = MarketRun.objects.get(pk=read_market())
    assert read.state == "ran", "the chain still tells"
    for mint, one in states_of_run(read.pk).items():
        was = good[mint]
        assert one.price_usd is None or abs(one.price_usd / was.price_usd - 1) < Decimal("0.01")
        assert one.liquidity_usd is None or one.liquidity_usd > 0
        assert one.holders is None or one.holders > 0
        top, top_was = one.safety.top10_share, was.safety.top10_share
        assert top is None or abs(top - top_was) < Decimal("0.2")
