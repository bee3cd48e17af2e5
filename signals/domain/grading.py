"""How a call is graded: one frozen, versioned rule over pool states, exact and repeatable.

Entry is the first pool state at least fifteen seconds after publication. A long call is a hit
when what its size bought at entry sells for half more before it sells for three tenths less,
within 24 hours, fees and impact of both trades included. The rule in words: docs/methodology.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from itertools import groupby
from typing import Any, Final, Literal

from signals.domain.chain import canonical, digest
from signals.domain.moments import BASE_UNITS, SILENCE, Moment, Point, in_order, last_by, moments

VERSION: Final = "2026-11-1"
SIZES_USD: Final = (500, 2_000)
# The size a hit is judged at.
HEADLINE_USD: Final = 500
DELAY: Final = timedelta(seconds=15)
HORIZONS: Final[Mapping[str, timedelta]] = {
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "24h": timedelta(hours=24),
}
ENDS: Final = HORIZONS["24h"]
# The last entry there can be is fifteen minutes and fifteen seconds after publication; the rest
# is for readings that are still being written down.
SETTLES: Final = ENDS + timedelta(minutes=30)
# A reading of the market is stored within its cycle of two minutes.
STORED_WITHIN: Final = timedelta(seconds=150)
GAIN: Final = Decimal("1.5")
LOSS: Final = Decimal("0.7")
DEAD_SHARE: Final = Decimal("0.15")

Direction = Literal["long", "exit"]
Outcome = Literal["open", "hit", "miss", "failed", "ungraded"]

_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
_SIXTH: Final = Decimal("0.000001")
_LOST: Final = Decimal("-1.000000")


@dataclass(frozen=True, slots=True)
class Call:
    """What is graded: published when, and whether it says to buy or to leave."""

    published_at: datetime
    direction: Direction = "long"


@dataclass(frozen=True, slots=True)
class Graded:
    """How a call stands. Returns are fractions of what was put in, None where not known.

    `horizons` hold the return after each, `exit_return` that at the first barrier, else after 24
    hours. An exit call's returns are what holding on would have made of the worth at entry.
    `evidence` holds the states that decided, in whole coins, by what each decided.
    """

    outcome: Outcome
    reason: str
    is_final: bool
    next_due: datetime
    entry_at: datetime | None = None
    entry_price_usd: Decimal | None = None
    outcome_at: datetime | None = None
    horizons: Mapping[str, Decimal] = field(default_factory=dict)
    exit_return: Decimal | None = None
    mfe: Decimal | None = None
    mae: Decimal | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    points: int = 0
    points_hash: str = ""


@dataclass(frozen=True, slots=True)
class _Step:
    """A moment after entry, and what holding until then is worth of what was put in.

    It is lost when little liquidity is left because nobody tells of the deeper pool any more.
    """

    moment: Moment
    worth_usd: Decimal
    share: Decimal
    is_dead: bool
    is_lost: bool


@dataclass(frozen=True, slots=True)
class _Verdict:
    outcome: Outcome
    reason: str
    step: _Step | None = None
    exit_return: Decimal | None = None


def grade(
    call: Call, points: Iterable[Point], *, now: datetime, sizes: Iterable[int] = SIZES_USD
) -> dict[int, Graded]:
    """Grade one call at every size by the pool states known at `now`: a function of them alone.

    `points` are all that is stored of the token's pools; those before the quarter of an hour
    ahead of publication and after the 24 hours are left out. Nothing is taken from a state that
    is missing: fifteen minutes of silence before the outcome is decided leave it ungraded.
    """
    first, last = call.published_at - SILENCE, min(now, call.published_at + SETTLES)
    with localcontext(_EXACT):
        used = in_order(point for point in points if first <= point.at <= last)
        line, proofs = moments(used), _Proofs(used)
        return {size: _grade(call, line, proofs, size, now) for size in sizes}


def _grade(
    call: Call, line: Sequence[Moment], proofs: "_Proofs", size_usd: int, now: datetime
) -> Graded:
    entry, raw = _entry(call, line, Decimal(size_usd))
    if entry is None:
        return _not_entered(call, proofs, now)
    end = entry.at + ENDS
    put_in = entry.worth(raw) if call.direction == "exit" else Decimal(size_usd)
    called = last_by(line, call.published_at) or entry
    held = [moment for moment in line if entry.at <= moment.at <= end]
    steps = list(_steps(held, raw, put_in, DEAD_SHARE * called.liquidity_usd))
    reached = min(now, end)
    verdict = _judge(steps, call.direction, reached, end)
    marks = {
        name: step
        for name, span in HORIZONS.items()
        if entry.at + span <= reached and (step := _at(steps, entry.at + span)) is not None
    }
    best, worst = max(steps, key=_share), min(steps, key=_share)
    told = {"best": best, "worst": worst, **marks}
    if verdict.step is not None:
        told["outcome"] = verdict.step
    return Graded(
        outcome=verdict.outcome, reason=verdict.reason, is_final=_is_final(call, now),
        next_due=next_due(call, entry.at, now),
        entry_at=entry.at,
        entry_price_usd=(size_usd * BASE_UNITS / Decimal(raw)).quantize(Decimal(10) ** -20),
        outcome_at=verdict.step.moment.at if verdict.step else None,
        horizons={name: _return(step) for name, step in marks.items()},
        exit_return=verdict.exit_return,
        mfe=_return(best), mae=_return(worst),
        evidence={
            "call": {"liquidity_usd": _text(called.liquidity_usd), "at": _when(called.at)},
            "entry": _told(steps[0]) | {"bought": _text(Decimal(raw) / BASE_UNITS)},
            **{name: _told(step) for name, step in told.items()},
        },
        **proofs.until(end),
    )  # fmt: skip


def _not_entered(call: Call, proofs: "_Proofs", now: datetime) -> Graded:
    """Return the grade of a call nothing could be bought at; it is open while that may change."""
    is_final = _is_final(call, now)
    waits = not is_final and now <= call.published_at + DELAY + SILENCE + STORED_WITHIN
    reason = "" if waits else "no pool state to enter at within 15 minutes"
    outcome: Outcome = "open" if waits else "ungraded"
    return Graded(outcome, reason, is_final, next_due(call, None, now), **proofs.until(None))


def _is_final(call: Call, now: datetime) -> bool:
    return now >= call.published_at + SETTLES


# A grading once used is never edited: another is one version more, with a record of its own.
GRADINGS: Final = {VERSION: grade}


def next_due(call: Call, entry_at: datetime | None, now: datetime) -> datetime:
    """Return when there will be something new to tell: the next horizon, or the settling."""
    settles = call.published_at + SETTLES
    looks = [call.published_at + DELAY, call.published_at + DELAY + SILENCE]
    if entry_at is not None:
        looks = [entry_at + span for span in HORIZONS.values()]
    coming = [look + STORED_WITHIN for look in looks if now < look + STORED_WITHIN < settles]
    return min(coming, default=settles)


def _entry(call: Call, line: Sequence[Moment], usd: Decimal) -> tuple[Moment | None, int]:
    """Return the first moment something can be bought after the delay, and how much of it."""
    first = call.published_at + DELAY
    for moment in line:
        # a pool complete or empty cannot be entered; the next state may be another pool's
        if first <= moment.at <= first + SILENCE and (raw := moment.bought(usd)) > 0:
            if call.direction == "exit" and not moment.worth(raw):
                continue
            return moment, raw
    return None, 0


def _steps(
    held: Sequence[Moment], raw: int, put_in: Decimal, dead_below_usd: Decimal
) -> Iterator[_Step]:
    """Yield what holding was worth at each moment; nothing any more once the pool has failed."""
    is_dead = is_lost = False
    before = held[0]
    for moment in held:
        if moment.liquidity_usd < dead_below_usd and not (is_dead or is_lost):
            # a pool that is drained says so; one that nobody tells of is no proof
            is_dead = before.point.pool in moment.told
            is_lost = not is_dead
        worth = Decimal(0) if is_dead else moment.worth(raw)
        yield _Step(moment, worth, worth / put_in, is_dead, is_lost)
        before = moment


def _judge(
    steps: Sequence[_Step], direction: Direction, reached: datetime, end: datetime
) -> _Verdict:
    """Decide by the minutes in order; the first in which a barrier is touched counts."""
    wins, loses = ("hit", "miss") if direction == "long" else ("miss", "hit")
    before = steps[0].moment.at
    for _, minute in groupby(
        steps, key=lambda step: step.moment.at.replace(second=0, microsecond=0)
    ):
        candle = list(minute)
        if candle[0].moment.at - before > SILENCE or any(step.is_lost for step in candle):
            return _silent(before)
        before = candle[-1].moment.at
        dead = next((step for step in candle if step.is_dead), None)
        up = next((step for step in candle if step.share >= GAIN), None)
        down = next((step for step in candle if step.share <= LOSS), None)
        if dead is not None:
            outcome: Outcome = "failed" if direction == "long" else "hit"
            return _Verdict(outcome, "liquidity below 15 % of its value at the call", dead, _LOST)
        if up is not None and down is not None:
            return _Verdict("miss", "both barriers inside one minute", down, _return(down))
        if up is not None:
            return _Verdict(_as_outcome(wins), "+50 % first", up, _return(up))
        if down is not None:
            return _Verdict(_as_outcome(loses), "-30 % first", down, _return(down))
    if reached - before > SILENCE:
        return _silent(before)
    if reached < end:
        return _Verdict("open", "")
    return _Verdict("miss", "neither barrier within 24 hours", steps[-1], _return(steps[-1]))


def _as_outcome(word: str) -> Outcome:
    return "hit" if word == "hit" else "miss"


def _silent(since: datetime) -> _Verdict:
    return _Verdict("ungraded", f"no pool state for 15 minutes after {_when(since)}")


def _at(steps: Sequence[_Step], at: datetime) -> _Step | None:
    """Return the step in force at a time; a failed pool stays failed, however long ago."""
    before = [step for step in steps if step.moment.at <= at]
    if not before or (at - before[-1].moment.at > SILENCE and not before[-1].is_dead):
        return None
    return before[-1]


def _minute(step: _Step) -> datetime:
    return step.moment.at.replace(second=0, microsecond=0)


def _share(step: _Step) -> Decimal:
    return step.share


def _return(step: _Step) -> Decimal:
    return (step.share - 1).quantize(_SIXTH)


def _told(step: _Step) -> dict[str, str]:
    """Write a state as it was told, with what holding was worth."""
    point = step.moment.point
    return {
        "at": _when(step.moment.at), "read_at": _when(point.at), "pool": point.pool,
        "venue": point.venue, "source": point.source, "base": _text(point.base),
        "quote": _text(point.quote), "quote_usd": _text(point.quote_usd),
        "worth_usd": _text(step.worth_usd.quantize(_SIXTH)),
    }  # fmt: skip


class _Proofs:
    """How many states were used up to a moment, and a hash over all of them."""

    def __init__(self, used: Sequence[Point]) -> None:
        self._used = used
        self._made: dict[datetime | None, dict[str, Any]] = {}

    def until(self, end: datetime | None) -> dict[str, Any]:
        """Return both as fields of a grade; None is all."""
        if end not in self._made:
            rows = [
                [
                    _when(p.at), p.pool, p.venue, _text(p.base), _text(p.quote),
                    _text(p.quote_usd), p.source,
                ]
                for p in self._used if end is None or p.at <= end
            ]  # fmt: skip
            self._made[end] = {"points": len(rows), "points_hash": digest(canonical(rows))}
        return self._made[end]


def _text(number: Decimal | None) -> str:
    return "" if number is None else format(number.normalize(), "f")


def _when(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
