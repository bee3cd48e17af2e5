"""The latest snapshot of every token, and what must leave it soon."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from market.actions.upserts import Upsert
from market.domain.combine import Combined
from market.domain.readings import Activity
from market.domain.snapshots import Snapshot, read, written
from market.models import MarketRun, TokenState

# What may not be stored is forgotten at this age by a task of every minute: never above 180 s.
UNSTORABLE_FOR: Final = timedelta(seconds=115)

_COLUMNS: Final = {
    "at": "timestamptz", "read_at": "timestamptz", "price_usd": "numeric",
    "is_verified": "boolean", "liquidity_usd": "numeric", "market_cap_usd": "numeric",
    "volume_5m_usd": "numeric", "volume_1h_usd": "numeric", "volume_24h_usd": "numeric",
    "change_5m": "numeric", "change_1h": "numeric", "change_24h": "numeric", "holders": "int8",
    "opened_at": "timestamptz", "venue": "text", "snapshot": "jsonb",
}  # fmt: skip
_STATES: Final = Upsert(
    TokenState,
    types={"mint": "text", "run_id": "int8", "kept": "jsonb"} | _COLUMNS,
    key=("mint",),
    merged={},
    only_if="old.at <= excluded.at",
)


def set_states(run: MarketRun, made: Iterable[Combined]) -> None:
    """Make these the latest snapshots of their tokens; an older one changes nothing."""
    rows = []
    for one in sorted(made, key=lambda one: one.snapshot.mint):
        whole = one.kept is one.snapshot
        kept = None if whole else json.dumps(written(one.kept) if one.kept else {})
        rows.append((one.snapshot.mint, run.pk, kept, *_values(one.snapshot)))
    _STATES.run(rows)


def forget_unstorable(*, at: datetime) -> int:
    """Put the storable snapshot in the place of what may not be kept longer; return how many.

    A token of which nothing may be kept has no state afterwards.
    """
    with transaction.atomic():
        old = TokenState.objects.filter(kept__isnull=False, at__lte=at - UNSTORABLE_FOR)
        rows = list(old.select_for_update().order_by("mint").values_list("mint", "run_id", "kept"))
        TokenState.objects.filter(pk__in=[mint for mint, _, kept in rows if not kept]).delete()
        _STATES.run([(mint, run, None, *_values(read(kept))) for mint, run, kept in rows if kept])
    return len(rows)


def _values(one: Snapshot) -> Sequence[Any]:
    spans = {span: one.activity.get(span, Activity()) for span in ("5m", "1h", "24h")}
    return (
        one.at, one.read_at, one.price_usd, one.is_verified, one.liquidity_usd,
        one.market_cap_usd, *(told.volume_usd for told in spans.values()),
        *(told.change for told in spans.values()), one.holders, one.opened_at, one.venue,
        json.dumps(written(one)),
    )  # fmt: skip
