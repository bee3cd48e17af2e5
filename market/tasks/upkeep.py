"""What keeps the market's rows in order: retention, roll-ups, terms."""

from datetime import timedelta
from typing import Final

from aura.core import clock
from market.actions import forget_market, forget_unstorable, roll_candles

TURN: Final = 60.0
_LATE: Final = timedelta(hours=1)


def forget_unstorable_states() -> int:
    """Forget what may not be stored before it is three minutes old; return of how many tokens."""
    return forget_unstorable(at=clock.now())


def roll_quotes() -> None:
    """Make the hours and days of quotes that are not over, or ended within the hour, anew."""
    roll_candles(since=clock.now() - _LATE)


def forget_old() -> int:
    """Delete what is older than it is kept, for a bounded turn; return how many rows."""
    return forget_market(at=clock.now(), seconds=TURN)
