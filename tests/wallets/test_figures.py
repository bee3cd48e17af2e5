"""Figures as pure arithmetic: worked on paper, and what holds for every history."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import exp, sqrt
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallets.domain.statistics import (
    RULES,
    Piece,
    Prior,
    RoundTrip,
    Window,
    fit_prior,
    tally,
    wilson,
)
from wallets.domain.statistics.equity import calendar, deepest_fall, equity_curve, max_drawdown
from wallets.domain.statistics.holding import hold_time, style, style_of
from wallets.domain.statistics.intervals import Z_95, median, median_interval
from wallets.domain.statistics.rates import (
    adjusted_win_rate,
    coverage,
    shrunk_win_rate,
    strict_win_rate,
    win_rate,
)
from wallets.domain.statistics.results import (
    Held,
    Quote,
    expectancy,
    nearest,
    payoff_ratio,
    profit_factor,
    realised,
    realised_usd,
    roi,
    unrealised,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def trip(
    gain: int, *, cost: int = 1_000, held: int = 60, ago: timedelta = HOUR, **more: Any
) -> RoundTrip:
    """A closed position with full basis that ended so long ago, held for so many seconds."""
    told: dict[str, Any] = {
        "opened_at": NOW - ago - timedelta(seconds=held), "closed_at": NOW - ago, "is_open": False,
        "full_basis": True, "cost_lamports": cost, "realised_lamports": gain,
    }  # fmt: skip
    return RoundTrip(**(told | more))


def piece(
    gain: int | None, *, proceeds: int = 100, at: datetime | None = NOW, **more: Any
) -> Piece:
    cost = None if gain is None else proceeds - gain
    return Piece(at, proceeds, cost, gain, more.get("usd", Decimal(0)))


def of(*trips: RoundTrip) -> Any:
    return tally(trips, [], since=None)


def test_seven_of_ten_is_somewhere_between_forty_and_eighty_nine_percent() -> None:
    """Seven wins, two losses and a zero, which is no win: Wilson 0.3968 to 0.8922."""
    found = win_rate(of(*[trip(5)] * 7, trip(-5), trip(-5), trip(0)))
    assert (found.value, found.n) == (0.7, 10)
    assert (round(float(found.low or 0), 2), round(float(found.high or 0), 2)) == (0.40, 0.89)
    assert found.rule.key == "win_rate@1"


@pytest.mark.parametrize(
    ("wins", "n", "low", "high"),
    [(6, 10, 0.31, 0.83), (18, 30, 0.42, 0.75), (600, 1000, 0.57, 0.63)],
)
def test_wilson_as_published(wins: int, n: int, low: float, high: float) -> None:
    told = wilson(wins, n)
    assert told is not None
    assert [round(end, 2) for end in told] == [low, high]


def test_open_positions_on_dead_tokens_count_against_the_strict_rate_only() -> None:
    """3 wins of 4 closed; with two dead ones 3 of 6. One died before the window, one lives."""
    dead = {"is_open": True, "closed_at": None, "dead_at": NOW - HOUR}
    old = dead | {"dead_at": NOW - timedelta(hours=30)}
    alive = dead | {"dead_at": None}
    trips = [
        *[trip(1)] * 3,
        trip(-1),
        trip(0, **dead),
        trip(0, **dead),
        trip(0, **old),
        trip(0, **alive),
    ]
    found = tally(trips, [], since=Window.DAY.since(NOW))
    assert win_rate(found).value == 0.75
    assert (strict_win_rate(found).value, strict_win_rate(found).n) == (0.5, 6)


def test_the_adjusted_rate_says_how_many_it_left_out_and_why() -> None:
    """Four wins and a loss; two wins are dust, one of them washed too: 2 of 3 are left."""
    found = of(
        trip(9), trip(9), trip(-9),
        trip(9, reasons=frozenset({"dust"})), trip(9, reasons=frozenset({"dust", "wash_w1"})),
    )  # fmt: skip
    told = adjusted_win_rate(found)
    assert (told.value, told.n) == (2 / 3, 3)
    assert told.note == "2 left out (Dust: 2, Wash: matched pairs: 1)"
    assert win_rate(found).value == 0.8


def test_results_of_four_positions_on_paper() -> None:
    """Gains 300 and 100, losses 150 and 50.

    Profit factor 400 / 200 = 2, expectancy (400 − 200) / 4 = 50, payoff 200 / 100 = 2.
    """
    found = of(trip(300), trip(100), trip(-150), trip(-50))
    assert profit_factor(found).value == 2.0
    assert payoff_ratio(found).value == 2.0
    # results 300, 100, −150, −50: squares 125,000; variance (125,000 − 200²/4) / 3 = 38,333.3;
    # standard error √(38,333.3 / 4) = 97.9; ± 191.9
    told = expectancy(found)
    assert (told.value, told.low, told.high, told.n) == (50, -142, 242, 4)
    # both means 200 and 100 of two: deviations 100² × 2 / 1 / 2 = 10,000 and 2,500; relative
    # 10,000 / 40,000 + 2,500 / 10,000 = 0.5; factor e^(1.96 × √0.5)
    factor = exp(Z_95 * sqrt(0.5))
    assert payoff_ratio(found).low == pytest.approx(2 / factor)
    assert payoff_ratio(found).high == pytest.approx(2 * factor)
    low = profit_factor(found).low
    assert isinstance(low, float)
    # gains 300, 100, 0, 0: mean 100, (100,000 − 40,000) / 3 / 4 = 5,000, relative 0.5; losses the
    # same by halves, 0.5; covariance 2 / 3
    assert low == pytest.approx(2 / exp(Z_95 * sqrt(0.5 + 0.5 + 2 / 3)))


def test_ratios_without_losers_are_missing_with_the_reason() -> None:
    found = of(trip(1), trip(2))
    assert (profit_factor(found).value, payoff_ratio(found).value) == (None, None)
    assert profit_factor(found).missing_reason == "no losing position in the window"
    assert payoff_ratio(of(trip(-1))).missing_reason == "no winning position in the window"
    assert profit_factor(of(trip(-1))).value == 0.0


def test_a_wallet_without_positions_has_no_figure_and_says_why() -> None:
    for told in (
        win_rate,
        strict_win_rate,
        adjusted_win_rate,
        profit_factor,
        expectancy,
        hold_time,
        style,
    ):
        figure = told(of())
        assert figure.value is None
        assert figure.missing_reason == "no closed position with full basis in the window"
        assert figure.n == 0
    assert coverage(of()).missing_reason == "nothing sold in the window"
    assert roi(of()).missing_reason == "no position opened in the window"


@pytest.mark.parametrize(
    ("total", "n", "rounded"), [(10, 4, 3), (-10, 4, -2), (7, 3, 2), (-7, 3, -2)]
)
def test_a_mean_is_rounded_to_the_nearest_lamport(total: int, n: int, rounded: int) -> None:
    assert nearest(total, n) == rounded


def test_roi_is_of_positions_opened_in_the_window_and_says_what_does_not_count() -> None:
    """Opened and ended: 1,000 → +100 and 3,000 → +500: 600 / 4,000 = 15 % of 80 % of the cost.

    Another 1,000 is still open; with an executable price that makes it −300, 300 / 5,000 = 6 %.
    """
    still = trip(0, is_open=True, closed_at=None)
    early = trip(900, ago=timedelta(hours=1), held=100_000)
    found = tally([trip(100), trip(500, cost=3_000), still, early], [], since=Window.DAY.since(NOW))
    assert (roi(found).value, roi(found).n, roi(found).coverage) == (0.15, 2, 0.8)
    assert roi(found).note == "1 of 3 positions are open or lack basis and do not count"
    whole = roi(found, [(1_000, -300)])
    assert (whole.value, whole.n, whole.coverage, whole.note) == (0.06, 3, 1.0, "")


def test_coverage_weighs_sales_by_what_they_fetched() -> None:
    """Known 900 of 1,000 fetched; what was sent away fetched nothing and does not count."""
    sent = Piece(NOW, None, 50, None, None)
    found = tally([], [piece(10, proceeds=900), piece(None, proceeds=100), sent], since=None)
    assert (coverage(found).value, coverage(found).n) == (0.9, 2)
    assert (realised(found).value, realised(found).n) == (10, 1)


def test_realised_in_usd_is_none_while_a_price_is_missing() -> None:
    priced = [piece(10, usd=Decimal("1.50")), piece(-4, usd=Decimal("-0.25"))]
    assert realised_usd(tally([], priced, since=None)).value == Decimal("1.25")
    told = realised_usd(tally([], [*priced, piece(1, usd=None)], since=None))
    assert (told.value, told.missing_reason) == (None, "1 of 3 pieces sold lack a price of SOL")


def test_unrealised_says_how_much_of_the_cost_has_a_price() -> None:
    held = [Held("a", 10, 700, Quote(900, "pool")), Held("b", 10, 300, None)]
    told = unrealised(held)
    assert (told.value, told.n, told.coverage) == (200, 1, 0.7)
    assert told.note == "no price known for 1 of 2 tokens held"
    assert unrealised(held[1:]).missing_reason == "no price known for 1 of 1 tokens held"
    assert unrealised([]).value == 0


def test_hold_time_is_the_median_and_names_the_style() -> None:
    """10, 20, 400, 500 seconds: (20 + 400) / 2 = 210, under five minutes."""
    found = of(*(trip(1, held=s) for s in (500, 10, 400, 20)))
    assert (hold_time(found).value, hold_time(found).low) == (210, None)
    assert style(found).value == "flipper"
    assert [style_of(s) for s in (299, 300, 3_599, 3_600, 86_399, 86_400, 604_799, 604_800)] == [
        "flipper", "scalper", "scalper", "day", "day", "swing", "swing", "holder",
    ]  # fmt: skip


def test_the_medians_interval_is_two_of_the_values() -> None:
    """Of 100: ranks floor(50 − 9.8) = 40 and ceil(51 + 9.8) = 61."""
    values = list(range(1, 101))
    assert (median(values), median_interval(values)) == (50, (40, 61))
    assert median_interval(values[:5]) is None
    assert median_interval(values[:6]) == (1, 6)


def test_windows_begin_strictly_after_their_length() -> None:
    edge = trip(1, ago=timedelta(hours=24))
    inside = trip(1, ago=timedelta(hours=24) - timedelta(seconds=1))
    timeless = trip(1, closed_at=None)
    found = tally([edge, inside, timeless], [], since=Window.DAY.since(NOW))
    assert found.closed == 1
    assert of(edge, inside, timeless).closed == 3


def test_the_deepest_fall_on_paper() -> None:
    """+100, −30, +50, −90, +20: heights 100, 70, 120, 30, 50; the deepest is 120 to 30."""
    gains = [100, -30, 50, -90, 20]
    at = datetime(2026, 11, 1, 23, tzinfo=UTC)
    days = calendar(piece(g, at=at + timedelta(days=i)) for i, g in enumerate(gains))
    assert [p.total_lamports for p in equity_curve(days)] == [100, 70, 120, 30, 50]
    fall = deepest_fall(equity_curve(days))
    assert (fall.lamports, fall.peak_day, fall.trough_day) == (
        90,
        date(2026, 11, 3),
        date(2026, 11, 4),
    )
    assert max_drawdown(days, None).note == "from 2026-11-03 to 2026-11-04"


def test_a_curve_that_only_falls_falls_from_the_start() -> None:
    days = calendar([piece(-5, at=NOW), piece(-5, at=NOW + timedelta(days=1))])
    fall = deepest_fall(equity_curve(days))
    assert (fall.lamports, fall.peak_day) == (10, None)


pieces_of_any_time = st.lists(
    st.tuples(st.integers(-(10**12), 10**12), st.none() | st.integers(0, 60 * 24 * 40))
)


@given(pieces_of_any_time, st.sampled_from(Window))
def test_calendar_curve_and_realised_are_one_sum(told: list[Any], window: Window) -> None:
    since = window.since(NOW)
    pieces = [piece(g, at=None if m is None else NOW - timedelta(minutes=m)) for g, m in told]
    within = [p for p in pieces if since is None or (p.disposed_at and p.disposed_at > since)]
    days, found = calendar(within), tally([], pieces, since=since)
    curve = equity_curve(days)
    undated = sum(d.realised_lamports for d in days if d.day is None)
    assert sum(d.realised_lamports for d in days) == found.realised_lamports
    assert (curve[-1].total_lamports if curve else 0) + undated == found.realised_lamports
    assert sum(d.pieces for d in days) == found.pieces


@given(st.integers(0, 500), st.integers(1, 500), st.floats(0.1, 500), st.floats(0.1, 500))
def test_a_shrunk_rate_lies_between_the_raw_one_and_the_population(
    wins: int, more: int, a: float, b: float
) -> None:
    prior, n = Prior(a, b), wins + more
    middle, raw, crowd = prior.shrunk(wins, n), wins / n, a / (a + b)
    assert min(raw, crowd) - 1e-9 <= middle <= max(raw, crowd) + 1e-9
    low, high = prior.interval(wins, n)
    assert 0 <= low <= middle <= high <= 1


def sums(found: list[tuple[int, int]]) -> tuple[int, int, int, int, float]:
    return (
        len(found), sum(n for _, n in found), sum(w for w, _ in found),
        sum(n * n for _, n in found), sum(w * w / n for w, n in found),
    )  # fmt: skip


def test_the_prior_finds_the_population_it_came_from() -> None:
    """Two thousand wallets of 40 positions whose true rates follow Beta(6, 9): mean 0.4."""
    random = Random(7)
    found = []
    for _ in range(2_000):
        rate = random.betavariate(6, 9)
        found.append((sum(random.random() < rate for _ in range(40)), 40))
    prior = fit_prior(*sums(found))
    assert prior.a / (prior.a + prior.b) == pytest.approx(0.4, abs=0.01)
    assert prior.a + prior.b == pytest.approx(15, rel=0.15)


def test_too_few_wallets_lend_the_usual_prior() -> None:
    assert (fit_prior(*sums([(3, 4)])).a, fit_prior(*sums([(4, 4), (5, 5)])).b) == (3.0, 7.0)


def test_a_lucky_pair_among_a_few_does_not_pass_for_a_population() -> None:
    """Nine of ten stays before one of one."""
    prior = fit_prior(*sums([(9, 10), (1, 1), (0, 1)]))
    assert prior.shrunk(9, 10) > prior.shrunk(1, 1)
    assert prior == Prior(3.0, 7.0)


def equal_wallets(seed: int, *, positions: int, truth: float = 0.35) -> list[tuple[int, int]]:
    random = Random(seed)
    return [(sum(random.random() < truth for _ in range(positions)), positions) for _ in range(174)]


def test_of_174_equal_wallets_the_luckiest_shows_eighty_percent() -> None:
    """All win 35 % in truth. After ten positions the best shows 70 to 80 %.

    Wilson's lower end of 8 of 10 is 0.49, of 7 of 10 it is 0.40; and drawn to a population that
    differs by chance alone everybody is near 35 %.
    """
    bests = [max(w for w, _ in equal_wallets(seed, positions=10)) for seed in range(200)]
    assert 7.3 < sum(bests) / len(bests) < 8.0
    found = equal_wallets(2, positions=10)
    best = max(w for w, _ in found)
    assert best == 8
    assert max((wilson(w, n) or (0, 0))[0] for w, n in found) == pytest.approx(0.490, abs=0.001)
    prior = fit_prior(*sums(found))
    assert max(abs(prior.shrunk(w, n) - 0.35) for w, n in found) < 0.12
    eight_of_ten = of(*[trip(1)] * 8, trip(-1), trip(-1))
    shown = shrunk_win_rate(eight_of_ten, prior)
    assert float(shown.value or 0) < 0.45


def test_a_truly_better_wallet_rises_by_the_bound_and_by_the_shrunk_rate() -> None:
    """One of 60 % over 300 positions among 174 of 35 %: others lead by 4 of 5, it by the rest."""
    random = Random(35)
    found = [(sum(random.random() < 0.35 for _ in range(n)), n) for n in [5] * 60 + [30] * 114]
    best = (180, 300)
    prior = fit_prior(*sums([*found, best]))
    assert any(w / n > 0.6 for w, n in found)
    assert all((wilson(w, n) or (0, 0))[0] < (wilson(*best) or (0, 0))[0] for w, n in found)
    assert all(prior.shrunk(w, n) < prior.shrunk(*best) for w, n in found)


def test_every_rule_says_what_it_is_and_what_its_interval_means() -> None:
    assert all(rule.text and rule.interval and rule.version >= 1 for rule in RULES.values())
    assert all(rule.key == f"{id_}@{rule.version}" for id_, rule in RULES.items())
