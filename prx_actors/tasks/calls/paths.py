"""Files and directories, by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from prx_actors.tasks.arguments import Path

__all__ = ["PathCalls"]


class PathCalls(Calls):
    """What the process sees at a path, and what it makes there."""

    __slots__ = ()

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

    def mkdir(self, path: Path, mode: int) -> None:
        """Make a directory: mkdir(2).

        Args:
            path: its name
            mode: permissions, less the process' umask, as `0o755`

        Raises:
            OSError: what mkdir(2) says; `EINVAL` for a mode beyond `0o7777`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import tempfile
            >>> from prx_actors import prx
            >>> with tempfile.TemporaryDirectory() as folder, prx.fork() as task:
            ...     prx.mkdir(task, f"{folder}/new", 0o700)
            ...     b"new" in prx.readdir(task, folder)
            True

        """
        self._call("mkdir", path, mode)

    def rmdir(self, path: Path) -> None:
        """Remove an empty directory: rmdir(2).

        Args:
            path: the directory

        Raises:
            OSError: what rmdir(2) says, `ENOTEMPTY` as a rule
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import tempfile
            >>> from prx_actors import prx
            >>> with tempfile.TemporaryDirectory() as folder, prx.fork() as task:
            ...     prx.mkdir(task, f"{folder}/new", 0o700)
            ...     prx.rmdir(task, f"{folder}/new")
            ...     b"new" in prx.readdir(task, folder)
            False

        """
        self._call("rmdir", path)

    def unlink(self, path: Path) -> None:
        """Remove a name of a file, and the file with its last one: unlink(2).

        Args:
            path: the name

        Raises:
            OSError: what unlink(2) says; `EISDIR` for a directory
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import tempfile
            >>> from prx_actors import prx
            >>> with tempfile.TemporaryDirectory() as folder, prx.fork() as task:
            ...     prx.mkfifo(task, f"{folder}/fifo", 0o600)
            ...     prx.unlink(task, f"{folder}/fifo")
            ...     b"fifo" in prx.readdir(task, folder)
            False

        """
        self._call("unlink", path)

    def link(self, old: Path, new: Path) -> None:
        """Give a file one more name: link(2).

        Args:
            old: a name that it has
            new: the other one

        Raises:
            OSError: what link(2) says; `EEXIST`, the new name is taken
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import tempfile
            >>> from prx_actors import prx
            >>> with tempfile.TemporaryDirectory() as folder, prx.fork() as task:
            ...     prx.mkfifo(task, f"{folder}/one", 0o600)
            ...     prx.link(task, f"{folder}/one", f"{folder}/two")
            ...     sorted(prx.readdir(task, folder))
            [b'.', b'..', b'one', b'two']

        """
        self._call("link", old, new)

    def symlink(self, target: Path, path: Path) -> None:
        """Make a symbolic link: symlink(2).

        Args:
            target: what it says, whether that exists or not
            path: its name

        Raises:
            OSError: what symlink(2) says; `EEXIST`, the name is taken
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import tempfile
            >>> from prx_actors import prx
            >>> with tempfile.TemporaryDirectory() as folder, prx.fork() as task:
            ...     prx.symlink(task, "/dev/null", f"{folder}/null")
            ...     prx.write(task, prx.open(task, f"{folder}/null", "o_wronly"), "away")
            4

        """
        self._call("symlink", target, path)

    def mkfifo(self, path: Path, mode: int) -> None:
        """Make a named pipe: mkfifo(3).

        Args:
            path: its name
            mode: permissions, less the process' umask, as `0o755`

        Raises:
            OSError: what mkfifo(3) says; `EINVAL` for a mode beyond `0o7777`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import tempfile
            >>> from prx_actors import prx
            >>> with tempfile.TemporaryDirectory() as folder, prx.fork() as task:
            ...     prx.mkfifo(task, f"{folder}/fifo", 0o600)
            ...     fd = prx.open(task, f"{folder}/fifo", "o_rdwr")
            ...     prx.write(task, fd, "through")
            ...     prx.read(task, fd, 100)
            7
            b'through'

        """
        self._call("mkfifo", path, mode)

    def chmod(self, path: Path, mode: int) -> None:
        """Set the permissions of a file: chmod(2).

        Args:
            path: the file
            mode: all of them, as `0o640`

        Raises:
            OSError: what chmod(2) says; `EINVAL` for a mode beyond `0o7777`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import os, tempfile
            >>> from prx_actors import prx
            >>> with tempfile.NamedTemporaryFile() as file, prx.fork() as task:
            ...     prx.chmod(task, file.name, 0o640)
            ...     oct(os.stat(file.name).st_mode & 0o777)
            '0o640'

        """
        self._call("chmod", path, mode)

    def umask(self, mask: int) -> int:
        """Set which permissions the files that the task makes do not get: umask(2).

        Its later forks inherit it, and the program that it becomes.

        Args:
            mask: the permissions, as `0o027`

        Returns:
            the mask as it was

        Raises:
            OSError: `EINVAL` for a mask beyond `0o7777`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     old = prx.umask(task, 0o027)
            ...     oct(prx.umask(task, old))
            '0o27'

        """
        return int(self._call("umask", mask))

    def chown(self, path: Path, uid: int, gid: int) -> None:
        """Give a file to another user and group: chown(2).

        Args:
            path: the file, or a link to it
            uid: the user, -1 to leave it
            gid: the group, -1 to leave it

        Raises:
            OSError: what chown(2) says, `EPERM` without privilege; `EINVAL` for what
                is no id
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import os, tempfile
            >>> from prx_actors import prx
            >>> with tempfile.NamedTemporaryFile() as file, prx.fork() as task:
            ...     prx.chown(task, file.name, -1, os.getgid())

        """
        self._call("chown", path, uid, gid)

    def chroot(self, path: Path) -> None:
        """Make a directory the root of all paths: chroot(2).

        The working directory stays where it is: `chdir` to `/` afterwards.
        The root of its forks and programs changes with it.

        Args:
            path: the directory

        Raises:
            OSError: what chroot(2) says, `EPERM` without privilege
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     try:
            ...         prx.chroot(task, "/proc/self/fdinfo/nosuch")
            ...     except FileNotFoundError as error:
            ...         print(error.filename)
            /proc/self/fdinfo/nosuch

        """
        self._call("chroot", path)
