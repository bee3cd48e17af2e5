"""How long a webhook's sender waits for its 200 while deliveries keep coming."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from aura.management.bench.arrivals import TIMEOUT, Arrival, Sender, send_by_clock
from aura.management.bench.machine import PostgresCpu, difference, own_cpu, per
from aura.management.bench.node import serving
from aura.management.bench.payloads import Made, Template, body_of, fresh
from aura.management.bench.programs import House, house
from aura.management.bench.report import Report, add_percentiles
from wallets.models import Delivery

WARM_UP: Final = 2.0
# A delivery that leaves so long after its moment says that this program was too slow, not the web.
LATE: Final = 0.01
# https://www.helius.dev/docs/webhooks: what is not answered within a second counts as lost.
LOST: Final = 1.0


def measure_run(
    made: Sequence[Template], options: Mapping[str, Any], report: Report, folder: Path
) -> None:
    """Start a house of its own, deliver at the rate for so many seconds, and stop it again."""
    rate, seconds = options["rate"], options["seconds"]
    warming = fresh(made, int(rate * min(WARM_UP, seconds)))
    bodies = fresh(made, max(1, int(rate * seconds)))
    with serving() as node:
        for signature, template, _ in warming + bodies:
            node.known[signature] = (template.slot, template.failed)
        with house(folder, node_url=node.url, with_watcher=options["watcher"]) as running:
            measure = f"acknowledge at {rate:g}/s"
            if not options["watcher"]:
                measure += ", no watcher"
            _deliver(running, warming, bodies, rate, measure, report)


def _deliver(
    running: House,
    warming: Sequence[Made],
    bodies: Sequence[Made],
    rate: float,
    measure: str,
    report: Report,
) -> None:
    sender, postgres = Sender(running.port, settings.WEBHOOK_SECRET), PostgresCpu()
    told, then = ([body_of([text]) for _, _, text in some] for some in (warming, bodies))

    def used() -> tuple[float | None, ...]:
        return running.web.cpu(), running.watcher_cpu(), postgres.seconds(), own_cpu()

    with asyncio.Runner() as loop:
        loop.run(send_by_clock(sender, told, rate=rate))
        recorded, before, began = _recorded(), used(), time.perf_counter()
        arrivals = loop.run(send_by_clock(sender, then, rate=rate))
        took, after = time.perf_counter() - began, used()
        recorded = _recorded() - recorded
        sender.close()
    web, watcher, server, own = map(difference, after, before)
    _tell(arrivals, took, measure, report)
    count = len(arrivals)
    report.add(measure, "CPU of web", "ms/delivery", per(web, count))
    report.add(measure, "CPU of PostgreSQL", "ms/delivery", per(server, count))
    report.add(measure, "CPU of this client", "ms/delivery", per(own, count))
    report.add(measure, "connections", "opened", sender.opened)
    if running.watcher:
        report.add(measure, "recorded meanwhile", "tx/s", recorded / took)
        report.add(measure, "CPU of watcher", "ms/tx", per(watcher, recorded))


def _tell(arrivals: Sequence[Arrival], took: float, measure: str, report: Report) -> None:
    good = [a.answered - a.due for a in arrivals if a.status == 200]
    add_percentiles(report, measure, "answered", good)
    report.add(measure, "rate", "answered/s", len(good) / took)
    report.add(measure, "not answered 200", "deliveries", len(arrivals) - len(good))
    for status in {a.status for a in arrivals} - {200}:
        name = f"answered {status}" if status else f"no answer in {TIMEOUT:.0f} s"
        report.add(measure, name, "deliveries", sum(a.status == status for a in arrivals))
    report.add(measure, "over a second", "deliveries", sum(t > LOST for t in good))
    late = [a.sent - a.due for a in arrivals]
    report.add(measure, "sent late", "deliveries", sum(t > LATE for t in late))
    report.add(measure, "sent late, longest", "ms", max(late) * 1000)


def _recorded() -> int:
    return Delivery.objects.exclude(state=Delivery.State.WAITING).count()
