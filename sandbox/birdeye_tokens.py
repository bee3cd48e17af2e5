"""Birdeye's answers about coins: lists, trends, new listings, overview and security."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.addresses import TOKEN22
from sandbox.birdeye import BadRequestError
from sandbox.chain import Chain
from sandbox.figures import Figures, human
from sandbox.tape import WINDOWS
from sandbox.tokens import Token
from sandbox.venues import Curve

Json = dict[str, Any]
MOST_LISTED, MOST_RANKED = 50, 20
SOURCES = {"pumpfun": "pump_dot_fun", "pumpswap": "pump_amm", "raydium": "raydium"}


class BirdeyeTokens:
    """Makes answers from venues and the tape; every method gives a whole envelope."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.figures = Figures(chain)

    def _page(self, query: dict[str, str], most: int) -> tuple[int, int]:
        numbers = []
        for name, usual in (("offset", 0), ("limit", most)):
            text = query.get(name, str(usual))
            if not text.isdigit() or len(text) > 6:
                raise BadRequestError(f"{name} is not valid")
            numbers.append(int(text))
        if not 1 <= numbers[1] <= most:
            raise BadRequestError(f"limit should be from 1 to {most}")
        return numbers[0], numbers[1]

    def _sorted(
        self, query: dict[str, str], keys: Mapping[str, Callable[[Token], float]], usual: str
    ) -> list[Token]:
        """Give all coins sorted as asked, the greatest first unless asked otherwise."""
        name = query.get("sort_by", usual)
        if name not in keys:
            raise BadRequestError("sort_by is not valid")
        rising = query.get("sort_type", "desc") == "asc"
        key = keys[name]
        coins = [token for token in self.chain.world.tokens.values() if not token.dead]
        return sorted(coins, key=lambda token: (key(token), token.number), reverse=not rising)

    def _day(self, token: Token) -> float:
        return self.figures.reel(token).windows["24h"].usd

    def _last(self, token: Token) -> int:
        trades = self.figures.reel(token).trades
        return trades[-1].time if trades else self.figures.opened(token)

    def listed(self, query: dict[str, str]) -> Json:
        """Answer /defi/tokenlist."""
        offset, limit = self._page(query, MOST_LISTED)
        keys = {"v24hUSD": self._day, "mc": self.figures.worth,
                "liquidity": self.figures.liquidity}  # fmt: skip
        coins = self._sorted(query, keys, "v24hUSD")
        now = self.figures.now
        rows = [
            {"isScaledUiToken": False, "multiplier": None, "address": token.mint, "decimals": 6,
             "price": self.figures.price(token), "lastTradeUnixTime": self._last(token),
             "liquidity": self.figures.liquidity(token),
             "logoURI": f"https://cdn.example/{token.mint}.png",
             "mc": self.figures.worth(token), "name": token.name, "symbol": token.symbol,
             "v24hChangePercent": None, "v24hUSD": self._day(token)}
            for token in coins[offset : offset + limit]
        ]  # fmt: skip
        return {"success": True, "data": {"updateUnixTime": now, "updateTime": human(now),
                                          "tokens": rows, "total": len(coins)}}  # fmt: skip

    def listed_v3(self, query: dict[str, str]) -> Json:
        """Answer /defi/v3/token/list."""
        offset, limit = self._page(query, 100)
        keys = {"volume_24h_usd": self._day, "market_cap": self.figures.worth,
                "liquidity": self.figures.liquidity}  # fmt: skip
        coins = self._sorted(query, keys, "liquidity")
        rows = [self._row_v3(token) for token in coins[offset : offset + limit]]
        more = offset + limit < len(coins)
        return {"success": True, "data": {"items": rows, "has_next": more}}

    def _row_v3(self, token: Token) -> Json:
        figures, reel = self.figures, self.figures.reel(token)
        row: Json = {
            "address": token.mint, "logo_uri": f"https://cdn.example/{token.mint}.png",
            "name": token.name, "symbol": token.symbol, "decimals": 6, "extensions": None,
            "market_cap": figures.worth(token), "fdv": figures.worth(token),
            "total_supply": figures.supply(token), "circulating_supply": figures.supply(token),
            "liquidity": figures.liquidity(token), "price": figures.price(token),
            "last_trade_unix_time": self._last(token), "holder": figures.holders(token),
            "recent_listing_time": figures.opened(token), "is_scaled_ui_token": False,
            "multiplier": None,
        }  # fmt: skip
        for window in ("1h", "24h"):
            row |= {
                f"volume_{window}_usd": reel.windows[window].usd,
                f"volume_{window}_change_percent": None,
                f"trade_{window}_count": reel.windows[window].count,
                f"price_change_{window}_percent": figures.change(token, window),
            }  # fmt: skip
        return row

    def trending(self, query: dict[str, str]) -> Json:
        """Answer /defi/token_trending."""
        offset, limit = self._page(query, MOST_RANKED)
        hour = {"rank": lambda token: -float(self.figures.reel(token).windows["1h"].count),
                "volumeUSD": self._day, "liquidity": self.figures.liquidity}  # fmt: skip
        coins = self._sorted({"sort_type": "asc", **query}, hour, "rank")
        now = self.figures.now
        rows = [
            {"address": token.mint, "decimals": 6, "liquidity": self.figures.liquidity(token),
             "logoURI": f"https://cdn.example/{token.mint}.png", "name": token.name,
             "symbol": token.symbol, "volume24hUSD": self._day(token),
             "volume24hChangePercent": None, "rank": offset + place,
             "price": self.figures.price(token),
             "price24hChangePercent": self.figures.change(token, "24h"),
             "fdv": self.figures.worth(token), "marketcap": self.figures.worth(token)}
            for place, token in enumerate(coins[offset : offset + limit], 1)
        ]  # fmt: skip
        return {"success": True, "data": {"updateUnixTime": now, "updateTime": human(now),
                                          "tokens": rows, "total": len(coins)}}  # fmt: skip

    def new_listing(self, query: dict[str, str]) -> Json:
        """Answer /defi/v2/tokens/new_listing: pools opened before `time_to`, the newest first."""
        _, limit = self._page({"limit": query.get("limit", "10")}, MOST_RANKED)
        until = query.get("time_to", str(self.figures.now))
        if not until.isdigit() or len(until) > 12:
            raise BadRequestError("time_to is not valid")
        memes = query.get("meme_platform_enabled") == "true"
        coins = [token for token in self.chain.world.tokens.values()
                 if self.figures.opened(token) <= int(until)
                 and (memes or not isinstance(token.venue, Curve))]  # fmt: skip
        coins.sort(key=lambda token: token.pair_born, reverse=True)
        rows = [
            {"address": token.mint, "symbol": token.symbol, "name": token.name, "decimals": 6,
             "source": SOURCES[token.place],
             "liquidityAddedAt": human(self.figures.opened(token)),
             "logoURI": None, "liquidity": self.figures.liquidity(token)}
            for token in coins[:limit]
        ]  # fmt: skip
        return {"success": True, "data": {"items": rows}}

    def overview(self, mint: str) -> Json:
        """Answer /defi/token_overview, null data for a mint it does not know."""
        token = self.figures.known(mint)
        if token is None:
            return {"success": True, "data": None}
        figures, reel, last = self.figures, self.figures.reel(token), self._last(token)
        data: Json = {
            "address": mint, "decimals": 6, "symbol": token.symbol, "name": token.name,
            "marketCap": figures.worth(token), "fdv": figures.worth(token), "extensions": None,
            "logoURI": f"https://cdn.example/{mint}.png", "liquidity": figures.liquidity(token),
            "lastTradeUnixTime": last, "lastTradeHumanTime": human(last),
            "price": figures.price(token), "totalSupply": figures.supply(token),
            "circulatingSupply": figures.supply(token), "holder": figures.holders(token),
            "numberMarkets": 1, "isScaledUiToken": False, "multiplier": None,
        }  # fmt: skip
        for window in WINDOWS:
            seen, change = reel.windows[window], figures.change(token, window)
            buys, sells = seen.buys, seen.sells
            earlier = None if change is None else data["price"] / (1 + change / 100)
            data |= {
                f"history{window}Price": earlier, f"priceChange{window}Percent": change,
                f"uniqueWallet{window}": len(buys.traders | sells.traders),
                f"trade{window}": seen.count, f"buy{window}": buys.count,
                f"sell{window}": sells.count, f"v{window}USD": seen.usd,
                f"vBuy{window}USD": buys.usd, f"vSell{window}USD": sells.usd,
            }  # fmt: skip
        return {"success": True, "data": data}

    def security(self, mint: str) -> Json:
        """Answer /defi/token_security; shares are fractions here."""
        token = self.figures.known(mint)
        if token is None:
            return {"success": True, "data": None}
        holders = self.chain.holders
        minter, freezer = self.figures.authorities(token)
        dev = holders.share_of(token, token.creator)
        top, supply = holders.share(token, most=10), self.figures.supply(token)
        return {"success": True, "data": {
            "creatorAddress": token.creator, "creatorOwnerAddress": None, "ownerAddress": minter,
            "ownerOfOwnerAddress": None, "creationTx": None,
            "creationTime": self.figures.born(token), "creationSlot": None, "mintTx": None,
            "mintTime": None, "mintSlot": None, "creatorBalance": dev * supply,
            "ownerBalance": None, "ownerPercentage": None, "creatorPercentage": dev,
            "metaplexUpdateAuthority": None, "metaplexOwnerUpdateAuthority": None,
            "metaplexUpdateAuthorityBalance": None, "metaplexUpdateAuthorityPercent": None,
            "mutableMetadata": False, "top10HolderBalance": top * supply,
            "top10HolderPercent": top, "top10UserBalance": top * supply, "top10UserPercent": top,
            "isTrueToken": None, "fakeToken": None, "totalSupply": supply,
            "preMarketHolder": [], "lockInfo": None,
            "freezeable": True if freezer else None, "freezeAuthority": freezer,
            "transferFeeEnable": None, "transferFeeData": None,
            "isToken2022": token.program == TOKEN22, "nonTransferable": None,
            "jupStrictList": None,
        }}  # fmt: skip
