"""fork, clone, exec and exit; what a parent knows of its children."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

from prx_actors.driver.protocol import CALLS
from prx_actors.system.constants import resolve
from prx_actors.tasks.arguments import vector
from prx_actors.tasks.birth import Birth, fork_child
from prx_actors.tasks.calls.base import Calls
from prx_actors.tasks.calls.constants import CONSTANT_CALLS
from prx_actors.tasks.errors import UndefinedCall

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prx_actors.actors import Pid
    from prx_actors.system.constants import Constant
    from prx_actors.tasks.arguments import Path
    from prx_actors.tasks.children import Child
    from prx_actors.tasks.task import Task

__all__ = ["ProcessCalls"]


class ProcessCalls(Calls):
    """fork(2), clone(2), execve(2), _exit(2)."""

    __slots__ = ()

    def fork(self, *, link: bool = False, stdio: Pid | None = None, **options: float) -> Task:
        """Fork the task: fork(2).

        Anyone may; the caller owns the new task. It ends with its owner and
        with its parent.

        Args:
            link: whether to link the new task to the caller
            stdio: who gets its output, instead of the caller
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
        return fork_child(self._process, Birth("fork", (), link, stdio, options))

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

    def execvp(self, argv: Iterable[Path], arg0: Path | None = None) -> None:
        r"""Turn the task into a program that `PATH` leads to: execvp(3).

        Its stdio is a stream from now on. The program's end ends the task, after
        `ExitStatus` or `TermSig` has been sent.

        Args:
            argv: the program and its arguments
            arg0: the name by which the program is told that it was called

        Raises:
            ValueError: argv is empty
            OSError: `ENOENT`, `EACCES` (also when the task has children),
                `E2BIG`, ...; the task is in call state as before
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import ExitStatus, prx, receive
            >>> task = prx.fork()
            >>> prx.execvp(task, ["sh", "-c", "exit 3"])
            >>> receive(ExitStatus, task=task, timeout=5).status
            3

        """
        file, arguments = _program(argv, arg0)
        self._process.execute("execvp", (file, arguments))

    def execve(self, argv: Iterable[Path], env: Iterable[Path], arg0: Path | None = None) -> None:
        r"""Turn the task into a program with this environment: execve(2).

        Args:
            argv: the program's path and its arguments
            env: the whole environment, each variable as `"NAME=value"`
            arg0: the name by which the program is told that it was called

        Raises:
            ValueError: argv is empty
            OSError: as for `execvp`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import Stdout, prx, receive
            >>> with prx.fork() as task:
            ...     prx.execve(task, ["/usr/bin/env"], ["GREETING=hello"])
            ...     receive(Stdout, task=task, timeout=5).data
            b'GREETING=hello\n'

        """
        file, arguments = _program(argv, arg0)
        self._process.execute("execve", (file, arguments, env))

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
            UndefinedCall: there is no such call

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

    def execed(self) -> bool:
        """Say whether the task has called exec.

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.execvp(task, ["cat"])
            ...     prx.execed(task)
            True

        """
        return self._process.driver.executed

    def cpid(self, pid: int | None = None) -> list[Child] | Child | None:
        """Return the task's children.

        Args:
            pid: one child's pid, as `pidof` returns it

        Returns:
            all children, or the one of that pid, none when there is no such

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = prx.fork(task)
            ...     [known.pid for known in prx.cpid(task)] == [prx.pidof(child)]
            True

        """
        children = self._process.children()
        if pid is None:
            return children
        return next((child for child in children if child.pid == pid), None)


def _program(argv: Iterable[Path], arg0: Path | None) -> tuple[bytes, list[bytes | Path]]:
    arguments: list[bytes | Path] = list(vector(argv))
    if not arguments:
        msg = "argv is empty: it begins with the program"
        raise ValueError(msg)
    file = os.fsencode(arguments[0])
    if arg0 is not None:
        arguments[0] = arg0
    return file, arguments
