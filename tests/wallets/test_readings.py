"""Repairs and older history: asked for, read in turns, cancelled, told on the page."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django_q.models import OrmQ

from aura.core import clock
from aura.core.errors import RateLimited, Refused, Unavailable
from aura.models import AuditEntry, User
from billing.models import Plan, Subscription
from tests.wallets.conftest import Market
from wallets.actions import (
    ask_backfill,
    ask_reading,
    cancel_reading,
    follow_wallet,
    readings,
    record_transactions,
)
from wallets.domain.parse import parse
from wallets.domain.sources import Page, Place
from wallets.models import HistoryRead, RawTransaction, Wallet
from wallets.tasks import read_histories
from wallets.tasks import readings as tasks

pytestmark = pytest.mark.django_db
Kind = HistoryRead.Kind


class Past:
    """A source that tells one wallet's past, ten transactions a page, newest first."""

    vendor = "helius"
    is_complete = True

    def __init__(self, payloads: Sequence[Any]) -> None:
        self.payloads = sorted(payloads, key=lambda p: (p["slot"], p["indexWithinBlock"]))[::-1]
        self.asked: list[tuple[str | None, Place | None]] = []
        self.on_page: Callable[[int], None] = lambda n: None

    def page_latest(
        self, address: str, *, cursor: str | None, limit: int, before: Place | None = None
    ) -> Page:
        self.asked.append((cursor, before))
        self.on_page(len(self.asked))
        items = [p for p in self.payloads if before is None or p["slot"] <= before.slot]
        start = int(cursor or 0)
        return Page(
            tuple(items[start : start + 10]), str(start + 10) if start + 10 < len(items) else None
        )


@pytest.fixture
def past(market: Market, monkeypatch: pytest.MonkeyPatch) -> Past:
    """Sixty transactions, told to whoever asks; it is half a minute after the last."""
    told = Past(market.payloads[:60])
    monkeypatch.setattr(tasks, "transaction_source", lambda: told)
    newest = datetime.fromtimestamp(told.payloads[0]["blockTime"], UTC)
    monkeypatch.setattr(clock, "now", lambda: newest + timedelta(seconds=30))
    return told


@pytest.fixture
def wallet(market: Market) -> Wallet:
    """A wallet that took part in the last of them, with nothing recorded yet."""
    return Wallet.objects.create(address=parse(market.payloads[59]).signers[0])


def at(payload: Any) -> datetime:
    return datetime.fromtimestamp(payload["blockTime"], UTC)


def ask(wallet: Wallet, **options: Any) -> HistoryRead:
    wanted: dict[str, Any] = {"kind": Kind.REPAIR, "horizon": None, "at": clock.now()}
    return ask_reading(wallet, **(wanted | options))


def test_a_repair_reads_all_and_stamps_the_coverage(past: Past, wallet: Wallet) -> None:
    reading = ask(wallet)
    assert OrmQ.objects.count() == 1
    assert read_histories() == 60
    reading.refresh_from_db()
    assert (reading.state, reading.read, reading.new) == ("done", 60, 60)
    wallet.refresh_from_db()
    assert wallet.whole_history
    assert wallet.complete_since == at(past.payloads[-1])
    again = ask(wallet)
    assert read_histories() == 0
    again.refresh_from_db()
    assert (again.read, again.new) == (60, 0)


def test_a_reading_ends_at_its_horizon(past: Past, wallet: Wallet) -> None:
    horizon = at(past.payloads[14])
    ask(wallet, horizon=horizon)
    assert read_histories() == 20
    wallet.refresh_from_db()
    assert (wallet.complete_since, wallet.whole_history) == (horizon, False)


def test_older_history_begins_where_the_record_does(past: Past, wallet: Wallet) -> None:
    record_transactions(past.payloads[:20], source="sweep")
    ours = RawTransaction.objects.filter(activities__wallet=wallet).order_by("slot")
    Wallet.objects.filter(pk=wallet.pk).update(complete_since=at(past.payloads[19]), curated=True)
    assert ask_backfill(wallet, at=clock.now()) is not None
    expected = ours.filter(block_time__gte=at(past.payloads[19])).first()
    read_histories()
    assert expected is not None
    assert past.asked[0] == (None, Place(expected.slot, expected.signature))
    assert RawTransaction.objects.count() == 60
    wallet.refresh_from_db()
    assert wallet.whole_history
    assert ask_backfill(wallet, at=clock.now()) is None


def test_the_longest_plan_of_a_follower_says_how_far(
    past: Past, wallet: Wallet, alice: User, bob: User
) -> None:
    Wallet.objects.filter(pk=wallet.pk).update(complete_since=clock.now() - timedelta(days=7))
    follow_wallet(bob, address=wallet.address)
    assert not HistoryRead.objects.exists(), "a week is what Free sees"
    follow_wallet(alice, address=wallet.address)
    assert HistoryRead.objects.get().horizon == clock.now() - timedelta(days=180)
    HistoryRead.objects.all().delete()
    Subscription.objects.update_or_create(
        user=bob, defaults={"plan": Plan.objects.get(code="elite")}
    )
    wallet.refresh_from_db()
    reading = ask_backfill(wallet, at=clock.now())
    assert reading is not None
    assert reading.horizon is None


