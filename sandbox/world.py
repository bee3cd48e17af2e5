"""The whole state of the market, and how it is on the first day."""

from __future__ import annotations

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
from sandbox.keyring import Keyring, vanity
from sandbox.ledger import Ledger
from sandbox.pump import CURVE_BYTES, MINT_BYTES, new_curve
from sandbox.pumpswap import new_pool as new_swap_pool
from sandbox.raydium import new_pool as new_raydium_pool
from sandbox.tokens import MINUTE, Token, curve_of, name_coin, tell_story
from sandbox.venues import TOTAL_SUPPLY, Curve, SwapPool
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


class World:
    """Everything that decides what happens next; pickled whole into the store."""

    def __init__(self, seed: int, wallets: int = USUAL_WALLETS) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self.bank = Bank()
        self.keyring = Keyring(seed)
        self.tables = Tables()
        self.ledger = Ledger()
        self.wallets: dict[str, Wallet] = {}
        self.tokens: dict[str, Token] = {}
        self.graveyard: dict[str, Token] = {}
        self.steps = 0
        self.built = 0
        self.now = 0
        self.seconds = 0
        self.launched = 0
        self.sol_cents = 18_500
        self._settle(wallets - USUAL_WALLETS)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Wake, from a state kept before some wallets had habits as well."""
        self.__dict__.update({"habitual": [], **state})

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

    def coin(self, program: str, *, graduated: bool, creator: str) -> Token:
        """Invent a coin with a curve that nobody has traded yet; its accounts do not exist yet."""
        number = self.launched
        self.launched += 1
        mint = vanity(f"{self.seed}/mint/{number}")
        name, symbol = name_coin(self.rng, number)
        story, peak, end = tell_story(self.rng, self.now, graduated=graduated)
        uri = f"https://ipfs.example/{mint[:12]}.json"
        curve = new_curve(mint, creator, program)
        return Token(
            mint,
            name,
            symbol,
            uri,
            program,
            creator,
            story,
            self.now,
            peak,
            end,
            curve,
            self.now,
            number,
        )

    def register(self, token: Token) -> None:
        """Let a coin trade and put its venue's keys into the lookup tables."""
        self.tokens[token.mint] = token
        venue = token.venue
        if isinstance(venue, Curve):
            keys = [token.mint, venue.address, venue.vault, venue.creator_vault, venue.second]
        elif isinstance(venue, SwapPool):
            keys = [token.mint, venue.address, venue.base_vault, venue.quote_vault, venue.second]
            keys += [venue.creator_authority, venue.creator_vault, venue.recipient_vault]
        else:
            keys = [token.mint, venue.address, venue.base_vault, venue.quote_vault, venue.orders,
                    venue.market]  # fmt: skip
        self.tables.add(keys)

    def _mint(self, token: Token) -> None:
        size = MINT_BYTES if token.program == TOKEN22 else 82
        self.bank.grant(token.mint, rent(size))
        self.bank.mints[token.mint] = Mint(token.mint, 6, token.program, 0)

    def _listed(self, number: int, *, raydium: bool) -> None:
        rng, bank = self.rng, self.bank
        program = TOKEN if raydium or rng.random() < 0.4 else TOKEN22
        token = self.coin(program, graduated=True, creator=rng.choice(self.creators))
        if number < 8:
            # Some coins outlive everything, so that there is always a deep market.
            token.story, token.peak, token.end = "runner", 600 * MINUTE, 100_000 * MINUTE
        quote = int(rng.uniform(250, 6_000) * SOL)
        base = rng.randrange(60, 400) * TOTAL_SUPPLY // 1000
        self._mint(token)
        if raydium:
            pool = new_raydium_pool(token.mint, base, quote)
            owner = RAYDIUM_AUTHORITY
            bank.grant(pool.address, rent(752))
            bank.grant(pool.orders, rent(3228))
            bank.grant(pool.market, rent(388))
            token.venue = pool
        else:
            swap = new_swap_pool(token.mint, program, token.creator, base, quote, number)
            owner = swap.address
            bank.grant(swap.address, rent(300))
            if swap.creator_vault not in bank.tokens:
                bank.open(swap.creator_vault, WSOL, swap.creator_authority, None)
            token.venue = swap
        vault = token.venue
        bank.open(vault.base_vault, token.mint, owner, None)
        bank.open(vault.quote_vault, WSOL, owner, None)
        bank.issue(token.mint, vault.base_vault, base)
        bank.grant(vault.quote_vault, quote)
        bank.sync(vault.quote_vault)
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
        curve = curve_of(token)
        self._mint(token)
        bank.grant(curve.address, rent(CURVE_BYTES))
        bank.grant(curve.creator_vault, 0 if curve.creator_vault in bank.lamports else rent(0))
        bank.open(curve.vault, token.mint, curve.address, None)
        bank.issue(token.mint, curve.vault, TOTAL_SUPPLY)
        fill = curve.buy(int(rng.uniform(1, 60) * SOL))
        if fill is None:
            raise ValueError("a fresh curve sells to any budget")
        bank.grant(curve.address, fill.gross)
        holder = self.keyring.make(f"holder/{token.mint}")
        key = ata(holder, token.mint, token.program)
        bank.grant(holder, SOL)
        bank.open(key, token.mint, holder, None)
        bank.move(curve.vault, key, fill.tokens)
        curve.apply(fill, is_buy=True)
        token.born = token.pair_born = -rng.randrange(1, 120) * MINUTE
        self.register(token)
