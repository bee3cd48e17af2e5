"""Why this number: any figure opened to the positions, lots, trades and prices that make it."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import F, Q

from aura.core import clock
from aura.core.errors import Refused
from wallets.domain.statistics import RULES, Figure, Piece, RoundTrip, Tally, Window, tally
from wallets.domain.statistics.equity import calendar
from wallets.domain.statistics.following import USUAL_DELAY, USUAL_SIZE
from wallets.domain.statistics.results import PriceFunction, roi
from wallets.models import Disposal, Position, PositionFlag, Wallet
from wallets.queries.figures import (
    figures_from,
    figures_of,
    open_results,
    opened_since,
    priced_held,
)
from wallets.queries.openings import (
    LotPart,
    PiecePart,
    PositionPart,
    TradePart,
    lots_where,
    open_positions,
    open_trades,
)
from wallets.queries.ranking import population_prior
from wallets.queries.traded import Place
from wallets.queries.why_worth import FollowedPart, HeldPart, why_followed, why_held

PAGE: Final = 50
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class SoldPart:
    """A piece that was sold, the lot it left, and the trades that bought and sold it."""

    piece: PiecePart
    lot: LotPart
    trades: list[TradePart]

    @property
    def adds_up(self) -> bool:
        """Whether proceeds less cost are the gain."""
        proceeds, cost, gain = (
            self.piece.proceeds_lamports, self.piece.cost_lamports, self.piece.gain_lamports,
        )  # fmt: skip
        return gain is None or (
            proceeds is not None and cost is not None and proceeds - cost == gain
        )


Part = PositionPart | SoldPart | HeldPart | FollowedPart


@dataclass(frozen=True, slots=True)
class Why:
    """A figure opened.

    `sums` are what the figure is made of, added again from the wallet's rows in integers;
    `adds_up` says whether they make the figure shown, every position is what its pieces make it,
    and every part on this page is what its lots and trades make it. `total` counts all parts,
    `parts` are those from `offset` on.
    """

    wallet: str
    window: Window
    since: datetime | None
    as_of: datetime
    figure: Figure
    sums: dict[str, int]
    total: int
    offset: int
    parts: list[Part]
    adds_up: bool

    def told(self) -> dict[str, Any]:
        """Return it as plain values for `aura.core.exact.dumps`."""
        return dataclasses.asdict(self)


# The sums each figure is made of: fields of the tally.
_RATE: Final = ("wins", "closed")
_RESULT: Final = ("gain_lamports", "loss_lamports", "wins", "losses", "closed")
_SOLD: Final = ("realised_lamports", "pieces", "unpriced")
_TRIPS: Final[dict[str, tuple[str, ...]]] = {
    "win_rate": _RATE,
    "win_rate_strict": (*_RATE, "dead_open"),
    "win_rate_adjusted": (*_RATE, "adjusted_wins", "adjusted_closed"),
    "win_rate_shrunk": _RATE,
    "profit_factor": _RESULT,
    "expectancy": _RESULT,
    "payoff_ratio": _RESULT,
    "hold_time": ("closed",),
    "style": ("closed",),
    "roi": (
        "settled_gain_lamports", "settled_cost_lamports", "opened_cost_lamports", "settled",
        "opened",
    ),
}  # fmt: skip
_PIECES: Final[dict[str, tuple[str, ...]]] = {
    "realised": _SOLD,
    "realised_usd": _SOLD,
    "equity": _SOLD,
    "max_drawdown": _SOLD,
    "coverage": ("known_lamports", "sold_lamports", "sold"),
}
OPENED: Final = frozenset({*_TRIPS, *_PIECES, "unrealised", "unrealised_mark", "copyability"})


def why(
    wallet: Wallet,
    figure: str,
    window: Window = Window.ALL,
    *,
    now: datetime | None = None,
    limit: int = PAGE,
    offset: int = 0,
    quote: PriceFunction | None = None,
    delay: int = USUAL_DELAY,
    size_usd: int = USUAL_SIZE,
) -> Why:
    """Open a figure of a wallet to what makes it, a page of parts at a time.

    `figure` is a rule id of OPENED, else Refused. `quote` tells executable prices, by default the
    pools' as last seen. `delay` and `size_usd` choose the follower of copyability. The number of
    queries does not depend on how much the wallet traded.
    """
    if figure not in OPENED:
        raise Refused(f"there is no figure called {figure}")
    now = now or clock.now()
    limit, offset = max(1, min(limit, MOST)), max(0, offset)
    page = slice(offset, offset + limit)
    if figure in _TRIPS or figure in _PIECES:
        return _why_closed(wallet, figure, window, now, quote, page)
    if figure == "copyability":
        told = why_followed(wallet, window, now, delay, size_usd, page)
    else:
        shown = figures_of(wallet, window, now=now, quote=quote)[figure]
        told = why_held(wallet, shown, now, quote, page)
    since, (opened, sums, total, parts, adds_up) = window.since(now), told
    return Why(wallet.address, window, since, now, opened, sums, total, offset, parts, adds_up)


@dataclass(frozen=True, slots=True)
class _Books:
    """A wallet's positions and pieces, read row by row to be added again."""

    trips: dict[Place, RoundTrip]
    pieces: list[Piece]
    gains: dict[Place, int]

    @property
    def agree(self) -> bool:
        """Whether every position is what its pieces make it."""
        return all(trip.realised_lamports == self.gains.get(p, 0) for p, trip in self.trips.items())


