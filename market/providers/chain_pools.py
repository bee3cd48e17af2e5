"""Pools and launch curves by their accounts on the chain: reserves, and the price they make."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from solders.pubkey import Pubkey

from aura.core import clock
from aura.core.solana import USDC, WSOL
from market.domain import figures
from market.domain.readings import PoolReading
from market.domain.sources import Told
from market.domain.venues import PROGRAMS, PUMP, PUMP_SWAP
from market.providers.chain import SOURCE, coins
from market.providers.gathering import OddError, gathered
from market.providers.layouts import (
    CURVE_SELLS,
    DECIMALS,
    Curve,
    Pool,
    read_curve,
    read_holding,
    read_mint,
    read_pool,
)
from market.providers.rpc import ACCOUNTS_AT_ONCE, Account, Node

_PUMP: Final = Pubkey.from_string(PUMP)
_PUMP_SWAP: Final = Pubkey.from_string(PUMP_SWAP)
_MONEY: Final = (WSOL, USDC)
# A mint, its curve, and its pool against each money.
_A_MINT: Final = 2 + len(_MONEY)
# Quotes whose raw units are not ours to guess are left out.
_MOST_DECIMALS: Final = 18


class ChainPools:
    """Reads pump.fun's curves and PumpSwap's pools by mint, and known pools by their address."""

    source = SOURCE
    at_once = ACCOUNTS_AT_ONCE // _A_MINT
    pools_at_once = ACCOUNTS_AT_ONCE

    def __init__(self) -> None:
        self._node = Node()
        self.vendor = self._node.vendor

    def pairs_of(self, mints: Sequence[str]) -> Told[PoolReading]:
        """Return curve and PumpSwap pools of up to 25 mints, in two calls.

        A coin launched elsewhere has neither: its pools are found by address (`pools_at`).
        """
        asked = [m for m in dict.fromkeys(mints[: self.at_once]) if figures.key(m)]
        curves = {curve_of(mint): mint for mint in asked}
        homes = [pool_of(mint, money) for mint in asked for money in _MONEY]
        accounts = self._node.accounts([*asked, *curves, *homes])
        now = clock.now()
        on_curve = parse_curves(self.vendor, accounts, curves, now)
        in_pools = self._in_vaults(accounts, homes, now)
        return Told((*on_curve, *in_pools), on_curve.odd + in_pools.odd)

    def pools_at(self, pools: Sequence[str]) -> Told[PoolReading]:
        """Return up to 100 pools of PumpSwap and Raydium (AMM v4, CPMM) by their addresses.

        Pools of other venues are left out.
        """
        asked = list(dict.fromkeys(pools[: self.pools_at_once]))
        return self._in_vaults(self._node.accounts(asked), asked, clock.now())

    def _in_vaults(
        self, accounts: Mapping[str, Account], keys: Iterable[str], now: datetime
    ) -> Told[PoolReading]:
        pools = {key: read_pool(accounts[key]) for key in keys if key in accounts}
        known = {key: pool for key, pool in pools.items() if pool is not None}
        wanted = dict.fromkeys(key for pool in known.values() for key in _needs(pool))
        missing = [key for key in wanted if key not in accounts]
        everything = {**accounts, **self._node.accounts(missing)}
        return parse_pools(self.vendor, known, everything, now)


def curve_of(mint: str) -> str:
    """Return where the curve of a coin of pump.fun is."""
    seeds = [b"bonding-curve", bytes(Pubkey.from_string(mint))]
    return str(Pubkey.find_program_address(seeds, _PUMP)[0])


def pool_of(mint: str, money: str) -> str:
    """Return where the pool is that a coin of pump.fun moves to when its curve is full."""
    coin = bytes(Pubkey.from_string(mint))
    creator = Pubkey.find_program_address([b"pool-authority", coin], _PUMP)[0]
    seeds = [b"pool", b"\x00\x00", bytes(creator), coin, bytes(Pubkey.from_string(money))]
    return str(Pubkey.find_program_address(seeds, _PUMP_SWAP)[0])


def _needs(pool: Pool) -> list[str]:
    """Name the accounts a pool's reserves are read from."""
    mints = ((pool.base_mint, pool.base_decimals), (pool.quote_mint, pool.quote_decimals))
    unknown = [mint for mint, decimals in mints if decimals is None]
    return [pool.base_vault, pool.quote_vault, *unknown]


