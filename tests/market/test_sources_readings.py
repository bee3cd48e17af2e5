"""Sources end to end over HTTP: what is asked, what it costs, and who is asked at all."""

import base64
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_django import Settings
from solders.pubkey import Pubkey

from aura.core import clock, http
from aura.core.errors import Denied, Garbled, RateLimited, Unavailable
from aura.core.quota import levels
from aura.core.solana import WSOL
from market.checks import check_sources
from market.providers import discoveries, market_source, pool_sources, safety_sources, token_sources
from market.providers.birdeye_tokens import BirdeyeSecurity, BirdeyeTokens
from market.providers.chain import ChainHolders, ChainTokens
from market.providers.chain_pools import ChainPools, curve_of, pool_of
from market.providers.checks import checks
from market.providers.dexscreener import DexScreener
from market.providers.jupiter import Jupiter
from market.providers.rugcheck import RugCheck, RugCheckSummary
from tests.vendor import Asked, Vendor, serving

NOW = datetime(2026, 11, 22, 9, 30, 40, tzinfo=UTC)
MINTS = [str(Pubkey.from_bytes(bytes([n]) * 32)) for n in range(1, 201)]
ONE, TWO = MINTS[:2]
SPL = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
PUMP = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"
PUMP_SWAP = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"


@pytest.fixture
def vendor(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    names = ["dexscreener", "dexscreener-lists", "jupiter", "birdeye", "rugcheck", "helius"]
    settings.QUOTAS = dict.fromkeys([*names, "solana-rpc"], (10**9, 1e6))
    settings.BIRDEYE_API_KEY = "birdeye-key-0123"
    settings.JUPITER_API_KEY = "jupiter-key-0123"
    settings.HELIUS_API_KEY = "helius-key-0123"
    monkeypatch.setattr(http, "sleep", lambda _: None)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with serving() as vendor:
        settings.DEXSCREENER_URL = f"{vendor.url}/dex"
        settings.JUPITER_URL = f"{vendor.url}/jup"
        settings.BIRDEYE_URL = f"{vendor.url}/bird"
        settings.RUGCHECK_URL = f"{vendor.url}/rug/v1"
        settings.HELIUS_RPC_URL = f"{vendor.url}/helius/"
        settings.SOLANA_RPC_URL = f"{vendor.url}/node"
        yield vendor


def paths(vendor: Vendor) -> list[str]:
    return [urlsplit(asked.path).path for asked in vendor.asked]


def query(asked: Asked) -> dict[str, list[str]]:
    return parse_qs(urlsplit(asked.path).query)


def used(vendor: str) -> int:
    return next(level.used for level in levels() if level.vendor == vendor)


def pair(mint: str) -> dict[str, Any]:
    return {
        "chainId": "solana", "dexId": "pumpswap", "pairAddress": MINTS[199],
        "baseToken": {"address": mint}, "quoteToken": {"address": WSOL}, "priceUsd": "0.5",
    }  # fmt: skip


def test_dexscreener_is_asked_for_thirty_mints_at_once(vendor: Vendor) -> None:
    vendor.answer = lambda asked: [pair(mint) for mint in asked.path.rsplit("/", 1)[1].split(",")]
    told = DexScreener().pairs_of(MINTS[:40])
    assert [one.mint for one in told] == MINTS[:30]
    assert {(one.source, one.read_at) for one in told} == {("dexscreener", NOW)}
    assert paths(vendor) == [f"/dex/tokens/v1/solana/{','.join(MINTS[:30])}"]
    assert len(DexScreener().pairs_of([])) == 0
    assert len(vendor.asked) == 1, "nothing asked, nothing called"


def test_dexscreener_pools_and_search(vendor: Vendor) -> None:
    vendor.replies = [(404, b"")]
    assert len(DexScreener().pools_of(ONE)) == 0
    vendor.answer = lambda asked: {"pairs": [pair(ONE), pair(TWO)]}
    assert [one.mint for one in DexScreener().pools_of(TWO)] == [TWO]
    assert [one.mint for one in DexScreener().search("a b&c")] == [ONE, TWO]
    assert paths(vendor)[1:] == [f"/dex/token-pairs/v1/solana/{TWO}", "/dex/latest/dex/search"]
    assert query(vendor.asked[2]) == {"q": ["a b&c"]}


def profile(mint: str, chain: str = "solana") -> dict[str, str]:
    return {"chainId": chain, "tokenAddress": mint}


def test_a_list_that_fails_costs_the_others_nothing(vendor: Vendor) -> None:
    lists: dict[str, Any] = {
        "/dex/token-profiles/latest/v1": [profile(ONE), profile(TWO, "base"), profile(ONE)],
        "/dex/token-boosts/latest/v1": (500, b"{}"),
        "/dex/token-boosts/top/v1": [profile(TWO), {}],
    }
    vendor.answer = lambda asked: lists[asked.path]
    told = DexScreener().discovered()
    assert list(told) == [(ONE, "profiles latest"), (TWO, "boosts top")]
    assert told.odd == 2
    assert used("dexscreener-lists") == 6, "their limit is their own: 1 + 4 tries + 1"
    assert used("dexscreener") == 0


def test_no_list_at_all_is_the_vendors_failure(vendor: Vendor) -> None:
    vendor.replies = [(503, b"{}")]
    with pytest.raises(Unavailable):
        DexScreener().discovered()


def test_jupiter_is_asked_for_a_hundred_mints_at_once(vendor: Vendor, settings: Settings) -> None:
    vendor.answer = lambda asked: [
        {"id": mint, "usdPrice": 2} for mint in query(asked)["query"][0].split(",")
    ]
    told = Jupiter().tokens_of(MINTS[:150])
    assert [one.mint for one in told] == MINTS[:100]
    (asked,) = vendor.asked
    assert urlsplit(asked.path).path == "/jup/tokens/v2/search"
    assert asked.headers["x-api-key"] == "jupiter-key-0123"
    assert used("jupiter") == 10
    settings.JUPITER_API_KEY = ""
    Jupiter().tokens_of([ONE])
    assert "x-api-key" not in vendor.asked[1].headers


def test_jupiters_lists_are_thirteen(vendor: Vendor) -> None:
    vendor.answer = lambda asked: [{"id": TWO}] if "recent" in asked.path else [{"id": ONE}]
    told = Jupiter().discovered()
    assert len(told) == len(vendor.asked) == 13
    assert told[0] == (ONE, "toptraded 5m")
    assert told[-1] == (TWO, "recent")
    assert query(vendor.asked[0]) == {"limit": ["100"]}
    assert used("jupiter") == 61


def test_jupiter_prices_stand_in_for_dexscreeners(vendor: Vendor, settings: Settings) -> None:
    settings.PROVIDERS = {"market": "market.providers.jupiter.Jupiter"}
    source = market_source()
    assert source is not None
    vendor.answer = lambda asked: {WSOL: {"usdPrice": 186.42}}
    quote = source.sol_quote(NOW)
    assert quote is not None
    assert (quote.at, quote.usd) == (NOW.replace(second=0), Decimal("186.42"))
    vendor.answer = lambda asked: [{"id": ONE, "symbol": "ONE", "name": "One"}]
    assert [name.symbol for name in source.names([ONE, TWO])] == ["ONE"]
    vendor.answer = lambda asked: {}
    assert source.sol_quote(NOW) is None
    assert paths(vendor) == ["/jup/price/v3", "/jup/tokens/v2/search", "/jup/price/v3"]


def test_birdeye_is_metered_by_its_units(vendor: Vendor) -> None:
    def answer(asked: Asked) -> dict[str, Any]:
        items = {"items": [{"address": ONE, "price": 1}]}
        is_trending = "trending" in asked.path
        return {"success": True, "data": {"tokens": [{"address": TWO}]} if is_trending else items}

    vendor.answer = answer
    told = BirdeyeTokens().discovered()
    assert list(told) == [(ONE, "volume 24h"), (TWO, "trending"), (ONE, "new")]
    assert used("birdeye") == 230
    assert [one.mint for one in BirdeyeTokens().top_tokens()] == [ONE]
    assert used("birdeye") == 330
    assert {asked.headers["x-api-key"] for asked in vendor.asked} == {"birdeye-key-0123"}
    assert {asked.headers["x-chain"] for asked in vendor.asked} == {"solana"}


@pytest.mark.parametrize(("count", "units"), [(1, 10), (2, 18), (17, 97), (18, 100), (100, 100)])
def test_a_batch_of_prices_costs_less_than_its_prices(
    vendor: Vendor, count: int, units: int
) -> None:
    vendor.answer = lambda asked: {
        "success": True,
        "data": {mint: {"value": 1} for mint in query(asked)["list_address"][0].split(",")},
    }
    assert len(BirdeyeTokens().tokens_of(MINTS[:count])) == count
    assert used("birdeye") == units


def test_birdeye_overview_and_security(vendor: Vendor) -> None:
    vendor.answer = lambda asked: {"success": True, "data": {"address": ONE, "holder": 5}}
    overview = BirdeyeTokens().overview_of(ONE)
    assert overview is not None
    assert overview.holders == 5
    vendor.answer = lambda asked: {"success": True, "data": {"top10UserPercent": 0.25}}
    assert [one.top10_share for one in BirdeyeSecurity().safety_of(MINTS)] == [Decimal("0.25")]
    assert paths(vendor) == ["/bird/defi/token_overview", "/bird/defi/token_security"]
    assert used("birdeye") == 80


def test_rugcheck_is_asked_once_a_mint(vendor: Vendor) -> None:
    vendor.answer = lambda asked: {"mint": ONE, "rugged": True}
    assert [one.rugged for one in RugCheck().safety_of([ONE, TWO])] == [True]
    vendor.answer = lambda asked: {"score_normalised": 7, "lpLockedPct": 99.5}
    (told,) = RugCheckSummary().safety_of([ONE])
    assert (told.score, told.lp_locked_share) == (Decimal(7), Decimal("0.995"))
    path = f"/rug/v1/tokens/{ONE}/report"
    assert paths(vendor) == [path, f"{path}/summary"]


@pytest.mark.parametrize("status", [400, 404])
def test_a_token_rugcheck_cannot_find_has_no_judgement(vendor: Vendor, status: int) -> None:
    vendor.replies = [(status, b'{"error":"not found"}')]
    assert len(RugCheck().safety_of([ONE])) == 0


def mint_account(decimals: int = 6) -> tuple[str, bytes]:
    return SPL, bytes(36) + struct.pack("<QBB", 10**15, decimals, 1) + bytes(36)


def holding(mint: str, owner: str, amount: int) -> tuple[str, bytes]:
    keys = bytes(Pubkey.from_string(mint)) + bytes(Pubkey.from_string(owner))
    return SPL, keys + struct.pack("<Q", amount) + bytes(93)


def chain(world: dict[str, tuple[str, bytes]]) -> Callable[[Asked], Any]:
    def answer(asked: Asked) -> Any:
        keys = asked.json["params"][0]
        value = [
            {"owner": world[key][0], "data": [base64.b64encode(world[key][1]).decode(), "base64"]}
            if key in world
            else None
            for key in keys
        ]
        return {"jsonrpc": "2.0", "id": 0, "result": {"context": {"slot": 1}, "value": value}}

    return answer


def test_mints_are_read_from_helius_with_a_key_and_else_from_any_node(
    vendor: Vendor, settings: Settings
) -> None:
    vendor.answer = chain({ONE: mint_account()})
    (told,) = ChainTokens().tokens_of(MINTS[:150])
    assert (told.mint, told.supply, told.source) == (ONE, Decimal(10**9), "chain")
    (asked,) = vendor.asked
    assert asked.path == "/helius/?api-key=helius-key-0123"
    assert asked.json["method"] == "getMultipleAccounts"
    assert asked.json["params"][0] == MINTS[:100]
    assert asked.json["params"][1] == {"encoding": "base64", "commitment": "confirmed"}
    assert used("helius") == 1
    settings.HELIUS_API_KEY = ""
    assert len(ChainTokens().tokens_of([ONE])) == 1
    assert vendor.asked[1].path == "/node"
    assert used("solana-rpc") == 1


def curve_account() -> tuple[str, bytes]:
    numbers = struct.pack("<5Q", 10**15, 40 * 10**9, 7 * 10**14, 10 * 10**9, 10**15)
    return PUMP, bytes.fromhex("17b7f83760d8ac60") + numbers + bytes(100)


def pool_account(mint: str, vaults: list[str]) -> tuple[str, bytes]:
    data = bytes.fromhex("f19a6d0411b16dbc") + bytes(35)
    for key in (mint, WSOL, ONE, *vaults):
        data += bytes(Pubkey.from_string(key))
    return PUMP_SWAP, data.ljust(300, b"\0")


def test_curves_and_pools_of_twenty_five_mints_take_two_calls(vendor: Vendor) -> None:
    base, quote, pool = MINTS[100], MINTS[101], pool_of(TWO, WSOL)
    world = {
        ONE: mint_account(), TWO: mint_account(), curve_of(ONE): curve_account(),
        pool: pool_account(TWO, [base, quote]),
        base: holding(TWO, pool, 10**12), quote: holding(WSOL, pool, 2 * 10**9),
    }  # fmt: skip
    vendor.answer = chain(world)
    told = ChainPools().pairs_of(MINTS[:30])
    assert [(one.mint, one.venue, one.quote) for one in told] == [
        (ONE, "pump.fun", Decimal(10)),
        (TWO, "PumpSwap", Decimal(2)),
    ]
    assert [len(asked.json["params"][0]) for asked in vendor.asked] == [100, 2]
    known = ChainPools().pools_at([pool, MINTS[150], pool])
    assert [(one.mint, one.price_quote) for one in known] == [(TWO, Decimal("0.000002"))]
    assert [len(asked.json["params"][0]) for asked in vendor.asked[2:]] == [2, 3]


def test_mints_that_are_no_addresses_are_not_asked_for(vendor: Vendor) -> None:
    vendor.answer = chain({})
    assert len(ChainPools().pairs_of(["M1", ONE])) == 0
    assert len(vendor.asked[0].json["params"][0]) == 4


def test_holders_without_pools_take_three_calls(vendor: Vendor) -> None:
    curve, whale = curve_of(ONE), MINTS[60]
    world = {
        ONE: mint_account(), curve: curve_account(),
        MINTS[50]: holding(ONE, curve, 6 * 10**14), MINTS[51]: holding(ONE, whale, 10**14),
    }  # fmt: skip
    accounts = chain(world)
    rows = [{"address": key, "amount": "1", "decimals": 6} for key in MINTS[50:52]]

    def answer(asked: Asked) -> Any:
        if asked.json["method"] == "getTokenLargestAccounts":
            return {"jsonrpc": "2.0", "id": 0, "result": {"value": rows}}
        return accounts(asked)

    vendor.answer = answer
    (told,) = ChainHolders().safety_of([ONE])
    assert (told.top10_share, told.can_mint, told.source) == (Decimal("0.1"), False, "chain")
    assert len(vendor.asked) == 3
    world.pop(ONE)
    assert len(ChainHolders().safety_of([ONE])) == 0


@pytest.mark.parametrize(
    "ask",
    [
        lambda: DexScreener().pairs_of([ONE]),
        lambda: Jupiter().tokens_of([ONE]),
        lambda: BirdeyeTokens().tokens_of([ONE]),
        lambda: BirdeyeSecurity().safety_of([ONE]),
        lambda: RugCheck().safety_of([ONE]),
        lambda: ChainTokens().tokens_of([ONE]),
        lambda: ChainPools().pairs_of([ONE]),
        lambda: ChainHolders().safety_of([ONE]),
    ],
)
@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ((429, b"{}", {"Retry-After": "1"}), RateLimited),
        ((503, b""), Unavailable),
        ((401, b'{"error":"no"}'), Denied),
        ((200, b'{"value": NaN}'), Garbled),
        ((200, b"<html>"), Garbled),
        ((200, b'{"surprise": 1}'), Garbled),
        ((200, b'"soon"'), Garbled),
    ],
)
def test_every_source_fails_in_the_same_words(
    vendor: Vendor, ask: Callable[[], Any], reply: Any, error: type[Exception]
) -> None:
    vendor.replies = [reply]
    with pytest.raises(error) as caught:
        ask()
    assert "key-0123" not in str(caught.value)


