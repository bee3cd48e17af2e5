"""Live work of the signals app: a scan as soon as the market was read."""

import logging
from typing import Any, Final

from django.db import DatabaseError, transaction

from aura.core.events import CHANNEL, read_facts
from aura.core.loops import Loop
from market.events import MarketRead
from market.models import MarketRun
from signals.actions import scan_market, skip_scan

READER: Final = "scanner"

log = logging.getLogger(__name__)


def scan_news() -> bool:
    """Scan what was read since the last turn; say whether there was news."""
    return read_facts(READER, _scan) > 0


def _scan(facts: list[Any]) -> None:
    """Scan the newest reading; what it overtook is recorded as skipped.

    A scan that fails is recorded with what it failed of, and the next reading is scanned again:
    one bad token must not end all signals. A database that is away is no bad token.
    """
    runs = [fact.run_id for fact in facts if isinstance(fact, MarketRead)]
    for run in MarketRun.objects.filter(pk__in=runs[:-1]).order_by("pk"):
        skip_scan(run, "a newer reading of the market was there")
    if not runs:
        return
    try:
        with transaction.atomic():
            scan_market(runs[-1])
    except DatabaseError:
        raise
    except Exception as error:
        log.exception("the scan of run %s failed", runs[-1])
        failed = MarketRun.objects.filter(pk=runs[-1]).first()
        skip_scan(failed, f"the scan failed: {type(error).__name__}")


def loops() -> list[Loop]:
    """Return this app's loops; facts wake them."""
    return [Loop("scanner", scan_news, wake_on=(CHANNEL,), every=5.0)]
