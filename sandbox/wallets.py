"""The actors: named whales, smart money and influencers; the crowd; tides that carry a story."""

from __future__ import annotations

from dataclasses import dataclass, field

SOL = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Character:
    """How an actor behaves. Sizes in lamports, times in minutes of market time."""

    name: str
    funds: tuple[int, int]
    size: tuple[int, int]
    hold: tuple[float, float]
    bags: int
    gain: float
    loss: float
    platform_share: float
    tip_share: float


CHARACTERS: dict[str, Character] = {
    kind.name: kind
    for kind in (
        Character("whale", (4_000 * SOL, 18_000 * SOL), (20 * SOL, 140 * SOL), (6, 90), 6,
                  1.35, 0.75, 0.0, 0.55),
        Character("smart", (300 * SOL, 1_500 * SOL), (2 * SOL, 18 * SOL), (2, 40), 7,
                  1.5, 0.72, 0.25, 0.6),
        Character("kol", (80 * SOL, 600 * SOL), (SOL, 8 * SOL), (1, 25), 7, 1.4, 0.65, 0.7, 0.3),
        Character("bot", (20 * SOL, 120 * SOL), (SOL // 10, SOL), (0.1, 3), 4, 1.1, 0.9, 0.1, 0.9),
        Character("tourist", (2 * SOL, 30 * SOL), (SOL // 20, 2 * SOL), (3, 200), 5,
                  1.9, 0.4, 0.6, 0.05),
        Character("tide", (2_000 * SOL, 6_000 * SOL), (2 * SOL, 7 * SOL), (1, 2), 40,
                  9.0, 0.0, 0.0, 0.8),
        Character("creator", (30 * SOL, 90 * SOL), (SOL // 4, 2 * SOL), (4, 60), 30,
                  3.0, 0.0, 0.1, 0.3),
        Character("loser", (8 * SOL, 60 * SOL), (SOL // 20, 2 * SOL), (1, 60), 4,
                  9.0, 1.0, 0.4, 0.2),
        Character("collector", (SOL, 2 * SOL), (0, 0), (0, 0), 0, 0.0, 0.0, 0.0, 0.0),
        Character("nibbler", (20 * SOL, 90 * SOL), (SOL, 6 * SOL), (1, 60), 3,
                  9.0, 0.0, 0.3, 0.3),
        Character("hopper", (20 * SOL, 90 * SOL), (SOL // 2, 5 * SOL), (1, 60), 3,
                  9.0, 0.0, 0.1, 0.5),
    )
}  # fmt: skip

NAMED: tuple[tuple[str, str], ...] = (
    ("Yenni", "whale"), ("Old Harbour", "whale"), ("Tidewater", "whale"), ("Marrow", "whale"),
    ("The Quiet Desk", "whale"), ("Kestrel", "whale"), ("North Basin", "whale"),
    ("Abacus", "smart"), ("Lantern", "smart"), ("Second Mover", "smart"), ("Fennel", "smart"),
    ("Graphite", "smart"), ("Nightshift", "smart"), ("Paper Crane", "smart"), ("Quill", "smart"),
    ("Bigbrain Benny", "kol"), ("Mira Calls", "kol"), ("Sir Candle", "kol"), ("Dexter Dips", "kol"),
    ("Lady Liquidity", "kol"), ("Coach Chart", "kol"), ("Juno", "kol"), ("Wen Wendell", "kol"),
    ("Pocket Rocket", "kol"),
)  # fmt: skip
BOTS, TOURISTS, CREATORS, TIDES = 30, 58, 8, 6
USUAL_WALLETS = len(NAMED) + BOTS + TOURISTS + CREATORS + TIDES
# Whoever comes beside the usual wallets, in turn; the last four have one habit each.
FURTHER = ("tourist", "bot", "loser", "tourist", "bot", "nibbler", "tourist", "hopper", "tourist",
           "bot", "collector", "tourist")  # fmt: skip
HABITS = ("loser", "collector", "nibbler", "hopper")


@dataclass(slots=True)
class Bag:
    """What an actor remembers of a holding: when it began and what it cost so far."""

    since: int
    spent: int
    until: int


@dataclass(slots=True)
class Wallet:
    """One actor; `platform` is the trading bot it uses, or -1."""

    address: str
    nickname: str
    kind: str
    platform: int
    bags: dict[str, Bag] = field(default_factory=dict)

    @property
    def character(self) -> Character:
        """The rules it acts by."""
        return CHARACTERS[self.kind]

    @property
    def named(self) -> bool:
        """Whether it is one of the wallets worth following."""
        return bool(self.nickname)
