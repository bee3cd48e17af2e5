"""Histories told again of other wallets, in other tokens, at another time.

What is renamed is renamed everywhere the decoder looks: in text, in the data of instructions, in
the events that programs log. So a copy costs what its original costs, and means the same.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256, sha512
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

from aura.core import exact
from aura.management.bench.payloads import Template
from wallets.domain.base58 import ALPHABET, decode_base58
from wallets.domain.decode import decode
from wallets.domain.money import QUOTES
from wallets.domain.parse import parse
from wallets.domain.programs import PUMP
from wallets.domain.values import Transaction

# 32 bytes are 43 characters or more, but for addresses that begin with zeros.
_ENCODED: Final = re.compile(
    rf'"data":"(?P<base58>[{ALPHABET}]{{43,}})|Program data: (?P<base64>[A-Za-z0-9+/]{{43,}}=*)'
)
_PUMP: Final = Pubkey.from_string(PUMP)
_CHUNK: Final = 58**10
# A cast's transactions stand so many places behind those of the one before.
IN_A_SLOT: Final = 1_000

# What a copy says instead: of addresses, of a signature, of `"slot":N`.
Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Bytes that hold addresses, and how they are written."""

    raw: bytes
    inside: tuple[str, ...]
    write: Callable[[bytes], str]

    def told(self, names: Names) -> str:
        raw = self.raw
        for name in self.inside:
            raw = raw.replace(_bytes(name), _bytes(names[name]))
        return self.write(raw)


class Cut:
    """A text cut at what its copies tell otherwise."""

    def __init__(self, text: str, names: Collection[str], addresses: Collection[str] = ()) -> None:
        self._parts: list[str | _Encoded] = []
        self._named: list[int] = []
        at = 0
        for match in _ENCODED.finditer(text):
            found = _encoded(match, addresses)
            if found is not None:
                self._cut(text[at : match.start(match.lastgroup or 0)], names)
                self._parts.append(found)
                at = match.end()
        self._cut(text[at:], names)

    def _cut(self, text: str, names: Collection[str]) -> None:
        here = "|".join(re.escape(name) for name in names if name in text)
        for no, piece in enumerate(re.split(f"({here})", text) if here else [text]):
            if no % 2:
                self._named.append(len(self._parts))
            self._parts.append(piece)

    def told(self, names: Names) -> str:
        """Return the text of a copy; `names` has everything the text was cut at."""
        parts = [part if isinstance(part, str) else part.told(names) for part in self._parts]
        for place in self._named:
            parts[place] = names[parts[place]]
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Copy:
    """A transaction as it is told in a cast and an epoch."""

    signature: str
    slot: int
    tx_index: int
    block_time: int
    text: str


