"""The Operations page: how ingestion, the queue and the vendors' budgets stand; staff only.

/health tells the same figures, measured here in one place.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.models import OrmQ, Success

from aura.core import clock, quota
from aura.core.loops import is_led
from wallets.queries.ingest import IngestState, ingest_state

INBOX_STANDS: Final = timedelta(seconds=60)
QUEUE_STANDS: Final = timedelta(minutes=10)
# Every watched wallet is swept every six hours; one that waits for twice as long is behind.
SWEEPS_STAND: Final = timedelta(hours=12)
TASK_LOCKED: Final = timedelta(seconds=int(str(settings.Q_CLUSTER["retry"])))


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many tasks wait and run, and how long ago the last one succeeded.

    A task that runs keeps its row, locked until it would be tried again. Tasks run every minute:
    after ten without one that succeeded the queue stands still.
    """

    waiting: int
    running: int
    succeeded_ago: timedelta | None

    @property
    def is_moving(self) -> bool:
        """Whether a task has succeeded lately, or none ever has."""
        return self.succeeded_ago is None or self.succeeded_ago < QUEUE_STANDS


@dataclass(frozen=True, slots=True)
class Ingest:
    """The state of ingestion with its ages, each on the clock its moment was taken from."""

    state: IngestState
    newest_ago: timedelta | None
    inbox_ago: timedelta | None
    sweep_ago: timedelta | None

    @property
    def is_inbox_read(self) -> bool:
        """Whether no delivery has waited for more than a minute."""
        return self.inbox_ago is None or self.inbox_ago < INBOX_STANDS

    @property
    def is_swept(self) -> bool:
        """Whether no watched wallet's sweep is twice as old as it may become."""
        return self.sweep_ago is None or self.sweep_ago < SWEEPS_STAND


@dataclass(frozen=True, slots=True)
class Part:
    """What one purpose has used of a budget, as a stretch of a bar 100 wide."""

    name: str
    used: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Budget:
    """A vendor's level as it is drawn."""

    level: quota.Level
    parts: list[Part]

    @property
    def state(self) -> str:
        """One word: unknown, used up, pressed or easy."""
        if self.level.used is None:
            return "unknown"
        if self.level.exhausted_until is not None or self.level.left == 0:
            return "used up"
        return "pressed" if self.level.stretch > 1 else "easy"


def queue_state() -> QueueState:
    """Measure the queue now."""
    now = timezone.now()
    last = Success.objects.order_by("-stopped").values_list("stopped", flat=True).first()
    free = Q(lock__lte=now - TASK_LOCKED)
    tasks = OrmQ.objects.aggregate(waiting=Count("pk", filter=free), all=Count("pk"))
    return QueueState(tasks["waiting"], tasks["all"] - tasks["waiting"], _ago(last, now))


def ingest() -> Ingest:
    """Measure ingestion now."""
    state = ingest_state()
    return Ingest(
        state=state,
        newest_ago=_ago(state.newest_block_time, clock.now()),
        inbox_ago=_ago(state.inbox_oldest_at, timezone.now()),
        sweep_ago=_ago(state.oldest_sweep_at, clock.now()),
    )


def _ago(moment: datetime | None, now: datetime) -> timedelta | None:
    return None if moment is None else max(timedelta(0), now - moment)


def budget_of(level: quota.Level) -> Budget:
    """Draw a level: what each purpose used, one after the other; what is over the budget is cut."""
    parts, start = [], 0.0
    for purpose in quota.Purpose:
        used = level.by_purpose.get(purpose, 0)
        width = min(100.0 - start, 100 * used / level.budget) if level.budget else 0.0
        parts.append(Part(purpose.value, used, start, width))
        start += width
    return Budget(level, parts)


def switched_off() -> list[str]:
    """Name the vendors that are not asked, and the key that is missing for it."""
    keys = (("helius", "HELIUS_API_KEY"), ("birdeye", "BIRDEYE_API_KEY"))
    return [f"{vendor}: no {key}" for vendor, key in keys if not getattr(settings, key)]


@never_cache
@require_safe
def operations(request: HttpRequest) -> HttpResponse:
    """Show how the installation stands; to HTMX the figures alone. 404 for who is not staff."""
    if not request.user.is_staff:
        raise Http404
    context = {
        "ingest": ingest(),
        "queue": queue_state(),
        "is_led": is_led(),
        "budgets": [budget_of(level) for level in quota.levels()],
        "ceilings": [(name.value, 100 * share) for name, share in quota.CEILINGS.items()],
        "switched_off": switched_off(),
    }
    part = request.headers.get("HX-Request") == "true"
    return render(request, f"operations{'_figures' if part else ''}.html", context)
