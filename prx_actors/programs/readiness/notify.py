"""Ready when the program sends `READY=1`, as sd_notify(3) does; and its watchdog."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from prx_actors.actors import receive
from prx_actors.programs.readiness.notify_socket import NotifySocket
from prx_actors.programs.readiness.protocol import NotReady
from prx_actors.programs.readiness.watch import Ready, Watch
from prx_actors.tasks.messages import ExitStatus, TermSig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prx_actors.tasks.task import Task

__all__ = ["Notify"]


@dataclass(frozen=True)
class Notify:
    r"""Ready when the program sends `READY=1` to the socket that `NOTIFY_SOCKET` names: sd_notify(3).

    What it sends later is read as long as it runs: `STATUS=` becomes a `Status` in
    the owner's mailbox, `WATCHDOG=1` says that it is well, `WATCHDOG=trigger` that
    it is not. `MAINPID=` is refused, since we know the pid. Datagrams of other
    programs are refused, too, by the sender's credentials. The socket is
    abstract: a program in a network namespace of its own does not reach it.

    Example:
        >>> import sys
        >>> from prx_actors import prx
        >>> from prx_actors.programs.readiness import Notify
        >>> script = '''
        ... import os, socket, time
        ... address = os.environ["NOTIFY_SOCKET"].replace("@", "\\0")
        ... socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", address)
        ... time.sleep(1000)
        ... '''
        >>> waiting = Notify(timeout=30).begin()
        >>> with prx.fork() as task:
        ...     for name, value in waiting.environment.items():
        ...         task.setenv(name, value, True)
        ...     prx.execvp(task, [sys.executable, "-c", script])
        ...     waiting.wait_ready(task)

    """

    timeout: float = 30.0
    """Seconds from the start."""

    watchdog: float | None = None
    """Seconds between two `WATCHDOG=1` at most, once it is ready: then it gets
    `watchdog_signal`, and SIGKILL `killdelay` later. It is told as
    `WATCHDOG_USEC`; none for no watchdog."""

    watchdog_signal: int = signal.SIGABRT
    """What ends it then."""

    def begin(self) -> Notification:
        """Make the socket.

        Raises:
            OSError: there is no room for it

        """
        return Notification(self)


class Notification:
    """The socket of one start.

    Args:
        notify: what is waited for

    """

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._socket = NotifySocket()

    @property
    def environment(self) -> Mapping[str, str]:
        """`NOTIFY_SOCKET`, and `WATCHDOG_USEC` where there is a watchdog."""
        watchdog = self._notify.watchdog
        period = {} if watchdog is None else {"WATCHDOG_USEC": str(int(watchdog * 1_000_000))}
        return MappingProxyType({"NOTIFY_SOCKET": self._socket.address} | period)

    def wait_ready(self, task: Task) -> None:
        """Wait for `READY=1`, the program's end, or the time-out; go on reading until its end.

        Raises:
            NotReady: it has ended before
            TimeoutError: it is not ready in time

        """
        Watch(self._socket, task, self._notify.watchdog, self._notify.watchdog_signal).begin()
        try:
            message = receive(Ready, ExitStatus, TermSig, task=task, timeout=self._notify.timeout)
        except TimeoutError:
            self.close()
            msg = f"{task} was not ready in {self._notify.timeout} s: {self._notify}"
            raise TimeoutError(msg) from None
        if not isinstance(message, Ready):
            raise NotReady(task, message)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
