"""Show which wallets qualify for the curated list; staff put them on it in the admin site."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from wallets.queries import propose_curated


class Command(BaseCommand):
    """`propose_curated [--limit N]`."""

    help = "Rank the wallets that qualify for the curated list and are not on it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --limit."""
        parser.add_argument("--limit", type=int, default=20, help="how many to show (20)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line a wallet, the best proven first, and how many there are."""
        proposed = propose_curated()
        for wallet in proposed[: max(options["limit"], 0)]:
            stats = wallet.stats
            self.stdout.write(
                f"{wallet.address} win rate {stats.win_rate_low:.1%} to {stats.win_rate_high:.1%}"
                f" ({stats.wins} of {stats.closed_positions}), coverage {stats.coverage:.1%},"
                f" realised {stats.realised_lamports} lamports"
            )
        self.stdout.write(f"{proposed.count()} proposed")
