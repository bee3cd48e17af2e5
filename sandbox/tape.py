"""The tape: every swap as the vendors count it, with sums over running windows kept as it goes."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from sandbox.engine import Block, Engine
from sandbox.record import Record

WINDOWS: dict[str, int] = {"5m": 300, "30m": 1_800, "1h": 3_600, "6h": 21_600, "24h": 86_400}
LONGEST = max(WINDOWS.values())
# Kinds of actors whose trade no vendor calls organic.
MACHINES = ("bot", "tide")
# A reel is cut when so much of it, and more than half, is older than every window.
CUT = 256


class Trade(NamedTuple):
    """One swap; `price` is in lamports per raw unit, `usd` what passed the reserves."""

    time: int
    is_buy: bool
    usd: float
    price: float
    trader: str


@dataclass(slots=True)
class Side:
    """The purchases or the sales of one window; `traders` counts the trades of each."""

    count: int = 0
    usd: float = 0.0
    organic_usd: float = 0.0
    traders: dict[str, int] = field(default_factory=dict)

    def add(self, trade: Trade, *, is_organic: bool) -> None:
        """Take a trade in."""
        self.count += 1
        self.usd += trade.usd
        self.organic_usd += trade.usd if is_organic else 0.0
        self.traders[trade.trader] = self.traders.get(trade.trader, 0) + 1

    def drop(self, trade: Trade, *, is_organic: bool) -> None:
        """Let a trade go that has become too old."""
        self.count -= 1
        self.usd -= trade.usd
        self.organic_usd -= trade.usd if is_organic else 0.0
        left = self.traders[trade.trader] - 1
        if left:
            self.traders[trade.trader] = left
        else:
            del self.traders[trade.trader]
        if not self.count:
            # Sums of nothing are nothing, whatever was lost in rounding.
            self.usd = self.organic_usd = 0.0


@dataclass(slots=True)
class Window:
    """What happened within so many seconds; `before` is the last price older than that."""

    seconds: int
    head: int = 0
    before: float | None = None
    buys: Side = field(default_factory=Side)
    sells: Side = field(default_factory=Side)

    @property
    def usd(self) -> float:
        """The volume."""
        return self.buys.usd + self.sells.usd

    @property
    def count(self) -> int:
        """The number of trades."""
        return self.buys.count + self.sells.count

    @property
    def net_buyers(self) -> int:
        """How many bought and did not sell."""
        return len(self.buys.traders.keys() - self.sells.traders.keys())


class Reel:
    """The trades of one coin, oldest first, and its windows."""

    def __init__(self, machines: set[str]) -> None:
        self.machines = machines
        self.trades: list[Trade] = []
        self.windows = {name: Window(seconds) for name, seconds in WINDOWS.items()}

    def add(self, trade: Trade) -> None:
        """Take the newest trade in."""
        self.trades.append(trade)
        if len(self.trades) % CUT == 0:
            # Nobody may ever read it, and yet it must not grow for ever.
            self.advance(trade.time)
        organic = trade.trader not in self.machines
        for window in self.windows.values():
            (window.buys if trade.is_buy else window.sells).add(trade, is_organic=organic)

    def advance(self, now: int) -> None:
        """Let go of what has become too old at `now`, unix seconds."""
        trades = self.trades
        for window in self.windows.values():
            oldest = now - window.seconds
            while window.head < len(trades) and trades[window.head].time <= oldest:
                trade = trades[window.head]
                organic = trade.trader not in self.machines
                (window.buys if trade.is_buy else window.sells).drop(trade, is_organic=organic)
                window.before = trade.price
                window.head += 1
        least = min(window.head for window in self.windows.values())
        if least > CUT and least * 2 > len(trades):
            del trades[:least]
            for window in self.windows.values():
                window.head -= least

    def change(self, name: str, price: float) -> float | None:
        """Give by which part the price changed within a window; None when nobody traded in it."""
        window = self.windows[name]
        if not window.count:
            return None
        start = window.before or self.trades[window.head].price
        return price / start - 1


class Tape:
    """All reels, and how many hold each coin."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        world = engine.world
        actors = [*world.wallets.values(), *(world.quarter.wallets.values() if world.quarter
                                             else ())]  # fmt: skip
        self.machines = {actor.address for actor in actors if actor.kind in MACHINES}
        self.reels: dict[str, Reel] = {}
        self.holders: dict[str, int] = {}
        # Of each coin (moment, by how many) its holders changed, known from `since` on.
        self.changes: dict[str, deque[tuple[int, int]]] = {}
        self.since = engine.sim_ms(world.now) // 1000
        self._count()

    def _count(self) -> None:
        for account in self.engine.world.bank.tokens.values():
            if account.amount:
                self.holders[account.mint] = self.holders.get(account.mint, 0) + 1

    def dollars(self, moment: int) -> float:
        """Give the price of SOL at a moment, unix seconds."""
        prices = self.engine.prices
        place = bisect_right(prices, moment, key=lambda row: row[0])
        return prices[max(0, place - 1)][1] / 100

    def recall(self, rows: Iterable[tuple[str, int, int, int, int, int, str]]) -> None:
        """Take in kept swaps: mint, time, whether bought, lamports, the price's two, trader."""
        for mint, time, is_buy, lamports, price, units, trader in rows:
            usd = lamports / 1e9 * self.dollars(time)
            self._reel(mint).add(Trade(time, bool(is_buy), usd, price / units, trader))

    def take(self, block: Block) -> None:
        """Take in what a step of the market brought."""
        dollars = self.dollars(block.time)
        for outcome in block.outcomes:
            for trade, swap in zip(outcome.trades, outcome.swaps, strict=True):
                lamports, units = swap.price
                self._reel(swap.mint).add(
                    Trade(block.time, swap.is_buy, swap.lamports / 1e9 * dollars,
                          lamports / units, trade.wallet)
                )  # fmt: skip
            self._holders(outcome.record, block.time)

    def _holders(self, record: Record, time: int) -> None:
        if record.failure is not None:
            return
        before = {row[0]: row for row in record.pre_tokens}
        after = {row[0]: row for row in record.post_tokens}
        for number in before.keys() | after.keys():
            old, new = before.get(number), after.get(number)
            had, has = old is not None and old[4] > 0, new is not None and new[4] > 0
            row = new or old
            if had == has or row is None:
                continue
            step = 1 if has else -1
            self.holders[row[1]] = self.holders.get(row[1], 0) + step
            self.changes.setdefault(row[1], deque()).append((time, step))

    def _reel(self, mint: str) -> Reel:
        reel = self.reels.get(mint)
        if reel is None:
            reel = self.reels[mint] = Reel(self.machines)
        return reel

    def read(self, mint: str, now: int) -> Reel:
        """Give a coin's reel with its windows ending at `now`."""
        reel = self._reel(mint)
        reel.advance(now)
        return reel

    def held_by(self, mint: str) -> int:
        """Give how many hold a coin, those with too little to be kept an account for as well."""
        quarter = self.engine.world.quarter
        stall = quarter.stalls.get(mint) if quarter else None
        return self.holders.get(mint, 0) + (stall.dust if stall else 0)

    def holder_change(self, mint: str, seconds: int, now: int) -> float | None:
        """Give by which part the holders changed; None when the tape does not go back so far."""
        changes = self.changes.get(mint, ())
        while isinstance(changes, deque) and changes and changes[0][0] <= now - LONGEST:
            changes.popleft()
        if now - seconds < self.since:
            return None
        changed = sum(step for time, step in changes if time > now - seconds)
        earlier = self.held_by(mint) - changed
        return changed / earlier if earlier > 0 else None
