"""Signals and what they are graded by, as rows; plain functions with defaults."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from market.models import Pool, PoolPoint
from signals.actions import enter_signal
from signals.domain.chain import canonical, digest
from signals.domain.controls import Eligible
from signals.domain.grading import VERSION
from signals.domain.rules import RULES_VERSION
from signals.models import Component, Scan, Signal, pack
from tests.make import address
from tests.signals.points import CALLED, Seen

ASSESSED = {"mint": "x", "verdicts": [], "score": {"total": 61.5}}
SEEN = {"at": 1, "price_usd": 0.1}


def make_signal(
    name: str = "WIF",
    strategies: Iterable[str] = ("high_volume",),
    *,
    controls: Iterable[str] = (),
    is_recorded: bool = True,
    **fields: Any,
) -> Signal:
    """A signal raised at CALLED, with its parts, in the record beside these controls."""
    at = fields.pop("published_at", CALLED)
    given: dict[str, Any] = {
        "world": "sandbox", "mint": address(f"mint {name}"), "direction": "long",
        "kind": "high_volume", "opened_at": at - timedelta(seconds=3), "published_at": at,
        "seen_at": at, "lane": "alert", "strength": 61.5, "peak": 61.5, "score": 61.5,
        "quality": 70.25, "risk": 22.0, "tier": 1, "rules": RULES_VERSION, "grading": VERSION,
        "assessment": canonical(ASSESSED), "window": pack(SEEN), "window_hash": digest(
            canonical(SEEN)
        ), "liquidity_usd": Decimal("48000.5"),
    }  # fmt: skip
    signal = Signal.objects.create(**given | fields)
    for strategy in strategies:
        Component.objects.create(
            signal=signal, strategy=strategy, joined_at=signal.opened_at,
            fired_at=signal.opened_at, strength=0.8, half_life_s=600, verdict={},
        )  # fmt: skip
    if is_recorded:
        enter_signal(signal, _eligible(name), [_eligible(other) for other in controls])
    return signal


def _eligible(name: str) -> Eligible:
    return Eligible(address(f"mint {name}"), timedelta(hours=3), Decimal(48_000))


def make_scan(**fields: Any) -> Scan:
    """A scan that ran at CALLED."""
    given = {"world": "sandbox", "at": CALLED, "state": "ran", "rules": RULES_VERSION}
    return Scan.objects.create(**given | fields)


def store_points(name: str, points: Iterable[Seen]) -> None:
    """Keep pool states of a token as a reading of the market does."""
    mint, rows = address(f"mint {name}"), list(points)
    Pool.objects.bulk_create(
        [
            Pool(address=f"{name} {pool}", mint=mint, venue=venue, seen_at=CALLED)
            for pool, venue in {(row.pool, row.venue) for row in rows}
        ],
        ignore_conflicts=True,
    )
    PoolPoint.objects.bulk_create(
        [
            PoolPoint(
                pool=f"{name} {row.pool}", mint=mint, source=row.source, at=row.at, base=row.base,
                quote=row.quote, quote_usd=row.quote_usd,
            )
            for row in rows
        ]
    )  # fmt: skip
