"""Faults of HTTP answers, met over a real port: each at rate 1 and none at rate 0."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.addresses import WSOL
from sandbox.chain import Chain
from sandbox.faults import HTTP, SURFACES
from tests.sandbox.wired import KEY, Wired, served

BIRDEYE = {"x-api-key": "k"}
RPC = ("rpc", "public-rpc")
FULL: dict[str, Any] = {
    "http": {"*": dict.fromkeys(HTTP, 1.0)},
    "sockets": {"dropped": 1, "silent": 1, "garbled": 1, "late": 1, "duplicated": 1},
}


@pytest.fixture(scope="module")
def running() -> Iterator[Wired]:
    chain = Chain(seed=11, speed=1, hours=0.3, folder=None)
    chain.clock.pause()
    with served(chain) as wired:
        yield wired


@pytest.fixture
def wired(running: Wired) -> Iterator[Wired]:
    yield running
    running.faults(off=True)
    running.chain.faults.happened.clear()


def ask(wired: Wired, surface: str, client: httpx.Client | None = None) -> httpx.Response:
    http = client or wired.http
    slot = {"jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": []}
    if surface == "rpc":
        return http.post("/rpc/", params=KEY, json=slot)
    if surface == "public-rpc":
        return http.post("/public-rpc", json=slot)
    if surface == "webhooks":
        return http.get("/v0/webhooks", params=KEY)
    if surface == "dexscreener":
        return http.get(f"/dexscreener/tokens/v1/solana/{WSOL}")
    if surface == "jupiter":
        return http.get("/jupiter/price/v3", params={"ids": WSOL})
    if surface == "rugcheck":
        mint = next(iter(wired.chain.world.tokens))
        return http.get(f"/rugcheck/v1/tokens/{mint}/report/summary")
    return http.get("/birdeye/defi/price", params={"address": WSOL}, headers=BIRDEYE)


@pytest.mark.parametrize("surface", SURFACES)
def test_rate_limited(wired: Wired, surface: str) -> None:
    wired.faults(http={surface: {"rate_limited": 1}}, ranges={"retry_after_seconds": [2, 2]})
    answers = [ask(wired, surface) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {429}
    assert {answer.headers.get("retry-after") for answer in answers} == {None, "2"}
    bodies = {
        "rpc": {"jsonrpc": "2.0", "error": {"code": -32429, "message": "rate limited"}, "id": None},
        "webhooks": {"error": "RATE_LIMIT_EXCEEDED", "code": 429, "details": "Too many requests."},
        "birdeye": {"success": False, "message": "Too many requests"},
        "rugcheck": {"error": "too many requests"},
    }
    bodies["public-rpc"] = bodies["rpc"]
    texts = {"dexscreener": "error code: 1015", "jupiter": "[API Gateway] Too many requests"}
    if surface in texts:
        assert answers[0].text == texts[surface]
    else:
        assert answers[0].json() == bodies[surface]
    assert wired.faults()["happened"] == {f"http.{surface}.rate_limited": 20}


@pytest.mark.parametrize("surface", SURFACES)
def test_server_error(wired: Wired, surface: str) -> None:
    wired.faults(http={surface: {"server_error": 1}})
    answers = [ask(wired, surface) for _ in range(40)]
    assert {answer.status_code for answer in answers} == {500, 502, 503}
    kinds = {answer.headers["content-type"].partition(";")[0] for answer in answers}
    assert kinds == {"application/json", "text/html"}


@pytest.mark.parametrize("surface", SURFACES)
def test_timeout_holds_the_answer_and_then_hangs_up(wired: Wired, surface: str) -> None:
    wired.faults(http={surface: {"timeout": 1}}, ranges={"hold_seconds": [0.05, 0.05]})
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        ask(wired, surface)
    wired.faults(ranges={"hold_seconds": [30, 30]})
    with (
        httpx.Client(base_url=wired.url, timeout=0.1) as hasty,
        pytest.raises(httpx.ReadTimeout),
    ):
        ask(wired, surface, hasty)


@pytest.mark.parametrize("surface", SURFACES)
def test_malformed_is_never_a_possible_answer(wired: Wired, surface: str) -> None:
    right = ask(wired, surface).json()
    wired.faults(http={surface: {"malformed": 1}})
    seen: Counter[str] = Counter()
    for _ in range(60):
        answer = ask(wired, surface)
        assert answer.status_code == 200
        if answer.headers["content-type"].startswith("text/html"):
            seen["page"] += 1
            continue
        try:
            value = json.loads(answer.text)
        except ValueError:
            seen["cut"] += 1
            continue
        if "NaN" in answer.text:
            seen["nan"] += 1
            continue
        seen["type"] += 1
        inside = value["result"] if surface in RPC else value
        assert type(inside) is not type(right["result"] if surface in RPC else right)
    assert min(seen[kind] for kind in ("page", "cut", "nan", "type")) > 3


@pytest.mark.parametrize("surface", SURFACES)
def test_truncated_ends_in_the_middle_of_the_body(wired: Wired, surface: str) -> None:
    right = ask(wired, surface).content
    wired.faults(http={surface: {"truncated": 1}})
    answer = wired.http.send(_request(wired, surface), stream=True)
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(right)
    parts = answer.iter_raw()
    assert next(parts) == right[: len(right) // 2]
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        next(parts)


def _request(wired: Wired, surface: str) -> httpx.Request:
    kept: list[httpx.Request] = []
    transport = httpx.MockTransport(lambda request: (kept.append(request), httpx.Response(200))[1])
    with httpx.Client(base_url=wired.url, transport=transport) as client:
        ask(wired, surface, client)
    return kept[0]


@pytest.mark.parametrize("surface", SURFACES)
def test_dropped_gives_no_answer(wired: Wired, surface: str) -> None:
    wired.faults(http={surface: {"dropped": 1}})
    ways = set()
    for _ in range(20):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)) as caught:
            ask(wired, surface)
        ways.add(caught.type)
    assert ways == {httpx.RemoteProtocolError, httpx.ReadError}


def test_rpc_error_is_one_item_of_a_good_answer(wired: Wired) -> None:
    wired.faults(http={"*": {"rpc_error": 1}})
    many = [{"jsonrpc": "2.0", "id": n, "method": "getSlot"} for n in range(4)]
    items = wired.http.post("/rpc/", params=KEY, json=many).json()
    assert [item["id"] for item in items] == [0, 1, 2, 3]
    assert sorted("error" in item for item in items) == [False, False, False, True]
    assert ask(wired, "public-rpc").json()["error"]["code"] in (-32005, -32603, -32429)
    # The others know no such thing.
    assert ask(wired, "dexscreener").json()[0]["chainId"] == "solana"


@pytest.mark.parametrize("surface", SURFACES)
def test_rate_zero_changes_nothing(wired: Wired, surface: str) -> None:
    right = ask(wired, surface).content
    wired.faults(http={"*": dict.fromkeys(HTTP, 0.0), surface: dict.fromkeys(HTTP, 0)})
    assert {ask(wired, surface).content for _ in range(30)} == {right}
    assert wired.faults()["happened"] == {}


def test_a_surface_of_its_own_goes_before_all(wired: Wired) -> None:
    wired.faults(http={"*": {"rate_limited": 1}, "rpc": {"rate_limited": 0}})
    statuses = {surface: ask(wired, surface).status_code for surface in SURFACES}
    assert statuses == {**dict.fromkeys(SURFACES, 429), "rpc": 200}


def test_a_rate_between_is_met_about_so_often(wired: Wired) -> None:
    wired.faults(http={"rpc": {"rate_limited": 0.25}})
    count = Counter(ask(wired, "rpc").status_code for _ in range(200))
    assert count[200] + count[429] == 200
    assert 25 < count[429] < 80


def test_whether_a_dropped_request_was_done_is_open(wired: Wired) -> None:
    wired.faults(http={"webhooks": {"dropped": 1}})
    body = {"webhookURL": "http://127.0.0.1:9/x", "accountAddresses": []}
    for _ in range(20):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            wired.http.post("/v0/webhooks", params=KEY, json=body)
    wired.faults(off=True)
    made = wired.http.get("/v0/webhooks", params=KEY).json()
    assert 0 < len(made) < 20
    for hook in made:
        wired.http.delete(f"/v0/webhooks/{hook['webhookID']}", params=KEY)


def test_the_sandboxes_own_surfaces_have_no_faults(wired: Wired) -> None:
    wired.faults(**FULL)
    paths = ("/truth/wallets", "/truth/forks", "/clock", "/health", "/faults", "/inbox",
             "/inbox.json", "/wallets.csv")  # fmt: skip
    for path in paths:
        assert {wired.http.get(path).status_code for _ in range(5)} == {200}, path
    assert wired.faults()["happened"] == {}


def test_settings_are_partial_and_shown(wired: Wired) -> None:
    plain = wired.faults()
    assert plain == {
        "seed": 11, "http": {}, "sockets": {}, "deliveries": {}, "chain": {},
        "ranges": {"hold_seconds": [5, 20], "retry_after_seconds": [1, 5], "late_seconds": [0.5, 8],
                   "vanish_slots": [64, 400]},
        "credits": None, "credits_spent": plain["credits_spent"], "happened": {},
    }  # fmt: skip
    wired.faults(http={"rpc": {"dropped": 0.5}}, chain={"phantom": 0.1})
    wired.faults(http={"rpc": {"timeout": 0.25}}, ranges={"late_seconds": [1, 2]}, credits=7)
    shown = wired.faults()
    assert shown["http"] == {"rpc": {"dropped": 0.5, "timeout": 0.25}}
    assert shown["chain"] == {"phantom": 0.1}
    assert shown["ranges"]["late_seconds"] == [1, 2]
    assert shown["credits"] == 7
    everything = wired.faults(all=True)
    assert set(everything["http"]["*"]) == set(HTTP)
    assert all(everything[area] for area in ("sockets", "deliveries", "chain"))
    assert everything["credits"] == 7
    assert wired.faults(off=True) == plain


@pytest.mark.parametrize(
    "wrong",
    [
        [], None, {"colour": 1}, {"all": False}, {"all": True, "off": True}, {"http": {"tv": {}}},
        {"http": {"rpc": {"late": 0.1}}}, {"http": {"rpc": {"dropped": 1.1}}},
        {"http": {"rpc": {"dropped": True}}}, {"http": {"rpc": {"dropped": "1"}}},
        {"sockets": {"dropped": -0.1}}, {"chain": []}, {"ranges": {"late_seconds": [2, 1]}},
        {"ranges": {"late_seconds": 1}}, {"ranges": {"x": [1, 2]}}, {"credits": -1},
        {"credits": 1.5}, {"http": {"rpc": {"dropped": 0.5}}, "credits": "many"},
    ],
)  # fmt: skip
def test_nonsense_is_refused_and_changes_nothing(wired: Wired, wrong: object) -> None:
    before = wired.faults()
    answer = wired.http.post("/faults", json=wrong)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert wired.faults() == before
