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
_INTEGERS: Final = frozenset({int})
_NONE: Final = b""


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

    def add(self, item: object, outer: int, inner: int | None, height: int | None) -> None:
        data: str | bytes | None
        parsed: Mapping[str, Any] | None = None
        if isinstance(item, CompiledInstruction):
            program, accounts = self._by_place(item.program, item.accounts)
            data = item.data
        elif not isinstance(item, dict):
            raise Undecodable("an instruction is not an object")
        else:
            if "programIdIndex" in item:
                program, accounts = self._by_place(
                    item["programIdIndex"], item.get("accounts") or _NONE
                )
            else:
                program, accounts = self._by_name(item.get("programId"), item.get("accounts") or [])
            if "parsed" in item:
                data, parsed = None, _parsed(item["parsed"])
            else:
                data = item.get("data", "")
                if type(data) is not str or not _is_data(data):
                    raise Undecodable("an instruction's data are not base58")
        caller = self._caller(program, inner, height)
        self.found.append(Instruction(outer, inner, caller, program, accounts, data, parsed))

    def _caller(self, program: str, inner: int | None, height: int | None) -> int | None:
        here = len(self.found)
        stack = self.stack
        if inner is None:
            self.stack = [here]
            return None
        if height is None:
            return self._likely_caller(program, here)
        if height > len(stack) + 1:
            raise Undecodable("an inner instruction has an impossible stack height")
        del stack[height - 1 :]
        caller = stack[-1]
        stack.append(here)
        return caller

    def _likely_caller(self, program: str, here: int) -> int:
        """Return the caller where old nodes do not tell the height.

        System and token programs call nobody; what follows another program was most likely called
        by it.
        """
        if program in SYSTEM_PROGRAMS:
            return self.stack[-1]
        del self.stack[1:]
        self.stack.append(here)
        return self.stack[0]

    def _by_place(self, program: object, accounts: object) -> tuple[str, tuple[str, ...]]:
        keys = self.keys
        if type(program) is not int or not 0 <= program < len(keys):
            raise Undecodable("an instruction names a program that is not among the keys")
        if type(accounts) is list:
            if not _INTEGERS.issuperset(map(type, accounts)):
                raise Undecodable("an instruction's accounts are not places of keys")
            if accounts and min(accounts) < 0:
                raise Undecodable("an instruction names an account that is not among the keys")
        elif not isinstance(accounts, bytes):
            raise Undecodable("an instruction's accounts are not a list")
        try:
            return keys[program], tuple(map(keys.__getitem__, accounts))
        except IndexError as error:
            raise Undecodable(
                "an instruction names an account that is not among the keys"
            ) from error

    def _by_name(self, program: object, accounts: object) -> tuple[str, tuple[str, ...]]:
        if not isinstance(program, str) or program not in self.known:
            raise Undecodable("an instruction names a program that is not among the keys")
        if not isinstance(accounts, list):
            raise Undecodable("an instruction's accounts are not a list")
        if not all(isinstance(name, str) and name in self.known for name in accounts):
            raise Undecodable("an instruction names an account that is not among the keys")
        return program, tuple(accounts)


def _is_data(text: str) -> bool:
    return len(text) <= _MAX_DATA and CHARACTERS.issuperset(text)


def _parsed(parsed: object) -> Mapping[str, Any]:
    # the memo programs' parsed form is a bare text
    if not isinstance(parsed, dict | str):
        raise Undecodable("a parsed instruction is not an object")
    return parsed if isinstance(parsed, dict) else {}
