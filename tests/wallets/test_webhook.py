"""The entrance for pushed transactions: who may come in, what is kept, what is never a 500."""

import json
import zlib
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from wallets.actions import record_waiting
from wallets.models import Delivery, QuarantinedPayload, RawTransaction
from wallets.webhooks import BODY_LIMIT, receive_transactions

SECRET = "a-long-shared-secret"  # made up


@pytest.fixture(autouse=True)
def _secret(settings: Settings) -> None:
    settings.WEBHOOK_SECRET = SECRET


def post(client: Client, body: bytes, secret: str | None = SECRET, **extra: Any) -> Any:
    headers = {} if secret is None else {"Authorization": secret}
    return client.post(
        reverse("receive_transactions"), body, content_type="application/json",
        headers=headers, **extra,
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "ключ"])
def test_an_unknown_sender_is_refused_and_nothing_is_kept(
    client: Client, secret: str | None
) -> None:
    answer = post(client, b"[]", secret)
    assert (answer.status_code, answer.json()) == (401, {"error": "unknown sender"})
    assert Delivery.objects.count() == 0


@pytest.mark.django_db
def test_without_a_secret_of_ours_nobody_comes_in(client: Client, settings: Settings) -> None:
    settings.WEBHOOK_SECRET = ""
    assert post(client, b"[]", "").status_code == 401


@pytest.mark.django_db
def test_a_body_is_kept_byte_for_byte_and_answered_before_it_is_read(client: Client) -> None:
    body = b'[{"not": "a transaction"}]\n'
    answer = post(client, body)
    assert answer.status_code == 200
    delivery = Delivery.objects.get(pk=answer.json()["kept"])
    assert zlib.decompress(delivery.body) == body
    assert (delivery.state, delivery.source) == ("waiting", "webhook")


@pytest.mark.django_db
def test_too_large_and_empty_bodies_are_refused(client: Client) -> None:
    large = post(client, b"x" * (BODY_LIMIT + 1))
    assert (large.status_code, large.json()["limit_bytes"]) == (413, BODY_LIMIT)
    assert post(client, b"x" * (10 * 1024 * 1024)).status_code == 413
    assert post(client, b"").status_code == 400
    assert client.get(reverse("receive_transactions")).status_code == 405
    assert Delivery.objects.count() == 0


@pytest.mark.django_db
def test_a_body_that_does_not_tell_its_length_is_measured(rf: RequestFactory) -> None:
    request = rf.post("/", b"x" * (BODY_LIMIT + 1), content_type="application/json")
    del request.META["CONTENT_LENGTH"]
    request.META["HTTP_AUTHORIZATION"] = SECRET
    request._body = b"x" * (BODY_LIMIT + 1)
    assert receive_transactions(request).status_code == 413
    assert Delivery.objects.count() == 0


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


@pytest.mark.django_db
@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_ends_in_quarantine_with_its_reason(client: Client, case: str) -> None:
    body, reason = BAD_BODIES[case]
    assert post(client, body).status_code == 200
    assert record_waiting() == 1
    delivery = Delivery.objects.get()
    assert delivery.state == "quarantined"
    assert reason in delivery.reason
    assert delivery.reason
    assert QuarantinedPayload.objects.count() >= 1
    assert RawTransaction.objects.count() == 0


@pytest.mark.django_db
def test_the_same_bad_body_is_put_aside_once_and_counted(client: Client) -> None:
    for _ in range(3):
        post(client, b"{}")
    assert record_waiting() == 3
    assert QuarantinedPayload.objects.get().count == 3
