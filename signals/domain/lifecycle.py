"""How a signal lives: raised, joined, announced, fading, closed; nothing here but values.

One open signal per mint and direction; strategies attach to it as components. A component's
weight halves with every half-life since its rule last held. The score of the latest assessment
decides what opens (25 a watch, 50 an alert) and what closes (under 0.7 of that), and below 25 a
rule that holds is followed as a shadow: graded, never shown as a signal.
"""

from dataclasses import replace

from signals.domain.case import digits
from signals.domain.episodes import (
    Call,
    Closed,
    Component,
    Decision,
    Kind,
    Lane,
    Open,
    Seat,
    Spoken,
)
from signals.domain.rules import LifeRules, Rules
from signals.domain.verdicts import Verdict


def step(seat: Seat, call: Call, rules: Rules) -> tuple[Seat, tuple[Decision, ...]]:
    """Move a mint's signals on by one assessment; an older one or the same again changes nothing.

    Returns the seat as it is then and what to do, in order.
    """
    if call.at <= _seen(seat):
        return seat, ()
    told: list[Decision] = []
    for lane in ("open", "shadow"):
        current: Open | None = getattr(seat, lane)
        if current is not None:
            seat = _moved(seat, current, call, rules, told)
    if call.firing and call.score is not None and not call.invalid:
        seat = _raised(seat, call, call.score, rules, told)
    return seat, tuple(told)


def _seen(seat: Seat) -> int:
    times = [one.seen_at for one in (seat.open, seat.shadow) if one]
    times += [one.closed_at for one in (seat.last, seat.last_shadow) if one]
    return max(times, default=-1)


def _moved(seat: Seat, signal: Open, call: Call, rules: Rules, told: list[Decision]) -> Seat:
    """Refresh, fade or close one open signal."""
    signal, joined = _refreshed(signal, call, rules)
    reason = call.invalid or _ended(signal, call, rules.life)
    if reason:
        told.append(_decision("close", signal, call, reason))
        return _closed(seat, signal, call.at)
    told += [_decision("join", signal, call, f"{name} joins") for name in joined]
    if signal.lane != "shadow":
        signal = _laned(signal, call, rules.life, told)
        signal = _announced(signal, seat.last, joined, call, rules.life, told)
    if not call.firing:
        told.append(_decision("decay", signal, call, "no rule holds now"))
    if signal.lane == "shadow":
        return replace(seat, shadow=signal)
    return replace(seat, open=signal)


def _refreshed(signal: Open, call: Call, rules: Rules) -> tuple[Open, list[str]]:
    """Return the signal with its components as the call leaves them, and who joined."""
    components = {
        one.strategy: replace(one, is_void=one.is_void or _is_voided(one, call))
        for one in signal.components
    }
    joined = []
    for verdict in call.firing:
        known = components.get(verdict.strategy)
        if known is not None and known.lives(call.at, rules.life.half_lives):
            components[verdict.strategy] = replace(
                known, fired_at=call.at, strength=max(known.strength, verdict.strength)
            )
        elif known is None or not known.is_void or call.at > (known.void_until or 0):
            joined.append(verdict.strategy)
            components[verdict.strategy] = _component(verdict, call.at, rules)
    score = signal.score if call.score is None else call.score
    refreshed = replace(
        signal,
        seen_at=call.at,
        score=score,
        peak=max(signal.peak, score),
        components=tuple(components.values()),
    )
    return refreshed, joined


def _component(verdict: Verdict, at: int, rules: Rules) -> Component:
    void_s = verdict.figures.get("void_s")
    return Component(
        verdict.strategy,
        joined_at=at,
        fired_at=at,
        strength=verdict.strength,
        half_life_s=rules.half_life_s(verdict.strategy),
        void_under=verdict.figures.get("void_under"),
        void_until=None if void_s is None else at + int(void_s),
    )


def _is_voided(component: Component, call: Call) -> bool:
    return (
        component.void_under is not None
        and component.void_until is not None
        and call.price is not None
        and call.at <= component.void_until
        and call.price < component.void_under
    )


def _ended(signal: Open, call: Call, life: LifeRules) -> str:
    """Say why a signal is over; empty while it lives."""
    if not any(one.lives(call.at, life.half_lives) for one in signal.components):
        voided = [one for one in signal.components if one.is_void]
        if len(voided) == len(signal.components):
            return f"void: the price is back under ${digits(voided[0].void_under or 0.0, 6)}"
        return f"expired: no rule held for {life.half_lives:g} half-lives"
    floor = life.hysteresis * life.watch
    if signal.lane != "shadow" and call.score is not None and call.score < floor:
        return f"score {call.score:.4g} is under {floor:.4g}"
    return ""


