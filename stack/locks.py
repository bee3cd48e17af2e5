"""Advisory file locks that the kernel drops when their holder dies, however it dies."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

from stack.trouble import of_os_error


class FileLock:
    """One flock on one file; released by release(), by leaving `with`, or by the holder's death."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self, *, shared: bool = False, timeout: float = 0.0) -> bool:
        """Try to lock until `timeout` seconds have passed; tell whether it was got."""
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise of_os_error(error, "opening a lock file") from None
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(0.02)

    def held_elsewhere(self) -> bool:
        """Tell whether another holder has the exclusive lock, without keeping it."""
        free = self.take(shared=True)
        self.release()
        return not free

    def survive_exec(self) -> None:
        """Keep the lock over the next exec: it then lasts as long as the new program."""
        if self._descriptor is not None:
            fcntl.fcntl(self._descriptor, fcntl.F_SETFD, 0)

    def release(self) -> None:
        """Drop the lock; dropping twice is harmless."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "FileLock":
        self.take(timeout=600.0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
