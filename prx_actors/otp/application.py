"""Application: a program as a tree of processes, from its start to its exit code.

The main thread is the parent of the top supervisor, so that it can tell it to
end in order; there is no process between them that could fail.
"""

from __future__ import annotations

import os
import signal
import time
from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from prx_actors.actors import (
    Down,
    Exit,
    MonitorRef,
    Pid,
    ProcessExit,
    current,
    demonitor,
    exit_signal,
    link,
    monitor,
    receive,
    send,
    trap_exit,
    unlink,
)
from prx_actors.actors.table import process_table
from prx_actors.otp.behaviour import is_silent
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from prx_actors.actors import Process

__all__ = ["Application"]

logger = SafeLogger("prx_actors")

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

LOOK_SECONDS: Final = 0.5
KILLED_SECONDS: Final = 5.0
"""A killed supervisor that has OS processes is gone when they are."""


@dataclass(frozen=True, slots=True)
class _Signalled:
    """A signal has asked the program to end."""

    signal: signal.Signals


class Application(ABC):
    """A top supervisor and the program around it.

    Example:
        >>> from prx_actors.otp import GenServer, Stop, Timeout
        >>> from prx_actors.otp.application import Application
        >>> class Brief(GenServer):
        ...     def init(self):
        ...         return Timeout(0)
        ...     def handle_info(self, message):
        ...         return Stop("normal")
        >>> class Program(Application):
        ...     def start(self):
        ...         return Brief.start_link()
        >>> Program().run()
        0

    """

    shutdown_time: ClassVar[float | None] = 10.0
    """Seconds that the tree may take to stop before it is killed; None for no limit."""

    @abstractmethod
    def start(self) -> Pid:
        """Start the top supervisor, in the main thread; to be overridden.

        Returns:
            its pid; use its `start_link`

        """

    def prep_stop(self) -> None:  # noqa: B027 -- for overriding
        """Prepare for a signal's request to stop, while all still runs; may be overridden."""

    def stop(self, reason: object) -> None:  # noqa: B027 -- for overriding
        """Clean up when the top supervisor has ended; may be overridden.

        Args:
            reason: the exit reason of the top supervisor

        """

    def run(self) -> int:
        """Start, wait until the top supervisor ends or SIGTERM or SIGINT comes, and stop.

        The first signal stops the tree in order. A second one ends the program
        as it does without a handler: at once. Signals that are ignored stay so.

        Returns:
            the exit code for `sys.exit`: 0 for an orderly end, also on SIGTERM;
            130 for one on SIGINT; 1 when the tree did not start, failed or had
            to be killed. A signal counts until this returns

        Raises:
            ValueError: when this is not the main thread, the only one that gets signals

        """
        trapped = trap_exit(True)
        try:
            with _signals_to(current()) as seen:
                failed = not self._run(seen)
            return 1 if failed else _exit_code(seen)
        finally:
            trap_exit(trapped)

    def _run(self, seen: list[int]) -> bool:
        """Do what `run` does; say whether all went well."""
        try:
            pid, ref = self._start()
        except (Exception, ProcessExit):
            logger.critical("%s did not start", type(self).__name__, exc_info=True)
            return False
        try:
            reason = self._until_end(pid, ref, seen)
        except ProcessExit as ended:
            logger.critical("%s: the process of its main thread was ended: %r", type(self).__name__, ended.reason)
            # The link has told the top supervisor, whose parent that was: it stops as it is told to by a signal.
            self._stopped(self._await_or_kill(pid, monitor(pid)))
            return False
        _forget(pid, ref)
        return self._stopped(reason)

    def _until_end(self, pid: Pid, ref: MonitorRef, seen: list[int]) -> object:
        event = _wait(pid, ref, seen)
        if not isinstance(event, _Signalled):
            return event.reason
        logger.info("%s stops on %s", type(self).__name__, event.signal.name)
        self._prepare()
        exit_signal(pid, "shutdown")
        return self._await_or_kill(pid, ref)

    def _start(self) -> tuple[Pid, MonitorRef]:
        pid = self.start()
        if not isinstance(pid, Pid):
            msg = f"start returned {pid!r}, which is no pid"
            raise TypeError(msg)
        ref = monitor(pid)
        link(pid)  # whoever ends this thread ends the tree too
        return pid, ref

    def _prepare(self) -> None:
        try:
            self.prep_stop()
        except Exception:
            logger.exception("prep_stop of %s failed", type(self).__name__)

    def _await_or_kill(self, pid: Pid, ref: MonitorRef) -> object:
        """See to it that the top supervisor, which was told to end, does; return its exit reason."""
        with suppress(TimeoutError):
            return _await_end(pid, ref, self.shutdown_time)
        logger.error("%s did not stop within %s s and is killed", type(self).__name__, self.shutdown_time)
        _kill_tree(pid)
        return "killed"

    def _stopped(self, reason: object) -> bool:
        """Let `stop` clean up; say whether all went well."""
        well = is_silent(reason)
        if not well:
            logger.critical("%s ended: %r", type(self).__name__, reason)
        try:
            self.stop(reason)
        except (Exception, ProcessExit):
            logger.exception("stop of %s failed", type(self).__name__)
            return False
        return well


