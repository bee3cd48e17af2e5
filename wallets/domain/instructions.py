"""Outer and inner instructions in order of execution, each knowing which one called it."""

from collections.abc import Mapping
from typing import Any, Final

from wallets.domain.base58 import CHARACTERS
from wallets.domain.programs import SYSTEM_PROGRAMS
from wallets.domain.values import Instruction, Undecodable
from wallets.domain.wire import CompiledInstruction, Head

# The runtime allows 64 in a trace; room for it to grow, not for a flood.
_MAX_INSTRUCTIONS: Final = 1024
# 10 KiB, the longest data of a cross-program call, in base58.
_MAX_DATA: Final = 14_000


def flatten(head: Head, keys: tuple[str, ...], meta: Mapping[str, Any]) -> tuple[Instruction, ...]:
    """Return all instructions, every outer one followed by those it led to.

    Raises `Undecodable` when one names an account or program that is not among `keys`.
    """
    inner = _inner_groups(meta, len(head.instructions))
    reader = _Reader(keys)
    for index, outer in enumerate(head.instructions):
        reader.add(outer, index, None, None)
        for place, item in enumerate(inner.get(index, ())):
            reader.add(item, index, place, _height(item))
    return tuple(reader.found)


def _inner_groups(meta: Mapping[str, Any], count: int) -> dict[int, list[Any]]:
    groups = meta.get("innerInstructions")
    if groups is None:
        return {}
    if not isinstance(groups, list):
        raise Undecodable("innerInstructions is not a list")
    found: dict[int, list[Any]] = {}
    total = count
    for group in groups:
        index = group.get("index") if isinstance(group, dict) else None
        if type(index) is not int or not 0 <= index < count or index in found:
            raise Undecodable("innerInstructions does not fit the instructions")
        items = group.get("instructions")
        if not isinstance(items, list):
            raise Undecodable("innerInstructions holds something else than instructions")
        found[index] = items
        total += len(items)
    if total > _MAX_INSTRUCTIONS:
        raise Undecodable(f"{total} instructions are more than a transaction can hold")
    return found


def _height(item: object) -> int | None:
    height = item.get("stackHeight") if isinstance(item, dict) else None
    if height is None:
        return None
    if type(height) is not int or not 2 <= height <= 64:
        raise Undecodable("an inner instruction has an impossible stack height")
    return height


class _Reader:
    """Collects instructions and keeps the stack of callers."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys
        self.known = frozenset(keys)
        self.found: list[Instruction] = []
        self.stack: list[int] = []

    def add(self, item: object, index: int, inner: int | None, height: int | None) -> None:
        if isinstance(item, CompiledInstruction):
            program, accounts = self._by_place(item.program, item.accounts)
            data: str | bytes | None = item.data
            parsed = None
        elif isinstance(item, dict):
            program, accounts, data, parsed = self._from_json(item)
        else:
            raise Undecodable("an instruction is not an object")
        caller = self._caller(program, inner, height)
        self.found.append(Instruction(index, inner, caller, program, accounts, data, parsed))

    def _caller(self, program: str, inner: int | None, height: int | None) -> int | None:
        here = len(self.found)
        if inner is None:
            self.stack = [here]
            return None
        if height is None:
            # Old nodes do not tell the height: system and token programs call nobody, and what
            # follows another program was most likely called by it.
            caller = self.stack[-1]
            if program not in SYSTEM_PROGRAMS:
                del self.stack[1:]
                caller = self.stack[0]
                self.stack.append(here)
            return caller
        if height > len(self.stack) + 1:
            raise Undecodable("an inner instruction has an impossible stack height")
        del self.stack[height - 1 :]
        caller = self.stack[-1]
        self.stack.append(here)
        return caller

    def _by_place(self, program: object, accounts: object) -> tuple[str, tuple[str, ...]]:
        keys = self.keys
        if type(program) is not int or not 0 <= program < len(keys):
            raise Undecodable("an instruction names a program that is not among the keys")
        if isinstance(accounts, list):
            if accounts and not set(map(type, accounts)) <= {int}:
                raise Undecodable("an instruction's accounts are not places of keys")
            if accounts and min(accounts) < 0:
                raise Undecodable("an instruction names an account that is not among the keys")
        elif not isinstance(accounts, bytes):
            raise Undecodable("an instruction's accounts are not a list")
        try:
            return keys[program], tuple([keys[place] for place in accounts])
        except IndexError as error:
            raise Undecodable(
                "an instruction names an account that is not among the keys"
            ) from error

    def _from_json(
        self, item: dict[str, Any]
    ) -> tuple[str, tuple[str, ...], str | None, Mapping[str, Any] | None]:
        accounts = item.get("accounts") or []
        if "programIdIndex" in item:
            program, resolved = self._by_place(item["programIdIndex"], accounts)
        else:
            program, resolved = self._by_name(item.get("programId"), accounts)
        if "parsed" in item:
            parsed = item["parsed"]
            # the memo programs' parsed form is a bare text
            if not isinstance(parsed, dict | str):
                raise Undecodable("a parsed instruction is not an object")
            return program, resolved, None, parsed if isinstance(parsed, dict) else {}
        data = item.get("data", "")
        if not isinstance(data, str) or len(data) > _MAX_DATA or not CHARACTERS.issuperset(data):
            raise Undecodable("an instruction's data are not base58")
        return program, resolved, data, None

    def _by_name(self, program: object, accounts: object) -> tuple[str, tuple[str, ...]]:
        if not isinstance(program, str) or program not in self.known:
            raise Undecodable("an instruction names a program that is not among the keys")
        if not isinstance(accounts, list):
            raise Undecodable("an instruction's accounts are not a list")
        if not all(isinstance(name, str) and name in self.known for name in accounts):
            raise Undecodable("an instruction names an account that is not among the keys")
        return program, tuple(accounts)
