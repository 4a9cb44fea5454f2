"""Who the process is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.tasks.calls.base import Calls
from prx_actors.tasks.credentials import Resgid, Resuid

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["IdentityCalls"]


class IdentityCalls(Calls):
    """getpid(2), setuid(2), setgroups(2) and their kin."""

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

    def setuid(self, uid: int) -> None:
        """Set the user id: setuid(2). With privilege, all three of them.

        Args:
            uid: the user

        Raises:
            OSError: `EPERM`; `EINVAL`, no such id in this user namespace;
                `EAGAIN`, `RLIMIT_NPROC`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import os
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.setuid(task, os.getuid())
            ...     prx.getuid(task) == os.getuid()
            True

        """
        self._call("setuid", uid)

    def setgid(self, gid: int) -> None:
        """Set the group id: setgid(2). With privilege, all three of them.

        Args:
            gid: the group

        Raises:
            OSError: `EPERM`; `EINVAL`, no such id in this user namespace
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import os
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.setgid(task, os.getgid())
            ...     prx.getgid(task) == os.getgid()
            True

        """
        self._call("setgid", gid)

    def getresuid(self) -> Resuid:
        """Return the real, the effective and the saved user id: getresuid(2).

        Returns:
            `ruid`, `euid` and `suid`

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import os
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.getresuid(task) == os.getresuid()
            True

        """
        return Resuid(*self._call("getresuid"))

    def setresuid(self, ruid: int, euid: int, suid: int) -> None:
        """Set the real, the effective and the saved user id: setresuid(2).

        Args:
            ruid: the real one; -1 leaves any of them as it is
            euid: the effective one
            suid: the saved one

        Raises:
            OSError: `EPERM`; `EINVAL`, no such id in this user namespace;
                `EAGAIN`, `RLIMIT_NPROC`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import os
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.setresuid(task, -1, os.getuid(), -1)
            ...     prx.getresuid(task).euid == os.getuid()
            True

        """
        self._call("setresuid", ruid, euid, suid)

    def getresgid(self) -> Resgid:
        """Return the real, the effective and the saved group id: getresgid(2).

        Returns:
            `rgid`, `egid` and `sgid`

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import os
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.getresgid(task) == os.getresgid()
            True

        """
        return Resgid(*self._call("getresgid"))

    def setresgid(self, rgid: int, egid: int, sgid: int) -> None:
        """Set the real, the effective and the saved group id: setresgid(2).

        Args:
            rgid: the real one; -1 leaves any of them as it is
            egid: the effective one
            sgid: the saved one

        Raises:
            OSError: `EPERM`; `EINVAL`, no such id in this user namespace
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import os
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.setresgid(task, -1, os.getgid(), -1)
            ...     prx.getresgid(task).egid == os.getgid()
            True

        """
        self._call("setresgid", rgid, egid, sgid)

    def getgroups(self) -> list[int]:
        """Return the supplementary groups: getgroups(2).

        Returns:
            the groups, in the kernel's order

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import os
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     sorted(prx.getgroups(task)) == sorted(os.getgroups())
            True

        """
        return list(self._call("getgroups"))

    def setgroups(self, gids: Iterable[int]) -> None:
        """Set the supplementary groups: setgroups(2).

        Args:
            gids: the groups, 65,536 at most

        Raises:
            OSError: `EPERM`; `EINVAL`, too many or no such group
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = prx.clone(task, "clone_newuser")
            ...     try:
            ...         prx.setgroups(child, [10])
            ...     except PermissionError:
            ...         print("its groups are not mapped yet")
            its groups are not mapped yet

        """
        self._call("setgroups", gids)
