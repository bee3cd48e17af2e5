"""The program whose rebuild is measured: `python -m aura.management.bench.rebuilding ANSWER`."""

import argparse
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import django

# Where each step stands, as whoever takes it calls it.
STEPS: Final = (
    ("wallets.actions.rebuild", "state_hash", "both hashes"),
    ("wallets.actions.rebuild", "refresh_stats", "figures"),
    ("wallets.actions.settle", "_pairs", "read, unpack, parse"),
    ("wallets.actions.rebuild", "derive", "derive: prices, rows"),
    ("wallets.actions.derive", "decode", "decode"),
    ("wallets.actions.rebuild", "fold_books", "books"),
)


class Clock:
    """Seconds by step; what one step takes inside another counts for the inner one alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inside = [0.0]

    def timed(self, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the work, counted as a step."""

        @wraps(work)
        def counted(*arguments: Any, **named: Any) -> Any:
            self._inside.append(0.0)
            began = time.perf_counter()
            try:
                return work(*arguments, **named)
            finally:
                took = time.perf_counter() - began
                self.seconds[step] += took - self._inside.pop()
                self._inside[-1] += took

        return counted


def main(answer: Path, *, profiled: bool) -> None:
    """Rebuild, with a clock at every step, and write what it took."""
    django.setup()
    from aura.management.bench.machine import own_cpu, own_peak
    from aura.management.bench.profiling import profile_of
    from wallets.actions import RebuildReport, rebuild

    clock, done, told = Clock(), deque[RebuildReport](), ""

    def work() -> None:
        done.append(rebuild())

    with ExitStack() as held:
        for module, name, step in STEPS:
            place = import_module(module)
            held.enter_context(patch.object(place, name, clock.timed(step, getattr(place, name))))
        began, used = time.perf_counter(), own_cpu()
        if profiled:
            told = profile_of(work)
        else:
            work()
        wall, cpu = time.perf_counter() - began, own_cpu() - used
    said = {
        "agrees": done[0].agrees,
        "wall": wall,
        "cpu": cpu,
        "peak": own_peak(),
        "steps": clock.seconds | {"all the rest": wall - sum(clock.seconds.values())},
        "profile": told,
    }
    answer.write_text(json.dumps(said))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("answer", type=Path)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    main(given.answer, profiled=given.profile)
