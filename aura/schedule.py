"""Everything that runs by the clock or by NOTIFY, in one table each."""

from typing import Any, Final

from django_q.models import Schedule

from aura.core.events import CHANNEL as FACTS
from aura.core.loops import Loop
from signals.loops import loops as signal_loops
from signals.subscribers import push_signals
from wallets.loops import Streams
from wallets.loops import loops as wallet_loops
from wallets.subscribers import push_news, tell_market

# name: (task, minutes between runs). Applied idempotently at every start; a name that left the
# table is removed.
SCHEDULES: Final[dict[str, tuple[str, int]]] = {
    "sweep quiet wallets": ("wallets.tasks.sweep_stale", 5),
    "sweep all wallets": ("wallets.tasks.sweep_regularly", 60),
    "sweeps asked for": ("wallets.tasks.sweep_due", 1),
    "histories asked for": ("wallets.tasks.read_histories", 1),
    "wallets too busy to follow live": ("wallets.tasks.watch_heat", 1),
    "record what no loop took": ("wallets.tasks.record_left_over", 1),
    "prices that came late": ("wallets.tasks.price_late_trades", 10),
    "figures as windows slide": ("wallets.tasks.refresh_windows", 5),
    "old deliveries": ("wallets.tasks.forget_deliveries", 1440),
    "old facts": ("aura.core.events.forget_facts", 1440),
    "price of SOL": ("market.tasks.poll_sol_price", 1),
    "names of new tokens": ("market.tasks.name_new_tokens", 1),
    "the market, read and scanned": ("market.tasks.read_market", 2),
    "what may not be stored": ("market.tasks.forget_unstorable_states", 1),
    "candles of quotes": ("market.tasks.roll_quotes", 10),
    "old market": ("market.tasks.forget_old", 60),
    "signals to grade": ("signals.tasks.grade_due", 1),
    "strategies that fail": ("signals.tasks.retire_strategies", 1440),
}


def apply_schedules() -> int:
    """Make Django-Q2's schedule rows equal the table; return how many changed."""
    changed: int = Schedule.objects.exclude(name__in=SCHEDULES).delete()[0]
    for name, (task, minutes) in SCHEDULES.items():
        wanted: dict[str, Any] = {
            "func": task, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1,
        }  # fmt: skip
        row, created = Schedule.objects.get_or_create(name=name, defaults=wanted)
        if created:
            changed += 1
        elif any(getattr(row, field) != value for field, value in wanted.items()):
            Schedule.objects.filter(pk=row.pk).update(**wanted)
            changed += 1
    return changed


def all_loops() -> list[Loop]:
    """Return the loops of every app, and the readers of facts."""
    news = Loop("pages", push_news, wake_on=(FACTS,), every=2.0)
    calls = Loop("signal pages", push_signals, wake_on=(FACTS,), every=2.0)
    traded = Loop("trades for the market", tell_market, wake_on=(FACTS,), every=2.0)
    return [*wallet_loops(), Streams().loop(), *signal_loops(), news, calls, traded]
