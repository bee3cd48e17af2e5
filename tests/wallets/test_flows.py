"""What recorded wallets did in tokens lately, and which of them a signal listens to."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.make import START, address, make_token, make_trade, make_wallet
from wallets.models import PositionFlag, Wallet, WalletStats, WindowStats
from wallets.queries.flows import flows_of_tokens, moves_of, qualified_wallets

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=10)


def trade_at(wallet: Wallet, side: str, minutes_ago: float, usd: str | None, raw: int = 100) -> str:
    slot = 1_000 + int((NOW - timedelta(minutes=minutes_ago) - START).total_seconds())
    value = None if usd is None else Decimal(usd)
    return make_trade(wallet, side, raw=raw, slot=slot, value_usd=value).mint


def judge(wallet: Wallet, wins: int, closed: int, low: float, **fields: object) -> None:
    """Give a wallet the record it is judged by, whatever it has traded."""
    last = {"last_trade_at": NOW - timedelta(days=1)}
    WalletStats.objects.update_or_create(wallet=wallet, defaults=last)
    given = {"expectancy_lamports": 5, "adjusted_closed": closed, "adjusted_wins": wins}
    told = {"as_of": NOW, "adjusted_low": low, **given, **fields}
    WindowStats.objects.update_or_create(wallet=wallet, window="all", defaults=told)


def judged(name: str, wins: int, closed: int, low: float, **fields: object) -> Wallet:
    wallet = make_wallet(name)
    judge(wallet, wins, closed, low, **fields)
    return wallet


def test_counts_by_span_with_distinct_wallets() -> None:
    a, b = make_wallet("a"), make_wallet("b")
    mint = trade_at(a, "buy", 2, "100")
    trade_at(a, "buy", 3, "50")
    trade_at(b, "sell", 10, "40", raw=1)
    trade_at(b, "buy", 25 * 60, "7")
    flows = flows_of_tokens([mint, address("never traded")], now=NOW)
    assert set(flows) == {mint}
    five, quarter = flows[mint].own["5m"], flows[mint].own["15m"]
    assert (five.buys, five.buyers, five.sells, five.buy_usd) == (2, 1, 0, Decimal(150))
    assert (quarter.sells, quarter.sellers, quarter.volume_usd) == (1, 1, Decimal(190))
    assert flows[mint].own["24h"] == quarter, "older than a day is gone"
    assert flows[mint].biggest_buyer_usd == Decimal(150)


def test_leaves_wash_out_of_the_organic_counts() -> None:
    a, b = make_wallet("a"), make_wallet("b")
    mint = trade_at(a, "buy", 2, "100")
    trade_at(b, "buy", 2.5, "30")
    PositionFlag.objects.create(wallet=a, mint=mint, position_no=0, reason="wash_w1")
    PositionFlag.objects.create(wallet=b, mint=mint, position_no=0, reason="dust")
    flows = flows_of_tokens([mint], now=NOW)[mint]
    assert flows.own["5m"].buyers == 2
    assert (flows.organic["5m"].buyers, flows.organic["5m"].buy_usd) == (1, Decimal(30))


def test_a_missing_price_makes_the_worth_unknown_not_smaller() -> None:
    wallet = make_wallet("a")
    mint = trade_at(wallet, "buy", 2, "100")
    trade_at(wallet, "buy", 3, None)
    five = flows_of_tokens([mint], now=NOW)[mint].own["5m"]
    assert (five.buys, five.volume_usd, five.buy_usd) == (2, None, None)


def test_nothing_later_than_the_moment_counts() -> None:
    wallet = make_wallet("a")
    mint = trade_at(wallet, "buy", 2, "100")
    assert flows_of_tokens([mint], now=NOW - timedelta(minutes=3)) == {}


def test_qualified_are_the_proven_and_active_above_the_typical() -> None:
    # the median rate of those with 30 closed positions is 0.5: 20/40 of the middle one
    good = judged("good", 36, 40, 0.77)
    judged("typical", 20, 40, 0.35)
    judged("poor", 8, 40, 0.10)
    judged("few", 20, 20, 0.84)
    # its rate would move the median: 0.9, 0.5, 0.2, 0.9 -> 0.7
    judged("loses", 36, 40, 0.77, expectancy_lamports=-1)
    idle = judged("idle", 36, 40, 0.77)
    WalletStats.objects.filter(wallet=idle).update(last_trade_at=NOW - timedelta(days=31))
    for usd in ("100", "300", "500"):
        trade_at(good, "buy", float(usd), usd)
    judge(good, 36, 40, 0.77)
    found = qualified_wallets(now=NOW)
    # 36/40 three times, 20/40 and 8/40: the median is 0.9, and no lower bound is above it
    assert found == []
    WindowStats.objects.filter(wallet__in=[idle]).update(adjusted_wins=4)
    assert [w.address for w in qualified_wallets(now=NOW)] == [good.address]
    assert qualified_wallets(now=NOW)[0].median_buy_usd == Decimal(300)


def test_moves_tell_buys_sales_and_growth() -> None:
    judged("middle", 20, 40, 0.35)
    judged("low", 8, 40, 0.10)
    good = make_wallet("good")
    mint = trade_at(good, "buy", 400, "50", raw=1_200)
    trade_at(good, "sell", 350, "9", raw=200)
    trade_at(good, "buy", 90, "60", raw=500)
    trade_at(good, "buy", 20, "70", raw=1_500)
    trade_at(good, "sell", 10, "30", raw=600)
    judge(good, 36, 40, 0.77)
    [whale] = qualified_wallets(now=NOW)
    [moves] = moves_of([whale], [mint], now=NOW)[mint]
    assert [usd for _, usd in moves.buys] == [Decimal(60), Decimal(70)]
    assert moves.bought_usd == Decimal(70)
    # 2,400 held and 600 sold of what there was within the half hour
    assert moves.sold_share == pytest.approx(600 / 3_000)
    assert moves.grown == pytest.approx(2_400 / 1_000 - 1)


def test_moves_of_a_fresh_buyer_have_no_growth() -> None:
    judged("middle", 20, 40, 0.35)
    judged("low", 8, 40, 0.10)
    good = make_wallet("good")
    token = make_token("NEW")
    slot = 1_000 + int((NOW - timedelta(minutes=5) - START).total_seconds())
    make_trade(good, "buy", token=token, raw=10, slot=slot, value_usd=Decimal(9))
    judge(good, 36, 40, 0.77)
    [moves] = moves_of(qualified_wallets(now=NOW), [token.mint], now=NOW)[token.mint]
    assert (moves.grown, moves.sold_share) == (None, 0.0)
