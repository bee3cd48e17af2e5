"""What goes wrong on purpose: rates from 0 to 1, rolled with dice the market never touches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from sandbox.meter import Credits

Json = dict[str, Any]
Rates = dict[str, float]

RPC_SURFACES = ("rpc", "public-rpc")
MARKET_SURFACES = ("dexscreener", "birdeye", "jupiter", "rugcheck")
SURFACES = (*RPC_SURFACES, "webhooks", *MARKET_SURFACES)
ANY = "*"
# The order in which they are rolled: the first that comes up is the one that happens.
MARKET = ("zero_liquidity", "nan", "renamed", "silence")
HTTP = ("dropped", "timeout", "rate_limited", "server_error", "malformed", "truncated", "rpc_error",
        *MARKET)  # fmt: skip
# Faults that make sense on some surfaces alone.
ONLY = {"rpc_error": RPC_SURFACES, **dict.fromkeys(MARKET, MARKET_SURFACES)}
SOCKETS = ("dropped", "silent", "garbled", "late", "duplicated")
DELIVERIES = (
    "dropped", "duplicated", "late", "reordered", "split", "merged", "truncated", "garbled",
)  # fmt: skip
CHAIN = ("phantom", "vanishing")
AREAS = {"sockets": SOCKETS, "deliveries": DELIVERIES, "chain": CHAIN}
# Seconds are those of the wall, because they are waited for; slots are the market's.
RANGES: dict[str, tuple[float, float]] = {
    "hold_seconds": (5.0, 20.0),
    "retry_after_seconds": (1.0, 5.0),
    "late_seconds": (0.5, 8.0),
    "vanish_slots": (64.0, 400.0),
}
LONGEST = 100_000.0
# Enough of everything to be met within minutes, and little enough for a client to get through.
EVERYTHING: Json = {
    "http": {
        ANY: {"dropped": 0.02, "timeout": 0.005, "rate_limited": 0.04, "server_error": 0.03,
              "malformed": 0.02, "truncated": 0.02, "rpc_error": 0.02, "zero_liquidity": 0.02,
              "nan": 0.02, "renamed": 0.01, "silence": 0.01},
    },
    "sockets": {"dropped": 0.003, "silent": 0.02, "garbled": 0.01, "late": 0.05,
                "duplicated": 0.05},
    "deliveries": {"dropped": 0.05, "duplicated": 0.1, "late": 0.1, "reordered": 0.1, "split": 0.1,
                   "merged": 0.1, "truncated": 0.03, "garbled": 0.05},
    "chain": {"phantom": 0.02, "vanishing": 0.01},
}  # fmt: skip


class BadFaultsError(Exception):
    """Settings that make no sense; nothing of them was taken."""


class Faults:
    """The settings, the dice and the count of what happened."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.http: dict[str, Rates] = {}
        self.rates: dict[str, Rates] = {area: {} for area in AREAS}
        self.ranges = dict(RANGES)
        self.credits = Credits()
        self.happened: Counter[str] = Counter()
        # A sequence for each area, so that traffic on one changes nothing on another.
        self.dice = {area: Random(f"{seed}/faults/{area}") for area in ("http", *AREAS)}

    def update(self, body: object) -> None:
        """Take a partial change; `all` starts from every fault on, `off` from none.

        Raises BadFaultsError, and then nothing has changed.
        """
        wanted = dict(_object(body, "the body"))
        known = {"all", "off", "http", "ranges", "credits", *AREAS}
        _only(wanted, known, "")
        everything, off = _flag(wanted, "all"), _flag(wanted, "off")
        if everything and off:
            raise BadFaultsError("give either all or off")
        http = {} if everything or off else {name: dict(r) for name, r in self.http.items()}
        rates = {area: {} if everything or off else dict(self.rates[area]) for area in AREAS}
        ranges = dict(RANGES) if off else dict(self.ranges)
        for source in (EVERYTHING, wanted) if everything else (wanted,):
            for surface, given in _object(source.get("http", {}), "http").items():
                _only((surface,), {ANY, *SURFACES}, "http")
                http.setdefault(surface, {}).update(_rates(given, HTTP, f"http.{surface}"))
            for area, kinds in AREAS.items():
                rates[area].update(_rates(source.get(area, {}), kinds, area))
        for name, pair in _object(wanted.get("ranges", {}), "ranges").items():
            _only((name,), set(RANGES), "ranges")
            ranges[name] = _range(pair, f"ranges.{name}")
        if "credits" in wanted or off:
            self.credits.top_up(_credits(wanted.get("credits")))
        self.http, self.rates, self.ranges = http, rates, ranges

    def shown(self) -> Json:
        """Give the settings, the credits left and spent, and how often what happened."""
        return {
            "seed": self.seed, "http": self.http, **self.rates,
            "ranges": {name: list(pair) for name, pair in self.ranges.items()},
            "credits": self.credits.left, "credits_spent": self.credits.spent,
            "happened": dict(sorted(self.happened.items())),
        }  # fmt: skip

    def roll(self, area: str, kind: str) -> bool:
        """Say whether a fault is due; whoever makes it happen notes it."""
        rate = self.rates[area].get(kind, 0.0)
        return rate > 0 and self.dice[area].random() < rate

    def hit(self, area: str, kind: str) -> bool:
        """Roll, and note what came up."""
        due = self.roll(area, kind)
        if due:
            self.note(f"{area}.{kind}")
        return due

    def note(self, name: str) -> None:
        """Count something that happened."""
        self.happened[name] += 1

    def http_kind(self, surface: str) -> str | None:
        """Say what goes wrong with one request; a surface's own rate goes before that of `*`."""
        common, own = self.http.get(ANY, {}), self.http.get(surface, {})
        for kind in HTTP:
            rate = own.get(kind, common.get(kind, 0.0))
            if surface not in ONLY.get(kind, SURFACES):
                continue
            if rate > 0 and self.dice["http"].random() < rate:
                self.note(f"http.{surface}.{kind}")
                return kind
        return None

    def between(self, area: str, name: str) -> float:
        """Draw from one of the ranges."""
        return self.dice[area].uniform(*self.ranges[name])


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadFaultsError(f"{where} must be an object")
    return value


def _only(names: Iterable[str], known: set[str], where: str) -> None:
    for name in names:
        if name not in known:
            place = f"{where}.{name}" if where else name
            raise BadFaultsError(f"{place} is not known; known are {', '.join(sorted(known))}")


def _flag(wanted: Mapping[str, Any], name: str) -> bool:
    if wanted.get(name, True) is not True:
        raise BadFaultsError(f"{name} can only be true")
    return name in wanted


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _rates(value: object, kinds: tuple[str, ...], where: str) -> Rates:
    given = _object(value, where)
    _only(given, set(kinds), where)
    rates: Rates = {}
    for kind, told in given.items():
        rate = _number(told)
        if rate is None or not 0 <= rate <= 1:
            raise BadFaultsError(f"{where}.{kind} must be a rate from 0 to 1")
        rates[kind] = rate
    return rates


def _range(value: object, where: str) -> tuple[float, float]:
    pair = [_number(one) for one in value] if isinstance(value, list) else []
    if len(pair) == 2:
        least, most = pair
        if least is not None and most is not None and 0 <= least <= most <= LONGEST:
            return least, most
    raise BadFaultsError(f"{where} must be [least, most] from 0 to {LONGEST:g}")


def _credits(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadFaultsError("credits must be a whole number from 0, or null for no limit")
    return value
