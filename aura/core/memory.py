"""What all processes share in Redis: one pool of connections a process, and the time without it."""

import logging
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

import redis
from django.conf import settings

_PAUSE: Final = 5.0

T = TypeVar("T")

log = logging.getLogger(__name__)

_lock = threading.Lock()
_away_until = 0.0
_warned = False


def ask(question: "Callable[[redis.Redis], T]") -> T | None:
    """Ask Redis; None while it is away, when it is asked again only every few seconds."""
    global _warned  # noqa: PLW0603  # once per absence, not per call
    if time.monotonic() < _away_until:
        return None
    try:
        answer = question(client())
    except redis.RedisError as error:
        _note_absence(error)
        return None
    _warned = False
    return answer


def _note_absence(error: redis.RedisError) -> None:
    global _away_until, _warned  # noqa: PLW0603  # the absence is a fact of the process
    with _lock:
        _away_until = time.monotonic() + _PAUSE
        said, _warned = _warned, True
    if not said:
        log.warning("without Redis, each process for itself: %s", type(error).__name__)


@lru_cache(maxsize=1)
def client() -> "redis.Redis":
    """Return this process's connection pool."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1.0, socket_timeout=2.0)


def forget() -> None:
    """Forget the connection and that Redis was away, as when the setting has changed."""
    global _away_until, _warned  # the absence is a fact of the process
    client.cache_clear()
    _away_until, _warned = 0.0, False
