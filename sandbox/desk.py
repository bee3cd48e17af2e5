"""Turns an actor's decision into an executed transaction and the true entries of the ledger."""

from __future__ import annotations

import hashlib
from copy import copy
from dataclasses import dataclass, field

from sandbox import pump, pumpswap, raydium
from sandbox.addresses import JITO_TIPS, PLATFORMS, TOKEN, WSOL, ata, text
from sandbox.bank import OverdraftError
from sandbox.builder import LEGACY, Builder
from sandbox.ground import Ground
from sandbox.instructions import close, open_ata, pay, wrap
from sandbox.ledger import TruthTrade
from sandbox.record import Budget, Record
from sandbox.tokens import MINUTE, Token
from sandbox.venues import Curve, Fill, RaydiumPool, SwapPool, Venue
from sandbox.wallets import Bag, Wallet

# Custom error numbers of a swap that missed its slippage limit.
SLIPPAGE = {"pumpfun": 6002, "pumpswap": 6004, "raydium": 30}
LEAST_PROCEEDS = 20_000_000
# The others leave their change behind as wrapped SOL until the next swap.
CLOSE_SHARE = 0.92


@dataclass(slots=True)
class Swapped:
    """A trade of one mint for the market statistics; lamports are what passed the reserves."""

    mint: str
    raw: int
    lamports: int
    price: tuple[int, int]
    is_buy: bool


@dataclass(slots=True)
class Outcome:
    """A transaction, its true trades and its market trades.

    `strange`: no actor of the usual market has anything to do with it.
    """

    record: Record
    trades: list[TruthTrade] = field(default_factory=list)
    swaps: list[Swapped] = field(default_factory=list)
    strange: bool = False


