"""Process groups and sessions."""

from __future__ import annotations

from prx_actors.tasks.calls.base import Calls

__all__ = ["SessionCalls"]


class SessionCalls(Calls):
    """setpgid(2), setsid(2) and what asks for them."""

    __slots__ = ()

    def getpgrp(self) -> int:
        """Return the process group: getpgrp(2).

        Returns:
            its number

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.getpgrp(task) == prx.getpid(task)
            True

        """
        return int(self._call("getpgrp"))

    def setpgid(self, pid: int, pgid: int) -> None:
        """Move a process into a process group: setpgid(2).

        Args:
            pid: the task itself or a child of it that is not a program yet; 0
                for the task
            pgid: the group; 0 for one of the process' own

        Raises:
            OSError: `EACCES`, `EINVAL`, `EPERM`, `ESRCH`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = prx.fork(task)
            ...     prx.setpgid(child, 0, 0)
            ...     prx.getpgrp(child) == prx.getpid(child)
            True

        """
        self._call("setpgid", pid, pgid)

    def getsid(self, pid: int) -> int:
        """Return the session of a process: getsid(2).

        Args:
            pid: the process; 0 for the task

        Returns:
            the session's number; 0 for one of another pid namespace

        Raises:
            OSError: `ESRCH`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.getsid(task, 0) == prx.getpid(task)
            True

        """
        return int(self._call("getsid", pid))

    def setsid(self) -> int:
        """Begin a session: setsid(2). Roots have one of their own from the start.

        Returns:
            the session's number

        Raises:
            OSError: `EPERM`, the task leads a process group: a root, say
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = prx.fork(task)
            ...     prx.setsid(child) == prx.getpid(child)
            True

        """
        return int(self._call("setsid"))
