"""Signals as pages show them: what is open, one with all, how they ended, what a scan said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet

from signals.domain.grading import HEADLINE_USD
from signals.models import Announcement, Component, Control, Grade, RecordEntry, Scan, Signal


@dataclass(frozen=True, slots=True)
class LiveSignal:
    """An open signal and what its strength is worth at a moment."""

    signal: Signal
    weight: float
    parts: tuple[tuple[Component, float], ...]

    @property
    def live_score(self) -> float:
        """The score of the latest scan, decayed."""
        return self.signal.strength * self.weight


def _weight(part: Component, now: datetime) -> float:
    """Return what is left of a part: halved with every half-life since its rule last held."""
    if part.is_void:
        return 0.0
    age_s = max(0.0, (now - part.fired_at).total_seconds())
    return float(0.5 ** (age_s / part.half_life_s))


def live(signal: Signal, now: datetime) -> LiveSignal:
    """Weigh a signal whose components are fetched: it weighs what its freshest part does."""
    parts = tuple((part, _weight(part, now)) for part in signal.components.all())
    return LiveSignal(signal, max((weight for _, weight in parts), default=0.0), parts)


def open_signals(
    user: Any, *, now: datetime, world: str, mints: Sequence[str] | None = None
) -> list[LiveSignal]:
    """Return what is open now to this user, the strongest first; of these mints only, if given."""
    rows = _with_parts(Signal.objects.visible_to(user).of_world(world).open())
    if mints is not None:
        rows = rows.filter(mint__in=mints)
    found = [live(signal, now) for signal in rows.order_by("pk")]
    return sorted(found, key=lambda one: (-one.live_score, one.signal.pk))


def signals_with_all(user: Any) -> "QuerySet[Signal]":
    """Return signals with parts, announcements, grades, controls and their grades fetched."""
    controls = Control.objects.order_by("pk").prefetch_related(_grades())
    entries = RecordEntry.objects.filter(control=None).order_by("no")
    return _with_parts(Signal.objects.visible_to(user)).prefetch_related(
        _grades(),
        Prefetch("controls", controls),
        Prefetch("announcements", Announcement.objects.order_by("at")),
        Prefetch("entries", entries),
    )


def track_record(user: Any, *, world: str) -> "QuerySet[Signal]":
    """Return every published signal of a world, newest first, with its headline grade fetched.

    Open and ungraded ones stand among them: nothing is left out.
    """
    headline = Grade.objects.filter(size_usd=HEADLINE_USD)
    rows = _with_parts(Signal.objects.visible_to(user).of_world(world))
    return rows.prefetch_related(Prefetch("grades", headline, to_attr="headline")).order_by(
        "-published_at", "-pk"
    )


def scan_log(mint: str, *, world: str, limit: int = 30) -> list[tuple[Scan, dict[str, Any] | None]]:
    """Return what the latest scans said of a token, newest first; None where they did not see it.

    Skipped scans stand among them.
    """
    scans = Scan.objects.filter(world=world).order_by("-at")[:limit]
    return [(scan, scan.read_lines().get(mint)) for scan in scans]


def _grades() -> "Prefetch[str]":
    return Prefetch("grades", Grade.objects.order_by("size_usd"))


def _with_parts(rows: "QuerySet[Signal]") -> "QuerySet[Signal]":
    return rows.prefetch_related(
        Prefetch("components", Component.objects.order_by("joined_at", "pk"))
    )
