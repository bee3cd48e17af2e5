"""Trade at one stall: who buys, who sells, and how much of it moves a price where it shall go."""

from __future__ import annotations

from math import exp, log, sqrt

from sandbox.addresses import TOKEN, TOKEN22, WSOL, ata
from sandbox.bank import OverdraftError
from sandbox.builder import Builder
from sandbox.desk import Desk, Outcome
from sandbox.instructions import pay, wrap
from sandbox.liquidity import deposit, stake_for, withdraw
from sandbox.moves import Moves
from sandbox.plots import Phase, Visit
from sandbox.quarter import Quarter, Stall
from sandbox.tokens import Token, pool_of
from sandbox.venues import Curve, Fill
from sandbox.wallets import SOL, Wallet

LEAST_BUDGET = SOL // 12
# A single trade is never more than such a share of the quote.
MOST_BOUGHT, MOST_SOLD = 0.032, 0.05
ALLOWANCE = 400 * SOL
TRIES = 5


class QuietDesk(Desk):
    """Leaves an actor's wrapped SOL as it was, so that no other market notices."""

    closes_emptied = 1.0
    spare = 0

    def _tidies(self, *, had_some: bool) -> bool:
        return not had_some

    def _swap_out(self, tx: Builder, wallet: Wallet, token: Token, fill: Fill) -> int:
        change = tx.bank.tokens.get(ata(wallet.address, WSOL, TOKEN))
        kept = None if change is None else change.amount
        spot = super()._swap_out(tx, wallet, token, fill)
        if kept is not None and not isinstance(token.venue, Curve):
            wrap(tx, wallet.address, kept)
        return spot


