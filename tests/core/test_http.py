"""The client against a vendor on this machine: what is retried, what is raised, what is hidden."""

import gzip
import logging
import os
import socket
import traceback
from collections.abc import Callable, Iterator
from decimal import Decimal
from email.utils import format_datetime
from typing import Any, cast

import pytest
from pytest_django import Settings

from aura.core import clock, http, memory, quota
from aura.core.errors import Denied, Garbled, ProviderError, RateLimited, Unavailable
from aura.core.quota import keys
from tests.vendor import Vendor, serving

KEY = "k3y-that-must-not-show"


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with serving() as vendor:
        yield vendor


def call(vendor: Vendor, method: str = "GET", path: str = "/thing", **options: Any) -> Any:
    return http.request_json("vendor", method, vendor.url, path, params={"api-key": KEY}, **options)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(http, "sleep", slept.append)
    return slept


@pytest.fixture(autouse=True)
def spent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    taken: list[tuple[str, int, int]] = []

    def spend(vendor: str, cost: int, *, calls: int = 1, wait: float = 0.0) -> None:
        taken.append((vendor, cost, calls))

    monkeypatch.setattr(quota, "spend", spend)
    return taken


def raised(call: Callable[[], Any]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        call()
    return caught.value


def test_numbers_are_exact(vendor: Vendor) -> None:
    vendor.replies = [(200, b'{"raw": 18446744073709551615, "price": 0.1}')]
    assert call(vendor) == {"raw": 18446744073709551615, "price": Decimal("0.1")}


def test_sends_what_it_is_given(vendor: Vendor) -> None:
    call(vendor, "POST", json={"b": 1, "a": ["x"]}, headers={"X-Chain": "solana"})
    asked = vendor.asked[0]
    assert (asked.method, asked.path, asked.body) == (
        "POST",
        f"/thing?api-key={KEY}",
        b'{"a":["x"],"b":1}',
    )
    assert asked.headers["x-chain"] == "solana"
    assert asked.headers["content-type"] == "application/json"


def test_keeps_the_query_of_the_base_address(vendor: Vendor) -> None:
    http.request_json("vendor", "GET", f"{vendor.url}/node?token=abc", params={"page": 2})
    assert vendor.asked[0].path == "/node?token=abc&page=2"


def test_an_empty_body_is_none(vendor: Vendor) -> None:
    vendor.replies = [(204, b"")]
    assert call(vendor, "DELETE") is None


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b'{"a": NaN}', b"[1,", b"\xff\xfe\x00", b"[" * 9999]
)
def test_anything_but_json_is_garbled_and_kept(vendor: Vendor, body: bytes) -> None:
    vendor.replies = [(200, body)]
    if not body:
        assert call(vendor) is None
        return
    error = raised(lambda: call(vendor))
    assert isinstance(error, Garbled)
    assert error.payload == body
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_trouble_is_retried_three_times_with_growing_pauses(
    vendor: Vendor, waits: list[float], spent: list[tuple[str, int, int]], status: int
) -> None:
    vendor.replies = [(status, b"")]
    error = raised(lambda: call(vendor, credits=10))
    assert isinstance(error, Unavailable)
    assert str(error) == f"vendor: answered {status}"
    assert len(vendor.asked) == 4
    assert spent == [("vendor", 10, 1)] * 4
    assert [round(w / 2**i, 2) for i, w in enumerate(waits)] == [
        pytest.approx(1, abs=0.25) for _ in range(3)
    ]


def test_a_second_try_can_succeed(vendor: Vendor, waits: list[float]) -> None:
    vendor.replies = [(500, b""), (200, b'{"ok": true}')]
    assert call(vendor) == {"ok": True}
    assert len(waits) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Garbled), (401, Denied), (402, Denied), (403, Denied), (404, Garbled), (422, Garbled)],
)
def test_our_own_mistakes_are_not_repeated(
    vendor: Vendor, status: int, kind: type[ProviderError]
) -> None:
    vendor.replies = [(status, b'{"error": {"code": -32602, "message": "wrong size"}}')]
    error = raised(lambda: call(vendor))
    assert type(error) is kind
    assert str(error) == f"vendor: answered {status}: wrong size"
    assert len(vendor.asked) == 1


def test_a_write_is_repeated_only_when_told(vendor: Vendor) -> None:
    vendor.replies = [(500, b"")]
    raised(lambda: call(vendor, "POST", json={}))
    assert len(vendor.asked) == 1
    raised(lambda: call(vendor, "POST", json={}, retry=True))
    assert len(vendor.asked) == 5


def test_retry_after_is_honoured(vendor: Vendor, waits: list[float]) -> None:
    vendor.replies = [(429, b"", {"Retry-After": "7"}), (200, b"1")]
    assert call(vendor) == 1
    assert waits == [7.0]


def test_retry_after_may_be_a_date(vendor: Vendor) -> None:
    later = clock.now().replace(year=2999)
    vendor.replies = [(429, b"", {"Retry-After": format_datetime(later, usegmt=True)})]
    error = raised(lambda: call(vendor))
    assert isinstance(error, RateLimited)
    assert error.retry_after == 86_400.0
    assert len(vendor.asked) == 1, "a day is too long to wait inside a call"


@pytest.mark.parametrize("nonsense", ["soon", "nan", "-5"])
def test_nonsense_in_retry_after_falls_back(
    vendor: Vendor, waits: list[float], nonsense: str
) -> None:
    vendor.replies = [(429, b"", {"Retry-After": nonsense}), (200, b"1")]
    assert call(vendor) == 1
    assert 0.75 <= waits[0] <= 1.25


