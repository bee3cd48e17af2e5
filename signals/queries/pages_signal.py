"""One signal with everything about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from market.domain.candles import CandleSpan
from market.queries import candles_of
from signals.domain.frozen import Unreadable, assessment_of
from signals.domain.gates import SAFETY
from signals.domain.grading import ENDS, GAIN, HEADLINE_USD, HORIZONS, LOSS
from signals.domain.rules import CURRENT, VERSIONS, Rules
from signals.domain.verdicts import Assessment, Verdict
from signals.domain.windows import TokenWindow
from signals.models import Control, Grade, RecordEntry, Signal
from signals.queries.listing import signals_with_all
from signals.queries.pages import Card, Chip, cards_of, title_of
from signals.queries.pages_replay import kept_window
from signals.queries.pages_window import (
    FieldRow,
    GateRow,
    SpanRow,
    field_rows,
    gate_rows,
    span_rows,
)
from wallets.queries import TokenView, tokens_of

# The chart begins so long before the call; past six hours a candle is five minutes.
_BEFORE: Final = timedelta(hours=2)
_FINE: Final = timedelta(hours=6)
_PARTS: Final = {
    "volume": "Volume", "price": "Price", "pressure": "Buy pressure", "buyers": "Unique buyers",
    "liquidity": "Liquidity", "smart": "Smart flow",
}  # fmt: skip
_PENALTIES: Final = {
    "concentration": "Concentration", "wash": "Wash volume", "late": "Late",
    "unverified": "Unverified",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of the score or a penalty: points out of the most it can be."""

    words: str
    points: float
    most: float

    @property
    def share(self) -> float:
        """How much of it there is, 0 to 1."""
        return min(1.0, self.points / self.most) if self.most else 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """A strategy in the signal: when it joined, how strongly, and what it said."""

    chip: Chip
    joined_at: datetime
    strength: float
    reasons: tuple[str, ...]
    used: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GradeRow:
    """How one of them did at one size: the signal itself, or a control by its token."""

    words: str
    token: TokenView | None
    grade: Grade

    @property
    def horizons(self) -> list[tuple[str, Any]]:
        """The return after each horizon."""
        return [(name, getattr(self.grade, f"r_{name}")) for name in HORIZONS]


@dataclass(frozen=True)
class Detail:
    """A signal's page."""

    card: Card
    rules: Rules
    is_known_version: bool
    assessment: Assessment | None
    window: TokenWindow | None
    window_missing: str
    parts: list[Part]
    score_parts: list[Bar]
    penalties: list[Bar]
    gates: list[GateRow]
    fields: list[FieldRow]
    spans: list[SpanRow]
    grades: list[GradeRow]
    controls: list[GradeRow]
    entries: list[RecordEntry]

    @property
    def quiet(self) -> list[tuple[str, Verdict]]:
        """What the strategies said that are no part of the signal."""
        inside = {chip.strategy for chip in self.card.chips}
        verdicts = self.assessment.verdicts if self.assessment else ()
        return [(title_of(v.strategy), v) for v in verdicts if v.strategy not in inside]


def detail_of(user: Any, pk: int, *, now: datetime) -> Detail | None:
    """Return one signal with all about it; None for one the user does not see."""
    signal = signals_with_all(user).filter(pk=pk).first()
    if signal is None:
        return None
    card = cards_of([signal], now=now)[0]
    rules = VERSIONS.get(signal.rules, CURRENT)
    assessment = _assessment(signal)
    window, missing = _window(signal)
    refusals = assessment.refusals if assessment else ()
    return Detail(
        card=card,
        rules=rules,
        is_known_version=signal.rules in VERSIONS,
        assessment=assessment,
        window=window,
        window_missing=missing or signal.window_note,
        parts=_parts(card),
        score_parts=_bars(assessment, rules),
        penalties=_penalty_bars(assessment, rules),
        gates=gate_rows(window, refusals, rules),
        fields=field_rows(window) if window else [],
        spans=span_rows(window) if window else [],
        grades=[GradeRow(f"${g.size_usd:,}", None, g) for g in signal.grades.all()],
        controls=_controls(list(signal.controls.all())),
        entries=list(signal.entries.all()),
    )


def _assessment(signal: Signal) -> Assessment | None:
    try:
        return assessment_of(signal.assessed)
    except (Unreadable, ValueError):
        return None


def _window(signal: Signal) -> tuple[TokenWindow | None, str]:
    try:
        return kept_window(signal), ""
    except Unreadable as error:
        return None, str(error)


def _parts(card: Card) -> list[Part]:
    """Return the strategies of a signal, each with what it said when its rule last held."""
    return [
        Part(
            chip, component.joined_at, component.strength,
            tuple(component.verdict.get("reasons", ())), tuple(component.verdict.get("used", ())),
        )
        for chip, component in zip(card.chips, card.signal.components.all(), strict=True)
    ]  # fmt: skip


def _bars(assessment: Assessment | None, rules: Rules) -> list[Bar]:
    if assessment is None or assessment.score is None:
        return []
    points = assessment.score.parts
    return [
        Bar(words, points.get(name, 0.0), getattr(rules.score, name))
        for name, words in _PARTS.items()
    ]


def _penalty_bars(assessment: Assessment | None, rules: Rules) -> list[Bar]:
    if assessment is None or assessment.score is None:
        return []
    taken, score = assessment.score.penalties, rules.score
    most = {
        "concentration": score.concentration, "wash": score.wash, "late": score.late,
        "unverified": score.unverified_price + len(SAFETY) * score.unverified_safety,
    }  # fmt: skip
    return [Bar(words, taken.get(name, 0.0), most[name]) for name, words in _PENALTIES.items()]


def _controls(controls: list[Control]) -> list[GradeRow]:
    tokens = tokens_of({control.mint for control in controls})
    return [
        GradeRow(tokens[control.mint].label, tokens[control.mint], grade)
        for control in controls
        for grade in control.grades.all()
        if grade.size_usd == HEADLINE_USD
    ]


def chart_of(detail: Detail, *, now: datetime) -> dict[str, Any] | None:
    """Return candles from two hours before the call to its end, with the call and its barriers.

    Times are Unix seconds, prices USD; None where there is no candle.
    """
    signal, grade = detail.card.signal, detail.card.grade
    since = signal.opened_at - _BEFORE
    until = min(now, signal.published_at + ENDS + timedelta(minutes=30))
    span: CandleSpan = "1m" if until - since <= _FINE else "5m"
    candles = candles_of(signal.mint, span, since, until) or candles_of(
        signal.mint, "5m", since, until
    )
    if not candles:
        return None
    marks = [[_unix(signal.published_at), "Call"]]
    marks += [[_unix(one.at), "Told again"] for one in signal.announcements.all()]
    lines: list[list[Any]] = []
    if grade is not None and grade.entry_at and grade.entry_price_usd:
        entry = grade.entry_price_usd
        marks.append([_unix(grade.entry_at), "Entry"])
        lines = [
            [float(entry), "Entry"], [float(entry * GAIN), "+50 %"], [float(entry * LOSS), "−30 %"],
        ]  # fmt: skip
        if grade.outcome_at:
            marks.append([_unix(grade.outcome_at), grade.get_outcome_display()])
    bars = [[_unix(c.at), c.open_usd, c.high_usd, c.low_usd, c.close_usd] for c in candles]
    return {"kind": "candles", "bars": bars, "marks": sorted(marks), "lines": lines}


def _unix(at: datetime) -> int:
    return int(at.timestamp())
