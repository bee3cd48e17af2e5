"""What the queue calls: grade what is due, retire what fails."""

import logging
from datetime import timedelta
from time import monotonic
from typing import Final

from django.conf import settings
from django.db import DatabaseError

from aura.core import clock
from aura.core.locks import alone
from signals.actions import grade_subject, retire_failing, subjects_due
from signals.queries.board import scoreboard_of

GRADING_LOCK: Final = 0x47524144  # "GRAD": one turn at a time
SUBJECTS_A_TURN: Final = 2_000
A_TURN: Final = timedelta(seconds=45)

log = logging.getLogger(__name__)


def grade_due() -> int:
    """Grade signals, shadows and controls with something new to tell; return how many.

    One turn at a time, and none longer than 45 seconds: what is left comes next. A subject that
    cannot be graded is told in the log and leaves the others alone.
    """
    graded = 0
    started = monotonic()
    with alone(GRADING_LOCK) as mine:
        if not mine:
            return 0
        for subject in subjects_due(clock.now(), limit=SUBJECTS_A_TURN):
            if monotonic() - started > A_TURN.total_seconds():
                break
            try:
                grade_subject(subject, now=clock.now())
            except (ArithmeticError, DatabaseError, LookupError, ValueError):
                log.exception("%s not graded", subject)
            else:
                graded += 1
    return graded


def retire_strategies() -> list[str]:
    """Retire the strategies that fail by the record as it stands; return their names."""
    lines = scoreboard_of("alert").lines
    return [state.strategy for state in retire_failing(lines, world=settings.WORLD)]
