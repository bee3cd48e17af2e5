"""Asking the world for names and prices of SOL, then keeping what it said.

A vendor that is down costs one line in the log and nothing else: the next turn asks again.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from aura.core import clock
from aura.core.cache import shared
from aura.core.errors import ProviderError
from market.actions import name_tokens, record_sol_prices
from market.domain.prices import SolQuote, minute_of
from market.domain.sources import MarketSource
from market.providers import market_source, sol_price_history
from market.queries import minutes_without_price, names_wanted

NAMES_A_TURN: Final = 300

log = logging.getLogger(__name__)


def name_new_tokens() -> int:
    """Ask for the names of mints nobody has named yet; return how many were named."""
    source = market_source()
    if source is None:
        return 0
    wanted = names_wanted(clock.now(), limit=NAMES_A_TURN)
    named = 0
    for start in range(0, len(wanted), source.names_at_once):
        asked = wanted[start : start + source.names_at_once]
        try:
            names = source.names(asked)
        except ProviderError as error:
            log.warning("tokens not named: %s", error)
            break
        named += name_tokens(names, asked, at=clock.now())
    return named


def poll_sol_price() -> bool:
    """Ask what SOL costs now, once a minute whoever asks; say whether there was an answer."""
    source, minute = market_source(), minute_of(clock.now())
    if source is None:
        return False
    asked = f"usd of SOL {minute:%Y%m%dT%H%M} {source.vendor}"
    try:
        usd = shared(asked, 60, lambda: _usd_of_sol(source, minute), grace=0)
    except ProviderError as error:
        log.warning("price of SOL not known: %s", error)
        return False
    if usd is None:
        log.warning("price of SOL not known: %s has no pair with one", source.vendor)
        return False
    record_sol_prices([SolQuote(minute, Decimal(usd), source.vendor)])
    return True


def _usd_of_sol(source: MarketSource, minute: datetime) -> Decimal | None:
    quote = source.sol_quote(minute)
    return None if quote is None else quote.usd


def fill_sol_history(hours: int) -> int:
    """Ask for the minutes of the last hours that have no price; return how many quotes came."""
    source = sol_price_history()
    if source is None:
        log.info("no source of past SOL prices is configured")
        return 0
    now = clock.now()
    came = 0
    for since, until in _spans(now - timedelta(hours=hours), now, source.minutes_at_once):
        try:
            quotes = source.history(since, until)
        except ProviderError as error:
            log.warning("past prices of SOL not known: %s", error)
            break
        record_sol_prices(quotes)
        came += len(quotes)
    return came


def _spans(since: datetime, until: datetime, minutes: int) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches of missing minutes, none longer than `minutes`, newest first."""
    missing = minutes_without_price(since, until)
    while missing:
        last = missing[-1]
        first = next(m for m in missing if last - m < timedelta(minutes=minutes))
        yield first, last
        missing = [m for m in missing if m < first]
