"""Threads for actors: a turn each, in the order in which they became runnable.

A pool of few threads serves any number of idle actors. When all threads are
blocked in handlers, a watcher doubles the pool until something moves again, so
that no cap can deadlock; threads that stay idle leave.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Final

from prx_actors.actors.gates import Gate
from prx_actors.actors.late_threads import start_late_thread
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Scheduler", "new_thread", "scheduler", "start_thread"]

logger = SafeLogger("prx_actors")

KEPT_THREADS: Final = 4
"""As many stay when there is nothing to do."""

EAGER_THREADS: Final = max(8, 2 * (os.cpu_count() or 1))
"""Up to this many are started without waiting for the watcher."""

IDLE_SECONDS: Final = 2.0
STALL_SECONDS: Final = 0.002


def new_thread(target: Callable[[], None], name: str) -> threading.Thread:
    """Make a daemon thread."""
    return threading.Thread(target=target, name=name, daemon=True)


def start_thread(thread: threading.Thread) -> None:
    """Start a thread.

    Raises:
        RuntimeError: when the system refuses, with what can be done about it

    """
    try:
        thread.start()
    except RuntimeError as error:
        if start_late_thread(thread, error):
            return
        msg = (
            f"{error}: {threading.active_count()} threads run; processes that wait "
            "in a receive hold one each, actors do not; see also ulimit -u, "
            "the pids limit of the cgroup and kernel.threads-max"
        )
        raise RuntimeError(msg) from error


class Scheduler:
    """Runs functions that must not raise, first come first served."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew without threads, as in the child of a fork."""
        # A deque is atomic, also under a signal handler that submits while its
        # thread is submitting.
        self._runnable: deque[Callable[[], None]] = deque()
        self._idle: deque[Gate] = deque()
        self._threads: set[threading.Thread] = set()
        self._numbers = count(1)
        self._finished = 0
        # A lock of C: a semaphore of Python may lose its own to an interrupt.
        self._stalled = threading.Lock()
        self._stalled.acquire()
        self._watcher: threading.Thread | None = None
        self._watching = False
        self._starting = threading.RLock()

    def submit(self, turn: Callable[[], None]) -> None:
        """Have a function run on a thread of the pool.

        Args:
            turn: what to run

        Raises:
            RuntimeError: when not even one thread can be started

        """
        self._runnable.append(turn)
        try:
            # The one that was idle last: it may not sleep yet.
            self._idle.pop().call()
        except IndexError:
            self._provide_thread()

    def submit_next(self, turn: Callable[[], None]) -> None:
        """Have a function run when those before it have; called by the last act of a turn.

        Nobody is woken for it: the thread that ends this turn takes the next one.

        Args:
            turn: what to run

        """
        self._runnable.append(turn)

    def thread_count(self) -> int:
        """Return how many threads the pool has now."""
        return len(self._threads)

    def _provide_thread(self) -> None:
        """Start a thread, or have one started: none is idle, and all may be blocked."""
        if len(self._threads) < EAGER_THREADS:
            try:
                self._start_worker()
            except RuntimeError:
                if not self._threads:
                    raise
                logger.exception("The scheduler goes on with the threads it has")
        if not self._watching:
            self._watch_stalls()

    def _start_worker(self) -> None:
        thread = new_thread(lambda: self._work(thread), f"prx-scheduler-{next(self._numbers)}")
        self._threads.add(thread)  # first: it may leave before start returns
        try:
            start_thread(thread)
        except BaseException:
            if not thread.is_alive():
                self._threads.discard(thread)
            raise

    def _watch_stalls(self) -> None:
        with self._starting:
            if self._watcher is None:
                watcher = new_thread(self._watch, "prx-scheduler-watch")
                start_thread(watcher)
                self._watcher = watcher
            try:
                self._watching = True
                self._stalled.release()
            except RuntimeError:  # it was released already
                pass
            except BaseException:
                self._watching = False
                raise

    def _work(self, thread: threading.Thread) -> None:
        """Run turns on a thread until nothing has come for a while."""
        try:
            self._threads.add(thread)  # again: an interrupt may have cut short its start
            self._run_turns(Gate())
        finally:
            self._threads.discard(thread)

    def _run_turns(self, gate: Gate) -> None:
        while (turn := self._next_turn(gate)) is not None:
            try:
                turn()
            except BaseException:
                logger.exception("A turn failed")
            del turn  # an idle thread must not keep an actor alive
            self._finished += 1

    def _next_turn(self, gate: Gate) -> Callable[[], None] | None:
        """Wait for a turn; none when this thread should leave."""
        runnable = self._runnable
        leaves = None
        while True:
            try:
                if runnable:
                    return runnable.popleft()
            except IndexError:  # another one was faster
                continue
            now = time.monotonic()
            if leaves is None:
                leaves = now + IDLE_SECONDS
            elif now >= leaves and len(self._threads) > KEPT_THREADS:
                return None
            self._idle_once(gate)

    def _idle_once(self, gate: Gate) -> None:
        gate.prepare()
        self._idle.append(gate)
        if not self._runnable:
            gate.pause(IDLE_SECONDS)
        if gate in self._idle:  # it was not called
            with suppress(ValueError):  # but just now
                self._idle.remove(gate)

    def _watch(self) -> None:
        while True:
            self._stalled.acquire()
            pause = threading.Lock()
            pause.acquire()
            while self._runnable:
                finished = self._finished
                pause.acquire(timeout=STALL_SECONDS)
                if self._finished == finished and self._runnable:
                    self._grow()
            self._watching = False
            if self._runnable:  # it came before the line above
                self._watch_stalls()

    def _grow(self) -> None:
        """Double the pool: nobody made a step, so all its threads are blocked."""
        for _ in range(max(1, len(self._threads))):
            if not self._runnable:
                return
            try:
                self._start_worker()
            except RuntimeError:
                logger.exception("Actors wait for a thread")
                return


scheduler = Scheduler()
