"""`bench scan`: what judging tokens costs, beside the two minutes a scan may take."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from aura.management.bench.machine import own_cpu
from aura.management.bench.report import Report
from aura.management.bench.tokens import DAYS, days, snapshots
from market.domain.snapshots import Snapshot
from market.queries import BucketRow
from signals.domain.assess import assess, discover
from signals.domain.chain import canonical
from signals.domain.episodes import Seat, exit_call, long_call
from signals.domain.frozen import digest, strip, window_plain
from signals.domain.lifecycle import step
from signals.domain.rules import CURRENT
from signals.domain.scan_lines import line_plain
from signals.domain.sights import compared, window_of
from signals.domain.verdicts import Assessment
from signals.domain.windows import Bucket, TokenWindow
from signals.models import pack

MAY_TAKE: Final = 120.0
TOKENS: Final = (300, 10_000)
# So many are frozen to tell what a call costs beside.
FROZEN: Final = 50


def measure(options: Mapping[str, Any], report: Report) -> None:
    """Measure the compute of a scan of each number of tokens, without a database."""
    made = days()
    report.note(f"made-up tokens, a whole day of 288 buckets each; {DAYS} days are shared by them")
    for count in options["tokens"] or TOKENS:
        tokens = snapshots(count, made)
        for _ in range(options["runs"]):
            _measure_run(tokens, made, report)


def _measure_run(
    tokens: Sequence[Snapshot], made: Sequence[Sequence[BucketRow]], report: Report
) -> None:
    count, name = len(tokens), f"{len(tokens):,} tokens"
    shared = [tuple(Bucket(*row) for row in day) for day in made]
    spent: dict[str, tuple[float, float]] = {}

    def timed(part: str, work: Callable[[], Any]) -> Any:
        began, used = time.perf_counter(), own_cpu()
        result = work()
        spent[part] = (time.perf_counter() - began, own_cpu() - used)
        return result

    timed("windows", lambda: _windows(tokens, made))
    alone = [window_of(one, shared[place % DAYS]) for place, one in enumerate(tokens)]
    windows = timed("compare", lambda: compared(alone))
    judged = timed("judge", lambda: [_judged(window) for window in windows])
    timed("discover", lambda: discover(windows))
    timed("lifecycle", lambda: _moved_on(windows, judged))
    wall, cpu = (sum(each) for each in zip(*spent.values(), strict=True))
    report.add(name, "compute", "s", wall)
    report.add(name, "CPU", "s", cpu)
    report.add(name, "CPU by token", "µs", cpu / count * 1e6)
    report.add(name, "of the 120 s it may take", "%", cpu / MAY_TAKE * 100)
    for part, (_, used) in spent.items():
        report.add(name, f"{part}, by token", "µs", used / count * 1e6)
    report.add(name, "rules that hold", "tokens", sum(map(_fires, judged)))
    frozen = windows[:FROZEN]
    timed("freezing", lambda: _freeze(frozen))
    report.add(name, "beside: freezing a call", "µs", spent["freezing"][1] / len(frozen) * 1e6)


def _windows(tokens: Sequence[Snapshot], made: Sequence[Sequence[BucketRow]]) -> None:
    """Make every token's window as a scan does of rows read; none is kept, for memory's sake."""
    for place, one in enumerate(tokens):
        window_of(one, (Bucket(*row) for row in made[place % DAYS]), whales=())


def _judged(window: TokenWindow) -> Assessment:
    found = assess(window)
    canonical(line_plain(found))
    return found


def _moved_on(windows: Sequence[TokenWindow], judged: Sequence[Assessment]) -> None:
    """Move both seats of every token on twice: raised, and then followed."""
    for window, one in zip(windows, judged, strict=True):
        for call in (long_call(window, one, CURRENT), exit_call(window, one)):
            after, _ = step(Seat(), call, CURRENT)
            step(after, call, CURRENT)


def _fires(one: Assessment) -> bool:
    return any(verdict.state == "fires" for verdict in (*one.verdicts, *one.exits))


def _freeze(windows: Sequence[TokenWindow]) -> None:
    for window in windows:
        pack(window_plain(strip(window).window))
        digest(window_plain(window))
