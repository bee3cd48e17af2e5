"""Drawing on a vendor's budget before a call is made."""

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import redis
from django.conf import settings

from aura.core import memory
from aura.core.errors import RateLimited
from aura.core.quota import keys
from aura.core.quota.notes import PROBE_EVERY
from aura.core.quota.purposes import CEILINGS, LIVE, RATES, Purpose, lanes_of, purpose

sleep = time.sleep

# A bucket that fills at `rate` a second and holds `burst`. A caller who may wait draws it below
# zero and sleeps until his share has dripped in: first come, first served, in one round trip.
# Credits are counted at the last of the buckets a call passes. The time is the server's, so
# processes on several machines agree.
_DRAW: Final = """
local rate, burst, calls, wait = unpack(ARGV, 1, 4)
local credits, most, purpose, is_last = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7], ARGV[8]
rate, burst, calls, wait = tonumber(rate), tonumber(burst), tonumber(calls), tonumber(wait)
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000

local function refuse(why, seconds)
    redis.call('HINCRBY', KEYS[4], 'refused', 1)
    redis.call('EXPIRE', KEYS[4], ARGV[11])
    return {why, tostring(seconds)}
end

if tonumber(redis.call('GET', KEYS[2]) or '0') + credits > most then return refuse('month', 0) end
local told = redis.call('HMGET', KEYS[5], 'until', 'probe_at')
local exhausted_until, probe_at = tonumber(told[1]), tonumber(told[2]) or 0
if exhausted_until and now < exhausted_until then
    if purpose ~= 'live' then return refuse('exhausted', exhausted_until - now) end
    if now < probe_at then return refuse('exhausted', probe_at - now) end
end

local kept_level = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(kept_level[1]) or burst, tonumber(kept_level[2]) or now
level = math.min(burst, level + math.max(0, now - at) * rate) - calls
local due = math.max(0, -level / rate)
if due > wait then return refuse('second', due) end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], 3600)
if is_last == '1' then
    redis.call('INCRBY', KEYS[2], credits)
    redis.call('EXPIRE', KEYS[2], ARGV[10])
    redis.call('HINCRBY', KEYS[3], purpose, credits)
    redis.call('EXPIRE', KEYS[3], ARGV[10])
    redis.call('HINCRBY', KEYS[4], 'calls', calls)
    redis.call('HINCRBY', KEYS[4], 'credits', credits)
    redis.call('EXPIRE', KEYS[4], ARGV[11])
    if exhausted_until then
        redis.call('HSET', KEYS[5], 'probe_at', string.format('%.6f', now + tonumber(ARGV[9])))
        return {'probe', tostring(due)}
    end
end
return {'ok', tostring(due)}
"""


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
_buckets: dict[tuple[str, Purpose], _Bucket] = {}


def spend(vendor: str, cost: int, *, calls: int = 1, wait: float = 0.0) -> bool:
    """Take `calls` from the vendor's second and `cost` credits from its month, before calling it.

    Says whether the call is a probe: the vendor has said that its credits are used up, and how
    it answers now decides whether they still are (`clear_exhausted`, `note_exhausted`).
    Blocks up to `wait` seconds for the second's share. Raises RateLimited with `retry_after` in
    seconds when that is not enough, when the month's credits do not reach to the ceiling of what
    the call is made for (then until the 1st, UTC), or while the vendor itself says that they are
    used up (then live work is let through once a minute); LookupError for a vendor without a
    budget in settings.QUOTAS. While Redis is away calls go on: each process keeps the rate for
    itself, and the month is not counted.
    """
    budget, rate = budget_of(vendor)
    what, left = purpose(), wait
    verdict = "ok"
    for lane in lanes_of(what):
        draw = _Draw(vendor, what, lane, rate * RATES[lane], budget, cost, calls, left)
        verdict, due = _ask_redis(draw) or _ask_process(draw)
        if verdict not in ("ok", "probe"):
            raise _refusal(draw, verdict, due)
        if due > 0:
            sleep(due)
            left = max(0.0, left - due)
    return verdict == "probe"


