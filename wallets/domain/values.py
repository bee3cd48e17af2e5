"""The values a transaction is read into: what it says, and what it means for its owners."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Version = Literal["legacy", 0, 1]
CostKind = Literal["network", "tip", "platform", "rent", "other"]
TransferKind = Literal["receive", "send", "liquidity"]
MoveKind = Literal["pay", "create", "claim", "token", "mint", "burn", "open", "close"]


class Undecodable(ValueError):
    """The payload is not a transaction we can read; it is kept aside with this reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Instruction(NamedTuple):
    """One instruction, outer or inner, with its accounts resolved to addresses.

    `outer` is the place of the outer instruction, `inner` the place below it (None for the outer
    one itself), `caller` the place of the calling instruction in `Transaction.instructions`.
    Exactly one of `data` (base58 text or bytes, decoded on demand) and `parsed` is set.
    """

    outer: int
    inner: int | None
    caller: int | None
    program: str
    accounts: tuple[str, ...]
    data: str | bytes | None
    parsed: Mapping[str, Any] | None


class Move(NamedTuple):
    """One movement the System or a token program was told to make.

    pay, create: lamports from `source` to `dest`; claim: `dest` is given to a program;
    token: raw units between token accounts; mint, burn: at `dest` or `source`; open: `dest` becomes
    a token account of `authority`; close: all lamports of `source` go to `dest`. `at` is the place
    of the instruction in `Transaction.instructions`, `fee` what Token-2022 held back, `space` the
    bytes a created or claimed account was given (None where the instruction does not tell).
    """

    kind: MoveKind
    at: int
    source: str
    dest: str
    amount: int = 0
    mint: str | None = None
    authority: str | None = None
    fee: int = 0
    space: int | None = None


class TokenAccount(NamedTuple):
    """A token account's raw amounts around the transaction; None on a side where it did not exist.

    The owner is told for each side, because SetAuthority may change it.
    """

    address: str
    place: int
    mint: str
    decimals: int
    pre: int | None
    post: int | None
    pre_owner: str | None
    post_owner: str | None


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction with its outcome, whatever encoding and version it arrived in.

    `keys` are all account addresses in order, `signers` the first of them that signed (the fee
    payer is the first), `pre_lamports` and `post_lamports` run parallel to `keys`. `moves` is empty
    when the transaction failed.
    """

    signature: str
    slot: int | None
    tx_index: int | None
    block_time: int | None
    version: Version
    err: object
    fee_lamports: int
    keys: tuple[str, ...]
    signers: tuple[str, ...]
    writable: tuple[bool, ...]
    pre_lamports: tuple[int, ...]
    post_lamports: tuple[int, ...]
    token_accounts: tuple[TokenAccount, ...]
    instructions: tuple[Instruction, ...]
    moves: tuple[Move, ...]
    logs: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether the chain rejected it: only the fee was taken."""
        return self.err is not None


@dataclass(frozen=True, slots=True)
class Swap:
    """An owner's net exchange of one mint for another; SOL and wrapped SOL are one mint."""

    owner: str
    mint_in: str
    raw_in: int
    mint_out: str
    raw_out: int
    venue: str | None
    program: str | None


class Reserves(NamedTuple):
    """What a constant-product pool prices by after a leg: raw units of both of the leg's mints.

    Virtual reserves of launch curves are inside. `fee_points` is the venue's fee in hundredths of
    a per cent where its event tells another than the table (`market.domain.fees`) has.
    """

    of_in: int
    of_out: int
    fee_points: int | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """What one pool took in (`mint_in`, `raw_in`) and gave out (`mint_out`, `raw_out`).

    `reserves` are the pool's after it, where the venue tells them; None: not known.
    """

    owner: str | None
    program: str
    venue: str
    pool: str | None
    mint_in: str
    raw_in: int
    mint_out: str
    raw_out: int
    reserves: Reserves | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """Lamports an owner paid beside the swap; negative when they came back or were received."""

    owner: str
    kind: CostKind
    to: str | None
    lamports: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """A one-sided token change of an owner; `raw` is signed."""

    owner: str
    mint: str
    raw: int
    kind: TransferKind


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """An owner's changes that no rule explains: kept and counted, not a trade."""

    owner: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a transaction means for the owners asked about.

    For every owner: wrapped SOL out of swaps minus into swaps, minus all costs, equals the change
    of the owner's lamports plus the change of his wrapped SOL.

    `compared` counts the pool trades a second opinion was found for (an event or log of the pool's
    program, a hop its router told); `disagreements` are those of them where it differs from what
    moved, one text each, so the rate is their number over `compared`.
    """

    signature: str
    slot: int | None
    tx_index: int | None
    block_time: int | None
    failed: bool
    version: Version
    fee_lamports: int
    tip_lamports: int
    fee_payer: str
    signers: tuple[str, ...]
    swaps: tuple[Swap, ...]
    legs: tuple[Leg, ...]
    costs: tuple[Cost, ...]
    transfers: tuple[Transfer, ...]
    ambiguous: tuple[Ambiguity, ...]
    compared: int
    disagreements: tuple[str, ...]
