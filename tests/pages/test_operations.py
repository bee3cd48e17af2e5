"""The Operations page: for staff alone, with the figures of every part that can fall behind."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from aura.core import clock, memory, quota
from aura.models import User
from tests.make import address, make_trade, make_wallet
from wallets.models import Delivery, HistoryRead, QuarantinedPayload, RawTransaction, Wallet
from wallets.queries.ingest import ingest_state

pytestmark = pytest.mark.django_db
PAGE = "/operations/"


@pytest.fixture
def as_staff(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def words(html: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_it_is_there_for_staff_alone(as_staff: Client, as_alice: Client) -> None:
    for other in (as_alice, Client()):
        assert other.get(PAGE).status_code == 404
        assert other.get(PAGE, headers={"HX-Request": "true"}).status_code == 404
        assert PAGE not in other.get("/").content.decode()
    answer = as_staff.get(PAGE)
    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith("max-age=0")
    assert f'href="{PAGE}"' in as_staff.get("/").content.decode()
    assert as_staff.post(PAGE).status_code == 405


def test_it_renews_itself_with_the_fragment_it_is_made_of(as_staff: Client) -> None:
    page = as_staff.get(PAGE).content.decode()
    assert f'hx-get="{PAGE}" hx-trigger="every 5s" hx-swap="innerMorph"' in page
    fragment = as_staff.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert fragment in page


def test_an_empty_house_is_shown_calmly(as_staff: Client) -> None:
    page = words(as_staff.get(PAGE).content.decode())
    for said in ("nothing waits", "no task has run yet", "Nobody leads", "0 of 0 transactions"):
        assert said in page, said
    for unsaid in ("Stands still", "Behind", "Hot wallets", "Latest refusals", "Used up"):
        assert unsaid not in page, unsaid


def test_what_lags_and_what_was_refused_is_shown(as_staff: Client) -> None:
    wallet = make_wallet(curated=True, swept_at=clock.now() - timedelta(hours=13))
    trade = make_trade(wallet)
    RawTransaction.objects.filter(pk=trade.transaction_id).update(
        ask_at=timezone.now(),
        compared=2,
        disagreements="pump.fun: 5 & 6",
        block_time=clock.now() - timedelta(minutes=7),
    )
    Delivery.objects.create(source="webhook", body=b"")
    Delivery.objects.update(received_at=timezone.now() - timedelta(minutes=5))
    Wallet.objects.filter(pk=wallet.pk).update(hot_since=clock.now())
    QuarantinedPayload.objects.create(
        digest="d", source="webhook", reason="no <meta>", payload=b"", count=3
    )
    HistoryRead.objects.create(
        wallet=wallet, kind="backfill", asked_at=clock.now(), next_at=clock.now(), new=12,
        horizon=clock.now() - timedelta(days=10), reached_at=clock.now() - timedelta(days=5),
        reason="its vendor rests",
    )  # fmt: skip
    OrmQ.objects.create(key="aura", payload="", lock=timezone.now() - timedelta(seconds=661))
    html = as_staff.get(PAGE).content.decode()
    page = words(html)
    for said in (
        "Newest transaction 7 min old 1 provisional · 0 voided in 24 h",
        "Inbox Stands still 1 waiting oldest for 5 min",
        "Sweeps Behind 0 of 1 within 6 h 0 due now · oldest 13 h",
        "Queue 1 waiting, 0 running no task has run yet",
        "100.0% disagree 1 of 1 transactions compared",
        "1 payload refused with a reason",
        "1 hot wallet 1 history being read",
        "Older history, waiting 50.0% 12 its vendor rests",
        "no &lt;meta&gt; webhook 3",
    ):
        assert said in page, said
    assert html.count(f'href="/whales/{wallet.address}/"') == 2


def test_a_budget_is_shown_with_who_used_it(as_staff: Client, settings: Settings) -> None:
    settings.QUOTAS = {"helius": (1000, 1e6), "birdeye": (100, 1.0)}
    quota.charge("helius", 100)
    with quota.spending_for(quota.SWEEP):
        quota.spend("helius", 250)
    with quota.spending_for(quota.BACKFILL):
        quota.charge("helius", 50)
    quota.note_error("helius", "helius: answered 500 <html>")
    quota.note_fallback("helius", "solana-rpc", "helius: no answer")
    html = as_staff.get(PAGE).content.decode()
    page = words(html)
    for said in (
        "400 of 1,000 credits this month",
        "Live 100 Sweep 250 Backfill 50 Left 600",
        "Rate 1,000,000 a second" if settings.USE_THOUSAND_SEPARATOR else "Rate 1000000 a second",
        "Calls, 24 h 1 Held back, 24 h 0 Errors, 24 h 1 Fallbacks, 24 h 1",
        "UTC, to solana-rpc: helius: no answer",
        "UTC, helius: answered 500 &lt;html&gt;",
        "0 of 100 credits this month",
    ):
        assert said in page, said
    drawn = re.findall(r'<rect class="(\w+)" x="([\d.]+)" width="([\d.]+)"', html)
    assert drawn[:5] == [
        ("live", "0.000", "10.000"), ("sweep", "10.000", "25.000"), ("backfill", "35.000", "5.000"),
        ("ceiling", "90.0", ".35"), ("ceiling", "60.0", ".35"),
    ]  # fmt: skip


def test_a_bar_never_leaves_its_track(as_staff: Client, settings: Settings) -> None:
    settings.QUOTAS = {"helius": (100, 10.0)}
    quota.charge("helius", 80)
    with quota.spending_for(quota.SWEEP):
        quota.charge("helius", 80)
    html = as_staff.get(PAGE).content.decode()
    drawn = re.findall(r'<rect class="(?:live|sweep|backfill)" x="([\d.]+)" width="(\S+)"', html)
    assert drawn == [
        ("0.000", "80.000"), ("80.000", "20.000"), ("100.000", "0.000"),
    ]  # fmt: skip
    assert "160 of 100 credits" in words(html)
    assert "Used up" in words(html)


def test_pressure_and_a_vendor_that_rests_are_shown(as_staff: Client, settings: Settings) -> None:
    settings.QUOTAS = {"helius": (100, 10.0)}
    assert "Easy" in words(as_staff.get(PAGE).content.decode())
    quota.note_exhausted("helius", said="max usage reached")
    page = words(as_staff.get(PAGE).content.decode())
    for said in (
        "helius Used up",
        "that its credits are used up. Sweeps and backfills rest until",
        "Pressure 100.0% sweeps 8× rarer",
    ):
        assert said in page, said
    quota.clear_exhausted("helius")
    assert "Used up" not in words(as_staff.get(PAGE).content.decode())


def test_without_redis_the_page_says_so(as_staff: Client, settings: Settings) -> None:
    settings.QUOTAS = {"helius": (100, 10.0)}
    kept, settings.REDIS_URL = settings.REDIS_URL, "unix:///nowhere/r.sock"
    memory.forget()
    try:
        page = words(as_staff.get(PAGE).content.decode())
    finally:
        settings.REDIS_URL = kept
        memory.forget()
    assert "helius Unknown Redis is away" in page
    assert "credits this month" not in page


def test_it_asks_the_same_number_of_questions_whatever_there_is(as_staff: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            as_staff.get(PAGE, headers={"HX-Request": "true"})
        return len(asked)

    as_staff.get(PAGE)
    wallet = make_wallet("one", curated=True, hot_since=clock.now())
    make_trade(wallet)
    few = count()
    for i in range(8):
        more = make_wallet(f"more {i}", curated=True, hot_since=clock.now())
        make_trade(more)
        HistoryRead.objects.create(
            wallet=more, kind="repair", asked_at=clock.now(), next_at=clock.now()
        )
        QuarantinedPayload.objects.create(digest=str(i), source="t", reason="r", payload=b"")
    assert count() == few
    assert few <= 22


def test_disagreement_is_of_what_was_compared_lately(monkeypatch: pytest.MonkeyPatch) -> None:
    from wallets.queries import ingest

    wallet = make_wallet()
    for i, (compared, said) in enumerate([(1, "old"), (0, ""), (1, ""), (3, "a; b"), (1, "")]):
        trade = make_trade(wallet, slot=2_000 + i, fold=False)
        RawTransaction.objects.filter(pk=trade.transaction_id).update(
            compared=compared, disagreements=said
        )
    monkeypatch.setattr(ingest, "COMPARED_OVER", 4)
    state = ingest_state()
    assert (state.compared, state.disagreeing) == (3, 1)
    assert state.disagreement_rate == pytest.approx(1 / 3)


def test_voided_transactions_are_counted_for_a_day_and_are_not_the_newest() -> None:
    wallet = make_wallet()
    for slot, age in ((5_000, 1), (5_001, 23), (5_002, 25)):
        trade = make_trade(wallet, slot=slot, fold=False)
        RawTransaction.objects.filter(pk=trade.transaction_id).update(
            status="void", status_at=timezone.now() - timedelta(hours=age)
        )
    standing = make_trade(wallet, slot=4_000)
    state = ingest_state()
    assert (state.voided_recently, state.provisional) == (2, 0)
    assert state.newest_block_time == standing.block_time


def test_wallets_nobody_watches_are_not_late(alice: User) -> None:
    make_wallet("gone", swept_at=clock.now() - timedelta(days=30))
    fresh = make_wallet("kept", curated=True, swept_at=clock.now() - timedelta(hours=5))
    state = ingest_state()
    assert (state.watched, state.swept_recently, state.never_swept) == (1, 1, 0)
    assert state.oldest_sweep_at == fresh.swept_at
    assert Wallet.objects.filter(address=address("gone")).exists()
