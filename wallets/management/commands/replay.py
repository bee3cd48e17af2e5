"""Send recorded transactions through the real entrance."""

import time
from argparse import ArgumentParser
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from aura.core import exact
from aura.core.errors import Refused
from wallets.actions import keep_delivery, record_waiting, track_wallet
from wallets.domain.parse import parse
from wallets.domain.values import Undecodable
from wallets.models import Delivery, QuarantinedPayload, RawTransaction, Trade

# How long another reader may keep a delivery before it is reported as still waiting, in seconds.
PATIENCE: Final = 60.0


class Command(BaseCommand):
    """`replay FILE…|FOLDER [--track-payers]`."""

    help = "Send recorded transactions (getTransaction results) through the real entrance."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take files and folders."""
        parser.add_argument("paths", nargs="+", type=Path)
        parser.add_argument(
            "--track-payers", action="store_true", help="record the fee payer's wallet of each"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Keep each file as a delivery, record the inbox, and say what became of each."""
        files = _files(options["paths"])
        if options["track_payers"]:
            self._track(files)
        ids = {keep_delivery(path.read_bytes(), source="replay"): path for path in files}
        _record(ids)
        counts = {"recorded": 0, "quarantined": 0}
        for delivery in Delivery.objects.filter(pk__in=ids).order_by("pk"):
            counts[delivery.state] = counts.get(delivery.state, 0) + 1
            if delivery.reason:
                self.stdout.write(f"{delivery.state} {ids[delivery.pk].name}: {delivery.reason}")
        self.stdout.write(
            f"{len(files)} files: "
            + ", ".join(f"{n} {state}" for state, n in counts.items())
            + f"; {RawTransaction.objects.count()} transactions, {Trade.objects.count()} trades, "
            f"{QuarantinedPayload.objects.count()} payloads in quarantine"
        )

    def _track(self, files: list[Path]) -> None:
        payers = set()
        for path in files:
            try:
                payers.add(parse(exact.loads(path.read_bytes())).signers[0])
            except (Undecodable, ValueError):
                continue
        new = 0
        for payer in sorted(payers):
            try:
                new += track_wallet(payer, sweep=False)[1]
            except Refused as refusal:
                self.stderr.write(f"{payer} not tracked: {refusal}")
        self.stdout.write(f"{len(payers)} fee payers tracked ({new} new)")


def _record(ids: Collection[int]) -> None:
    """Record the inbox until none of these waits; a running watcher may hold one of them."""
    deadline = time.monotonic() + PATIENCE
    while Delivery.objects.filter(pk__in=ids, state=Delivery.State.WAITING).exists():
        if not record_waiting():
            if time.monotonic() > deadline:
                return
            time.sleep(0.1)


def _files(paths: list[Path]) -> list[Path]:
    """Expand folders to the transactions in them: files named by a signature."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.glob("*.json") if len(p.stem) >= 64)
        elif path.is_file():
            found.append(path)
        else:
            raise CommandError(f"{path} is neither a file nor a folder")
    if not found:
        raise CommandError("no transactions found: files are named by their signature")
    return found
