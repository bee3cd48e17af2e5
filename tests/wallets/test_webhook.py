"""The entrance for pushed transactions: who may come in, what is kept, what is never a 500."""

import asyncio
import json
import time
import zlib
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest
from django.db import OperationalError, connection
from pytest_django import Settings

from aura.core import quota
from wallets import loops, webhooks
from wallets.actions import record_waiting
from wallets.domain.sources import WEBHOOK_PATH
from wallets.models import Delivery, QuarantinedPayload, RawTransaction
from wallets.webhooks import BODY_LIMIT, Door

SECRET = "a-long-shared-secret"  # made up

# The door keeps in a thread of its own.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _secret(settings: Settings) -> None:
    settings.WEBHOOK_SECRET = SECRET


def ask(*bodies: bytes, method: str = "POST", **options: Any) -> list[httpx.Response]:
    """Send bodies to one door, all at the same moment."""

    async def send() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=cast("Any", Door()))
        async with httpx.AsyncClient(transport=transport, base_url="http://aura") as client:
            return await asyncio.gather(
                *(client.request(method, WEBHOOK_PATH, content=b, **options) for b in bodies)
            )

    return asyncio.run(send())


def post(body: bytes, secret: str | None = SECRET) -> httpx.Response:
    headers = {} if secret is None else {"Authorization": secret.encode()}
    return ask(body, headers=headers)[0]


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "ключ"])
def test_an_unknown_sender_is_refused_and_nothing_is_kept(secret: str | None) -> None:
    answer = post(b"[]", secret)
    assert (answer.status_code, answer.json()) == (401, {"error": "unknown sender"})
    assert Delivery.objects.count() == 0


def test_without_a_secret_of_ours_nobody_comes_in(settings: Settings) -> None:
    settings.WEBHOOK_SECRET = ""
    assert post(b"[]", "").status_code == 401


def test_a_body_is_kept_byte_for_byte_and_answered_before_it_is_read() -> None:
    body = b'[{"not": "a transaction"}]\n'
    answer = post(body)
    assert answer.status_code == 200
    delivery = Delivery.objects.get(pk=answer.json()["kept"])
    assert zlib.decompress(delivery.body) == body
    assert (delivery.state, delivery.source) == ("waiting", "webhook")


def test_bodies_of_one_moment_are_each_kept_and_told_their_own_id() -> None:
    bodies = [b"[%d]" % n for n in range(300)]
    answers = ask(*bodies, headers={"Authorization": SECRET})
    kept = {a.json()["kept"]: body for a, body in zip(answers, bodies, strict=True)}
    assert len(kept) == 300
    for delivery in Delivery.objects.all():
        assert zlib.decompress(delivery.body) == kept[delivery.pk]


def test_too_large_and_empty_bodies_are_refused() -> None:
    large = post(b"x" * (BODY_LIMIT + 1))
    assert (large.status_code, large.json()["limit_bytes"]) == (413, BODY_LIMIT)
    assert post(b"x" * (10 * 1024 * 1024)).status_code == 413
    assert post(b"").status_code == 400
    (got,) = ask(b"", method="GET", headers={"Authorization": SECRET})
    assert got.status_code == 405
    assert Delivery.objects.count() == 0


@pytest.mark.parametrize("length", [None, "5", "-1", "nonsense"])
def test_a_body_that_does_not_tell_its_length_is_measured(length: str | None) -> None:
    told = {} if length is None else {"content-length": length}
    headers = [(b"authorization", SECRET.encode())]
    headers += [(name.encode(), value.encode()) for name, value in told.items()]
    pieces = [b"x" * (BODY_LIMIT // 2)] * 3

    async def send() -> list[Any]:
        said: list[Any] = []

        async def receive() -> Any:
            body = pieces.pop()
            return {"type": "http.request", "body": body, "more_body": bool(pieces)}

        async def keep(event: Any) -> None:
            said.append(event)

        await Door()({"method": "POST", "headers": headers}, receive, keep)
        return said

    assert asyncio.run(send())[0]["status"] == 413
    assert Delivery.objects.count() == 0


def test_who_hangs_up_while_sending_is_not_answered_and_nothing_is_kept() -> None:
    said: list[Any] = []
    events = [
        {"type": "http.request", "body": b"[{", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def send() -> None:
        async def receive() -> Any:
            return events.pop(0)

        async def keep(event: Any) -> None:
            said.append(event)

        headers = [(b"authorization", SECRET.encode())]
        await Door()({"method": "POST", "headers": headers}, receive, keep)

    asyncio.run(send())
    assert (said, Delivery.objects.count()) == ([], 0)


def test_while_the_database_is_away_the_vendor_is_asked_to_send_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(webhooks, "keep_deliveries", away)
        assert post(b"[1]").status_code == 503
    assert Delivery.objects.count() == 0
    assert post(b"[1]").status_code == 200


def test_a_connection_that_broke_meanwhile_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    keep, tries = webhooks.keep_deliveries, []

    def once(*args: Any, **options: Any) -> Any:
        tries.append(1)
        if len(tries) == 1:
            connection.ensure_connection()
            connection.connection.close()
        return keep(*args, **options)

    monkeypatch.setattr(webhooks, "keep_deliveries", once)
    assert post(b"[1]").status_code == 200
    assert (len(tries), Delivery.objects.count()) == (2, 1)


def test_more_than_can_wait_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MOST_WAITING", 10)
    assert post(b"x" * 11).status_code == 503
    assert post(b"x" * 10).status_code == 200
    assert post(b"y" * 10).status_code == 200, "what was kept waits no more"


def test_events_are_charged_to_the_vendors_budget() -> None:
    before = quota.levels()[0].used or 0
    post(b'[{"blockTime": 1}, {"blockTime": 2}]')
    deadline = time.monotonic() + 5
    while (quota.levels()[0].used or 0) < before + 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert quota.levels()[0].used == before + 2


def test_the_door_is_where_vendors_are_told_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from aura.asgi import application

    async def send() -> int:
        transport = httpx.ASGITransport(app=cast("Any", application))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            address = urlsplit(loops._webhook_url()).path
            return (await client.post(address, content=b"[]")).status_code

    assert asyncio.run(send()) == 401


BAD_BODIES = {
    "empty object": (b"{}", "transaction"),
    "malformed": (b'[{"slot": ', "not JSON"),
    "not text": (b"\xff\xfe\x00\x01", "not JSON"),
    "a number": (b"5", "list of transactions"),
    "an empty list": (b"[]", "empty list"),
    "NaN": (b'[{"slot": NaN}]', "not JSON"),
    "blank": (b"   \n", "empty body"),
    "deep": (b"[" * 50_000, "not JSON"),
    "wrong types": (json.dumps([{"slot": "x", "meta": [], "transaction": 5}]).encode(), ""),
    "nulls": (b"[null, null]", ""),
    "unknown version": (
        json.dumps([{"slot": 1, "version": 99, "transaction": {}, "meta": {}}]).encode(), "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_ends_in_quarantine_with_its_reason(case: str) -> None:
    body, reason = BAD_BODIES[case]
    assert post(body).status_code == 200
    assert record_waiting() == 1
    delivery = Delivery.objects.get()
    assert delivery.state == "quarantined"
    assert reason in delivery.reason
    assert delivery.reason
    assert QuarantinedPayload.objects.count() >= 1
    assert RawTransaction.objects.count() == 0


def test_the_same_bad_body_is_put_aside_once_and_counted() -> None:
    for _ in range(3):
        post(b"{}")
    assert record_waiting() == 3
    assert QuarantinedPayload.objects.get().count == 3