def charge(vendor: str, cost: int) -> None:
    """Count credits that were used without asking, such as a stream's data. Never raises."""
    budget_of(vendor)

    def count(client: "redis.Redis") -> None:
        pipe = client.pipeline()
        pipe.incrby(keys.month_key(vendor), cost)
        pipe.expire(keys.month_key(vendor), keys.MONTH_KEPT)
        pipe.hincrby(keys.purposes_key(vendor), purpose(), cost)
        pipe.expire(keys.purposes_key(vendor), keys.MONTH_KEPT)
        pipe.hincrby(keys.hour_key(vendor), "credits", cost)
        pipe.expire(keys.hour_key(vendor), keys.HOUR_KEPT)
        pipe.execute()

    memory.ask(count)


def budget_of(vendor: str) -> tuple[int, float]:
    """Return a vendor's credits a month and calls a second; LookupError when it has none."""
    try:
        budget, rate = settings.QUOTAS[vendor]
    except KeyError:
        raise LookupError(f"settings.QUOTAS has no budget for {vendor}") from None
    return budget, rate


@dataclass(frozen=True, slots=True)
class _Draw:
    """What is asked of one lane."""

    vendor: str
    purpose: Purpose
    lane: Purpose
    rate: float
    budget: int
    cost: int
    calls: int
    wait: float

    @property
    def most(self) -> int:
        """The month's credits up to the ceiling of the purpose."""
        return int(self.budget * CEILINGS[self.purpose])


def _burst(rate: float) -> float:
    """Say how many calls may come at once: few, because vendors count in short windows."""
    return max(1.0, rate / 10)


def _ask_redis(draw: _Draw) -> tuple[str, float] | None:
    """Ask the shared bucket; None while Redis is away."""
    vendor = draw.vendor
    names = [
        keys.key_of(vendor, "second", draw.lane),
        keys.month_key(vendor),
        keys.purposes_key(vendor),
        keys.hour_key(vendor),
        keys.key_of(vendor, "exhausted"),
    ]
    given: list[Any] = [
        draw.rate,
        _burst(draw.rate),
        draw.calls,
        draw.wait,
        draw.cost,
        draw.most,
        draw.purpose.value,
        int(draw.lane is LIVE),
        PROBE_EVERY.total_seconds(),
        int(keys.MONTH_KEPT.total_seconds()),
        int(keys.HOUR_KEPT.total_seconds()),
    ]
    answer = memory.ask(lambda client: client.register_script(_DRAW)(keys=names, args=given))
    if answer is None:
        return None
    verdict, due = cast("list[bytes]", answer)
    return verdict.decode(), float(due)


def _ask_process(draw: _Draw) -> tuple[str, float]:
    with _lock:
        bucket = _buckets.setdefault((draw.vendor, draw.lane), _Bucket(_burst(draw.rate)))
        taken, due = bucket.draw(draw.rate, draw.calls, draw.wait)
    return ("ok" if taken else "second"), due


def _refusal(draw: _Draw, verdict: str, due: float) -> RateLimited:
    """Say which limit was met, and until when."""
    now = datetime.now(UTC)
    if verdict == "second":
        whose = "" if draw.lane is LIVE else f" for {draw.lane}"
        return RateLimited(
            draw.vendor, f"more than {draw.rate:g} calls a second{whose}", retry_after=due
        )
    until = keys.next_month(now) if verdict == "month" else now + timedelta(seconds=due)
    if verdict == "exhausted":
        why = f"it says that its credits are used up; no {draw.purpose} call"
    elif draw.purpose is LIVE:
        why = f"the month's {draw.budget:,} credits are used up"
    else:
        share = f"{CEILINGS[draw.purpose]:.0%} of the month's {draw.budget:,} credits"
        why = f"{share} are used up, the most that a {draw.purpose} may use"
    message = f"{why} until {until:%Y-%m-%d %H:%M} UTC"
    return RateLimited(draw.vendor, message, retry_after=(until - now).total_seconds())
