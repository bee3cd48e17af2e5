"""Makes the prototype's wallets, watchlist and positions the user's own, row by row."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from aura.core.errors import Refused
from aura.management.prototype.judge import FollowRow, Found, PositionRow, WatchRow
from aura.management.prototype.report import Report
from billing.entitlements import entitlements
from portfolio.actions import note_position, watch_token
from portfolio.models import ManualPosition, WatchlistEntry
from wallets.actions import follow_wallet, set_threshold
from wallets.models import Follow


def bring_belongings(user: Any, found: Found, report: Report) -> None:
    """Take wallets, watchlist and positions; each row is a transaction of its own.

    What is the user's already stays as it is; only where he gave a followed wallet no name or
    threshold, the file's are taken. A dry run compares alike and writes nothing.
    """
    _follow(user, found.wallets, report)
    _watch(user, found.watchlist, report)
    _hold(user, found.positions, report)


def _follow(user: Any, found: Iterable[FollowRow], report: Report) -> None:
    mine = Follow.objects.visible_to(user).select_related("wallet")
    follows = {follow.wallet.address: follow for follow in mine}
    known, new = len(follows), 0
    for item in found:
        follow = follows.get(item.address)
        nickname = "" if follow and follow.nickname else item.nickname
        threshold = None if follow and follow.min_trade_usd is not None else item.threshold
        if follow and not nickname and threshold is None:
            report.leave(item.row)
            continue
        try:
            if not report.is_dry_run:
                with transaction.atomic():
                    kept = follow_wallet(
                        user, address=item.address, nickname=nickname, beyond_plan=True
                    )
                    if threshold is not None:
                        set_threshold(user, wallet=kept.wallet, min_trade_usd=threshold)
        except Refused as refusal:
            report.refuse(item.row, item.address, str(refusal))
            continue
        new += follow is None
        report.take(item.row)
    allowed = entitlements(user)
    if new and known + new > allowed.own_wallets:
        report.remarks.append(
            f"{user} {'would follow' if report.is_dry_run else 'follows'} {known + new} wallets; "
            f"the {allowed.plan_name} plan has {allowed.own_wallets}. It does not stop an import "
            "of one's own data; further wallets it does."
        )


def _watch(user: Any, found: Iterable[WatchRow], report: Report) -> None:
    watched = set(WatchlistEntry.objects.visible_to(user).values_list("mint", flat=True))
    for item in found:
        is_new = item.mint not in watched
        if is_new and not report.is_dry_run:
            _, is_new = watch_token(user, mint=item.mint, note=item.note, added_at=item.added_at)
        (report.take if is_new else report.leave)(item.row)


def _hold(user: Any, found: Iterable[PositionRow], report: Report) -> None:
    origins = set(ManualPosition.objects.visible_to(user).values_list("origin", flat=True))
    for item in found:
        is_new = item.origin not in origins
        if is_new and not report.is_dry_run:
            _, is_new = note_position(user, terms=item.terms, origin=item.origin)
        (report.take if is_new else report.leave)(item.row)
