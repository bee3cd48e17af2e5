"""Run Django-Q2 for this installation's world."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from aura.core.logs import start_sentry
from aura.core.world import confirm_world


class Command(BaseCommand):
    """`worker`: schedules, long jobs, and the sweep for what a loop left."""

    help = "Run Django-Q2: schedules, long jobs, and the sweep for what a loop left."

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the world, then run the cluster."""
        start_sentry()
        confirm_world()
        call_command("qcluster")
