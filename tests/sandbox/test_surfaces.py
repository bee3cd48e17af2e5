"""DexScreener, Birdeye, inbox, clock and the list of wallets."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from sandbox.addresses import WSOL
from sandbox.chain import Chain
from sandbox.dexscreener import decimal

DEX = "/dexscreener"


def pairs_recorded() -> list[dict[str, Any]]:
    folder = Path(os.environ.get("AURA_DATA") or Path(__file__).parents[3] / "shared" / "data")
    file = folder / "vendors" / "dexscreener" / "pairs_30.json"
    if not file.exists():
        pytest.skip(f"no recorded pairs in {folder}; set AURA_DATA to the data folder")
    pairs: list[dict[str, Any]] = json.loads(file.read_text())["pairs"]
    return pairs


def token_of(chain: Chain, place: str) -> Any:
    return next(t for t in chain.world.tokens.values() if t.place == place and t.trades)


@pytest.mark.recorded
def test_pair_has_the_members_and_kinds_of_a_recorded_one(client: TestClient, chain: Chain) -> None:
    real: dict[str, set[type]] = {}
    for pair in pairs_recorded():
        for name, value in pair.items():
            real.setdefault(name, set()).add(type(value))
    mint = token_of(chain, "pumpswap").mint
    ours = client.get(f"{DEX}/tokens/v1/solana/{mint}").json()[0]
    assert set(ours) <= set(real)
    assert {"chainId", "dexId", "pairAddress", "priceUsd", "txns", "liquidity"} <= set(ours)
    for name, value in ours.items():
        assert type(value) in real[name] or name in ("fdv", "marketCap"), name


def test_curve_has_no_liquidity_and_prices_are_strings(client: TestClient, chain: Chain) -> None:
    curve = client.get(f"{DEX}/tokens/v1/solana/{token_of(chain, 'pumpfun').mint}").json()[0]
    assert (curve["dexId"], "liquidity" in curve) == ("pumpfun", False)
    assert isinstance(curve["priceNative"], str)
    ratio = float(curve["priceUsd"]) / float(curve["priceNative"])
    assert ratio == pytest.approx(chain.world.sol_cents / 100, rel=0.01)


def test_pairs_tokens_and_search(client: TestClient, chain: Chain) -> None:
    token = token_of(chain, "raydium")
    by_mint = client.get(f"{DEX}/tokens/v1/solana/{token.mint},{'1' * 32}").json()
    assert [pair["baseToken"]["address"] for pair in by_mint] == [token.mint]
    address = by_mint[0]["pairAddress"]
    found = client.get(f"{DEX}/latest/dex/pairs/solana/{address}").json()
    assert found["pair"] == found["pairs"][0] == by_mint[0]
    assert client.get(f"{DEX}/latest/dex/pairs/solana/none").json()["pairs"] is None
    search = client.get(f"{DEX}/latest/dex/search", params={"q": "SOL"}).json()["pairs"][0]
    assert (search["baseToken"]["address"], search["quoteToken"]["symbol"]) == (WSOL, "USDC")
    assert 150 <= float(search["priceUsd"]) <= 220
    assert client.get(f"{DEX}/latest/dex/search").json()["pairs"] == []
    for path in ("/token-profiles/latest/v1", "/token-boosts/latest/v1"):
        assert 0 < len(client.get(DEX + path).json()) <= 30


@pytest.mark.parametrize(
    ("value", "text"),
    [(185.0, "185"), (1.5, "1.5"), (0.000012345678, "0.00001234"), (0.5, "0.5"), (0.0, "0")],
)
def test_prices_are_plain_decimals(value: float, text: str) -> None:
    assert decimal(value) == text


def test_birdeye_prices(client: TestClient, chain: Chain) -> None:
    head = {"X-API-KEY": "any"}
    assert client.get("/birdeye/defi/price").status_code == 401
    price = client.get("/birdeye/defi/price", params={"address": WSOL}, headers=head).json()
    assert price["data"]["value"] == chain.world.sol_cents / 100
    end = chain.engine.prices[-1][0]
    query: dict[str, str] = {"address": WSOL, "address_type": "token", "type": "1m",
                             "time_from": str(end - 600), "time_to": str(end)}  # fmt: skip
    answer = client.get("/birdeye/defi/history_price", params=query, headers=head).json()
    items = answer["data"]["items"]
    assert len(items) in (10, 11)
    assert all(150 <= item["value"] <= 220 and item["unixTime"] % 60 == 0 for item in items)
    wrong = {**query, "time_to": "soon"}
    assert client.get("/birdeye/defi/history_price", params=wrong, headers=head).status_code == 400


def test_inbox_escapes_and_links(client: TestClient) -> None:
    mail = (
        b"From: AURA <no-reply@aura.local>\r\nTo: a@b.c\r\nSubject: =?utf-8?q?Best=C3=A4tigen?= <b>"
        b"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        b"<script>alert(1)</script> http://127.0.0.1:8000/confirm?a=1&b=2\r\n"
    )
    head = {"content-type": "message/rfc822", "x-envelope-to": "a@b.c"}
    assert client.post("/inbox", content=mail, headers=head).status_code == 202
    page = client.get("/inbox").text
    assert "<script>" not in page
    assert '<a href="http://127.0.0.1:8000/confirm?a=1&amp;b=2"' in page
    shown = client.get("/inbox.json").json()[0]
    assert (shown["subject"], shown["envelope_to"]) == ("Bestätigen <b>", "a@b.c")
    assert client.post("/inbox", content=b"\xff\x00not a mail", headers=head).status_code == 202
    assert len(client.get("/inbox.json").json()) == 2


def test_wallets_and_clock(client: TestClient) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/wallets.csv").text)))
    assert len(rows) == 24
    assert rows[0]["nickname"] == "Yenni"
    assert {row["character"] for row in rows} == {"whale", "smart", "kol"}
    before = client.get("/clock").json()
    assert before["paused"] is True
    steps = client.get("/health").json()["steps"]
    after = client.post("/truth/advance", json={"seconds": 60}).json()
    assert after["sim"] == pytest.approx(before["sim"] + 60, abs=0.001)
    assert client.get("/health").json()["steps"] > steps
    assert client.post("/truth/advance", json={"seconds": "x"}).status_code == 400
    totals = client.get("/truth/wallets").json()
    assert {row["address"] for row in rows} < {row["address"] for row in totals}
