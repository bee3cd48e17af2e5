"""Every feature: known somewhere, the same on data cut at the moment, blind to what comes later."""

import math
import random
from dataclasses import replace

import pytest

from signals.domain.features import FEATURES, Figures, feature
from signals.domain.features.history import median, robust_z, spread_of
from signals.domain.features.registry import Feature
from signals.domain.windows import Bucket, Flow, Spread, TokenWindow, Whale
from tests.signals import scenes

DAYS = 3


def _history() -> list[Bucket]:
    """Three days of a token that walks at random, with holes, from a fixed seed."""
    dice = random.Random(7)
    price, rows = 0.01, []
    for step in range(DAYS * 288):
        before, price = price, price * math.exp(dice.gauss(0, 0.02))
        if dice.random() < 0.01:
            continue
        bought, sold = dice.uniform(200, 900), dice.uniform(200, 900)
        rows.append(
            Bucket(
                at=scenes.END - 300 * (DAYS * 288 - step),
                open_usd=before,
                high_usd=max(before, price) * 1.01,
                low_usd=min(before, price) * 0.99,
                close_usd=price,
                volume_usd=bought + sold,
                buys=dice.randint(1, 30),
                sells=dice.randint(1, 30),
                buyers=dice.randint(1, 20),
                sellers=dice.randint(1, 20),
                buy_usd=bought,
                sell_usd=sold,
                liquidity_usd=60_000 * dice.uniform(0.9, 1.1),
                units=1_000 * dice.uniform(0.9, 1.1),
                holders=dice.randint(900, 1_100),
            )
        )
    return rows


HISTORY = _history()


def _seen(at: int, rows: list[Bucket], *, is_curve: bool = False) -> TokenWindow:
    """A window told nothing but buckets: what sources tell carries its own moment."""
    close = next((row.close_usd for row in reversed(HISTORY) if row.at <= at), None)
    return scenes.window(
        at=at,
        read_at=at - 20,
        price_usd=close,
        opened_at=at - 2 * 86_400,
        flows={},
        own={},
        organic={span: Flow(volume_usd=500.0) for span in ("5m", "15m", "1h", "6h", "24h")},
        buckets=tuple(rows),
        is_curve=is_curve,
        curve_progress=0.4 if is_curve else None,
        first_slots_share=0.1,
        whales=(scenes.whale("a", buys=((at - 60, 400.0),)),),
    )


def _values(window: TokenWindow) -> dict[str, float | None]:
    return {name: feature(window, name) for name in FEATURES}


MOMENTS = [scenes.END - 300 * back + offset for back in (1, 50, 400) for offset in (0, 1, 137, 299)]


@pytest.mark.parametrize("is_curve", [False, True])
@pytest.mark.parametrize("at", MOMENTS)
def test_data_cut_at_the_moment_gives_every_feature_the_same_value(at: int, is_curve: bool) -> None:
    whole = _values(_seen(at, HISTORY, is_curve=is_curve))
    cut = _values(_seen(at, [row for row in HISTORY if row.at <= at], is_curve=is_curve))
    assert cut == whole


def _poison(window: TokenWindow) -> TokenWindow:
    """Add what nobody can know at the moment: absurd buckets and purchases yet to come."""
    absurd = tuple(
        Bucket(
            window.at + later,
            **dict.fromkeys(("open_usd", "high_usd", "low_usd", "close_usd"), 9e9),
            **dict.fromkeys(("volume_usd", "buy_usd", "sell_usd", "liquidity_usd", "units"), 9e9),
            **dict.fromkeys(("buys", "sells", "buyers", "sellers", "holders"), 10**9),
        )
        for later in (1, 150, 300, 3_600)
    )
    whales = tuple(
        replace(whale, buys=(*whale.buys, *((window.at + n, 9e9) for n in (1, 7_200, 9_000))))
        for whale in window.whales
    )
    return replace(window, buckets=(*window.buckets, *absurd), whales=whales)


SCENES = {name: make() for name, make in scenes.FIRING.items()} | {
    "ordinary": scenes.window(),
    "curve": scenes.curve(),
    "seen": _seen(scenes.AT, HISTORY),
    "seen curve": _seen(scenes.AT, HISTORY, is_curve=True),
    "older buckets": _seen(scenes.AT, list(scenes.day())),
}


@pytest.mark.parametrize("scene", SCENES)
def test_no_feature_reads_what_comes_after_the_moment(scene: str) -> None:
    assert _values(_poison(SCENES[scene])) == _values(SCENES[scene])


