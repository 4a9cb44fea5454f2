"""Waiting for something that happens once, unharmed by KeyboardInterrupt.

Conditions, events and semaphores of Python are entered by Python code: an
interrupt in there loses the lock, and whoever sets them next, be it the thread of
all channels, waits for ever. Here each change is one call of C.
"""

from __future__ import annotations

import sys
import threading
import time
from queue import Full
from typing import TYPE_CHECKING, Any

import pykka
from pykka._future import _Unset

from prx_actors.actors.context import context
from prx_actors.actors.gates import Gate, new_gate, used_gate

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from pykka._future import GetHookFunc

    from prx_actors.actors.process import Process

__all__ = ["Future", "Latch"]

_Outcome = tuple[Any, "tuple[Any, BaseException | None, TracebackType | None] | None"]
"""A value, or what `sys.exc_info` returns."""


class _Once:
    """What happens once, and who waits for it."""

    _happened = False
    _waiters: list[Gate]

    def _happen(self) -> None:
        self._happened = True
        for waiter in list(self._waiters):
            waiter.call()

    def _await(self, timeout: float | None, process: Process | None = None) -> bool:
        """Wait until it happens, or until a process, which is the caller, has been ended; say whether it has."""
        deadline = None if timeout is None else time.monotonic() + timeout
        remaining = -1.0
        gate = new_gate()
        self._waiters.append(gate)
        try:
            if process is not None:
                process._when_dead(gate, gate.call)
            while True:  # and not `while not`: see `ending.py`
                if self._happened:
                    break
                gate.prepare()
                if process is not None and not self._happened:
                    process._check_running()
                if deadline is not None:
                    remaining = min(deadline - time.monotonic(), threading.TIMEOUT_MAX)
                if deadline is not None and remaining <= 0:
                    break
                if not self._happened:
                    gate.pause(remaining)
        finally:
            self._waiters.remove(gate)
            if process is not None:
                process._forget_when_dead(gate)
            used_gate(gate)
        return self._happened


class Latch(_Once, threading.Event):
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
        self._waiters: list[Gate] = []

    def is_set(self) -> bool:
        """Say whether it has happened."""
        return self._happened

    def set(self) -> None:
        """Wake all who wait; may be called again."""
        self._happen()

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
        return self._happened or self._await(timeout)


class Future(_Once, pykka.Future[Any]):
    """A future as Pykka's for threads, unharmed by KeyboardInterrupt."""

    # What Pykka's constructor, which is not called, sets for each one.
    _get_hook: GetHookFunc[Any] | None = None
    _get_hook_result = _Unset()

    _made_alive = True
    """Whether the end of a process ends its wait: not when it had ended before, and cleans up."""

    def __init__(self) -> None:
        if (process := context.process) is not None and not process._prx_running:
            self._made_alive = False
        self._outcome: dict[None, _Outcome] = {}
        self._waiters: list[Gate] = []

    def get(self, *, timeout: float | None = None) -> Any:
        """Return the value.

        Args:
            timeout: seconds to wait

        Raises:
            pykka.Timeout: Pykka's, there is none by then
            ProcessExit: when the calling process has been ended
            Exception: the one that was set instead of a value

        """
        if not (self._happened or self._await(timeout, context.process if self._made_alive else None)):
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
        self._happen()

    def _settle(self, outcome: _Outcome) -> None:
        # One call of C decides who was first.
        if self._get_hook is not None or self._outcome.setdefault(None, outcome) is not outcome:
            raise Full
        self._happen()
