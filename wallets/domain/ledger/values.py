"""What a ledger is made of: events that come in, lots, disposals and positions that come out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

Origin = Literal["buy", "transfer", "airdrop", "liquidity", "unknown", "dust"]


@dataclass(frozen=True, slots=True)
class Acquired:
    """Raw units that came: bought at a total cost in lamports, or without a known one (None).

    `value_lamports` is the swap before costs; lots are ranked by its price. None where it is
    the cost itself. An airdrop costs 0 and has the origin "airdrop".
    """

    signature: str
    at: datetime | None
    raw: int
    origin: Origin
    cost_lamports: int | None
    cost_usd: Decimal | None = None
    value_lamports: int | None = None

    @property
    def price(self) -> tuple[int, int] | None:
        """Lamports and the raw units they bought, before costs; None without a known cost."""
        if self.cost_lamports is None:
            return None
        value = self.value_lamports
        return (self.cost_lamports if value is None else value), self.raw


@dataclass(frozen=True, slots=True)
class Carried(Acquired):
    """A piece of a lot that came from another wallet of the same owner, with its cost and date.

    `signature`, `at` and `origin` are those of the first acquisition, `came_by` and `came_at`
    those of the transfer. `paid` is the whole lot's price: a part's own would be rounded.
    """

    came_by: str = ""
    came_at: datetime | None = None
    paid: tuple[int, int] | None = None

    @property
    def price(self) -> tuple[int, int] | None:
        """The price of the lot this is a piece of."""
        return self.paid


@dataclass(frozen=True, slots=True)
class Disposed:
    """Raw units that went: sold for net proceeds, or sent away (`is_sale` False).

    `value_lamports` is the sale before costs; dust is judged at its price. None where nothing
    tells what the sale fetched.
    """

    signature: str
    at: datetime | None
    raw: int
    is_sale: bool
    proceeds_lamports: int | None = None
    value_lamports: int | None = None
    proceeds_usd: Decimal | None = None


Event = Acquired | Disposed


@dataclass(slots=True)
class Lot:
    """What was acquired at one moment and how much of it is left.

    Under average cost it is the pool: all that came and is still held, at its joint cost.
    """

    no: int
    position_no: int
    origin: Origin
    signature: str
    acquired_at: datetime | None
    raw: int
    raw_left: int
    cost_lamports: int | None
    cost_left_lamports: int | None
    cost_usd: Decimal | None = None


# Not frozen: a frozen dataclass takes three times as long to make, and every sale makes one.
@dataclass(slots=True)
class Disposal:
    """A piece of one lot that left; `gain_lamports` only where cost and proceeds are known.

    What an airdrop fetched is no gain either: its proceeds stand apart.
    """

    no: int
    lot_no: int
    position_no: int
    signature: str
    disposed_at: datetime | None
    raw: int
    proceeds_lamports: int | None
    cost_lamports: int | None
    gain_lamports: int | None
    gain_usd: Decimal | None

    @property
    def is_airdrop(self) -> bool:
        """Whether airdropped units were sold: both sides are known, yet nothing was gained."""
        known = self.proceeds_lamports is not None and self.cost_lamports is not None
        return known and self.gain_lamports is None


@dataclass(slots=True)
class Position:
    """A round trip from nothing back to (dust) nothing."""

    no: int
    opened_at: datetime | None
    closed_at: datetime | None = None
    is_open: bool = True
    full_basis: bool = True
    buys: int = 0
    sells: int = 0
    bought_raw: int = 0
    sold_raw: int = 0
    peak_raw: int = 0
    cost_lamports: int = 0
    proceeds_lamports: int = 0
    realised_lamports: int = 0
    realised_usd: Decimal | None = Decimal(0)
    unknown_proceeds_lamports: int = 0


def airdrop_proceeds(disposals: Iterable[Disposal]) -> int:
    """Add up in lamports what airdropped units were sold for."""
    return sum(d.proceeds_lamports or 0 for d in disposals if d.is_airdrop)
