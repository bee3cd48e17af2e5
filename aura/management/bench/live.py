"""`bench live`: from a webhook's delivery to the trade's row on open pages."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from aura.core.errors import Refused
from aura.management.bench.arrivals import Arrival, Sender, send_by_clock
from aura.management.bench.machine import difference, own_cpu, per
from aura.management.bench.node import serving
from aura.management.bench.payloads import Made, body_of, fresh, templates
from aura.management.bench.programs import House, house
from aura.management.bench.report import Report, add_percentiles, percentile
from aura.management.bench.sockets import PageSocket, open_page
from aura.management.bench.stage import clear
from aura.models import User
from wallets.domain.sources import Payload

WARM_UP: Final = 5
# What has not come so long after the last delivery will not come.
PATIENCE: Final = 10.0
OPENING: Final = 16
_ROW: Final = re.compile(rb'data-trade=\\"([1-9A-HJ-NP-Za-km-z]+)')
_NEW: Final = b'"swap": "afterbegin"}'


def measure(
    payloads: Sequence[Payload], options: Mapping[str, Any], report: Report, folder: Path
) -> str:
    """Measure with one open page, then with many; web and watcher run on between the runs."""
    made = [template for template in templates(payloads) if template.is_trade]
    if not made:
        raise Refused("None of the transactions is a trade of its fee payer.")
    report.note(f"{len(made)} different trades; the others repeat them as new ones")
    clear(made)
    cookies = [_signed_in(number) for number in range(max(1, options["sockets"]))]
    with serving() as node, house(folder, node_url=node.url, with_watcher=True) as running:
        for count in sorted({1, len(cookies)}):
            for _ in range(options["runs"]):
                trades = fresh(made, WARM_UP + options["trades"])
                node.known |= {name: (t.slot, t.failed) for name, t, _ in trades}
                run = _Run(running, cookies[:count], trades, options["rate"])
                asyncio.run(run.measure())
                run.tell(report)
    return ""


def _signed_in(number: int) -> str:
    """Make a user with a session of his own; return the cookie."""
    user = User.objects.create_user(f"bench-{number}@aura.local", None)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


@dataclass(slots=True)
class _Run:
    """So many trades delivered by the clock, heard on so many pages."""

    running: House
    cookies: Sequence[str]
    trades: Sequence[Made]
    rate: float
    # When a trade's row came, on each page where it came.
    heard: dict[bytes, list[float]] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    messages: int = 0
    cpu: tuple[float | None, float | None, float] = (None, None, 0.0)

    async def measure(self) -> None:
        """Open the pages, deliver a few trades unmeasured, then the others; wait for the rows."""
        pages = await self._open_all()
        sender = Sender(self.running.port, settings.WEBHOOK_SECRET)
        try:
            await self._deliver(sender, self.trades[:WARM_UP])
            before, said = self._used(), sum(page.messages for page in pages)
            self.arrivals = await self._deliver(sender, self.trades[WARM_UP:])
            web, watcher, own = map(difference, self._used(), before)
            self.cpu = (web, watcher, own or 0.0)
            self.messages = sum(page.messages for page in pages) - said
        finally:
            sender.close()
            for page in pages:
                page.close()

    def tell(self, report: Report) -> None:
        """Add this run's figures."""
        count = len(self.cookies)
        measure = f"{count} page{'s' if count > 1 else ''} at {self.rate:g} trades/s"
        names = [name.encode() for name, _, _ in self.trades[WARM_UP:]]
        sent = {n: a.sent for n, a in zip(names, self.arrivals, strict=True)}
        came = {name: self.heard.get(name, []) for name in names}
        every = [at - sent[name] for name, times in came.items() for at in times]
        whole = [max(times) - sent[n] for n, times in came.items() if len(times) == count]
        add_percentiles(report, measure, "row", every)
        if count > 1:
            add_percentiles(report, measure, "row on the last page", whole)
        report.add(measure, "delivered", "%", 100 * len(every) / (len(names) * count))
        answered = [a.answered - a.sent for a in self.arrivals if a.status == 200]
        if answered:
            report.add(measure, "answered p50", "ms", percentile(answered, 0.5) * 1000)
        report.add(measure, "not answered 200", "deliveries", len(names) - len(answered))
        report.add(measure, "fragments", "a trade and page", self.messages / len(names) / count)
        web, watcher, own = self.cpu
        report.add(measure, "CPU of web", "µs/fragment", per(web, self.messages, scale=1e6))
        report.add(measure, "CPU of web", "ms/trade", per(web, len(names)))
        report.add(measure, "CPU of watcher", "ms/trade", per(watcher, len(names)))
        report.add(measure, "CPU of this client", "ms/trade", per(own, len(names)))

    def _used(self) -> tuple[float | None, float | None, float]:
        return self.running.web.cpu(), self.running.watcher_cpu(), own_cpu()

    async def _open_all(self) -> list[PageSocket]:
        pages = []
        for start in range(0, len(self.cookies), OPENING):
            some = self.cookies[start : start + OPENING]
            opening = (open_page(self.running.port, cookie, self._hear) for cookie in some)
            pages += await asyncio.gather(*opening)
        return pages

    def _hear(self, text: bytes, at: float) -> None:
        if text.endswith(_NEW):
            for name in _ROW.findall(text):
                self.heard.setdefault(name, []).append(at)

    async def _deliver(self, sender: Sender, trades: Sequence[Made]) -> list[Arrival]:
        bodies = [body_of([text]) for _, _, text in trades]
        arrivals = await send_by_clock(sender, bodies, rate=self.rate)
        deadline = time.perf_counter() + PATIENCE
        while time.perf_counter() < deadline and not self._all_came(trades):
            await asyncio.sleep(0.05)
        return arrivals

    def _all_came(self, trades: Sequence[Made]) -> bool:
        count = len(self.cookies)
        return all(len(self.heard.get(name.encode(), ())) >= count for name, _, _ in trades)
