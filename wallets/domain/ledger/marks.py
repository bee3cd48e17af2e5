"""What a holding is worth now: at an executable price, and when a token counts as dead."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, Protocol

from wallets.domain.ledger.values import Lot

# A dead token (specification of the ledger): no trade for so long, a pool worth less, or an exit
# that would bring in less than a twentieth of the cost.
QUIET: Final = timedelta(hours=24)
POOL_USD: Final = Decimal(1_000)
EXIT_SHARE: Final = 20
MILLION: Final = 1_000_000

Death = Literal["no trade", "thin pool", "no exit"]


class Quote(Protocol):
    """What a number of raw units is worth in lamports."""

    def mark(self, raw: int) -> int:
        """Return their worth at the price before they are sold."""
        ...

    def executable(self, raw: int) -> int:
        """Return what selling all of them now would bring in."""
        ...


@dataclass(frozen=True, slots=True)
class Price:
    """So many lamports for so many raw units, whatever is sold: no impact known."""

    lamports: int
    raw: int

    def mark(self, raw: int) -> int:
        """Return the worth at the price, floored."""
        return self.lamports * raw // self.raw

    executable = mark


@dataclass(frozen=True, slots=True)
class Pool:
    """A constant-product pool and its fee in millionths, taken off what goes in."""

    reserve_raw: int
    reserve_lamports: int
    fee_millionths: int = 0

    def mark(self, raw: int) -> int:
        """Return the worth at the pool's price, before fee and impact, floored."""
        return self.reserve_lamports * raw // self.reserve_raw if self.reserve_raw else 0

    def executable(self, raw: int) -> int:
        """Return what the pool would give for these units after fee and impact, floored."""
        paid = raw * (MILLION - self.fee_millionths)
        reserve = self.reserve_raw * MILLION + paid
        return self.reserve_lamports * paid // reserve if reserve else 0


@dataclass(frozen=True, slots=True)
class Unrealised:
    """What is held, at its executable worth; `mark_lamports` is the worth before impact.

    `unrealised_lamports` is the worth of units with a known basis less their cost. What the units
    without a basis and the airdropped ones would fetch stands apart, as it does when they are
    sold; the three shares add up to `executable_lamports`.
    """

    raw: int
    mark_lamports: int
    executable_lamports: int
    cost_lamports: int
    unrealised_lamports: int
    unknown_lamports: int
    airdrop_lamports: int


def unrealised(lots: Iterable[Lot], quote: Quote) -> Unrealised:
    """Value open lots at one quote for all of them; known basis takes the rest of the shares."""
    raw = unknown = airdropped = cost = 0
    for lot in lots:
        raw += lot.raw_left
        if lot.cost_left_lamports is None:
            unknown += lot.raw_left
        elif lot.origin == "airdrop":
            airdropped += lot.raw_left
        else:
            cost += lot.cost_left_lamports
    worth, mark = (quote.executable(raw), quote.mark(raw)) if raw else (0, 0)
    of_unknown = worth * unknown // raw if raw else 0
    of_airdrops = worth * airdropped // raw if raw else 0
    gain = worth - of_unknown - of_airdrops - cost
    return Unrealised(raw, mark, worth, cost, gain, of_unknown, of_airdrops)


def signs_of_death(
    *,
    now: datetime,
    last_trade_at: datetime | None,
    pool_usd: Decimal | None,
    executable_lamports: int | None,
    cost_lamports: int,
) -> tuple[Death, ...]:
    """Say why a token is dead for its holder; empty while it lives.

    None is not known and tells nothing. A dead token is marked at its executable worth, and an
    open position in it is no win. What cost nothing cannot fail the test of the exit.
    """
    signs: list[Death] = []
    if last_trade_at is not None and now - last_trade_at >= QUIET:
        signs.append("no trade")
    if pool_usd is not None and pool_usd < POOL_USD:
        signs.append("thin pool")
    if executable_lamports is not None and executable_lamports * EXIT_SHARE < cost_lamports:
        signs.append("no exit")
    return tuple(signs)
