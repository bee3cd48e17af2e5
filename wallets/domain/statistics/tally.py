"""What figures are made of: the sums over a wallet's positions and pieces within a window."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from wallets.domain.statistics.intervals import Sample


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A position as figures see it.

    `reasons` say why an adjusted figure leaves it out. `dead_at` is when its token died, for an
    open position on a dead token.
    """

    opened_at: datetime | None
    closed_at: datetime | None
    is_open: bool
    full_basis: bool
    cost_lamports: int
    realised_lamports: int
    reasons: frozenset[str] = frozenset()
    dead_at: datetime | None = None

    @property
    def is_judged(self) -> bool:
        """Whether it counts in a win rate: closed, and nothing of it came or went otherwise."""
        return self.full_basis and not self.is_open

    @property
    def held_seconds(self) -> int | None:
        """How long it was held, in whole seconds; None where a time is unknown."""
        if self.opened_at is None or self.closed_at is None:
            return None
        return int((self.closed_at - self.opened_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a lot that left; proceeds are None for what was sent away."""

    disposed_at: datetime | None
    proceeds_lamports: int | None
    cost_lamports: int | None
    gain_lamports: int | None
    gain_usd: Decimal | None


@dataclass(slots=True)
class Tally:
    """Exact sums, all in integers, from which every figure of a window follows.

    closed … removed: closed positions with full basis, by closing time; a gain of zero is neither
    win nor loss. partial: closed without full basis. dead_open: open, with full basis, on a token
    that died within the window. opened … : positions opened within the window that bought
    something; settled: those of them that are judged. pieces … known: what left, by the time it
    left. What happened at an unknown time counts in the window of all time only.
    """

    closed: int = 0
    wins: int = 0
    losses: int = 0
    gain_lamports: int = 0
    loss_lamports: int = 0
    gain_squares: int = 0
    loss_squares: int = 0
    adjusted_closed: int = 0
    adjusted_wins: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    partial: int = 0
    dead_open: int = 0
    holds: list[int] = field(default_factory=list)
    opened: int = 0
    opened_cost_lamports: int = 0
    settled: int = 0
    settled_cost_lamports: int = 0
    settled_gain_lamports: int = 0
    settled_cost_squares: int = 0
    settled_gain_squares: int = 0
    settled_products: int = 0
    pieces: int = 0
    realised_lamports: int = 0
    realised_usd: Decimal = Decimal(0)
    unpriced: int = 0
    sold: int = 0
    sold_lamports: int = 0
    known_lamports: int = 0

    @property
    def net_lamports(self) -> int:
        """Gains less losses of the closed positions."""
        return self.gain_lamports - self.loss_lamports

    @property
    def coverage(self) -> float | None:
        """The share of what sales fetched whose basis is known.

        The proceeds of a sale are shared out by quantity, so within a sale this is the share of
        quantity; raw units of different tokens cannot be added, so sales weigh by what they
        fetched. None where nothing was sold, or costs ate all of it.
        """
        if self.sold_lamports <= 0:
            return None
        return min(1.0, max(0.0, self.known_lamports / self.sold_lamports))

    @property
    def gains(self) -> Sample:
        """The gain of each closed position, zero for the others."""
        return Sample(self.closed, self.gain_lamports, self.gain_squares)

    @property
    def shortfalls(self) -> Sample:
        """The loss of each closed position as a positive number, zero for the others."""
        return Sample(self.closed, self.loss_lamports, self.loss_squares)


def tally(trips: Iterable[RoundTrip], pieces: Iterable[Piece], *, since: datetime | None) -> Tally:
    """Add up a wallet's positions and pieces after a moment; None adds up all of them."""
    found = Tally()
    for trip in trips:
        if _is_after(trip.closed_at, since) and not trip.is_open:
            _close(found, trip)
        if trip.is_open and trip.full_basis and trip.dead_at and _is_after(trip.dead_at, since):
            found.dead_open += 1
        if _is_after(trip.opened_at, since) and trip.cost_lamports > 0:
            _open(found, trip)
    for piece in pieces:
        if _is_after(piece.disposed_at, since):
            _sell(found, piece)
    found.holds.sort()
    return found


def _is_after(at: datetime | None, since: datetime | None) -> bool:
    return since is None or (at is not None and at > since)


def _close(found: Tally, trip: RoundTrip) -> None:
    if not trip.is_judged:
        found.partial += 1
        return
    gain = max(0, trip.realised_lamports)
    loss = max(0, -trip.realised_lamports)
    found.closed += 1
    found.wins += gain > 0
    found.losses += loss > 0
    found.gain_lamports += gain
    found.loss_lamports += loss
    found.gain_squares += gain * gain
    found.loss_squares += loss * loss
    if trip.reasons:
        found.removed = dict(Counter(found.removed) + Counter(trip.reasons))
    else:
        found.adjusted_closed += 1
        found.adjusted_wins += gain > 0
    if (held := trip.held_seconds) is not None:
        found.holds.append(held)


def _open(found: Tally, trip: RoundTrip) -> None:
    cost, gain = trip.cost_lamports, trip.realised_lamports
    found.opened += 1
    found.opened_cost_lamports += cost
    if trip.is_judged:
        found.settled += 1
        found.settled_cost_lamports += cost
        found.settled_gain_lamports += gain
        found.settled_cost_squares += cost * cost
        found.settled_gain_squares += gain * gain
        found.settled_products += cost * gain


def _sell(found: Tally, piece: Piece) -> None:
    if piece.proceeds_lamports is not None:
        found.sold += 1
        found.sold_lamports += piece.proceeds_lamports
        if piece.cost_lamports is not None:
            found.known_lamports += piece.proceeds_lamports
    if piece.gain_lamports is not None:
        found.pieces += 1
        found.realised_lamports += piece.gain_lamports
        if piece.gain_usd is None:
            found.unpriced += 1
        else:
            found.realised_usd += piece.gain_usd
