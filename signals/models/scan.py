"""One run of the scanner, with what it said of every token it looked at."""

import json
import zlib
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models

from signals.domain.chain import canonical

# A scan of ten thousand tokens is a few megabytes; more is no scan of ours.
MOST_BYTES = 256 * 1024 * 1024


class Scan(models.Model):
    """A scan that ran, or one that was skipped and why.

    `lines` holds for every mint what the scanner decided, refusals and the state of every verdict
    included: without the tokens nobody called, no record can be compared with anything.
    """

    class State(models.TextChoices):
        RAN = "ran"
        SKIPPED = "skipped"

    market_run = models.ForeignKey(
        "market.MarketRun", null=True, blank=True, on_delete=models.SET_NULL, related_name="scans"
    )
    world = models.CharField(max_length=16)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State)
    reason = models.TextField(blank=True)
    tokens = models.PositiveIntegerField(default=0)
    rules = models.CharField(max_length=32)
    counts = models.JSONField(default=dict, help_text="how many tokens each gate, strategy … met")
    missing = models.JSONField(default=list, help_text="sources that said nothing")
    lines = models.BinaryField(default=bytes)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["market_run"], name="one_scan_a_run", condition=models.Q(state="ran")
            )
        ]
        indexes: ClassVar = [
            # scan_log(): the latest scans
            models.Index(fields=["-at"], name="scan_latest"),
        ]

    def __str__(self) -> str:
        return f"scan of {self.at:%F %T} {self.state}"

    def read_lines(self) -> dict[str, Any]:
        """Return what was decided, by mint; empty for a scan that was skipped."""
        return unpack(bytes(self.lines)) if self.lines else {}


def pack(value: Mapping[str, Any]) -> bytes:
    """Compress a value's canonical JSON, as windows are hashed by it."""
    return zlib.compress(canonical(value).encode(), 6)


def unpack(packed: bytes) -> Any:
    """Return the value again; ValueError for bytes that are none of ours or unpack too large."""
    return json.loads(inflate(packed))


def inflate(packed: bytes) -> bytes:
    """Return the text that was compressed; ValueError for what is cut short or too large."""
    reader = zlib.decompressobj()
    try:
        text = reader.decompress(packed, MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"not packed: {error}") from None
    if not reader.eof:
        raise ValueError("cut short, or too large")
    return text
