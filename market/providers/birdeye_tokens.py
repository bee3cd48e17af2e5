"""Birdeye's tokens: prices by the hundred, lists worth a look, one token whole, and its safety.

Its terms forbid keeping and giving on what it tells (`market.domain.readings.TERMS`).
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

from aura.core import clock
from aura.core.errors import Garbled
from market.domain import figures
from market.domain.figures import inner
from market.domain.readings import Activity, SafetyReading, Span, TokenReading
from market.domain.sources import Listed, Told
from market.providers.birdeye import data_of, get
from market.providers.gathering import OddError, from_lists, gathered

# https://docs.birdeye.so/docs/compute-unit-cost: units a call. A batch costs its base times N^0.8,
# 100 at most. The page names none for trending; it is counted as a ranking's 50.
_LIST, _TRENDING, _NEW, _OVERVIEW, _SECURITY, _PRICE, _MOST = 100, 50, 80, 30, 50, 10, 100
_LIST_LENGTH: Final = 100
_RANKING_LENGTH: Final = 20
_SPANS: Final[tuple[Span, ...]] = ("5m", "1h", "6h", "24h")
_SECURITY_FIELDS: Final = frozenset({"creatorAddress", "freezeable", "top10UserPercent"})


class BirdeyeTokens:
    """Reads tokens; needs a key, and for each list a plan that has it."""

    vendor = source = "birdeye"
    # https://docs.birdeye.so/reference/get-defi-multi_price: up to 100 addresses
    at_once = 100

    def tokens_of(self, mints: Sequence[str]) -> Told[TokenReading]:
        """Return price, liquidity and the day's change of up to 100 mints."""
        asked = mints[: self.at_once]
        answer = self._multi_price(asked) if asked else {"success": True, "data": {}}
        return parse_prices(self.vendor, answer, clock.now(), of=asked)

    def overview_of(self, mint: str) -> TokenReading | None:
        """Return one token with its activity and holders; None when Birdeye does not know it."""
        return parse_overview(self.vendor, self._overview(mint), mint, clock.now())

    def top_tokens(self) -> Told[TokenReading]:
        """Return the hundred tokens that traded most within the day."""
        return parse_list(self.vendor, self._list(), clock.now())

    def discovered(self) -> Told[Listed]:
        """Return the mints of three lists: most traded, trending and newly listed."""
        asks: dict[str, Callable[[], Any]] = {
            "volume 24h": self._list,
            "trending": self._trending,
            "new": self._new_listing,
        }
        return from_lists({name: partial(self._mints, ask) for name, ask in asks.items()})

    def _mints(self, ask: Callable[[], Any]) -> Told[str]:
        told = parse_list(self.vendor, ask(), clock.now())
        return Told(tuple(token.mint for token in told), told.odd)

    # https://docs.birdeye.so/reference/get-defi-multi_price
    def _multi_price(self, mints: Sequence[str]) -> Any:
        units = min(_MOST, math.ceil(_PRICE * len(mints) ** 0.8))
        addresses = ",".join(mints)
        return get("/defi/multi_price", units, list_address=addresses, include_liquidity="true")

    # https://docs.birdeye.so/reference/get-defi-v3-token-list
    def _list(self) -> Any:
        return get(
            "/defi/v3/token/list",
            _LIST,
            sort_by="volume_24h_usd",
            sort_type="desc",
            offset=0,
            limit=_LIST_LENGTH,
        )

    # https://docs.birdeye.so/reference/get-defi-token_trending
    def _trending(self) -> Any:
        return get(
            "/defi/token_trending",
            _TRENDING,
            sort_by="rank",
            sort_type="asc",
            offset=0,
            limit=_RANKING_LENGTH,
        )

    # https://docs.birdeye.so/reference/get-defi-v2-tokens-new_listing
    def _new_listing(self) -> Any:
        return get(
            "/defi/v2/tokens/new_listing",
            _NEW,
            limit=_RANKING_LENGTH,
            meme_platform_enabled="true",
        )

    # https://docs.birdeye.so/reference/get-defi-token_overview
    def _overview(self, mint: str) -> Any:
        return get("/defi/token_overview", _OVERVIEW, address=mint)


class BirdeyeSecurity:
    """Judges a token by Birdeye's security answer; needs a key on a plan that has it."""

    vendor = source = "birdeye"
    at_once = 1

    def safety_of(self, mints: Sequence[str]) -> Told[SafetyReading]:
        """Return what Birdeye knows of the first mint's danger."""
        found = (
            parse_security(self.vendor, self._security(mint), mint, clock.now())
            for mint in mints[: self.at_once]
        )
        return Told(tuple(one for one in found if one is not None))

    # https://docs.birdeye.so/reference/get-defi-token_security
    def _security(self, mint: str) -> Any:
        return get("/defi/token_security", _SECURITY, address=mint)


def parse_prices(
    vendor: str, answer: Any, now: datetime, *, of: Collection[str]
) -> Told[TokenReading]:
    """Read prices by mint; null stands for a mint Birdeye does not know."""
    data = data_of(vendor, "multi_price", answer)
    if not isinstance(data, dict):
        raise Garbled(vendor, "multi_price answered no object")

    def read(item: tuple[str, Any]) -> TokenReading | None:
        mint, told = item
        if mint not in of or told is None:
            return None
        usd = figures.price(told.get("value")) if isinstance(told, dict) else None
        if usd is None:
            raise OddError("a mint without its price")
        day = Activity(change=figures.change_of_percent(told.get("priceChange24h")))
        return TokenReading(
            source="birdeye",
            mint=mint,
            read_at=now,
            price_usd=usd,
            liquidity_usd=figures.worth(told.get("liquidity")),
            activity={"24h": day} if day != Activity() else {},
        )

    return gathered(vendor, "multi_price", data.items(), read)


