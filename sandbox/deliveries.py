"""Carries webhook batches to their receivers, as well as the faults let them through."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any, Protocol

import httpx

from sandbox.encode import raw_webhook_item
from sandbox.faults import Faults
from sandbox.record import Record

# https://www.helius.dev/docs/webhooks: answer 200 within a second, at most three more tries.
ANSWER_SECONDS = 1.0
RETRIES = 3
PAUSE_SECONDS = 1.0
BATCH = 5
QUEUED = 5_000
IN_FLIGHT = 16
# A merged batch waits so long for more, and a batch put aside for one to go before it.
WAIT_SECONDS = 2.0
MERGED = 8 * BATCH


class Receiver(Protocol):
    """Where and how to deliver."""

    url: str
    auth: str | None
    active: bool


class Deliveries:
    """One queue and task for each receiver; `put` never waits."""

    def __init__(
        self, receivers: dict[str, Any], faults: Faults, client: httpx.AsyncClient | None = None
    ) -> None:
        self.receivers: dict[str, Receiver] = receivers
        self.faults = faults
        self.dice = faults.dice["deliveries"]
        self.client = client
        self.queues: dict[str, asyncio.Queue[Record]] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.slots = asyncio.Semaphore(IN_FLIGHT)
        self.lost = 0

    def put(self, ident: str, record: Record) -> None:
        """Queue a transaction for a receiver; a queue that is full loses it."""
        queue = self.queues.get(ident)
        if queue is None:
            queue = self.queues[ident] = asyncio.Queue(QUEUED)
            self._start(self._drain(ident, queue))
        if queue.full():
            self.lost += 1
            return
        queue.put_nowait(record)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _drain(self, ident: str, queue: asyncio.Queue[Record]) -> None:
        aside: list[Record] = []
        while True:
            batch = await self._batch(queue, WAIT_SECONDS if aside else None)
            if batch and not aside and self.faults.hit("deliveries", "reordered"):
                aside = batch[::-1]
                continue
            receiver = self.receivers.get(ident)
            for records in (batch, aside):
                if records and receiver is not None and receiver.active:
                    await self._emit(receiver, records)
            aside = []

    async def _batch(self, queue: asyncio.Queue[Record], seconds: float | None) -> list[Record]:
        """Take what waits; nothing when nothing came in time."""
        try:
            async with asyncio.timeout(seconds):
                batch = [await queue.get()]
        except TimeoutError:
            return []
        if self.faults.hit("deliveries", "merged"):
            await asyncio.sleep(WAIT_SECONDS)
            most = MERGED
        else:
            most = BATCH
        while len(batch) < most and not queue.empty():
            batch.append(queue.get_nowait())
        return batch

    async def _emit(self, receiver: Receiver, records: list[Record]) -> None:
        """Pay for a batch and send it on: whole or in pieces, once or twice, now or later."""
        paid = self.faults.credits.take(len(records))
        self.lost += len(records) - paid
        records = records[:paid]
        if records and self.faults.hit("deliveries", "dropped"):
            self.lost += len(records)
            return
        pieces = [records] if records else []
        if len(records) > 1 and self.faults.hit("deliveries", "split"):
            pieces = [[record] for record in records]
        for piece in pieces:
            for _ in range(1 + self.faults.hit("deliveries", "duplicated")):
                await self._dispatch(receiver, piece)

    async def _dispatch(self, receiver: Receiver, records: list[Record]) -> None:
        if self.faults.hit("deliveries", "late"):
            self._start(self._later(receiver, records))
            return
        await self.slots.acquire()
        self._start(self._send(receiver, records))

    async def _later(self, receiver: Receiver, records: list[Record]) -> None:
        await asyncio.sleep(self.faults.between("deliveries", "late_seconds"))
        await self.slots.acquire()
        await self._send(receiver, records)

    async def _send(self, receiver: Receiver, records: list[Record]) -> None:
        try:
            items: list[Any] = [raw_webhook_item(record) for record in records]
            if self.faults.hit("deliveries", "garbled"):
                items.insert(self.dice.randrange(len(items) + 1), self._nonsense(items))
            if not await self._tries(receiver, json.dumps(items).encode()):
                self.lost += len(records)
        finally:
            self.slots.release()

    def _nonsense(self, items: list[Any]) -> object:
        """Give what a vendor has been seen to send beside good items; nothing of it is a lie."""
        item = self.dice.choice(items)
        without = {name: value for name, value in item.items() if name != "meta"}
        return self.dice.choice(
            (None, {}, [], "transaction", 0, without, {**without, "meta": None},
             {"meta": item["meta"]}, {**item, "transaction": None})
        )  # fmt: skip

    async def _tries(self, receiver: Receiver, body: bytes) -> bool:
        if self.client is None:
            self.client = httpx.AsyncClient(timeout=ANSWER_SECONDS)
        headers = {"content-type": "application/json"}
        if receiver.auth is not None:
            headers["authorization"] = receiver.auth
        for attempt in range(RETRIES + 1):
            if attempt:
                await asyncio.sleep(PAUSE_SECONDS)
            cut = self.faults.hit("deliveries", "truncated")
            content = body[: self.dice.randrange(1, len(body))] if cut else body
            try:
                answer = await self.client.post(receiver.url, content=content, headers=headers)
            except httpx.HTTPError:
                continue
            if answer.status_code < 300:
                return True
            if answer.status_code == 403:
                return False
        return False

    async def close(self) -> None:
        """Stop delivering."""
        for task in list(self.tasks):
            task.cancel()
        if self.client is not None:
            await self.client.aclose()
