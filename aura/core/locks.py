"""Locks between processes that end with whoever holds them: PostgreSQL's advisory locks."""

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, ParamSpec, TypeVar

from django.db import DatabaseError, OperationalError, connection

TRIES: Final = 4
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_DEADLOCK: Final = "40P01"

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def alone(work: int, of: int = 0) -> Iterator[bool]:
    """Try to hold the lock on one piece of work; yield whether nobody else held it.

    `work` names the kind of work and `of` the row it is about. The lock belongs to the database
    session: a process that dies lets go of it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [work, of])
        (mine,) = cursor.fetchone()
    try:
        yield bool(mine)
    finally:
        # After a broken connection the server has let go already.
        if mine:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [work, of])


def again_after_deadlock(verb: Callable[P, T]) -> Callable[P, T]:
    """Let a verb with a transaction of its own try again when PostgreSQL chose it as the victim.

    Inside somebody else's transaction that is no use: it is lost as a whole.
    """

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(TRIES - 1):
            try:
                return verb(*args, **kwargs)
            except OperationalError as error:
                state = getattr(error.__cause__, "sqlstate", None)
                if state != _DEADLOCK or connection.in_atomic_block:
                    raise
                log.warning("%s met a deadlock, trying again", verb.__name__)
        return verb(*args, **kwargs)

    return run
