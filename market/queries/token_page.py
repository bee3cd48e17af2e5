"""What a token's page tells: prices beside each other, dangers with who says so, candles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

from market.domain.candles import CandleSpan
from market.domain.readings import SPANS, Activity, Span
from market.domain.snapshots import Safety, Snapshot
from market.models import Candle
from market.queries.pages import STALE_AFTER, candles_of

# How far back a chart of each span goes.
REACHES: Final[dict[CandleSpan, timedelta]] = {
    "1m": timedelta(hours=6),
    "5m": timedelta(hours=24),
    "1h": timedelta(days=14),
    "1d": timedelta(days=365),
}
# Shares from which a gate refuses: specification of the scanner, safety gates.
_MOST: Final = {
    "top10_share": Decimal("0.5"),
    "dev_share": Decimal("0.1"),
    "bundled_share": Decimal("0.3"),
    "wash_share": Decimal("0.5"),
}

Kind = Literal["good", "bad", "plain", "unknown"]


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One source's price; `apart` is how far it is from the one taken, as a fraction."""

    source: str
    usd: Decimal
    read_at: datetime | None
    apart: Decimal | None
    is_taken: bool


@dataclass(frozen=True, slots=True)
class Danger:
    """One question about danger, with the answer of whom we trust most."""

    name: str
    answer: bool | Decimal | None
    kind: Kind
    source: str


@dataclass(frozen=True, slots=True)
class SpanRow:
    """What happened within one span, and which sources told it."""

    span: Span
    told: Activity
    sources: list[str]


def is_stale(snapshot: Snapshot, at: datetime) -> bool:
    """Whether a snapshot's oldest price or depth is too old to judge by."""
    return at - snapshot.read_at > STALE_AFTER


def price_rows(snapshot: Snapshot) -> list[PriceRow]:
    """Return every source's price, the one taken first."""
    taken = snapshot.sources.get("price_usd", "")
    base = snapshot.price_usd
    rows = [
        PriceRow(
            source,
            usd,
            snapshot.price_times.get(source),
            None if base is None or source == taken else usd / base - 1,
            source == taken,
        )
        for source, usd in snapshot.prices.items()
    ]
    return sorted(rows, key=lambda row: (not row.is_taken, row.source))


def disagreement(snapshot: Snapshot) -> Decimal | None:
    """Return how far the highest price is above the lowest; None where fewer than two tell."""
    prices = list(snapshot.prices.values())
    return max(prices) / min(prices) - 1 if len(prices) > 1 else None


def span_rows(snapshot: Snapshot) -> list[SpanRow]:
    """Return what happened within each span of which something is told, the shortest first."""
    rows = []
    for span in SPANS:
        if (told := snapshot.activity.get(span)) is not None:
            by = {who for what, who in snapshot.sources.items() if what.startswith(f"{span} ")}
            rows.append(SpanRow(span, told, sorted(by)))
    return rows


def dangers(safety: Safety) -> list[Danger]:
    """Return the answers to every question about danger, the unknown ones among them."""
    flags: list[tuple[str, bool | None]] = [
        ("can_mint", safety.can_mint), ("can_freeze", safety.can_freeze),
        ("rugged", safety.rugged),
    ]  # fmt: skip
    shares: list[tuple[str, Decimal | None]] = [
        (name, getattr(safety, name))
        for name in (
            "top10_share", "dev_share", "bundled_share", "insider_share", "wash_share",
            "transfer_fee", "lp_locked_share",
        )
    ]  # fmt: skip
    said = safety.sources
    return [
        *(Danger(name, yes, _of_flag(yes), said.get(name, "")) for name, yes in flags),
        *(Danger(name, part, _of_share(name, part), said.get(name, "")) for name, part in shares),
    ]


def _of_flag(yes: bool | None) -> Kind:  # noqa: FBT001  # an answer, not a switch
    return "unknown" if yes is None else "bad" if yes else "good"


def _of_share(name: str, part: Decimal | None) -> Kind:
    if part is None:
        return "unknown"
    if name == "transfer_fee":
        return "bad" if part else "good"
    if name not in _MOST:
        return "plain"
    return "bad" if part > _MOST[name] else "good"


def chart_of(
    mint: str, span: CandleSpan, *, at: datetime, marks: Sequence[tuple[datetime, str, str]] = ()
) -> tuple[dict[str, Any] | None, list[Candle]]:
    """Return a token's candles as the chart draws them, and as rows; None without any.

    Times are Unix seconds, prices USD. `marks` are (moment, words, "buy" or "sell").
    """
    since = at - REACHES[span]
    candles = candles_of(mint, span, since, at)
    if not candles:
        return None, []
    bars = [
        [_unix(c.at), c.open_usd, c.high_usd, c.low_usd, c.close_usd, c.volume_usd] for c in candles
    ]
    shown = [[_unix(when), words, side] for when, words, side in marks if when >= candles[0].at]
    return {"kind": "candles", "bars": bars, "marks": shown}, candles


def _unix(at: datetime) -> int:
    return int(at.timestamp())
