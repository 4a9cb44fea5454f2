"""A driver as the runtime knows it: an OS process with its channels, from its fork to its end."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import threading
import time
import weakref
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar

from prx_actors.driver.events import EVENT_MAX, is_event
from prx_actors.driver.execution import Execution
from prx_actors.driver.pipes import InputPipe, OutputPipe
from prx_actors.driver.protocol import Frames
from prx_actors.driver.reactor import Timer, reactor
from prx_actors.driver.search import Searches
from prx_actors.driver.state import State
from prx_actors.driver.sweep import Sweep
from prx_actors.driver.turn import Turns
from prx_actors.system.native import lib
from prx_actors.system.pidfd import has_ended, host_pid, wait_status
from prx_actors.system.procfs import children_as_seen_by, is_stopped
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.driver.channels import Channels
    from prx_actors.driver.listener import Listener, Stream

__all__ = ["Driver", "State"]

logger = SafeLogger("prx_actors")

_ids = count(1)


LOOK_EVERY = 0.002
ORPHAN_PATIENCE = 0.3
CHILD_PATIENCE = 1.0
"""How often to look whether a process that has ended was reaped, and for how long."""


class Driver(Execution):
    """One OS process below the runtime."""

    _all: ClassVar[weakref.WeakSet[Driver]] = weakref.WeakSet()

    def __init__(self, parent: Driver | None, listener: Listener, channels: Channels) -> None:
        self._all.add(self)
        self.id = next(_ids)
        self.parent = parent
        self.listener = listener
        self.channels = channels
        self.state = State.CALL
        self.executed = False
        """Whether it is, or was, a program."""
        self.usage: list[int] = []
        """What it has used, once its end was reported: user and system time in microseconds, KiB of memory."""
        self.pid: int | None = None
        """The pid in the parent's namespace."""
        self.children: dict[int, Driver] = {}
        self.sweep: Sweep = Sweep(self, None if parent is None else parent.sweep)
        """Of what it leaves behind."""
        self.searches: Searches = Searches(self) if parent is None else parent.searches
        """Those of its keeper."""
        self._sweeps: dict[int, Sweep] = {}
        self.turns = Turns(channels, self._on_late_reply)
        self.stdin = InputPipe(channels)
        self.stdout = self._output("stdout")
        self.stderr = self._output("stderr")
        self._lock = threading.RLock()
        self._frames = Frames(EVENT_MAX)
        self.ends_at: float | None = None
        """When SIGKILL is due, by the monotonic clock, once it is to end."""
        self._step: Timer | None = None
        self._event_closed = False
        self._waiting_signal: tuple[int, float] | None = None
        self._watched = False
        self.child_signal_taken = False
        """Whether the user may have taken SIGCHLD over, and with it the reaping of children."""
        self.moved: bool = parent is not None and parent.moved
        """Whether `setns` may have moved it to where its orphans are adopted by strangers."""
        self.ptrace_called = False
        """Whether it may trace its children, or be traced by its parent."""

    def _output(self, stream: Stream) -> OutputPipe:
        return OutputPipe(
            self.channels,
            f"{stream}_fd",
            self.listener.wants_output,
            lambda data: self.listener.on_output(stream, data),
            self._on_output_closed,
        )

    # Calls.

    def fork(
        self,
        number: int,
        args: tuple[object, ...],
        child: Driver,
        check: Callable[[], None],
    ) -> None:
        """Have this driver fork.

        Args:
            number: that of `fork` or `clone`
            args: after the id: flags for clone, options
            child: the new driver, whose channels are open
            check: called in the turn, before anything is sent

        Raises:
            OSError: what the kernel says; `EAGAIN` at maxchild or maxforkdepth
            ChannelClosedError: this driver has ended
            TimeoutError: as `timeout` says

        """
        # Known before the request leaves: its end may be reported before the reply.
        self.children[child.id] = child
        try:
            child.pid = self.turns.call(number, (child.id, *args), child.channels, check)
            child.start()
        except BaseException:
            self.children.pop(child.id, None)
            child.discard()
            raise

    # Life.

    def start(self) -> None:
        """Begin to listen, unless the process has ended by now."""
        with self._lock:
            if self.state is State.GONE:
                # All else was closed when its end was seen; this came with the reply, later.
                lib.prx_close(self.channels.c_field("pidfd"))
                return
            reactor.register(self.channels.c.event, select.EPOLLIN, self._on_event)
            self.stdout.start()
            self.stderr.start()
        if self.parent is not None and self.parent.state is State.GONE:
            # It ended between its reply and here, when it could not hand this one over yet.
            self.watch()

    def discard(self) -> None:
        """Give up a child whose fork failed: what may run of it ends by itself."""
        with self._lock:
            self.state = State.GONE
        # The listener may have been told to end in the meantime: it waits for this.
        reactor.call_soon(lambda: self.listener.on_reaped(None))

    def host_pid(self) -> int | None:
        """Return the pid as the runtime sees it, none when it is gone."""
        with self._lock:
            pidfd = self.channels.c.pidfd
            if pidfd < 0 or self.state in {State.GONE, State.FORKED}:
                return None
            return host_pid(pidfd)

    # Events.

    def _on_event(self, _events: int) -> None:
        try:
            self._read_events()
        except EOFError:
            reactor.unregister(self.channels.c.event)
            if self.parent is None:
                self.on_exited(None)
            else:
                self._on_event_closed()
        except (ValueError, RecursionError):
            logger.exception("Malformed event of the driver of %r", self.listener)
            reactor.unregister(self.channels.c.event)
            self.shut()
            self.kill()
            if self.parent is None:
                self.on_exited(None)  # a keeper's end shows in that channel alone

    def _on_event_closed(self) -> None:
        with self._lock:
            self._event_closed = True
            if self._waiting_signal is not None:
                self._signal(*self._waiting_signal)

    def _read_events(self) -> None:
        while self.channels.c.event >= 0:
            try:
                data = os.read(self.channels.c.event, 65536)
            except BlockingIOError:
                return
            except ConnectionResetError:
                data = b""
            if not data:
                raise EOFError
            for message in self._frames.feed(data):
                self._on_message(message)

    def _on_message(self, message: list[Any]) -> None:
        if not is_event(message):
            msg = f"unknown event {message!r}"
            raise ValueError(msg)
        match message:
            case [lib.PRX_EVENT_EXITED | lib.PRX_EVENT_LEFT as tag, child_id, status, *usage]:
                self._on_child_exited(child_id, status, usage, left=tag == lib.PRX_EVENT_LEFT)
            case [lib.PRX_EVENT_SIGNAL, signal, info]:
                self.listener.on_signal(signal, info)
            case [lib.PRX_EVENT_SWEEPING, child_id, _] if child_id in self._sweeps:
                self._sweeps[child_id].on_sweeping()
            case [lib.PRX_EVENT_SWEPT, child_id, found, left] if child_id in self._sweeps:
                self._sweeps.pop(child_id).on_swept(found=bool(found), left=self._as_seen_from_here(left))
            case [lib.PRX_EVENT_SEARCHED, task_id, left]:
                self.searches.on_searched(task_id, left)

    def _on_child_exited(self, child_id: int, status: int, usage: list[int], *, left: bool) -> None:
        child = self.children.pop(child_id, None)
        if child is None:
            return
        child.usage = usage
        if left:
            self._sweeps[child_id] = child.sweep
            child.sweep.begin()
        child.on_exited(status)

    def on_exited(self, status: int | None) -> None:
        """Learn that the process has ended; on the reactor's thread."""
        with self._lock:
            if self.state is State.GONE:
                return
            self.state = State.GONE
        with contextlib.suppress(EOFError, ValueError, RecursionError):
            self._read_events()
        if self.executed and status is not None and not self.turns.is_exec():
            self.executed = False  # it has ended before it could
        killed = status is None or (os.WIFSIGNALED(status) and not self.executed)
        if self.parent is not None and (killed or self.moved):
            self.sweep.suspect()
        for child in list(self.children.values()):
            if killed:
                child.sweep.suspect()
            child.watch()
        for sweep in self._sweeps.values():
            sweep.on_swept(found=killed, left=())  # the sweep of this one is theirs, too
        if self._step is not None:
            self._step.cancel()
        self.listener.on_reaped(status)
        if self.parent is None:
            self.searches.on_keeper_ended()

    def is_over(self) -> bool:
        """Say whether all below it has ended, and left nothing, as far as is known."""
        drivers: list[Driver] = [self]
        for driver in drivers:
            drivers += list(driver.children.values())
        if self.searches.under_way or any(driver.state is not State.GONE for driver in drivers):
            return False
        swept = [sweep for driver in drivers for sweep in driver._sweeps.values()]  # noqa: SLF001 -- of this class
        return not any(sweep.under_way for sweep in [*swept, *(driver.sweep for driver in drivers)])

    def _as_seen_from_here(self, pids: list[int]) -> list[int]:
        """Return the pids of children that this one has named by its own namespace's numbers."""
        host_pid = self.host_pid()
        if not pids or host_pid is None:
            return pids
        seen = children_as_seen_by(host_pid)
        return [seen[pid] for pid in pids if pid in seen]

    def watch(self) -> None:
        """Watch the process itself: its parent, which would report its end, is gone."""
        with self._lock:
            pidfd = self.channels.c.pidfd
            if self.state is not State.GONE and pidfd >= 0 and not self._watched:
                self._watched = True
                reactor.register(pidfd, select.EPOLLIN, self._on_pidfd)

    def _on_pidfd(self, _events: int) -> None:
        pidfd = self.channels.c.pidfd
        if pidfd >= 0 and has_ended(pidfd):
            reactor.unregister(pidfd)
            patience = ORPHAN_PATIENCE if self._parent_is_gone() else CHILD_PATIENCE
            self._await_reaping(time.monotonic() + patience)

    def _parent_is_gone(self) -> bool:
        return self.parent is None or self.parent.state is State.GONE

    def _await_reaping(self, until: float) -> None:
        if self.state is State.GONE:
            return
        if time.monotonic() < until and not self._is_reaped():
            reactor.call_later(LOOK_EVERY, partial(self._await_reaping, until))
            return
        if not self._parent_is_gone():
            self.sweep.suspect()
        self.on_exited(wait_status(self.channels.c.pidfd))

    def _is_reaped(self) -> bool:
        # Who has become its parent reaps it: a driver at once, init in its own time, which is not waited for. A
        # parent of its own tells in an event, with what was left; one that is stopped does not.
        if self._parent_is_gone():
            return self.host_pid() is None
        pid = None if self.parent is None else self.parent.host_pid()
        return pid is not None and is_stopped(pid)

    def _on_output_closed(self) -> None:
        if self.state is State.GONE and not (self.stdout.open or self.stderr.open):
            self.listener.on_closed()

    def close_output(self, stream: str) -> None:
        """Close stdout or stderr; from any thread.

        Raises:
            OSError: `EBADF` when it is closed already

        """
        pipe = self.stdout if stream == "stdout" else self.stderr
        if not pipe.finish():
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), stream)

    def read_waiting(self) -> None:
        """Deliver what the pipes held when the end was seen, paused or not."""
        self.stdout.read_waiting()
        self.stderr.read_waiting()
        self.stdout.start()
        self.stderr.start()

    def close(self) -> None:
        """Close all channels; on the reactor's thread."""
        for fd in (self.channels.c.event, self.channels.c.pidfd):
            if fd >= 0:
                reactor.unregister(fd)
        self.stdin.close_now()  # while the fd is its own: the reactor forgets no number that is another's
        self.stdout.close()
        self.stderr.close()
        self.turns.close()
        with self._lock:
            self.channels.close()

    @classmethod
    def leave_to_parent(cls) -> None:
        """Close the channels of all drivers, in the child of an `os.fork()`."""
        for driver in list(cls._all):
            driver.state = State.FORKED
            driver.turns.leave()
            driver.channels.close()