def _why_closed(
    wallet: Wallet,
    figure: str,
    window: Window,
    now: datetime,
    quote: PriceFunction | None,
    page: slice,
) -> Why:
    since = window.since(now)
    prior = population_prior(window)
    shown = figures_of(wallet, window, now=now, prior=prior, quote=quote)[figure]
    books = _read(wallet)
    again = tally(books.trips.values(), books.pieces, since=since)
    days = calendar(p for p in books.pieces if _after(p.disposed_at, since))
    remade = figures_from(again, days, prior)[figure]
    if figure == "roi":
        remade = roi(
            again, opened_since(open_results(wallet.pk, priced_held(wallet.pk, quote)), since)
        )
    parts: Sequence[PositionPart | SoldPart]
    if figure in _TRIPS:
        total, parts = _positions(wallet, figure, books, since, page)
    else:
        total, parts = _sold(wallet, since, page, with_unknown=figure == "coverage")
    return Why(
        wallet.address, window, since, now, shown, _sums(figure, again), total, page.start,
        list(parts),
        adds_up=remade == shown and books.agree and all(part.adds_up for part in parts),
    )  # fmt: skip


def _sums(figure: str, again: Tally) -> dict[str, int]:
    return {name: getattr(again, name) for name in (_TRIPS.get(figure) or _PIECES[figure])}


def _after(at: datetime | None, since: datetime | None) -> bool:
    return since is None or (at is not None and at > since)


def _read(wallet: Wallet) -> _Books:
    """Read positions, their flags, and pieces; three queries."""
    flags: dict[Place, dict[str, datetime | None]] = defaultdict(dict)
    marked = PositionFlag.objects.filter(wallet=wallet)
    for mint, no, reason, at in marked.values_list("mint", "position_no", "reason", "since"):
        flags[mint, no][reason] = at
    rows: Iterable[Any] = Position.objects.filter(wallet=wallet).values_list(
        "mint", "no", "opened_at", "closed_at", "is_open", "full_basis", "cost_lamports",
        "realised_lamports",
    )  # fmt: skip
    trips: dict[Place, RoundTrip] = {}
    for mint, no, *told in rows:
        reasons = flags.get((mint, no), {})
        removed = frozenset(reasons.keys() - {"dead"})
        trips[mint, no] = RoundTrip(*(*told, removed, reasons.get("dead")))
    pieces: list[Piece] = []
    gains: dict[Place, int] = defaultdict(int)
    left: Iterable[Any] = Disposal.objects.filter(wallet=wallet).values_list(
        "mint", "position_no", "disposed_at", "proceeds_lamports", "cost_lamports",
        "gain_lamports", "gain_usd",
    )  # fmt: skip
    for mint, no, *told in left:
        piece = Piece(*told)
        pieces.append(piece)
        gains[mint, no] += piece.gain_lamports or 0
    return _Books(trips, pieces, gains)


