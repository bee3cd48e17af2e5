"""Locks between processes that end with whoever holds them: PostgreSQL's advisory locks."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connection


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
