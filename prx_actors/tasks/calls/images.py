"""exec: the task becomes a program, or the driver's image is replaced."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prx_actors.tasks.arguments import program
from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prx_actors.tasks.arguments import Path

__all__ = ["ImageCalls"]

TITLE = "prx-driver"


class ImageCalls(Calls):
    """execve(2) and what is built on it."""

    __slots__ = ()

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

    def fexecve(self, fd: int, argv: Iterable[Path], env: Iterable[Path]) -> None:
        r"""Turn the task into the program that an fd is open on: fexecve(3).

        Nothing is looked up, so the file may be out of reach by now: removed, or
        outside of a new root. The fd may be close-on-exec, unless the file is a
        script: its interpreter is told to open `/dev/fd/N`, which is closed by
        then, and the kernel refuses with `ENOENT`.

        Args:
            fd: an fd of the task's, opened with `o_rdonly` or `o_path`
            argv: the program's arguments, the first is the name that it is told
            env: the whole environment, each variable as `"NAME=value"`

        Raises:
            ValueError: argv is empty
            OSError: `EBADF`, `EACCES` (also when the task has children),
                `ENOENT`, `ENOEXEC`, `E2BIG`, ...; the task is in call state as
                before
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import Stdout, prx, receive
            >>> with prx.fork() as task:
            ...     fd = prx.open(task, "/usr/bin/env", ["o_rdonly", "o_cloexec"])
            ...     prx.fexecve(task, fd, ["env"], ["GREETING=hello"])
            ...     receive(Stdout, task=task, timeout=5).data
            b'GREETING=hello\n'

        """
        self._process.execute("fexecve", (fd, program(argv), env))

    def reexec(self, argv: Iterable[Path] | None = None, env: Iterable[Path] | None = None) -> None:
        r"""Replace the driver's image by a fresh one: the task executes itself.

        Memory is laid out anew, and nothing that the parent has left in it is
        there any more. The task goes on as it was: pid, options and filter,
        children, stdio, working directory, ignored signals, and fds without
        close-on-exec. What an exec takes away it takes away here, too: fds with
        close-on-exec, memory locks, capabilities that no program would inherit.
        A task whose effective and real ids differ loses variables like
        `LD_LIBRARY_PATH`, as a set-uid program does.

        The image is a sealed copy in memory that the root's keeper
        makes for the first who asks: this works without `/proc`, after chroot(2), in any
        namespace, and gives a container no handle on the driver's file. Where
        the system forbids such copies (`vm.memfd_noexec=2`) it is the file.

        Args:
            argv: the arguments that ps(1) shows; none means `["prx-driver"]`
            env: the new environment, each variable as `"NAME=value"`; none keeps
                the one that there is

        Raises:
            ValueError: argv is empty
            OSError: `E2BIG`, `EMFILE`, `ENOMEM`; `EFBIG` under an `rlimit_fsize`
                of less than a megabyte; all is as before
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     pid = prx.getpid(task)
            ...     prx.reexec(task, ["worker"], ["A=1"])
            ...     prx.getpid(task) == pid, prx.environ(task)
            (True, [b'A=1'])

        """
        title = [TITLE] if argv is None else program(argv)
        self._process.reexec((title, [] if env is None else env, env is None))

    def replace_process_image(self, argv: Iterable[Path] | None = None, env: Iterable[Path] | None = None) -> None:
        """Replace the driver's image by a fresh one: another name of `reexec`.

        Args:
            argv: as for `reexec`
            env: as for `reexec`

        Raises:
            ValueError: argv is empty
            OSError: as for `reexec`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.replace_process_image(task)
            ...     prx.getpid(task) == prx.pidof(task)
            True

        """
        self.reexec(argv, env)


def _program(argv: Iterable[Path], arg0: Path | None) -> tuple[bytes, list[bytes | Path]]:
    arguments: list[bytes | Path] = [*program(argv)]
    file = os.fsencode(arguments[0])
    if arg0 is not None:
        arguments[0] = arg0
    return file, arguments
