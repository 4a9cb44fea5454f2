"""Files, by their fds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.system.constants import resolve, table
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

    def lseek(self, fd: int, offset: int, whence: Constant) -> int:
        """Move the offset of an fd: lseek(2).

        Args:
            fd: the fd
            offset: bytes
            whence: from where they count, `seek_set`, `seek_cur`, `seek_end`,
                `seek_data` or `seek_hole`

        Returns:
            the new offset, from the beginning

        Raises:
            OSError: `EBADF`, `EINVAL`, `ENXIO`, `EOVERFLOW`, `ESPIPE`; `ENOTSUP` for
                an unknown name
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     fd = prx.open(task, "/proc/self/comm", "o_rdonly")
            ...     first = prx.read(task, fd, 100)
            ...     prx.lseek(task, fd, 0, "seek_set")
            ...     prx.read(task, fd, 100) == first
            0
            True

        """
        return int(self._call("lseek", fd, offset, resolve("whence", whence)))

    def fcntl(self, fd: int, cmd: Constant, arg: Constant = 0) -> int:
        """Do what can be done to an fd: fcntl(2).

        Args:
            fd: the fd
            cmd: `f_getfd`, `f_setfl`, `f_dupfd_cloexec`, `f_add_seals`, ...
            arg: a number, or names: flags of `open` for `f_setfl`, and otherwise
                those of fcntl, as `fd_cloexec`

        Returns:
            what the command returns

        Raises:
            OSError: what fcntl(2) says; `EINVAL` for a command that takes a
                structure, as `f_setlk` does; `ENOTSUP` for an unknown name
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     fd = prx.open(task, "/dev/null", "o_rdonly")
            ...     prx.fcntl(task, fd, "f_getfd")
            ...     prx.fcntl(task, fd, "f_setfd", "fd_cloexec")
            ...     prx.fcntl(task, fd, "f_getfd")
            0
            0
            1

        """
        command = resolve("fcntl", cmd)
        family = "file" if command == table()["fcntl"]["F_SETFL"] else "fcntl"
        return int(self._call("fcntl", fd, command, resolve(family, arg)))
