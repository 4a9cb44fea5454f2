"""Waiting for something that happens once, unharmed by KeyboardInterrupt.

Conditions, events and semaphores of Python are entered by Python code: an
interrupt in there loses the lock, and whoever sets them next, be it the thread of
all channels, waits for ever. The locks here are entered by C code alone.
"""

from __future__ import annotations

import threading
from _thread import RLock
from contextlib import suppress
from typing import Any

import pykka

__all__ = ["Future", "Latch"]


class Latch(threading.Event):
    """An event that is set once.

    Example:
        >>> from prx_actors.actors.latches import Latch
        >>> latch = Latch()
        >>> latch.wait(timeout=0)
        False
        >>> latch.set()
        >>> latch.wait()
        True

    """

    def __init__(self) -> None:
        # Not Python's: its condition is what this is without.
        self._flag = False
        self._waiters: list[threading.Lock] = []

    def is_set(self) -> bool:
        """Say whether it has happened."""
        return self._flag

    def set(self) -> None:
        """Wake all who wait; may be called again."""
        self._flag = True
        for waiter in list(self._waiters):
            with suppress(RuntimeError):  # it was woken already
                waiter.release()

    def clear(self) -> None:
        """Do nothing of the kind.

        Raises:
            TypeError: always

        """
        msg = "what has happened once stays so"
        raise TypeError(msg)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it happens.

        Args:
            timeout: seconds to wait

        Returns:
            whether it has happened

        """
        waiter = threading.Lock()
        waiter.acquire()
        self._waiters.append(waiter)
        try:
            # In this order, as `set` does the reverse.
            if not self._flag:
                waiter.acquire(timeout=-1 if timeout is None else max(0.0, timeout))
        finally:
            with suppress(ValueError):
                self._waiters.remove(waiter)
        return self._flag


class _Lock(RLock):  # type: ignore[misc]  # final in its stub only
    """As much of a condition as a future's writers use."""

    def __init__(self) -> None:
        self.latch = Latch()

    def notify_all(self) -> None:
        """Wake the readers, who wait outside the lock."""
        self.latch.set()


class Future(pykka.ThreadingFuture[Any]):
    """Pykka's future for threads, unharmed by KeyboardInterrupt."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = _Lock()
        self._condition = self._lock  # type: ignore[assignment]

    def get(self, *, timeout: float | None = None) -> Any:
        """Return the value.

        Args:
            timeout: seconds to wait

        Raises:
            pykka.Timeout: Pykka's, there is none by then
            Exception: the one that was set instead of a value

        """
        if not self._lock.latch.wait(timeout):
            msg = f"{timeout} seconds"
            raise pykka.Timeout(msg)
        return super().get(timeout=timeout)
