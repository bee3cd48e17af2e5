"""The hub's bookkeeping: what a socket may hear changes while it is open, or while it closes."""

from typing import Any

import pytest

from aura.core.live import Hub, Socket


def hub(told: dict[str, Any]) -> Hub:
    async def audiences(user: Any) -> frozenset[str]:
        if "socket" in told and told.get("closes"):
            told["socket"].closed = True
            told["hub"]._remove(told["socket"])
        if told.get("fails"):
            raise RuntimeError("the database is away")
        return frozenset({"wallet:2"})

    told["hub"] = Hub(audiences)
    told["socket"] = Socket(user=None, audiences=frozenset({"wallet:1", "user:7"}))
    told["hub"]._add(told["socket"])
    return told["hub"]  # type: ignore[no-any-return]  # put there a line above


@pytest.mark.asyncio
async def test_a_socket_hears_what_its_user_may_hear_now() -> None:
    told: dict[str, Any] = {}
    made = hub(told)
    await made._deliver(["user:7"], None)
    assert made._by_audience == {"wallet:2": {told["socket"]}}


@pytest.mark.asyncio
async def test_a_socket_that_closes_meanwhile_is_not_kept_for_ever() -> None:
    told: dict[str, Any] = {"closes": True}
    made = hub(told)
    await made._deliver(["user:7"], None)
    assert made._by_audience == {}


@pytest.mark.asyncio
async def test_a_socket_whose_audiences_cannot_be_told_is_closed_and_hears_nothing() -> None:
    told: dict[str, Any] = {"fails": True}
    made = hub(told)
    await made._deliver(["user:7"], None)
    assert made._by_audience == {}
    assert told["socket"].too_slow.is_set()