class Desk:
    """Executes for the actors of one world; every method returns None when nothing could happen."""

    # How many close the account of a coin once it is empty.
    closes_emptied = 0.7
    # By how many hundredths a purchase may cost more than expected.
    spare = 5

    def __init__(self, world: Ground) -> None:
        self.world = world

    def builder(self, wallet: str, *, eager: bool, large: bool = False) -> Builder:
        """Start a transaction of a drawn version; a large one must not be legacy."""
        world, rng = self.world, self.world.rng
        draw = rng.random()
        version = LEGACY if draw < 0.18 else 1 if draw < 0.36 else 0
        if large and version == LEGACY:
            version = 1
        limit = rng.randrange(120_000, 420_000)
        micro = rng.randrange(20_000, 2_500_000) if eager else rng.choice((0, 0, 1_000, 10_000))
        priority = -(-micro * limit // 1_000_000)
        world.built += 1
        # A blockhash of its own for each keeps signatures apart even of equal messages.
        digest = hashlib.sha256(f"{world.seed}/block/{world.built}".encode()).digest()
        return Builder(
            world.bank, world.keyring, world.tables, wallet, version=version,
            blockhash=text(digest), budget=Budget(limit, priority), micro_price=micro,
            use_lookups=rng.random() < 0.7 or large,
        )  # fmt: skip

    def extras(self, tx: Builder, wallet: Wallet, lamports: int) -> int:
        """Add platform fee and tip as the character does; return their sum in lamports."""
        rng, costs = self.world.rng, 0
        if wallet.platform >= 0 and rng.random() < 0.9:
            account, points = PLATFORMS[wallet.platform]
            fee = max(5_000, lamports * points // 10_000)
            pay(tx, wallet.address, account, fee)
            costs += fee
        if rng.random() < wallet.character.tip_share:
            tip = rng.randrange(10_000, 3_000_000)
            pay(tx, wallet.address, rng.choice(JITO_TIPS), tip)
            costs += tip
        return costs

    def buy(self, wallet: Wallet, token: Token, budget: int, *, fails: bool) -> Outcome | None:
        """Spend at most `budget` lamports on a token."""
        venue = token.venue
        fill = venue.buy(budget)
        if fill is None or (isinstance(venue, Curve) and venue.complete):
            return None
        tx = self.builder(wallet.address, eager=True)
        saved = copy(venue)
        try:
            spot = self._swap_in(tx, wallet, token, fill)
            costs = self.extras(tx, wallet, fill.paid)
            if fails:
                return self._failed(tx, wallet, spot, token, saved)
            costs += tx.charge()
        except OverdraftError:
            self.world.bank.rollback()
            token.venue = saved
            return None
        record = tx.finish()
        trade = TruthTrade(wallet.address, "buy", token.mint, fill.tokens, fill.paid, costs)
        self.world.ledger.record(trade)
        self.remember(wallet, token.mint, fill.paid)
        token.trades += 1
        swap = Swapped(token.mint, fill.tokens, fill.gross, venue.price(), is_buy=True)
        return Outcome(record, [trade], [swap])

    def _swap_in(self, tx: Builder, wallet: Wallet, token: Token, fill: Fill) -> int:
        """Append the purchase and return the index of the swap itself."""
        world, venue, user = self.world, token.venue, wallet.address
        limit = fill.paid * (100 + self.spare) // 100
        seconds = world.seconds
        salt = world.rng.randrange(64)
        if isinstance(venue, Curve):
            pump.buy(tx, token, user, fill, now=seconds, salt=salt, limit=limit)
            return len(tx.calls) - 1
        base = open_ata(tx, user, user, token.mint)
        had_some = ata(user, WSOL, TOKEN) in tx.bank.tokens
        quote = wrap(tx, user, fill.paid if isinstance(venue, RaydiumPool) else limit)
        if isinstance(venue, SwapPool):
            pumpswap.buy(tx, token, user, base, quote, fill, now=seconds, limit=limit)
        else:
            call, writable = raydium.swap_call(
                tx, venue, user, base, quote, fill, is_buy=True, floor=fill.tokens * 95 // 100
            )
            tx.add(call.program, call.accounts, call.data, units=call.units, writable=writable,
                   signers=(user,), body=call.body)  # fmt: skip
        spot = len(tx.calls) - 1
        if self._tidies(had_some=had_some):
            close(tx, quote, user)
        return spot

    def _tidies(self, *, had_some: bool) -> bool:  # noqa: ARG002  another desk goes by it
        """Say whether a buyer closes the account of wrapped SOL, which was there before or not."""
        return self.world.rng.random() < CLOSE_SHARE

    def sell(self, wallet: Wallet, token: Token, raw: int, *, fails: bool) -> Outcome | None:
        """Sell raw units of a token."""
        venue = token.venue
        if isinstance(venue, Curve) and venue.complete:
            return None
        fill = venue.sell(raw)
        if fill.received < LEAST_PROCEEDS:
            return None
        tx = self.builder(wallet.address, eager=True)
        saved = copy(venue)
        account = ata(wallet.address, token.mint, token.program)
        try:
            spot = self._swap_out(tx, wallet, token, fill)
            emptied = self.world.bank.tokens[account].amount == 0
            if emptied and self.world.rng.random() < self.closes_emptied:
                close(tx, account, wallet.address)
            costs = self.extras(tx, wallet, fill.received)
            if fails:
                return self._failed(tx, wallet, spot, token, saved)
            costs += tx.charge()
        except OverdraftError:
            self.world.bank.rollback()
            token.venue = saved
            return None
        record = tx.finish()
        trade = TruthTrade(wallet.address, "sell", token.mint, raw, fill.received, costs)
        self.world.ledger.record(trade)
        self.forget(wallet, token)
        token.trades += 1
        swap = Swapped(token.mint, raw, fill.gross, venue.price(), is_buy=False)
        return Outcome(record, [trade], [swap])

    def _swap_out(self, tx: Builder, wallet: Wallet, token: Token, fill: Fill) -> int:
        """Append the sale and return the index of the swap itself."""
        world, venue, user = self.world, token.venue, wallet.address
        floor = fill.received * 9 // 10
        if isinstance(venue, Curve):
            pump.sell(tx, token, user, fill, now=world.seconds, salt=world.rng.randrange(64),
                      floor=floor)  # fmt: skip
            return len(tx.calls) - 1
        base = ata(user, token.mint, token.program)
        quote = open_ata(tx, user, user, WSOL)
        if isinstance(venue, SwapPool):
            call, writable = pumpswap.sell_call(
                tx, token, user, base, quote, fill, now=world.seconds, floor=floor
            )
        else:
            call, writable = raydium.swap_call(
                tx, venue, user, base, quote, fill, is_buy=False, floor=floor
            )
        tx.add(call.program, call.accounts, call.data, units=call.units, writable=writable,
               signers=(user,), body=call.body)  # fmt: skip
        spot = len(tx.calls) - 1
        close(tx, quote, user)
        return spot

    def _failed(
        self, tx: Builder, wallet: Wallet, spot: int, token: Token, saved: Venue
    ) -> Outcome:
        error = SLIPPAGE[token.place]
        token.venue = saved
        record = tx.finish((spot, error))
        self.world.ledger.fee(wallet.address, record.fee)
        return Outcome(record)

    def remember(self, wallet: Wallet, mint: str, spent: int) -> None:
        """Note what was spent on a holding and until when it shall be kept."""
        world = self.world
        shortest, longest = wallet.character.hold
        until = world.now + int(world.rng.uniform(shortest, longest) * MINUTE)
        bag = wallet.bags.get(mint)
        if bag is None:
            wallet.bags[mint] = Bag(world.now, spent, until)
        else:
            bag.spent += spent
            bag.until = max(bag.until, until)

    def forget(self, wallet: Wallet, token: Token) -> None:
        """Drop the note of a holding once it is gone."""
        key = ata(wallet.address, token.mint, token.program)
        if not self.world.bank.balance(wallet.address, token.mint, key):
            wallet.bags.pop(token.mint, None)