class Stalls:
    """Makes the trades of the bazaar; methods give the transactions made, which may be none."""

    def __init__(self, quarter: Quarter) -> None:
        self.quarter = quarter
        self.desk = QuietDesk(quarter)
        self.moves = Moves(self.desk)

    def everyday(self, stall: Stall) -> list[Outcome]:
        """Trade as on any day: round a fair price, a purchase rather after a sale."""
        rng = self.quarter.rng
        stall.fair *= exp(rng.gauss(0, 0.005))
        stall.fair += (stall.home - stall.fair) * 0.003
        pull = max(-1.0, min(1.0, log(stall.fair / stall.price) / 0.03))
        buys = rng.random() < 0.5 + 0.3 * pull - 0.15 * stall.lean
        share = stall.size * exp(rng.gauss(0, 0.7))
        return self.buy(stall, share) if buys else self.sell(stall, share, whole=True, loyal=0.0)

    def along(self, stall: Stall, phase: Phase, target: float) -> list[Outcome]:
        """Trade so that the price gets where the phase wants it."""
        rng = self.quarter.rng
        gap = log(target / stall.price)
        usual = phase.churn * rng.uniform(0.5, 1.5)
        if rng.random() < phase.buys:
            wanted = (sqrt(exp(gap)) - 1) * rng.uniform(0.7, 1.25) if gap > 0 else 0.0
            return self.buy(stall, max(usual, wanted))
        wanted = (1 - sqrt(exp(gap))) * rng.uniform(0.7, 1.25) if gap < 0 else 0.0
        return self.sell(stall, max(usual * 0.7, wanted), whole=False, loyal=phase.loyal)

    def buy(self, stall: Stall, share: float) -> list[Outcome]:
        """Let a stranger buy for such a share of the pool's quote."""
        quarter = self.quarter
        budget = int(quarter.depth(stall) * min(share, MOST_BOUGHT))
        wallet = self._newcomer(stall)
        made = self._fund(wallet, budget)
        bought = self.desk.buy(wallet, stall.token, max(budget, LEAST_BUDGET), fails=False)
        if bought is not None:
            stall.lean = 1
            made.append(bought)
            if wallet.address not in stall.holders:
                stall.holders.append(wallet.address)
        return made

    def _newcomer(self, stall: Stall) -> Wallet:
        """Draw a stranger, rather one who does not hold the coin yet."""
        rng, quarter = self.quarter.rng, self.quarter
        address = rng.choice(quarter.strangers)
        for _ in range(TRIES):
            if address not in stall.holders:
                break
            address = rng.choice(quarter.strangers)
        return quarter.wallets[address]

    def _fund(self, wallet: Wallet, budget: int) -> list[Outcome]:
        quarter = self.quarter
        if quarter.bank.lamports[wallet.address] > budget * 5 // 4 + SOL:
            return []
        sent = self.moves.send_sol(quarter.exchange, wallet.address, budget + ALLOWANCE)
        return [sent] if sent else []

    def sell(self, stall: Stall, share: float, *, whole: bool, loyal: float) -> list[Outcome]:
        """Let a holder sell: all that is held if `whole`, else what such a share of quote is.

        An old holder sells instead by the chance `loyal`, and when nobody else holds enough.
        """
        rng, quarter = self.quarter.rng, self.quarter
        lamports, units = stall.token.venue.price()
        raw = int(quarter.depth(stall) * min(share, MOST_SOLD)) * units // lamports
        if stall.holders and rng.random() >= loyal:
            place = rng.randrange(-(-len(stall.holders) // 2))
            address = stall.holders[place]
            held = quarter.held(stall, address)
            part = held if whole or held < raw * 3 // 2 else raw
            sold = self._sell_as(stall, address, part)
            if part == held:
                # Sold, or worth less than selling costs and kept for ever.
                stall.holders.pop(place)
            if sold:
                return sold
        return self._sell_old(stall, raw)

    def _sell_old(self, stall: Stall, raw: int) -> list[Outcome]:
        rng = self.quarter.rng
        for _ in range(TRIES if stall.elders else 0):
            address = rng.choice(stall.elders)
            part = min(raw, self.quarter.held(stall, address) // 2)
            sold = self._sell_as(stall, address, part)
            if sold:
                return sold
        return []

    def _sell_as(self, stall: Stall, address: str, raw: int) -> list[Outcome]:
        if raw <= 0:
            return []
        wallet = self.quarter.wallets[address]
        sold = self.desk.sell(wallet, stall.token, raw, fails=False)
        if sold is None:
            return []
        stall.lean = -1
        return [sold]

    def visit(self, stall: Stall, visit: Visit) -> list[Outcome]:
        """Let a guest buy or sell, or a provider add or take out liquidity."""
        if visit.deed in ("deposit", "withdraw"):
            return self._provide(stall, visit)
        quarter = self.quarter
        guest = quarter.guests[visit.address]
        before = quarter.bank.lamports[guest.address]
        if visit.deed == "buy":
            budget = min(int(visit.size * SOL), int(quarter.depth(stall) * 0.05))
            made = self.desk.buy(guest, stall.token, budget, fails=False)
        else:
            raw = quarter.held(stall, guest.address)
            made = self.desk.sell(guest, stall.token, raw, fails=False) if raw else None
        if made is None:
            return []
        return [made, *self._settle(guest, quarter.bank.lamports[guest.address] - before)]

    def _settle(self, guest: Wallet, gained: int) -> list[Outcome]:
        """Even out what a guest gained: whatever else it does, it has the money it always had."""
        exchange = self.quarter.exchange
        if gained <= 0:
            sent = self.moves.send_sol(exchange, guest.address, -gained)
            return [sent] if sent else []
        tx = self.desk.builder(exchange, eager=False)
        pay(tx, guest.address, exchange, gained)
        self.quarter.ledger.fee(exchange, tx.charge())
        return [Outcome(tx.finish())]

    def _provide(self, stall: Stall, visit: Visit) -> list[Outcome]:
        quarter, user, token = self.quarter, visit.address, stall.token
        pool = pool_of(token)
        held = quarter.bank.tokens.get(ata(user, pool.lp_mint, TOKEN22))
        tx = self.desk.builder(user, eager=True, large=True)
        try:
            if visit.deed == "deposit":
                stake = stake_for(quarter.bank, pool, int(pool.quote * visit.size))
                short = stake.base > quarter.held(stall, user)
                if short:
                    return []
                deposit(tx, token, user, stake, now=quarter.seconds)
                quarter.ledger.send(user, token.mint, stake.base)
            elif held is not None and held.amount:
                stake = withdraw(tx, token, user, held.amount, now=quarter.seconds)
                quarter.ledger.receive(user, token.mint, stake.base)
            else:
                return []
            quarter.ledger.fee(user, tx.charge())
        except OverdraftError:
            quarter.bank.rollback()
            return []
        return [Outcome(tx.finish())]
