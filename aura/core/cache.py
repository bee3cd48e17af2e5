"""Answers shared by all processes, each made by one caller while the others wait for it.

What many ask for at the same moment costs one call of a vendor: inside a process by a future,
between processes by a lock in Redis. Without Redis every process makes it for itself.
"""

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, cast

import redis
from django.conf import settings

from aura.core import exact, memory
from aura.core.errors import ProviderError

# How long an old value is still served, from when it is due, while it cannot be made anew.
GRACE: Final = 600.0
# A maker that failed is followed by no other for so long where there is an old value to serve.
FAILED_HOLDS: Final = 5.0
# Who waits longer than this for another's value makes it himself.
WAIT: Final = 20.0
# A maker that died lets go of its lock after this.
LOCK_HOLDS: Final = 60.0
_LOOK_EVERY: Final = 0.05

# Only who holds the lock lets go of it: after LOCK_HOLDS it may be another's.
_RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""

log = logging.getLogger(__name__)

_lock = threading.Lock()
_in_flight: "dict[str, Future[str]]" = {}


def shared(key: str, ttl: float, make: Callable[[], Any], *, grace: float = GRACE) -> Any:
    """Return the value of `key`, not older than `ttl` seconds, made by `make` when there is none.

    Every caller gets it as read back from JSON: decimals come as strings, tuples as lists. Of
    many callers in all processes one makes it, the others wait up to 20 seconds and then make it
    themselves. When `make` raises ProviderError, a value made less than `ttl + grace` seconds ago
    is returned instead; without one the error is raised, to those too who waited in this process.
    """
    name = f"aura:{settings.WORLD}:shared:{key}"
    with _lock:
        flight = _in_flight.get(name)
        is_first = flight is None
        if flight is None:
            flight = _in_flight[name] = Future()
    if not is_first:
        try:
            return exact.loads(flight.result(timeout=WAIT))
        except TimeoutError:
            # It is what a socket raises too: then the maker has failed with it.
            if flight.done():
                raise
            return exact.loads(exact.dumps(make()))
    try:
        text = _Shared(name, ttl, grace, make).read()
    except BaseException as error:
        flight.set_exception(error)
        raise
    else:
        flight.set_result(text)
        return exact.loads(text)
    finally:
        with _lock:
            if _in_flight.get(name) is flight:
                del _in_flight[name]


class _Shared:
    """One reading of a value on behalf of this process."""

    def __init__(self, name: str, ttl: float, grace: float, make: Callable[[], Any]) -> None:
        self._name, self._ttl, self._grace, self._make = name, ttl, grace, make
        self._token = secrets.token_hex(16)
        self._until = time.monotonic() + WAIT

    def read(self) -> str:
        """Return the value as JSON: a fresh one, another's, our own, or an old one."""
        while True:
            found = memory.ask(self._find)
            if found is None:
                return self._made()
            text, is_fresh, failed = found
            if text is not None and (is_fresh or failed):
                return text
            if time.monotonic() > self._until:
                return self._make_or(text)
            if memory.ask(self._take):
                try:
                    return self._make_alone()
                finally:
                    memory.ask(self._release)
            time.sleep(_LOOK_EVERY)

    def _make_alone(self) -> str:
        """Make the value under the lock, if nobody has while we asked for the lock."""
        text, is_fresh, _ = memory.ask(self._find) or (None, False, False)
        return text if text is not None and is_fresh else self._make_or(text)

    def _make_or(self, old: str | None) -> str:
        """Make and keep the value; return the old one when a vendor prevents it."""
        try:
            text = self._made()
        except ProviderError as error:
            if old is None:
                raise
            log.warning("%s is old, for it cannot be made anew: %s", self._name, error)
            memory.ask(lambda client: client.set(f"{self._name}:failed", 1, px=_ms(FAILED_HOLDS)))
            return old
        memory.ask(lambda client: client.set(self._name, text, px=_ms(self._ttl + self._grace)))
        return text

    def _made(self) -> str:
        return exact.dumps(self._make())

    def _find(self, client: "redis.Redis") -> tuple[str | None, bool, bool]:
        """Return what is kept, whether it is fresh, and whether making it has just failed.

        It is kept for the grace beyond its time, so what is left to live tells its age.
        """
        pipe = client.pipeline()
        pipe.get(self._name)
        pipe.pttl(self._name)
        pipe.exists(f"{self._name}:failed")
        value, left, failed = pipe.execute()
        text = None if value is None else cast("bytes", value).decode()
        return text, left > _ms(self._grace), bool(failed)

    def _take(self, client: "redis.Redis") -> bool:
        lock = f"{self._name}:lock"
        return bool(client.set(lock, self._token, nx=True, px=_ms(LOCK_HOLDS)))

    def _release(self, client: "redis.Redis") -> None:
        client.register_script(_RELEASE)(keys=[f"{self._name}:lock"], args=[self._token])


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _forget_flights() -> None:
    """Start afresh in a forked child: what the parent's threads make never arrives here."""
    global _lock  # noqa: PLW0603  # it may have been held by a thread that is not here
    _lock = threading.Lock()
    _in_flight.clear()


os.register_at_fork(after_in_child=_forget_flights)
