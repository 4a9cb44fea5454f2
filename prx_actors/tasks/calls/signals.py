"""Signals that the process sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.system.constants import resolve
from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from prx_actors.system.constants import Constant

__all__ = ["SignalCalls"]


class SignalCalls(Calls):
    """kill(2)."""

    __slots__ = ()

    def kill(self, pid: int, signal: Constant) -> None:
        """Send a signal, as the process and in its pid namespace: kill(2).

        Args:
            pid: a process, or with 0, -1 and below a group, as in kill(2)
            signal: a number, a `signal.Signals` or a name; 0 only checks

        Raises:
            OSError: `EINVAL`, `EPERM`, `ESRCH`; `ENOTSUP` for an unknown name
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import Signal, prx, receive
            >>> with prx.fork() as task:
            ...     prx.kill(task, prx.getpid(task), "sigusr1")
            ...     receive(Signal, task=task, timeout=5).signal.name
            'SIGUSR1'

        """
        self._call("kill", pid, resolve("signal", signal))