def _laned(signal: Open, call: Call, life: LifeRules, told: list[Decision]) -> Open:
    """Move between watch and alert: up at the alert's threshold, down under 0.7 of it."""
    if call.score is None:
        return signal
    if signal.lane == "watch" and call.score >= life.alert:
        lane: Lane = "alert"
    elif signal.lane == "alert" and call.score < life.hysteresis * life.alert:
        lane = "watch"
    else:
        return signal
    moved = replace(signal, lane=lane)
    told.append(_decision("lane", moved, call, f"score {call.score:.4g}: {lane}"))
    return moved


def _announced(
    signal: Open,
    last: Closed | None,
    joined: list[str],
    call: Call,
    life: LifeRules,
    told: list[Decision],
) -> Open:
    """Announce an alert: the first time, and again only with news; watches never."""
    if signal.lane != "alert":
        return signal
    spoken = last.spoken if last else None
    if signal.announced_at is not None:
        reason = _news(signal, signal.announced_at, signal.announced_score, joined, life)
    elif spoken is None:
        reason = f"score {signal.score:.4g} is an alert"
    elif call.at - spoken.closed_at >= life.quiet_after_close_s:
        reason = f"{life.quiet_after_close_s // 3600} h passed since the last one closed"
    else:
        fresh = [one.strategy for one in signal.components if one.strategy not in spoken.strategies]
        reason = _news(signal, spoken.at, spoken.score, fresh, life)
    if not reason:
        return signal
    told.append(_decision("announce", signal, call, reason))
    return replace(signal, announced_at=call.at, announced_score=signal.score)


def _news(
    signal: Open, announced_at: int, announced: float | None, joined: list[str], life: LifeRules
) -> str:
    """Say what is new enough to speak again; empty where nothing is."""
    if joined and signal.seen_at - announced_at >= life.join_after_s:
        return f"{', '.join(joined)} joined"
    gain = signal.score - (announced or 0.0)
    return f"score up {gain:.4g}" if gain >= life.score_gain else ""


def _raised(seat: Seat, call: Call, score: float, rules: Rules, told: list[Decision]) -> Seat:
    """Open a signal, or below the watch threshold its shadow, where none rests there."""
    life = rules.life
    is_shadow = score < life.watch
    if seat.open is not None or (is_shadow and seat.shadow is not None):
        return seat
    former = (seat.last, seat.last_shadow) if is_shadow else (seat.last,)
    if any(_rests(last, call.at, score, life) for last in former):
        return seat
    lane: Lane = "shadow" if is_shadow else "alert" if score >= life.alert else "watch"
    signal = Open(
        call.mint,
        call.direction,
        lane,
        opened_at=call.at,
        seen_at=call.at,
        score=score,
        peak=score,
        components=tuple(_component(verdict, call.at, rules) for verdict in call.firing),
    )
    names = ", ".join(verdict.strategy for verdict in call.firing)
    if is_shadow:
        told.append(_decision("raise", signal, call, names))
        return replace(seat, shadow=signal)
    if seat.shadow is not None:
        told.append(_decision("close", seat.shadow, call, "a signal takes its place"))
        seat = _closed(seat, seat.shadow, call.at)
    told.append(_decision("raise", signal, call, names))
    return replace(seat, open=_announced(signal, seat.last, [], call, life, told))


def _rests(last: Closed | None, at: int, score: float, life: LifeRules) -> bool:
    """Whether a mint must rest after its last signal; a much stronger one need not wait."""
    if last is None or at - last.closed_at >= max(life.rest_s, last.half_life_s):
        return False
    return score < life.stronger * last.peak


def _closed(seat: Seat, signal: Open, at: int) -> Seat:
    """Leave the seat, remembering what was announced last, by this signal or one before it."""
    before = seat.last_shadow if signal.lane == "shadow" else seat.last
    closed = Closed(
        closed_at=at,
        peak=signal.peak,
        half_life_s=max((one.half_life_s for one in signal.components), default=0),
        strategies=tuple(one.strategy for one in signal.components),
    )
    if signal.announced_at is not None and signal.announced_score is not None:
        spoke = Spoken(signal.announced_at, signal.announced_score, closed.strategies, at)
        closed = replace(closed, spoken=spoke)
    elif before is not None:
        closed = replace(closed, spoken=before.spoken)
    if signal.lane == "shadow":
        return replace(seat, shadow=None, last_shadow=closed)
    return replace(seat, open=None, last=closed)


def _decision(kind: Kind, signal: Open, call: Call, reason: str) -> Decision:
    return Decision(
        kind,
        signal.lane,
        call.at,
        reason,
        signal.score,
        round(signal.weight(call.at), 6),
        tuple(component.strategy for component in signal.components),
    )