def test_sources_come_in_the_order_of_the_settings(settings: Settings) -> None:
    first, second = "market.providers.jupiter.Jupiter", "market.providers.dexscreener.DexScreener"
    settings.MARKET_SOURCES = {
        "pools": ["market.providers.chain_pools.ChainPools", second],
        "tokens": [first],
        "safety": ["market.providers.rugcheck.RugCheck"],
        "discovery": [first, second],
    }
    everyone = (pool_sources, token_sources, safety_sources, discoveries)

    def asked() -> list[list[str]]:
        return [[one.source for one in sources()] for sources in everyone]

    assert asked() == [
        ["chain", "dexscreener"], ["jupiter"], ["rugcheck"], ["jupiter", "dexscreener"],
    ]  # fmt: skip
    settings.SOURCES_OFF = ["jupiter", "discovery:dexscreener", "birdeye"]
    assert asked() == [["chain", "dexscreener"], [], ["rugcheck"], []]
    assert check_sources() == []
    settings.SOURCES_OFF = ["dexscrener", "everything:chain"]
    [found] = check_sources()
    assert found.id == "aura.E006"
    assert found.msg == "AURA_SOURCES_OFF names dexscrener, everything:chain"


def test_every_endpoint_has_its_check(settings: Settings) -> None:
    settings.HELIUS_API_KEY = settings.BIRDEYE_API_KEY = ""
    keyless = [check.name for check in checks()]
    assert keyless == [
        "dexscreener tokens/v1", "dexscreener token-pairs/v1", "dexscreener search",
        "dexscreener profiles latest", "dexscreener boosts latest", "dexscreener boosts top",
        "jupiter search", "jupiter toptraded", "jupiter recent", "jupiter price",
        "rugcheck report", "rugcheck summary", "solana-rpc getMultipleAccounts",
    ]  # fmt: skip
    settings.HELIUS_API_KEY = settings.BIRDEYE_API_KEY = "key"
    assert [check.name for check in checks()][-2:] == [
        "helius getTokenLargestAccounts", "birdeye history_price",
    ]  # fmt: skip
    settings.MARKET_SOURCES = settings.MARKET_SOURCES | {
        "tokens": ["market.providers.birdeye_tokens.BirdeyeTokens"],
        "safety": ["market.providers.birdeye_tokens.BirdeyeSecurity"],
    }
    assert [check.name for check in checks()][-7:] == [
        "birdeye history_price", "birdeye multi_price", "birdeye token list",
        "birdeye token_trending", "birdeye new_listing", "birdeye token_overview",
        "birdeye token_security",
    ]  # fmt: skip
