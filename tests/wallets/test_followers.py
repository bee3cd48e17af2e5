"""A follower replayed through the pools others left behind: on paper, and as stored for lists."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aura.core import clock
from tests.make import make_wallet
from tests.wallets.dealing import SOL, Deal, deal
from tests.wallets.test_figures_stored import round_trip
from wallets.actions import inspect_wallet
from wallets.domain.statistics import Window
from wallets.models import PoolLeg, WindowStats
from wallets.queries.followers import copy_table

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment everything is as of."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def test_a_follower_on_paper() -> None:
    """Others trade the pool 10 s later: they leave 97.5 SOL, later 150 SOL, against 10^12 raw.

    $500 at $200 a SOL are 2.5 SOL. Of them 0.25 % are fee, 2,493,750,000 go in:
    10^12 × 2,493,750,000 / 99,993,750,000 = 24,939,058,691 raw. Their fee is 62,347,647; the rest
    fetches 150 SOL × 24,876,711,044 / 1,024,876,711,044 = 3,640,932,237. Costs of 5,000 each time:
    (3,640,927,237 − 2,500,005,000) / 2,500,005,000 = 45.6 %.
    """
    wallet, other = make_wallet(), make_wallet("other")
    told: dict[str, Any] = {"costs": 5_000, "slot": None}
    deal(
        wallet,
        [
            Deal(ago(hours=2), "buy", "A", SOL, SOL, **told),
            Deal(ago(hours=1), "sell", "A", SOL, 2 * SOL, **told),
            *round_trip("B", ago(hours=3), paid=SOL, got=2 * SOL),
        ],
    )
    v4: dict[str, Any] = {"venue": "Raydium AMM v4"}
    bought, sold = ago(hours=2) + timedelta(seconds=10), ago(hours=1) + timedelta(seconds=10)
    deal(
        other,
        [
            Deal(bought, "buy", "A", 800, 10, pool="elsewhere", reserves=(5, 5), **v4),
            Deal(bought, "buy", "A", 800, 10, reserves=(10**12, 97_500_000_000), **v4),
            Deal(sold, "sell", "A", 800, 10, reserves=(10**12, 150 * SOL), **v4),
        ],
    )
    table = copy_table(wallet, Window.DAY, now=NOW)
    assert set(table) == {(d, s) for d in (5, 15, 60) for s in (100, 500, 2_000)}
    shown = table[5, 500]
    assert shown.value == (3_640_927_237 - 2_500_005_000) / 2_500_005_000
    assert (shown.n, shown.coverage, shown.note) == (1, 0.5, "")
    # more money moves the pool more
    assert float(table[5, 100].value or 0) > float(shown.value) > float(table[5, 2_000].value or 0)
    # after 15 s nobody traded the pool any more
    assert table[15, 500].value is None
    assert table[15, 500].coverage == 0.0
    assert "none of 2 closed positions measurable" in table[15, 500].missing_reason
    inspect_wallet(wallet.pk, now=NOW)
    row = WindowStats.objects.get(wallet=wallet, window="24h")
    assert (row.copy_return, row.copy_low, row.copy_n, row.copy_share) == (None, None, 0, 0.0)
    # a venue that tells no reserves leaves nothing to reckon with
    PoolLeg.objects.filter(reserve_in=150 * SOL).update(reserve_in=None)
    PoolLeg.objects.filter(reserve_out=150 * SOL).update(reserve_out=None)
    assert copy_table(wallet, Window.DAY, now=NOW)[5, 500].coverage == 0.0


def test_a_follower_sells_the_share_the_wallet_sold() -> None:
    """Half sold at twice the price, the rest at the same price: 1 → 1.5 before fees, for both."""
    wallet, other = make_wallet(), make_wallet("other")
    free: dict[str, Any] = {"costs": 0, "venue": "Raydium AMM v4"}
    steps = [("buy", 1_000_000, SOL), ("sell", 500_000, SOL), ("sell", 500_000, SOL // 2)]
    at = ago(hours=5)
    for n, (side, raw, lamports) in enumerate(steps):
        when = at + timedelta(minutes=10 * n)
        deal(wallet, [Deal(when, side, "A", raw, lamports, **free)])
        # so deep that nothing moves it
        there = (10**9 * raw, 10**9 * lamports)
        later = when + timedelta(seconds=15)
        deal(other, [Deal(later, side, "A", raw, lamports, reserves=there, **free)])
    shown = copy_table(wallet, Window.ALL, now=NOW)[15, 100]
    # 0.25 % each way: 0.9975 × 0.9975 × 1.5 − 1
    assert float(shown.value or 0) == pytest.approx(0.9975 * 0.9975 * 1.5 - 1, abs=1e-5)
    inspect_wallet(wallet.pk, now=NOW)
    row = WindowStats.objects.get(wallet=wallet, window="all")
    assert float(row.copy_return or 0) == pytest.approx(0.4925, abs=1e-3)
    assert (row.copy_n, row.copy_low, row.copy_high, row.copy_share) == (1, None, None, 1.0)


def test_stored_copyability_has_its_n_and_interval() -> None:
    """Three positions followed at three prices: what the page's table shows for all time."""
    wallet, other = make_wallet(), make_wallet("other")
    v4: dict[str, Any] = {"venue": "Raydium AMM v4", "costs": 0}
    for n, sold_at in enumerate((90, 110, 150)):
        token, at = f"T{n}", ago(hours=9 - n)
        deal(wallet, round_trip(token, at, paid=SOL, got=2 * SOL, held=600))
        for seconds, side, lamports in ((15, "buy", 100 * SOL), (615, "sell", sold_at * SOL)):
            when = at + timedelta(seconds=seconds)
            deal(other, [Deal(when, side, token, 9, 9, reserves=(10**12, lamports), **v4)])
    inspect_wallet(wallet.pk, now=NOW)
    row = WindowStats.objects.get(wallet=wallet, window="all")
    shown = copy_table(wallet, Window.ALL, now=NOW)[15, 500]
    assert (row.copy_return, row.copy_low, row.copy_high) == (shown.value, shown.low, shown.high)
    assert (row.copy_n, row.copy_share) == (3, 1.0)
    assert row.copy_low is not None
    assert row.copy_low < float(row.copy_return or 0) < float(row.copy_high or 0)
