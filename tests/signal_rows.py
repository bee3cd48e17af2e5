"""Signals, scans and tokens as the scanner leaves them, made of windows written by hand."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from market.domain.snapshots import Snapshot, written
from market.models import Candle, MarketRun, TokenState
from signals.actions import enter_signal
from signals.domain.assess import assess
from signals.domain.chain import canonical
from signals.domain.controls import Eligible
from signals.domain.frozen import assessment_plain, digest, window_plain
from signals.domain.grading import VERSION
from signals.domain.rules import CURRENT
from signals.domain.scan_lines import line_plain
from signals.domain.windows import TokenWindow
from signals.models import Component, Control, Grade, Scan, Signal, pack
from tests.make import make_token
from tests.signals.scenes import AT, FIRING

NOW = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)


def shifted(window: TokenWindow, at: datetime) -> TokenWindow:
    """The same window, seen at another moment."""
    by = int(at.timestamp()) - AT
    return replace(
        window,
        at=window.at + by,
        read_at=window.read_at + by,
        opened_at=None if window.opened_at is None else window.opened_at + by,
        buckets=tuple(replace(one, at=one.at + by) for one in window.buckets),
        whales=tuple(
            replace(one, buys=tuple((when + by, usd) for when, usd in one.buys))
            for one in window.whales
        ),
    )


def make_call(
    name: str = "WIF",
    scene: str = "high_volume",
    *,
    at: datetime = NOW - timedelta(minutes=4),
    window: TokenWindow | None = None,
    recorded: bool = True,
    controls: Iterable[str] = (),
    **fields: Any,
) -> Signal:
    """A signal as a scan raises it from a window on which the scene's rule holds."""
    mint = make_token(name).mint
    seen = replace(window or shifted(FIRING[scene](), at), mint=mint)
    found = assess(seen)
    score = found.score.total if found.score else 0.0
    lane = fields.get("lane") or ("alert" if score >= CURRENT.life.alert else "watch")
    given: dict[str, Any] = {
        "world": "sandbox", "mint": mint, "direction": "long", "kind": scene, "opened_at": at,
        "published_at": at + timedelta(seconds=2), "seen_at": at, "lane": lane,
        "strength": score, "peak": score, "score": score, "quality": found.quality,
        "risk": found.risk, "tier": found.tier, "is_watch": lane == "watch",
        "is_shadow": lane == "shadow", "rules": found.rules, "grading": VERSION,
        "assessment": canonical(assessment_plain(found)), "window": pack(window_plain(seen)),
        "window_hash": digest(window_plain(seen)), "liquidity_usd": Decimal(60_000),
    }  # fmt: skip
    signal = Signal.objects.create(**given | fields)
    for verdict in found.verdicts:
        if verdict.state == "fires":
            add_part(signal, verdict.strategy, at, verdict.reasons, strength=verdict.strength)
    if recorded:
        draw = [Eligible(make_token(other).mint, None, None) for other in controls]
        enter_signal(signal, Eligible(mint, None, None), draw)
    return signal


def add_part(
    signal: Signal,
    strategy: str,
    at: datetime,
    reasons: Iterable[str] = ("something holds",),
    *,
    strength: float = 0.7,
    **fields: Any,
) -> Component:
    """A strategy in a signal, whose rule last held when it joined."""
    given: dict[str, Any] = {
        "signal": signal, "strategy": strategy, "joined_at": at, "fired_at": at,
        "strength": strength, "half_life_s": CURRENT.half_life_s(strategy),
        "verdict": {"reasons": list(reasons)},
    }  # fmt: skip
    return Component.objects.create(**given | fields)


def close(signal: Signal, at: datetime, reason: str = "expired: no rule held") -> Signal:
    """Close a signal."""
    signal.closed_at, signal.close_reason = at, reason
    signal.save(update_fields=["closed_at", "close_reason"])
    return signal


def settle(subject: Signal | Control, outcome: str, exit_return: str | None, **told: Any) -> None:
    """Grade a signal or a control for good, alike at both sizes; the record is not told."""
    of = {"signal": subject} if isinstance(subject, Signal) else {"control": subject}
    signal = subject if isinstance(subject, Signal) else subject.signal
    given: dict[str, Any] = {
        "outcome": outcome, "exit_return": None if exit_return is None else Decimal(exit_return),
        "settled_at": NOW, "due_at": NOW, "grading": VERSION,
        "entry_at": signal.published_at + timedelta(seconds=20),
        "entry_price_usd": Decimal("0.0102"), "outcome_at": signal.published_at,
    }  # fmt: skip
    for size in (500, 2_000):
        Grade.objects.update_or_create(**of, size_usd=size, defaults=given | told)


def make_run(at: datetime = NOW - timedelta(seconds=40), **fields: Any) -> MarketRun:
    """A reading of the market."""
    given: dict[str, Any] = {
        "started_at": at, "ended_at": at + timedelta(seconds=9), "state": "ran", "universe": 1,
        "tokens": 1, "told": {}, "missing": [],
    }  # fmt: skip
    return MarketRun.objects.create(**given | fields)


def make_state(name: str = "WIF", run: MarketRun | None = None, **fields: Any) -> TokenState:
    """A token as it was last read."""
    given: dict[str, Any] = {
        "mint": make_token(name).mint, "run": run, "at": NOW - timedelta(seconds=35),
        "read_at": NOW - timedelta(seconds=40), "price_usd": Decimal("0.0123"),
        "is_verified": True, "liquidity_usd": Decimal(82_000),
        "market_cap_usd": Decimal(1_230_000), "volume_5m_usd": Decimal(9_000),
        "volume_1h_usd": Decimal(36_000), "volume_24h_usd": Decimal(310_000),
        "change_5m": Decimal("0.08"), "change_1h": Decimal("0.21"),
        "change_24h": Decimal("-0.12"), "holders": 1_010, "opened_at": NOW - timedelta(hours=49),
        "venue": "PumpSwap",
    }  # fmt: skip
    told = given | fields
    names = ("mint", "at", "read_at", "price_usd", "liquidity_usd")
    seen = Snapshot(prices={}, is_verified=False, **{name: told[name] for name in names})
    return TokenState.objects.create(snapshot=written(seen), **told)


def make_scan(
    windows: Mapping[str, TokenWindow], at: datetime = NOW - timedelta(seconds=30), **fields: Any
) -> Scan:
    """A scan that judged these windows, by the name of the token."""
    lines = {
        make_token(name).mint: line_plain(assess(shifted(window, at)))
        for name, window in windows.items()
    }
    given: dict[str, Any] = {
        "world": "sandbox", "at": at, "ended_at": at, "state": "ran", "tokens": len(lines),
        "rules": CURRENT.version, "lines": pack(lines),
    }  # fmt: skip
    return Scan.objects.create(**given | fields)


def make_candles(signal: Signal, closes: Iterable[float], since: datetime) -> None:
    """Candles of a minute of the signal's token."""
    before = None
    for place, price in enumerate(closes):
        at = since + timedelta(minutes=place)
        opened = before or price
        Candle.objects.create(
            mint=signal.mint, span="1m", source="quotes", at=at, read_at=at, open_usd=opened,
            high_usd=max(opened, price) * 1.002, low_usd=min(opened, price) * 0.998,
            close_usd=price,
        )  # fmt: skip
        before = price
