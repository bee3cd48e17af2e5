"""What programs say of themselves: events sent as a call to oneself, and events in the logs."""

from base64 import b64decode
from collections import deque
from collections.abc import Container, Iterator, Sequence
from itertools import islice
from typing import Final

from wallets.domain.movements import instruction_data
from wallets.domain.programs import (
    BYREAL,
    GAMMA,
    METEORA_DAMM,
    OKX,
    PUMP,
    PUMP_SWAP,
    RAYDIUM_CLMM,
    RAYDIUM_CPMM,
    RAYDIUM_V4,
    WHIRLPOOL,
)
from wallets.domain.values import Instruction, Transaction

# Anchor: sha256("anchor:event")[:8], the start of an event sent as a call to oneself.
_SELF_CALL: Final = bytes.fromhex("e445a52e51cb9a1d")
_DATA: Final = "Program data: "
# Raydium's first pool program logs its swaps as text of its own.
_RAY: Final = "Program log: ray_log: "
_PRINTED: Final = "Program log: "
# What every program prints of itself while it runs, beside `invoke` and its end.
_COST: Final = " compute units"
# Logs are cut at 10 KB on the chain; a vendor's need not be.
_MAX_LOGGED: Final = 1024
# The programs that log their events; the others only send them to themselves.
_LOGGERS: Final = frozenset(
    {
        PUMP,
        PUMP_SWAP,
        RAYDIUM_V4,
        RAYDIUM_CPMM,
        RAYDIUM_CLMM,
        GAMMA,
        BYREAL,
        WHIRLPOOL,
        METEORA_DAMM,
        OKX,
    }
)


def events_of(tx: Transaction, speakers: Container[str]) -> dict[int, list[bytes]]:
    """Return the events of `speakers`, keyed by the place of the instruction that sent them.

    An event starts with its discriminator. Calls to oneself are complete; logs are cut at 10 KB,
    so they are heard only for instructions that sent no such call.
    """
    found: dict[int, list[bytes]] = {}
    places: dict[str, deque[int]] = {}
    silent: set[int] = set()
    latest: dict[str, int] = {}
    for at, item in enumerate(tx.instructions):
        program = item.program
        if program not in speakers:
            continue
        if program in _LOGGERS:
            places.setdefault(program, deque()).append(at)
        event = _self_called(item)
        if event is None:
            latest[program] = at
            if program in _LOGGERS:
                silent.add(at)
            continue
        caller = item.caller
        if caller is None or tx.instructions[caller].program != program:
            # old nodes do not tell who called
            caller = latest.get(program, at)
        found.setdefault(caller, []).append(event)
    silent -= found.keys()
    if silent:
        for at, event in islice(_logged(tx.logs, places), _MAX_LOGGED):
            if at in silent:
                found.setdefault(at, []).append(event)
    return found


def _self_called(item: Instruction) -> bytes | None:
    """Return the event inside an instruction a program sent to itself, None for any other."""
    # its only account is the program's event authority
    if item.inner is None or len(item.accounts) != 1:
        return None
    data = instruction_data(item)
    return data[8:] if data[:8] == _SELF_CALL else None


def _logged(logs: Sequence[str], places: dict[str, deque[int]]) -> Iterator[tuple[int, bytes]]:
    """Yield what the programs of `places` logged, each with the place of its instruction.

    Any program may print the same words: only lines between a program's own `invoke` and its end
    count, and its n-th `invoke` is its n-th instruction.
    """
    stack: list[int | None] = []
    for line in logs:
        if line.startswith(_PRINTED):
            start = len(_RAY) if line.startswith(_RAY) else 0
        elif line.startswith(_DATA):
            start = len(_DATA)
        else:
            if not line.endswith(_COST):
                _step(line, stack, places)
            continue
        if start and stack and (at := stack[-1]) is not None:
            yield at, _bytes(line[start:])


def _step(line: str, stack: list[int | None], places: dict[str, deque[int]]) -> None:
    """Follow a line that says a program starts or ends."""
    words = line.split(" ", 3)
    if len(words) < 3 or words[0] != "Program" or words[1].endswith(":"):
        return
    if words[2] == "invoke":
        waiting = places.get(words[1])
        stack.append(waiting.popleft() if waiting else None)
    elif stack and words[2].startswith(("success", "failed")):
        stack.pop()


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text)
    except ValueError:
        return b""
