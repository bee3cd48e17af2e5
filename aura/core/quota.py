"""One budget per vendor, shared by all processes: calls a second and credits a month, in Redis."""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, cast

import redis
from django.conf import settings

from aura.core.errors import RateLimited

KEPT: Final = timedelta(days=70)
_REDIS_PAUSE: Final = 5.0

log = logging.getLogger(__name__)
sleep = time.sleep

# A bucket that fills at `rate` a second and holds `burst`. A caller who may wait draws it below
# zero and sleeps until his share has dripped in: first come, first served, in one round trip.
# The time is the server's, so processes on several machines agree.
_SPEND: Final = """
local rate, burst, calls = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local wait, credits, budget = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if tonumber(redis.call('GET', KEYS[2]) or '0') + credits > budget then return {'month', '0'} end
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local kept_level = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(kept_level[1]) or burst, tonumber(kept_level[2]) or now
level = math.min(burst, level + math.max(0, now - at) * rate) - calls
local due = math.max(0, -level / rate)
if due > wait then return {'second', tostring(due)} end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], 3600)
redis.call('INCRBY', KEYS[2], credits)
redis.call('EXPIRE', KEYS[2], ARGV[7])
return {'ok', tostring(due)}
"""


@dataclass(frozen=True, slots=True)
class Level:
    """How far a vendor's month is used up; `used` is None while Redis is away."""

    vendor: str
    used: int | None
    budget: int
    calls_a_second: float


@dataclass(slots=True)
class _Bucket:
    """The same bucket inside one process, for the time without Redis."""

    level: float = 0.0
    at: float = field(default_factory=time.monotonic)

    def draw(self, rate: float, calls: int, wait: float) -> tuple[bool, float]:
        """Take the calls and tell the seconds until they are due; refuse when that is too long."""
        now = time.monotonic()
        level = min(_burst(rate), self.level + (now - self.at) * rate) - calls
        due = max(0.0, -level / rate)
        if due > wait:
            return False, due
        self.level, self.at = level, now
        return True, due


_lock = threading.Lock()
_buckets: dict[str, _Bucket] = {}
_away_until = 0.0
_warned = False


def spend(vendor: str, cost: int, *, calls: int = 1, wait: float = 0.0) -> None:
    """Take `calls` from the vendor's second and `cost` credits from its month, before calling it.

    Blocks up to `wait` seconds for the second's share. Raises RateLimited with `retry_after` in
    seconds when that is not enough, or when the month's credits do not reach (then until the
    1st, UTC); LookupError for a vendor without a budget in settings.QUOTAS. While Redis is away
    calls go on: each process keeps the rate for itself, and the month is not counted.
    """
    budget, rate = _budget_of(vendor)
    ask = [rate, _burst(rate), calls, wait, cost, budget, int(KEPT.total_seconds())]
    verdict, due = _ask_redis(vendor, ask) or _ask_process(vendor, rate, calls, wait)
    if verdict == "month":
        raise RateLimited(
            vendor, f"the month's {budget:,} credits are used up", retry_after=_to_next_month()
        )
    if verdict == "second":
        raise RateLimited(vendor, f"more than {rate:g} calls a second", retry_after=due)
    if due > 0:
        sleep(due)


def charge(vendor: str, cost: int) -> None:
    """Count credits that were used without asking, such as a stream's data. Never raises."""
    _budget_of(vendor)
    month = _month_key(vendor)
    try:
        pipe = _redis().pipeline()
        pipe.incrby(month, cost)
        pipe.expire(month, KEPT)
        pipe.execute()
    except redis.RedisError as error:
        _note_absence(error)


def levels() -> list[Level]:
    """Return every vendor's level this month, in the order of the settings."""
    vendors = list(settings.QUOTAS)
    used: Sequence[bytes | None] | None
    try:
        used = cast("list[bytes | None]", _redis().mget([_month_key(v) for v in vendors]))
    except redis.RedisError:
        used = None
    return [
        Level(vendor, None if used is None else int(used[i] or 0), *settings.QUOTAS[vendor])
        for i, vendor in enumerate(vendors)
    ]


def _budget_of(vendor: str) -> tuple[int, float]:
    try:
        budget, rate = settings.QUOTAS[vendor]
    except KeyError:
        raise LookupError(f"settings.QUOTAS has no budget for {vendor}") from None
    return budget, rate


def _burst(rate: float) -> float:
    """Say how many calls may come at once: few, because vendors count in short windows."""
    return max(1.0, rate / 10)


def _ask_redis(vendor: str, ask: list[float]) -> tuple[str, float] | None:
    """Ask the shared bucket; None while Redis is away (it is tried again every few seconds)."""
    global _warned  # noqa: PLW0603  # once per absence, not per call
    if time.monotonic() < _away_until:
        return None
    try:
        keys = [f"{_prefix(vendor)}:second", _month_key(vendor)]
        answer = cast("list[bytes]", _script()(keys=keys, args=cast("list[Any]", ask)))
    except redis.RedisError as error:
        _note_absence(error)
        return None
    _warned = False
    return answer[0].decode(), float(answer[1])


def _ask_process(vendor: str, rate: float, calls: int, wait: float) -> tuple[str, float]:
    with _lock:
        bucket = _buckets.setdefault(vendor, _Bucket(_burst(rate)))
        taken, due = bucket.draw(rate, calls, wait)
    return ("ok" if taken else "second"), due


def _note_absence(error: redis.RedisError) -> None:
    global _away_until, _warned  # noqa: PLW0603  # the absence is a fact of the process
    _away_until = time.monotonic() + _REDIS_PAUSE
    if not _warned:
        _warned = True
        log.warning("quota without Redis, each process for itself: %s", type(error).__name__)


@lru_cache(maxsize=1)
def _redis() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1.0, socket_timeout=2.0)


@lru_cache(maxsize=1)
def _script() -> Any:
    return _redis().register_script(_SPEND)


def _prefix(vendor: str) -> str:
    # One tag in braces: both keys of a vendor live on the same node of a Redis cluster.
    return f"aura:{settings.WORLD}:quota:{{{vendor}}}"


def _month_key(vendor: str) -> str:
    """Name the present month's counter: vendors count real months, whatever the world's clock."""
    return f"{_prefix(vendor)}:{datetime.now(UTC):%Y-%m}"


def _to_next_month() -> float:
    now = datetime.now(UTC)
    first = (now.replace(day=1) + timedelta(days=32)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return (first - now).total_seconds()
