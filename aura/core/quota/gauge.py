"""How far budgets are used up, by whom, and how hard that presses on what can wait."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import redis
from django.conf import settings

from aura.core import memory
from aura.core.quota import keys
from aura.core.quota.purposes import CEILINGS, SWEEP
from aura.core.quota.spending import budget_of

# From this pressure on, sweeps come so many times more seldom.
STRETCHES: Final = ((0.75, 8), (0.5, 4), (0.25, 2))
COUNTS: Final = ("calls", "credits", "refused", "errors", "fallbacks")


@dataclass(frozen=True, slots=True)
class Note:
    """What was noted last of a kind, and when."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Level:
    """How a vendor's budget stands. Counts named `_24h` go back 23 to 24 hours.

    `used` is None while Redis is away; the rest is then empty. `projected` is what the month's
    credits come to when every day left is like the last 24 hours. `exhausted_until` is set while
    the vendor itself says that its credits are used up.
    """

    vendor: str
    used: int | None
    budget: int
    calls_a_second: float
    by_purpose: Mapping[str, int] = field(default_factory=dict)
    projected: int | None = None
    pressure: float = 0.0
    calls_24h: int = 0
    refused_24h: int = 0
    errors_24h: int = 0
    fallbacks_24h: int = 0
    last_error: Note | None = None
    last_fallback: Note | None = None
    exhausted_since: datetime | None = None
    exhausted_until: datetime | None = None

    @property
    def left(self) -> int | None:
        """The credits left of the month."""
        return None if self.used is None else max(0, self.budget - self.used)

    @property
    def stretch(self) -> int:
        """How many times more seldom sweeps come at this pressure."""
        return _stretch(self.pressure)


def levels() -> list[Level]:
    """Return every vendor's level, in the order of the settings."""
    vendors = list(settings.QUOTAS)
    kept = memory.ask(lambda client: _read(client, vendors))
    now = datetime.now(UTC)
    if kept is None:
        return [Level(vendor, None, *budget_of(vendor)) for vendor in vendors]
    return [_level(vendor, kept[i], now) for i, vendor in enumerate(vendors)]


def pressure(vendor: str) -> float:
    """Say how hard a vendor's budget presses on what can wait: 0 is easy, 1 is used up.

    With u the share of the sweeps' ceiling that is used and t the share of the month that is
    gone: 1 - (1 - u) / (1 - t), at least 0. At 0.5 the credits left allow half of an even
    month's pace; on pace or under it there is no pressure. 1 while the vendor itself says that
    its credits are used up; 0 while Redis is away and nothing is known.
    """
    budget, _ = budget_of(vendor)
    used, exhausted_until = memory.ask(lambda client: _read_pressure(client, vendor)) or (0, None)
    return _pressure(used, budget, datetime.now(UTC), exhausted_until)


def stretch(vendor: str) -> int:
    """Say how many times more seldom sweeps shall come: 1, 2, 4 or 8.

    2 from a pressure of 0.25 on, 4 from 0.5, 8 from 0.75.
    """
    return _stretch(pressure(vendor))


def month_gone(now: datetime) -> float:
    """Return the share of the month, UTC, that is gone."""
    ends = keys.next_month(now)
    began = (ends - timedelta(days=1)).replace(day=1)
    return (now - began) / (ends - began)


def _pressure(used: int, budget: int, now: datetime, exhausted_until: datetime | None) -> float:
    if exhausted_until is not None and exhausted_until > now:
        return 1.0
    left = max(0.0, 1 - used / (budget * CEILINGS[SWEEP])) if budget else 0.0
    return max(0.0, 1 - left / (1 - month_gone(now)))


def _stretch(pressed: float) -> int:
    return next((times for least, times in STRETCHES if pressed >= least), 1)


def _read_pressure(client: "redis.Redis", vendor: str) -> tuple[int, datetime | None]:
    pipe = client.pipeline(transaction=False)
    pipe.get(keys.month_key(vendor))
    pipe.hget(keys.key_of(vendor, "exhausted"), "until")
    used, until = pipe.execute()
    return int(used or 0), _moment(until.decode() if until else None)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What Redis keeps of one vendor."""

    used: int
    by_purpose: Mapping[str, str]
    last: Mapping[str, str]
    exhausted: Mapping[str, str]
    hours: Sequence[Mapping[str, str]]


def _read(client: "redis.Redis", vendors: Sequence[str]) -> list[_Kept]:
    """Read everything in one round trip; the newest hour first."""
    pipe = client.pipeline(transaction=False)
    for vendor in vendors:
        pipe.get(keys.month_key(vendor))
        pipe.hgetall(keys.purposes_key(vendor))
        pipe.hgetall(keys.key_of(vendor, "last"))
        pipe.hgetall(keys.key_of(vendor, "exhausted"))
        for hours_ago in range(keys.HOURS):
            pipe.hgetall(keys.hour_key(vendor, hours_ago))
    answers = pipe.execute()
    size = 4 + keys.HOURS
    kept = []
    for start in range(0, len(answers), size):
        used, *hashes = answers[start : start + size]
        by_purpose, last, exhausted, *hours = (_text(given) for given in hashes)
        kept.append(_Kept(int(used or 0), by_purpose, last, exhausted, hours))
    return kept


def _text(given: Any) -> dict[str, str]:
    return {k.decode(): v.decode() for k, v in cast("dict[bytes, bytes]", given).items()}


def _level(vendor: str, kept: _Kept, now: datetime) -> Level:
    budget, rate = budget_of(vendor)
    day = {name: sum(int(hour.get(name, 0)) for hour in kept.hours) for name in COUNTS}
    until = _moment(kept.exhausted.get("until"))
    is_exhausted = until is not None and until > now
    to = kept.last.get("fallback_to", "")
    return Level(
        vendor=vendor,
        used=kept.used,
        budget=budget,
        calls_a_second=rate,
        by_purpose={name: int(used) for name, used in kept.by_purpose.items()},
        projected=kept.used + _expected(kept.hours, now),
        pressure=_pressure(kept.used, budget, now, until),
        calls_24h=day["calls"],
        refused_24h=day["refused"],
        errors_24h=day["errors"],
        fallbacks_24h=day["fallbacks"],
        last_error=_note(kept.last.get("error"), kept.last.get("errors_at")),
        last_fallback=_note(
            f"to {to}: {kept.last.get('fallback', '')}", kept.last.get("fallbacks_at")
        ),
        exhausted_since=_moment(kept.exhausted.get("since")) if is_exhausted else None,
        exhausted_until=until if is_exhausted else None,
    )


def _expected(hours: Sequence[Mapping[str, str]], now: datetime) -> int:
    """Return the credits the rest of the month will cost at the pace of the last 24 hours.

    Of an installation younger than that, at its pace since its first hour.
    """
    spent = [int(hour.get("credits", 0)) for hour in hours]
    active = [hours_ago for hours_ago, cost in enumerate(spent) if cost]
    if not active:
        return 0
    lasted = max(1.0, active[-1] + now.minute / 60)
    left = (keys.next_month(now) - now) / timedelta(hours=1)
    return round(sum(spent) / lasted * left)


def _note(text: str | None, at: str | None) -> Note | None:
    moment = _moment(at)
    return None if text is None or moment is None else Note(text, moment)


def _moment(seconds: str | None) -> datetime | None:
    return datetime.fromtimestamp(float(seconds), UTC) if seconds else None
