"""The windows of a scan: what market and wallets know of every token at one moment."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from aura.core.solana import WSOL
from market.domain.snapshots import Snapshot
from market.models import Pool
from market.queries import buckets_of, first_safety_of, sol_price_at, states_of_run
from signals.domain.sights import NOTHING, Own, compared, seconds, window_of
from signals.domain.windows import Bucket, TokenWindow, Whale
from wallets.queries.flows import (
    TokenFlows,
    WalletMoves,
    flows_of_tokens,
    moves_of,
    qualified_wallets,
)

DAY: Final = timedelta(hours=24)


def windows_of_run(run_id: int) -> list[TokenWindow]:
    """Return the windows of every token a market run has read, by mint; nine queries."""
    snapshots = states_of_run(run_id)
    return windows_of(list(snapshots.values()))


def windows_of(snapshots: Sequence[Snapshot]) -> list[TokenWindow]:
    """Return the windows of snapshots of one moment, compared with each other.

    Buckets, trades and whales are read up to the latest snapshot; each window leaves out what
    came after its own.
    """
    if not snapshots:
        return []
    now = max(snapshot.at for snapshot in snapshots)
    mints = [snapshot.mint for snapshot in snapshots]
    buckets = buckets_of(mints, now - DAY, now)
    flows = flows_of_tokens(mints, now=now)
    moves = moves_of(qualified_wallets(now=now), mints, now=now)
    curves = _curves(snapshots)
    sol_usd = sol_price_at([now])[now]
    before = first_safety_of(mints, since=now - DAY)
    windows = []
    for snapshot in sorted(snapshots, key=lambda s: s.mint):
        mint = snapshot.mint
        windows.append(
            window_of(
                snapshot,
                (Bucket(*row) for row in buckets.get(mint, ())),
                is_curve=snapshot.pool in curves,
                coin_usd=sol_usd if snapshot.quote_mint == WSOL else None,
                own=_own(flows.get(mint)),
                whales=_whales(moves.get(mint, ())),
                before=before.get(mint),
            )
        )
    return compared(windows)


def _curves(snapshots: Iterable[Snapshot]) -> set[str]:
    pools = [snapshot.pool for snapshot in snapshots if snapshot.pool]
    found = Pool.objects.filter(address__in=pools, is_curve=True)
    return set(found.values_list("address", flat=True))


def _own(flows: TokenFlows | None) -> Own:
    return NOTHING if flows is None else Own(flows.own, flows.organic, flows.biggest_buyer_usd)


def _whales(moves: Iterable[WalletMoves]) -> list[Whale]:
    """Each wallet is an entity of its own until one is known to belong to another."""
    return [
        Whale(
            entity=one.wallet.address,
            wallets=(one.wallet.address,),
            buys=tuple((seconds(at), float(usd)) for at, usd in one.buys),
            bought_30m_usd=float(one.bought_usd),
            median_buy_usd=(
                None if one.wallet.median_buy_usd is None else float(one.wallet.median_buy_usd)
            ),
            sold_share=one.sold_share,
            grown=one.grown,
        )
        for one in moves
    ]
