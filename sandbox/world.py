"""The whole state of the market, and how it is on the first day."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from itertools import cycle, islice
from random import Random
from typing import Any

from sandbox.addresses import (
    AMM_CONFIG,
    AMM_EVENTS,
    AMM_FEE_CONFIG,
    AMM_VOLUME,
    ATA,
    BUYBACK_RECIPIENTS,
    FEE_RECIPIENTS,
    JITO_TIPS,
    JUPITER_EVENTS,
    OPENBOOK,
    PLATFORMS,
    PUMP_EVENTS,
    PUMP_FEE_CONFIG,
    PUMP_FEES,
    PUMP_GLOBAL,
    PUMP_MIGRATOR,
    PUMP_VOLUME,
    PUMPSWAP,
    RAYDIUM,
    RAYDIUM_AUTHORITY,
    SYSTEM,
    TOKEN,
    TOKEN22,
    USDC,
    WSOL,
    ata,
    rent,
)  # fmt: skip
from sandbox.bank import Bank, Mint
from sandbox.builder import Tables
from sandbox.ground import Ground
from sandbox.keyring import Keyring
from sandbox.ledger import Ledger
from sandbox.quarter import Quarter
from sandbox.tokens import MINUTE, Token, curve_of
from sandbox.venues import TOTAL_SUPPLY
from sandbox.wallets import (
    BOTS,
    CHARACTERS,
    CREATORS,
    FURTHER,
    HABITS,
    NAMED,
    SOL,
    TIDES,
    TOURISTS,
    USUAL_WALLETS,
    Wallet,
)

SHARED = (
    SYSTEM, TOKEN, TOKEN22, ATA, WSOL, PUMP_GLOBAL, PUMP_EVENTS, PUMP_VOLUME, PUMP_FEE_CONFIG,
    PUMP_FEES, AMM_CONFIG, AMM_EVENTS, AMM_FEE_CONFIG, AMM_VOLUME, PUMPSWAP, RAYDIUM,
    RAYDIUM_AUTHORITY, OPENBOOK, JUPITER_EVENTS, *FEE_RECIPIENTS, *BUYBACK_RECIPIENTS,
)  # fmt: skip
RAYDIUM_AT_START, SWAP_POOLS_AT_START, CURVES_AT_START = 12, 18, 16


class World(Ground):
    """Everything that decides what happens next; pickled whole into the store."""

    def __init__(self, seed: int, wallets: int = USUAL_WALLETS, coins: int = 0) -> None:
        super().__init__(
            seed, Random(seed), bank=Bank(), keyring=Keyring(seed), ledger=Ledger(),
            tables=Tables(),
        )  # fmt: skip
        self.graveyard: dict[str, Token] = {}
        self.steps = 0
        self.sol_cents = 18_500
        self._settle(wallets - USUAL_WALLETS)
        # A market beside this one, with dice of its own: it changes nothing of what happens here.
        self.quarter = Quarter(self, coins) if coins else None

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Wake, from a state kept before some wallets had habits or there was a bazaar as well."""
        kept = dict(state)
        if "tokens" in kept:
            kept["coins"] = kept.pop("tokens")
        self.__dict__.update({"habitual": [], "quarter": None, **kept})

    @property
    def tokens(self) -> Mapping[str, Token]:
        """All coins that trade, by mint: those of this market and those of the bazaar."""
        return ChainMap(self.quarter.coins, self.coins) if self.quarter else self.coins

    def _settle(self, further: int) -> None:
        rng, bank = self.rng, self.bank
        for mint, program, decimals in ((WSOL, TOKEN, 9), (USDC, TOKEN, 6)):
            bank.mints[mint] = Mint(mint, decimals, program, 0)
        bank.grant(USDC, rent(82))
        for key in (*FEE_RECIPIENTS, *BUYBACK_RECIPIENTS, *JITO_TIPS):
            bank.grant(key, rng.randrange(2 * SOL, 9_000 * SOL))
        for key, _ in PLATFORMS:
            bank.grant(key, rng.randrange(100 * SOL, 90_000 * SOL))
        for key in FEE_RECIPIENTS:
            bank.open(ata(key, WSOL, TOKEN), WSOL, key, None)
        bank.grant(PUMP_MIGRATOR, 50_000 * SOL)
        self.tables.add(SHARED)
        self.exchange = self.keyring.make("exchange")
        bank.grant(self.exchange, 4_000_000 * SOL)
        self.airdropper = self.keyring.make("airdropper")
        bank.grant(self.airdropper, 4_000 * SOL)
        self._people(further)
        for number in range(RAYDIUM_AT_START + SWAP_POOLS_AT_START):
            self._listed(number, raydium=number < RAYDIUM_AT_START)
        for _ in range(CURVES_AT_START):
            self._young()

    def _people(self, further: int) -> None:
        rng = self.rng
        crowd = [("", "bot")] * BOTS + [("", "tourist")] * TOURISTS + [("", "creator")] * CREATORS
        crowd += [("", "tide")] * TIDES
        crowd += [("", kind) for kind in islice(cycle(FURTHER), further)]
        for number, (nickname, kind) in enumerate([*NAMED, *crowd]):
            address = self.keyring.make(f"wallet/{number}")
            character = CHARACTERS[kind]
            self.bank.grant(address, rng.randrange(*character.funds))
            uses = rng.random() < character.platform_share
            platform = rng.randrange(len(PLATFORMS)) if uses else -1
            self.wallets[address] = Wallet(address, nickname, kind, platform)
        self.creators = [w.address for w in self.wallets.values() if w.kind == "creator"]
        self.named = [w.address for w in self.wallets.values() if w.named]
        self.crowd = [w.address for w in self.wallets.values()
                      if w.kind in ("bot", "tourist")]  # fmt: skip
        self.habitual = [w.address for w in self.wallets.values() if w.kind in HABITS]
        self.tides = [w.address for w in self.wallets.values() if w.kind == "tide"]

    def _listed(self, number: int, *, raydium: bool) -> None:
        rng = self.rng
        program = TOKEN if raydium or rng.random() < 0.4 else TOKEN22
        token = self.coin(program, graduated=True, creator=rng.choice(self.creators))
        if number < 8:
            # Some coins outlive everything, so that there is always a deep market.
            token.story, token.peak, token.end = "runner", 600 * MINUTE, 100_000 * MINUTE
        quote = int(rng.uniform(250, 6_000) * SOL)
        base = rng.randrange(60, 400) * TOTAL_SUPPLY // 1000
        self.open_pool(token, base, quote, raydium=raydium, salt=number)
        self._old_holders(token, TOTAL_SUPPLY - base)
        token.born = token.pair_born = -rng.randrange(600, 60_000) * MINUTE
        self.register(token)

    def _old_holders(self, token: Token, left: int) -> None:
        for part in (38, 27, 21, 14):
            holder = self.keyring.make(f"holder/{token.mint}/{part}")
            key = ata(holder, token.mint, token.program)
            self.bank.grant(holder, SOL)
            self.bank.open(key, token.mint, holder, None)
            self.bank.issue(token.mint, key, left * part // 100)

    def _young(self) -> None:
        rng, bank = self.rng, self.bank
        token = self.coin(TOKEN22, graduated=False, creator=rng.choice(self.creators))
        sold = self.open_curve(token, int(rng.uniform(1, 60) * SOL))
        holder = self.keyring.make(f"holder/{token.mint}")
        key = ata(holder, token.mint, token.program)
        bank.grant(holder, SOL)
        bank.open(key, token.mint, holder, None)
        bank.move(curve_of(token).vault, key, sold)
        token.born = token.pair_born = -rng.randrange(1, 120) * MINUTE
        self.register(token)
