"""Listeners against a WebSocket server on this machine: they follow, reconnect and keep."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, cast

import pytest
from pytest_django import Settings
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from aura.core import quota
from aura.core.errors import Denied, RateLimited, Unavailable
from wallets.domain.sources import Listener, Payload
from wallets.providers import helius_stream, sockets, solana_logs
from wallets.providers.helius_stream import HeliusStream, chunks_of
from wallets.providers.solana_logs import Fetcher, SolanaLogs, parse_signature

KEY = "helius-key-0123456789"


class Feed:
    """The vendor's end: answers subscriptions, and says what the test tells it to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[Any]]] = []
        self.paths: list[str] = []
        self.sockets: list[ServerConnection] = []
        self.refuses: dict[str, Any] | None = None
        self.status: int | None = None
        self._numbers = 0

    async def serve(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        async for message in socket:
            said = json.loads(message)
            self.asked.append((said["method"], said["params"]))
            self._numbers += 1
            outcome = {"error": self.refuses} if self.refuses else {"result": self._numbers}
            await socket.send(json.dumps({"jsonrpc": "2.0", "id": said["id"], **outcome}))

    def greet(self, connection: ServerConnection, request: Request) -> Response | None:
        self.paths.append(request.path)
        return connection.respond(HTTPStatus(self.status), "") if self.status else None

    async def say(self, method: str, result: dict[str, Any]) -> None:
        body = {"jsonrpc": "2.0", "method": method, "params": {"subscription": 1, "result": result}}
        await self.sockets[-1].send(json.dumps(body))


@pytest.fixture(autouse=True)
def quick(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.QUOTAS = {"helius": (10**9, 1e6), "solana-rpc": (10**9, 1e6)}
    settings.HELIUS_API_KEY = KEY
    monkeypatch.setattr(sockets, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(sockets, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(sockets, "DENIED_WAIT", 0.02)
    monkeypatch.setattr(solana_logs, "FETCH_AFTER", (0.0,) * 5)


@asynccontextmanager
async def feeding(settings: Settings) -> AsyncIterator[Feed]:
    feed = Feed()
    server: Server
    # A test that waits for what never comes fails by itself, and says where.
    bound = asyncio.timeout(60)
    async with bound, serve(feed.serve, "127.0.0.1", 0, process_request=feed.greet) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        settings.HELIUS_WS_URL = f"ws://127.0.0.1:{port}/ws/"
        yield feed


@asynccontextmanager
async def listening(
    listener: Listener,
    addresses: Callable[[], frozenset[str]],
    stands: list[int] | None = None,
) -> AsyncIterator[list[Any]]:
    kept: list[Any] = []

    async def keep(body: bytes) -> None:
        kept.append(json.loads(body))

    stood = stands if stands is not None else []
    task = asyncio.create_task(listener.listen(addresses, keep, lambda: stood.append(1)))
    try:
        yield kept
    finally:
        assert not task.done(), task
        task.cancel()
        # Not awaited: its CancelledError could not be told from this test's own.
        done, _ = await asyncio.wait({task}, timeout=10)
        assert done, task
        assert task.cancelled(), task


async def listen_to_a(keep: Callable[[bytes], Awaitable[None]]) -> None:
    await HeliusStream().listen(lambda: frozenset("A"), keep, lambda: None)


async def until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not ready():
            await asyncio.sleep(0.01)


async def test_subscribes_and_keeps_whole_notifications(settings: Settings) -> None:
    async with (
        feeding(settings) as feed,
        listening(HeliusStream(), lambda: frozenset("BA")) as kept,
    ):
        await until(lambda: bool(feed.asked))
        assert feed.paths == [f"/ws/?api-key={KEY}"]
        assert feed.asked == [
            (
                "transactionSubscribe",
                [
                    {
                        "vote": False,
                        "accountInclude": ["A", "B"],
                        "tokenAccounts": "balanceChanged",
                    },
                    {
                        "commitment": "confirmed",
                        "encoding": "json",
                        "transactionDetails": "full",
                        "showRewards": False,
                        "maxSupportedTransactionVersion": 1,
                    },
                ],
            )
        ]
        await feed.say("slotNotification", {"slot": 1})
        await feed.say("transactionNotification", {"signature": "s", "slot": 7})
        await until(lambda: bool(kept))
        assert len(kept) == 1
        assert kept[0][0]["params"]["result"] == {"signature": "s", "slot": 7}


async def test_a_cancelling_that_comes_with_the_answer_is_heard() -> None:
    asked: list[dict[str, Any]] = []

    class Connection:
        async def send(self, message: bytes) -> None:
            asked.append(json.loads(message))

        async def recv(self, decode: bool | None = None) -> bytes:
            while not asked:
                await asyncio.sleep(0)
            asking.cancel()
            return json.dumps({"id": asked.pop()["id"], "result": 7}).encode()

    async def ignore(_: bytes, __: Mapping[str, Any]) -> None:
        return

    socket = sockets.Socket("helius", cast("ClientConnection", Connection()), ignore)
    asking = asyncio.create_task(socket.ask("transactionSubscribe"))
    reading = asyncio.create_task(socket.read())
    await asyncio.wait({asking})
    reading.cancel()
    assert asking.cancelled()


async def test_follows_the_watched_addresses(settings: Settings) -> None:
    watched = {"A"}
    async with feeding(settings) as feed, listening(HeliusStream(), lambda: frozenset(watched)):
        await until(lambda: len(feed.asked) == 1)
        watched.add("B")
        await until(lambda: len(feed.asked) == 2)
        assert feed.asked[1][1][0]["accountInclude"] == ["B"], "only what is new"
        watched.remove("A")
        await until(lambda: len(feed.asked) == 5)
        assert feed.asked[2][1][0]["accountInclude"] == ["B"]
        assert feed.asked[3:] == [("transactionUnsubscribe", [1]), ("transactionUnsubscribe", [2])]
        await asyncio.sleep(0.1)
        assert len(feed.asked) == 5, "nothing changed, nothing asked"


async def test_connects_again_and_subscribes_to_all(settings: Settings) -> None:
    stands: list[int] = []
    listens = listening(HeliusStream(), lambda: frozenset("A"), stands)
    async with feeding(settings) as feed, listens as kept:
        await until(lambda: len(feed.asked) == 1)
        await until(lambda: len(stands) == 1)
        await feed.sockets[0].close(1008)
        await until(lambda: len(feed.asked) == 2)
        await feed.sockets[1].send("{not json")
        await until(lambda: len(feed.asked) == 3)
        await feed.say("transactionNotification", {"signature": "s"})
        await until(lambda: bool(kept))
        assert len(stands) == 3, "each time anew"
        assert feed.asked[0] == feed.asked[1] == feed.asked[2]


async def test_a_listener_ends_even_when_its_connection_breaks_at_that_moment(
    settings: Settings,
) -> None:
    """In a task group the child's failure would win over the cancellation, and it would go on."""
    async with feeding(settings) as feed:

        async def keep(body: bytes) -> None:
            task.cancel()
            raise RuntimeError("database away")

        task = asyncio.create_task(listen_to_a(keep))
        await until(lambda: bool(feed.asked))
        await feed.say("transactionNotification", {"signature": "s"})
        done, _ = await asyncio.wait({task}, timeout=2)
        assert done, "still listening"
        assert task.cancelled()


async def test_a_failing_keeper_does_not_end_the_listener(settings: Settings) -> None:
    calls: list[bytes] = []

    async def keep(body: bytes) -> None:
        calls.append(body)
        if len(calls) == 1:
            raise RuntimeError("database away")

    async with feeding(settings) as feed:
        task = asyncio.create_task(listen_to_a(keep))
        for expected in (1, 2):
            await until(lambda n=expected: len(feed.asked) == n)  # type: ignore[misc]
            await feed.say("transactionNotification", {"signature": "s"})
            await until(lambda n=expected: len(calls) == n)  # type: ignore[misc]
        task.cancel()


@pytest.mark.parametrize("way", ["handshake", "subscription"])
async def test_a_refusal_is_told_without_the_key_and_tried_again_later(
    settings: Settings, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    caplog.set_level(0)
    async with feeding(settings) as feed:
        if way == "handshake":
            feed.status = 403
        else:
            feed.refuses = {"code": -32601, "message": "Method not found"}
        async with listening(HeliusStream(), lambda: frozenset("A")):
            await until(lambda: len(feed.paths) >= 3)
    # The stand-in server in this process may log that its client hung up.
    ours = [r for r in caplog.records if not r.name.startswith("websockets.server")]
    errors = {r.getMessage() for r in ours if r.levelname == "ERROR"}
    assert errors == {
        "helius: refused the connection with 403; next try in 0 s"
        if way == "handshake"
        else "helius: transactionSubscribe failed with -32601: Method not found; next try in 0 s"
    }
    assert KEY not in caplog.text


async def test_data_is_charged(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    charged: list[tuple[str, int]] = []
    monkeypatch.setattr(quota, "charge", lambda *given: charged.append(given))
    async with feeding(settings) as feed, listening(HeliusStream(), lambda: frozenset("A")):
        await until(lambda: bool(feed.asked))
        await feed.say("slotNotification", {"filler": "x" * 120_000})
        await until(lambda: bool(charged))
    assert charged == [("helius", 2)]


async def test_a_probe_answers_with_the_subscription(settings: Settings) -> None:
    async with feeding(settings) as feed:
        url = settings.HELIUS_WS_URL
        assert await sockets.probe("helius", url, {"api-key": KEY}, "logsSubscribe", "all") == 1
        feed.status = 401
        with pytest.raises(Denied):
            await sockets.probe("helius", url, {}, "logsSubscribe", "all")
    with pytest.raises(Unavailable):
        await sockets.probe("helius", url, {}, "logsSubscribe", "all")


def test_subscriptions_take_fifty_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helius_stream, "MOST_ADDRESSES", 2)
    assert chunks_of(frozenset("DABCE")) == [["A", "B"], ["C", "D"], ["E"]]
    assert chunks_of(frozenset()) == []


class Source:
    """Serves a transaction at the n-th time of asking."""

    vendor = "helius"
    is_complete = True

    def __init__(self, served_at: int, trouble: Exception | None = None) -> None:
        self.served_at, self.trouble, self.asked = served_at, trouble, 0

    def transactions(self, signatures: Sequence[str]) -> list[Payload | None]:
        self.asked += 1
        if self.trouble is not None and self.asked == 1:
            raise self.trouble
        return [{"signature": signatures[0]} if self.asked >= self.served_at else None]


async def fetched(source: Source, *signatures: str) -> list[Any]:
    kept: list[Any] = []

    async def keep(body: bytes) -> None:
        kept.append(json.loads(body))

    fetcher = Fetcher(source, keep)  # type: ignore[arg-type]  # it fetches, and nothing more
    for signature in signatures:
        fetcher.fetch(signature)
    await until(lambda: not fetcher._tasks)
    return kept


async def test_what_is_told_of_twice_is_fetched_once() -> None:
    assert await fetched(Source(1), "s", "s") == [[{"signature": "s"}]]


@pytest.mark.parametrize(
    "trouble", [None, RateLimited("helius", "slow", retry_after=0.0), Unavailable("helius", "away")]
)
async def test_a_transaction_not_served_at_once_is_asked_for_again(
    trouble: Exception | None,
) -> None:
    source = Source(4, trouble)
    assert await fetched(source, "s") == [[{"signature": "s"}]]
    assert source.asked == 4


async def test_after_five_times_it_is_left_to_the_sweep(caplog: pytest.LogCaptureFixture) -> None:
    source = Source(6)
    assert await fetched(source, "s") == []
    assert source.asked == 5
    assert "transaction s is not served; left to the sweep" in caplog.text


async def test_logs_are_subscribed_address_by_address(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = {"A", "B"}
    monkeypatch.setattr(solana_logs, "Helius", lambda: Source(1))
    async with (
        feeding(settings) as feed,
        listening(SolanaLogs(), lambda: frozenset(watched)) as kept,
    ):
        await until(lambda: len(feed.asked) == 2)
        commitment = {"commitment": "confirmed"}
        assert feed.asked == [
            ("logsSubscribe", [{"mentions": ["A"]}, commitment]),
            ("logsSubscribe", [{"mentions": ["B"]}, commitment]),
        ]
        watched.remove("A")
        await until(lambda: len(feed.asked) == 3)
        assert feed.asked[2] == ("logsUnsubscribe", [1])
        await feed.say("logsNotification", {"value": {"signature": "s", "err": None, "logs": []}})
        await until(lambda: bool(kept))
        assert kept == [[{"signature": "s"}]]


def test_without_a_key_the_node_itself_is_listened_to(settings: Settings) -> None:
    settings.HELIUS_API_KEY = ""
    settings.SOLANA_RPC_URL = "https://node.example/x"
    listener = SolanaLogs()
    assert (listener.vendor, listener._url) == ("solana-rpc", "wss://node.example/x")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"method": "logsNotification"},
        {"method": "logsNotification", "params": {"result": {"value": []}}},
        {"method": "logsNotification", "params": {"result": {"value": {"signature": 5}}}},
        {"method": "slotNotification", "params": {"result": {"value": {"signature": "s"}}}},
    ],
)
def test_only_a_log_tells_of_a_signature(said: dict[str, Any]) -> None:
    assert parse_signature(said) is None
