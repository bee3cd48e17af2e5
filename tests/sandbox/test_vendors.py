"""What Jupiter, Birdeye, RugCheck and the RPC tell of a usual bazaar: shapes, sizes, agreement."""

from __future__ import annotations

import json
import os
import struct
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from sandbox.__main__ import USUAL_COINS
from sandbox.addresses import WSOL, text
from sandbox.chain import Chain
from sandbox.plots import KINDS
from sandbox.server import Server
from sandbox.tokens import Token
from sandbox.venues import Curve, SwapPool

KEY = {"x-api-key": "any"}
UNKNOWN = "1" * 32


@pytest.fixture(scope="module")
def chain() -> Chain:
    chain = Chain(seed=7, speed=1, hours=1.1, folder=None, coins=USUAL_COINS)
    chain.clock.pause()
    return chain


@pytest.fixture(scope="module")
def client(chain: Chain) -> Iterator[TestClient]:
    with TestClient(Server(chain, live=False).app) as client:
        yield client


def one(chain: Chain, place: str) -> Token:
    """The busiest coin of a place that was there before history."""
    busy = [t for t in chain.world.tokens.values() if t.place == place and t.born < 0]
    return max(busy, key=lambda token: token.trades)


def bird(client: TestClient, path: str, **query: object) -> Any:
    answer = client.get(f"/birdeye/defi/{path}", params=query, headers=KEY)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_three_hundred_coins_trade_enough_and_are_found_without_a_key(
    client: TestClient, chain: Chain
) -> None:
    found: dict[str, Any] = {}
    for _ in range(2):
        for name in ("toporganicscore", "toptraded", "toptrending"):
            for span in ("5m", "1h", "6h", "24h"):
                listed = client.get(f"/jupiter/tokens/v2/{name}/{span}?limit=100").json()
                assert len(listed) == 100
                found |= {token["id"]: token for token in listed}
        assert len(found) >= 300
        client.post("/truth/advance", json={"seconds": 600})
    liquid = {mint for mint, token in chain.world.tokens.items() if isinstance(token.venue, Curve)
              and token.venue.real_sol / 1e9 * chain.world.sol_cents / 100 >= 3_000}  # fmt: skip
    assert 30 <= len(liquid) <= 90
    sold = set()
    mints = list(found)
    for start in range(0, len(mints), 30):
        pairs = client.get("/dexscreener/tokens/v1/solana/" + ",".join(mints[start : start + 30]))
        for pair in pairs.json():
            mint = pair["baseToken"]["address"]
            if pair.get("liquidity", {}).get("usd", 0) >= 25_000:
                liquid.add(mint)
    for mint in chain.world.tokens:
        reel = chain.tape.read(mint, chain.clock.now_ms() // 1000)
        if len(reel.windows["1h"].sells.traders) >= 5:
            sold.add(mint)
    assert len(liquid & sold & set(found)) >= 300
    assert len(sold) >= 300


def test_all_vendors_tell_the_same_price(client: TestClient, chain: Chain) -> None:
    for place in ("pumpswap", "raydium", "pumpfun"):
        token = one(chain, place)
        pair = client.get(f"/dexscreener/tokens/v1/solana/{token.mint}").json()[0]
        (told,) = client.get(f"/jupiter/tokens/v2/search?query={token.mint}").json()
        prices = {
            float(pair["priceUsd"]), told["usdPrice"],
            client.get(f"/jupiter/price/v3?ids={token.mint}").json()[token.mint]["usdPrice"],
            bird(client, "token_overview", address=token.mint)["price"],
            bird(client, "multi_price", list_address=token.mint)[token.mint]["value"],
            client.get(f"/rugcheck/v1/tokens/{token.mint}/report").json()["price"],
        }  # fmt: skip
        assert max(prices) == pytest.approx(min(prices), rel=0.001)
        counts = pair["txns"]["h1"]
        stats = told["stats1h"]
        assert (counts["buys"], counts["sells"]) == (stats["numBuys"], stats["numSells"])
        assert pair["volume"]["h1"] == pytest.approx(stats["buyVolume"] + stats["sellVolume"])


def test_jupiter_tokens_have_stats_and_audit(client: TestClient, chain: Chain) -> None:
    token = one(chain, "pumpswap")
    (told,) = client.get(f"/jupiter/tokens/v2/search?query={token.mint},{UNKNOWN}").json()
    assert (told["id"], told["decimals"], told["launchpad"]) == (token.mint, 6, "pump.fun")
    assert told["graduatedPool"] == told["firstPool"]["id"] == token.venue.address
    stats = told["stats1h"]
    assert stats["numTraders"] <= stats["numBuys"] + stats["numSells"]
    assert stats["buyOrganicVolume"] <= stats["buyVolume"]
    assert "holderChange" in stats
    assert 0 < told["audit"]["topHoldersPercentage"] < 100
    curve = client.get(f"/jupiter/tokens/v2/search?query={one(chain, 'pumpfun').mint}").json()[0]
    assert "graduatedPool" not in curve
    named = client.get("/jupiter/tokens/v2/search", params={"query": told["symbol"]}).json()
    assert told["symbol"] in {found["symbol"] for found in named}


def test_jupiter_lists_the_newest_and_refuses_nonsense(client: TestClient, chain: Chain) -> None:
    newest = client.get("/jupiter/tokens/v2/recent").json()
    assert len(newest) == 30
    born = [found["createdAt"] for found in newest]
    assert born == sorted(born, reverse=True)
    many = ",".join(list(chain.world.tokens)[:101])
    for wrong in (
        "/tokens/v2/search?query=",
        f"/tokens/v2/search?query={many}",
        "/price/v3?ids=",
        f"/price/v3?ids={many}",
        "/tokens/v2/toptraded/2h",
        "/tokens/v2/best/1h",
        "/tokens/v2/toptraded/1h?limit=101",
        "/tokens/v2/toptraded/1h?limit=0",
    ):
        answer = client.get("/jupiter" + wrong)
        assert (answer.status_code, list(answer.json())) == (400, ["error"]), wrong
    prices = client.get(f"/jupiter/price/v3?ids={UNKNOWN},{WSOL}").json()
    assert list(prices) == [WSOL]


@pytest.mark.recorded
def test_birdeyes_list_has_the_members_and_kinds_of_a_recorded_one(client: TestClient) -> None:
    folder = Path(os.environ.get("AURA_DATA") or Path(__file__).parents[3] / "shared" / "data")
    file = folder / "vendors" / "birdeye" / "tokenlist_2025-09-15.json"
    if not file.exists():
        pytest.skip(f"no recorded list in {folder}; set AURA_DATA to the data folder")
    real: dict[str, set[type]] = {}
    for row in json.loads(file.read_text())["tokens"]:
        for name, value in row.items():
            real.setdefault(name, set()).add(type(value))
    rows = bird(client, "tokenlist", sort_by="v24hUSD", limit=50)["tokens"]
    assert set(rows[0]) == set(real)
    for row in rows:
        assert {name for name, value in row.items() if type(value) not in real[name]} == set()


def test_birdeye_lists_page_through_all_coins(client: TestClient, chain: Chain) -> None:
    seen: list[dict[str, Any]] = []
    while len(page := bird(client, "tokenlist", offset=len(seen), limit=50)["tokens"]) == 50:
        seen += page
    seen += page
    alive = {mint for mint, token in chain.world.tokens.items() if not token.dead}
    assert {row["address"] for row in seen} == alive
    volumes = [row["v24hUSD"] for row in seen]
    assert volumes == sorted(volumes, reverse=True)
    trends = bird(client, "token_trending", sort_by="rank", limit=20)["tokens"]
    assert [row["rank"] for row in trends] == list(range(1, 21))
    fresh = bird(client, "v2/tokens/new_listing", limit=20, meme_platform_enabled="true")["items"]
    assert len({row["address"] for row in fresh}) == 20
    assert bird(client, "v3/token/list", limit=100)["has_next"] is True


def test_birdeye_overview_and_security(client: TestClient, chain: Chain) -> None:
    token = one(chain, "raydium")
    told = bird(client, "token_overview", address=token.mint)
    window = chain.tape.read(token.mint, chain.clock.now_ms() // 1000).windows["1h"]
    assert told["uniqueWallet1h"] == len(window.buys.traders | window.sells.traders) > 5
    assert told["trade1h"] == told["buy1h"] + told["sell1h"] == window.count
    safe = bird(client, "token_security", address=token.mint)
    assert 0 < safe["top10HolderPercent"] < 1
    assert bird(client, "token_security", address=UNKNOWN) is None
    assert bird(client, "token_overview", address=UNKNOWN) is None
    for path in ("token_overview", "tokenlist"):
        assert client.get(f"/birdeye/defi/{path}").status_code == 401
    wrong = client.get("/birdeye/defi/tokenlist?limit=51", headers=KEY)
    assert (wrong.status_code, wrong.json()["success"]) == (400, False)


def test_rugcheck_and_the_chain_say_the_same_of_dangers(client: TestClient, chain: Chain) -> None:
    quarter = chain.world.quarter
    assert quarter is not None
    risky = next(m for m, (minter, _) in quarter.authorities.items() if minter)
    plain = max((t for t in chain.world.tokens.values() if isinstance(t.venue, SwapPool)),
                key=lambda token: token.venue.base).mint  # type: ignore[union-attr]  # fmt: skip
    for mint in (risky, plain):
        report = client.get(f"/rugcheck/v1/tokens/{mint}/report").json()
        summary = client.get(f"/rugcheck/v1/tokens/{mint}/report/summary").json()
        names = {risk["name"] for risk in report["risks"] or ()}
        assert ("Mint Authority still enabled" in names) == (mint == risky)
        assert summary["score_normalised"] == report["score_normalised"]
        if mint == plain:
            owners = {holder["owner"] for holder in report["topHolders"]}
            assert owners & set(report["knownAccounts"]), "the pool is among the largest"
        (told,) = client.get(f"/jupiter/tokens/v2/search?query={mint}").json()
        assert told["audit"]["mintAuthorityDisabled"] == (mint != risky)
        people = [
            holder
            for holder in report["topHolders"]
            if report["knownAccounts"].get(holder["owner"], {}).get("type") != "AMM"
        ]
        top = sum(holder["pct"] for holder in people[:10])
        assert top == pytest.approx(told["audit"]["topHoldersPercentage"])
    assert client.get("/rugcheck/v1/tokens/short/report").status_code == 400
    assert client.get(f"/rugcheck/v1/tokens/{UNKNOWN}/report").status_code == 404


def rpc(client: TestClient, method: str, *params: object) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    return client.post("/rpc/?api-key=sandbox-key", json=body).json()["result"]["value"]


def test_accounts_have_the_layouts_of_the_programs(client: TestClient, chain: Chain) -> None:
    quarter = chain.world.quarter
    assert quarter is not None
    minted = next(m for m, (minter, _) in quarter.authorities.items() if minter)
    curve, pool = one(chain, "pumpfun"), one(chain, "pumpswap")
    assert isinstance(curve.venue, Curve)
    assert isinstance(pool.venue, SwapPool)
    keys = [minted, curve.venue.address, pool.venue.address, pool.venue.quote_vault]
    rows = rpc(client, "getMultipleAccounts", keys, {"encoding": "base64"})
    mint, bonding, swap, vault = (b64decode(row["data"][0]) for row in rows)
    assert mint[:4] == b"\x01\x00\x00\x00"
    assert text(mint[4:36]) == quarter.authorities[minted][0]
    assert struct.unpack_from("<5Q?", bonding, 8) == (
        curve.venue.virtual_tokens, curve.venue.virtual_sol, curve.venue.real_tokens,
        curve.venue.real_sol, 10**15, False,
    )  # fmt: skip
    names = [text(swap[at : at + 32]) for at in range(11, 203, 32)]
    assert names[1:3] == [pool.mint, WSOL]
    assert names[4:] == [pool.venue.base_vault, pool.venue.quote_vault]
    assert struct.unpack_from("<Q", vault, 64)[0] == pool.venue.quote
    largest = rpc(client, "getTokenLargestAccounts", pool.mint)
    amounts = [int(row["amount"]) for row in largest]
    assert amounts == sorted(amounts, reverse=True)
    assert len(amounts) == 20


def test_dexscreener_knows_second_pools_boosts_and_what_is_quoted_in_sol(
    client: TestClient, chain: Chain
) -> None:
    double = next(t for t in chain.world.tokens.values()
                  if t.number % 7 == 0 and t.place == "raydium")  # fmt: skip
    first, second = client.get(f"/dexscreener/token-pairs/v1/solana/{double.mint}").json()
    assert (second["labels"], second["volume"]["h24"]) == (["DLMM"], 0)
    assert first["liquidity"]["usd"] > 5 * second["liquidity"]["usd"] > 0
    quoted = client.get(f"/dexscreener/token-pairs/v1/solana/{WSOL}").json()
    assert [pair["baseToken"]["address"] == WSOL for pair in quoted] == [True] + [False] * 29
    for kind in ("latest", "top"):
        boosts = client.get(f"/dexscreener/token-boosts/{kind}/v1").json()
        assert len(boosts) == 30
        assert all(boost["totalAmount"] >= boost["amount"] for boost in boosts)
    assert client.get(f"/dexscreener/token-pairs/v1/solana/{UNKNOWN}").json() == []
    assert client.get(f"/dexscreener/latest/dex/tokens/{UNKNOWN}").json()["pairs"] is None


def test_the_truth_tells_events_and_lets_them_be_planted(client: TestClient, chain: Chain) -> None:
    before = client.get("/truth/events").json()
    assert before
    assert set(before[0]) == {"kind", "mint", "at", "pattern_end", "rises", "best", "came_true"}
    assert {event["kind"] for event in before} <= set(KINDS)
    assert all(event["mint"] in chain.world.tokens for event in before)
    order = {"kind": "dip_reversal", "rises": True}
    assert client.post("/truth/plant", json=order).json() == order
    client.post("/truth/advance", json={"seconds": 30})
    event = client.get("/truth/events").json()[len(before)]
    assert (event["kind"], event["rises"], event["came_true"]) == ("dip_reversal", True, None)
    assert abs(event["at"] - client.get("/clock").json()["sim"]) < 60
    for wrong in ({}, [], {"kind": "moon", "rises": True}, {"kind": "micro_caps", "rises": 1}):
        assert client.post("/truth/plant", json=wrong).status_code == 400


def test_a_sandbox_without_a_bazaar_says_so() -> None:
    chain = Chain(seed=7, speed=1, hours=0.05, folder=None)
    with TestClient(Server(chain, live=False).app) as client:
        assert client.get("/truth/events").json() == []
        answer = client.post("/truth/plant", json={"kind": "micro_caps", "rises": True})
    assert (answer.status_code, "without coins" in answer.json()["error"]) == (400, True)
