"""The reactor: one thread and one epoll for all channels of the runtime.

It never blocks on a driver and never waits for a lock that a turn holds: handlers read and write what is
possible at once. Only the reactor's thread closes what is registered here, so a handler may still be called
once for an fd number that has changed hands: every handler puts up with a call for nothing.
"""

from __future__ import annotations

import heapq
import math
import os
import select
import threading
import time
from collections import deque
from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING

from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Reactor", "Timer", "reactor"]

logger = SafeLogger("prx_actors")

LONGEST_WAIT = 86400.0
"""Seconds of one wait: an epoll refuses what does not fit into an int of milliseconds."""


MANY = 1024
"""Timers, from which on those that were cancelled are looked for."""


class Timer:
    """A function to be called at a time, unless it is cancelled."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[], None]) -> None:
        self.function: Callable[[], None] | None = function

    def cancel(self) -> None:
        """Make sure that the function is not called from now on."""
        self.function = None


class Reactor:
    """Calls handlers when fds are ready and functions when it is time."""

    def __init__(self) -> None:
        self._start_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._reset()

    def _reset(self) -> None:
        self._handlers: dict[int, Callable[[int], None]] = {}
        self._soon: deque[Callable[[], None]] = deque()
        self._new_timers: deque[tuple[float, int, Timer]] = deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self._many = MANY
        self._order = count()
        self._wakes_at = math.inf

    def start(self) -> None:
        """Start the thread, if it does not run yet."""
        if self._thread is not None:
            return
        with self._start_lock:
            if self._thread is None:
                with ExitStack() as undo:
                    self._epoll = undo.enter_context(select.epoll())
                    self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
                    undo.callback(self._close_wake)
                    self.register(self._wake, select.EPOLLIN, self._on_wake)
                    thread = threading.Thread(target=self._run, name="prx-reactor", daemon=True)
                    thread.start()
                    self._thread = thread
                    undo.pop_all()

    def _close_wake(self) -> None:
        os.close(self._wake)
        self._wake = -1  # its number will be somebody else's

    def after_fork_in_child(self) -> None:
        """Leave the parent's epoll and forget its fds."""
        if self._thread is not None:
            self._epoll.close()
            self._close_wake()
        self._thread = None
        self._start_lock = threading.Lock()
        self._reset()

    def register(self, fd: int, events: int, handler: Callable[[int], None]) -> None:
        """Call the handler with what is ready, from any thread."""
        self._handlers[fd] = handler
        self._epoll.register(fd, events)

    def modify(self, fd: int, events: int) -> None:
        """Wait for other events of an fd."""
        self._epoll.modify(fd, events)

    def unregister(self, fd: int) -> None:
        """Forget an fd; nothing happens when it is not registered."""
        if self._handlers.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def call_soon(self, function: Callable[[], None]) -> None:
        """Call a function on the reactor's thread; never, in the child of an `os.fork()`."""
        if self._wake < 0:
            return
        self._soon.append(function)
        os.eventfd_write(self._wake, 1)

    def call_later(self, seconds: float, function: Callable[[], None]) -> Timer:
        """Call a function on the reactor's thread after some seconds."""
        timer = Timer(function)
        at = time.monotonic() + seconds
        self._new_timers.append((at, next(self._order), timer))
        # Here and in `_timeout` each looks at what the other writes after it has written itself: one of them sees it.
        if at < self._wakes_at:
            self.call_soon(self._take_timers)
        return timer

    def _on_wake(self, _events: int) -> None:
        os.eventfd_read(self._wake)
        # As many as there are now: those they add wait for the next round.
        for _ in range(len(self._soon)):
            self._guard(self._soon.popleft())

    def _run(self) -> None:
        while True:
            for fd, events in self._epoll.poll(self._timeout()):
                handler = self._handlers.get(fd)
                if handler is not None:
                    self._guard(handler, events)
            self._wakes_at = 0
            self._run_timers()

    def _timeout(self) -> float:
        """Seconds to wait; a timer that was cancelled keeps its time, so that the next one needs no wake."""
        self._take_timers()
        self._wakes_at = self._timers[0][0] if self._timers else math.inf
        if self._new_timers:
            return 0
        if not self._timers:
            return -1
        return min(max(0.0, self._timers[0][0] - time.monotonic()), LONGEST_WAIT)

    def _take_timers(self) -> None:
        while self._new_timers:
            heapq.heappush(self._timers, self._new_timers.popleft())
        if len(self._timers) > self._many:
            self._timers = [entry for entry in self._timers if entry[2].function is not None]
            heapq.heapify(self._timers)
            self._many = max(MANY, 2 * len(self._timers))

    def _run_timers(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            function = heapq.heappop(self._timers)[2].function
            if function is not None:
                self._guard(function)

    def _guard(self, function: Callable[..., None], *args: int) -> None:
        # One task's fault must not stop the channels of all others, be it a ProcessExit or a SystemExit.
        try:
            function(*args)
        except BaseException:
            logger.exception("Unhandled exception in the reactor")


reactor = Reactor()
"""The reactor of this program."""
