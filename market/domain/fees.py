"""What venues take of a swap: one table, with dates and sources, for every reckoning in the house.

Points are hundredths of a per cent. Where an event of the venue tells another fee than the table,
the told one counts: creators may set their own, and pools made by strangers pay a flat one.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from aura.core.solana import LAMPORTS_PER_SOL

WHOLE: Final = 10_000
# The supply a launchpad's market values are reckoned with: a billion tokens of six decimals.
LAUNCH_SUPPLY_RAW: Final = 10**15

# input: off what goes in. quote: off the SOL, before it goes in or after it comes out. on top: a
# buyer pays it beside what goes in, a seller gets less.
Side = Literal["input", "quote", "on top"]


@dataclass(frozen=True, slots=True)
class Fee:
    """A venue's fee: parts in points, each rounded up by itself, and where it is taken.

    `spare_raw` is what a purchase keeps back in raw quote units because the venue rounds its
    price up by more than one. `locked_raw` tokens of the reserve price the others and are never
    sold: a curve that has only them left is complete and waits for its migration.
    """

    points: tuple[int, ...]
    side: Side = "input"
    spare_raw: int = 0
    locked_raw: int = 0

    @property
    def total(self) -> int:
        """All parts together, in points."""
        return sum(self.points)

    def on(self, amount: int) -> int:
        """Return the fee on an amount, every part rounded up."""
        return sum(-(-amount * part // WHOLE) for part in self.points)


def _floor(tier: tuple[int, tuple[int, ...]]) -> int:
    return tier[0]


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a venue has taken since a moment: parts by market value in SOL, from each floor on."""

    since: datetime
    tiers: tuple[tuple[int, tuple[int, ...]], ...]
    source: str

    def points(self, cap_lamports: int | None) -> tuple[int, ...]:
        """Return the parts at a market value; the dearest where it is not known."""
        if cap_lamports is None:
            return max((points for _, points in self.tiers), key=sum)
        place = bisect_right(self.tiers, cap_lamports // LAMPORTS_PER_SOL, key=_floor)
        return self.tiers[place - 1][1]


@dataclass(frozen=True, slots=True)
class Venue:
    """How a venue takes its fee, and its tariffs, the latest last."""

    tariffs: tuple[Tariff, ...]
    side: Side = "input"
    spare_raw: int = 0
    locked_raw: int = 0
    is_curve: bool = False


def _on(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def _flat(since: datetime, *points: int, source: str) -> Tariff:
    return Tariff(since, ((0, points),), source)


_EVER: Final = datetime.min.replace(tzinfo=UTC)
_PUMP_FEES: Final = "https://pump.fun/docs/fees"
_PUMP_DOCS: Final = "https://github.com/pump-fun/pump-public-docs"
# When market values began to decide: docs/FEE_PROGRAM_README.md there.
_ASCEND: Final = _on(2025, 9, 1, 20)
_CREATORS_PAID: Final = _on(2025, 5, 13)
# Floors in SOL and the creator's part from there on; liquidity gets 20 points, the protocol 5.
_CREATOR: Final = (
    (420, 95), (1_470, 90), (2_460, 85), (3_440, 80), (4_420, 75), (9_820, 70), (14_740, 65),
    (19_650, 60), (24_560, 55), (29_470, 50), (34_380, 45), (39_300, 40), (44_210, 35),
    (49_120, 30), (54_030, 28), (58_940, 25), (63_860, 23), (68_770, 20), (73_681, 18),
    (78_590, 15), (83_500, 13), (88_400, 10), (93_330, 8), (98_240, 5),
)  # fmt: skip

# Keyed by the venue's name as decoded trades carry it.
VENUES: Final[Mapping[str, Venue]] = {
    # protocol and creator; 1,073,000,000 tokens price the curve and 793,100,000 are sold:
    # https://github.com/pump-fun/pump-public-docs docs/PUMP_PROGRAM_README.md
    "pump.fun": Venue(
        (
            _flat(_EVER, 100, source=_PUMP_DOCS),
            _flat(_CREATORS_PAID, 95, 5, source=_PUMP_DOCS),
            _flat(_ASCEND, 95, 30, source=_PUMP_FEES),
        ),
        side="on top", spare_raw=1, locked_raw=279_900_000_000_000, is_curve=True,
    ),
    # liquidity, protocol, creator
    "PumpSwap": Venue(
        (
            _flat(_EVER, 20, 5, source=_PUMP_DOCS),
            _flat(_CREATORS_PAID, 20, 5, 5, source=_PUMP_DOCS),
            Tariff(
                _ASCEND,
                ((0, (2, 93, 30)), *((floor, (20, 5, points)) for floor, points in _CREATOR)),
                _PUMP_FEES,
            ),
        ),
        side="on top",
    ),
    # https://github.com/raydium-io/raydium-amm program/src/state.rs: swap fee 25 / 10,000
    "Raydium AMM v4": Venue((_flat(_EVER, 25, source="https://docs.raydium.io"),)),
    # set by the pool's config, most often a quarter of a per cent
    "Raydium CPMM": Venue((_flat(_EVER, 25, source="https://docs.raydium.io"),)),
    # protocol, and the platform's usual part
    "Raydium LaunchLab": Venue(
        (_flat(_EVER, 25, 100, source="https://docs.raydium.io"),), side="quote", is_curve=True
    ),
}  # fmt: skip
# Elsewhere the fee is set pool by pool.
ASSUMED: Final = Venue((_flat(_EVER, 100, source="assumed"),))


def fee_of(
    venue: str,
    *,
    at: datetime | None = None,
    cap_lamports: int | None = None,
    told_points: int | None = None,
) -> Fee:
    """Return a venue's fee at a moment (None: the latest) and market value in lamports.

    `told_points` is what an event of the pool told otherwise. A venue without a line in the table
    takes one per cent, off what goes in.
    """
    terms = VENUES.get(venue, ASSUMED)
    if told_points is None:
        standing = [t for t in terms.tariffs if at is None or t.since <= at]
        points = standing[-1].points(cap_lamports)
    else:
        points = (told_points,)
    return Fee(points, terms.side, terms.spare_raw, terms.locked_raw)


def is_published(venue: str, points: tuple[int, ...], cap_lamports: int) -> bool:
    """Whether a told fee is one the table has for that market value, at whatever date.

    Parts are compared one by one, as far as the venue tells them apart.
    """
    tariffs = VENUES.get(venue, ASSUMED).tariffs
    published = [tariff.points(cap_lamports) for tariff in tariffs]
    return points in published or (len(points) == 1 and points[0] in map(sum, published))


def is_curve(venue: str) -> bool:
    """Whether tokens are only launched there: they leave it for a pool when it is sold out."""
    return VENUES.get(venue, ASSUMED).is_curve


def fee_on(lamports: int, venue: str) -> int:
    """Return the dearest fee of a venue's latest tariff on a swap of that worth."""
    return lamports * fee_of(venue).total // WHOLE
