"""The latest scan as pages tell of it: what it looked at, what it refused, who stood down."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.conf import settings

from signals.domain.features import FEATURES
from signals.domain.scan_lines import Line, StrategyTally, Tally, line_of, tally
from signals.domain.strategies import STRATEGIES
from signals.models import Scan
from signals.queries.pages import title_of

# Gates in words, in the order in which they refuse; a gate without a line is told by its name.
GATES: Mapping[str, str] = {
    "data.time": "read after its own moment",
    "data.stale": "too old a snapshot",
    "data.price": "no price",
    "safety.mint_authority": "mint authority",
    "safety.freeze_authority": "freeze authority",
    "safety.top10": "top 10 holders",
    "safety.dev": "developer's share",
    "safety.bundled": "bundled share",
    "safety.wash": "wash volume",
    "tradable.unknown": "liquidity not known",
    "tradable.liquidity": "too little liquidity",
    "tradable.unknown_sellers": "sellers not known",
    "tradable.sellers": "too few sellers",
    "late.1h": "late: up too much in 1 h",
    "late.5m": "late: up too much in 5 min",
}


@dataclass(frozen=True, slots=True)
class Idle:
    """A strategy that stood down on some or all tokens, and what it did not know."""

    title: str
    tallied: StrategyTally
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScanView:
    """The latest scan that ran, and the scan after it if that was skipped."""

    scan: Scan
    skipped: Scan | None
    tally: Tally

    @property
    def gates(self) -> list[tuple[str, str, int]]:
        """Gates that refused: name, words, how many tokens; the most first."""
        return [(gate, gate_words(gate), count) for gate, count in self.tally.gates]

    @property
    def refused(self) -> int:
        """Tokens that a gate refused."""
        return self.tally.tokens - self.tally.passed

    @property
    def idle(self) -> list[Idle]:
        """Strategies that stood down on some or all tokens that passed."""
        return [
            Idle(title_of(one.strategy), one, tuple(input_words(name) for name, _ in one.missing))
            for one in self.tally.strategies
            if one.idle
        ]

    @property
    def stood_down(self) -> list[Idle]:
        """Strategies that ran on no token at all."""
        return [one for one in self.idle if one.tallied.standing == "stands down"]


def gate_words(gate: str) -> str:
    """Return a gate in words."""
    return GATES.get(gate, gate)


def input_words(name: str) -> str:
    """Return an input of a strategy in words."""
    known = FEATURES.get(name)
    return known.words if known else name.replace("_", " ")


def latest_scan() -> Scan | None:
    """Return this world's latest scan that ran, without its lines."""
    ran = Scan.objects.filter(world=settings.WORLD, state=Scan.State.RAN)
    return ran.defer("lines").order_by("-at").first()


def scan_view() -> ScanView | None:
    """Return the latest scan counted; None before the first."""
    scan = latest_scan()
    if scan is None:
        return None
    later = Scan.objects.filter(
        world=settings.WORLD, state=Scan.State.SKIPPED, at__gt=scan.at
    ).defer("lines")
    return ScanView(scan, later.order_by("-at").first(), _counted(scan.pk, scan.at))


def lines_of(scan: Scan) -> Mapping[str, Line]:
    """Return what a scan said of every token, by mint; read once in a process."""
    return _lines(scan.pk, scan.at)


@lru_cache(maxsize=2)
def _lines(scan_id: int, _at: datetime) -> Mapping[str, Line]:
    lines = Scan.objects.get(pk=scan_id).read_lines()
    return {mint: line_of(told) for mint, told in lines.items()}


@lru_cache(maxsize=2)
def _counted(scan_id: int, at: datetime) -> Tally:
    return tally(_lines(scan_id, at).values(), STRATEGIES)
