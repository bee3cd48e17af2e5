"""Why this number: every figure opens to rows that add up to it, and to nothing else."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from aura.core import clock, exact
from aura.core.errors import Refused
from aura.core.solana import USDC
from market.domain.pools import pool_at
from market.models import SolPrice
from tests.make import make_wallet
from tests.wallets.dealing import SOL, Deal, any_deals, deal, mint_of
from wallets.actions import inspect_wallet, refresh_stats
from wallets.domain.statistics import RULES, Window
from wallets.domain.statistics.results import Quote
from wallets.models import Activity, Disposal, Holding, Lot, Position, Trade, Wallet
from wallets.queries.figures import figures_of
from wallets.queries.openings import PositionPart
from wallets.queries.why import MOST, OPENED, SoldPart, Why, why
from wallets.queries.why_worth import FollowedPart, HeldPart

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OPENED_BOOKS = sorted(OPENED - {"copyability", "unrealised", "unrealised_mark"})


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment everything is as of."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def yenni() -> Wallet:
    """Two hundred trades in sixty days, looked through."""
    wallet = make_wallet()
    gone = Deal(NOW - timedelta(days=61), "buy", "gone", 1_000, SOL)
    deal(wallet, [gone, *any_deals(5, 200, until=NOW)])
    inspect_wallet(wallet.pk, now=NOW)
    return wallet


def all_parts(wallet: Wallet, figure: str, window: Window, **more: Any) -> tuple[Why, list[Any]]:
    """Leaf through all pages; return the last one and every part."""
    parts: list[Any] = []
    while True:
        page = why(wallet, figure, window, limit=30, offset=len(parts), **more)
        assert page.adds_up
        parts += page.parts
        if len(parts) >= page.total:
            return page, parts


@pytest.mark.parametrize("window", Window)
def test_every_figure_opens_and_adds_up(yenni: Wallet, window: Window) -> None:
    for figure in OPENED:
        page, parts = all_parts(yenni, figure, window)
        assert page.figure.rule.id == figure
        assert len(parts) == page.total
        if figure != "copyability":
            assert page.figure == figures_of(yenni, window, now=NOW)[figure]
        told = exact.loads(exact.dumps(page.told()))
        assert told["figure"]["rule"]["version"] == RULES[figure].version
        assert told["adds_up"] is True
        assert len(told["parts"]) == len(page.parts)


def test_the_parts_alone_make_the_figures(yenni: Wallet) -> None:
    """Added by hand here from what the pages tell, not from the tables."""
    page, parts = all_parts(yenni, "win_rate", Window.ALL)
    assert page.total > 20
    wins = sum(part.verdict == "win" for part in parts)
    assert {part.verdict for part in parts} <= {"win", "loss", "even"}
    assert page.figure.value == wins / len(parts)
    results = [sum(piece.gain_lamports for piece in part.pieces) for part in parts]
    gains, losses = sum(r for r in results if r > 0), -sum(r for r in results if r < 0)
    assert why(yenni, "profit_factor").figure.value == gains / losses
    assert page.sums == {"wins": wins, "closed": len(parts)}

    page, sold = all_parts(yenni, "realised", Window.MONTH)
    assert page.figure.value == sum(
        part.piece.proceeds_lamports - part.piece.cost_lamports for part in sold
    )
    assert page.figure.n == len(sold) > 10

    page, parts = all_parts(yenni, "win_rate_adjusted", Window.ALL)
    kept = [part for part in parts if not part.verdict.startswith("left out")]
    assert 0 < len(kept) < len(parts)
    assert page.figure.value == sum(part.verdict == "win" for part in kept) / len(kept)
    assert {part.verdict for part in parts} - {"win", "loss", "even"} == {"left out: Dust"}

    page, parts = all_parts(yenni, "win_rate_strict", Window.ALL)
    dead = [part for part in parts if part.verdict == "lost: dead token"]
    assert mint_of("gone") in {part.mint for part in dead}
    assert page.figure.n == len(parts)
    assert page.figure.value == sum(part.verdict == "win" for part in parts) / len(parts)


def test_a_position_opens_to_lots_trades_fees_and_prices() -> None:
    wallet = make_wallet()
    minute = NOW - timedelta(hours=3)
    SolPrice.objects.create(minute=minute, usd=Decimal(200), source="birdeye")
    SolPrice.objects.create(minute=minute + timedelta(minutes=9), usd=Decimal(199), source="late")
    at = minute + timedelta(minutes=9)
    deal(
        wallet,
        [
            Deal(at, "buy", "A", 100, SOL, costs=7_000),
            Deal(at, "buy", "A", 100, SOL, costs=7_000, usd=None),
            Deal(at, "sell", "A", 200, 3 * SOL, costs=9_000),
        ],
    )
    last = Activity.objects.order_by("transaction__slot").last()
    assert last is not None
    Activity.objects.filter(pk=last.pk).update(network_lamports=5_000, tip_lamports=4_000)
    (part,) = why(wallet, "win_rate").parts
    assert isinstance(part, PositionPart)
    assert [(lot.cost_lamports, lot.cost_left_lamports) for lot in part.lots] == [
        (SOL + 7_000, 0)
    ] * 2
    assert [p.gain_lamports for p in part.pieces] == [500_000_000 - 11_500, 500_000_000 - 11_500]
    first, second, sale = part.trades
    # valued when only the older price was known: the one that gives the worth is told
    assert first.price is not None
    assert (first.price.usd, first.price.source, first.price.minute) == (200, "birdeye", minute)
    assert (second.value_usd, second.price) == (None, None)
    assert sale.fees == {"network": 5_000, "tip": 4_000, "platform": 0, "other": 0}
    assert part.adds_up
    dollars = why(wallet, "realised_usd")
    assert dollars.figure.missing_reason == "1 of 2 pieces sold lack a price of SOL"
    assert dollars.sums["unpriced"] == 1
    assert dollars.adds_up


def test_a_trade_for_dollars_names_the_dollars_as_its_price() -> None:
    wallet = make_wallet()
    deal(wallet, [Deal(NOW - timedelta(hours=1), "buy", "A", 100, SOL)])
    deal(wallet, [Deal(NOW, "sell", "A", 100, 2 * SOL)])
    Trade.objects.filter(side="sell").update(mint_out=str(USDC))
    (part,) = why(wallet, "win_rate").parts
    assert isinstance(part, PositionPart)
    assert part.trades[1].price is not None
    assert part.trades[1].price.source == "the dollars paid or received"


TAMPERED: list[tuple[Any, dict[str, Any], str]] = [
    (Position, {"realised_lamports": 1}, "win_rate"),
    (Position, {"realised_lamports": 1}, "realised"),
    (Position, {"cost_lamports": 1}, "expectancy"),
    (Disposal, {"gain_lamports": 1}, "profit_factor"),
    (Disposal, {"proceeds_lamports": 1}, "realised"),
    (Lot, {"cost_lamports": 1}, "win_rate"),
    (Lot, {"raw": 1}, "hold_time"),
    (Trade, {"value_lamports": 1}, "payoff_ratio"),
    (Trade, {"costs_lamports": 1}, "win_rate_strict"),
]


@pytest.mark.parametrize(("model", "change", "figure"), TAMPERED)
def test_what_was_tampered_with_does_not_add_up(
    model: Any, change: dict[str, Any], figure: str
) -> None:
    wallet = make_wallet()
    at = NOW - timedelta(hours=2)
    deal(wallet, [Deal(at, "buy", "A", 100, SOL), Deal(at, "sell", "A", 100, 2 * SOL)])
    deal(wallet, [Deal(at, "buy", "B", 100, SOL), Deal(at, "sell", "B", 100, SOL // 2)])
    assert why(wallet, figure).adds_up
    row = model.objects.order_by("pk").first()
    model.objects.filter(pk=row.pk).update(**change)
    refresh_stats([wallet.pk])
    assert not why(wallet, figure).adds_up


def test_what_is_held_opens_to_its_lots_and_its_price() -> None:
    wallet, other = make_wallet(), make_wallet("other")
    deal(wallet, [Deal(NOW - timedelta(hours=2), "buy", "A", 1_000, SOL, costs=0)])
    deal(other, [Deal(NOW - timedelta(hours=1), "buy", "A", 10, 30_000_000, costs=0)])
    page = why(wallet, "unrealised_mark")
    (part,) = page.parts
    assert isinstance(part, HeldPart)
    # 30,000,000 for 10: 1,000 are worth three SOL
    assert (part.worth_lamports, part.gain_lamports) == (3 * SOL, 2 * SOL)
    assert part.source == Trade.objects.get(wallet=other).signature
    assert [lot.cost_left_lamports for lot in part.lots] == [SOL]
    assert (page.figure.value, page.adds_up) == (2 * SOL, True)
    quoted = why(wallet, "unrealised", quote=lambda _mint, raw: Quote(raw * 10**6, "a pool"))
    assert (quoted.figure.value, quoted.adds_up) == (0, True)
    Holding.objects.filter(wallet=wallet).update(cost_lamports=SOL + 1)
    assert not why(wallet, "unrealised_mark").adds_up


def test_a_mark_of_a_dead_token_is_none() -> None:
    wallet = make_wallet()
    deal(wallet, [Deal(NOW - timedelta(hours=24), "buy", "A", 1_000, SOL, costs=0)])
    page = why(wallet, "unrealised_mark")
    assert page.figure.missing_reason == "no price known for 1 of 1 tokens held"
    assert page.adds_up


def test_copyability_opens_to_the_swaps_a_follower_is_filled_at() -> None:
    wallet, other = make_wallet(), make_wallet("other")
    at, v4 = NOW - timedelta(hours=2), "Raydium AMM v4"
    there: dict[str, Any] = {"venue": v4, "reserves": (10**12, 200 * SOL)}
    deal(wallet, [Deal(at, "buy", "A", 100, SOL)])
    deal(other, [Deal(at + timedelta(seconds=70), "buy", "A", 10, SOL // 5, **there)])
    deal(wallet, [Deal(at + timedelta(hours=1), "sell", "A", 100, 2 * SOL)])
    deal(other, [Deal(at + timedelta(hours=1, seconds=65), "sell", "A", 10, SOL // 5, **there)])
    page = why(wallet, "copyability", delay=60, size_usd=100)
    (part,) = page.parts
    assert isinstance(part, FollowedPart)
    theirs = list(Trade.objects.filter(wallet=other).order_by("slot"))
    assert [step.fill and step.fill.signature for step in part.steps] == [
        t.signature for t in theirs
    ]
    assert [step.fill and step.fill.pool for step in part.steps] == [
        pool_at(v4, 10**12, 200 * SOL)
    ] * 2
    assert part.followed is not None
    assert page.figure.value == part.followed.gain_lamports / part.followed.paid_lamports
    assert page.adds_up
    # 5 s after the buy nobody was there
    page = why(wallet, "copyability", delay=5, size_usd=100)
    assert page.figure.value is None
    assert [part.followed for part in page.parts if isinstance(part, FollowedPart)] == [None]


def test_an_unknown_figure_is_refused(yenni: Wallet) -> None:
    with pytest.raises(Refused, match="no figure called luck"):
        why(yenni, "luck")


def test_pages_are_bounded(yenni: Wallet) -> None:
    assert len(why(yenni, "realised", limit=10**9).parts) <= MOST
    beyond = why(yenni, "realised", offset=10**6)
    assert (beyond.parts, beyond.adds_up) == ([], True)
    assert len(why(yenni, "win_rate", limit=0, offset=-5).parts) == 1


def test_a_wallet_without_anything_opens_too() -> None:
    wallet = make_wallet()
    for figure in OPENED:
        page = why(wallet, figure)
        assert (page.total, page.parts, page.adds_up) == (0, [], True)


def test_five_thousand_trades_open_in_as_few_queries_as_ten(django_assert_num_queries: Any) -> None:
    wallet, small = make_wallet(), make_wallet("small")
    deal(wallet, any_deals(8, 5_000, until=NOW))
    deal(small, any_deals(2, 60, until=NOW))
    counted = {
        "win_rate": 20, "realised": 20, "unrealised": 14, "unrealised_mark": 16, "copyability": 5,
    }  # fmt: skip
    for figure, queries in counted.items():
        for one in (wallet, small):
            with django_assert_num_queries(queries):
                assert why(one, figure).adds_up
    for figure in OPENED_BOOKS:
        page = why(wallet, figure)
        assert page.adds_up
        assert page.total > 1_000
        assert 0 < len(page.parts) <= 50
        assert isinstance(page.parts[0], SoldPart | PositionPart)
