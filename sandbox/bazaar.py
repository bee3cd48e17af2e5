"""The bazaar at work: whose turn it is, and what is planted where and when.

It runs behind the steps of the usual market with dice of its own and decides nothing there.
"""

from __future__ import annotations

from heapq import heappop, heappush

from sandbox.desk import Outcome
from sandbox.plots import (
    EVERY_MINUTES,
    FALSE_AT,
    JUDGED_MINUTES,
    KINDS,
    RISE_SHARE,
    STAKE_LAMPORTS,
    TRUE_AT,
    Plot,
    Visit,
    write,
)  # fmt: skip
from sandbox.quarter import STAGED, Quarter, Stall
from sandbox.stalls import Stalls
from sandbox.tokens import MINUTE
from sandbox.venues import Curve
from sandbox.wallets import SOL
from sandbox.world import World

# Long before the present the bazaar is nearly asleep; this much of history has its usual pace.
AWAKE_MINUTES = 63
ASLEEP = 48
MOST_PLOTS = 5_000
DRAWN = -1
DEV_BUYS = (3 * SOL // 10, 8 * SOL // 10)


class Bazaar:
    """Acts once a step; everything it decides is in the quarter."""

    def __init__(self, world: World, quarter: Quarter, history_ms: int) -> None:
        self.world = world
        self.quarter = quarter
        self.stalls = Stalls(quarter)
        self.awake = max(0, history_ms - AWAKE_MINUTES * MINUTE)
        # (moment, turn of the stall, mint), the next first.
        self.agenda: list[tuple[int, int, str]] = []
        # (moment, place of the kind, whether it rises), the next first; the last is drawn when -1.
        self.plays: list[tuple[int, int, int]] = []
        for stall in quarter.stalls.values():
            self._next(stall, 0)
        for place in range(len(KINDS)):
            # All kinds are met within an hour of the present.
            at = self.awake + int((25 + 12 * place + quarter.rng.uniform(0, 8)) * MINUTE)
            heappush(self.plays, (at, place, DRAWN))

    def act(self) -> list[Outcome]:
        """Make every trade that is due by now."""
        world, quarter = self.world, self.quarter
        quarter.now, quarter.seconds = world.now, world.seconds
        made: list[Outcome] = []
        while self.plays and self.plays[0][0] <= world.now:
            made += self._open_play(*heappop(self.plays))
        while self.agenda and self.agenda[0][0] <= world.now:
            at, turn, mint = heappop(self.agenda)
            stall = quarter.stalls.get(mint)
            if stall is None or stall.turn != turn:
                continue
            made += self._turn(stall)
            if stall.closes is not None and world.now >= stall.closes:
                self._close(stall)
            else:
                self._next(stall, at)
        return made

    def order(self, kind: str, *, rises: bool) -> None:
        """Let an event of a kind begin with the next step, beside those that are due anyway."""
        heappush(self.plays, (self.world.now, KINDS.index(kind), int(rises)))

    def _open_play(self, at: int, place: int, rises: int) -> list[Outcome]:
        rng = self.quarter.rng
        if rises != DRAWN:
            return self._plant(KINDS[place], rises=bool(rises))
        made = self._plant(KINDS[place], rises=rng.random() < RISE_SHARE)
        pause = EVERY_MINUTES * MINUTE * rng.uniform(0.7, 1.3)
        heappush(self.plays, (at + int(pause), place, DRAWN))
        return made

    def _plant(self, kind: str, *, rises: bool) -> list[Outcome]:
        """Begin an event of a kind at the stall that had none for longest; none may be free."""
        quarter = self.quarter
        made: list[Outcome] = []
        if kind not in STAGED:
            made, stall = self._launch()
        else:
            free = [s for s in quarter.stalls.values() if s.role == kind and s.plot is None]
            stall = min(free, key=lambda one: (one.rested, one.token.number), default=None)
        if stall is None:
            return made
        phases, pattern = write(quarter.rng, kind, rises=rises)
        plot = Plot(len(quarter.plots), kind, stall.token.mint, quarter.now,
                    quarter.seconds, rises, phases,
                    pattern, quarter.now, stall.price)  # fmt: skip
        plot.visits = self._visits(plot)
        stall.plot = stall.judged = plot
        quarter.plots.append(plot)
        del quarter.plots[:-MOST_PLOTS]
        self._next(stall, quarter.now)
        return made

    def _launch(self) -> tuple[list[Outcome], Stall | None]:
        quarter = self.quarter
        creator = quarter.wallets[quarter.rng.choice(quarter.creators)]
        launched = self.stalls.moves.launch(creator, quarter.rng.randrange(*DEV_BUYS))
        if launched is None:
            return [], None
        return [launched], quarter.adopt(quarter.coins[launched.trades[0].mint])

    def _visits(self, plot: Plot) -> list[Visit]:
        quarter, now = self.quarter, plot.at
        rng, after = quarter.rng, plot.phases[plot.pattern]
        length = int(plot.phases[0].minutes * MINUTE)
        leave = now + length + int(after.minutes * MINUTE * (0.9 if plot.rises else 3.0))
        if plot.kind == "deep_liquidity":
            provider = quarter.providers[plot.kind]
            visits = [
                Visit(now + MINUTE, provider, "deposit", rng.uniform(0.2, 0.26)),
                Visit(now + length // 2, provider, "deposit", rng.uniform(0.1, 0.14)),
            ]
            return [*visits, Visit(leave, provider, "withdraw")]
        if plot.kind != "whale_confluence":
            return []
        kinds = {"whale": (14, 28), "smart": (5, 13)}
        able = [who for who, guest in quarter.guests.items() if guest.kind in kinds]
        visits = []
        for place, who in enumerate(rng.sample(able, rng.choice((4, 5, 5)))):
            came = now + int((place + rng.uniform(0.2, 0.9)) * length / 5)
            size = rng.uniform(*kinds[quarter.guests[who].kind])
            gone = leave + int(rng.uniform(0, 30) * MINUTE)
            visits += [Visit(came, who, "buy", size), Visit(gone, who, "sell")]
        return sorted(visits, key=lambda visit: visit.at)

    def _turn(self, stall: Stall) -> list[Outcome]:
        plot, now = stall.plot, self.quarter.now
        made = self.stalls.everyday(stall) if plot is None else self._play(stall, plot)
        if stall.judged is not None:
            self._judge(stall, stall.judged, now)
        return made

    def _play(self, stall: Stall, plot: Plot) -> list[Outcome]:
        now, made = self.quarter.now, []
        while plot.visits and plot.visits[0].at <= now:
            made += self.stalls.visit(stall, plot.visits.pop(0))
        venue, phase = stall.token.venue, plot.phase
        if phase is not None and isinstance(venue, Curve) and venue.complete:
            made.append(self.stalls.moves.migrate(stall.token))
            self._turn_page(stall, plot, now)
        elif phase is not None and not phase.fills and now >= plot.phase_at + _ms(phase.minutes):
            self._turn_page(stall, plot, plot.phase_at + _ms(phase.minutes))
        phase = plot.phase
        if phase is not None:
            return made + self.stalls.along(stall, phase, plot.target(now))
        if not plot.visits:
            stall.plot, stall.rested = None, now
        return made + self.stalls.everyday(stall)

    def _turn_page(self, stall: Stall, plot: Plot, at: int) -> None:
        phase = plot.phases[plot.place]
        wanted = plot.phase_price if phase.fills else plot.phase_price * phase.factor
        plot.phase_price = stall.price if phase.fills else wanted
        plot.phase_at, plot.place = at, plot.place + 1
        if plot.place == plot.pattern:
            plot.pattern_end, plot.end_seconds = self.quarter.now, self.quarter.seconds
            bought = stall.token.venue.buy(STAKE_LAMPORTS)
            plot.tokens = bought.tokens if bought else 0
            plot.phase_price = stall.price
        if plot.phase is None:
            stall.fair = stall.price
            if stall.closes is not None:
                stall.home = stall.price

    def _judge(self, stall: Stall, plot: Plot, now: int) -> None:
        if plot.pattern_end is None:
            return
        share = stall.token.venue.sell(plot.tokens).received / STAKE_LAMPORTS
        if plot.verdict is None:
            plot.best = max(plot.best, share)
            if share >= TRUE_AT or share <= FALSE_AT:
                plot.verdict = share >= TRUE_AT
            elif now >= plot.pattern_end + _ms(JUDGED_MINUTES):
                plot.verdict = False
        if plot.verdict is not None:
            stall.judged = None

    def _next(self, stall: Stall, at: int) -> None:
        """Put the stall's next turn on the agenda; one put there before counts no more."""
        rng = self.quarter.rng
        phase = stall.plot.phase if stall.plot else None
        gap = MINUTE / phase.per_minute if phase else stall.gap
        due = at + int(gap * rng.uniform(0.5, 1.5)) + 1
        if phase is None and at < self.awake:
            due = min(at + int(gap * ASLEEP * rng.uniform(0.2, 1.8)),
                      self.awake + int(gap * rng.random()))  # fmt: skip
        stall.turn += 1
        heappush(self.agenda, (due, stall.turn, stall.token.mint))

    def _close(self, stall: Stall) -> None:
        mint = stall.token.mint
        stall.token.dead = True
        del self.quarter.stalls[mint]
        self.world.graveyard[mint] = self.quarter.coins.pop(mint)


def _ms(minutes: float) -> int:
    return int(minutes * MINUTE)
