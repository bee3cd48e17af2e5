"""Executable prices from pools as last seen: which pool, which reserves, which worth."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from aura.core import clock, exact
from market.domain.pools import pool_at
from market.models import SolPrice
from tests.make import make_wallet
from tests.wallets.dealing import SOL, Deal, deal, mint_of, pool_of
from wallets.actions import inspect_wallet, slide_windows
from wallets.models import Holding, PoolLeg, PositionFlag, RawTransaction, Wallet, WindowStats
from wallets.queries.figures import figures_of
from wallets.queries.pools import SEEN, pool_quotes, seen_pools
from wallets.queries.why import why
from wallets.queries.why_worth import HeldPart

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
V4 = "Raydium AMM v4"


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment everything is as of."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def bought(token: str, at: datetime, raw: int = 1_000, paid: int = SOL, **more: Any) -> Deal:
    told: dict[str, Any] = {"costs": 0, "venue": V4} | more
    return Deal(at, "buy", token, raw, paid, **told)


def seen(*deals: Deal, wallet: Wallet | None = None) -> Any:
    """Record deals of one wallet and return the pool their token would be sold into."""
    deal(wallet or make_wallet(), deals)
    return seen_pools([mint_of(deals[0].token)]).get(mint_of(deals[0].token))


def test_what_is_held_is_worth_what_its_pool_would_give() -> None:
    """1,000 of 9,000 + 997 (3 are fee): 90 SOL × 997 / 9,997 = 8.975692707 SOL; cost 1 SOL."""
    wallet = make_wallet()
    mine = bought("A", ago(hours=2), reserves=(9_000, 90 * SOL))
    deal(wallet, [mine])
    shown = figures_of(wallet, now=NOW)["unrealised"]
    assert 90 * SOL * 997 // 9_997 == 8_975_692_707
    assert (shown.value, shown.n, shown.coverage) == (7_975_692_707, 1, 1.0)
    assert shown.note == "reserves as last seen at 2026-11-20 10:00 UTC"
    page = why(wallet, "unrealised")
    (part,) = page.parts
    assert isinstance(part, HeldPart)
    assert page.adds_up
    assert (part.worth_lamports, part.exit_lamports) == (8_975_692_707, 8_975_692_707)
    assert (part.source, part.seen and part.seen.at) == (pool_of(mine), ago(hours=2))
    told = exact.loads(exact.dumps(page.told()))["parts"][0]["seen"]
    assert told["signature"] == RawTransaction.objects.get().signature
    assert told["pool"]["base_raw"] == 9_000
    assert told["pool"]["fee"]["points"] == [25]


def test_units_of_unknown_cost_are_sold_along_and_left_out() -> None:
    """A quarter is of unknown cost: all 4,000 fetch so much, three quarters of it count."""
    wallet = make_wallet()
    deal(wallet, [bought("A", ago(hours=2), 3_000, reserves=(10**6, 100 * SOL))])
    Holding.objects.update(raw=4_000, unknown_raw=1_000)
    whole = pool_at(V4, 10**6, 100 * SOL).sell(4_000)
    share = whole - whole * 1_000 // 4_000
    assert figures_of(wallet, now=NOW)["unrealised"].value == share - SOL
    (part,) = why(wallet, "unrealised").parts
    assert isinstance(part, HeldPart)
    assert (part.unknown_raw, part.exit_lamports, part.worth_lamports) == (1_000, whole, share)


def test_the_latest_by_the_chains_order_counts_however_it_arrived() -> None:
    late = bought("A", ago(hours=1), slot=50, reserves=(70, 70))
    early = bought("A", ago(hours=2), slot=40, reserves=(90, 90))
    assert seen(late, early).pool.base_raw == 70
    # within a slot the place decides, and where none is told the signature
    RawTransaction.objects.update(slot=50)
    PoolLeg.objects.update(slot=50)
    RawTransaction.objects.filter(legs__reserve_in=90).update(tx_index=9)
    RawTransaction.objects.filter(legs__reserve_in=70).update(tx_index=8)
    assert seen_pools([mint_of("A")])[mint_of("A")].pool.base_raw == 90


def test_of_several_pools_the_deepest_counts() -> None:
    shallow = bought("A", ago(minutes=1), pool="shallow", reserves=(10, 10 * SOL))
    deepest = bought("A", ago(hours=5), pool="deep", reserves=(10, 20 * SOL))
    assert seen(shallow, deepest).address == pool_of(deepest)


def test_a_deep_pool_that_nobody_trades_any_more_does_not_count() -> None:
    """It traded a day and a minute before the last swap: its liquidity may be gone since."""
    left = bought("A", ago(days=2, minutes=1), pool="left", reserves=(10, 90 * SOL))
    alive = bought("A", ago(days=1), pool="alive", reserves=(10, 20 * SOL))
    assert seen(left, alive).address == pool_of(alive)


def test_a_pool_nobody_else_trades_keeps_its_reserves_and_tells_its_age() -> None:
    quiet = seen(bought("A", ago(days=90), reserves=(10, 20 * SOL)))
    assert (quiet.pool.quote_raw, quiet.at) == (20 * SOL, ago(days=90))


def test_a_launch_curve_counts_until_the_token_is_seen_elsewhere() -> None:
    curve = (10**15, 90 * SOL)
    on_curve = bought("A", ago(hours=3), venue="pump.fun", pool="curve", reserves=curve)
    assert seen(on_curve).venue == "pump.fun"
    moved = bought("A", ago(hours=2), venue="PumpSwap", pool="amm", reserves=(2 * 10**14, 85 * SOL))
    there = seen(moved, wallet=make_wallet("other"))
    assert (there.venue, there.pool.fee.points) == ("PumpSwap", (20, 5, 95))


def test_a_complete_curve_takes_nothing_back() -> None:
    complete = (279_900_000_000_000, 115_005_359_056)
    assert seen(bought("A", ago(hours=3), venue="pump.fun", reserves=complete)) is None


def test_a_pool_whose_last_swap_tells_no_reserves_has_none() -> None:
    told = bought("A", ago(hours=3), reserves=(10, 20 * SOL))
    untold = bought("A", ago(hours=2))
    assert seen(told, untold) is None


def test_a_told_fee_counts() -> None:
    wallet = make_wallet()
    deal(wallet, [bought("A", ago(hours=3), venue="PumpSwap", reserves=(10**15, 90 * SOL))])
    PoolLeg.objects.update(fee_points=30)
    assert seen_pools([mint_of("A")])[mint_of("A")].pool.fee.points == (30,)


def test_pools_against_dollars_and_strangers_have_no_price() -> None:
    deal(make_wallet(), [bought("A", ago(hours=3), reserves=(10, 20 * SOL))])
    PoolLeg.objects.update(token="")
    assert seen_pools([mint_of("A"), "", mint_of("unheard of")]) == {}
    assert pool_quotes([])("any", 1) is None


def test_roi_counts_what_is_still_open_on_the_page_and_in_the_list() -> None:
    """Cost 1 SOL, worth 8.975692707: ROI 797.6 %, opened an hour ago and within every window."""
    wallet = make_wallet()
    deal(wallet, [bought("A", ago(hours=1), reserves=(9_000, 90 * SOL))])
    shown = figures_of(wallet, now=NOW)["roi"]
    assert (shown.value, shown.n, shown.coverage) == (7_975_692_707 / SOL, 1, 1.0)
    assert why(wallet, "roi").adds_up
    assert inspect_wallet(wallet.pk, now=NOW)
    assert {row.roi for row in WindowStats.objects.all()} == {7_975_692_707 / SOL}
    # the pool is worth half: found when the windows slide
    PoolLeg.objects.update(reserve_in=45 * SOL)
    slide_windows([wallet.pk], now=NOW)
    half = (45 * SOL * 997 // 9_997 - SOL) / SOL
    assert WindowStats.objects.get(window="24h").roi == half


DEAD: list[tuple[dict[str, Any], bool]] = [
    # 5.1 SOL lie on each side: $1,020 at $100
    ({"reserves": (10**6, 5_100_000_000)}, False),
    ({"reserves": (10**6, 4_900_000_000)}, True),
    # what prices a curve does not lie in it
    ({"reserves": (10**15, 4_900_000_000), "venue": "pump.fun", "raw": 10**13}, False),
    # 1,000 fetch about 0.05 SOL of the 1 paid
    ({"reserves": (10**6, 50_300_000_000)}, False),
    ({"reserves": (10**6, 50_100_000_000)}, True),
]


@pytest.mark.parametrize(("pool", "is_dead"), DEAD)
def test_a_thin_pool_and_a_worthless_exit_are_dead(pool: dict[str, Any], is_dead: bool) -> None:
    """Thin: bought for 0.01 SOL, so that its exit is no sign. Worthless: in a pool of $10,000."""
    wallet = make_wallet()
    is_thin = pool["reserves"][1] < 10 * SOL
    deal(wallet, [bought("A", ago(hours=3), paid=SOL // 200 if is_thin else SOL, **pool)])
    SolPrice.objects.create(minute=NOW, usd=Decimal(100), source="test")
    inspect_wallet(wallet.pk, now=NOW)
    flags = set(PositionFlag.objects.filter(reason="dead").values_list("mint", "since"))
    assert flags == ({(mint_of("A"), ago(hours=3))} if is_dead else set())
    strict = figures_of(wallet, now=NOW)["win_rate_strict"]
    assert strict.n == is_dead
    # a living token stands at its last price, a dead one at what selling it would fetch
    figures = figures_of(wallet, now=NOW)
    at_mark, executable = figures["unrealised_mark"].value, figures["unrealised"].value
    assert (at_mark == executable) is is_dead
    assert why(wallet, "unrealised_mark").adds_up


def test_without_a_price_of_sol_a_thin_pool_tells_nothing() -> None:
    wallet = make_wallet()
    deal(wallet, [bought("A", ago(hours=3), paid=SOL // 200, reserves=(10**6, SOL))])
    inspect_wallet(wallet.pk, now=NOW)
    assert not PositionFlag.objects.filter(reason="dead").exists()


def test_a_token_dead_by_silence_is_marked_at_what_selling_it_would_fetch() -> None:
    wallet = make_wallet()
    deal(wallet, [bought("A", ago(hours=30), reserves=(9_000, 90 * SOL))])
    figures = figures_of(wallet, now=NOW)
    assert figures["unrealised_mark"].value == figures["unrealised"].value == 7_975_692_707
    inspect_wallet(wallet.pk, now=NOW)
    assert PositionFlag.objects.get(reason="dead").since == ago(hours=6)


def test_every_tokens_pools_are_found_by_the_index() -> None:
    wallet = make_wallet()
    deal(
        wallet,
        [
            bought(f"T{n % 50}", ago(minutes=n), pool=f"{n % 3}", reserves=(9_000, 90 * SOL))
            for n in range(600)
        ],
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE wallets_poolleg, wallets_rawtransaction")
        cursor.execute(f"EXPLAIN {SEEN}", [[mint_of("T1")]])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan on wallets_poolleg" not in plan
    assert plan.count("leg_pool_recent") >= 2
    # of each pool only the legs of its latest slot are sorted
    assert "Presorted Key: l.slot" in plan
    assert len(seen_pools(mint_of(f"T{n}") for n in range(50))) == 50
