"""What is noted about a vendor: that it says its credits are used up, its errors, its stand-ins.

Notes are for deciding and for showing; none of them may cost a call its answer, so nothing here
raises while Redis is away.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import redis

from aura.core import memory
from aura.core.quota import keys

# How long nothing but live probes is sent to a vendor that says its credits are used up: at
# first, and at most; each time it says so again, twice as long as before.
FIRST_REST: Final = timedelta(minutes=15)
LONGEST_REST: Final = timedelta(hours=6)
# How often live work may see whether it has new ones.
PROBE_EVERY: Final = timedelta(minutes=1)
_REASON_LENGTH: Final = 300

# While a rest lasts, a probe that failed changes nothing; after it, the next rest is twice as long.
_EXHAUST: Final = """
local given, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'until', 'rest')
local ends, rest = tonumber(kept[1]), tonumber(kept[2])
if given == 0 and ends and now < ends then return tostring(ends - now) end
rest = rest and math.min(rest * 2, longest) or first
ends = now + (given > 0 and given or rest)
redis.call('HSET', KEYS[1], 'until', string.format('%.3f', ends), 'rest', rest, 'said', ARGV[4],
    'probe_at', string.format('%.3f', now + tonumber(ARGV[5])))
redis.call('HSETNX', KEYS[1], 'since', string.format('%.3f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(ends - now + 2 * longest))
return tostring(ends - now)
"""


def note_exhausted(vendor: str, until: datetime | None = None, *, said: str = "") -> float:
    """Note that a vendor says its credits are used up; return the seconds its calls rest.

    Sweeps and backfills rest until `until`; without it for a quarter of an hour, and each time
    the vendor says so again twice as long, up to six hours. Live calls pass once a minute; the
    first usable answer ends it (`clear_exhausted`).
    """
    given = max(1.0, (until - datetime.now(UTC)).total_seconds()) if until else 0
    times = (FIRST_REST.total_seconds(), LONGEST_REST.total_seconds())
    arguments: list[Any] = [
        given, *times, said[:_REASON_LENGTH], PROBE_EVERY.total_seconds(),
    ]  # fmt: skip
    key = keys.key_of(vendor, "exhausted")
    rest = memory.ask(lambda client: client.register_script(_EXHAUST)(keys=[key], args=arguments))
    return FIRST_REST.total_seconds() if rest is None else float(rest)


def clear_exhausted(vendor: str) -> None:
    """Note that a vendor answers again: its credits are not used up any more."""
    memory.ask(lambda client: client.delete(keys.key_of(vendor, "exhausted")))


def note_error(vendor: str, what: str) -> None:
    """Count a call that got no usable answer and keep what was said, which holds no secret."""
    _note(vendor, "errors", {"error": what[:_REASON_LENGTH]})


def note_fallback(vendor: str, to: str, reason: str) -> None:
    """Count that `to` stood in for `vendor`, and why. `reason` is shown to operators."""
    _note(vendor, "fallbacks", {"fallback": reason[:_REASON_LENGTH], "fallback_to": to})


def _note(vendor: str, count: str, last: dict[str, str]) -> None:
    at = f"{time.time():.3f}"

    def note(client: "redis.Redis") -> None:
        pipe = client.pipeline()
        pipe.hincrby(keys.hour_key(vendor), count, 1)
        pipe.expire(keys.hour_key(vendor), keys.HOUR_KEPT)
        key = keys.key_of(vendor, "last")
        pipe.hset(key, mapping={**last, f"{count}_at": at})
        pipe.expire(key, keys.MONTH_KEPT)
        pipe.execute()

    memory.ask(note)