def _positions(
    wallet: Wallet, figure: str, books: _Books, since: datetime | None, page: slice
) -> tuple[int, list[PositionPart]]:
    """Open the positions a figure is about, the latest first, and say how each one counts."""
    chosen = _CHOSEN.get(figure, _is_closed)
    found = [place for place, trip in books.trips.items() if chosen(trip, since)]
    oldest = datetime.min.replace(tzinfo=UTC)
    found.sort(key=lambda p: (_moment(books.trips[p]) or oldest, p), reverse=True)
    places = found[page]
    rows: dict[Place, Position] = {}
    if places:
        these = reduce(or_, (Q(mint=mint, no=no) for mint, no in places))
        rows = {(p.mint, p.no): p for p in Position.objects.filter(these, wallet=wallet)}
    parts = open_positions(wallet, [rows[place] for place in places if place in rows])
    for part in parts:
        trip = books.trips[part.mint, part.no]
        part.reasons = sorted(trip.reasons) + (["dead"] if trip.dead_at else [])
        part.verdict = _verdict(figure, trip)
    return len(found), parts


def _moment(trip: RoundTrip) -> datetime | None:
    return trip.closed_at or trip.dead_at or trip.opened_at


def _is_closed(trip: RoundTrip, since: datetime | None) -> bool:
    return trip.is_judged and _after(trip.closed_at, since)


def _is_closed_or_dead(trip: RoundTrip, since: datetime | None) -> bool:
    is_dead = trip.is_open and trip.full_basis and trip.dead_at is not None
    return _is_closed(trip, since) or (is_dead and _after(trip.dead_at, since))


def _is_opened(trip: RoundTrip, since: datetime | None) -> bool:
    return trip.cost_lamports > 0 and _after(trip.opened_at, since)


_CHOSEN: Final[dict[str, Callable[[RoundTrip, datetime | None], bool]]] = {
    "win_rate_strict": _is_closed_or_dead,
    "roi": _is_opened,
}


def _verdict(figure: str, trip: RoundTrip) -> str:
    """Say how a position counts: as a win, a loss, neither, or not at all."""
    if figure == "win_rate_adjusted" and trip.reasons:
        return "left out: " + ", ".join(RULES[r].title for r in sorted(trip.reasons))
    if trip.is_open:
        return "lost: dead token" if figure == "win_rate_strict" else "not counted: open"
    if not trip.full_basis:
        return "not counted: basis unknown"
    gain = trip.realised_lamports
    return "win" if gain > 0 else "loss" if gain < 0 else "even"


def _sold(
    wallet: Wallet, since: datetime | None, page: slice, *, with_unknown: bool
) -> tuple[int, list[SoldPart]]:
    """Open pieces, the latest first; those of unknown basis only where they count."""
    known = Q(proceeds_lamports__isnull=False) if with_unknown else Q(gain_lamports__isnull=False)
    rows = Disposal.objects.filter(known, wallet=wallet)
    if since is not None:
        rows = rows.filter(disposed_at__gt=since)
    latest = rows.order_by(F("disposed_at").desc(nulls_last=True), "mint", "-no")[page]
    pieces = [PiecePart(*(getattr(row, name) for name in PiecePart.__slots__)) for row in latest]
    if not pieces:
        return rows.count(), []
    these = reduce(or_, {Q(mint=p.mint, no=p.lot_no) for p in pieces})
    lots = {(lot.mint, lot.no): lot for lot in lots_where(Q(wallet=wallet) & these)}
    trades = open_trades(
        wallet, [*(p.signature for p in pieces), *(lot.signature for lot in lots.values())]
    )
    found = []
    for piece in pieces:
        lot = lots[piece.mint, piece.lot_no]
        made_by = [
            trade
            for signature in dict.fromkeys((lot.signature, piece.signature))
            for trade in trades.get(signature, ())
            if piece.mint in (trade.mint_in, trade.mint_out)
        ]
        found.append(SoldPart(piece, lot, made_by))
    return rows.count(), found
