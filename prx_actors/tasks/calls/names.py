"""The names of the host and of the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from prx_actors.tasks.arguments import Bytes

__all__ = ["NameCalls"]


class NameCalls(Calls):
    """sethostname(2) and setproctitle(3)."""

    __slots__ = ()

    def gethostname(self) -> bytes:
        """Return the host's name: gethostname(2).

        Returns:
            the name in the task's UTS namespace

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import socket
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.gethostname(task).decode() == socket.gethostname()
            True

        """
        return bytes(self._call("gethostname"))

    def sethostname(self, name: Bytes) -> None:
        """Set the host's name in the task's UTS namespace: sethostname(2).

        Args:
            name: 64 bytes at most

        Raises:
            OSError: `EPERM`; `EINVAL`, it is too long
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = prx.clone(task, ["clone_newuser", "clone_newuts"])
            ...     prx.sethostname(child, "inside")
            ...     prx.gethostname(child)
            b'inside'

        """
        self._call("sethostname", name)

    def setproctitle(self, name: Bytes) -> None:
        r"""Set what ps(1) and `/proc/PID/cmdline` show of the task: setproctitle(3).

        Later forks inherit it; a program has its own. The name of the command,
        `/proc/PID/comm`, stays: that is `prctl` with `pr_set_name`.

        Args:
            name: the title; what is beyond 4,095 bytes is cut. An empty one brings
                the original back

        Raises:
            OSError: `ENOTSUP`, the system has no place for a title
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from pathlib import Path
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.setproctitle(task, "a new name")
            ...     Path(f"/proc/{task.host_pid}/cmdline").read_text()
            'a new name\x00'

        """
        self._call("setproctitle", name)
