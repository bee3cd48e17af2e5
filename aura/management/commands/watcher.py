"""Run the live loops: listen, record the inbox, push news to pages."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from aura.core.logs import start_sentry
from aura.core.loops import Leader
from aura.core.queue import enqueue
from aura.core.world import confirm_world
from aura.schedule import all_loops


class Command(BaseCommand):
    """`watcher`: one process leads; others started beside it wait and take over."""

    help = "Run the live loops (streams, inbox, news to pages). One leads, others stand by."

    def handle(self, *args: Any, **options: Any) -> None:
        """Lead until told to stop, after asking for a sweep of what was missed meanwhile."""
        start_sentry()
        confirm_world()
        leader = Leader(all_loops())
        for number in (signal.SIGTERM, signal.SIGINT):
            # From a thread of its own: set() takes a lock the interrupted wait may hold.
            signal.signal(number, lambda *_: threading.Thread(target=leader.stop.set).start())
        enqueue("wallets.tasks.sweep_all")
        leader.run()
