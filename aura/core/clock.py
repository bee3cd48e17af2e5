"""The one clock. In a sandbox that runs faster than life, it follows the sandbox's time."""

import os
import time
from datetime import UTC, datetime


def _warp() -> tuple[float, float, float] | None:
    setting = os.environ.get("AURA_CLOCK", "")
    if not setting or os.environ.get("AURA_WORLD", "sandbox") != "sandbox":
        return None
    real, simulated, speed = setting.split(":")
    return float(real), float(simulated), float(speed)


_WARP = _warp()


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    if _WARP is None:
        return datetime.now(UTC)
    real, simulated, speed = _WARP
    return datetime.fromtimestamp(simulated + (time.time() - real) * speed, UTC)