def parse_curves(
    vendor: str, accounts: Mapping[str, Account], curves: Mapping[str, str], now: datetime
) -> Told[PoolReading]:
    """Read the curves among accounts, given as address → mint.

    One that is complete and empty has moved to a pool and is left out.
    """

    def read(item: tuple[str, str]) -> PoolReading | None:
        key, mint = item
        # Anybody can send money to an address before a curve, or after one, is there.
        if key not in accounts or accounts[key].owner != PUMP:
            return None
        curve = read_curve(accounts[key])
        token = read_mint(accounts[mint]) if mint in accounts else None
        if curve is None or token is None or curve.quote_mint not in DECIMALS:
            raise OddError("a curve that cannot be read")
        if curve.is_complete and not curve.quote_raw:
            return None
        return _on_curve(key, mint, curve, token.decimals, now)

    return gathered(vendor, "curves", curves.items(), read)


def _on_curve(key: str, mint: str, curve: Curve, decimals: int, now: datetime) -> PoolReading:
    quote_decimals = DECIMALS[curve.quote_mint]
    has_known_sale = curve.quote_mint == WSOL and not curve.is_mayhem
    sold = 1 - Decimal(curve.base_raw) / CURVE_SELLS
    return PoolReading(
        source=SOURCE,
        mint=mint,
        read_at=now,
        pool=key,
        venue=PROGRAMS[PUMP],
        quote_mint=curve.quote_mint,
        price_quote=_price(
            coins(curve.virtual_base_raw, decimals),
            coins(curve.virtual_quote_raw, quote_decimals),
        ),
        base=figures.worth(coins(curve.base_raw, decimals)),
        quote=figures.worth(coins(curve.quote_raw, quote_decimals)),
        progress=figures.share(sold) if has_known_sale else None,
    )


def parse_pools(
    vendor: str, pools: Mapping[str, Pool], accounts: Mapping[str, Account], now: datetime
) -> Told[PoolReading]:
    """Read the reserves of pools from their vaults; one whose vaults cannot be read is odd."""

    def read(item: tuple[str, Pool]) -> PoolReading:
        key, pool = item
        told = _with_decimals(pool, accounts)
        base = _reserve(accounts, told.base_vault, told.base_mint, told.base_owed_raw)
        quote = _reserve(accounts, told.quote_vault, told.quote_mint, told.quote_owed_raw)
        return _in_pool(key, told, base, quote, now)

    return gathered(vendor, "pools", pools.items(), read)


def _with_decimals(pool: Pool, accounts: Mapping[str, Account]) -> Pool:
    def known(mint: str, decimals: int | None) -> int:
        if decimals is None:
            told = read_mint(accounts[mint]) if mint in accounts else None
            decimals = told.decimals if told else None
        if decimals is None or not 0 <= decimals <= _MOST_DECIMALS:
            raise OddError("a mint that cannot be read")
        return decimals

    return replace(
        pool,
        base_decimals=known(pool.base_mint, pool.base_decimals),
        quote_decimals=known(pool.quote_mint, pool.quote_decimals),
    )


def _reserve(accounts: Mapping[str, Account], vault: str, mint: str, owed: int) -> int:
    held = read_holding(accounts[vault], mint) if vault in accounts else None
    if held is None or held < owed:
        raise OddError("a vault that cannot be read")
    return held - owed


def _in_pool(key: str, pool: Pool, base_raw: int, quote_raw: int, now: datetime) -> PoolReading:
    """Tell a pool with money as the quote, whichever way round it was made."""
    base = coins(base_raw, pool.base_decimals or 0)
    quote = coins(quote_raw, pool.quote_decimals or 0)
    price = _price(base, quote + coins(pool.virtual_quote_raw, pool.quote_decimals or 0))
    mint, quote_mint = pool.base_mint, pool.quote_mint
    if mint in _MONEY and quote_mint not in _MONEY:
        mint, quote_mint, base, quote = quote_mint, mint, quote, base
        price = figures.price(1 / price) if price else None
    return PoolReading(
        source=SOURCE,
        mint=mint,
        read_at=now,
        pool=key,
        venue=pool.venue,
        quote_mint=quote_mint,
        price_quote=price,
        base=figures.worth(base),
        quote=figures.worth(quote),
        opened_at=pool.opened_at,
    )


def _price(base: Decimal, quote: Decimal) -> Decimal | None:
    return figures.price(quote / base) if base > 0 and quote > 0 else None
