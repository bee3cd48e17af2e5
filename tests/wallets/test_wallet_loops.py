"""The wallets' loops: the webhook stays in order, listeners end, places are not asked for ever."""

import asyncio
import threading
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from aura.core.errors import Unavailable
from tests.make import address, make_wallet
from wallets import loops
from wallets.models import Delivery, PushRegistration, RawTransaction, Wallet


class Registry:
    """A vendor's registry that remembers how it was asked."""

    vendor = "helius"

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, str | None]] = []
        self.away = False

    def ensure(self, url: str, secret: str, addresses: frozenset[str], known_id: str | None) -> str:
        self.asked.append((url, len(addresses), known_id))
        if self.away:
            raise Unavailable("helius", "away")
        return "wh-7"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The vendor."""
    made = Registry()
    monkeypatch.setattr(loops, "webhook_registry", lambda: made)
    return made


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that only moves when told."""
    now = [1_000.0]
    monkeypatch.setattr(loops.time, "monotonic", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


@pytest.mark.django_db
def test_the_webhook_is_looked_at_again_and_its_id_survives_a_restart(
    registry: Registry, later: Any, settings: Settings
) -> None:
    make_wallet("w1", curated=True)
    keeper = loops.WebhookKeeper()
    keeper.turn()
    keeper.turn()
    assert len(registry.asked) == 1
    later(loops.WEBHOOK_CONFIRM + 1)
    keeper.turn()
    assert [known for _, _, known in registry.asked] == [None, "wh-7"]
    settings.PUBLIC_URL = "https://elsewhere.example"
    loops.WebhookKeeper().turn()
    url, count, known = registry.asked[2]
    assert (url.startswith("https://elsewhere.example/"), count, known) == (True, 1, "wh-7")
    assert PushRegistration.objects.get().remote_id == "wh-7"


@pytest.mark.django_db
def test_a_vendor_that_is_away_is_asked_ever_more_seldom(registry: Registry, later: Any) -> None:
    registry.away = True
    keeper = loops.WebhookKeeper()
    for _ in range(40):
        keeper.turn()
        later(loops.WEBHOOK_CHECK)
    assert len(registry.asked) < 8
    assert not PushRegistration.objects.exists()
    registry.away = False
    later(loops.WEBHOOK_CONFIRM)
    keeper.turn()
    assert PushRegistration.objects.exists()


class Silent:
    """A source that knows no block."""

    def __init__(self) -> None:
        self.times: list[int] = []
        self.blocks: list[int] = []

    def block_time(self, slot: int) -> int | None:
        self.times.append(slot)
        return None

    def block_signatures(self, slot: int) -> list[str] | None:
        self.blocks.append(slot)
        return None


def _raw(name: str, slot: int, **fields: Any) -> RawTransaction:
    return RawTransaction.objects.create(
        signature=name, slot=slot, version="0", failed=False, fee_payer=address("a"),
        fee_lamports=1, owners=[], payload=b"", source="t", **fields,
    )  # fmt: skip


@pytest.mark.django_db
def test_a_block_nobody_has_is_not_asked_for_every_five_seconds(
    monkeypatch: pytest.MonkeyPatch, later: Any
) -> None:
    source = Silent()
    monkeypatch.setattr(loops, "transaction_source", lambda: source)
    for name, slot in (("a", 5), ("b", 5), ("c", 6)):
        _raw(name, slot)
    keeper = loops.PlaceKeeper()
    for _ in range(60):
        keeper.turn()
        later(loops.PLACES_CHECK)
    assert set(source.times) == {5, 6}
    assert set(source.blocks) == {5}, "a slot with one transaction needs no places"
    assert len(source.times) <= 12
    assert len(source.blocks) <= 6


class Endless:
    """A listener that listens until it is cancelled."""

    vendor = "test"

    def __init__(self, brings: bytes = b"") -> None:
        self.began, self.ended = threading.Event(), threading.Event()
        self.brings = brings

    async def listen(self, addresses: Any, keep: Any, stands: Any) -> None:
        stands()
        if self.brings:
            await keep(self.brings)
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


@pytest.mark.django_db(transaction=True)
def test_listeners_end_with_the_lead_and_begin_again_with_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    heard = [Endless(b"[]")]
    monkeypatch.setattr(loops, "listeners", lambda: heard)
    loop = loops.Streams().loop()
    loop.turn()
    assert heard[0].began.wait(5)
    assert loop.end is not None
    loop.end()
    assert heard[0].ended.is_set()
    assert not [t for t in threading.enumerate() if t.name == "listeners"]
    heard[0] = Endless(b"[]")
    loop.turn()
    assert heard[0].began.wait(5)
    loop.end()
    assert heard[0].ended.is_set()
    assert Delivery.objects.count() == 2
    assert [r.message for r in caplog.records if r.name == "wallets.loops"] == []


@pytest.mark.django_db(transaction=True)
def test_what_streams_bring_is_kept_after_the_database_was_away() -> None:
    """The listeners' thread serves no request: nobody else closes its broken connection."""
    connection.ensure_connection()
    connection.connection.close()
    connection.errors_occurred = True
    loops._keep(b"[]")
    assert Delivery.objects.get().source == "stream"


def test_without_listeners_no_thread_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "listeners", list)
    monkeypatch.setattr(loops, "watched_addresses", frozenset)
    streams = loops.Streams()
    streams.loop().turn()
    assert streams._thread is None


@pytest.mark.django_db
def test_when_the_subscriptions_stand_what_they_missed_is_swept(
    monkeypatch: pytest.MonkeyPatch, later: Any
) -> None:
    heard = [Endless()]
    monkeypatch.setattr(loops, "listeners", lambda: heard)
    wallet = make_wallet("w1", curated=True)
    streams = loops.Streams()
    loop = streams.loop()
    loop.turn()
    assert heard[0].began.wait(5)
    loop.turn()
    wallet.refresh_from_db()
    assert wallet.sweep_due_at is not None
    Wallet.objects.update(sweep_due_at=None)
    streams._has_stood.set()
    loop.turn()
    wallet.refresh_from_db()
    assert wallet.sweep_due_at is None, "a connection that breaks all day is not swept all day"
    later(loops.STREAMS_SWEEP + 1)
    loop.turn()
    wallet.refresh_from_db()
    assert wallet.sweep_due_at is not None, "but what it missed is"
    assert loop.end is not None
    loop.end()
