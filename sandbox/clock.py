"""The simulated clock: wall time, or wall time run faster, paused or moved by tests."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Converts wall time to simulated unix milliseconds. It never goes back."""

    def __init__(self, speed: float, wall: Callable[[], float] = time.time) -> None:
        self.wall = wall
        self.speed = speed
        self.real0 = wall()
        self.sim0_ms = int(self.real0 * 1000)
        self.paused = False

    def now_ms(self) -> int:
        """Give the present simulated moment."""
        if self.paused:
            return self.sim0_ms
        return self.sim0_ms + int((self.wall() - self.real0) * 1000 * self.speed)

    def set(self, sim_ms: int) -> None:
        """Let the simulated clock show `sim_ms` now and run on from there."""
        self.real0 = self.wall()
        self.sim0_ms = sim_ms

    def pause(self) -> None:
        """Stop the simulated clock."""
        self.set(self.now_ms())
        self.paused = True

    def resume(self) -> None:
        """Let a stopped clock run on from where it stands."""
        self.set(self.sim0_ms if self.paused else self.now_ms())
        self.paused = False

    def wall_seconds_until(self, sim_ms: int) -> float:
        """Give how long to wait until a simulated moment; a paused clock never reaches it."""
        if self.paused:
            return 3600.0
        return max(0.0, (sim_ms - self.now_ms()) / 1000 / self.speed)
