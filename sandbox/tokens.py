"""Coins: their names, their place of trade and the story their price will follow."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sandbox.venues import Curve, SwapPool, Venue

MINUTE = 60_000
FIRST = ("Moon", "Based", "Turbo", "Sad", "Giga", "Tiny", "Cosmic", "Retro", "Lazy", "Quantum",
         "Salty", "Golden", "Feral", "Polite", "Cyber", "Sleepy", "Grumpy", "Lucky", "Silent",
         "Electric")  # fmt: skip
SECOND = ("Otter", "Pickle", "Goblin", "Penguin", "Toaster", "Hamster", "Wizard", "Noodle",
          "Badger", "Pigeon", "Lobster", "Cactus", "Raccoon", "Walrus", "Muffin", "Frog",
          "Yeti", "Capybara", "Gecko", "Llama", "Pretzel", "Sloth", "Beaver")  # fmt: skip
FULL_CURVE = 85_000_000_000
STORIES = ("pump", "rug", "slow", "runner", "dud")
STORY_WEIGHTS = (26, 14, 24, 14, 22)


@dataclass(slots=True)
class Token:
    """A coin. Times are milliseconds of market time; `peak` and `end` shape its story."""

    mint: str
    name: str
    symbol: str
    uri: str
    program: str
    creator: str
    story: str
    born: int
    peak: int
    end: int
    venue: Venue
    pair_born: int
    number: int
    boosts: int = 0
    dead: bool = False
    trades: int = 0

    @property
    def place(self) -> str:
        """The DexScreener name of where it trades."""
        if isinstance(self.venue, Curve):
            return "pumpfun"
        return "pumpswap" if isinstance(self.venue, SwapPool) else "raydium"

    def appetite(self, now: int) -> float:
        """Give how much the market cares at `now`: the weight of being picked for a purchase."""
        if self.dead or now >= self.end:
            return 0.02
        age = now - self.born
        if now < self.peak:
            heat = 0.6 + 2.4 * (now - self.born) / max(1, self.peak - self.born)
        else:
            heat = 3.0 * (1 - (now - self.peak) / max(1, self.end - self.peak)) ** 2 + 0.1
        if self.story == "dud":
            heat *= 0.35
        if self.story == "runner":
            heat *= 1.5
        if age < 3 * MINUTE:
            heat *= 1.6
        if isinstance(self.venue, Curve) and self.story in ("pump", "runner", "rug"):
            # Attention feeds on itself: a curve that fills is bought until it is full.
            heat *= 1.5 + 9 * self.venue.real_sol / FULL_CURVE
        return heat

    def mood(self, now: int) -> float:
        """Give how strongly holders want to sell at `now`, 1 being usual."""
        if self.dead or now >= self.end:
            return 0.3
        if self.story == "rug" and now >= self.peak:
            return 4.0
        return 0.4 if now < self.peak else 1.6


def name_coin(rng: Random, number: int) -> tuple[str, str]:
    """Invent a name and a symbol; the number keeps repeats apart."""
    first, second = rng.choice(FIRST), rng.choice(SECOND)
    symbol = (first[:2] + second[:4]).upper()
    if number % 3 == 0:
        symbol = second.upper()
    return f"{first} {second}", symbol


def tell_story(rng: Random, now: int, *, graduated: bool) -> tuple[str, int, int]:
    """Choose a story with the times of its peak and its end."""
    story = rng.choices(STORIES, STORY_WEIGHTS)[0]
    if graduated and story == "dud":
        story = "slow"
    rise = {"pump": (8, 45), "rug": (5, 25), "slow": (20, 90), "runner": (60, 400), "dud": (2, 8)}
    fall = {"pump": (30, 180), "rug": (3, 10), "slow": (120, 500), "runner": (200, 900),
            "dud": (20, 90)}  # fmt: skip
    factor = 3 if graduated else 1
    peak = now + int(rng.uniform(*rise[story]) * MINUTE * factor)
    return story, peak, peak + int(rng.uniform(*fall[story]) * MINUTE * factor)


def curve_of(token: Token) -> Curve:
    """Give the coin's curve; a TypeError says the caller mixed up venues."""
    if not isinstance(token.venue, Curve):
        raise TypeError(f"{token.mint} trades on {token.place}, not on a curve")
    return token.venue


def pool_of(token: Token) -> SwapPool:
    """Give the coin's PumpSwap pool; a TypeError says the caller mixed up venues."""
    if not isinstance(token.venue, SwapPool):
        raise TypeError(f"{token.mint} trades on {token.place}, not on PumpSwap")
    return token.venue


def market_value(token: Token, supply: int) -> int:
    """Give the value in lamports of all units at the present price."""
    lamports, raw_units = token.venue.price()
    return supply * lamports // raw_units
