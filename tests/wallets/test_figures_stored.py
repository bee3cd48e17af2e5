"""Figures of wallets in the database: the sums are the rows', windows slide, ranks are honest."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aura.core import clock
from aura.models import User
from tests.make import address, make_wallet
from tests.wallets.dealing import SOL, Deal, any_deals, deal, mint_of
from wallets.actions import fold_books, inspect_wallet, refresh_stats, slide_windows, state_hash
from wallets.domain.statistics import Piece, RoundTrip, Window, tally
from wallets.domain.statistics.equity import calendar
from wallets.domain.statistics.results import Quote
from wallets.models import (
    Disposal,
    Position,
    PositionFlag,
    Trade,
    Wallet,
    WalletStats,
    WindowStats,
)
from wallets.queries.figures import calendar_of, figures_of
from wallets.queries.followers import copy_table
from wallets.queries.ranking import inspections_due, population_prior, ranking, windows_due
from wallets.queries.tallies import window_sums
from wallets.tasks import refresh_windows

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment everything is as of."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def round_trip(
    token: str, at: datetime, *, paid: int, got: int, held: float = 60, **more: Any
) -> list[Deal]:
    """A buy and the sale of all of it, costs nothing."""
    end = at + timedelta(seconds=held)
    told = {"costs": 0} | more
    return [
        Deal(at, "buy", token, 1_000_000, paid, **told),
        Deal(end, "sell", token, 1_000_000, got, **told),
    ]


def trips_of(wallet: Wallet) -> list[RoundTrip]:
    flags: dict[tuple[str, int], dict[str, Any]] = {}
    for f in PositionFlag.objects.filter(wallet=wallet):
        flags.setdefault((f.mint, f.position_no), {})[f.reason] = f.since
    found = []
    for p in Position.objects.filter(wallet=wallet):
        reasons = flags.get((p.mint, p.no), {})
        found.append(
            RoundTrip(
                p.opened_at, p.closed_at, p.is_open, p.full_basis, p.cost_lamports,
                p.realised_lamports, frozenset(reasons.keys() - {"dead"}), reasons.get("dead"),
            )
        )  # fmt: skip
    return found


def pieces_of(wallet: Wallet) -> list[Piece]:
    return [
        Piece(d.disposed_at, d.proceeds_lamports, d.cost_lamports, d.gain_lamports, d.gain_usd)
        for d in Disposal.objects.filter(wallet=wallet)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_the_databases_sums_are_the_pure_ones(seed: int) -> None:
    wallet = make_wallet()
    gone = Deal(ago(days=61), "buy", "gone", 1_000, SOL)
    deal(wallet, [gone, *any_deals(seed, 300, until=NOW)])
    inspect_wallet(wallet.pk, now=NOW)
    found = window_sums([wallet.pk], now=NOW)
    flagged = PositionFlag.objects.values_list("reason", flat=True)
    assert {"dust", "dead"} <= set(flagged)
    for window in Window:
        pure = tally(trips_of(wallet), pieces_of(wallet), since=window.since(NOW))
        assert found[wallet.pk, window].tally == pure
        days = calendar_of(wallet, window, now=NOW)
        since = window.since(NOW)
        assert days == calendar(
            p
            for p in pieces_of(wallet)
            if since is None or (p.disposed_at and p.disposed_at > since)
        )
        assert sum(d.realised_lamports for d in days) == pure.realised_lamports
    assert found[wallet.pk, Window.ALL].tally.closed > 50
    assert found[wallet.pk, Window.MONTH].tally.closed > 10


def test_figures_of_all_time_are_the_wallets_stats() -> None:
    wallet = make_wallet()
    deal(wallet, any_deals(3, 200, until=NOW))
    stats, figures = WalletStats.objects.get(), figures_of(wallet, now=NOW)
    assert stats.closed_positions > 20
    assert figures["win_rate"].value == stats.win_rate == stats.wins / stats.closed_positions
    assert (figures["win_rate"].low, figures["win_rate"].high) == (
        stats.win_rate_low,
        stats.win_rate_high,
    )
    assert figures["realised"].value == stats.realised_lamports
    assert figures["realised_usd"].value == stats.realised_usd
    assert figures["coverage"].value == stats.coverage
    assert figures["equity"].value == stats.realised_lamports
    positions = Position.objects.filter(wallet=wallet)
    assert stats.realised_lamports == sum(p.realised_lamports for p in positions)
    assert stats.open_positions == positions.filter(is_open=True).count()
    assert (
        stats.unknown_proceeds_lamports == sum(p.unknown_proceeds_lamports for p in positions) > 0
    )
    assert stats.trades == Trade.objects.count()


def test_a_month_on_paper() -> None:
    """Three round trips and what is still held, in SOL.

    A: 40 days ago, 1 → 3, +2. B: 10 days ago, 2 → 1, −1. C: 2 hours ago, 4 → 5, +1, held 90 s.
    D: bought for 1 an hour ago and held.
    """
    wallet = make_wallet()
    deal(
        wallet,
        [
            *round_trip("A", ago(days=40), paid=SOL, got=3 * SOL),
            *round_trip("B", ago(days=10), paid=2 * SOL, got=SOL, held=600),
            *round_trip("C", ago(hours=2), paid=4 * SOL, got=5 * SOL, held=90),
            Deal(ago(hours=1), "buy", "D", 1_000, SOL, costs=0),
        ],
    )
    by_window = {
        w: [
            figures_of(wallet, w, now=NOW)[f].value
            for f in ("win_rate", "realised", "roi", "hold_time")
        ]
        for w in Window
    }
    assert by_window == {
        Window.DAY: [1.0, SOL, 0.25, 90],
        Window.WEEK: [1.0, SOL, 0.25, 90],
        Window.MONTH: [0.5, 0, 0.0, 345],
        Window.ALL: [2 / 3, 2 * SOL, 2 / 7, 90],
    }
    month = figures_of(wallet, Window.MONTH, now=NOW)
    assert month["roi"].coverage == 6 / 7
    assert month["max_drawdown"].value == SOL
    assert [d.realised_lamports for d in month.calendar] == [-SOL, SOL]
    # at $200 a SOL
    assert month["realised_usd"].value == 0
    assert month["profit_factor"].value == 1.0
    assert month["unrealised"].missing_reason == "no price known for 1 of 1 tokens held"
    # D's own buy is the last trade of its token: worth what it cost
    assert (month["unrealised_mark"].value, month["unrealised_mark"].coverage) == (0, 1.0)
    half = figures_of(
        wallet, Window.DAY, now=NOW, quote=lambda _mint, _raw: Quote(SOL // 2, "pool")
    )
    assert half["unrealised"].value == -SOL // 2
    # C +1 on 4, D −0.5 on 1
    assert (half["roi"].value, half["roi"].coverage) == (0.1, 1.0)
    stored = {w.window: w for w in WindowStats.objects.all()}
    assert [stored[w].realised_lamports for w in Window] == [SOL, SOL, 0, 2 * SOL]
    assert [stored[w].trades for w in Window] == [3, 3, 5, 7]
    assert stored["24h"].changes_at == ago(hours=2) + timedelta(hours=24)
    assert stored["30d"].style == "scalper"


def test_windows_slide_without_a_trade(monkeypatch: pytest.MonkeyPatch) -> None:
    wallet = make_wallet()
    deal(wallet, round_trip("A", ago(hours=20), paid=SOL, got=2 * SOL))
    assert WindowStats.objects.get(window="24h").realised_lamports == SOL
    before = state_hash()
    assert windows_due(NOW, limit=10) == []
    later = NOW + timedelta(hours=4)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert windows_due(later, limit=10) == [wallet.pk]
    assert refresh_windows() == 2
    day = WindowStats.objects.get(window="24h")
    # the buy has left; the sale a minute later has not
    assert (day.trades, day.realised_lamports, day.as_of) == (1, SOL, later)
    monkeypatch.setattr(clock, "now", lambda: later + timedelta(minutes=1))
    assert refresh_windows() == 1
    day = WindowStats.objects.get(window="24h")
    assert (day.trades, day.realised_lamports, day.changes_at) == (0, 0, None)
    assert WindowStats.objects.get(window="7d").realised_lamports == SOL
    assert state_hash() == before
    assert refresh_windows() == 0


def test_wallets_from_before_get_their_windows() -> None:
    wallet = make_wallet()
    deal(wallet, round_trip("A", ago(days=2), paid=SOL, got=2 * SOL))
    WindowStats.objects.all().delete()
    assert refresh_windows() == 2
    assert WindowStats.objects.get(window="7d").wins == 1
    assert WindowStats.objects.count() == 4


def test_a_wallet_that_did_nothing_after_all_has_no_figures() -> None:
    wallet = make_wallet()
    deal(wallet, round_trip("A", ago(days=2), paid=SOL // 100, got=SOL))
    inspect_wallet(wallet.pk, now=NOW)
    assert PositionFlag.objects.get().reason == "dust"
    Trade.objects.all().delete()
    wallet.activities.all().delete()
    fold_books({(wallet.pk, mint_of("A")): None})
    refresh_stats([wallet.pk])
    assert (WindowStats.objects.count(), PositionFlag.objects.count()) == (0, 0)


def test_an_inspection_flags_dust_wash_and_the_dead_and_the_rates_follow() -> None:
    """Two honest wins and a loss; three washed pairs that win a little; one win of $10; one dead.

    Win rate 6 of 7, adjusted 2 of 3, strict 6 of 8.
    """
    wallet = make_wallet()
    deals = [
        *round_trip("good", ago(days=3), paid=SOL, got=2 * SOL),
        *round_trip("fine", ago(days=3), paid=SOL, got=2 * SOL),
        *round_trip("bad", ago(days=3), paid=SOL, got=SOL // 2),
        *round_trip("tiny", ago(days=3), paid=SOL // 20, got=SOL),
        Deal(ago(days=2), "buy", "gone", 1_000, SOL, costs=0),
    ]
    for hour in (30, 29, 28):
        deals += round_trip("bump", ago(hours=hour), paid=SOL, got=SOL + SOL // 200)
    deal(wallet, sorted(deals, key=lambda d: d.at))
    row = WindowStats.objects.get(window="all")
    assert (row.adjusted_closed, row.strict_closed) == (7, 7)
    assert inspections_due(NOW, limit=10) == [wallet.pk]
    assert inspect_wallet(wallet.pk, now=NOW)
    told = set(PositionFlag.objects.values_list("mint", "position_no", "reason", "since"))
    assert told == {
        (mint_of("tiny"), 0, "dust", None),
        *((mint_of("bump"), no, "wash_w1", None) for no in range(3)),
        (mint_of("gone"), 0, "dead", ago(days=1)),
    }
    figures = figures_of(wallet, now=NOW)
    assert figures["win_rate"].value == 6 / 7
    assert figures["win_rate_adjusted"].value == 2 / 3
    assert figures["win_rate_adjusted"].note == "4 left out (Dust: 1, Wash: matched pairs: 3)"
    assert figures["win_rate_strict"].value == 6 / 8
    row.refresh_from_db()
    assert (row.adjusted_wins, row.adjusted_closed, row.strict_closed) == (2, 3, 8)
    assert row.changes_at == NOW + timedelta(hours=6)
    # a token that died before a window began is not lost within it
    assert figures_of(wallet, Window.DAY, now=NOW)["win_rate_strict"].n == 0
    assert figures_of(wallet, Window.WEEK, now=NOW)["win_rate_strict"].n == 8
    # somebody trades it again: it lives
    deal(make_wallet("another"), [Deal(ago(hours=1), "buy", "gone", 10, SOL)])
    inspect_wallet(wallet.pk, now=NOW)
    assert not PositionFlag.objects.filter(wallet=wallet, reason="dead").exists()
    assert figures_of(wallet, now=NOW)["win_rate_strict"].n == 7


def make_record(name: str, wins: int, losses: int, *, unknown: int = 0) -> Wallet:
    wallet = make_wallet(name, curated=True)
    deals = []
    for n in range(wins + losses):
        got = 2 * SOL if n < wins else SOL // 2
        deals += round_trip(f"{name} {n}", ago(days=5, minutes=n), paid=SOL, got=got, held=30)
    if unknown:
        deals.append(Deal(ago(days=5), "sell", f"{name} from nowhere", 1_000, unknown))
    deal(wallet, sorted(deals, key=lambda d: d.at))
    return wallet


def test_ranks_follow_the_lower_bound_and_hide_what_is_not_covered(alice: User) -> None:
    """4 of 4 (from 0.51), 18 of 20 (from 0.70), 1 of 3; 9 of 9, half of it unknown."""
    lucky, good, poor = (
        make_record("lucky", 4, 0),
        make_record("good", 18, 2),
        make_record("poor", 1, 2),
    )
    unknown = make_record("unknown", 9, 0, unknown=18 * SOL)
    make_record("hidden", 30, 0)
    Wallet.objects.filter(address=address("hidden")).update(curated=False)
    rows = list(ranking(alice, Window.WEEK))
    assert [r.wallet for r in rows] == [good, lucky, poor, unknown]
    assert [r.is_ranked for r in rows] == [True, True, True, False]
    assert next(iter(ranking(alice, Window.WEEK, ascending=True))).wallet == poor
    prior = population_prior(Window.WEEK)
    for row in rows:
        assert row.shrunk == pytest.approx(prior.shrunk(row.wins, row.closed))
    # nobody closed anything within a day: no rank, no rate
    assert [(r.is_ranked, r.shrunk) for r in ranking(alice, Window.DAY, by="shrunk")] == [
        (False, None)
    ] * 4


def test_figures_cost_the_same_few_queries_however_many_trades(
    django_assert_num_queries: Any,
) -> None:
    wallet = make_wallet()
    deal(wallet, any_deals(9, 5_000, until=NOW))
    assert Trade.objects.count() >= 5_000
    for window in Window:
        with django_assert_num_queries(11):
            figures_of(wallet, window, now=NOW)
    with django_assert_num_queries(5):
        copy_table(wallet, Window.ALL, now=NOW)
    with CaptureQueriesContext(connection) as few:
        refresh_stats([wallet.pk])
    other = make_wallet("other")
    deal(other, any_deals(1, 10, until=NOW))
    with CaptureQueriesContext(connection) as many:
        refresh_stats([wallet.pk, other.pk])
    assert len(few) == len(many) == 7
    slide_windows([wallet.pk], now=NOW)
