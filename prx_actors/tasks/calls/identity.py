"""Who the process is."""

from __future__ import annotations

from prx_actors.tasks.calls.base import Calls

__all__ = ["IdentityCalls"]


class IdentityCalls(Calls):
    """getpid(2) and its kin."""

    __slots__ = ()

    def getpid(self) -> int:
        """Return the process' pid, in its own pid namespace: getpid(2).

        Returns:
            the pid

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.getpid(task) == task.host_pid
            True

        """
        return int(self._call("getpid"))

    def getuid(self) -> int:
        """Return the real user id: getuid(2).

        Returns:
            the uid

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import os
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.getuid(task) == os.getuid()
            True

        """
        return int(self._call("getuid"))

    def getgid(self) -> int:
        """Return the real group id: getgid(2).

        Returns:
            the gid

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import os
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.getgid(task) == os.getgid()
            True

        """
        return int(self._call("getgid"))
