"""Waiting for something that happens once, unharmed by KeyboardInterrupt.

Conditions, events and semaphores of Python are entered by Python code: an
interrupt in there loses the lock, and whoever sets them next, be it the thread of
all channels, waits for ever. Here each change is one call of C.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from queue import Full
from typing import TYPE_CHECKING, Any

import pykka

from prx_actors.actors.gates import Gate, new_gate, used_gate

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["Future", "Latch"]

_Outcome = tuple[Any, "tuple[Any, BaseException | None, TracebackType | None] | None"]
"""A value, or what `sys.exc_info` returns."""


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
        self._waiters: list[Gate] = []

    def is_set(self) -> bool:
        """Say whether it has happened."""
        return self._flag

    def set(self) -> None:
        """Wake all who wait; may be called again."""
        self._flag = True
        for waiter in list(self._waiters):
            waiter.call()

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
        return self._flag or self._wait(timeout)

    def _wait(self, timeout: float | None) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        gate = new_gate()
        self._waiters.append(gate)
        try:
            while True:
                gate.prepare()
                if self._flag:
                    return True
                remaining = -1.0 if deadline is None else min(deadline - time.monotonic(), threading.TIMEOUT_MAX)
                if deadline is not None and remaining <= 0:
                    return False
                gate.pause(remaining)
        finally:
            with suppress(ValueError):
                self._waiters.remove(gate)
            used_gate(gate)


class Future(pykka.Future[Any]):
    """A future as Pykka's for threads, unharmed by KeyboardInterrupt."""

    def __init__(self) -> None:
        super().__init__()
        self._outcome: dict[None, _Outcome] = {}
        self._latch = Latch()

    def get(self, *, timeout: float | None = None) -> Any:
        """Return the value.

        Args:
            timeout: seconds to wait

        Raises:
            pykka.Timeout: Pykka's, there is none by then
            Exception: the one that was set instead of a value

        """
        if not self._latch.wait(timeout):
            msg = f"{timeout} seconds"
            raise pykka.Timeout(msg)
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        value, exc_info = self._outcome[None]
        if exc_info is None:
            return value
        kind, error, traceback = exc_info
        if error is None:
            error = kind()
        if error.__traceback__ is traceback:
            raise error
        raise error.with_traceback(traceback)

    def set(self, value: Any | None = None) -> None:
        """Set the value.

        Raises:
            queue.Full: it has one

        """
        self._settle((value, None))

    def set_exception(self, exc_info: Any | None = None) -> None:
        """Set an exception instead of a value: the one being handled when none is given.

        Raises:
            queue.Full: it has a value

        """
        self._settle((None, sys.exc_info() if exc_info is None else exc_info))

    def set_get_hook(self, func: Callable[[float | None], Any]) -> None:
        """Set what `get` calls for the value.

        Raises:
            queue.Full: it has a value

        """
        if self._outcome:
            raise Full
        super().set_get_hook(func)
        self._latch.set()

    def _settle(self, outcome: _Outcome) -> None:
        # One call of C decides who was first.
        if self._get_hook is not None or self._outcome.setdefault(None, outcome) is not outcome:
            raise Full
        self._latch.set()
