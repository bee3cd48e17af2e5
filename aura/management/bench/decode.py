"""`bench decode`: how many transactions a core reads and understands in a second."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from aura.core import exact
from aura.management.bench.machine import own_cpu
from aura.management.bench.profiling import profile_of
from aura.management.bench.report import Report
from wallets.domain import addresses
from wallets.domain.decode import decode
from wallets.domain.parse import parse
from wallets.domain.sources import Payload
from wallets.domain.values import Transaction, Undecodable

# A run lasts about a second: so many transactions, the same ones several times.
A_RUN: Final = 2_000


def measure(
    found: Mapping[str, Sequence[Payload]], options: Mapping[str, Any], report: Report
) -> str:
    """Measure each source of payloads; return the profile when one was asked for.

    What is remembered of addresses is forgotten before every pass, so that the same transactions
    told again are as dear as new ones.
    """
    profiles = []
    for name, payloads in found.items():
        readable = [payload for payload in payloads if _is_readable(payload)]
        if len(readable) < len(payloads):
            report.note(f"{name}: {len(payloads) - len(readable)} payloads are refused")
        if not readable:
            continue
        report.note(f"{name}: {len(readable)} transactions")
        texts = [json.dumps(payload, default=str).encode() for payload in readable]
        passes = options["passes"] or max(1, A_RUN // len(readable))
        _once(readable)
        for _ in range(options["runs"]):
            _measure_run(name, readable, texts, passes, report)
        if options["profile"]:
            profiles.append(f"{name}\n" + profile_of(partial(_once, readable)))
    return "\n".join(profiles)


def _measure_run(
    name: str, payloads: Sequence[Payload], texts: Sequence[bytes], passes: int, report: Report
) -> None:
    spent = {step: [0.0, 0.0] for step in ("read JSON", "parse", "decode")}
    by_venue: dict[str, list[float]] = defaultdict(list)
    for _ in range(passes):
        _forget_addresses()
        _timed(spent["read JSON"], partial(_each, exact.loads, texts))
        reads = _timed(spent["parse"], partial(_each, parse, payloads))
        _timed(spent["decode"], partial(_each, decode, reads))
    _forget_addresses()
    for payload in payloads:
        used = own_cpu()
        legs = decode(parse(payload)).legs
        by_venue[legs[0].venue if legs else "no pool"].append(own_cpu() - used)
    count = passes * len(payloads)
    parsed, decoded = spent["parse"], spent["decode"]
    spent["parse and decode"] = [a + b for a, b in zip(parsed, decoded, strict=True)]
    for step, (wall, cpu) in spent.items():
        measure = f"{name}: {step}"
        report.add(measure, "a core", "tx/s", count / cpu)
        report.add(measure, "wall", "µs/tx", wall / count * 1e6)
        report.add(measure, "CPU", "µs/tx", cpu / count * 1e6)
    for venue, each in sorted(by_venue.items(), key=lambda item: -len(item[1])):
        mean = sum(each) / len(each)
        report.add(f"{name}: CPU by first venue", f"{venue} ({len(each)})", "µs/tx", mean * 1e6)


def _timed(spent: list[float], work: Callable[[], Any]) -> Any:
    began, used = time.perf_counter(), own_cpu()
    result = work()
    spent[0] += time.perf_counter() - began
    spent[1] += own_cpu() - used
    return result


def _each(work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    return [work(item) for item in items]


def _once(payloads: Sequence[Payload]) -> None:
    for payload in payloads:
        decode(parse(payload))


def _is_readable(payload: Payload) -> bool:
    try:
        read: Transaction = parse(payload)
    except Undecodable:
        return False
    return bool(read.signature)


def _forget_addresses() -> None:
    for remembered in (addresses.is_address, addresses.is_wallet):
        remembered.cache_clear()
