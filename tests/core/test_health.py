"""/health: what it says, and what it never says."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from aura.core import clock, quota
from tests.make import address, make_trade, make_wallet
from wallets.models import Delivery, RawTransaction, Wallet


@pytest.mark.django_db
def test_a_healthy_installation_says_so_with_its_figures(client: Client) -> None:
    answer = client.get("/health")
    body = answer.json()
    assert (answer.status_code, body["status"], body["world"]) == (200, "healthy", "sandbox")
    assert body["database"]["ok"] is True
    assert body["redis"]["ok"] is True
    assert body["queue"]["waiting"] == 0
    assert body["inbox"] == {
        "ok": True, "waiting": 0, "oldest_seconds_ago": None, "quarantined": 0
    }  # fmt: skip
    assert body["chain"] == {
        "ok": True, "newest_transaction_seconds_ago": None, "provisional": 0, "voided_24h": 0
    }  # fmt: skip
    assert body["sweeps"] == {
        "ok": True, "watched": 0, "swept_within_6h": 0, "never_swept": 0, "due": 0,
        "oldest_seconds_ago": None, "hot_wallets": 0, "histories_being_read": 0,
    }  # fmt: skip
    assert body["decoder"] == {
        "ok": True, "compared": 0, "disagreeing": 0, "disagreement_rate": None
    }  # fmt: skip
    assert answer.headers["Cache-Control"].startswith("max-age=0")


@pytest.mark.django_db
def test_without_redis_it_answers_503_and_no_stack_trace(
    client: Client, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://:hidden@127.0.0.1:1/0"
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
    assert answer.json()["redis"]["ok"] is False
    assert b"hidden" not in answer.content
    assert b"Traceback" not in answer.content


def test_without_a_database_it_answers_503_at_once_and_no_secret(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    asked: list[str] = []

    def away() -> None:
        asked.append("cursor")
        raise OperationalError("connection to hidden@postgres failed")

    monkeypatch.setattr(connection, "cursor", away)
    settings.QUOTAS = {"helius": (100, 10.0)}
    answer = client.get("/health")
    body = answer.json()
    assert (answer.status_code, body["status"]) == (503, "unhealthy")
    for part in ("database", "queue", "watcher", "inbox", "chain", "sweeps", "decoder"):
        assert body[part] == {"ok": False, "error": "OperationalError"}, part
    assert asked == ["cursor"], "one connection is waited for, not one a part"
    assert body["providers"]["budgets"][0]["vendor"] == "helius"
    assert b"hidden" not in answer.content


@pytest.mark.django_db
def test_budgets_are_told_without_the_words_of_errors(client: Client, settings: Settings) -> None:
    settings.QUOTAS = {"helius": (100, 1000.0)}
    with quota.spending_for(quota.SWEEP):
        quota.spend("helius", 30, wait=1)
    quota.note_error("helius", "hidden words")
    quota.note_fallback("helius", "solana-rpc", "hidden words")
    quota.note_exhausted("helius")
    answer = client.get("/health")
    (told,) = answer.json()["providers"]["budgets"]
    until = datetime.fromisoformat(told.pop("exhausted_until"))
    assert timedelta(minutes=14) < until - timezone.now() <= timedelta(minutes=15)
    assert told.pop("projected") >= 30
    assert told == {
        "vendor": "helius", "used": 30, "budget": 100, "by_purpose": {"sweep": 30},
        "pressure": 1.0, "stretch": 8,
        "calls_24h": 1, "refused_24h": 0, "errors_24h": 1, "fallbacks_24h": 1,
    }  # fmt: skip
    assert b"hidden" not in answer.content


@pytest.mark.django_db
def test_late_sweeps_and_unsettled_transactions_are_told(client: Client) -> None:
    now = clock.now()
    for name, hours in (("a", 1), ("b", 13), ("c", None)):
        make_wallet(
            name, curated=True, swept_at=None if hours is None else now - timedelta(hours=hours)
        )
    make_wallet("nobody's", swept_at=now - timedelta(days=9))
    Wallet.objects.filter(address=address("c")).update(sweep_due_at=now)
    trade = make_trade(Wallet.objects.get(address=address("a")))
    RawTransaction.objects.filter(pk=trade.transaction_id).update(ask_at=timezone.now())
    body = client.get("/health").json()
    assert body["status"] == "healthy"
    assert 13 * 3600 - 1 < body["sweeps"].pop("oldest_seconds_ago") < 13 * 3600 + 60
    assert body["sweeps"] == {
        "ok": False, "watched": 3, "swept_within_6h": 1, "never_swept": 1, "due": 1,
        "hot_wallets": 0, "histories_being_read": 0,
    }  # fmt: skip
    assert (body["chain"]["provisional"], body["chain"]["voided_24h"]) == (1, 0)


@pytest.mark.django_db
def test_what_stands_still_says_so(client: Client) -> None:
    Delivery.objects.create(source="test", body=b"")
    Delivery.objects.update(received_at=timezone.now() - timedelta(minutes=5))
    body = client.get("/health").json()
    assert body["status"] == "healthy"
    assert body["inbox"]["ok"] is False
    assert 299 < body["inbox"]["oldest_seconds_ago"] < 310
    assert body["watcher"] == {"ok": False}, "nobody leads in a test"


@pytest.mark.django_db
def test_a_task_that_runs_is_not_counted_as_waiting(client: Client) -> None:
    now = timezone.now()
    OrmQ.objects.create(key="aura", payload="", lock=now)
    OrmQ.objects.create(key="aura", payload="", lock=now - timedelta(seconds=661))
    queue = client.get("/health").json()["queue"]
    assert (queue["waiting"], queue["running"]) == (1, 1)


@pytest.mark.django_db
def test_the_chains_newest_is_not_the_one_recorded_last(client: Client) -> None:
    """A sweep of old history is recorded after what is new."""
    for slot, age in ((500, 10), (100, 86_400)):
        RawTransaction.objects.create(
            signature=str(slot), slot=slot, version="0", failed=False, fee_payer="x",
            fee_lamports=1, owners=[], payload=b"", source="t",
            block_time=datetime.fromtimestamp(clock.now().timestamp() - age, UTC),
        )  # fmt: skip
    assert client.get("/health").json()["chain"]["newest_transaction_seconds_ago"] < 60
