"""Transactions that are no simple swap: routes, transfers, airdrops, launches and migrations."""

from __future__ import annotations

from copy import copy

from sandbox import jupiter, pump, pumpswap, raydium
from sandbox.addresses import PUMP_MIGRATOR, TOKEN22, WSOL, ata
from sandbox.bank import OverdraftError
from sandbox.builder import Builder
from sandbox.desk import LEAST_PROCEEDS, Desk, Outcome, Swapped
from sandbox.instructions import close, open_ata, pay, send_tokens
from sandbox.ledger import TruthTrade
from sandbox.tokens import Token, curve_of, tell_story
from sandbox.venues import Curve, Fill, RaydiumPool, SwapPool
from sandbox.wallets import Bag, Wallet


class Moves:
    """What actors do besides buying and selling; methods return None when nothing could happen."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.world = desk.world

    def route(self, wallet: Wallet, source: Token, target: Token, raw: int) -> Outcome | None:
        """Swap one token into another through wrapped SOL; the target trades on Raydium."""
        first, second = source.venue, target.venue
        if isinstance(first, Curve) or not isinstance(second, RaydiumPool):
            return None
        sold = first.sell(raw)
        bought = second.buy(sold.received)
        if sold.received < LEAST_PROCEEDS or bought is None or source is target:
            return None
        tx = self.desk.builder(wallet.address, eager=True, large=True)
        saved = copy(first), copy(second)
        try:
            self._legs(tx, wallet.address, source, target, sold, bought)
            costs = self.desk.extras(tx, wallet, sold.received) + tx.charge()
        except OverdraftError:
            self.world.bank.rollback()
            source.venue, target.venue = saved
            return None
        record = tx.finish()
        trades = [
            TruthTrade(wallet.address, "sell", source.mint, raw, sold.received, 0),
            TruthTrade(wallet.address, "buy", target.mint, bought.tokens, sold.received, costs),
        ]
        for trade in trades:
            self.world.ledger.record(trade)
        self.desk.forget(wallet, source)
        self.desk.remember(wallet, target.mint, sold.received)
        swaps = [
            Swapped(source.mint, raw, sold.gross, first.price(), is_buy=False),
            Swapped(target.mint, bought.tokens, bought.gross, second.price(), is_buy=True),
        ]
        return Outcome(record, trades, swaps)

    def _legs(
        self, tx: Builder, user: str, source: Token, target: Token, sold: Fill, bought: Fill
    ) -> None:
        world = self.world
        first, second = source.venue, target.venue
        if isinstance(first, Curve) or not isinstance(second, RaydiumPool):
            raise TypeError("a route goes from a pool to a Raydium pool")
        held = ata(user, source.mint, source.program)
        middle = open_ata(tx, user, user, WSOL)
        wanted = open_ata(tx, user, user, target.mint)
        if isinstance(first, SwapPool):
            call, keys = pumpswap.sell_call(
                tx, source, user, held, middle, sold, now=world.seconds, floor=0
            )
            step = jupiter.PUMPSWAP_SELL_STEP
        else:
            call, keys = raydium.swap_call(
                tx, first, user, held, middle, sold, is_buy=False, floor=0
            )
            step = jupiter.RAYDIUM_STEP
        last, last_keys = raydium.swap_call(
            tx, second, user, wanted, middle, bought, is_buy=True, floor=0
        )
        value = sold.received
        legs = [
            (call, keys, step,
             jupiter.leg_event(call.program, source.mint, sold.tokens, WSOL, value)),
            (last, last_keys, jupiter.RAYDIUM_STEP,
             jupiter.leg_event(last.program, WSOL, value, target.mint, bought.tokens)),
        ]  # fmt: skip
        jupiter.route(tx, user, held, wanted, target.mint, legs, sold.tokens, bought.tokens)
        close(tx, middle, user)

    def send_sol(self, source: str, destination: str, lamports: int) -> Outcome | None:
        """Send SOL from one actor to another; the sender's fee is outside any trade."""
        tx = self.desk.builder(source, eager=False)
        try:
            pay(tx, source, destination, lamports)
            fee = tx.charge()
        except OverdraftError:
            self.world.bank.rollback()
            return None
        self.world.ledger.fee(source, fee)
        return Outcome(tx.finish())

    def _reach(self, tx: Builder, payer: str, owner: str, token: Token) -> str:
        """Give the owner's token account, opened when missing.

        One that exists is mostly used without naming its owner, as wallets do on chain: such a
        transaction is found by balance changes only.
        """
        key = ata(owner, token.mint, token.program)
        if key in self.world.bank.tokens and self.world.rng.random() < 0.7:
            return key
        return open_ata(tx, payer, owner, token.mint)

    def send_tokens(self, wallet: Wallet, other: Wallet, token: Token, raw: int) -> Outcome | None:
        """Send tokens to another actor; lots leave by FIFO and arrive with an unknown cost."""
        tx = self.desk.builder(wallet.address, eager=False)
        source = ata(wallet.address, token.mint, token.program)
        try:
            destination = self._reach(tx, wallet.address, other.address, token)
            send_tokens(tx, source, destination, wallet.address, raw)
            fee = tx.charge()
        except OverdraftError:
            self.world.bank.rollback()
            return None
        ledger = self.world.ledger
        ledger.fee(wallet.address, fee)
        ledger.send(wallet.address, token.mint, raw)
        ledger.receive(other.address, token.mint, raw)
        self.desk.forget(wallet, token)
        other.bags.setdefault(token.mint, Bag(self.world.now, 0, self.world.now))
        return Outcome(tx.finish())

    def airdrop(self, token: Token, raw: int, lucky: list[Wallet]) -> Outcome | None:
        """Buy nothing, ask nobody: drop units of a coin on several wallets in one transaction."""
        world = self.world
        source = ata(world.airdropper, token.mint, token.program)
        if world.bank.balance(world.airdropper, token.mint, source) < raw * len(lucky):
            return None
        tx = self.desk.builder(world.airdropper, eager=False, large=True)
        try:
            for wallet in lucky:
                key = self._reach(tx, world.airdropper, wallet.address, token)
                send_tokens(tx, source, key, world.airdropper, raw)
            fee = tx.charge()
        except OverdraftError:
            world.bank.rollback()
            return None
        world.ledger.fee(world.airdropper, fee)
        for wallet in lucky:
            world.ledger.send(world.airdropper, token.mint, raw)
            world.ledger.receive(wallet.address, token.mint, raw)
            wallet.bags.setdefault(token.mint, Bag(world.now, 0, world.now))
        return Outcome(tx.finish())

    def launch(self, wallet: Wallet, budget: int) -> Outcome | None:
        """Create a coin and buy the first of it in the same transaction."""
        world = self.world
        token = world.coin(TOKEN22, graduated=False, creator=wallet.address)
        venue = curve_of(token)
        fill = venue.buy(budget)
        if fill is None:
            return None
        tx = self.desk.builder(wallet.address, eager=True, large=True)
        seconds = world.seconds
        try:
            pump.create(tx, token, wallet.address, now=seconds)
            pump.buy(tx, token, wallet.address, fill, now=seconds, salt=world.rng.randrange(64),
                     limit=fill.paid)  # fmt: skip
            costs = tx.charge()
        except OverdraftError:
            world.bank.rollback()
            world.bank.mints.pop(token.mint, None)
            return None
        record = tx.finish()
        world.register(token)
        trade = TruthTrade(wallet.address, "buy", token.mint, fill.tokens, fill.paid, costs)
        world.ledger.record(trade)
        self.desk.remember(wallet, token.mint, fill.paid)
        swap = Swapped(token.mint, fill.tokens, fill.gross, venue.price(), is_buy=True)
        return Outcome(record, [trade], [swap])

    def migrate(self, token: Token) -> Outcome:
        """Move a completed curve into its PumpSwap pool and give the coin its second life."""
        world = self.world
        tx = self.desk.builder(PUMP_MIGRATOR, eager=False, large=True)
        pool = pumpswap.migrate(
            tx, token, PUMP_MIGRATOR, now=world.seconds, salt=world.rng.randrange(8)
        )
        world.ledger.fee(PUMP_MIGRATOR, tx.charge())
        record = tx.finish()
        token.venue = pool
        token.pair_born = world.now
        token.story, token.peak, token.end = tell_story(world.rng, world.now, graduated=True)
        world.register(token)
        return Outcome(record)
