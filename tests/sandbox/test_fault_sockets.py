"""Faults of WebSockets, met over a real port."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from sandbox.chain import Chain
from sandbox.faults import SOCKETS
from tests.sandbox.wired import Wired, served, until

PATHS = ("/ws/?api-key=sandbox-key", "/public-rpc")


@pytest.fixture(scope="module")
def running() -> Iterator[Wired]:
    chain = Chain(seed=11, speed=1, hours=0.3, folder=None)
    chain.clock.pause()
    with served(chain) as wired:
        # The last pause of history is a long one.
        wired.advance(60)
        yield wired


@pytest.fixture
def wired(running: Wired) -> Iterator[Wired]:
    yield running
    running.faults(off=True)
    running.chain.faults.happened.clear()


def opened(wired: Wired, path: str) -> ClientConnection:
    """Connect and subscribe to the slots, of which every block has its own."""
    socket = connect(wired.url.replace("http", "ws") + path)
    ask(socket, 1, "slotSubscribe")
    assert json.loads(socket.recv(timeout=10))["id"] == 1
    return socket


def ask(socket: ClientConnection, ident: int, method: str) -> None:
    socket.send(json.dumps({"jsonrpc": "2.0", "id": ident, "method": method, "params": []}))


def advanced(wired: Wired) -> list[int]:
    """Let the market go on and give its new slots."""
    last = wired.chain.store.rows("SELECT max(slot) FROM tx")[0][0]
    wired.advance(20)
    rows = wired.chain.store.rows("SELECT DISTINCT slot FROM tx WHERE slot > ?", (last,))
    slots = sorted(row[0] for row in rows)
    assert len(slots) > 4
    return slots


def slot_of(text: str | bytes) -> Any:
    return json.loads(text)["params"]["result"]["slot"]


@pytest.mark.parametrize("path", PATHS)
def test_dropped_without_a_goodbye(wired: Wired, path: str) -> None:
    with opened(wired, path) as socket:
        wired.faults(sockets={"dropped": 1})
        advanced(wired)
        with pytest.raises(ConnectionClosedError) as caught:
            socket.recv(timeout=10)
        assert caught.value.rcvd is None
    assert wired.faults()["happened"] == {"sockets.dropped": 1}


@pytest.mark.parametrize("path", PATHS)
def test_silent_swallows_messages(wired: Wired, path: str) -> None:
    with opened(wired, path) as socket:
        wired.faults(sockets={"silent": 1})
        slots = advanced(wired)
        until(lambda: wired.faults()["happened"] == {"sockets.silent": len(slots)})
        wired.faults(sockets={"silent": 0})
        ask(socket, 2, "slotSubscribe")
        assert json.loads(socket.recv(timeout=10))["id"] == 2


def test_garbled_is_no_json(wired: Wired) -> None:
    with opened(wired, PATHS[0]) as socket:
        wired.faults(sockets={"garbled": 1})
        for _ in advanced(wired):
            with pytest.raises(ValueError, match=r"Unterminated|Invalid|Expecting"):
                json.loads(socket.recv(timeout=10))


def test_duplicated_comes_twice(wired: Wired) -> None:
    with opened(wired, PATHS[0]) as socket:
        wired.faults(sockets={"duplicated": 1})
        slots = advanced(wired)
        got = [slot_of(socket.recv(timeout=10)) for _ in range(2 * len(slots))]
        assert got == [slot for slot in slots for _ in range(2)]


def test_late_comes_after_what_was_said_later(wired: Wired) -> None:
    with opened(wired, PATHS[0]) as socket:
        wired.faults(sockets={"late": 1}, ranges={"late_seconds": [2, 2]})
        slots = advanced(wired)
        until(lambda: wired.faults()["happened"] == {"sockets.late": len(slots)})
        wired.faults(sockets={"late": 0})
        ask(socket, 2, "slotSubscribe")
        assert json.loads(socket.recv(timeout=10))["id"] == 2
        got = Counter(slot_of(socket.recv(timeout=10)) for _ in slots)
        assert got == Counter(slots)


def test_rate_zero_gives_every_message_once_and_in_order(wired: Wired) -> None:
    wired.faults(sockets=dict.fromkeys(SOCKETS, 0))
    with opened(wired, PATHS[0]) as socket:
        slots = advanced(wired)
        assert [slot_of(socket.recv(timeout=10)) for _ in slots] == slots
    assert wired.faults()["happened"] == {}


def test_streams_cost_credits_and_end_with_them(wired: Wired) -> None:
    plain = wired.faults()["credits_spent"]
    with opened(wired, PATHS[0]) as socket:
        socket.send('{"jsonrpc":"2.0","id":3,"method":"logsSubscribe","params":["all"]}')
        assert json.loads(socket.recv(timeout=10))["id"] == 3
        wired.advance(300)
        ask(socket, 4, "slotSubscribe")
        size = 0
        while '"id": 4' not in (text := str(socket.recv(timeout=10))):
            size += len(text)
        assert size > 200_000
        assert 0 <= size * 2 // 100_000 - (wired.faults()["credits_spent"] - plain) <= 2
        wired.faults(credits=0)
        ask(socket, 5, "slotSubscribe")
        with pytest.raises(ConnectionClosedError) as caught:
            socket.recv(timeout=10)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.reason == "max usage reached"
    with pytest.raises(InvalidStatus) as refused, opened(wired, PATHS[0]):
        pass
    assert refused.value.response.status_code == 429
    # The public node has no credits.
    opened(wired, PATHS[1]).close()
