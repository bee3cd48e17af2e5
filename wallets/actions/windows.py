"""Figures by window, stored for sorting: when books change, and as windows slide."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from aura.core.locks import again_after_deadlock
from wallets.domain.ledger.marks import QUIET
from wallets.domain.statistics import Tally, Window, wilson
from wallets.domain.statistics.figure import Figure
from wallets.domain.statistics.following import USUAL_DELAY, USUAL_SIZE, copyability
from wallets.domain.statistics.holding import hold_time, style
from wallets.domain.statistics.results import expectancy, payoff_ratio, profit_factor, roi
from wallets.models import PositionFlag, Wallet, WindowStats
from wallets.queries.figures import OpenResult, open_results, opened_since
from wallets.queries.followers import FollowedPosition, trail_of
from wallets.queries.tallies import Key, WindowSums, window_sums
from wallets.queries.traded import flags_of, last_trades

# A wallet is inspected again after so long at the latest: tokens die and rise without it.
INSPECT_WITHIN: Final = timedelta(hours=6)
_COPIED: Final = ("copy_return", "copy_low", "copy_high", "copy_n", "copy_share")
# What only a look through the wallet finds.
_LOOKED: Final = (*_COPIED, "roi")
_KEPT: Final = ("id", "wallet", "window")

# By mint, position and rule id: since when it holds.
Flags = dict[tuple[str, int, str], datetime | None]


def store_windows(
    wallet_ids: Iterable[int], sums: Mapping[Key, WindowSums], *, now: datetime
) -> None:
    """Store the figures of wallets whose books changed; their inspection is due from now on.

    What only a look finds (flags, copyability, what is held at executable prices) stays as it was
    found last.
    """
    rows = [_row(pk, window, sums, now) for pk in wallet_ids for window in Window]
    for row in rows:
        if row.window == Window.ALL:
            row.changes_at = now
    _upsert(rows, leave=_LOOKED)


def forget_windows(wallet_ids: Collection[int]) -> None:
    """Delete the figures and flags of wallets that have done nothing, as after a void."""
    if wallet_ids:
        for model in (WindowStats, PositionFlag):
            model._default_manager.filter(wallet__in=wallet_ids).delete()


@again_after_deadlock
@transaction.atomic
def slide_windows(wallet_ids: Sequence[int], *, now: datetime) -> int:
    """Work out these wallets' windows anew; return how many. Who is being written is left out."""
    rows = Wallet.objects.filter(pk__in=wallet_ids).order_by("pk")
    ids = list(rows.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    sums = window_sums(ids, now=now)
    whole = WindowStats.objects.filter(wallet__in=ids, window=Window.ALL)
    known = set(whole.values_list("wallet_id", flat=True))
    spans = [window for window in Window if window != Window.ALL]
    still_open = {pk: open_results(pk) for pk in known}
    slid = [_row(pk, window, sums, now, still_open[pk]) for pk in known for window in spans]
    _upsert(slid, leave=_COPIED)
    store_windows([pk for pk in ids if pk not in known], sums, now=now)
    return len(ids)


def inspect_wallet(wallet_id: int, *, now: datetime) -> bool:
    """Look through a wallet's positions: flags, copyability, and the figures that follow.

    The looking holds no lock: a busy wallet's recording does not wait for it. False when the
    wallet is gone, or its books changed or were being written meanwhile: it stays due.
    """
    row = WindowStats.objects.filter(wallet=wallet_id, window=Window.ALL)
    whole = row.select_related("wallet").first()
    if whole is None:
        return False
    flags = {
        (mint, no, reason): since
        for (mint, no), reasons in flags_of(whole.wallet, now=now).items()
        for reason, since in reasons.items()
    }
    trail = trail_of(whole.wallet, delays=(USUAL_DELAY,))
    followed = trail.followed(USUAL_DELAY, USUAL_SIZE)
    return _store_inspection(whole, flags, followed, open_results(wallet_id), now=now)


@again_after_deadlock
@transaction.atomic
def _store_inspection(
    seen: WindowStats,
    flags: Flags,
    followed: Sequence[FollowedPosition],
    still_open: Sequence[OpenResult],
    *,
    now: datetime,
) -> bool:
    rows = Wallet.objects.filter(pk=seen.wallet_id)
    wallet = rows.select_for_update(skip_locked=True, of=("self",)).first()
    if wallet is None or not WindowStats.objects.filter(pk=seen.pk, as_of=seen.as_of).exists():
        return False
    _store_flags(wallet, flags)
    sums = window_sums([wallet.pk], now=now)
    stored = [_row(wallet.pk, window, sums, now, still_open) for window in Window]
    for row in stored:
        told: Any = _copied(followed, Window(row.window).since(now))
        row.copy_return, row.copy_low, row.copy_high = told.value, told.low, told.high
        row.copy_n, row.copy_share = told.n, told.coverage
        if row.window == Window.ALL:
            row.changes_at = _next_inspection(wallet, now)
    _upsert(stored)
    return True


def _copied(followed: Iterable[FollowedPosition], since: datetime | None) -> Figure:
    within = [
        one.followed
        for one in followed
        if since is None or (one.closed_at is not None and one.closed_at > since)
    ]
    return copyability(within)


def _store_flags(wallet: Wallet, wanted: Flags) -> None:
    """Make the stored flags the ones found; those that stay are not touched."""
    wanted = dict(wanted)
    stale = []
    for flag in PositionFlag.objects.filter(wallet=wallet):
        key = (flag.mint, flag.position_no, flag.reason)
        if key in wanted and wanted[key] == flag.since:
            del wanted[key]
        else:
            stale.append(flag.pk)
    PositionFlag.objects.filter(pk__in=stale).delete()
    PositionFlag.objects.bulk_create(
        PositionFlag(wallet=wallet, mint=mint, position_no=no, reason=reason, since=since)
        for (mint, no, reason), since in wanted.items()
    )


def _next_inspection(wallet: Wallet, now: datetime) -> datetime:
    """Return when a token held may be dead, or six hours from now."""
    held = wallet.holdings.filter(raw__gt=0).values_list("mint", flat=True)
    deaths = [at + QUIET for at in last_trades(held).values() if at is not None]
    return min([now + INSPECT_WITHIN, *(at for at in deaths if at > now)])


def _row(
    pk: int,
    window: Window,
    sums: Mapping[Key, WindowSums],
    now: datetime,
    still_open: Sequence[OpenResult] = (),
) -> WindowStats:
    found = sums.get((pk, window)) or WindowSums()
    tally = found.tally
    strict = tally.closed + tally.dead_open
    low, high = wilson(tally.wins, tally.closed) or (None, None)
    length = window.length
    return WindowStats(
        wallet_id=pk,
        window=window,
        as_of=now,
        changes_at=found.earliest + length if length and found.earliest else None,
        trades=found.trades,
        volume_lamports=found.volume_lamports,
        closed=tally.closed,
        wins=tally.wins,
        win_rate=tally.wins / tally.closed if tally.closed else None,
        win_rate_low=low,
        win_rate_high=high,
        strict_closed=strict,
        strict_low=(wilson(tally.wins, strict) or (None,))[0],
        adjusted_closed=tally.adjusted_closed,
        adjusted_wins=tally.adjusted_wins,
        adjusted_low=(wilson(tally.adjusted_wins, tally.adjusted_closed) or (None,))[0],
        realised_lamports=tally.realised_lamports,
        realised_usd=None if tally.unpriced else tally.realised_usd,
        coverage=tally.coverage,
        **_ratios(tally, opened_since(still_open, window.since(now))),
    )


def _ratios(tally: Tally, still_open: Sequence[tuple[int, int]]) -> dict[str, Any]:
    return {
        "roi": roi(tally, still_open).value,
        "profit_factor": profit_factor(tally).value,
        "expectancy_lamports": expectancy(tally).value,
        "payoff_ratio": payoff_ratio(tally).value,
        "hold_seconds": hold_time(tally).value,
        "style": style(tally).value or "",
    }


def _upsert(rows: Sequence[WindowStats], leave: Sequence[str] = ()) -> None:
    fields = [f.name for f in WindowStats._meta.fields if f.name not in (*_KEPT, *leave)]
    WindowStats.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["wallet", "window"], update_fields=fields
    )
