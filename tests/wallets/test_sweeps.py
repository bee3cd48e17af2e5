"""Sweeps: what they claim is true, what they began goes on, and none runs twice at once."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from aura.core import clock
from aura.core.errors import RateLimited, Unavailable
from tests.make import address, make_wallet
from tests.wallets.conftest import Market
from wallets.actions import (
    curate_wallet,
    follow_wallet,
    keep_delivery,
    note_registration,
    record_transactions,
    track_wallet,
    unfollow_wallet,
)
from wallets.domain.parse import parse
from wallets.domain.sources import Page
from wallets.models import RawTransaction, Trade, Wallet
from wallets.tasks import sweeps as tasks
from wallets.tasks import upkeep


class History:
    """A source that tells one wallet's transactions, page by page, and fails on demand."""

    vendor = "helius"
    is_complete = True

    def __init__(self, payloads: Sequence[Any], page: int = 5) -> None:
        self.payloads = sorted(payloads, key=lambda p: (p["slot"], p["indexWithinBlock"]))
        self.page = page
        self.asked: list[tuple[str, int]] = []
        self.on_page: Callable[[int], None] = lambda n: None

    def page_since(self, address: str, *, slot: int, cursor: str | None) -> Page:
        self.asked.append(("since", slot))
        self.on_page(len(self.asked))
        return self._page([p for p in self.payloads if p["slot"] >= slot], cursor)

    def page_latest(self, address: str, *, cursor: str | None, limit: int) -> Page:
        self.asked.append(("latest", 0))
        self.on_page(len(self.asked))
        return self._page(self.payloads[::-1], cursor)

    def _page(self, items: Sequence[Any], cursor: str | None) -> Page:
        start = int(cursor or 0)
        end = start + self.page
        return Page(tuple(items[start:end]), str(end) if end < len(items) else None)


@pytest.fixture
def busiest(market: Market) -> tuple[str, list[Any]]:
    """A wallet and what the source tells of it: the sweep does not ask whose it is."""
    return market.addresses[0], market.payloads[:40]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, busiest: tuple[str, list[Any]]) -> History:
    """The source everybody asks; its history is the busiest wallet's."""
    history = History(busiest[1])
    monkeypatch.setattr(tasks, "transaction_source", lambda: history)
    newest = datetime.fromtimestamp(history.payloads[-1]["blockTime"], UTC)
    monkeypatch.setattr(clock, "now", lambda: newest + timedelta(seconds=30))
    return history


def at(payload: Any) -> datetime:
    return datetime.fromtimestamp(payload["blockTime"], UTC)


@pytest.mark.django_db
def test_a_first_sweep_of_everything_is_complete_since_the_horizon(
    told: History, busiest: tuple[str, list[Any]]
) -> None:
    wallet = Wallet.objects.create(address=busiest[0])
    assert tasks.sweep_wallet(wallet.pk) == len(busiest[1])
    wallet.refresh_from_db()
    assert wallet.complete_since == clock.now() - tasks.FIRST_SWEEP
    assert (wallet.sweep_slot, wallet.unseen) == (told.payloads[-1]["slot"], False)


@pytest.mark.django_db
def test_a_first_sweep_cut_short_claims_no_more_than_it_read(
    told: History, busiest: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "FIRST_SWEEP_PAGES", 2)
    wallet = Wallet.objects.create(address=busiest[0])
    assert tasks.sweep_wallet(wallet.pk) == 10
    wallet.refresh_from_db()
    assert wallet.complete_since == at(told.payloads[-10]) + timedelta(seconds=1)


