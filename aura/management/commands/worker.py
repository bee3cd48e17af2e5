"""Run Django-Q2 for this installation's world."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from aura.core.logs import start_sentry
from aura.core.stall import PATIENCE, WatchedCluster
from aura.core.world import confirm_world


class Command(BaseCommand):
    """`worker`: schedules, long jobs, and the sweep for what a loop left."""

    help = "Run Django-Q2: schedules, long jobs, and the sweep for what a loop left."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how long the queue may stand still."""
        parser.add_argument(
            "--patience",
            type=float,
            default=PATIENCE,
            metavar="SECONDS",
            help="end a queue that stands still after so long, to be started afresh "
            f"(default: {PATIENCE:.0f})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the world, then run the cluster."""
        start_sentry()
        confirm_world()
        WatchedCluster(options["patience"]).run()
