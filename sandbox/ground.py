"""What all who trade stand on: accounts, keys, books, coins, and the dice of one market."""

from __future__ import annotations

from random import Random

from sandbox.addresses import RAYDIUM_AUTHORITY, TOKEN22, WSOL, rent
from sandbox.bank import Bank, Mint
from sandbox.builder import Tables
from sandbox.keyring import Keyring, vanity
from sandbox.ledger import Ledger
from sandbox.pump import CURVE_BYTES, MINT_BYTES, new_curve
from sandbox.pumpswap import new_pool as new_swap_pool
from sandbox.raydium import new_pool as new_raydium_pool
from sandbox.tokens import Token, curve_of, name_coin, tell_story
from sandbox.venues import TOTAL_SUPPLY, Curve, SwapPool
from sandbox.wallets import Wallet


class Ground:
    """The state of one market; several may share a bank, a keyring and a ledger."""

    exchange: str
    airdropper: str

    def __init__(
        self, seed: int, rng: Random, *, bank: Bank, keyring: Keyring, ledger: Ledger,
        tables: Tables,
    ) -> None:  # fmt: skip
        self.seed = seed
        self.rng = rng
        self.bank = bank
        self.keyring = keyring
        self.tables = tables
        self.ledger = ledger
        self.wallets: dict[str, Wallet] = {}
        self.coins: dict[str, Token] = {}
        self.creators: list[str] = []
        self.built = 0
        self.now = 0
        self.seconds = 0
        self.launched = 0

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
            mint, name, symbol, uri, program, creator, story, self.now, peak, end, curve,
            self.now, number,
        )  # fmt: skip

    def register(self, token: Token) -> None:
        """Let a coin trade and put its venue's keys into the lookup tables."""
        self.coins[token.mint] = token
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

    def open_pool(
        self, token: Token, base: int, quote: int, *, raydium: bool, salt: int
    ) -> None:  # fmt: skip
        """Give a coin a pool with such reserves, as if it had always been there."""
        bank = self.bank
        self._mint(token)
        if raydium:
            pool = new_raydium_pool(token.mint, base, quote)
            owner = RAYDIUM_AUTHORITY
            bank.grant(pool.address, rent(752))
            bank.grant(pool.orders, rent(3228))
            bank.grant(pool.market, rent(388))
            token.venue = pool
        else:
            swap = new_swap_pool(token.mint, token.program, token.creator, base, quote, salt)
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

    def open_curve(self, token: Token, budget: int) -> int:
        """Give a coin a curve on which so much was spent before; return the units it sold."""
        bank, curve = self.bank, curve_of(token)
        self._mint(token)
        bank.grant(curve.address, rent(CURVE_BYTES))
        bank.grant(curve.creator_vault, 0 if curve.creator_vault in bank.lamports else rent(0))
        bank.open(curve.vault, token.mint, curve.address, None)
        bank.issue(token.mint, curve.vault, TOTAL_SUPPLY)
        fill = curve.buy(budget)
        if fill is None:
            raise ValueError("a fresh curve sells to any budget")
        bank.grant(curve.address, fill.gross)
        curve.apply(fill, is_buy=True)
        return fill.tokens
