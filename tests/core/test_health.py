"""/health: what it says, and what it never says."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from aura.core import clock
from wallets.models import Delivery, RawTransaction


@pytest.mark.django_db
def test_a_healthy_installation_says_so_with_its_figures(client: Client) -> None:
    answer = client.get("/health")
    body = answer.json()
    assert (answer.status_code, body["status"], body["world"]) == (200, "healthy", "sandbox")
    assert body["database"]["ok"] is True
    assert body["redis"]["ok"] is True
    assert body["queue"]["waiting"] == 0
    assert body["inbox"] == {"ok": True, "waiting": 0, "oldest_seconds_ago": None}
    assert body["chain"] == {"ok": True, "newest_transaction_seconds_ago": None}
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
