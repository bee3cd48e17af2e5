"""What was said of tokens' danger before."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from market.domain.combine import merged_safety
from market.domain.readings import SafetyReading
from market.domain.safety import reading_of
from market.domain.snapshots import Safety
from market.models import SafetyReport


def first_safety_of(mints: Iterable[str], *, since: datetime) -> dict[str, Safety]:
    """Return the safety of each mint as its sources told it first since a moment; one query.

    What was said before and still held then counts.
    """
    rows = SafetyReport.objects.filter(mint__in=list(mints), read_at__gt=since)
    first = rows.order_by("mint", "source", "since").distinct("mint", "source")
    told: dict[str, list[SafetyReading]] = defaultdict(list)
    for row in first:
        told[row.mint].append(
            reading_of(row.source, row.mint, row.fields, read_at=row.read_at, score=row.score)
        )
    return {mint: merged_safety(readings) for mint, readings in told.items()}
