"""Calls every configured vendor endpoint once and names what differs from our parsers' promise."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import F

from aura.core.errors import ProviderError
from aura.core.shapes import Check, differences
from market.providers.checks import checks as market_checks
from wallets.models import Wallet
from wallets.providers.checks import checks as wallet_checks

# pump.fun's program: no account on the chain is named by more transactions of our kind.
PUMP_FUN = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"


class Command(BaseCommand):
    """`bin/manage check_vendors [--address ADDRESS]`."""

    help = "Make one metered call per configured vendor endpoint and compare the answers."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address whose transactions are asked for."""
        parser.add_argument("--address", help="an address with recent transactions")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line an endpoint; exit 1 when one failed or differed."""
        subject = options["address"] or _watched() or PUMP_FUN
        checks = [*wallet_checks(subject), *market_checks()]
        width = max(len(check.name) for check in checks)
        bad = sum(not self._run(check, width) for check in checks)
        if bad:
            raise CommandError(f"{bad} of {len(checks)} endpoints are not as expected")
        self.stdout.write(f"all {len(checks)} endpoints are as expected")

    def _run(self, check: Check, width: int) -> bool:
        started = time.monotonic()
        try:
            found = differences(check.call(), check.shape)
        except ProviderError as error:
            found = [str(error)]
        took = (time.monotonic() - started) * 1000
        verdict = "failed" if found else "ok"
        self.stdout.write(f"{check.name:{width}}  {verdict:6}  {took:6.0f} ms")
        for line in found:
            self.stdout.write(f"{'':{width}}  {line}")
        return not found


def _watched() -> str | None:
    """Return the watched wallet with the newest transaction known, if any is watched."""
    wallets = Wallet.objects.watched().order_by(F("sweep_slot").desc(nulls_last=True))
    return wallets.values_list("address", flat=True).first()
