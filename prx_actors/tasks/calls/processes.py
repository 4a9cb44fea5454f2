"""fork, clone and exit; what a parent knows of its children."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

from prx_actors.driver.protocol import CALLS
from prx_actors.system.constants import resolve
from prx_actors.tasks.birth import Birth, fork_child
from prx_actors.tasks.calls.base import Calls
from prx_actors.tasks.calls.constants import CONSTANT_CALLS
from prx_actors.tasks.children import child_pid
from prx_actors.tasks.drv import Drv
from prx_actors.tasks.errors import UndefinedCall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prx_actors.actors import Pid
    from prx_actors.system.constants import Constant
    from prx_actors.tasks.children import Child
    from prx_actors.tasks.task import Task

__all__ = ["ProcessCalls"]


class ProcessCalls(Calls):
    """fork(2), clone(2), _exit(2)."""

    __slots__ = ()

    def fork(
        self,
        *,
        link: bool = False,
        stdio: Pid | None = None,
        fds: Mapping[str, int | tuple[int, int]] | None = None,
        **options: float,
    ) -> Task:
        """Fork the task: fork(2).

        Anyone may; the caller owns the new task. It ends with its owner and
        with its parent.

        Args:
            link: whether to link the new task to the caller
            stdio: who gets its output, instead of the caller
            fds: as for `prx.fork`
            options: those of `setopt`, for the new task and its own forks

        Returns:
            the new task

        Raises:
            OSError: `EAGAIN` at `maxchild` or `maxforkdepth`, `EMFILE`, `ENOMEM`
            NotInCallState: the task has called exec
            NoProcess: the task has ended
            TimeoutError: in `prx.timeout`; nothing is left behind

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = task.fork()
            ...     child.parent() is task
            True

        """
        return fork_child(self._process, Birth("fork", (), link, stdio, options, fds or {}))

    def clone(
        self,
        /,
        flags: Constant,
        *,
        link: bool = False,
        stdio: Pid | None = None,
        **options: float,
    ) -> Task:
        """Fork the task into new namespaces: clone(2), namespaces(7).

        Args:
            flags: `clone_newns`, `clone_newpid`, `clone_newuser`, ...; what would
                share memory or files with the driver is refused
            link: as for `fork`
            stdio: as for `fork`
            options: as for `fork`

        Returns:
            the new task

        Raises:
            OSError: `EPERM`, `EINVAL`, `ENOSPC`; what `fork` raises; `ENOTSUP`
                for an unknown flag
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import os
            >>> from prx_actors import prx
            >>> flags = ["clone_newuser", "clone_newpid"]
            >>> with prx.fork() as task:
            ...     child = prx.clone(task, flags)
            ...     prx.getpid(child)
            1

        """
        number = resolve("clone", flags)
        return fork_child(self._process, Birth("clone", (number,), link, stdio, options))

    def exit(self, status: int) -> None:
        """Have the process exit: _exit(2). What runs below it is ended first.

        Args:
            status: the exit status; its lowest eight bits count

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import ExitStatus, prx, receive
            >>> task = prx.fork()
            >>> prx.exit(task, 7)
            >>> receive(ExitStatus, task=task, timeout=5).status
            7

        """
        self._process.exit(status)

    def call(self, name: str, *args: Any) -> Any:
        """Make a call by its name.

        Args:
            name: any call but `fork` and `clone`, which need an owner
            args: its arguments

        Returns:
            what the call returns

        Raises:
            OSError: `EAGAIN` for `fork` and `clone`; what the call raises
            UndefinedCall: there is no such call, or it is filtered

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.call(task, "getpid") == prx.getpid(task)
            True

        """
        if name in {"fork", "clone"}:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), name)
        if name not in CALLS and name not in CONSTANT_CALLS:
            msg = f"no call {name!r}"
            raise UndefinedCall(msg)
        return getattr(self, name)(*args)

    def pidof(self) -> int | None:
        """Return the pid as the parent sees it.

        Returns:
            the pid, in call and in exec state; none once the process is gone

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.pidof(task) == prx.getpid(task)
            True

        """
        return self._process.pid()

    def pipeline(self) -> list[int]:
        """Return the pids on the way from the root down to the task.

        Returns:
            the pids as their parents see them, the task's own last; empty for a
            root

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = prx.fork(task)
            ...     prx.pipeline(child) == [prx.pidof(child)]
            True

        """
        return self._process.pipeline()

    def parent(self) -> Task | None:
        """Return the task that forked this one; none for a root.

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.parent(task) is None
            True

        """
        parent = self._process.parent
        return None if parent is None else parent.task

    def drv(self) -> Drv:
        """Return a handle of the tree that the task is in; anyone may ask.

        Returns:
            what is equal for all tasks of one root, and can be a key

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task, prx.fork() as other:
            ...     child = prx.fork(task)
            ...     prx.drv(child) == prx.drv(task), prx.drv(task) == prx.drv(other)
            (True, False)

        """
        process = self._process
        while process.parent is not None:
            process = process.parent
        return Drv(process.driver.id)

    def execed(self) -> bool:
        """Say whether the task is a program, or was one; not yet while its exec is under way.

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.execvp(task, ["cat"])
            ...     prx.execed(task)
            True

        """
        return self._process.driver.execed

    def cpid(self, child: Task | Child | int | None = None) -> list[Child] | Child | None:
        """Return the task's children.

        Args:
            child: one child: a task, its pid as `pidof` returns it, or what `cpid`
                has returned

        Returns:
            all children, or that one, none when there is no such

        Raises:
            UndefinedCall: the call is filtered

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = prx.fork(task)
            ...     [known.pid for known in prx.cpid(task)] == [prx.pidof(child)]
            True

        """
        self._process.check_filter("cpid")
        children = self._process.children()
        if child is None:
            return children
        pid = child_pid(child, self._process)
        return next((known for known in children if known.pid == pid), None)
