"""How a process is ended from outside: by its channel, by a signal, by an order to its parent."""

from __future__ import annotations

import errno
import os
import time
from operator import itemgetter
from typing import TYPE_CHECKING

from prx_actors.driver.protocol import frame
from prx_actors.driver.reactor import Timer, reactor
from prx_actors.driver.state import State
from prx_actors.driver.sweep import LATE, SIGKILL, UNTOLD
from prx_actors.system.native import lib
from prx_actors.system.pidfd import send_signal
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from prx_actors.driver.channels import Channels
    from prx_actors.driver.driver import Driver
    from prx_actors.driver.listener import Listener
    from prx_actors.driver.search import Searches
    from prx_actors.driver.sweep import Sweep
    from prx_actors.driver.turn import Turns

__all__ = ["Ending"]

logger = SafeLogger("prx_actors")

SILENCE = 0.2
"""Seconds after which a process that ends is watched: its parent may be stopped, and tell nothing."""


class Ending:
    """The part of a driver that ends it."""

    id: int
    parent: Driver | None
    listener: Listener
    channels: Channels
    turns: Turns
    sweep: Sweep
    searches: Searches
    state: State
    ptrace_called: bool
    _lock: threading.RLock
    ends_at: float | None
    _step: Timer | None
    _event_closed: bool
    _waiting_signal: tuple[int, float] | None

    def watch(self) -> None:
        """Watch the process itself."""
        raise NotImplementedError

    def on_exited(self, status: int | None) -> None:
        """Learn that the process has ended."""
        raise NotImplementedError

    def host_pid(self) -> int | None:
        """Return the pid as the runtime sees it."""
        raise NotImplementedError

    def end(self, signal: int, delay: float) -> None:
        """Begin the end of the process and all below it; from any thread. Its stdio is the caller's business.

        Args:
            signal: for a program, now
            delay: seconds until SIGKILL

        """
        with self._lock:
            if self.state in {State.GONE, State.FORKED}:
                return
            executed = self.state is not State.CALL
            if self._is_reaped_by_user():
                # Told before it can end: whoever is ended from here is not left to a waitpid that may not come.
                self.order_parent(0, delay + LATE)
                reactor.call_soon(self.watch)
            self.shut()
            if executed and signal:
                self._signal_program(signal, delay)
            self.ends_at = time.monotonic() + delay
            # A driver has time to end its own children.
            steps = [
                (SILENCE, self.watch),
                (delay if executed else delay + LATE, self.kill),
                (delay + LATE, self.sweep.kill),
                (delay + UNTOLD, self._give_up),
            ]
            self._take_steps(0.0, sorted(steps, key=itemgetter(0)))

    def _take_steps(self, now: float, steps: list[tuple[float, Callable[[], None]]]) -> None:
        # One timer at a time: nearly all that is ended goes before the first.
        (then, step), *rest = steps

        def take() -> None:
            if self.state is not State.GONE:
                if rest:
                    self._take_steps(then, rest)
                step()

        self._step = reactor.call_later(then - now, take)

    def _give_up(self) -> None:
        pid = self.host_pid()
        if pid is not None:
            self.sweep.note_left(pid)
        self.on_exited(None)

    def ask(self, signal: int, delay: float) -> None:
        """Ask a program to end, whose end is reported then as any other; from any thread.

        Args:
            signal: what asks it, now
            delay: seconds until SIGKILL

        """
        with self._lock:
            if self.state not in {State.GONE, State.FORKED} and self._step is None:
                self._step = reactor.call_later(delay, self.kill)
                self._signal_program(signal, delay)

    def tell(self, signal: int) -> None:
        """Send a program a signal that need not end it; from any thread.

        Raises:
            PermissionError: it has other credentials than this program, which may not

        """
        with self._lock:
            if self.state is not State.GONE:
                send_signal(self.channels.c.pidfd, signal)

    def _is_reaped_by_user(self) -> bool:
        # Forks inherit it, at a moment that cannot be told from here.
        above = self.parent
        while above is not None and not above.child_signal_taken:
            above = above.parent
        return above is not None

    def shut(self) -> None:
        """Close the call socket for both sides: the order to end.

        A copy of the fd in a forked worker cannot keep it open.
        """
        self.turns.shut()

    def kill(self) -> None:
        """Kill the process now."""
        self._signal(SIGKILL, 0)

    def _signal_program(self, signal: int, delay: float) -> None:
        # In the midst of exec the driver would still take it for itself, and the program never see it; its
        # event channel is closed by the exec.
        if self._event_closed:
            self._signal(signal, delay)
        else:
            self._waiting_signal = (signal, delay)

    def _signal(self, signal: int, delay: float) -> None:
        with self._lock:
            if self.state is State.GONE:
                return
            if signal != SIGKILL and self._may_be_traced():
                # Who is stopped in a trace gets no signal: its parent lets it go first.
                self.order_parent(signal, delay)
                return
            try:
                send_signal(self.channels.c.pidfd, signal)
            except ProcessLookupError:
                pass
            except OSError:
                # Other credentials or namespaces than ours: its parent may.
                self.order_parent(signal, delay)

    def _may_be_traced(self) -> bool:
        return self.parent is not None and (self.ptrace_called or self.parent.ptrace_called)

    def order_parent(self, signal: int, delay: float) -> None:
        """Have the parent end the process, or what it has left: a signal now, SIGKILL after some seconds."""
        if self.parent is not None:
            self.parent.order(frame(lib.PRX_ORDER_END, self.id, signal, int(delay * 1_000_000)))

    def order(self, message: bytes) -> None:
        """Send an order, which the driver obeys between calls."""
        with self._lock:
            if self.state in {State.GONE, State.FORKED}:
                return
            error = -lib.prx_send(self.channels.c.event, message, len(message))
        # When it has ended, so has what the order is about.
        if error not in {0, errno.EPIPE, errno.ECONNRESET}:
            logger.warning("%r takes no orders: %s", self.listener, os.strerror(error))