def _wait(pid: Pid, ref: MonitorRef, seen: list[int]) -> _Signalled | Exit | Down:
    """Wait for a signal or for the end of the top supervisor."""
    while True:
        if seen:  # its message only wakes us, and `start` may have received it
            return _Signalled(signal.Signals(seen[0]))
        # CPython does not see a signal that comes in the instant before a wait until that wait is over.
        with suppress(TimeoutError):
            return receive(_Signalled, lambda message: _is_end(message, pid, ref), timeout=LOOK_SECONDS)  # type: ignore[no-any-return]


def _await_end(pid: Pid, ref: MonitorRef, timeout: float | None) -> object:
    """Wait for the end of the top supervisor; return its reason."""
    return receive(lambda message: _is_end(message, pid, ref), timeout=timeout).reason


def _is_end(message: object, pid: Pid, ref: MonitorRef) -> bool:
    # The Exit of a process that ended before it was monitored has its reason.
    return (isinstance(message, Exit) and message.pid is pid) or (isinstance(message, Down) and message.ref is ref)


def _kill_tree(top: Pid) -> None:
    """Kill a process and all that were started below it, and wait until they are gone."""
    deadline = time.monotonic() + KILLED_SECONDS
    pids = {top}
    # What one of them was about to start is found the next time.
    while (tree := _tree_of(pids)) and (left := deadline - time.monotonic()) > 0:
        for process in tree:
            exit_signal(process.actor_ref, "kill")
        process_table.wait_gone(tree, left)


def _tree_of(pids: set[Pid]) -> list[Process]:
    """Return the processes of a tree, supervisors before their children: so killed, none restarts another.

    Args:
        pids: those that are known to be of it; the others are added

    """
    tree = []
    for process in process_table.processes():  # in the order of their start
        # Of a deep tree not all ancestors are kept, but those that are belong to it too.
        if process.actor_ref in pids or not pids.isdisjoint(process._prx_ancestors):
            pids.add(process.actor_ref)
            tree.append(process)
    return tree


def _forget(pid: Pid, ref: MonitorRef) -> None:
    """Leave nothing of a process that has ended in the mailbox."""
    demonitor(ref, flush=True)
    unlink(pid)
    with suppress(TimeoutError):
        while True:
            receive(Exit, pid=pid, timeout=0)


def _exit_code(seen: list[int]) -> int:
    return 128 + signal.SIGINT if signal.SIGINT in seen else 0


@contextmanager
def _signals_to(pid: Pid) -> Iterator[list[int]]:
    """Have the first signal come as a message and be listed; the next one does what it does by default."""
    owner = os.getpid()
    seen: list[int] = []
    caught = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]

    def handle(number: int, _frame: FrameType | None) -> None:
        for each in caught:
            if signal.getsignal(each) is handle:  # not restored yet
                signal.signal(each, signal.SIG_DFL)
        if os.getpid() == owner:
            seen.append(number)
            with suppress(ProcessExit):  # of whoever is interrupted: it is told elsewhere
                send(pid, _Signalled(signal.Signals(number)))
        else:  # the child of a fork has no tree to stop
            os.kill(os.getpid(), number)

    before = [(number, signal.signal(number, handle)) for number in caught]
    try:
        yield seen
    finally:
        for number, handler in before:
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        with suppress(TimeoutError):  # it came too late to be waited for
            receive(_Signalled, timeout=0)