def parse_list(vendor: str, answer: Any, now: datetime) -> Told[TokenReading]:
    """Read a list of tokens, whose names for the same differ between Birdeye's versions.

    Raises Garbled when it is no success with `items` or `tokens`.
    """
    data = data_of(vendor, "list", answer)
    items = data.get("items", data.get("tokens")) if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise Garbled(vendor, "list answered no tokens")
    return gathered(vendor, "list", items, lambda item: _listed(item, now))


def _listed(item: Any, now: datetime) -> TokenReading:
    mint = figures.key(item.get("address")) if isinstance(item, dict) else ""
    if not mint:
        raise OddError("a token without its mint")
    spans: dict[Span, Activity] = {
        "5m": Activity(volume_usd=figures.volume(item.get("volume_5m_usd"))),
        "1h": Activity(
            volume_usd=figures.volume(item.get("volume_1h_usd")),
            change=figures.change_of_percent(item.get("price_change_1h_percent")),
        ),
        "24h": Activity(
            volume_usd=figures.volume(_first(item, "volume_24h_usd", "v24hUSD", "volume24hUSD")),
            change=figures.change_of_percent(
                _first(item, "price_change_24h_percent", "price24hChangePercent")
            ),
        ),
    }
    return TokenReading(
        source="birdeye",
        mint=mint,
        read_at=now,
        price_usd=figures.price(item.get("price")),
        liquidity_usd=figures.worth(item.get("liquidity")),
        market_cap_usd=figures.worth(_first(item, "market_cap", "mc", "marketcap")),
        supply=figures.worth(item.get("total_supply")),
        decimals=figures.count(item.get("decimals")),
        holders=figures.several(item.get("holder")),
        activity=_told(spans),
    )


def parse_overview(vendor: str, answer: Any, mint: str, now: datetime) -> TokenReading | None:
    """Read one token. Its uniqueWallet counts both sides together and is left out."""
    data = data_of(vendor, "token_overview", answer)
    if data is None or data == {}:
        return None
    if not isinstance(data, dict) or data.get("address") != mint:
        raise Garbled(vendor, "token_overview answered another token")
    spans = {
        span: Activity(
            volume_usd=figures.volume(data.get(f"v{span}USD")),
            buy_usd=figures.volume(data.get(f"vBuy{span}USD")),
            sell_usd=figures.volume(data.get(f"vSell{span}USD")),
            buys=figures.count(data.get(f"buy{span}")),
            sells=figures.count(data.get(f"sell{span}")),
            change=figures.change_of_percent(data.get(f"priceChange{span}Percent")),
        )
        for span in _SPANS
    }
    return TokenReading(
        source="birdeye",
        mint=mint,
        read_at=now,
        price_usd=figures.price(data.get("price")),
        liquidity_usd=figures.worth(data.get("liquidity")),
        market_cap_usd=figures.worth(data.get("marketCap")),
        supply=figures.worth(data.get("totalSupply")),
        decimals=figures.count(data.get("decimals")),
        holders=figures.several(data.get("holder")),
        activity=_told(spans),
    )


def parse_security(vendor: str, answer: Any, mint: str, now: datetime) -> SafetyReading | None:
    """Read a token's security; most of it may be null. Shares are fractions here.

    top10UserPercent leaves programs' accounts out, top10HolderPercent does not.
    """
    data = data_of(vendor, "token_security", answer)
    if data is None:
        return None
    if not isinstance(data, dict) or data.keys().isdisjoint(_SECURITY_FIELDS):
        raise Garbled(vendor, "token_security answered another shape")
    marks = {"fakeToken": "fake token", "nonTransferable": "cannot be transferred"}
    frozen = data.get("freezeable")
    reading = SafetyReading(
        source="birdeye",
        mint=mint,
        read_at=now,
        can_freeze=frozen if isinstance(frozen, bool) else None,
        top10_share=figures.share(data.get("top10UserPercent")),
        dev_share=figures.share(data.get("creatorPercentage")),
        transfer_fee=_transfer_fee(data),
        creator=figures.key(data.get("creatorAddress")),
        risks=tuple(words for field, words in marks.items() if data.get(field) is True),
    )
    return None if reading == SafetyReading("birdeye", mint, now) else reading


def _transfer_fee(data: Mapping[str, Any]) -> Decimal | None:
    if data.get("transferFeeEnable") is False:
        return Decimal(0)
    fees = inner(data, "transferFeeData")
    told = (
        figures.number(inner(fees, name).get("transfer_fee_basis_points"))
        for name in ("older_transfer_fee", "newer_transfer_fee")
    )
    known = [points for points in told if points is not None]
    return figures.share(max(known) / 10_000) if known else None


def _first(item: Mapping[str, Any], *names: str) -> object:
    return next((item[name] for name in names if item.get(name) is not None), None)


def _told(spans: Mapping[Span, Activity]) -> dict[Span, Activity]:
    return {span: activity for span, activity in spans.items() if activity != Activity()}
