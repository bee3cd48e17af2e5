"""Runs that read the market: begun, skipped, failed, or recorded with all they brought."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from aura.core.events import announce
from aura.core.locks import again_after_deadlock
from market.actions.pools import add_pool_readings
from market.actions.safety import add_reports
from market.actions.series import add_quotes
from market.actions.states import set_states
from market.domain.combine import Combined, may_store
from market.domain.readings import PoolReading, SafetyReading
from market.events import MarketRead
from market.models import MarketRun

_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking one source.

    Tokens asked about, readings told, items that could not be read, seconds, its last error.
    """

    asked: int = 0
    read: int = 0
    odd: int = 0
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did: tokens in its universe, tokens lists named, what each source told.

    `missing` are the sources that told nothing or not all they were asked.
    """

    universe: int
    discovered: int = 0
    told: Mapping[str, Asked] = field(default_factory=dict)
    missing: Collection[str] = ()
    reason: str = ""


def begin_run(*, at: datetime) -> MarketRun:
    """Begin a run, and call failed what began before and was never ended: its process died."""
    left = MarketRun.objects.filter(state=MarketRun.State.RUNNING)
    left.update(state=MarketRun.State.FAILED, ended_at=at, reason="ended without a word")
    return MarketRun.objects.create(started_at=at)


def skip_run(*, at: datetime) -> MarketRun:
    """Record that a run did not begin, because another is still under way."""
    under_way = MarketRun.objects.filter(state=MarketRun.State.RUNNING).order_by("-pk").first()
    since = f" since {under_way.started_at:%H:%M:%S}" if under_way else ""
    return MarketRun.objects.create(
        started_at=at, ended_at=at, state=MarketRun.State.SKIPPED,
        reason=f"another run is under way{since}",
    )  # fmt: skip


def fail_run(run: MarketRun, reason: str, *, at: datetime, outcome: Outcome | None = None) -> None:
    """End a run that brought nothing, saying why; no price changes by it."""
    MarketRun.objects.filter(pk=run.pk, state=MarketRun.State.RUNNING).update(
        **_ended(MarketRun.State.FAILED, reason, at, outcome)
    )


@again_after_deadlock
def record_snapshots(
    run: MarketRun,
    made: Sequence[Combined],
    pools: Sequence[PoolReading],
    safety: Sequence[SafetyReading],
    *,
    at: datetime,
    outcome: Outcome,
    quotes_usd: Mapping[str, Decimal],
) -> bool:
    """Record everything a run brought, end it, and announce it; False when it has ended before.

    The same number of statements for ten tokens and for thousands. What may not be stored goes
    into the latest states alone, and leaves them before it is three minutes old.
    """
    with transaction.atomic():
        running = MarketRun.objects.filter(pk=run.pk, state=MarketRun.State.RUNNING)
        if running.select_for_update().first() is None:
            return False
        set_states(run, made)
        add_quotes(one.kept for one in made if one.kept is not None)
        add_pool_readings([one for one in pools if may_store(one.source)], quotes_usd)
        add_reports(one for one in safety if may_store(one.source))
        ended = _ended(MarketRun.State.RAN, outcome.reason, at, outcome)
        MarketRun.objects.filter(pk=run.pk).update(tokens=len(made), **ended)
        announce(MarketRead(run_id=run.pk))
    return True


def _ended(
    state: MarketRun.State, reason: str, at: datetime, outcome: Outcome | None
) -> dict[str, Any]:
    ended: dict[str, Any] = {"state": state, "reason": reason[:_REASON], "ended_at": at}
    if outcome is not None:
        ended |= {
            "universe": outcome.universe,
            "discovered": outcome.discovered,
            "told": {source: asdict(told) for source, told in outcome.told.items()},
            "missing": sorted(outcome.missing),
        }
    return ended
