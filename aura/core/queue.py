"""Work for later, through Django-Q2's ORM broker: the task row joins the caller's transaction."""

from typing import Any

from django_q.tasks import async_task


def enqueue(task: str, *args: int | str, **options: Any) -> str:
    """Queue `task` (a dotted path) with ids as arguments; return the queue's id for it.

    Delivery is at least once and unordered, so tasks are idempotent.
    """
    return str(async_task(task, *args, **options))
