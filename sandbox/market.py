"""What the actors want: one call chooses an actor and what it does next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate

from sandbox.addresses import ata
from sandbox.desk import Desk, Outcome
from sandbox.habits import Habits
from sandbox.moves import Moves
from sandbox.tokens import MINUTE, Token
from sandbox.venues import Curve, RaydiumPool
from sandbox.wallets import SOL, Bag, Wallet
from sandbox.world import World

LEAST_ALIVE = 46
# Stories whose price is carried up before it falls.
RISING = ("pump", "runner", "rug")
NAMED_SHARE = 0.25
MOST_UNNAMED = 6
TIDE_SHARE = 0.16
HABIT_SHARE = 0.2
FAIL_SHARE = 0.035
RESERVE = SOL // 4


class Market:
    """Draws from the world's own random numbers only, so a seed fixes every decision."""

    def __init__(self, world: World) -> None:
        self.world = world
        # Turns since a wallet worth following traded: somebody may be watching.
        self.unnamed = 0
        self.weighed_at = -1
        self.weighed: list[Token] = []
        self.tables: dict[str, list[float]] = {}
        self.desk = Desk(world)
        self.moves = Moves(self.desk)

    def act(self) -> Outcome | None:
        """Let one actor do one thing; None when it found nothing to do."""
        world, rng = self.world, self.world.rng
        due = next((t for t in world.coins.values()
                    if isinstance(t.venue, Curve) and t.venue.complete), None)  # fmt: skip
        if due is not None:
            return self.moves.migrate(due)
        if rng.random() < (0.05 if len(self.alive()) < LEAST_ALIVE else 0.006):
            creator = world.wallets[rng.choice(world.creators)]
            self.weighed_at = -1
            return self.moves.launch(creator, rng.randrange(SOL // 5, 3 * SOL))
        if rng.random() < 0.004:
            return self._airdrop()
        if rng.random() < TIDE_SHARE:
            return self._tide()
        if world.habitual and rng.random() < HABIT_SHARE:
            return Habits(self).turn(world.wallets[rng.choice(world.habitual)])
        self.unnamed += 1
        named = rng.random() < NAMED_SHARE or self.unnamed > MOST_UNNAMED
        pool = world.named if named else world.crowd
        if rng.random() < 0.04:
            pool = world.creators
        outcome = self._turn(world.wallets[rng.choice(pool)])
        if pool is world.named and outcome is not None and outcome.trades:
            self.unnamed = 0
        return outcome

    def alive(self) -> list[Token]:
        """Give the coins whose story is not over."""
        world = self.world
        return [t for t in world.coins.values() if not t.dead and world.now < t.end]

    def bury(self) -> None:
        """Take coins out of the market that nobody wants any more, but keep them known."""
        world = self.world
        for token in list(world.coins.values()):
            if not token.dead and world.now >= token.end + 30 * MINUTE:
                token.dead = True
            if token.dead and world.now >= token.end + 600 * MINUTE:
                world.graveyard[token.mint] = world.coins.pop(token.mint)

    def _tide(self) -> Outcome | None:
        """Let big money push a coin up until its peak and leave it afterwards."""
        world, rng = self.world, self.world.rng
        tokens = [t for t in self.alive() if t.story in RISING]
        if not tokens:
            return None
        token = rng.choices(tokens, [t.appetite(world.now) for t in tokens])[0]
        wallet = world.wallets[world.tides[token.number % len(world.tides)]]
        cash = world.bank.lamports[wallet.address]
        if cash < 100 * SOL:
            amount = rng.randrange(1_000 * SOL, 3_000 * SOL)
            return self.moves.send_sol(world.exchange, wallet.address, amount)
        listed = not isinstance(token.venue, Curve)
        held = self.held(wallet, token.mint)
        resting = listed and held is not None and rng.random() < 0.4
        if world.now < token.peak and not resting:
            depth = token.venue.price()[0]
            size = min(max(2 * SOL, depth // (70 if listed else 30)), 30 * SOL)
            budget = int(size * rng.uniform(0.6, 1.8))
            return self.desk.buy(wallet, token, budget, fails=self.fails())
        if held is None:
            return None
        part = 1 if token.story == "rug" else rng.choice((1, 2, 3, 4))
        return self.desk.sell(wallet, token, held[1] // part, fails=False)

    def _turn(self, wallet: Wallet) -> Outcome | None:
        world, rng = self.world, self.world.rng
        cash = world.bank.lamports.get(wallet.address, 0) - RESERVE
        kind = wallet.character
        if cash < kind.size[0] * 3:
            sold = self._sell(wallet, forced=True) if rng.random() < 0.6 else None
            amount = rng.randrange(kind.funds[0] // 3, kind.funds[1] // 3)
            return sold or self.moves.send_sol(world.exchange, wallet.address, amount)
        if cash > kind.funds[1] * 2:
            return self.moves.send_sol(wallet.address, world.exchange, cash // 2)
        draw = rng.random()
        if draw < 0.012 and wallet.bags:
            return self._gift(wallet)
        if draw < 0.05 and wallet.bags:
            routed = self._route(wallet)
            if routed is not None:
                return routed
        choices: list[Callable[[], Outcome | None]] = [
            lambda: self._sell(wallet, forced=len(wallet.bags) >= kind.bags),
            lambda: self._buy(wallet, cash),
        ]
        if len(wallet.bags) < kind.bags and rng.random() < 0.35:
            choices.reverse()
        return choices[0]() or choices[1]()

    def fails(self) -> bool:
        """Draw whether a swap misses its limit."""
        return self.world.rng.random() < FAIL_SHARE

    def _buy(self, wallet: Wallet, cash: int) -> Outcome | None:
        rng, kind = self.world.rng, wallet.character
        if len(wallet.bags) >= kind.bags + 2:
            return None
        token = self.pick(wallet)
        if token is None:
            return None
        least, most = kind.size
        size = int(least * (most / least) ** rng.random())
        depth = token.venue.price()[0]
        size = min(size, cash // 2, max(depth // 6, SOL // 20))
        if size < SOL // 50:
            return None
        if rng.random() < 0.25:
            size = max(SOL // 20, size // (SOL // 20) * (SOL // 20))
        return self.desk.buy(wallet, token, size, fails=self.fails())

    def pick(self, wallet: Wallet) -> Token | None:
        """Draw a coin to buy, by what the market and the wallet's character care for."""
        world = self.world
        # Appetites change slowly; weighing all coins for every purchase would cost the most.
        if self.weighed_at < 0 or world.now - self.weighed_at >= MINUTE // 2:
            self.weighed_at, self.weighed = world.now, list(world.coins.values())
            self.tables = {}
        if not self.weighed:
            return None
        table = self.tables.get(wallet.kind)
        if table is None:
            table = self.tables[wallet.kind] = list(accumulate(self._weights(wallet)))
        return world.rng.choices(self.weighed, cum_weights=table)[0]

    def _weights(self, wallet: Wallet) -> Iterator[float]:
        world = self.world
        for token in self.weighed:
            heat = token.appetite(world.now)
            deep = token.venue.price()[0] > 200 * SOL
            if wallet.kind == "whale":
                heat *= 3.0 if deep else 0.15
            elif wallet.kind in ("smart", "bot") and isinstance(token.venue, Curve):
                heat *= 2.0
            if wallet.kind == "smart" and token.story in RISING and world.now < token.peak:
                heat *= 4.0
            yield heat

    def held(self, wallet: Wallet, mint: str) -> tuple[Token, int] | None:
        """Give a coin that still trades and the raw units held of it; None when there are none."""
        token = self.world.coins.get(mint)
        if token is None:
            return None
        key = ata(wallet.address, mint, token.program)
        raw = self.world.bank.balance(wallet.address, mint, key)
        return (token, raw) if raw else None

    def _sell(self, wallet: Wallet, *, forced: bool) -> Outcome | None:
        world, rng, kind = self.world, self.world.rng, wallet.character
        mints = list(wallet.bags)
        rng.shuffle(mints)
        for mint in mints:
            held = self.held(wallet, mint)
            if held is None:
                wallet.bags.pop(mint)
                continue
            token, raw = held
            bag = wallet.bags[mint]
            worth = token.venue.sell(raw).received
            gain = worth / bag.spent if bag.spent else 1.0
            urge = token.mood(world.now) * 0.08
            if wallet.kind == "smart" and world.now < token.peak and kind.loss < gain < kind.gain:
                continue
            if wallet.kind == "smart" and world.now >= token.peak:
                urge = 0.6
            if gain >= kind.gain or gain <= kind.loss or world.now >= bag.until:
                urge = 0.75
            if rng.random() < urge or forced:
                return self._part(wallet, token, raw, bag)
        return None

    def _part(self, wallet: Wallet, token: Token, raw: int, bag: Bag) -> Outcome | None:
        rng = self.world.rng
        part = rng.choice((1, 1, 1, 1, 1, 2, 2, 3))
        amount = raw if part == 1 else raw // part
        outcome = self.desk.sell(wallet, token, amount, fails=self.fails())
        if outcome is None and part > 1:
            outcome = self.desk.sell(wallet, token, raw, fails=False)
        if outcome is None:
            # Worth less than the fees of selling: the bag is forgotten, not sold.
            wallet.bags.pop(token.mint, None)
        elif outcome.trades and token.mint in wallet.bags:
            bag.spent -= bag.spent * amount // raw
        return outcome

    def _route(self, wallet: Wallet) -> Outcome | None:
        rng, world = self.world.rng, self.world
        held = self.held(wallet, rng.choice(list(wallet.bags)))
        targets = [t for t in world.coins.values() if isinstance(t.venue, RaydiumPool)]
        if held is None or not targets:
            return None
        return self.moves.route(wallet, held[0], rng.choice(targets), held[1])

    def _gift(self, wallet: Wallet) -> Outcome | None:
        rng, world = self.world.rng, self.world
        held = self.held(wallet, rng.choice(list(wallet.bags)))
        other = world.wallets[rng.choice(world.named + world.crowd)]
        if held is None or other is wallet:
            return None
        token, raw = held
        return self.moves.send_tokens(wallet, other, token, raw // rng.choice((1, 2, 5)) or raw)

    def _airdrop(self) -> Outcome | None:
        world, rng = self.world, self.world.rng
        owned = sorted(world.bank.owned.get(world.airdropper, ()))
        held = [world.bank.tokens[key] for key in owned]
        if not held or rng.random() < 0.3:
            dropper = Wallet(world.airdropper, "", "creator", -1)
            token = rng.choice(self.alive())
            return self.desk.buy(dropper, token, rng.randrange(SOL // 2, 3 * SOL), fails=False)
        account = rng.choice(held)
        known = world.coins.get(account.mint)
        lucky = [world.wallets[key] for key in rng.sample(world.named + world.crowd, 4)]
        if known is None or account.amount < 8_000:
            return None
        return self.moves.airdrop(known, account.amount // 24, lucky)
