"""The screener: every token of the latest reading, filtered and sorted, and why it was refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet

from market.models import MarketRun, TokenState
from market.queries import latest_run
from signals.domain.risk import Band, band
from signals.domain.rules import CURRENT
from signals.domain.scan_lines import Line
from signals.models import Scan
from signals.queries.pages import title_of
from signals.queries.pages_scan import gate_words, latest_scan, lines_of
from wallets.queries import TokenView, tokens_of

ROWS_A_PAGE: Final = 50
_HUNDREDTH: Final = Decimal("0.01")
# Nothing on the chain is older than ten years.
_OLDEST_MIN: Final = Decimal(10 * 366 * 24 * 60)


@dataclass(frozen=True, slots=True)
class Range:
    """A figure that can be bounded: its column, its name, its unit in the address, a short name."""

    column: str
    words: str
    unit: str
    head: str = ""
    scale: Decimal = Decimal(1)


RANGES: Final[Mapping[str, Range]] = {
    "liquidity": Range("liquidity_usd", "Liquidity", "$", "Liq."),
    "cap": Range("market_cap_usd", "Market cap", "$", "Cap"),
    "volume_5m": Range("volume_5m_usd", "Volume 5 min", "$", "Vol 5m"),
    "volume_1h": Range("volume_1h_usd", "Volume 1 h", "$", "1h"),
    "volume_24h": Range("volume_24h_usd", "Volume 24 h", "$", "24h"),
    "change_5m": Range("change_5m", "Change 5 min", "%", "Chg 5m", _HUNDREDTH),
    "change_1h": Range("change_1h", "Change 1 h", "%", "1h", _HUNDREDTH),
    "change_24h": Range("change_24h", "Change 24 h", "%", "24h", _HUNDREDTH),
    "holders": Range("holders", "Holders", "", "Holders"),
    "age": Range("opened_at", "Age", "min", "Age"),
    "risk": Range("", "Risk", "of 100"),
    "score": Range("", "Score", "of 100"),
}
# What the scan tells and no column holds.
_SAID: Final[Mapping[str, Callable[[Line], float | None]]] = {
    "risk": lambda line: line.risk,
    "score": lambda line: line.score,
}
STATES: Final = {"fires": "fires", "quiet": "is quiet", "idle": "stands down"}
USUAL_SORT: Final = "-volume_1h"


@dataclass(frozen=True, slots=True)
class ScreenChoice:
    """Filters and order of the screener; what is empty narrows nothing.

    `bounds` are lowest and highest by the name of a range, in the units of the address. `gate` is
    "passes", "refused" or a gate's name; `strategy` with `state` is what a strategy must say;
    `sort` is a range's name, with a minus for the highest first.
    """

    bounds: Mapping[str, tuple[Decimal | None, Decimal | None]] = field(default_factory=dict)
    is_verified: bool = False
    venue: str = ""
    gate: str = ""
    strategy: str = ""
    state: str = ""
    sort: str = USUAL_SORT

    @property
    def plain(self) -> dict[str, str]:
        """Return the choice as the words of an address."""
        told = {"verified": "1" if self.is_verified else "", "venue": self.venue}
        told |= {"gate": self.gate, "strategy": self.strategy, "state": self.state}
        for name, (low, high) in self.bounds.items():
            told |= {f"{name}_min": _written(low), f"{name}_max": _written(high)}
        if self.sort != USUAL_SORT:
            told["sort"] = self.sort
        return {name: value for name, value in told.items() if value}

    @property
    def narrows(self) -> bool:
        """Whether tokens may be left out."""
        return bool(self.plain.keys() - {"sort"})


def _written(bound: Decimal | None) -> str:
    return "" if bound is None else format(bound.normalize(), "f")


# The six lists of old, each a screen anyone can open; the rule behind each name is on Methodology.
PRESETS: Final[Mapping[str, tuple[str, ScreenChoice]]] = {
    "high_volume": (
        "most traded within five minutes",
        ScreenChoice(sort="-volume_5m"),
    ),
    "top_gainers": (
        "risen most within the hour",
        ScreenChoice({"change_1h": (Decimal(0), None)}, sort="-change_1h"),
    ),
    "deep_liquidity": (
        "deepest pools",
        ScreenChoice(sort="-liquidity"),
    ),
    "micro_caps": (
        "small ones, most traded within the hour",
        ScreenChoice(
            {
                "cap": (
                    Decimal(int(CURRENT.micro_caps.cap_low_usd)),
                    Decimal(int(CURRENT.micro_caps.cap_high_usd)),
                )
            },
            sort="-volume_1h",
        ),
    ),
    "recent_listings": (
        "opened within the hour, the newest first",
        ScreenChoice({"age": (None, Decimal(CURRENT.recent_listings.listed_s // 60))}, sort="age"),
    ),
    "price_momentum": (
        "rising now, the fastest first",
        ScreenChoice(
            {"change_5m": (Decimal(0), None), "change_1h": (Decimal(0), None)}, sort="-change_5m"
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A token in the screener, and what the latest scan said of it, if it looked."""

    state: TokenState
    token: TokenView
    line: Line | None

    @property
    def band(self) -> Band | None:
        """The band of its risk."""
        risk = self.line.risk if self.line else None
        return None if risk is None else band(risk, CURRENT.risk)

    @property
    def fires(self) -> list[str]:
        """The strategies whose rule holds, in words."""
        return [title_of(name) for name in self.line.fires] if self.line else []


