"""Where the time goes: cProfile's heaviest lines of a piece of work."""

import cProfile
import io
import pstats
from collections.abc import Callable
from typing import Final

LINES: Final = 25


def profile_of(work: Callable[[], object]) -> str:
    """Run the work under cProfile; return its top lines by cumulative and by own time.

    Times under the profiler are longer than without; their proportions are what counts.
    """
    profiler = cProfile.Profile()
    profiler.runcall(work)
    text = io.StringIO()
    for order in ("cumulative", "tottime"):
        pstats.Stats(profiler, stream=text).strip_dirs().sort_stats(order).print_stats(LINES)
    return text.getvalue()
