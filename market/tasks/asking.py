"""Asking several sources at once, each in batches, until a moment; what is there by then counts."""

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aura.core.errors import Denied, ProviderError, RateLimited
from market.actions import Asked

# A source that failed so often in one run is left alone until the next.
FAILURES: Final = 2
_ERROR: Final = 200

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """What one source is to be asked: `ask` is called with the next batch of mints."""

    source: str
    kind: str
    ask: Callable[[Sequence[str]], Sequence[Any]]
    mints: Sequence[str]
    at_once: int

    @property
    def name(self) -> str:
        """Who is asked for what."""
        return f"{self.source} {self.kind}"


@dataclass(slots=True)
class Answer:
    """What a source has told so far; read by others while its thread still asks."""

    question: Question
    readings: list[Any] = field(default_factory=list)
    asked: int = 0
    odd: int = 0
    failures: int = 0
    error: str = ""
    seconds: float = 0.0
    is_done: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether every batch was answered."""
        return self.is_done and not self.error

    def as_asked(self) -> Asked:
        """Return it as a run keeps it; a source that was not done in time says so."""
        error = self.error or ("" if self.is_done else "not done in time")
        return Asked(self.asked, len(self.readings), self.odd, round(self.seconds, 1), error)


def ask_all(questions: Sequence[Question], *, until: float) -> list[Answer]:
    """Ask every source in a thread of its own until `until` (monotonic); return what came.

    A source that fails is left out and the others go on; one that is silent is not waited for: its
    thread ends by its own call's timeout, and what it still brings is nobody's.
    """
    answers = [Answer(question) for question in questions]
    threads = []
    for answer in answers:
        context = contextvars.copy_context()
        thread = threading.Thread(
            target=context.run, args=(_ask, answer, until), name=answer.question.name, daemon=True
        )
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return [replace(answer, readings=list(answer.readings)) for answer in answers]


def _ask(answer: Answer, until: float) -> None:
    question, began = answer.question, time.monotonic()
    for start in range(0, len(question.mints), question.at_once):
        if time.monotonic() >= until or not _ask_batch(answer, start):
            answer.error = answer.error or "not done in time"
            break
        answer.seconds = time.monotonic() - began
    answer.seconds = time.monotonic() - began
    answer.is_done = True


def _ask_batch(answer: Answer, start: int) -> bool:
    """Ask one batch; say whether the source is worth asking for the next."""
    question = answer.question
    batch = question.mints[start : start + question.at_once]
    try:
        told = question.ask(batch)
        readings = list(told)
    except ProviderError as error:
        answer.failures += 1
        answer.error = str(error)[:_ERROR]
        log.warning("%s left out a batch: %s", question.name, error)
        return not isinstance(error, Denied | RateLimited) and answer.failures < FAILURES
    except Exception as error:  # an adapter's fault must not cost the others
        answer.error = f"{question.name}: {type(error).__name__} in its adapter"
        log.exception("%s failed", question.name)
        return False
    answer.asked += len(batch)
    answer.odd += getattr(told, "odd", 0)
    answer.readings += readings
    return True