def test_every_feature_is_known_in_some_scene() -> None:
    known = {name for w in SCENES.values() for name, told in _values(w).items() if told is not None}
    assert sorted(set(FEATURES) - known) == []


def test_the_look_ahead_test_finds_one_that_looks_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    peeking = Feature("peek", "a peek", "usd", lambda it: it.window.buckets[-1].close_usd)
    monkeypatch.setitem(FEATURES, "peek", peeking)
    with pytest.raises(AssertionError):
        test_no_feature_reads_what_comes_after_the_moment("ordinary")
    with pytest.raises(AssertionError):
        test_data_cut_at_the_moment_gives_every_feature_the_same_value(MOMENTS[-1], False)


def test_nothing_known_is_not_known_and_never_zero() -> None:
    bare = TokenWindow("mint", scenes.AT, scenes.AT - 20, None, {}, is_verified=False)
    assert {name: told for name, told in _values(bare).items() if told is not None} == {
        "read_ago": 20
    }


def test_zero_liquidity_is_not_known() -> None:
    figures = Figures(scenes.window(liquidity_usd=0.0, market_cap_usd=0.0, holders=0, units=0.0))
    assert [figures[name] for name in ("liquidity", "depth", "market_cap", "holders", "units")] == [
        None
    ] * 5


def test_spread_and_robust_z_by_hand() -> None:
    # values 1 2 3 4 100: median 3, deviations 2 1 0 1 97 → MAD 1; z of 10 = 7 / (1.4826 + 0.5)
    usual = spread_of([100, 1, 2, 4, 3])
    assert usual == Spread(3, 1, 5)
    assert median([4, 1, 3, 2]) == 2.5
    assert robust_z(10, usual, 0.5) == pytest.approx(3.530717)


def test_the_baseline_leaves_out_the_present_span_and_wants_twelve_buckets() -> None:
    loud = lambda back: {"volume_usd": 50_000.0} if back == 0 else {}  # noqa: E731
    figures = Figures(scenes.window(buckets=scenes.day(13, loud)))
    spread = figures.history.spread("volume_usd", 300)
    assert spread is not None
    assert (spread.n, spread.median) == (12, 1_000.0)
    assert Figures(scenes.window(buckets=scenes.day(12, loud)))["volume_z_5m"] is None


def test_the_cohort_stands_in_for_a_history_too_short() -> None:
    young = scenes.window(buckets=scenes.day(5), cohort=scenes.cohort(volume_5m=400.0))
    assert Figures(young)["volume_times_5m"] == 900 / 400
    # (900 − 400) / (1.4826·100 + 50)
    assert Figures(young)["volume_z_5m"] == pytest.approx(2.521941)


