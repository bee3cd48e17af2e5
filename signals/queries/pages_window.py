"""What the scanner saw of a token, field by field with its source, and gate by gate."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from market.domain.readings import SPANS
from signals.domain.case import told
from signals.domain.features import Figures
from signals.domain.gates import SAFETY, liquidity_floor
from signals.domain.rules import Rules
from signals.domain.verdicts import Refusal
from signals.domain.windows import Flow, TokenWindow

Passing = Literal["passed", "refused", "not known"]
FieldUnit = Literal["price", "usd", "count", "share", "when", "words"]


@dataclass(frozen=True, slots=True)
class GateRow:
    """One gate: what it asks, what the token had, and what came of it."""

    words: str
    asked: str
    had: str
    passing: Passing
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One figure of the window and who told it."""

    words: str
    value: Any
    unit: FieldUnit
    source: str


@dataclass(frozen=True, slots=True)
class SpanRow:
    """Activity within one span, and who told it."""

    span: str
    flow: Flow
    sources: tuple[str, ...]


_GATES: Final = (
    ("Snapshot", ("data.time", "data.stale")),
    ("Price", ("data.price",)),
    ("Mint authority", ("safety.mint_authority",)),
    ("Freeze authority", ("safety.freeze_authority",)),
    ("Top 10 holders", ("safety.top10",)),
    ("Developer's share", ("safety.dev",)),
    ("Bundled share", ("safety.bundled",)),
    ("Wash share", ("safety.wash",)),
    ("Liquidity", ("tradable.liquidity", "tradable.unknown")),
    ("Sellers in 1 h", ("tradable.sellers", "tradable.unknown_sellers")),
    ("Change in 1 h", ("late.1h",)),
    ("Change in 5 min", ("late.5m",)),
)


def gate_rows(
    window: TokenWindow | None, refusals: tuple[Refusal, ...], rules: Rules
) -> list[GateRow]:
    """Return every gate with what it asked and what the token had; without a window its word."""
    asked = dict(_asked(window, rules)) if window is not None else {}
    reasons = {one.gate: one.reason for one in refusals}
    rows = []
    for words, gates in _GATES:
        limit, had = asked.get(words, ("", ""))
        reason = next((reasons[gate] for gate in gates if gate in reasons), "")
        unknown = window is not None and not had
        passing: Passing = "refused" if reason else "not known" if unknown else "passed"
        rows.append(GateRow(words, limit, had, passing, reason))
    return rows


def _asked(window: TokenWindow, rules: Rules) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield for each gate what it asks and what the token had; empty is not known."""
    figures, gates, danger = Figures(window, rules), rules.gates, window.danger
    age = f"{window.at - window.read_at} s old"
    yield "Snapshot", (f"at most {gates.read_within_s} s old", age)
    price = figures["price"]
    yield "Price", ("known", "" if price is None else told(price, "usd"))
    for words, can in (
        ("Mint authority", danger.can_mint), ("Freeze authority", danger.can_freeze),
    ):  # fmt: skip
        had = "" if can is None else "still there" if can else "given up"
        yield words, ("given up, or a launch curve's", had)
    for words, share, most in (
        ("Top 10 holders", danger.top10_share, gates.top10_share),
        ("Developer's share", danger.dev_share, gates.dev_share),
        ("Bundled share", danger.bundled_share, gates.bundled_share),
        ("Wash share", danger.wash_share, gates.wash_share),
        ("Change in 1 h", figures["change_1h"], gates.change_1h),
        ("Change in 5 min", figures["change_5m"], gates.change_5m),
    ):
        limit = f"{'under' if words == 'Wash share' else 'at most'} {told(most, 'share')}"
        yield words, (limit, "" if share is None else told(share, "share"))
    depth, sellers = figures["depth"], figures["sellers_1h"]
    floor = told(liquidity_floor(figures), "usd")
    yield "Liquidity", (f"at least {floor}", "" if depth is None else told(depth, "usd"))
    least = f"at least {gates.sellers_1h}"
    yield "Sellers in 1 h", (least, "" if sellers is None else told(sellers, "count"))


_FIELDS: Final[tuple[tuple[str, str, FieldUnit], ...]] = (
    ("liquidity_usd", "Liquidity", "usd"),
    ("market_cap_usd", "Market cap", "usd"),
    ("base", "Coins in the pool", "count"),
    ("quote", "Other side of the pool", "count"),
    ("units", "Liquidity units √(x·y)", "count"),
    ("holders", "Holders", "count"),
    ("opened_at", "Opened", "when"),
    ("graduated_at", "Graduated", "when"),
    ("curve_progress", "Progress of the curve", "share"),
    ("biggest_buyer_usd", "Biggest buyer of 5 min", "usd"),
    ("first_slots_share", "Bought in the first ten slots", "share"),
    ("rank_1h", "Share of tokens that rose less in 1 h", "share"),
)
_DANGER: Final = {
    **SAFETY,
    "insider_share": "insiders' share",
    "lp_locked_share": "liquidity locked",
    "transfer_fee": "transfer fee",
    "rugged": "called a rug",
}


def field_rows(window: TokenWindow) -> list[FieldRow]:
    """Return the figures of a window that are known, each with who told it."""
    rows = [FieldRow("Price", price, "price", source) for source, price in window.prices.items()]
    for name, words, unit in _FIELDS:
        value = getattr(window, name)
        if value is not None:
            rows.append(FieldRow(words, _value(value, unit), unit, _source(window, name)))
    if window.venue:
        rows.append(FieldRow("Venue", window.venue, "words", _source(window, "venue")))
    for name, words in _DANGER.items():
        value = getattr(window.danger, name)
        if value is not None:
            is_flag = isinstance(value, bool)
            said = ("yes" if value else "no") if is_flag else value
            kind: FieldUnit = "words" if is_flag else "share"
            rows.append(FieldRow(words.capitalize(), said, kind, _source(window, name)))
    return rows


def span_rows(window: TokenWindow) -> list[SpanRow]:
    """Return the activity of every span that is known."""
    return [
        SpanRow(span, window.flows[span], _told_by(window, span))
        for span in SPANS
        if span in window.flows
    ]


def _told_by(window: TokenWindow, span: str) -> tuple[str, ...]:
    named = {who for field, who in window.sources.items() if field.startswith(f"{span} ")}
    return tuple(sorted(named))


def _source(window: TokenWindow, name: str) -> str:
    return window.sources.get(name, "")


def _value(value: float, unit: FieldUnit) -> Any:
    if unit == "when":
        return datetime.fromtimestamp(value, UTC)
    return Decimal(repr(value)) if unit == "usd" else value