class Corpus:
    """Transactions that can be told again, by `cast` and `epoch`; both count from 1.

    A cast is the same wallets under other addresses, who make the same trades in the same slots.
    An epoch is the same trades in other tokens, `seconds` earlier than the one before. `signatures`
    are in the order of the chain; `left_out` counts those whose copies would not mean the same.
    """

    def __init__(self, made: Sequence[Template]) -> None:
        reads = {template.signature: parse(exact.loads(template.text)) for template in made}
        slots = [read.slot or 0 for read in reads.values()]
        times = [read.block_time or 0 for read in reads.values()]
        self.seconds, self.ends = max(times) - min(times) + 1, max(times)
        self._slots = max(slots) - min(slots) + 1
        self.wallets = sorted({template.payer for template in made})
        mints = {a.mint for read in reads.values() for a in read.token_accounts}
        self._mints = sorted(mints - QUOTES)
        texts = "\n".join(template.text for template in made)
        self._curves = {m: curve for m in self._mints if (curve := _curve(m)) in texts}
        addresses = {*self.wallets, *self._mints, *self._curves.values()}
        self._cuts = {
            template.signature: Cut(
                template.text, addresses | _own(reads[template.signature]).keys(), addresses
            )
            for template in made
        }
        self._reads = {name: r for name, r in reads.items() if self._means_the_same(r)}
        ordered = sorted(self._reads.values(), key=lambda r: (r.slot, r.tx_index, r.signature))
        self.signatures = [read.signature for read in ordered]
        self.left_out = len(reads) - len(self._reads)

    def tell(self, signature: str, cast: int, epoch: int) -> Copy:
        """Return a transaction as it is told in a cast and an epoch."""
        return self._tell(self._reads[signature], cast, epoch)

    @lru_cache(maxsize=64)  # noqa: B019 - a bench has one corpus, for as long as it runs
    def names(self, cast: int, epoch: int) -> Names:
        """Return what wallets, tokens and their curves are called there."""
        wallets = {wallet: _address(wallet, cast) for wallet in self.wallets}
        mints = {mint: _address(mint, epoch) for mint in self._mints}
        return wallets | mints | {old: _curve(mints[mint]) for mint, old in self._curves.items()}

    def _tell(self, read: Transaction, cast: int, epoch: int) -> Copy:
        told = sha512(f"{read.signature} {cast} {epoch}".encode()).digest()
        copy = replace(
            read,
            signature=str(Signature.from_bytes(told)),
            slot=(read.slot or 0) - epoch * self._slots,
            tx_index=(read.tx_index or 0) + cast * IN_A_SLOT,
            block_time=(read.block_time or 0) - epoch * self.seconds,
        )
        own = dict(zip(_own(read), _own(copy), strict=True))
        text = self._cuts[read.signature].told({**self.names(cast, epoch), **own})
        return Copy(copy.signature, copy.slot or 0, copy.tx_index or 0, copy.block_time or 0, text)

    def _means_the_same(self, read: Transaction) -> bool:
        copy = self._tell(read, 1, 1)
        names = {**self.names(1, 1), read.signature: copy.signature}
        placed = replace(read, slot=copy.slot, tx_index=copy.tx_index, block_time=copy.block_time)
        renamed = Cut(repr(decode(placed)), names).told(names)
        return repr(decode(parse(exact.loads(copy.text)))) == renamed


def _own(read: Transaction) -> dict[str, None]:
    """Return what a transaction says of itself alone, always in the same order."""
    told = {"slot": read.slot, "blockTime": read.block_time}
    told |= dict.fromkeys(("indexWithinBlock", "transactionIndex"), read.tx_index)
    return dict.fromkeys([read.signature, *(f'"{name}":{no}' for name, no in told.items())])


def _encoded(match: "re.Match[str]", addresses: Collection[str]) -> _Encoded | None:
    is_base58 = match["base58"] is not None
    raw = decode_base58(match["base58"]) if is_base58 else b64decode(match["base64"])
    inside = tuple(address for address in addresses if _bytes(address) in raw)
    return _Encoded(raw, inside, encode_base58 if is_base58 else _base64) if inside else None


def encode_base58(raw: bytes) -> str:
    """Return bytes of any length as base58."""
    number, letters = int.from_bytes(raw, "big"), []
    while number:
        number, chunk = divmod(number, _CHUNK)
        for _ in range(10):
            chunk, digit = divmod(chunk, 58)
            letters.append(ALPHABET[digit])
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(letters)).lstrip("1")


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode()


@lru_cache(maxsize=65_536)
def _bytes(address: str) -> bytes:
    return bytes(Pubkey.from_string(address))


def _address(name: str, no: int) -> str:
    """Return the address that stands for another in copy `no`: one a key can exist for."""
    return str(Keypair.from_seed(sha256(f"{name} {no}".encode()).digest()).pubkey())


@lru_cache(maxsize=65_536)
def _curve(mint: str) -> str:
    """Return the address of a token's bonding curve, which the decoder works out from the mint."""
    seeds = [b"bonding-curve", _bytes(mint)]
    return str(Pubkey.find_program_address(seeds, _PUMP)[0])
