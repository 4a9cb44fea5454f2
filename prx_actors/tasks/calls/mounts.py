"""Mounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.system.constants import resolve
from prx_actors.tasks.calls.base import Calls
from prx_actors.tasks.errors import names_both

if TYPE_CHECKING:
    from prx_actors.system.constants import Constant
    from prx_actors.tasks.arguments import Bytes, Path

__all__ = ["MountCalls"]


class MountCalls(Calls):
    """mount(2) and umount2(2)."""

    __slots__ = ()

    def mount(  # noqa: PLR0913, PLR0917 -- they are mount(2)'s
        self,
        source: Path | None,
        target: Path,
        fstype: Path | None,
        flags: Constant,
        data: Bytes | None,
        options: Bytes = "",
    ) -> None:
        """Mount a file system, or change a mount: mount(2).

        In a mount namespace of its own a task should first make `/` private, or
        its mounts may show up in others.

        Args:
            source: the device, folder or name; none or `""` for a null pointer
            target: where
            fstype: the file system; none or `""` for a null pointer
            flags: `ms_bind`, `ms_rdonly`, `ms_rec`, ...
            data: options of the file system, as a rule a text like
                `"size=1m,mode=700"`, 4,095 bytes at most; none or `""` for a null
                pointer
            options: Solaris'; ignored

        Raises:
            OSError: `EPERM`, `ENOENT`, `ENOTDIR`, `EINVAL`, `ENODEV`, `EBUSY`,
                ...; `ENOTSUP` for an unknown flag
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = prx.clone(task, ["clone_newuser", "clone_newns"])
            ...     prx.mount(child, None, "/", None, ["ms_rec", "ms_private"], None)
            ...     prx.mount(child, "tmpfs", "/tmp", "tmpfs", "ms_noexec", "size=1m")
            ...     prx.readdir(child, "/tmp")
            [b'.', b'..']

        """
        origin = source or ""
        number = resolve("mount", flags)
        with names_both(origin, target):
            self._call("mount", origin, target, fstype or "", number, data or b"", options)

    def umount(self, path: Path) -> None:
        """Unmount what is mounted on a path: umount(2).

        Args:
            path: the mount point

        Raises:
            OSError: `EBUSY`, `EINVAL`, `ENOENT`, `EPERM`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = prx.clone(task, ["clone_newuser", "clone_newns"])
            ...     prx.mount(child, "tmpfs", "/tmp", "tmpfs", 0, None)
            ...     prx.umount(child, "/tmp")

        """
        self._call("umount", path)

    def umount2(self, path: Path, flags: Constant) -> None:
        """Unmount what is mounted on a path: umount2(2).

        Args:
            path: the mount point
            flags: `mnt_detach`, `mnt_force`, `mnt_expire`, `umount_nofollow`

        Raises:
            OSError: `EAGAIN`, `EBUSY`, `EINVAL`, `ENOENT`, `EPERM`; `ENOTSUP`
                for an unknown flag
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = prx.clone(task, ["clone_newuser", "clone_newns"])
            ...     prx.mount(child, "tmpfs", "/tmp", "tmpfs", 0, None)
            ...     prx.chdir(child, "/tmp")
            ...     prx.umount2(child, "/tmp", "mnt_detach")

        """
        self._call("umount2", path, resolve("mount", flags))
