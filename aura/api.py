"""Answers in JSON about the whole house; the paid API grows here."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from aura import operations
from aura.core import quota
from aura.core.loops import is_led

log = logging.getLogger(__name__)


@never_cache
@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """Say how the installation is: 200 when it can serve, 503 when a part it needs is away.

    Shape: {"status": "healthy"|"unhealthy", "world", "database", "redis", "queue", "watcher",
    "inbox", "chain", "sweeps", "decoder", "providers"}; times in seconds, never a secret, never a
    stack trace. A part that stands still says `"ok": false` and leaves the status alone: pages
    are served all the same. The figures are those of the Operations page.
    """
    ingest = cache(operations.ingest)
    parts = {"database": _part("database", _database), "redis": _part("redis", _redis)}
    measures: dict[str, Callable[[], dict[str, Any]]] = {
        "queue": _queue,
        "watcher": _watcher,
        "inbox": lambda: _inbox(ingest()),
        "chain": lambda: _chain(ingest()),
        "sweeps": lambda: _sweeps(ingest()),
        "decoder": lambda: _decoder(ingest()),
    }
    for name, measure in measures.items():
        # Without the database each would wait in vain for a connection.
        here = parts["database"]["ok"]
        parts[name] = _part(name, measure) if here else parts["database"]
    parts["providers"] = _part("providers", _providers)
    needed = all(parts[name]["ok"] for name in ("database", "redis"))
    body = {"status": "healthy" if needed else "unhealthy", "world": settings.WORLD} | parts
    return JsonResponse(body, status=200 if needed else 503)


def _part(name: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return {"ok": True} | measure()
    except (DatabaseError, redis.RedisError, OSError) as error:
        log.warning("health: %s away: %s", name, type(error).__name__)
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
    """Return how many tasks wait and run, and how long ago the last one succeeded."""
    queue = operations.queue_state()
    return {
        "ok": queue.is_moving,
        "waiting": queue.waiting,
        "running": queue.running,
        "last_success_seconds_ago": _seconds(queue.succeeded_ago),
    }


def _watcher() -> dict[str, Any]:
    """Say whether a watcher leads the live loops."""
    return {"ok": is_led()}


def _inbox(ingest: operations.Ingest) -> dict[str, Any]:
    """Return how many deliveries wait to be recorded, and how long the oldest has."""
    return {
        "ok": ingest.is_inbox_read,
        "waiting": ingest.state.inbox_waiting,
        "oldest_seconds_ago": _seconds(ingest.inbox_ago),
        "quarantined": ingest.state.quarantined,
    }


def _chain(ingest: operations.Ingest) -> dict[str, Any]:
    """Return how far behind the present the chain's newest recorded transaction is.

    Not the one recorded last: a sweep of old history records what is days old.
    """
    return {
        "newest_transaction_seconds_ago": _seconds(ingest.newest_ago),
        "provisional": ingest.state.provisional,
        "voided_24h": ingest.state.voided_recently,
    }


def _sweeps(ingest: operations.Ingest) -> dict[str, Any]:
    """Return how late sweeps are, and which wallets need more of them than others."""
    state = ingest.state
    return {
        "ok": ingest.is_swept,
        "watched": state.watched,
        "swept_within_6h": state.swept_recently,
        "never_swept": state.never_swept,
        "due": state.sweeps_due,
        "oldest_seconds_ago": _seconds(ingest.sweep_ago),
        "hot_wallets": state.hot_wallets,
        "histories_being_read": state.readings,
    }


def _decoder(ingest: operations.Ingest) -> dict[str, Any]:
    """Return how often a second opinion differs from what balances say, lately."""
    state = ingest.state
    return {
        "compared": state.compared,
        "disagreeing": state.disagreeing,
        "disagreement_rate": state.disagreement_rate,
    }


def _providers() -> dict[str, Any]:
    return {
        "budgets": [_budget(level) for level in quota.levels()],
        "switched_off": operations.switched_off(),
    }


def _budget(level: quota.Level) -> dict[str, Any]:
    """Tell a level without the words of errors, which are for operators."""
    until = level.exhausted_until
    return {
        "vendor": level.vendor,
        "used": level.used,
        "budget": level.budget,
        "by_purpose": dict(level.by_purpose),
        "projected": level.projected,
        "pressure": round(level.pressure, 3),
        "stretch": level.stretch,
        "exhausted_until": until and until.isoformat(timespec="seconds"),
        "calls_24h": level.calls_24h,
        "refused_24h": level.refused_24h,
        "errors_24h": level.errors_24h,
        "fallbacks_24h": level.fallbacks_24h,
    }


def _seconds(age: timedelta | None) -> float | None:
    return None if age is None else round(age.total_seconds(), 1)
