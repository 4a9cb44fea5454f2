"""Files, as the process sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.system.constants import resolve
from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from prx_actors.system.constants import Constant
    from prx_actors.tasks.arguments import Bytes, Path

__all__ = ["FileCalls"]


class FileCalls(Calls):
    """open(2) and what follows it."""

    __slots__ = ()

    def open(self, path: Path, flags: Constant, mode: int = 0) -> int:
        r"""Open a file in the process: open(2).

        A program that the task turns into inherits it, unless it is opened with
        `o_cloexec`.

        Args:
            path: the file
            flags: names or numbers, as `["o_wronly", "o_creat"]`
            mode: permissions of a new file

        Returns:
            the fd, a number of the process and not of this program

        Raises:
            OSError: what open(2) says; `ENOTSUP` for an unknown flag
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     fd = prx.open(task, "/dev/zero", "o_rdonly")
            ...     prx.read(task, fd, 4)
            b'\x00\x00\x00\x00'

        """
        return int(self._call("open", path, resolve("file", flags), mode))

    def close(self, fd: int) -> None:
        """Close an fd of the process: close(2).

        Args:
            fd: what `open` returned, or 0, 1 or 2

        Raises:
            OSError: `EBADF`, `EIO`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.close(task, prx.open(task, "/", "o_directory"))

        """
        self._call("close", fd)

    def read(self, fd: int, count: int) -> bytes:
        """Read from an fd of the process: read(2).

        Args:
            fd: the fd
            count: bytes at the most; a read of 64 MiB and more may return less

        Returns:
            what was read, empty at the end

        Raises:
            OSError: what read(2) says; `EINVAL` for a count below 0
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     fd = prx.open(task, "/dev/null", "o_rdonly")
            ...     prx.read(task, fd, 100)
            b''

        """
        return bytes(self._call("read", fd, count))

    def write(self, fd: int, data: Bytes) -> int:
        """Write to an fd of the process: write(2).

        Args:
            fd: the fd
            data: bytes, or `str`, which is written as UTF-8

        Returns:
            how many bytes were written, which may be less than there are

        Raises:
            OSError: what write(2) says
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import Stdout, prx, receive
            >>> with prx.fork() as task:
            ...     prx.write(task, 1, "hello")
            ...     receive(Stdout, task=task, timeout=5).data
            5
            b'hello'

        """
        return int(self._call("write", fd, data))

    def readdir(self, path: Path) -> list[bytes]:
        """List a directory: readdir(3).

        Args:
            path: the directory

        Returns:
            the names, `.` and `..` among them, in no order

        Raises:
            OSError: what opendir(3) says; `EOVERFLOW` beyond a million names,
                `EMSGSIZE` beyond 64 MiB of them
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     b"null" in prx.readdir(task, "/dev")
            True

        """
        return list(self._call("readdir", path))

    def chdir(self, path: Path) -> None:
        """Change the working directory of the process: chdir(2).

        Args:
            path: the directory

        Raises:
            OSError: what chdir(2) says
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.chdir(task, "/")
            ...     prx.getcwd(task)
            b'/'

        """
        self._call("chdir", path)

    def getcwd(self) -> bytes:
        """Return the working directory of the process: getcwd(3).

        Returns:
            the path

        Raises:
            OSError: `ENOENT`, it was removed
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.chdir(task, "/")
            ...     prx.getcwd(task)
            b'/'

        """
        return bytes(self._call("getcwd"))
