"""Faults of webhook deliveries, from a real port to another."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from sandbox import deliveries
from sandbox.chain import Chain
from sandbox.encode import raw_webhook_item
from sandbox.faults import DELIVERIES, Faults
from sandbox.record import unpack
from sandbox.store import Store
from sandbox.webhooks import Webhooks
from tests.sandbox.wired import KEY, Mailbox, Wired, mailbox, served, until


@pytest.fixture(scope="module")
def running() -> Iterator[Wired]:
    chain = Chain(seed=11, speed=1, hours=0.3, folder=None)
    chain.clock.pause()
    with served(chain) as wired:
        # The last pause of history is a long one.
        wired.advance(60)
        yield wired


@pytest.fixture
def box(running: Wired, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    monkeypatch.setattr(deliveries, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(deliveries, "WAIT_SECONDS", 0.1)
    monkeypatch.setattr(deliveries, "ANSWER_SECONDS", 10.0)
    with mailbox() as box:
        hook = running.http.post("/v0/webhooks", params=KEY, json={
            "webhookURL": box.url, "accountAddresses": sorted(running.chain.world.wallets),
        }).json()  # fmt: skip
        yield box
        running.http.delete(f"/v0/webhooks/{hook['webhookID']}", params=KEY)
        running.faults(off=True)
        running.chain.faults.happened.clear()


def advanced(wired: Wired) -> list[str]:
    """Let the market go on; give the signatures a watcher of every wallet must hear of."""
    last = wired.chain.store.rows("SELECT max(id) FROM tx")[0][0]
    wired.advance(60)
    rows = wired.chain.store.rows(
        "SELECT DISTINCT tx.signature FROM tx JOIN touch ON touch.tx = tx.id "
        "JOIN address ON address.id = touch.address WHERE tx.id > ? AND how & 3 "
        "AND address.text IN (SELECT value FROM json_each(?)) ORDER BY tx.id",
        (last, json.dumps(sorted(wired.chain.world.wallets))),
    )
    assert len(rows) > 15
    return [row[0] for row in rows]


def lost(wired: Wired) -> int:
    return int(wired.http.get("/health").json()["webhooks_lost"])


def signatures(items: list[object]) -> list[str]:
    return [item["transaction"]["signatures"][0] for item in items]  # type: ignore[index]


def test_rate_zero_delivers_everything_once(running: Wired, box: Mailbox) -> None:
    running.faults(deliveries=dict.fromkeys(DELIVERIES, 0))
    wanted = advanced(running)
    until(lambda: len(box.items()) >= len(wanted))
    assert Counter(signatures(box.items())) == Counter(wanted)
    assert max(len(json.loads(body)) for body in box.bodies) == deliveries.BATCH
    assert running.faults()["happened"] == {}


def test_dropped_is_lost(running: Wired, box: Mailbox) -> None:
    before = lost(running)
    running.faults(deliveries={"dropped": 1})
    wanted = advanced(running)
    until(lambda: lost(running) == before + len(wanted))
    assert box.bodies == []


def test_duplicated_comes_twice(running: Wired, box: Mailbox) -> None:
    running.faults(deliveries={"duplicated": 1})
    wanted = advanced(running)
    until(lambda: len(box.items()) >= 2 * len(wanted))
    assert Counter(signatures(box.items())) == Counter(wanted * 2)


def test_late_comes_all_the_same(running: Wired, box: Mailbox) -> None:
    running.faults(deliveries={"late": 1}, ranges={"late_seconds": [1, 1]})
    began = time.monotonic()
    wanted = advanced(running)
    until(lambda: len(box.items()) >= len(wanted))
    assert box.times[0] - began > 1
    assert running.faults()["happened"] == {"deliveries.late": len(box.bodies)}
    assert Counter(signatures(box.items())) == Counter(wanted)


def test_split_sends_one_by_one(running: Wired, box: Mailbox) -> None:
    running.faults(deliveries={"split": 1})
    wanted = advanced(running)
    until(lambda: len(box.items()) >= len(wanted))
    assert {len(json.loads(body)) for body in box.bodies} == {1}
    assert Counter(signatures(box.items())) == Counter(wanted)


def test_merged_sends_many_at_once(running: Wired, box: Mailbox) -> None:
    running.faults(deliveries={"merged": 1})
    wanted = advanced(running)
    until(lambda: len(box.items()) >= len(wanted))
    assert deliveries.BATCH < len(json.loads(box.bodies[0])) <= deliveries.MERGED
    assert Counter(signatures(box.items())) == Counter(wanted)


def test_truncated_is_tried_again_and_then_lost(running: Wired, box: Mailbox) -> None:
    before = lost(running)
    running.faults(deliveries={"truncated": 1})
    wanted = advanced(running)
    until(lambda: lost(running) == before + len(wanted))
    # Each is tried again; on a busy machine a try may run out of time before it arrives.
    assert len(box.bodies) * deliveries.BATCH > len(wanted)
    assert len(box.bodies) <= len(wanted) * (deliveries.RETRIES + 1)
    for body in box.bodies:
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|Invalid"):
            json.loads(body)


def test_garbled_puts_nonsense_beside_the_good_items(running: Wired, box: Mailbox) -> None:
    running.faults(deliveries={"garbled": 1})
    good = {}
    for signature in advanced(running) + advanced(running):
        record = running.chain.store.record(signature)
        assert record is not None
        good[signature] = json.loads(json.dumps(raw_webhook_item(record)))
    until(lambda: len(box.items()) == len(good) + len(box.bodies) and len(box.items()) > len(good))
    whole = [item for item in box.items() if item in good.values()]
    assert Counter(signatures(whole)) == Counter(list(good))
    nonsense = [item for item in box.items() if item not in good.values()]
    assert len(nonsense) == len(box.bodies)
    assert not any(
        isinstance(item, dict) and item.get("meta") and item.get("transaction")
        for item in nonsense
    )  # fmt: skip


async def test_reordered_lets_the_next_batch_go_first(
    monkeypatch: pytest.MonkeyPatch, eventually: object
) -> None:
    monkeypatch.setattr(deliveries, "IN_FLIGHT", 1)
    monkeypatch.setattr(deliveries, "WAIT_SECONDS", 0.1)
    chain = Chain(seed=11, speed=1, hours=0.1, folder=None)
    rows = chain.store.rows("SELECT body FROM tx ORDER BY id LIMIT 12")
    records = [unpack(row[0]) for row in rows]
    came: list[list[str]] = []

    def take(request: httpx.Request) -> httpx.Response:
        came.append(signatures(json.loads(request.content)))
        return httpx.Response(200)

    faults = Faults(1)
    faults.update({"deliveries": {"reordered": 1}})
    client = httpx.AsyncClient(transport=httpx.MockTransport(take))
    hooks = Webhooks(Store(None), faults, client)
    watched = sorted({key for record in records for key in record.all_keys})
    hooks.create({"webhookURL": "http://127.0.0.1/x", "accountAddresses": watched})
    hooks.publish(records)
    await eventually(lambda: sum(map(len, came)) == 12)  # type: ignore[operator]
    told = [record.signature for record in records]
    assert came == [told[5:10], told[4::-1], told[11:9:-1]]
    await hooks.deliveries.close()


def test_credits_pay_for_events_and_without_them_events_are_lost(
    running: Wired, box: Mailbox
) -> None:
    before = lost(running)
    running.faults(credits=7)
    wanted = advanced(running)
    until(lambda: lost(running) == before + len(wanted) - 7)
    until(lambda: len(box.items()) == 7)
    assert running.faults()["credits"] == 0
    refused = running.http.get("/v0/webhooks", params=KEY)
    assert (refused.status_code, refused.json()) == (429, {"error": "max usage reached"})
    more = running.faults(credits=1_000)
    assert more["credits"] == 1_000
    later = advanced(running)
    until(lambda: len(box.items()) == 7 + len(later))
    assert Counter(signatures(box.items())[7:]) == Counter(later)
    assert running.faults()["credits"] == 1_000 - len(later)
    for edits in (1, 2):
        hook = running.http.get("/v0/webhooks", params=KEY).json()[0]
        answer = running.http.put(f"/v0/webhooks/{hook['webhookID']}", params=KEY, json=hook)
        assert answer.status_code == 200
        assert running.faults()["credits"] == 1_000 - len(later) - 100 * edits
