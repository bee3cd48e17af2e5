"""/health: what it says, and what it never says."""

import pytest
from django.test import Client
from pytest_django import Settings


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
