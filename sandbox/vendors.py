"""Routes of the market's vendors: DexScreener, Jupiter, Birdeye and RugCheck."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from solders.pubkey import Pubkey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.birdeye import BadRequestError, Birdeye
from sandbox.birdeye_tokens import BirdeyeTokens
from sandbox.chain import Chain
from sandbox.dexscreener import DexScreener
from sandbox.jupiter_tokens import JupiterTokens, NotServedError
from sandbox.rugcheck import RugCheck

Endpoint = Callable[[Request], Awaitable[Response]]
Question = Callable[[Request], object]
DEX, BIRD, RUG = "/dexscreener", "/birdeye", "/rugcheck/v1/tokens/{mint}"


class Vendors:
    """Binds the questions of each vendor to its answers."""

    def __init__(self, chain: Chain) -> None:
        self.dexscreener = DexScreener(chain)
        self.jupiter = JupiterTokens(chain)
        self.birdeye, self.birdeye_tokens = Birdeye(chain), BirdeyeTokens(chain)
        self.rugcheck = RugCheck(chain)

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            Route(path, endpoint, methods=["GET"])
            for table in (self._dexscreener(), self._jupiter(), self._birdeye(), self._rugcheck())
            for path, endpoint in table.items()
        ]

    def _dexscreener(self) -> dict[str, Endpoint]:
        dex = self.dexscreener
        table: dict[str, Question] = {
            "/latest/dex/pairs/solana/{ids}": lambda asked: dex.pairs(asked.path_params["ids"]),
            "/latest/dex/tokens/{ids}": lambda asked: dex.legacy(asked.path_params["ids"]),
            "/latest/dex/search": lambda asked: dex.search(asked.query_params.get("q", "")),
            "/tokens/v1/solana/{ids}": lambda asked: dex.tokens(asked.path_params["ids"]),
            "/token-pairs/v1/solana/{mint}": lambda asked: dex.pools(asked.path_params["mint"]),
            "/token-profiles/latest/v1": lambda _asked: dex.profiles(),
            "/token-profiles/recent-updates/v1": lambda _asked: dex.profiles(),
            "/token-boosts/latest/v1": lambda _asked: dex.boosts(),
            "/token-boosts/top/v1": lambda _asked: dex.top_boosts(),
        }
        return {DEX + path: _cached(question) for path, question in table.items()}

    def _jupiter(self) -> dict[str, Endpoint]:
        jupiter = self.jupiter
        table: dict[str, Question] = {
            "/price/v3": lambda asked: jupiter.prices(asked.query_params.get("ids", "")),
            "/tokens/v2/search": lambda asked: jupiter.search(asked.query_params.get("query", "")),
            "/tokens/v2/recent": lambda _asked: jupiter.recent(),
            "/tokens/v2/{list}/{span}": lambda asked: jupiter.listed(
                asked.path_params["list"], asked.path_params["span"],
                asked.query_params.get("limit", ""),
            ),
        }  # fmt: skip
        return {"/jupiter" + path: _refusing(question) for path, question in table.items()}

    def _birdeye(self) -> dict[str, Endpoint]:
        prices, coins = self.birdeye, self.birdeye_tokens
        table: dict[str, Callable[[dict[str, str]], object]] = {
            "/defi/price": lambda asked: prices.price(asked.get("address", "")),
            "/defi/multi_price": lambda asked: prices.prices(
                asked.get("list_address", ""), deep=asked.get("include_liquidity") == "true"
            ),
            "/defi/history_price": lambda asked: prices.history(
                asked.get("address", ""), asked.get("type", ""), asked.get("time_from", ""),
                asked.get("time_to", ""),
            ),
            "/defi/tokenlist": coins.listed,
            "/defi/v3/token/list": coins.listed_v3,
            "/defi/token_trending": coins.trending,
            "/defi/v2/tokens/new_listing": coins.new_listing,
            "/defi/token_overview": lambda asked: coins.overview(asked.get("address", "")),
            "/defi/token_security": lambda asked: coins.security(asked.get("address", "")),
        }  # fmt: skip
        return {BIRD + path: _keyed(question) for path, question in table.items()}

    def _rugcheck(self) -> dict[str, Endpoint]:
        return {RUG + "/report": _reported(self.rugcheck.report),
                RUG + "/report/summary": _reported(self.rugcheck.summary)}  # fmt: skip


def _cached(question: Question) -> Endpoint:
    async def answer(asked: Request) -> Response:
        return JSONResponse(question(asked), headers={"cache-control": "max-age=30"})

    return answer


def _refusing(question: Question) -> Endpoint:
    async def answer(asked: Request) -> Response:
        try:
            return JSONResponse(question(asked))
        except NotServedError as fault:
            return JSONResponse({"error": str(fault)}, 400)

    return answer


def _keyed(question: Callable[[dict[str, str]], object]) -> Endpoint:
    async def answer(asked: Request) -> Response:
        if not asked.headers.get("x-api-key"):
            return JSONResponse({"success": False, "message": "Unauthorized"}, 401)
        try:
            return JSONResponse(question(dict(asked.query_params)))
        except BadRequestError as fault:
            return JSONResponse({"success": False, "message": str(fault)}, 400)

    return answer


def _reported(report: Callable[[str], object]) -> Endpoint:
    async def answer(asked: Request) -> Response:
        mint = asked.path_params["mint"]
        try:
            Pubkey.from_string(mint)
        except ValueError:
            return JSONResponse({"error": "invalid length"}, 400)
        found = report(mint)
        if found is None:
            return JSONResponse({"error": "not found"}, 404)
        return JSONResponse(found)

    return answer
