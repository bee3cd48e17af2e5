"""Answers in JSON about the whole house; the paid API grows here."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Min, Q
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.models import OrmQ, Success

from aura.core import clock, quota
from aura.core.loops import is_led
from wallets.models import Delivery, RawTransaction

INBOX_STANDS: Final = timedelta(seconds=60)
QUEUE_STANDS: Final = timedelta(minutes=10)
TASK_LOCKED: Final = timedelta(seconds=int(str(settings.Q_CLUSTER["retry"])))

log = logging.getLogger(__name__)


@never_cache
@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """Say how the installation is: 200 when it can serve, 503 when a part it needs is away.

    Shape: {"status": "healthy"|"unhealthy", "world", "database", "redis", "queue", "watcher",
    "inbox", "chain", "providers"}; times in seconds, never a secret, never a stack trace. A part
    that stands still says `"ok": false` and leaves the status alone: pages are served all the same.
    """
    parts = {
        "database": _part(_database),
        "redis": _part(_redis),
        "queue": _part(_queue),
        "watcher": _part(_watcher),
        "inbox": _part(_inbox),
        "chain": _part(_chain),
        "providers": _part(_providers),
    }
    needed = all(parts[name]["ok"] for name in ("database", "redis"))
    body = {"status": "healthy" if needed else "unhealthy", "world": settings.WORLD} | parts
    return JsonResponse(body, status=200 if needed else 503)


def _part(measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return {"ok": True} | measure()
    except (DatabaseError, redis.RedisError, OSError) as error:
        log.warning("health: %s away: %s", measure.__name__, type(error).__name__)
        return {"ok": False, "error": type(error).__name__}


def _database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        return {"postgresql": cursor.fetchone()[0]}


def _redis() -> dict[str, Any]:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2)
    try:
        client.ping()
    finally:
        client.close()
    return {}


def _queue() -> dict[str, Any]:
    """Return how many tasks wait and run, and how long ago the last one succeeded.

    A task that runs keeps its row, locked until it would be tried again. Tasks run every minute:
    after ten without one that succeeded the queue stands still.
    """
    last = Success.objects.order_by("-stopped").values_list("stopped", flat=True).first()
    free = Q(lock__lte=timezone.now() - TASK_LOCKED)
    tasks = OrmQ.objects.aggregate(waiting=Count("pk", filter=free), all=Count("pk"))
    age = _age(last, timezone.now())
    return {
        "ok": age is None or age < QUEUE_STANDS.total_seconds(),
        "waiting": tasks["waiting"],
        "running": tasks["all"] - tasks["waiting"],
        "last_success_seconds_ago": age,
    }


def _watcher() -> dict[str, Any]:
    """Say whether a watcher leads the live loops."""
    return {"ok": is_led()}


def _chain() -> dict[str, Any]:
    """Return how far behind the present the chain's newest recorded transaction is.

    Not the one recorded last: a sweep of old history records what is days old.
    """
    timed = RawTransaction.objects.filter(block_time__isnull=False).order_by("-slot")
    newest = timed.values_list("block_time", flat=True).first()
    return {"newest_transaction_seconds_ago": _age(newest, clock.now())}


def _inbox() -> dict[str, Any]:
    """Return how many deliveries wait to be recorded, and how long the oldest has."""
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING).aggregate(
        n=Count("pk"), oldest=Min("received_at")
    )
    age = _age(waiting["oldest"], timezone.now())
    is_read = age is None or age < INBOX_STANDS.total_seconds()
    return {"ok": is_read, "waiting": waiting["n"], "oldest_seconds_ago": age}


def _age(moment: Any, now: datetime) -> float | None:
    return None if moment is None else round((now - moment).total_seconds(), 1)


def _providers() -> dict[str, Any]:
    return {
        "budgets": [
            {"vendor": level.vendor, "used": level.used, "budget": level.budget}
            for level in quota.levels()
        ],
        "switched_off": [
            f"{vendor}: no {key}"
            for vendor, key in (("helius", "HELIUS_API_KEY"), ("birdeye", "BIRDEYE_API_KEY"))
            if not getattr(settings, key)
        ],
    }
