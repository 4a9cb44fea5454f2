"""What a program's notifications lead to; all of it on the reactor's thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from prx_actors.actors.mailbox import AccountedEnvelope
from prx_actors.driver.reactor import Timer, reactor
from prx_actors.programs.readiness.status import Status
from prx_actors.programs.readiness.subtree import is_below
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from prx_actors.programs.readiness.notify_socket import Datagram, NotifySocket
    from prx_actors.tasks.task import Task

__all__ = ["Ready", "Watch"]

logger = SafeLogger("prx_actors")

REFUSED: Final = frozenset({"MAINPID", "MAINPIDFDID", "FDSTORE"})


@dataclass(frozen=True, slots=True)
class Ready:
    """A program has said that it is ready."""

    task: Task


class Watch:
    """Reads the notifications of a program until its end.

    Args:
        socket: to which it sends them
        task: the program; the messages go to its owner
        watchdog: seconds between two signs of life; none for no watchdog
        signal: what ends the program when there is none

    """

    def __init__(self, socket: NotifySocket, task: Task, watchdog: float | None, signal: int) -> None:
        self._socket = socket
        self._task = task
        self._watchdog = watchdog
        self._signal = signal
        self._ready = False
        self._timer: Timer | None = None
        self._lock = threading.RLock()
        self._unread = False
        self._next: str | None = None

    def begin(self) -> None:
        """Read, from now on to the program's end."""
        self._socket.read(self._on_datagram)
        self._task._process._on_exited(lambda _pid, _reason: self._end())

    def _end(self) -> None:
        self._socket.close()
        reactor.call_soon(self._stop_timer)

    def _on_datagram(self, datagram: Datagram) -> None:
        if not is_below(datagram.pid, self._task):
            logger.warning("%r: a notification of process %d is refused", self._task, datagram.pid)
            return
        for line in datagram.lines:
            name, _, value = line.decode(errors="replace").partition("=")
            self._on_variable(name, value)

    def _on_variable(self, name: str, value: str) -> None:
        match name, value:
            case "READY", "1":
                self._on_ready()
            case "STATUS", _:
                self._on_status(value)
            case "WATCHDOG", "1":
                self._restart_timer()
            case "WATCHDOG", "trigger":
                self._on_late()
            case _ if name in REFUSED:
                logger.warning("%r: %s is refused", self._task, name)

    def _on_ready(self) -> None:
        if not self._ready:
            self._ready = True
            self._task._process.tell_owner(Ready(self._task))
            self._restart_timer()

    # The watchdog.

    def _restart_timer(self) -> None:
        self._stop_timer()
        if self._watchdog is not None and self._ready:
            self._timer = reactor.call_later(self._watchdog, self._on_late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _on_late(self) -> None:
        process = self._task._process
        logger.error("%r: the watchdog ends it by signal %d", self._task, self._signal)
        process.driver.ask(self._signal, process.options["killdelay"] / 1_000_000)

    # The status: one message at a time, so that a program cannot fill the mailbox of its owner.

    def _on_status(self, text: str) -> None:
        with self._lock:
            self._next = text
            if not self._unread:
                self._tell()

    def _tell(self) -> None:
        text, self._next = self._next, None
        if text is not None:
            self._unread = True
            envelope = AccountedEnvelope(Status(self._task, text), self._on_taken)
            self._task._process.output.sink.actor_inbox.put(envelope)

    def _on_taken(self) -> None:
        with self._lock:
            self._unread = False
            self._tell()
