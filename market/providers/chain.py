"""Tokens as their accounts on the chain tell: supply, who may mint or freeze, what transfers cost.

What is on the chain is everybody's: it may be kept and given on, and no vendor can misread it.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from solders.pubkey import Pubkey

from aura.core import clock
from market.domain import figures
from market.domain.readings import SafetyReading, TokenReading
from market.domain.sources import Told
from market.domain.venues import (
    LAUNCHLAB,
    METEORA_DAMM_V2,
    METEORA_DBC,
    PROGRAMS,
    RAYDIUM_CPMM,
    RAYDIUM_V4,
)
from market.providers.gathering import OddError, gathered
from market.providers.layouts import Mint, read_holding, read_mint, read_owner
from market.providers.rpc import ACCOUNTS_AT_ONCE, Account, Node

SOURCE: Final = "chain"
_TOP: Final = 10
# What is sent there is lost to all.
_INCINERATOR: Final = "1nc1nerator11111111111111111111111111111111"
# These venues hold all pools' coins in the name of one address each, which no program owns.
_AUTHORITIES: Final = frozenset(
    str(Pubkey.find_program_address([seed], Pubkey.from_string(program))[0])
    for program, seed in (
        (RAYDIUM_V4, b"amm authority"),
        (RAYDIUM_CPMM, b"vault_and_lp_mint_auth_seed"),
        (LAUNCHLAB, b"vault_auth_seed"),
        (METEORA_DAMM_V2, b"pool_authority"),
        (METEORA_DBC, b"pool_authority"),
    )
)


class ChainTokens:
    """Reads mint accounts, a hundred a call."""

    source = SOURCE
    at_once = ACCOUNTS_AT_ONCE

    def __init__(self) -> None:
        self._node = Node()
        self.vendor = self._node.vendor

    def tokens_of(self, mints: Sequence[str]) -> Told[TokenReading]:
        """Return supply and decimals of up to 100 mints, with their authorities as `safety`."""
        asked = list(dict.fromkeys(mints[: self.at_once]))
        accounts = self._node.accounts(asked)
        return parse_mints(self.vendor, accounts, clock.now())


class ChainHolders:
    """Measures how much of a token its largest holders have: three calls a mint."""

    source = SOURCE
    at_once = 1

    def __init__(self) -> None:
        self._node = Node()
        self.vendor = self._node.vendor

    def safety_of(self, mints: Sequence[str]) -> Told[SafetyReading]:
        """Return the first mint's authorities and the share of its ten largest holders."""
        found = (self._safety_of(mint, clock.now()) for mint in mints[: self.at_once])
        return Told(tuple(one for one in found if one is not None))

    def _safety_of(self, mint: str, now: datetime) -> SafetyReading | None:
        amounts = self._node.largest(mint)
        accounts = self._node.accounts([mint, *amounts])
        read = read_mint(accounts[mint]) if mint in accounts else None
        if read is None:
            return None
        owners = {key: read_owner(accounts[key]) for key in amounts if key in accounts}
        wallets = self._node.accounts(sorted(set(owners.values()) - {""}))
        share = top_share(mint, read, accounts, owners, wallets)
        return safety_of_mint(mint, read, now, top10_share=share)


def parse_mints(vendor: str, accounts: dict[str, Account], now: datetime) -> Told[TokenReading]:
    """Read mint accounts; an address that is no mint is odd."""

    def read(item: tuple[str, Account]) -> TokenReading:
        mint, account = item
        told = read_mint(account)
        if told is None:
            raise OddError("an account that is no mint")
        return TokenReading(
            source=SOURCE,
            mint=mint,
            read_at=now,
            supply=figures.worth(coins(told.supply_raw, told.decimals)),
            decimals=told.decimals,
            safety=safety_of_mint(mint, told, now),
        )

    return gathered(vendor, "mints", accounts.items(), read)


def safety_of_mint(
    mint: str, told: Mint, now: datetime, *, top10_share: Decimal | None = None
) -> SafetyReading:
    """Tell a mint's danger by its account, and by its holders where they were counted."""
    return SafetyReading(
        source=SOURCE,
        mint=mint,
        read_at=now,
        can_mint=told.can_mint,
        can_freeze=told.can_freeze,
        top10_share=top10_share,
        transfer_fee=told.transfer_fee,
        risks=told.risks,
    )


def top_share(
    mint: str,
    told: Mint,
    accounts: dict[str, Account],
    owners: dict[str, str],
    wallets: dict[str, Account],
) -> Decimal | None:
    """Return the share of supply of the ten largest owners among the accounts given.

    Pools, curves and what was burned are left out: an owner that belongs to a venue's program, or
    is the address a venue holds all its coins by. None without holders or supply.
    """
    held: dict[str, int] = {}
    for key, owner in owners.items():
        is_pool = owner in _AUTHORITIES or (owner in wallets and wallets[owner].owner in PROGRAMS)
        amount = read_holding(accounts[key], mint)
        if owner and amount is not None and not is_pool and owner != _INCINERATOR:
            held[owner] = held.get(owner, 0) + amount
    if not owners or not told.supply_raw:
        return None
    top = sum(sorted(held.values(), reverse=True)[:_TOP])
    return figures.share(Decimal(top) / told.supply_raw)


def coins(raw: int, decimals: int) -> Decimal:
    """Return a raw amount in whole coins."""
    return Decimal(raw).scaleb(-decimals)
