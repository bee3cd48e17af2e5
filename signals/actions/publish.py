"""What the lifecycle decided about one token, written into its signals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from django.conf import settings

from aura.core import clock
from signals.actions.record import enter_signal
from signals.domain.chain import canonical
from signals.domain.controls import Eligible
from signals.domain.episodes import Call, Closed, Decision, Open, Seat
from signals.domain.frozen import assessment_plain, digest, strip, window_plain
from signals.domain.grading import VERSION as GRADING
from signals.domain.rules import Rules
from signals.domain.verdicts import Assessment, Verdict
from signals.domain.windows import TokenWindow
from signals.models import Announcement, Component, Scan, Signal, pack
from signals.queries.seats import Place, Slot

# What follows a signal from scan to scan, beside its components.
_FOLLOWS: Final = ("seen_at", "lane", "strength", "peak", "announced_at", "announced_score")
_PART: Final = (
    "fired_at", "strength", "half_life_s", "void_under", "void_until", "is_void", "verdict",
)  # fmt: skip
# A place where less is kept than was seen: how many names of fields are said.
_NAMED: Final = 6


@dataclass(frozen=True, slots=True)
class Judged:
    """A token's window and what was decided about it."""

    window: TokenWindow
    assessment: Assessment

    @property
    def eligible(self) -> Eligible:
        """The token as controls are drawn by."""
        window = self.window
        age = None if window.opened_at is None else moment(window.at) - moment(window.opened_at)
        depth = None if window.liquidity_usd is None else Decimal(repr(window.liquidity_usd))
        return Eligible(window.mint, age, depth)


@dataclass(slots=True)
class Moves:
    """What a scan did to signals: their ids."""

    raised: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)


def publish(
    scan: Scan,
    call: Call,
    place: Place,
    after: Seat,
    decisions: Iterable[Decision],
    *,
    judged: Judged | None,
    eligible: Sequence[Eligible],
    rules: Rules,
) -> Moves:
    """Write what was decided about one token in the current transaction; return what it did."""
    moves = Moves()
    rows = dict(place.rows)
    for decision in decisions:
        slot: Slot = "shadow" if decision.lane == "shadow" else "open"
        if decision.kind == "raise":
            opened = after.shadow if slot == "shadow" else after.open
            rows[slot] = _raise(scan, call, opened, judged, eligible=eligible, rules=rules)
            moves.raised.append(rows[slot].pk)
        elif decision.kind == "close":
            last = after.last_shadow if slot == "shadow" else after.last
            _close(rows[slot], decision, last)
            moves.closed.append(rows.pop(slot).pk)
        elif decision.kind == "lane" and decision.lane == "alert" and rows[slot].is_watch:
            # What users are told of is graded from when they were told.
            watch = rows[slot]
            _close(watch, replace(decision, reason="becomes an alert"), None)
            moves.closed.append(watch.pk)
            rows[slot] = _raise(
                scan, call, after.open, judged, eligible=eligible, rules=rules, of=watch
            )
            moves.raised.append(rows[slot].pk)
        elif decision.kind == "announce":
            _announce(rows[slot], decision)
    left: Mapping[Slot, Open | None] = {"open": after.open, "shadow": after.shadow}
    for slot, value in left.items():
        if value is None or rows[slot].pk in moves.raised:
            continue
        if _follow(rows[slot], value, call):
            moves.changed.append(rows[slot].pk)
    return moves


def _raise(
    scan: Scan,
    call: Call,
    opened: Open | None,
    judged: Judged | None,
    *,
    eligible: Sequence[Eligible],
    rules: Rules,
    of: Signal | None = None,
) -> Signal:
    """Create a signal with its parts, enter it into the record, and draw its controls.

    `of` is the watch it takes the place of: parts whose rule does not hold now keep its words.
    """
    if opened is None or judged is None:
        raise ValueError(f"{call.mint} is called, but is not open or was not read")
    window, assessment = judged.window, judged.assessment
    kept = strip(window, rules=rules)
    note = "" if not kept.removed else _note(kept.removed, replays=kept.replays)
    subject = judged.eligible
    signal = Signal.objects.create(
        scan=scan, world=settings.WORLD, mint=call.mint, direction=call.direction,
        kind=_kind(opened),
        opened_at=moment(call.at), published_at=clock.now(),
        seen_at=moment(opened.seen_at), lane=opened.lane,
        strength=opened.score, peak=opened.peak,
        announced_at=_moment(opened.announced_at), announced_score=opened.announced_score,
        score=opened.score, quality=assessment.quality, risk=assessment.risk, tier=assessment.tier,
        is_shadow=opened.lane == "shadow", is_watch=opened.lane == "watch",
        rules=rules.version, grading=GRADING,
        assessment=canonical(assessment_plain(assessment)),
        window=pack(window_plain(kept.window)) if kept.replays else b"",
        window_hash=digest(window_plain(window)), window_note=note,
        liquidity_usd=subject.liquidity_usd,
    )  # fmt: skip
    before = {} if of is None else {one.strategy: one.verdict for one in of.components.all()}
    Component.objects.bulk_create(_parts(signal, opened, call, before))
    if opened.announced_at is not None:
        words = f"score {opened.score:.4g} is an alert"
        Announcement.objects.create(
            signal=signal, at=moment(opened.announced_at), score=opened.score, reason=words
        )
    enter_signal(signal, subject, () if opened.lane == "shadow" else eligible)
    return signal