def test_limits_without_a_hint_double_from_a_second(vendor: Vendor, waits: list[float]) -> None:
    vendor.replies = [(429, b"")]
    error = raised(lambda: call(vendor))
    assert isinstance(error, RateLimited)
    assert error.retry_after == 1.0
    assert [round(w) for w in waits] in ([1, 2, 4], [1, 2, 5], [1, 2, 3])


def test_a_status_can_mean_nothing_there(vendor: Vendor) -> None:
    vendor.replies = [(404, b"no such")]
    assert call(vendor, none_for={404}) is None


def test_redirects_are_not_followed(vendor: Vendor) -> None:
    vendor.replies = [(302, b"", {"Location": "http://127.0.0.1:1/elsewhere"}), (200, b"1")]
    assert isinstance(raised(lambda: call(vendor)), Garbled)
    assert len(vendor.asked) == 1


def test_a_body_over_the_limit_is_refused(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BODY_LIMIT", 1 << 20)
    small = gzip.compress(b"0" * (2 << 20))
    vendor.replies = [(200, small, {"Content-Encoding": "gzip"})]
    error = raised(lambda: call(vendor))
    assert isinstance(error, Garbled)
    assert str(error) == "vendor: its answer is larger than 1 MB"


def test_a_broken_encoding_is_an_error_of_the_tree(vendor: Vendor) -> None:
    vendor.replies = [(200, b"not gzip", {"Content-Encoding": "gzip"})]
    assert isinstance(raised(lambda: call(vendor)), Unavailable)


def test_silence_times_out(vendor: Vendor) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        error = raised(
            lambda: http.request_json(
                "vendor", "POST", f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout=0.1
            )
        )
    assert str(error) == "vendor: no answer: ReadTimeout"


@pytest.mark.parametrize("base", ["ftp://127.0.0.1/", "no scheme", "http://", ""])
def test_an_unusable_address_is_denied(base: str) -> None:
    assert isinstance(raised(lambda: http.request("v", "GET", base)), Denied)


def test_unmetered_when_free(vendor: Vendor, spent: list[tuple[str, int, int]]) -> None:
    call(vendor, credits=0)
    assert spent == []


@pytest.mark.parametrize("failure", ["status", "echo", "refused", "garbled", "address"])
def test_no_error_and_no_log_holds_the_key(
    vendor: Vendor, caplog: pytest.LogCaptureFixture, failure: str
) -> None:
    url = vendor.url
    caplog.set_level(0)
    if failure == "status":
        vendor.replies = [(500, b"")]
    elif failure == "echo":
        body = f'{{"error": "bad url /rpc/?api-key={KEY}&x=1"}}'.encode()
        vendor.replies = [(403, body)]
    elif failure == "garbled":
        vendor.replies = [(200, b"nope")]
    elif failure == "refused":
        url = "http://127.0.0.1:1"
    else:
        url = f"http://user:{KEY}@["
    error = raised(lambda: http.request_json("vendor", "GET", url, "/x", params={"api-key": KEY}))
    http.log.exception("it failed", exc_info=error)
    told = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    logged = "".join(f"{r.getMessage()}{r.args}{r.exc_text}" for r in caplog.records)
    assert KEY not in told + logged + caplog.text
    assert error.__cause__ is None
    assert error.__context__ is None
    assert logged, "the call left no trace at all"
    for name in ("httpx", "httpcore"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)


def test_a_forked_child_gets_its_own_client(vendor: Vendor) -> None:
    before = http.client()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        own = http.client() is not before
        answered = call(vendor) == {}
        os.write(write, b"yes" if own and answered else b"no")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 3) == b"yes"
    assert http.client() is before
    os.close(read)
    os.close(write)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, b'{"jsonrpc":"2.0","error":{"code":-32429,"message":"max usage reached"},"id":1}'),
        (429, b"max usage reached"),
        (200, b'{"jsonrpc":"2.0","error":{"code":-32429,"message":"Max usage reached"},"id":1}'),
        (400, b'{"success":false,"message":"Compute units usage limit exceeded"}'),
    ],
)
def test_a_vendor_whose_credits_are_used_up_is_noted_and_not_asked_again(
    vendor: Vendor, waits: list[float], status: int, body: bytes
) -> None:
    vendor.replies = [(status, body)]
    error = raised(lambda: call(vendor, retry=True))
    assert isinstance(error, RateLimited)
    assert error.retry_after == 900
    assert str(error).startswith(f"vendor: its credits are used up: it answered {status}")
    assert (len(vendor.asked), waits) == (1, [])
    kept = cast("bytes", memory.client().hget(keys.key_of("vendor", "exhausted"), "said"))
    assert kept.decode().startswith("its credits are used up")


def test_a_long_answer_may_hold_any_words(vendor: Vendor) -> None:
    said = {"pairs": [{"name": "max usage reached", "note": "x" * 500}]}
    vendor.answer = lambda _: said
    assert call(vendor) == said
    assert not memory.client().exists(keys.key_of("vendor", "exhausted"))


def test_a_probe_that_is_answered_ends_the_rest(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    quota.note_exhausted("vendor")
    vendor.replies = [(500, b"")]
    monkeypatch.setattr(quota, "spend", lambda *_, **__: True)
    raised(lambda: call(vendor))
    assert memory.client().exists(keys.key_of("vendor", "exhausted"))
    vendor.replies = [(200, b"{}")]
    call(vendor)
    assert not memory.client().exists(keys.key_of("vendor", "exhausted"))


def test_every_failed_try_is_noted_and_none_that_was_answered(
    vendor: Vendor, settings: Settings
) -> None:
    settings.QUOTAS = {"vendor": (100, 10.0)}
    vendor.replies = [(500, b""), (502, b""), (200, b"{}")]
    call(vendor)
    (told,) = quota.levels()
    assert told.errors_24h == 2
    assert told.last_error is not None
    assert told.last_error.text == "vendor: answered 502"