def test_a_turn_that_ends_in_time_goes_on_where_it_was(
    past: Past, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = ask(wallet)
    monkeypatch.setattr(tasks, "TURN", 0.0)
    turns = 0
    while HistoryRead.objects.open().exists():
        monkeypatch.setattr(tasks.time, "monotonic", iter([0.0, -1.0, 1.0, 1.0]).__next__)
        read_histories()
        turns += 1
        assert turns < 10
    assert turns == 6
    assert [cursor for cursor, _ in past.asked] == [None, "10", "20", "30", "40", "50"]
    reading.refresh_from_db()
    assert reading.new == 60


def test_a_cancelled_reading_stops_and_keeps_what_it_read(
    past: Past, wallet: Wallet, alice: User
) -> None:
    reading = ask(wallet)
    past.on_page = lambda n: n == 3 and cancel_reading(wallet, at=clock.now(), by=alice)  # type: ignore[assignment,return-value]
    assert read_histories() == 30
    reading.refresh_from_db()
    assert (reading.state, reading.read) == ("cancelled", 30)
    assert not cancel_reading(wallet, at=clock.now(), by=alice)
    wallet.refresh_from_db()
    assert wallet.complete_since is None
    assert AuditEntry.objects.filter(action="wallet.repair_cancelled").count() == 1


def test_a_vendor_away_is_asked_again_and_given_up_in_the_end(
    past: Past, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(n: int) -> None:
        raise Unavailable("helius", "no answer")

    past.on_page = away
    reading = ask(wallet)
    start = clock.now()
    for turn in range(1, readings.MOST_FAILURES + 1):
        reading.refresh_from_db()
        assert reading.is_open, turn
        now = start + turn * tasks.AFTER_FAILURE
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        read_histories()
    reading.refresh_from_db()
    assert (reading.state, reading.reason) == ("failed", "helius: no answer")


def test_the_budgets_refusal_only_makes_it_wait(past: Past, wallet: Wallet) -> None:
    def refused(n: int) -> None:
        raise RateLimited("helius", "the month's credits are used up", retry_after=9_000)

    past.on_page = refused
    reading = ask(wallet)
    read_histories()
    reading.refresh_from_db()
    assert (reading.state, reading.failures) == ("asked", 0)
    assert reading.next_at == clock.now() + tasks.AFTER_REFUSAL


def test_one_reading_of_a_wallet_at_a_time(past: Past, wallet: Wallet) -> None:
    ask(wallet)
    with pytest.raises(Refused, match="being read already"):
        ask(wallet)
    assert HistoryRead.objects.count() == 1


@pytest.fixture
def shown(market: Market, past: Past, alice: User) -> Wallet:
    """A wallet alice follows."""
    follow_wallet(alice, address=market.addresses[0])
    OrmQ.objects.all().delete()
    return Wallet.objects.get()


def login(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_repair_button_asks_within_the_plan_and_once_an_hour(
    shown: Wallet, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, url = login(alice), f"{shown.get_absolute_url()}read/"
    assert client.post(url, {"span": "all"}).status_code == 302
    reading = HistoryRead.objects.get()
    assert (reading.kind, reading.asked_by) == ("repair", alice)
    assert reading.horizon == clock.now() - timedelta(days=180)
    page = client.get(shown.get_absolute_url()).content.decode()
    assert "Reading again" in page
    assert "<progress" in page
    refused = client.post(url, {"span": "1"})
    assert refused.status_code == 422
    assert "being read already" in refused.content.decode()
    read_histories()
    refused = client.post(url, {"span": "1"})
    assert "within the hour" in refused.content.decode()
    assert HistoryRead.objects.count() == 1
    now = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: now)
    assert client.post(url, {"span": "nonsense"}).status_code == 302
    newest = HistoryRead.objects.latest("pk")
    assert newest.horizon == now - timedelta(days=1)


def test_cancelling_on_the_page(shown: Wallet, alice: User) -> None:
    client = login(alice)
    client.post(f"{shown.get_absolute_url()}read/", {"span": "7"})
    assert client.post(f"{shown.get_absolute_url()}read/cancel/").status_code == 302
    assert HistoryRead.objects.get().state == "cancelled"
    assert "cancelled, 0 read" in client.get(shown.get_absolute_url()).content.decode()


def test_only_followers_and_staff_have_history_read(
    shown: Wallet, bob: User, carol: User, staff: User
) -> None:
    url = f"{shown.get_absolute_url()}read/"
    assert login(carol).post(url, {"span": "1"}).status_code == 404
    Wallet.objects.update(curated=True)
    assert login(bob).post(url, {"span": "1"}).status_code == 403
    assert login(bob).post(f"{url}cancel/").status_code == 403
    assert not HistoryRead.objects.exists()
    assert login(staff).post(url, {"span": "1"}).status_code == 302
    assert HistoryRead.objects.count() == 1
