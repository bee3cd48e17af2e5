"""Which wallets are recorded, and how completely."""

from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from aura.core import solana
from aura.core.errors import Refused
from aura.core.events import announce
from aura.core.live import refresh_audiences
from aura.core.locks import again_after_deadlock
from aura.core.queue import enqueue
from market.models import Token
from wallets.actions.derive import Derived
from wallets.actions.settle import (
    BATCH,
    WALLETS_LOCK,
    Pair,
    in_batches,
    locked_wallets,
    settle,
)
from wallets.actions.stats import refresh_stats
from wallets.domain.addresses import nobodys
from wallets.domain.money import QUOTES
from wallets.events import BooksChanged, CoverageChanged, WalletsTracked
from wallets.models import Activity, PushRegistration, RawTransaction, Wallet

# A vault or a program may have taken part in a million transactions; so few are read at once.
READ_AT_ONCE: Final = BATCH


@transaction.atomic
def track_wallet(address: str, *, sweep: bool = True) -> tuple[Wallet, bool]:
    """Record a wallet from now on; say whether it is new.

    Raises Refused for a bad address and for one that is known to be nobody's wallet.

    Transactions already kept that it took part in are read for it at once where they are few, in
    the background where they are many. With `sweep` a sweep of its history is queued, also for a
    wallet that nobody watched for a while: nothing was swept for it meanwhile.
    """
    try:
        checked = solana.address(address)
    except ValueError as error:
        raise Refused(f"That is no Solana address: {error}.") from None
    confirm_wallet(checked)
    known = Wallet.objects.filter(address=checked).first()
    wallet, is_new = (known, False) if known else _added(checked)
    if is_new:
        if _unread(wallet)[READ_AT_ONCE:].exists():
            enqueue("wallets.tasks.read_kept", wallet.pk)
        else:
            derive_wallet(wallet)
        announce(WalletsTracked([wallet.pk]))
    if sweep and (is_new or not Wallet.objects.watched().filter(pk=wallet.pk).exists()):
        enqueue("wallets.tasks.sweep_wallet", wallet.pk)
    return wallet, is_new


def confirm_wallet(address: solana.Address) -> None:
    """Raise Refused for an address that is known to be nobody's wallet.

    That is a known program, an address Solana reserves, and a token of which a balance was ever
    recorded; only our own rows are asked. Whatever else has no key passes: it may be a vault of
    several signers.
    """
    what = nobodys(address)
    if what is None and (address in QUOTES or Token.objects.filter(pk=address).exists()):
        what = "a token"
    if what is not None:
        raise Refused(f"That is {what}, not a wallet: nobody trades with it.")


def _added(address: solana.Address) -> tuple[Wallet, bool]:
    """Add the wallet while nobody records.

    Else a transaction could fall between two who do not see each other's rows yet.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WALLETS_LOCK])
    kind = Wallet.Kind.WALLET if solana.is_on_curve(address) else Wallet.Kind.PROGRAM_OWNED
    return Wallet.objects.get_or_create(address=address, defaults={"kind": kind})


def derive_wallet(wallet: Wallet) -> int:
    """Read the transactions kept so far for a wallet that was not recorded when they came.

    Each batch is a transaction of its own: whoever is interrupted goes on where he stopped.
    Returns how many were read. They are no news: pages hear that the books changed.
    """
    read = 0
    for pairs in in_batches(_unread(wallet)):
        with transaction.atomic():
            wallets = locked_wallets([wallet.address])
            read += len(_settled(wallets, pairs()).activities)
    if read:
        with transaction.atomic():
            locked_wallets([wallet.address])
            refresh_stats([wallet.pk])
            announce(BooksChanged([wallet.pk]))
    return read


def _settled(wallets: dict[str, Wallet], pairs: list[Pair]) -> Derived:
    derived, _ = settle(wallets, pairs)
    return derived


def _unread(wallet: Wallet) -> "QuerySet[RawTransaction]":
    done = Activity.objects.filter(wallet=wallet).values("transaction")
    standing = RawTransaction.objects.standing()
    return standing.filter(owners__contains=[wallet.address]).exclude(pk__in=done)


@again_after_deadlock
@transaction.atomic
def ask_sweeps(wallets: "QuerySet[Wallet]", *, at: datetime) -> int:
    """Ask for a sweep of these wallets; return for how many none was due by then."""
    not_due = Q(sweep_due_at=None) | Q(sweep_due_at__gt=at)
    unasked = wallets.filter(not_due).order_by("pk").select_for_update(of=("self",))
    ids = list(unasked.values_list("pk", flat=True))
    return Wallet.objects.filter(pk__in=ids).update(sweep_due_at=at)


def postpone_sweep(wallet_id: int, *, until: datetime) -> None:
    """Let a wallet for which a sweep was asked wait until then."""
    due = Wallet.objects.filter(pk=wallet_id, sweep_due_at__isnull=False)
    due.update(sweep_due_at=until)


@transaction.atomic
def note_swept_slot(wallet_id: int, *, up_to_slot: int) -> None:
    """Note how far a sweep has come so far; the slot only moves forward."""
    row = Wallet.objects.select_for_update().get(pk=wallet_id)
    row.sweep_slot = max(up_to_slot, row.sweep_slot or 0)
    row.save(update_fields=["sweep_slot"])


@again_after_deadlock
@transaction.atomic
def mark_swept(
    wallet: Wallet,
    *,
    at: datetime,
    up_to_slot: int | None,
    complete_since: datetime | None = None,
    whole_history: bool = False,
    is_partial: bool,
    unseen: bool,
    missed: int = 0,
) -> None:
    """Note a sweep that went through; the slot only moves forward.

    `complete_since` and `whole_history` are what a first sweep found: while there is no slot to
    go on from, the latest first sweep says how far back the records reach. `wallet` is as it was
    when the sweep began: what was asked for then is answered, what was asked for since is not.
    `missed` transactions are those that push should have brought. Whoever has done something
    meanwhile is not `unseen`, whatever the sweep found; what is on the curated list and was not
    seen is hidden from all but its followers.
    """
    row = Wallet.objects.select_for_update().get(pk=wallet.pk)
    unseen = unseen and not Activity.objects.filter(wallet=row).exists()
    if row.curated and row.unseen is not unseen:
        transaction.on_commit(refresh_audiences, robust=True)
    if complete_since is not None:
        row.complete_since = complete_since
        row.whole_history = whole_history
    if missed:
        row.missed += missed
        row.missed_at = at
    changed = (row.swept_at is None, row.is_partial, row.unseen) != (False, is_partial, unseen)
    row.swept_at = at
    row.is_partial = is_partial
    row.unseen = unseen
    if up_to_slot is not None:
        row.sweep_slot = max(up_to_slot, row.sweep_slot or 0)
    if row.sweep_due_at == wallet.sweep_due_at:
        row.sweep_due_at = None
    row.save(
        update_fields=[
            "swept_at", "is_partial", "unseen", "sweep_slot", "complete_since", "whole_history",
            "missed", "missed_at", "sweep_due_at",
        ]
    )  # fmt: skip
    if changed or missed:
        announce(CoverageChanged([row.pk]))


def note_registration(vendor: str, *, remote_id: str, url: str, at: datetime) -> None:
    """Note that the vendor's webhook is in order."""
    PushRegistration.objects.update_or_create(
        vendor=vendor, defaults={"remote_id": remote_id, "url": url, "confirmed_at": at}
    )
