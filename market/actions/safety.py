"""What sources say about danger: one row for as long as they say the same."""

from collections.abc import Iterable, Sequence

from django.db import connection

from market.domain.readings import SafetyReading
from market.domain.safety import fields_of, is_same
from market.models import SafetyReport


def add_reports(readings: Iterable[SafetyReading]) -> None:
    """Keep readings that may be kept: a new report where an answer changed, else the old one.

    A share that creeps is compared with what it was when the report began. At most four
    statements. What was read before the latest report was confirmed says nothing new.
    """
    latest = {(one.mint, one.source): one for one in sorted(readings, key=lambda one: one.read_at)}
    mints = sorted({mint for mint, _ in latest})
    known = SafetyReport.objects.select_for_update().filter(mint__in=mints, is_latest=True)
    standing = {(row.mint, row.source): row for row in known.order_by("mint", "source")}
    confirmed, replaced, new = [], [], []
    for place in sorted(latest):
        reading, row = latest[place], standing.get(place)
        told = fields_of(reading)
        if row is None or (row.read_at < reading.read_at and not is_same(row.fields, told)):
            new.append(_report(reading, told))
            replaced += [] if row is None else [row.pk]
        elif row.read_at < reading.read_at:
            row.read_at, row.score = reading.read_at, reading.score
            confirmed.append(row)
    if replaced:
        SafetyReport.objects.filter(pk__in=replaced).update(is_latest=False)
    if confirmed:
        _confirm(confirmed)
    SafetyReport.objects.bulk_create(new, batch_size=1000)


def _confirm(rows: Sequence[SafetyReport]) -> None:
    """Write when reports were read again, and the scores of then, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE market_safetyreport r SET read_at = t.read_at, score = t.score"
            " FROM unnest(%s::int8[], %s::timestamptz[], %s::numeric[]) AS t(id, read_at, score)"
            " WHERE r.id = t.id",
            [[r.pk for r in rows], [r.read_at for r in rows], [r.score for r in rows]],
        )


def _report(reading: SafetyReading, told: dict[str, object]) -> SafetyReport:
    return SafetyReport(
        mint=reading.mint, source=reading.source, since=reading.read_at, read_at=reading.read_at,
        fields=told, score=reading.score,
    )  # fmt: skip