def _note(removed: Sequence[str], *, replays: bool) -> str:
    """Say what of the window is not kept."""
    names = ", ".join(removed[:_NAMED]) + (" …" if len(removed) > _NAMED else "")
    ends = "" if replays else "; without it the verdict cannot be replayed"
    return f"its source's terms forbid {names}{ends}"[:200]


def _kind(opened: Open) -> str:
    """Return the strategy that weighs most."""
    living = [one for one in opened.components if not one.is_void]
    at = opened.seen_at
    return max(living, key=lambda one: (one.strength * one.weight(at), one.strategy)).strategy


def _parts(signal: Signal, opened: Open, call: Call, before: Mapping[str, Any]) -> list[Component]:
    """Return the parts as rows; a verdict that does not hold now is the one told `before`."""
    said = {verdict.strategy: _told(verdict) for verdict in call.firing}
    return [
        Component(
            signal=signal, strategy=one.strategy, joined_at=moment(one.joined_at),
            fired_at=moment(one.fired_at), strength=one.strength, half_life_s=one.half_life_s,
            void_under=one.void_under, void_until=_moment(one.void_until), is_void=one.is_void,
            verdict=said.get(one.strategy) or before.get(one.strategy, {}),
        )
        for one in opened.components
    ]  # fmt: skip


def _told(verdict: Verdict) -> dict[str, Any]:
    return {
        "state": verdict.state,
        "strength": verdict.strength,
        "reasons": list(verdict.reasons),
        "used": list(verdict.used),
        "figures": dict(verdict.figures),
    }


def _close(signal: Signal, decision: Decision, last: Closed | None) -> None:
    signal.closed_at = moment(decision.at)
    signal.close_reason = decision.reason[:200]
    signal.seen_at = signal.closed_at
    signal.strength = decision.score
    signal.peak = max(signal.peak, last.peak if last is not None else decision.score)
    signal.save(update_fields=["closed_at", "close_reason", "seen_at", "strength", "peak"])


def _announce(signal: Signal, decision: Decision) -> None:
    Announcement.objects.get_or_create(
        signal=signal, at=moment(decision.at),
        defaults={"score": decision.score, "reason": decision.reason[:200]},
    )  # fmt: skip


def _follow(signal: Signal, opened: Open, call: Call) -> bool:
    """Bring an open signal's row and parts to where the lifecycle is; say if anything moved."""
    told = {
        "seen_at": moment(opened.seen_at), "lane": opened.lane, "strength": opened.score,
        "peak": opened.peak, "announced_at": _moment(opened.announced_at),
        "announced_score": opened.announced_score,
    }  # fmt: skip
    moved = any(getattr(signal, name) != told[name] for name in _FOLLOWS if name != "seen_at")
    for name, value in told.items():
        setattr(signal, name, value)
    signal.save(update_fields=[*_FOLLOWS])
    known = {one.strategy: one for one in signal.components.all()}
    before = {name: one.verdict for name, one in known.items()}
    fresh, renewed = [], []
    for part in _parts(signal, opened, call, before):
        old = known.get(part.strategy)
        if old is None:
            fresh.append(part)
        elif any(getattr(part, name) != getattr(old, name) for name in _PART):
            part.pk = old.pk
            # Nearly always one: a CASE over many columns costs more than a statement a part.
            part.save(update_fields=[*_PART])
            renewed.append(part)
    Component.objects.bulk_create(fresh)
    return moved or bool(fresh or renewed)


def moment(at: int) -> datetime:
    """Return whole Unix seconds as a moment."""
    return datetime.fromtimestamp(at, UTC)


def _moment(at: int | None) -> datetime | None:
    return None if at is None else moment(at)