@pytest.mark.django_db
def test_an_earlier_claim_of_a_wallet_without_history_is_taken_back(
    told: History, busiest: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing to go on from: the second sweep is a first one again, and may be cut short."""
    wallet = Wallet.objects.create(address=busiest[0])
    history, told.payloads = told.payloads, []
    tasks.sweep_wallet(wallet.pk)
    wallet.refresh_from_db()
    assert (wallet.unseen, wallet.sweep_slot) == (True, None)
    told.payloads = history
    monkeypatch.setattr(tasks, "FIRST_SWEEP_PAGES", 1)
    tasks.sweep_wallet(wallet.pk)
    wallet.refresh_from_db()
    assert wallet.complete_since == at(history[-5]) + timedelta(seconds=1)
    assert not wallet.unseen


@pytest.mark.django_db
def test_a_sweep_that_fails_half_way_claims_nothing_and_goes_on_where_it_was(
    told: History, busiest: tuple[str, list[Any]]
) -> None:
    wallet = Wallet.objects.create(address=busiest[0], sweep_slot=0, swept_at=None)

    def fail_third(n: int) -> None:
        if n == 3:
            raise Unavailable("test", "away")

    told.on_page = fail_third
    with pytest.raises(Unavailable):
        tasks.sweep_wallet(wallet.pk)
    wallet.refresh_from_db()
    assert (wallet.sweep_slot, wallet.swept_at) == (told.payloads[9]["slot"], None)
    assert tasks.sweep_wallet(wallet.pk) == len(busiest[1]) - 10
    assert told.asked[3] == ("since", max(0, told.payloads[9]["slot"] - tasks.OVERLAP_SLOTS))
    wallet.refresh_from_db()
    assert wallet.sweep_slot == told.payloads[-1]["slot"]


@pytest.mark.django_db
def test_what_a_node_lists_late_is_found_by_the_next_sweep(
    told: History, busiest: tuple[str, list[Any]]
) -> None:
    wallet = Wallet.objects.create(address=busiest[0], sweep_slot=0)
    late = next(
        p for p in told.payloads[::-1]
        if 0 < told.payloads[-1]["slot"] - p["slot"] < tasks.OVERLAP_SLOTS
    )  # fmt: skip
    told.payloads.remove(late)
    tasks.sweep_wallet(wallet.pk)
    told.payloads.append(late)
    assert tasks.sweep_wallet(wallet.pk) == 1
    assert RawTransaction.objects.filter(signature=parse(late).signature).exists()


@pytest.mark.django_db
def test_a_long_catch_up_stops_in_time_and_stays_asked_for(
    told: History, busiest: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "TURN", -1.0)
    wallet = Wallet.objects.create(address=busiest[0], sweep_slot=0)
    assert tasks.sweep_wallet(wallet.pk) == 5
    wallet.refresh_from_db()
    assert (wallet.sweep_slot, wallet.swept_at) == (told.payloads[4]["slot"], None)
    assert wallet.sweep_due_at == clock.now()
    monkeypatch.setattr(tasks, "TURN", 200.0)
    assert tasks.sweep_due() == len(busiest[1]) - 5
    wallet.refresh_from_db()
    assert (wallet.sweep_due_at, wallet.swept_at) == (None, clock.now())


@pytest.mark.django_db
def test_a_turn_over_many_wallets_is_bounded_and_the_rest_stays_asked_for(
    told: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.payloads = []
    for n in range(4):
        make_wallet(f"w{n}", curated=True)
    monkeypatch.setattr(tasks, "TURN", -1.0)
    tasks.sweep_all()
    assert Wallet.objects.filter(sweep_due_at__isnull=False).count() == 4
    monkeypatch.setattr(tasks, "TURN", 200.0)
    tasks.sweep_due()
    assert Wallet.objects.filter(sweep_due_at=None, swept_at__isnull=False).count() == 4
    assert len(told.asked) == 4, "asking twice costs nothing"


@pytest.mark.django_db
def test_what_is_asked_for_during_a_sweep_is_not_answered_by_it(told: History) -> None:
    told.payloads = []
    wallet = make_wallet("w1", curated=True)
    tasks.ask_sweeps(Wallet.objects.all(), at=clock.now())

    def ask_during_first(n: int) -> None:
        if n == 1:
            tasks.ask_sweeps(Wallet.objects.all(), at=clock.now())

    told.on_page = ask_during_first
    tasks.sweep_due()
    wallet.refresh_from_db()
    assert (len(told.asked), wallet.sweep_due_at) == (2, None)


@pytest.mark.django_db
def test_after_a_refusal_for_the_rate_the_rest_stays_asked_for(told: History) -> None:
    told.payloads = []
    for n in range(3):
        make_wallet(f"w{n}", curated=True)

    def refuse_second(n: int) -> None:
        if n == 2:
            raise RateLimited("test", "slow down", retry_after=1)

    told.on_page = refuse_second
    tasks.sweep_all()
    assert Wallet.objects.due(clock.now()).count() == 2
    tasks.sweep_due()
    assert not Wallet.objects.due(clock.now()).exists()


@pytest.mark.django_db
def test_a_wallet_that_fails_waits_and_hinders_no_other(told: History) -> None:
    told.payloads = []
    first, second = make_wallet("w1", curated=True), make_wallet("w2", curated=True)

    def fail_first(n: int) -> None:
        if n == 1:
            raise Unavailable("test", "away")

    told.on_page = fail_first
    tasks.sweep_all()
    for wallet in (first, second):
        wallet.refresh_from_db()
    assert (first.swept_at, first.sweep_due_at) == (None, clock.now() + tasks.SWEEP_AGAIN)
    assert (second.swept_at, second.sweep_due_at) == (clock.now(), None)


@pytest.mark.django_db
def test_a_source_that_is_away_ends_the_turn_and_the_rest_goes_on_later(told: History) -> None:
    for number in range(5):
        make_wallet(f"w{number}", curated=True)

    def fail(n: int) -> None:
        raise Unavailable("test", "away")

    told.on_page = fail
    tasks.sweep_all()
    assert Wallet.objects.due(clock.now()).count() == 2


@pytest.mark.django_db(transaction=True)
def test_one_sweep_of_a_wallet_runs_at_a_time(
    told: History, busiest: tuple[str, list[Any]]
) -> None:
    wallet = Wallet.objects.create(address=busiest[0])
    reading, may_go_on = threading.Event(), threading.Event()

    def wait(n: int) -> None:
        if n == 1:
            reading.set()
            may_go_on.wait(10)

    told.on_page = wait
    found: list[int] = []

    def sweep() -> None:
        found.append(tasks.sweep_wallet(wallet.pk))
        connection.close()

    thread = threading.Thread(target=sweep)
    thread.start()
    assert reading.wait(10)
    assert tasks.sweep_wallet(wallet.pk) == 0
    may_go_on.set()
    thread.join(10)
    assert found == [len(busiest[1])]
    assert Trade.objects.values("wallet", "transaction", "leg").distinct().count() == (
        Trade.objects.count()
    )


@pytest.mark.django_db
def test_quiet_wallets_are_swept_while_nothing_proves_that_push_works(
    told: History, settings: Settings
) -> None:
    settings.LIVE_SOURCES = ["webhook", "transactions"]
    told.payloads = []
    old = clock.now() - timedelta(minutes=5)
    make_wallet("w1", curated=True, swept_at=old)
    tasks.sweep_stale()
    assert len(told.asked) == 1
    Wallet.objects.update(swept_at=old)
    note_registration("helius", remote_id="wh-1", url="http://us", at=timezone.now())
    tasks.sweep_stale()
    assert len(told.asked) == 1, "the vendor has just shown our webhook"
    note_registration(
        "helius", remote_id="wh-1", url="http://us", at=timezone.now() - timedelta(hours=1)
    )
    assert not tasks.is_pushed()
    keep_delivery(b"[]", source="stream")
    assert tasks.is_pushed()


@pytest.mark.django_db
def test_a_wallet_watched_again_is_swept_again(alice: Any) -> None:
    wallet = follow_wallet(alice, address=address("Yenni")).wallet
    assert OrmQ.objects.count() == 1
    follow_wallet(alice, address=address("Yenni"), nickname="again")
    assert OrmQ.objects.count() == 1
    unfollow_wallet(alice, wallet=wallet)
    follow_wallet(alice, address=address("Yenni"))
    assert OrmQ.objects.count() == 2
    curate_wallet(wallet)
    track_wallet(address("Yenni"))
    assert OrmQ.objects.count() == 2


@pytest.mark.django_db
def test_absurd_times_of_a_page_do_not_stop_a_sweep(
    told: History, busiest: tuple[str, list[Any]]
) -> None:
    told.payloads[3] = told.payloads[3] | {"blockTime": 2**60}
    wallet = Wallet.objects.create(address=busiest[0])
    assert tasks.sweep_wallet(wallet.pk) == len(busiest[1]) - 1


@pytest.mark.django_db
def test_deliveries_are_forgotten_when_they_have_done_their_duty(market: Market) -> None:
    from wallets.models import Delivery

    old = timezone.now() - timedelta(days=4)
    kept = [keep_delivery(b"[]", source="test") for _ in range(4)]
    states = ["recorded", "quarantined", "waiting", "recorded"]
    for delivery, state in zip(kept, states, strict=True):
        Delivery.objects.filter(pk=delivery).update(
            state=state, received_at=old, done_at=None if state == "waiting" else old
        )
    Delivery.objects.filter(pk=kept[3]).update(done_at=timezone.now())
    assert upkeep.forget_deliveries() == 1
    assert set(Delivery.objects.values_list("pk", flat=True)) == set(kept[1:])
    record_transactions([], source="test")
