"""Pages are tested with a clock that stands."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from aura.core import clock
from aura.models import User

NOW = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> datetime:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return NOW


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What was pushed, in order: audience names and the frame."""
    import json

    from aura.core import live

    frames: list[dict[str, Any]] = []

    def catch(audience: Any, text: str | None) -> None:
        frames.append({"to": audience, **(json.loads(text) if text else {})})

    monkeypatch.setattr(live, "_send", catch)
    return frames


@pytest.fixture
def as_alice(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def as_bob(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client