@dataclass(frozen=True, slots=True)
class Screened:
    """One page of tokens, out of how many, and the run and scan they come from."""

    page: "Page[Any]"
    rows: list[Row]
    run: MarketRun | None
    scan: Scan | None
    total: int


def screen(choice: ScreenChoice, *, page: str, now: datetime) -> Screened:
    """Return the tokens of the latest reading that fit, those without the sorted figure last."""
    run, scan = latest_run(), latest_scan()
    lines = lines_of(scan) if scan else {}
    states = TokenState.objects.filter(run=run) if run else TokenState.objects.none()
    mints = _fitting(states.filter(_columns(choice, now)), choice, lines)
    shown = Paginator(mints, ROWS_A_PAGE).get_page(page)
    return Screened(shown, _rows(list(shown), lines), run, scan, run.tokens if run else 0)


def venues_of(run: MarketRun | None) -> list[str]:
    """Return the venues of the latest reading."""
    if run is None:
        return []
    named = TokenState.objects.filter(run=run).exclude(venue="").order_by("venue")
    return list(named.values_list("venue", flat=True).distinct())


def gates_of(scan: Scan | None) -> list[tuple[str, str]]:
    """Return the gates that refused something in a scan: name and words."""
    if scan is None:
        return []
    found = {gate for line in lines_of(scan).values() for gate, _ in line.refusals}
    return [(gate, gate_words(gate)) for gate in sorted(found)]


def _columns(choice: ScreenChoice, now: datetime) -> Q:
    """Return what the columns can tell as one condition."""
    found = Q()
    for name, (low, high) in choice.bounds.items():
        one = RANGES[name]
        if not one.column:
            continue
        # the older, the earlier it opened: the bounds change sides
        least, most = (high, low) if name == "age" else (low, high)
        if least is not None:
            found &= Q(**{f"{one.column}__gte": _scaled(one, least, now)})
        if most is not None:
            found &= Q(**{f"{one.column}__lte": _scaled(one, most, now)})
    if choice.is_verified:
        found &= Q(is_verified=True)
    if choice.venue:
        found &= Q(venue=choice.venue)
    return found


def _scaled(one: Range, bound: Decimal, now: datetime) -> Decimal | datetime:
    if one.unit != "min":
        return bound * one.scale
    return now - timedelta(minutes=float(max(-_OLDEST_MIN, min(bound, _OLDEST_MIN))))


def _fitting(
    states: "QuerySet[TokenState]", choice: ScreenChoice, lines: Mapping[str, Line]
) -> list[str]:
    """Return the mints that fit, in order."""
    name = choice.sort.removeprefix("-")
    is_down = choice.sort.startswith("-")
    said = _SAID.get(name)
    if said is None:
        column = F(RANGES[name].column)
        # a youngest-first list is one of the latest openings first
        down = is_down != (name == "age")
        order = column.desc(nulls_last=True) if down else column.asc(nulls_last=True)
        states = states.order_by(order, "mint")
    mints = list(states.values_list("mint", flat=True))
    if _asks_the_scan(choice):
        mints = [mint for mint in mints if _fits(lines.get(mint), choice)]
    if said is not None:
        values = {mint: said(lines[mint]) for mint in mints if mint in lines}
        known = sorted(
            (mint for mint in mints if values.get(mint) is not None),
            key=lambda mint: (values[mint], mint),
            reverse=is_down,
        )
        mints = known + [mint for mint in mints if values.get(mint) is None]
    return mints


def _asks_the_scan(choice: ScreenChoice) -> bool:
    return bool(choice.gate or choice.strategy or _SAID.keys() & choice.bounds.keys())


def _fits(line: Line | None, choice: ScreenChoice) -> bool:
    """Whether what the scan said of a token fits; one it did not see fits nothing."""
    if line is None:
        return False
    for name, (low, high) in choice.bounds.items():
        if name in _SAID and not _within(_SAID[name](line), low, high):
            return False
    if not _gate_fits(line, choice.gate):
        return False
    return not choice.strategy or line.states.get(choice.strategy) == choice.state


def _gate_fits(line: Line, asked: str) -> bool:
    if asked in ("passes", "refused"):
        return line.passes == (asked == "passes")
    return not asked or any(gate == asked for gate, _ in line.refusals)


def _within(value: float | None, low: Decimal | None, high: Decimal | None) -> bool:
    if value is None:
        return False
    return (low is None or value >= low) and (high is None or value <= high)


def _rows(mints: list[str], lines: Mapping[str, Line]) -> list[Row]:
    states = TokenState.objects.defer("snapshot", "kept").in_bulk(mints)
    tokens = tokens_of(mints)
    return [Row(states[mint], tokens[mint], lines.get(mint)) for mint in mints if mint in states]