def test_an_hour_s_baseline_is_of_whole_hours_before_the_present_one() -> None:
    hole = {40, 100}
    rows = tuple(row for row in scenes.day() if (scenes.END - row.at) // 300 not in hole)
    spread = Figures(scenes.window(buckets=rows)).history.spread("volume_usd", 3_600)
    # 276 buckets lie before the present hour: 265 hours end in one of them; each hole breaks 12
    assert spread is not None
    assert spread.n == 276 - 11 - 2 * 12
    assert spread.median == pytest.approx(12_000, rel=0.01)


def test_fifteen_minutes_are_three_buckets_where_no_source_tells_them() -> None:
    figures = Figures(scenes.window(own={}))
    assert figures["buys_15m"] == 30
    assert figures["sells_15m"] == 9 + 10 + 11
    assert figures["buyers_15m"] == 30
    assert figures.used("buyers_15m") == "15m buys for buyers"
    assert figures["volume_15m"] == pytest.approx(900 + 950 + 1_000)
    one_missing = scenes.window(own={}, buckets=scenes.day()[:-2] + scenes.day()[-1:])
    assert feature(one_missing, "buys_15m") is None


def test_own_trades_tell_buyers_before_the_sources_and_trades_stand_in_last() -> None:
    ours = Figures(scenes.window())
    assert (ours["buyers_5m"], ours.used("buyers_5m")) == (8, "")
    theirs = scenes.with_flow(scenes.window(own={}), "5m", buyers=9, sellers=7)
    assert Figures(theirs)["pressure_5m"] == 9 / 7
    counted = Figures(scenes.window(own={}))
    assert (counted["buyers_5m"], counted["sellers_5m"]) == (10, 10)
    assert counted.used("sellers_5m") == "5m sells for sellers"
    assert counted.used("pressure_5m") == "5m buys and sells for buyers and sellers"
    half = scenes.with_flow(scenes.window(own={}), "5m", buyers=9)
    assert Figures(half)["buyers_5m"] == 10, "buyers of one kind beside sellers of another"


def test_ten_minutes_of_a_token_not_older_are_all_it_ever_had() -> None:
    newborn = scenes.recent_listings(opened_at=scenes.AT - 500)
    figures = Figures(scenes.with_flow(newborn, "1h", "own", buyers=70))
    assert (figures["buyers_10m"], figures.used("buyers_10m")) == (70, "")
    bare = Figures(replace(newborn, own={}))
    assert (bare["buyers_10m"], bare.used("buyers_10m")) == (110, "1h buys for buyers")
    older = Figures(scenes.window())
    assert (older["buyers_10m"], older.used("buyers_10m")) == (
        16,
        "buyers of two 5m buckets for 10m buyers",
    )


def test_units_of_another_pool_and_of_a_listing_not_yet_settled_are_no_growth() -> None:
    moved = scenes.with_buckets(scenes.window(pool="new"), lambda back, row: {"pool": "old"})
    assert feature(moved, "liquidity_growth_1h") is None
    assert feature(replace(moved, pool="old", units=1_250.0), "liquidity_growth_1h") == 0.25
    young = replace(scenes.recent_listings(), units=1_100.0)
    assert feature(young, "liquidity_growth_1h") == pytest.approx(0.1)
    assert feature(replace(young, opened_at=scenes.AT - 200), "liquidity_growth_1h") is None


def test_a_curve_grows_by_what_was_bought_net() -> None:
    # $9,000 on the curve, $2,000 net within the hour: from 7,000, up 28.6 %
    grown = scenes.with_flow(scenes.curve(), "1h", buy_usd=5_000.0, sell_usd=3_000.0)
    assert feature(grown, "liquidity_growth_1h") == pytest.approx(2 / 7)


def test_what_a_high_below_half_a_history_would_say_is_not_known() -> None:
    assert feature(scenes.window(buckets=scenes.day(143)), "high_24h") is None
    assert feature(scenes.window(buckets=scenes.day(144)), "high_24h") == 0.0101
    young = scenes.window(buckets=scenes.day(10), opened_at=scenes.AT - 6_000)
    assert feature(young, "high_24h") == 0.0101


def test_a_breakout_that_fell_back_within_a_bucket_is_none() -> None:
    closes = {1: 0.0105, 0: 0.00995}
    fallen = scenes.price_momentum(
        buckets=scenes.day(288, lambda back: {"close_usd": closes.get(back, 0.01)})
    )
    assert feature(fallen, "breakout") == pytest.approx(0.00995 / 0.0105)
    held = scenes.price_momentum(
        buckets=scenes.day(288, lambda back: {"close_usd": {**closes, 0: 0.0104}.get(back, 0.01)})
    )
    assert feature(held, "breakout") == pytest.approx(1.05)


def test_selling_is_counted_in_trades_where_no_side_s_volume_is_told() -> None:
    blind = Figures(
        scenes.with_buckets(scenes.dip_reversal(), lambda *_: {"sell_usd": None, "buy_usd": None})
    )
    assert blind["sell_falls"] == 3
    assert blind.used("sell_peak_z") == "number of 5m sells for sell volume"


def test_a_whale_s_purchases_to_come_do_not_make_it_keep_adding() -> None:
    at = scenes.AT
    adds = tuple((at - back, 500.0) for back in (9_000, 4_000, 100))
    keen = scenes.whale("a", buys=adds, grown=0.6)
    assert feature(scenes.window(whales=(keen,)), "whale_adding") == 1
    early: Whale = replace(keen, buys=(*adds[:2], (at + 100, 500.0)))
    assert feature(scenes.window(whales=(early,)), "whale_adding") == 0


@pytest.mark.parametrize("n", [0, 1, 11])
def test_a_short_history_of_zeros_divides_by_nothing(n: int) -> None:
    rows = scenes.day(
        n, lambda _: dict.fromkeys(("volume_usd", "close_usd", "units", "sells", "sell_usd"), 0)
    )
    for name in FEATURES:
        value = feature(scenes.window(buckets=rows, flows={}, units=0.0), name)
        assert value is None or math.isfinite(value)


def test_what_overflows_is_not_known() -> None:
    gone = replace(scenes.SAFE, dev_share=1e308)
    absurd = scenes.window(danger=gone, danger_before=replace(scenes.SAFE, dev_share=1e-300))
    assert feature(absurd, "dev_sold") is None
    assert feature(scenes.window(units=1e308), "units") == 1e308
