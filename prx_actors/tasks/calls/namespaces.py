"""Namespaces, and the root of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.system.constants import resolve
from prx_actors.tasks.calls.base import Calls
from prx_actors.tasks.errors import names_both

if TYPE_CHECKING:
    from prx_actors.system.constants import Constant
    from prx_actors.tasks.arguments import Path

__all__ = ["NamespaceCalls"]


class NamespaceCalls(Calls):
    """unshare(2), setns(2) and pivot_root(2)."""

    __slots__ = ()

    def unshare(self, flags: Constant) -> None:
        """Move the task into new namespaces: unshare(2), namespaces(7).

        `clone_newpid` and `clone_newtime` concern its later children only. The
        first of these is pid 1 of the namespace: with its end, all in there
        end, and further forks fail with `ENOMEM`.

        Args:
            flags: `clone_newns`, `clone_newuts`, `clone_newuser`, ...

        Raises:
            OSError: `EPERM`, `EINVAL`, `ENOSPC`; `ENOTSUP` for an unknown flag
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.unshare(task, ["clone_newuser", "clone_newuts"])
            ...     prx.sethostname(task, "inside")
            ...     prx.gethostname(task)
            b'inside'

        """
        self._call("unshare", resolve("clone", flags))

    def setns(self, fd: int, nstype: Constant = 0) -> None:
        """Move the task into an existing namespace: setns(2).

        A pid namespace is for its later children only. What these leave behind
        as daemons comes back to the first process in there, and not to the
        task.

        Args:
            fd: the namespace's file, `/proc/PID/ns/...`, or a pidfd
            nstype: what kind it has to be, `clone_newnet` say; 0 for any; for a
                pidfd, the kinds to move into

        Raises:
            OSError: `EBADF`, `EINVAL`, `EPERM`, `ENOMEM`; `ENOTSUP` for an
                unknown name
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     inside = prx.clone(task, ["clone_newuser", "clone_newuts"])
            ...     prx.sethostname(inside, "inside")
            ...     other = prx.fork(task)
            ...     for kind in ("user", "uts"):
            ...         path = f"/proc/{prx.pidof(inside)}/ns/{kind}"
            ...         prx.setns(other, prx.open(other, path, "o_rdonly"))
            ...     prx.gethostname(other)
            b'inside'

        """
        self._process.driver.moved = True
        self._call("setns", fd, resolve("clone", nstype))

    def pivot_root(self, new_root: Path, put_old: Path) -> None:
        """Make another mount the root: pivot_root(2).

        It is the root for everybody in the mount namespace: have one of the
        task's own, in which `/` is private.

        Args:
            new_root: a mount point
            put_old: a folder below it, where the old root is from then on; the same
                as `new_root` stacks it on top, for `umount2` with `mnt_detach`

        Raises:
            OSError: `EBUSY`, `EINVAL`, `ENOTDIR`, `EPERM`, `ENOENT`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = prx.clone(task, ["clone_newuser", "clone_newns"])
            ...     prx.mount(child, None, "/", None, ["ms_rec", "ms_private"], None)
            ...     prx.mount(child, "tmpfs", "/tmp", "tmpfs", 0, "size=1m")
            ...     prx.chdir(child, "/tmp")
            ...     prx.pivot_root(child, ".", ".")
            ...     prx.umount2(child, ".", "mnt_detach")
            ...     prx.readdir(child, "/")
            [b'.', b'..']

        """
        with names_both(new_root, put_old):
            self._call("pivot_root", new_root, put_old)
