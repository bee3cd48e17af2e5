"""Builds one transaction: instructions move balances in the bank and are compiled to a Record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sandbox.addresses import COMPUTE, text
from sandbox.bank import Bank
from sandbox.keyring import Keyring
from sandbox.record import TRANSACTION_FEE, Body, Budget, Lookup, Record, Step, TokenRow
from sandbox.wire import message_bytes

LEGACY = -1
TABLE_SIZE = 256
SIGNER = 2
WRITABLE = 1


@dataclass(slots=True)
class Call:
    """An instruction before its keys are numbered; `body` is log lines and inner calls in order."""

    program: str
    accounts: tuple[str, ...]
    data: bytes = b""
    units: int = 150
    body: list[str | Call] = field(default_factory=list)


@dataclass
class Tables:
    """Address lookup tables; long-lived shared keys are put into them as venues appear."""

    names: list[str] = field(default_factory=list)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    used: int = TABLE_SIZE
    # Tables of several markets have different addresses.
    label: str = "lookup table"

    def add(self, keys: Iterable[str]) -> None:
        """Give every new key a place in a table."""
        for key in keys:
            if key in self.places:
                continue
            if self.used == TABLE_SIZE:
                digest = hashlib.sha256(f"{self.label} {len(self.names)}".encode()).digest()
                self.names.append(text(digest))
                self.used = 0
            self.places[key] = (len(self.names) - 1, self.used)
            self.used += 1


class Builder:
    """One transaction in the making. Raises OverdraftError from any verb that lacks funds."""

    def __init__(
        self, bank: Bank, keyring: Keyring, tables: Tables, payer: str, *,
        version: int, blockhash: str, budget: Budget, micro_price: int, use_lookups: bool,
    ) -> None:  # fmt: skip
        self.bank, self.keyring, self.tables = bank, keyring, tables
        self.payer, self.version, self.blockhash = payer, version, blockhash
        self.budget, self.use_lookups = budget, use_lookups
        self.flags: dict[str, int] = {payer: SIGNER | WRITABLE}
        self.calls: list[Call] = []
        self.fee_charged = 0
        bank.begin()
        if version != 1:
            self.add(COMPUTE, (), b"\x02" + budget.unit_limit.to_bytes(4, "little"))
            if micro_price:
                self.add(COMPUTE, (), b"\x03" + micro_price.to_bytes(8, "little"))

    def add(
        self, program: str, accounts: Sequence[str], data: bytes, *, units: int = 150,
        writable: Iterable[str] = (), signers: Iterable[str] = (),
        body: list[str | Call] | None = None,
    ) -> Call:  # fmt: skip
        """Append a top-level instruction and return it so that inner calls can be added."""
        flags = self.flags
        for key in accounts:
            flags.setdefault(key, 0)
        for key in writable:
            flags[key] = flags.get(key, 0) | WRITABLE
        for key in signers:
            flags[key] = flags.get(key, 0) | SIGNER
        flags.setdefault(program, 0)
        call = Call(program, tuple(accounts), data, units, body if body is not None else [])
        self.calls.append(call)
        return call

    def network_fee(self) -> int:
        """Give the fee in lamports: 5000 a signature plus the priority fee."""
        signers = sum(1 for flag in self.flags.values() if flag & SIGNER)
        return TRANSACTION_FEE * signers + self.budget.priority_lamports

    def charge(self) -> int:
        """Take the network fee from the payer; to be called before the last balances are read."""
        self.fee_charged = self.network_fee()
        self.bank.charge(self.payer, self.fee_charged)
        return self.fee_charged

    def finish(self, failure: tuple[int, int] | None = None) -> Record:
        """Compile to a Record. With `failure` only the fee is kept of all that moved."""
        if failure is not None:
            self.bank.rollback()
            self.fee_charged = 0
        if not self.fee_charged:
            self.charge()
        static, lookups, loaded_w, loaded_r, header = self._layout()
        order = static + loaded_w + loaded_r
        place = {key: number for number, key in enumerate(order)}
        steps = [_number(call, place) for call in self.calls]
        message = message_bytes(
            self.version, header, static, self.blockhash, steps, lookups, self.budget
        )
        signatures = [self.keyring.sign(key, message) for key in static[: header[0]]]
        before, now = self.bank.before, self.bank.lamports
        stray = [key for key in before if key not in place]
        if stray:
            raise AssertionError(f"balances moved outside the transaction's keys: {stray}")
        pre_tokens, post_tokens = self._token_rows(order)
        return Record(
            signatures, self.version, header, static, loaded_w, loaded_r, lookups, self.blockhash,
            self.budget, steps, failure, self.fee_charged,
            [before[key] if key in before else now.get(key, 0) for key in order],
            [now.get(key, 0) for key in order],
            pre_tokens, post_tokens,
        )  # fmt: skip

    def _layout(
        self,
    ) -> tuple[list[str], list[Lookup], list[str], list[str], tuple[int, int, int]]:
        flags = self.flags
        invoked = {call.program for call in self.calls}
        groups: list[list[str]] = [[], [], [], []]
        by_table: dict[int, tuple[list[str], list[str]]] = {}
        places = self.tables.places if self.version == 0 and self.use_lookups else {}
        for key, flag in flags.items():
            if not flag & SIGNER and key in places and key not in invoked:
                pair = by_table.setdefault(places[key][0], ([], []))
                pair[0 if flag & WRITABLE else 1].append(key)
            else:
                groups[3 - flag].append(key)
        header = (len(groups[0]) + len(groups[1]), len(groups[1]), len(groups[3]))
        lookups, loaded_w, loaded_r = [], [], []
        for number, (writable, readonly) in by_table.items():
            lookups.append(
                Lookup(
                    self.tables.names[number],
                    bytes(places[key][1] for key in writable),
                    bytes(places[key][1] for key in readonly),
                )
            )
            loaded_w += writable
            loaded_r += readonly
        static = groups[0] + groups[1] + groups[2] + groups[3]
        return static, lookups, loaded_w, loaded_r, header

    def _token_rows(self, order: list[str]) -> tuple[list[TokenRow], list[TokenRow]]:
        bank = self.bank
        pre: list[TokenRow] = []
        post: list[TokenRow] = []
        for number, key in enumerate(order):
            account = bank.tokens.get(key)
            old = bank.before_tokens.get(key, account)
            for rows, row in ((pre, old), (post, account)):
                if row is not None:
                    decimals = bank.mints[row.mint].decimals
                    rows.append((number, row.mint, row.owner, row.program, row.amount, decimals))
        return pre, post


def _number(call: Call, place: dict[str, int]) -> Step:
    body: Body = tuple(
        [part if isinstance(part, str) else _number(part, place) for part in call.body]
    )
    return Step(
        place[call.program], bytes([place[key] for key in call.accounts]), call.data, call.units,
        body,
    )  # fmt: skip
