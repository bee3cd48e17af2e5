"""When a confirmed transaction is final, and when it is gone, by what the chain says."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from wallets.domain.sources import SignatureStatus

# A transaction may land until its blockhash is 150 blocks old, and not after.
# https://solana.com/docs/core/transactions: recent blockhash
BLOCKHASH_LIVES: Final = 150
# A node behind the others may not know yet what they all know: it is asked again before its
# silence counts.
MISSING_FOR: Final = timedelta(seconds=20)
# Read from a node's own history with a block time so long ago, a transaction has been final long
# since: 32 slots take some ten seconds.
LONG_FINAL: Final = timedelta(minutes=5)
# Finality takes 32 slots, some ten seconds; nothing waits longer than an hour to be asked for.
ASK_AFTER: Final = timedelta(seconds=5)
ASK_AT_LEAST: Final = timedelta(hours=1)
# What was dropped may come back: it is asked for after a minute, doubling, for a day.
ASK_VOID_AFTER: Final = timedelta(minutes=1)
GIVEN_UP_AFTER: Final = timedelta(days=1)


class Verdict(Enum):
    """What becomes of a provisional transaction."""

    FINAL = auto()
    WAITING = auto()
    MISSING = auto()
    DROPPED = auto()
    MOVED = auto()


@dataclass(frozen=True, slots=True)
class Tip:
    """How far the chain's finality has come, and how far back the source remembers."""

    final_slot: int
    first_slot: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What we hold of a transaction: where it stood, its outcome, since when it is missing."""

    slot: int
    failed: bool
    missing_since: datetime | None


def judge(held: Recorded, told: SignatureStatus | None, tip: Tip, *, now: datetime) -> Verdict:
    """Say what a provisional transaction has become.

    MOVED: it stands, but in another slot or with another outcome than we were told, and must be
    read again. DROPPED only when its blockhash has expired for good, the node has answered so for
    a while, and the node's memory reaches back that far.
    """
    if told is not None:
        if not told.is_final:
            return Verdict.WAITING
        same = (told.slot, told.failed) == (held.slot, held.failed)
        return Verdict.FINAL if same else Verdict.MOVED
    if tip.final_slot < held.slot + BLOCKHASH_LIVES or held.slot < tip.first_slot:
        return Verdict.WAITING
    if held.missing_since is None or now - held.missing_since < MISSING_FOR:
        return Verdict.MISSING
    return Verdict.DROPPED


def is_long_final(block_time: datetime | None, now: datetime) -> bool:
    """Say whether what a node's history tells of that time needs no asking."""
    return block_time is not None and now - block_time > LONG_FINAL


def next_ask(since: datetime, now: datetime) -> datetime:
    """Say when to ask again for what has been provisional since then: soon, then less and less."""
    return now + min(max(ASK_AFTER, (now - since) / 4), ASK_AT_LEAST)


def next_ask_of_void(since: datetime, now: datetime) -> datetime | None:
    """Say when to ask again for what was dropped then: after a minute, doubling, for a day."""
    last = since + GIVEN_UP_AFTER
    return None if now >= last else min(now + max(ASK_VOID_AFTER, now - since), last)
