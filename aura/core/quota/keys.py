"""What the budgets are called in Redis, and how long they are kept."""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings

MONTH_KEPT: Final = timedelta(days=70)
HOUR_KEPT: Final = timedelta(hours=26)
HOURS: Final = 24


def key_of(vendor: str, *parts: str) -> str:
    """Name a key. One tag in braces: all keys of a vendor live on one node of a Redis cluster."""
    return ":".join([f"aura:{settings.WORLD}:quota:{{{vendor}}}", *parts])


def month_key(vendor: str) -> str:
    """Name the present month's counter: vendors count real months, whatever the world's clock."""
    return key_of(vendor, f"{datetime.now(UTC):%Y-%m}")


def purposes_key(vendor: str) -> str:
    """Name the present month's credits by purpose."""
    return f"{month_key(vendor)}:purposes"


def hour_key(vendor: str, hours_ago: int = 0) -> str:
    """Name an hour's counts of calls, credits, refusals, errors and fallbacks."""
    return key_of(vendor, "hour", f"{datetime.now(UTC) - timedelta(hours=hours_ago):%Y%m%d%H}")


def next_month(now: datetime) -> datetime:
    """Return the first moment of the next month, UTC."""
    in_it = now.astimezone(UTC).replace(day=1) + timedelta(days=32)
    return in_it.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
